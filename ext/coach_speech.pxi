# What may be said: nothing twice, nothing into somebody's ear who still listens, nothing out of date.

cdef inline int32_t step_subject(const tc_step *step) noexcept nogil:
    if step.kind == TC_STEP_STEER:
        return step.side
    if step.cause == TC_CAUSE_SLIP:
        return -1                       # which wheel spins changes, that it spins is the point
    if step.cause == TC_CAUSE_OFF_LINE:
        return step.other_part          # what it would bring near the ground
    return step.wheel if step.wheel >= 0 else step.part if step.part >= 0 else step.side


cdef bint said_before(const coach_state *c, const tc_step *step, double rolled, double severity) noexcept nogil:
    """Whether the same was said of this place, not long ago, and it has not become worse by a clear step.
    Danger is told by its place alone: which of two parts touches first changes from plan to plan, and behind one danger
    there may be the next. A turn of the wheel that is due is told by the steer it leads to, see give_turn."""
    cdef uint32_t i, n = c.n_said if c.n_said < COACH_SAID else COACH_SAID
    cdef const coach_said *e
    cdef double dx, dy
    if step.kind == TC_STEP_STEER and (step.phase == TC_PHASE_NOW
                                       or fabs(step.steer - c.prepared_steer) > 2.0 * least_turn(c)):
        return False                    # a turn that was prepared otherwise is prepared again
    for i in range(n):
        e = &c.said[i]
        if e.kind != step.kind or e.cause != step.cause or e.phase != step.phase:
            continue
        if step.priority < TC_PRIORITY_DANGER and e.subject != step_subject(step):
            continue
        if severity >= e.severity + 1.0:
            continue
        if step.priority == TC_PRIORITY_DANGER and fabs(rolled + step.to_go - e.place) > TC_COACH_SAME_DANGER:
            continue
        if step.cause == TC_CAUSE_TIGHT_TURNS and c.leg_ns > e.t_ns:
            continue                    # a leg was told since: this is the next
        if seconds_since(step.t_ns, e.t_ns) < TC_COACH_AGAIN_AFTER:
            return True
        dx = step.x - e.x
        dy = step.y - e.y
        if (dx * dx + dy * dy < TC_COACH_SAME_PLACE * TC_COACH_SAME_PLACE
                and rolled - e.rolled < TC_COACH_FORGET):
            return True
    return False


cdef bint stopped_for(const coach_state *c, double place) noexcept nogil:
    """Whether a stop was said for a part that touches at this place, m travelled: who then says "ease forward" there
    must be sure."""
    cdef uint32_t i, n = c.n_said if c.n_said < COACH_SAID else COACH_SAID
    cdef const coach_said *e
    for i in range(n):
        e = &c.said[i]
        if (e.kind == TC_STEP_STOP and e.cause == TC_CAUSE_CLEARANCE
                and fabs(place - e.place) <= TC_COACH_SAME_DANGER):
            return True
    return False


cdef void remember(coach_state *c, const tc_step *step, double rolled, double severity) noexcept nogil:
    cdef coach_said *e = &c.said[c.n_said % COACH_SAID]
    e.kind, e.cause, e.phase = step.kind, step.cause, step.phase
    e.subject = step_subject(step)
    e.t_ns = step.t_ns
    e.rolled = rolled
    e.place = rolled + step.to_go
    e.x, e.y = step.x, step.y
    e.severity = severity
    c.n_said += 1
    if c.n_said == 2 * COACH_SAID:      # keeps the place in the ring, never overflows
        c.n_said = COACH_SAID


cdef inline double way_spoken(const tc_step *step) noexcept nogil:
    """The way that the words of a step name, m; 0 = none."""
    if step.phase == TC_PHASE_NOW and (step.kind == TC_STEP_HOLD or step.kind == TC_STEP_FORWARD
                                       or step.kind == TC_STEP_REVERSE):
        return step.distance
    return 0.0 if step.phase == TC_PHASE_NOW and step.kind == TC_STEP_STEER else step.to_go


cdef double way_rounding(const coach_state *c, double way) noexcept nogil:
    """How finely a way is said, m: by the units of the language."""
    if c.config.units == TC_UNITS_FEET:
        return TC_COACH_NEAR_ROUND if way < TC_COACH_NEAR else TC_COACH_FAR_ROUND
    return (TC_COACH_HALF_METRE if way < TC_COACH_HALVES else TC_COACH_METRE if way < TC_COACH_ONES
            else TC_COACH_FIVE_METRES)


cdef bint is_wanted(const coach_state *c, const tc_step *step) noexcept nogil:
    """Whether the driver's level of detail lets it be said. That advice ends, or goes on, is said in every one: else
    silence would be taken for safety."""
    if (c.config.detail == TC_DETAIL_ALL or step.priority == TC_PRIORITY_DANGER
            or step.cause == TC_CAUSE_POSITION or step.cause == TC_CAUSE_NO_GROUND):
        return True
    return c.config.detail == TC_DETAIL_MATTERS and (step.priority == TC_PRIORITY_CAUTION
                                                     or step.kind == TC_STEP_REVERSE or step.kind == TC_STEP_SETUP)


cdef double valid_for(const coach_state *c, const tc_step *step) noexcept nogil:
    """Until it is done, or until the way it names is another one in words, s."""
    cdef double speed = c.speed if c.speed > TC_COACH_CRAWL else TC_COACH_CRAWL
    cdef double until_done = step.to_go / speed + c.config.reaction_time, way = way_spoken(step), stale
    if way == 0.0:
        return until_done
    stale = way_rounding(c, way) / speed
    if stale < TC_COACH_STALE_LEAST:
        stale = TC_COACH_STALE_LEAST
    return stale if stale < until_done else until_done


cdef bint step_give(coach_state *c, const coach_view *view, tc_step *step, double severity) noexcept nogil:
    """Into the queue, unless it was said before or somebody is still listening to the last one: danger interrupts, but
    not another danger, and a stop interrupts advice."""
    cdef double rolled = view.state.distance
    cdef bint stops = step.kind == TC_STEP_STOP and step.phase == TC_PHASE_NOW and step.priority > TC_PRIORITY_ADVICE
    cdef bint interrupts = (stops or step.priority == TC_PRIORITY_DANGER) and c.last_priority < step.priority
    if (c.last_priority != 0 and not interrupts
            and seconds_since(view.t_ns, c.last_ns) < TC_COACH_PAUSE[step.priority]):
        return False
    if not is_wanted(c, step) or said_before(c, step, rolled, severity):
        return False
    step.id = c.next_id
    step.valid_until_ns = view.t_ns + nanoseconds(valid_for(c, step))
    c.next_id += 1
    if step.priority == TC_PRIORITY_DANGER:
        queue_keep(c, view.t_ns, TC_PRIORITY_ADVICE)
    if step.kind == TC_STEP_STEER:
        queue_drop_turns(c)
    queue_push(c, step)
    remember(c, step, rolled, severity)
    c.last_ns = view.t_ns
    c.last_priority = step.priority
    c.last = step[0]
    c.last_place = rolled + step.to_go
    if step.kind == TC_STEP_STOP and step.phase == TC_PHASE_NOW:
        c.waits = 1
        c.leg_told = 0
        c.leg_end = rolled + step.to_go
    return True
