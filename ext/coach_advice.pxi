# Advice beside steering: back up, set up, clear, the end.

cdef void advise_reverse(coach_state *c, const coach_view *view) noexcept nogil:
    """The line goes back from here."""
    cdef const tc_line_point *p = view.line.points
    cdef int32_t i = c.at, j
    cdef tc_step step
    while i < view.line.n_points and p[i].gear > 0:
        i += 1
    if i >= view.line.n_points or c.roll_to[i] > reaction_way(c) + TC_COACH_STOP_ROOM:
        return
    j = i
    while j + 1 < view.line.n_points and p[j + 1].gear < 0:
        j += 1
    step_new(c, view, TC_STEP_REVERSE, TC_CAUSE_NO_LINE, TC_PRIORITY_ADVICE, TC_PHASE_NOW, &step)
    step_at(c, view, i, &step)
    step.steer = p[i].steer
    step.distance = c.roll_to[j] - c.roll_to[i]
    if step_give(c, view, &step, 0.0):
        c.backing = 1


cdef bint worth_walking(const coach_state *c, const coach_view *view, int32_t i) noexcept nogil:
    """Whether a point of the line is one to look at on foot first: something touches there, and it is so far off that
    the word comes before the one to stop."""
    return (view.line.points[i].clearance < view.line.config.clearance_least
            and c.roll_to[i] > stop_way(c) + prepare_way(c))


cdef void advise_setup(coach_state *c, const coach_view *view) noexcept nogil:
    """Low range before it is steep, lockers, a free sway bar and soft tyres before a wheel hangs, a look on foot before
    something touches."""
    cdef const tc_line_point *p = view.line.points
    cdef double steepest = 0.0, far = 0.0
    cdef int32_t i, wheel = -1, part = -1, setup = 0, before = -1
    cdef tc_step step
    if c.setup_told and view.state.distance - c.setup_at < TC_COACH_SETUP_AGAIN:
        return
    for i in range(c.at, view.line.n_points):
        if fabs(p[i].pitch) > fabs(steepest):
            steepest = p[i].pitch
        if worth_walking(c, view, i):
            setup |= TC_SETUP_WALK
            part = p[i].part if part < 0 else part
        if p[i].lifted and not c.locked:
            setup |= TC_SETUP_LOCKERS
        if p[i].lifted:
            setup |= TC_SETUP_TYRES | (TC_SETUP_SWAY_BAR if c.front_bar else 0)
            wheel = first_bit(p[i].lifted) if wheel < 0 else wheel
        if not setup & c.config.setups and fabs(steepest) < TC_COACH_STEEP:
            far = c.roll_to[i]
            before = i
    if fabs(steepest) >= TC_COACH_STEEP:
        setup |= TC_SETUP_LOW_RANGE
    setup &= c.config.setups
    if setup == 0 or (c.speed > TC_COACH_STILL and far < reaction_way(c) + TC_COACH_SETUP_ROOM):
        return                          # too late to stop and shift
    step_new(c, view, TC_STEP_SETUP, TC_CAUSE_NONE if setup & TC_SETUP_LOW_RANGE else TC_CAUSE_CLEARANCE
             if setup == TC_SETUP_WALK else TC_CAUSE_WHEEL_LIFT, TC_PRIORITY_ADVICE, TC_PHASE_PREPARE, &step)
    step.setup = setup
    step.wheel = wheel
    step_part(c, part if setup & TC_SETUP_WALK else -1, &step)
    if before >= 0:
        step_at(c, view, before, &step)
    if setup & TC_SETUP_LOW_RANGE:
        step.angle = -steepest
    if step_give(c, view, &step, 0.0):
        c.setup_told = 1
        c.setup_at = view.state.distance


cdef void advise_clear(coach_state *c, const coach_view *view) noexcept nogil:
    """A place that was announced is behind, and nothing of the kind follows at once."""
    cdef coach_place tight
    cdef tc_step step
    if c.waits:
        c.tight = 0                     # led by the leg: the next word says enough
    if c.tight == 0 or view.state.distance < c.tight_end + TC_COACH_PASSED:
        return
    find_on_course(c, view, c.config.clearance_warn, &tight)
    if tight.first >= 0:
        return
    if view.line is not NULL:
        find_place(c, view, c.config.clearance_warn, &tight)
        if tight.first >= 0 and c.roll_to[tight.first] < TC_COACH_PREPARE_LEAST:
            return
    step_new(c, view, TC_STEP_CLEAR, c.tight, TC_PRIORITY_ADVICE, TC_PHASE_CLEAR, &step)
    step_part(c, c.tight_part, &step)
    if step_give(c, view, &step, 0.0) or view.state.distance > c.tight_end + TC_COACH_SAME_PLACE:
        c.tight = 0


cdef void advise_end(coach_state *c, const coach_view *view) noexcept nogil:
    """The end of the trail, if the coach had anything to say on it."""
    cdef tc_step step
    cdef int32_t i = c.at
    if view.to_end > TC_COACH_SAME_PLACE:
        c.ended = 0
    if c.ended or c.next_id == 1 or view.to_end > reaction_way(c) + TC_COACH_STOP_ROOM:
        return
    if view.to_end < c.speed * TC_COACH_LATEST:
        return                          # somebody was listening to something else until it was too late
    step_new(c, view, TC_STEP_STOP, TC_CAUSE_END, TC_PRIORITY_ADVICE, TC_PHASE_NOW, &step)
    while i + 1 < view.line.n_points and c.roll_to[i] < view.to_end:
        i += 1
    if i < view.line.n_points:
        step_at(c, view, i, &step)
    step.to_go = view.to_end if view.to_end > 0.0 else 0.0
    if step_give(c, view, &step, 0.0):
        c.ended = 1
