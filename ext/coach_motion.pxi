# What the vehicle does that nobody asked for: it rolls back on a climb, or the underbody is struck.

cdef void watch_roll_back(coach_state *c, const coach_view *view) noexcept nogil:
    """A climb that fails: the vehicle goes back though it was going up just now and nobody was told to back up."""
    cdef double along = speed_along(view.state)
    cdef tc_step step
    if along > TC_COACH_BACK_SPEED:
        c.forward_ns = view.t_ns
        c.backing = 0
    if not (along < -TC_COACH_BACK_SPEED and view.state.pitch < -TC_COACH_CLIMB) or c.backing:
        c.back_since_ns = 0
        return
    if c.back_since_ns == 0:
        if c.forward_ns == 0 or seconds_since(view.t_ns, c.forward_ns) > TC_COACH_BACK_AFTER:
            c.backing = 1               # it is meant, until the vehicle goes forward again
            return
        c.back_since_ns = view.t_ns
    if seconds_since(view.t_ns, c.back_since_ns) >= TC_COACH_BACK_TIME:
        step_new(c, view, TC_STEP_STOP, TC_CAUSE_ROLL_BACK, TC_PRIORITY_DANGER, TC_PHASE_NOW, &step)
        step.since_ns = c.back_since_ns
        step.angle = -view.state.pitch
        if step_give(c, view, &step, 0.0):
            c.backing = 1               # told once


cdef void watch_contact(coach_state *c, const coach_view *view) noexcept nogil:
    """A contact felt just now is told of the part that was nearest."""
    cdef tc_step step
    if view.contact is NULL:
        return
    step_new(c, view, TC_STEP_WARN, TC_CAUSE_CONTACT, TC_PRIORITY_CAUTION, TC_PHASE_NOW, &step)
    step.since_ns = view.contact.t_ns
    step_part(c, view.contact.part, &step)
    step.clearance = view.contact.clearance
    step.probability = view.contact.probability
    step_give(c, view, &step, 0.0)
