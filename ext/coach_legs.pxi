# Stop and steer: where turns follow each other faster than they can be told, one leg at a time. The driver is stopped,
# turns the wheel standing, comes forward as far as is said, and stops.

cdef int32_t leg_joint(const coach_state *c, const coach_view *view, int32_t i) noexcept nogil:
    """First point behind point i that is driven with another steer or gear, -1 = none."""
    cdef const tc_line_point *p = view.line.points
    cdef int32_t j
    for j in range(i + 1, view.line.n_points):
        if fabs(p[j].steer - p[i].steer) > 0.5 * least_turn(c) or p[j].gear != p[i].gear:
            return j
    return -1


cdef int32_t leg_next(const coach_state *c, const coach_view *view, double steer) noexcept nogil:
    """First point ahead that asks for something else than to go forward with the wheel as it is, -1 = none."""
    cdef const tc_line_point *p = view.line.points
    cdef int32_t j
    for j in range(c.at, view.line.n_points):
        if fabs(p[j].steer - steer) > least_turn(c) or p[j].gear < 0:
            return j
    return -1


cdef bint on_leg(const coach_state *c, const coach_view *view) noexcept nogil:
    """Whether the driver is on a leg that was told with its length, and stops by himself."""
    return c.leg_told and view.state.distance < c.leg_end + TC_COACH_LEG_OVER


cdef double leg_left(const coach_state *c, const coach_view *view) noexcept nogil:
    """What is left of a leg that was told, m; infinite where none was."""
    return c.leg_end - view.state.distance if on_leg(c, view) else INFINITY


cdef bint sets_off(const coach_state *c, const coach_view *view) noexcept nogil:
    """Whether the driver, who was told a leg, is about to begin it: he listens, and turns the wheel."""
    return (c.leg_told and c.leg_end - view.state.distance > TC_COACH_LEG_HERE
            and seconds_since(view.t_ns, c.leg_ns) < TC_COACH_AGAIN_AFTER)


cdef bint spotted(const coach_state *c) noexcept nogil:
    """Whether the driver stands because he was told to, and waits for a word."""
    return c.waits and c.speed <= TC_COACH_STILL


cdef bint is_stopping(const coach_state *c, const coach_view *view) noexcept nogil:
    """Whether the driver was told to stop just now: no second stop makes him stop sooner."""
    return (c.waits and not c.leg_told and c.speed > TC_COACH_STILL
            and seconds_since(view.t_ns, c.last_ns) < TC_COACH_STOPPING and c.last.kind == TC_STEP_STOP)


cdef void stay(coach_state *c, const coach_view *view) noexcept nogil:
    """The driver waits and there is nothing to lead him by: he is told to look for himself."""
    cdef tc_step step
    step_new(c, view, TC_STEP_WARN, TC_CAUSE_NO_LINE, TC_PRIORITY_CAUTION, TC_PHASE_NOW, &step)
    if view.line.n_points > 0:
        step_why_not(c, view, &step)
    step_give(c, view, &step, 0.0)


cdef void give_leg(coach_state *c, const coach_view *view, int32_t i, double steer) noexcept nogil:
    """The leg from point i on: turn the wheel as it stands, and how far to come; the last one has no end."""
    cdef const tc_line_point *p = &view.line.points[i]
    cdef int32_t joint = leg_joint(c, view, i)
    cdef int32_t last = joint - 1 if joint > i else view.line.n_points - 1
    cdef double way = c.roll_to[last] - (c.roll_to[i] if c.roll_to[i] > 0.0 else 0.0)
    cdef bint turns = fabs(p.steer - steer) > least_turn(c), ends = joint >= 0 or way < TC_COACH_LEG_LONG
    cdef tc_step step
    step_new(c, view, TC_STEP_REVERSE if p.gear < 0 else TC_STEP_STEER if turns else TC_STEP_FORWARD,
             TC_CAUSE_TIGHT_TURNS if ends or p.gear < 0 else TC_CAUSE_CLEARANCE if turns else TC_CAUSE_NONE,
             TC_PRIORITY_CAUTION, TC_PHASE_NOW, &step)
    step_why_not(c, view, &step)
    step.steer = p.steer if turns else steer
    if turns:
        step.turns = (p.steer - steer) * c.config.steering_ratio / (4.0 * TC_COACH_QUARTER)
        step.side = side_of(step.turns, 0.0)
    step.distance = way
    if (turns and fabs(step.steer - c.told_steer) <= least_turn(c)
            and seconds_since(view.t_ns, c.told_ns) < TC_COACH_AGAIN_AFTER):
        return
    if not step_give(c, view, &step, fabs(step.turns)):
        return
    c.told_steer = step.steer
    c.told_at = view.state.distance
    c.told_ns = view.t_ns
    c.told_side = 0                     # a leg has an end of its own
    c.told_priority = step.priority
    c.leading = fabs(step.steer) > least_turn(c)
    c.backing = p.gear < 0
    c.waits = c.leg_told = ends
    c.leg_end = view.state.distance + way
    c.leg_ns = view.t_ns


cdef void stop_for_leg(coach_state *c, const coach_view *view, int32_t i) noexcept nogil:
    """Stop where the wheel has to be turned standing, or as soon as an unhurried stop allows."""
    cdef double soonest = stop_way(c) - TC_COACH_STOP_ROOM
    cdef tc_step step
    step_new(c, view, TC_STEP_STOP, TC_CAUSE_TIGHT_TURNS, TC_PRIORITY_CAUTION, TC_PHASE_NOW, &step)
    step_at(c, view, i, &step)
    step.to_go = soonest if step.to_go < soonest else step.to_go
    step_why_not(c, view, &step)
    step_give(c, view, &step, 0.0)


cdef bint turns_standing(const coach_state *c, const coach_view *view, int32_t i, double steer) noexcept nogil:
    """Whether the turn at point i is one to stop for: a large one, a way back, or the next one follows soon."""
    cdef const tc_line_point *p = &view.line.points[i]
    cdef int32_t joint = leg_joint(c, view, i)
    if p.gear < 0 or fabs(p.steer - steer) * c.config.steering_ratio > TC_COACH_LEG_TURN * 4.0 * TC_COACH_QUARTER:
        return True
    return joint >= 0 and c.roll_to[joint] - c.roll_to[i] < TC_COACH_LEG_LONG


cdef void advise_legs(coach_state *c, const coach_view *view) noexcept nogil:
    """One leg after the other; turns with room behind them are told on the move."""
    cdef double steer = driver_steer(c, view)
    cdef int32_t i
    if view.state.distance > c.leg_end + TC_COACH_SAME_PLACE:
        c.waits = 0
    if not line_matters(c, view) and not c.leading and not c.waits:
        return
    i = leg_next(c, view, steer)
    if c.speed <= TC_COACH_STILL:
        if c.waits and not sets_off(c, view):
            give_leg(c, view, i if i >= 0 and c.roll_to[i] <= TC_COACH_LEG_HERE else c.at, steer)
        return
    if i < 0 or on_leg(c, view):
        return
    c.leg_told = 0
    if not turns_standing(c, view, i, steer):
        advise_turn(c, view)
    elif c.roll_to[i] <= stop_way(c) - TC_COACH_STOP_ROOM + TC_COACH_ROUNDING:
        stop_for_leg(c, view, i)
