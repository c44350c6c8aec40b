# Turns of the steering wheel.

cdef void turn_step(const coach_state *c, const coach_view *view, int32_t i, double from_steer, int32_t phase,
                    tc_step *step) noexcept nogil:
    """Turn the wheel at point i, and hold it to the end of the run: more than advice where a part would touch."""
    cdef const tc_line_info *info = &view.line.info
    cdef int32_t end = steer_run(c, view, i)
    step_new(c, view, TC_STEP_STEER, TC_CAUSE_CLEARANCE,
             TC_PRIORITY_CAUTION if phase == TC_PHASE_NOW and (info.straight_clearance < 0.0 or c.leading)
             else TC_PRIORITY_ADVICE, phase, step)
    step_at(c, view, i, step)
    step.steer = steer_mean(view, i, view.line.points[end].s - view.line.points[i].s)
    step.turns = (step.steer - from_steer) * c.config.steering_ratio / (4.0 * TC_COACH_QUARTER)
    step.side = side_of(step.turns, 0.0)
    step.distance = c.roll_to[end] - c.roll_to[i]
    step_why_not(c, view, step)


cdef bint takes_back(const coach_state *c, const coach_view *view, const tc_step *step) noexcept nogil:
    """Whether a turn contradicts the last one within the way that one was told for, and nothing touches: then another
    plan changed its mind, and the driver keeps to the first."""
    return (c.told_side != 0 and step.side == -c.told_side
            and view.state.distance + step.to_go < c.told_end - TC_COACH_TURN_ROOM
            and not (c.touching.once and seconds_since(view.t_ns, c.touching.last_ns) < TC_COACH_COURSE_GAP))


cdef void give_turn(coach_state *c, const coach_view *view, tc_step *step) noexcept nogil:
    """Unless it was told: the driver is at it or chose not to. What was advice may be told again as a caution."""
    if (fabs(step.steer - c.told_steer) <= least_turn(c) and step.priority <= c.told_priority
            and (seconds_since(view.t_ns, c.told_ns) < TC_COACH_AGAIN_AFTER
                 or view.state.distance - c.told_at < TC_COACH_SAME_PLACE)):
        return
    if takes_back(c, view, step):
        return
    if step_give(c, view, step, fabs(step.turns)):
        rock_told(c)
        c.told_side = step.side
        c.told_end = view.state.distance + step.to_go + step.distance
        c.told_steer = step.steer
        c.told_at = view.state.distance
        c.told_ns = view.t_ns
        c.told_priority = step.priority
        c.leading = fabs(step.steer) > least_turn(c)


cdef void advise_turn(coach_state *c, const coach_view *view) noexcept nogil:
    """Where the wheel has to be turned: prepare it in time, say it when the reaction time begins."""
    cdef double steer = driver_steer(c, view)
    cdef int32_t i
    cdef tc_step step
    if c.leading and view.state.distance - c.told_at > TC_COACH_FORGET:
        c.leading = 0
    if not line_matters(c, view) and not c.leading:
        return
    i = turn_in_reach(c, view, steer)
    if i < 0:
        return
    if turn_due(c, i):
        turn_step(c, view, i, steer, TC_PHASE_NOW, &step)
        turn_onto_rock(c, view, i, &step)
        give_turn(c, view, &step)
    elif c.roll_to[i] <= prepare_way(c) and c.roll_to[i] - turn_way(c) >= c.speed * TC_COACH_PREPARE_GAP:
        turn_step(c, view, i, steer, TC_PHASE_PREPARE, &step)
        if fabs(step.steer - steer) >= least_turn(c) and step_give(c, view, &step, 0.0):
            c.prepared_steer = step.steer
