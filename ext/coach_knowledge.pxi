# Whether place and ground are known well enough to advise.

cdef int32_t what_is_unknown(const coach_state *c, const coach_view *view) noexcept nogil:
    """TC_CAUSE_POSITION, TC_CAUSE_NO_GROUND, or 0 where there is enough to advise."""
    cdef double limit = TC_COACH_SD_BACK if c.lost == TC_CAUSE_POSITION else TC_COACH_SD_LOST
    if (view.state.status & COACH_POSE) != COACH_POSE or not c.sd <= limit:
        return TC_CAUSE_POSITION
    if (view.stance is NULL or view.stance.status == TC_STANCE_OFF_MAP
            or view.stance.status == TC_STANCE_UNKNOWN or view.stance.status == TC_STANCE_BAD_POSE):
        return TC_CAUSE_NO_GROUND
    return 0


cdef bint goes_on_known(const coach_state *c, const coach_view *view) noexcept nogil:
    """Whether a turn still to be made leads over known ground where the present course does not."""
    cdef int32_t last, turn
    if view.line is NULL or c.at >= view.line.n_points:
        return False
    last = view.line.n_points - 1
    turn = turn_in_reach(c, view, driver_steer(c, view))
    return turn >= 0 and c.roll_to[turn] < c.course_end_to and c.roll_to[last] > c.course_end_to


cdef void watch_ground(coach_state *c, const coach_view *view) noexcept nogil:
    """The ground ahead is unknown: say so in time, stop in front of it. What lies there nobody can advise on."""
    cdef tc_step step
    if (view.course_end != TC_STANCE_UNKNOWN and view.course_end != TC_STANCE_OFF_MAP) or goes_on_known(c, view):
        return
    if c.course_end_to <= stop_way(c) + TC_COACH_COURSE_ROOM:
        step_new(c, view, TC_STEP_STOP, TC_CAUSE_NO_GROUND, TC_PRIORITY_DANGER, TC_PHASE_NOW, &step)
    else:
        step_new(c, view, TC_STEP_WARN, TC_CAUSE_NO_GROUND, TC_PRIORITY_CAUTION, TC_PHASE_PREPARE, &step)
    step.to_go = c.course_end_to if c.course_end_to > 0.0 else 0.0
    if view.n_course > 0:
        step.x, step.y = view.course[view.n_course - 1].x, view.course[view.n_course - 1].y
    step_give(c, view, &step, 0.0)


cdef bint unknown_counts(coach_state *c, const coach_view *view) noexcept nogil:
    """A position that has not been found yet is worth a word only after a while on the move."""
    if c.guided:
        return True
    if not c.speed > TC_COACH_STILL:    # nor where even the speed is unknown
        c.unknown_since_ns = 0
        return False
    if c.unknown_since_ns == 0:
        c.unknown_since_ns = view.t_ns
    return seconds_since(view.t_ns, c.unknown_since_ns) > TC_COACH_START


cdef bint watch_knowledge(coach_state *c, const coach_view *view) noexcept nogil:
    """Say once that place or ground are unknown, and once that they are back. True where there is enough to advise."""
    cdef int32_t unknown = what_is_unknown(c, view)
    cdef tc_step step
    if unknown:
        c.known_since_ns = 0
        if c.lost == 0 and unknown_counts(c, view):
            step_new(c, view, TC_STEP_WARN, unknown, TC_PRIORITY_CAUTION, TC_PHASE_NOW, &step)
            if step_give(c, view, &step, 0.0):
                c.lost = unknown
                c.tight = 0
        return False
    c.unknown_since_ns = 0
    if c.lost == 0:
        return True
    if c.known_since_ns == 0:
        c.known_since_ns = view.t_ns
    if seconds_since(view.t_ns, c.known_since_ns) >= TC_COACH_BACK:
        step_new(c, view, TC_STEP_CLEAR, c.lost, TC_PRIORITY_ADVICE, TC_PHASE_CLEAR, &step)
        step_give(c, view, &step, 0.0)
        c.lost = 0
    return c.lost == 0
