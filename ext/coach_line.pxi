# The line advised: where it touches, ends, comes close, or is left.

cdef void watch_touch(coach_state *c, const coach_view *view) noexcept nogil:
    """The line itself touches: stop in front of it, and say before that there is no clear line."""
    cdef const tc_line_point *worst
    cdef coach_place touch
    cdef tc_step step
    cdef bint near
    find_place(c, view, view.line.config.clearance_least, &touch)
    if (touch.first < 0 or c.roll_to[touch.first] > stop_way(c) + prepare_way(c)
            or c.roll_to[touch.first] > leg_left(c, view) + TC_COACH_ROUNDING):
        return
    name_first(view.line.points, &touch)
    near = c.roll_to[touch.first] <= stop_way(c)
    worst = &view.line.points[touch.worst]
    if near:
        step_new(c, view, TC_STEP_STOP, TC_CAUSE_CLEARANCE, TC_PRIORITY_DANGER, TC_PHASE_NOW, &step)
    else:
        step_new(c, view, TC_STEP_WARN, TC_CAUSE_NO_LINE, TC_PRIORITY_CAUTION, TC_PHASE_PREPARE, &step)
    step_at(c, view, touch.first, &step)
    step_why(c, view, touch.worst, &step)
    if step_give(c, view, &step, -worst.clearance / TC_COACH_STEP_CLEARANCE):
        c.tight = TC_CAUSE_CLEARANCE
        c.tight_part = step.part
        c.tight_end = view.state.distance + c.roll_to[touch.last]


cdef void watch_no_line(coach_state *c, const coach_view *view) noexcept nogil:
    """No line reaches the goal: stop in front of where the last one ends."""
    cdef int32_t last = view.line.n_points - 1
    cdef double left
    cdef tc_step step
    if view.line.info.outcome != TC_LINE_BLOCKED:
        return
    left = c.roll_to[last] if last >= c.at else 0.0
    if left > stop_way(c) + prepare_way(c) or left > leg_left(c, view) + TC_COACH_ROUNDING:
        return
    if left <= stop_way(c):
        step_new(c, view, TC_STEP_STOP, TC_CAUSE_NO_LINE, TC_PRIORITY_DANGER, TC_PHASE_NOW, &step)
    else:
        step_new(c, view, TC_STEP_WARN, TC_CAUSE_NO_LINE, TC_PRIORITY_CAUTION, TC_PHASE_PREPARE, &step)
    if last >= c.at:
        step_at(c, view, last, &step)
    step_other(c, view.line.info.straight_part, view.line.info.straight_clearance, &step)
    step_give(c, view, &step, 0.0)


cdef bint aside_meets(const coach_state *c, const coach_view *view, int32_t *worst, double *on_line) noexcept nogil:
    """Whether going on beside the line as now brings a part near the ground that the line keeps from it: the worst
    point, and the clearance of the line there."""
    cdef double least = c.config.clearance_warn, own
    cdef int32_t i, j = c.at
    worst[0] = -1
    for i in range(view.n_aside):
        if not view.aside[i].clearance < least:
            continue
        while j + 1 < view.line.n_points and view.line.points[j].s < view.aside[i].s:
            j += 1
        own = view.line.points[j].clearance
        if own > view.aside[i].clearance + TC_COACH_WORTH:
            least = view.aside[i].clearance
            worst[0] = i
            on_line[0] = own
    return worst[0] >= 0


cdef void watch_off_line(coach_state *c, const coach_view *view) noexcept nogil:
    """Off the line by more than the place may be wrong: what it brings near the ground."""
    cdef const tc_line_point *p
    cdef tc_step step
    cdef double on_line = NAN
    cdef int32_t worst
    if fabs(view.off_line) - c.sd <= c.config.deviation_warn or not aside_meets(c, view, &worst, &on_line):
        return
    p = &view.aside[worst]
    step_new(c, view, TC_STEP_WARN, TC_CAUSE_OFF_LINE, TC_PRIORITY_CAUTION, TC_PHASE_NOW, &step)
    step.to_go = p.s - view.s if p.s > view.s else 0.0
    step.x, step.y = p.x, p.y
    step_part(c, p.part, &step)
    step_other(c, p.part, p.clearance, &step)
    step.side = side_of(view.off_line, 0.0)
    step.distance = fabs(view.off_line)
    step.clearance = on_line
    step.probability = touch_probability(c, view, p.part, p.x, p.y, p.yaw, p.clearance)
    step_give(c, view, &step, fabs(view.off_line) / c.config.deviation_warn)


cdef void watch_tight(coach_state *c, const coach_view *view) noexcept nogil:
    """Little room ahead: ease through with the wheel as it is, as far as it may stay so."""
    cdef const tc_line_point *worst
    cdef coach_place tight
    cdef tc_step step
    cdef double steer, way
    cdef int32_t turn
    if on_leg(c, view) or c.waits:
        return                          # told how far to come
    find_place(c, view, c.config.clearance_warn, &tight)
    if tight.first < 0 or c.roll_to[tight.first] > reaction_way(c) + TC_COACH_PREPARE_LEAST:
        return
    if c.tight != 0:
        c.tight_end = view.state.distance + c.roll_to[tight.last]
    worst = &view.line.points[tight.worst]
    if worst.clearance < view.line.config.clearance_least:
        return                          # said by watch_touch
    if worst.clearance < TC_COACH_EASE_ROOM and stopped_for(c, view.state.distance + c.roll_to[tight.first]):
        return
    steer = driver_steer(c, view)
    way = c.roll_to[tight.last] + TC_COACH_PASSED
    turn = turn_to_make(c, view, c.at, steer) if line_matters(c, view) or c.leading else -1
    if turn >= 0 and c.roll_to[turn] < way:
        way = c.roll_to[turn]
        if way - reaction_way(c) < c.speed * TC_COACH_PAUSE[TC_PRIORITY_ADVICE]:
            return                      # else nobody would listen when the turn is due
    if way < c.roll_to[tight.first] + TC_COACH_PASSED or way < reaction_way(c) + TC_COACH_EASE_LEAST:
        return                          # the wheel has to be turned first, which is said by advise_turn
    step_new(c, view, TC_STEP_FORWARD if fabs(steer) < least_turn(c) else TC_STEP_HOLD, TC_CAUSE_CLEARANCE,
             TC_PRIORITY_CAUTION, TC_PHASE_NOW, &step)
    step_at(c, view, tight.first, &step)
    step_why(c, view, tight.worst, &step)
    step.steer = steer
    step.distance = way
    if step_give(c, view, &step, -worst.clearance / TC_COACH_STEP_CLEARANCE):
        c.tight = TC_CAUSE_CLEARANCE
        c.tight_part = step.part
        c.tight_end = view.state.distance + c.roll_to[tight.last]
