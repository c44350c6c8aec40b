# Wheels that spin, dig or hang, and what the vehicle hangs on.

cdef void hung_on(const coach_state *c, const coach_view *view, tc_step *step) noexcept nogil:
    """Let the step say what part the vehicle hangs on, if one is on the ground or as good as."""
    cdef const tc_stance *now = view.stance
    if now is NULL or now.status != TC_STANCE_OK or not 0 <= now.least_part < c.n_parts:
        return
    if now.clearance[now.least_part] < TC_COACH_HUNG:
        step.cause = TC_CAUSE_HIGH_CENTRED
        step_part(c, now.least_part, step)
        step.clearance = now.clearance[now.least_part]
        step.probability = now.contact_probability[now.least_part]


cdef void watch_stuck(coach_state *c, const coach_view *view) noexcept nogil:
    """Wheels spin and the vehicle does not come on."""
    cdef tc_step step
    cdef int32_t i
    cdef bint spins = False
    for i in range(TC_WHEELS):
        spins = spins or view.state.slip[i] > TC_COACH_SLIP
    if c.speed > TC_COACH_FREE_SPEED:
        c.stuck = 0
    if not spins or c.speed > TC_COACH_STUCK_SPEED:
        c.stuck_since_ns = 0
        return
    if c.stuck_since_ns == 0:
        c.stuck_since_ns = view.t_ns
    if seconds_since(view.t_ns, c.stuck_since_ns) >= TC_COACH_STUCK_TIME:
        step_new(c, view, TC_STEP_STOP, TC_CAUSE_SLIP, TC_PRIORITY_DANGER, TC_PHASE_NOW, &step)
        step.since_ns = c.stuck_since_ns
        hung_on(c, view, &step)
        c.stuck = c.stuck or step_give(c, view, &step, 0.0)


cdef void watch_slip(coach_state *c, const coach_view *view) noexcept nogil:
    """Wheels that spin for more than a moment; the worst is named."""
    cdef const double *slip = view.state.slip
    cdef tc_step step
    cdef int32_t i, worst = -1
    for i in range(TC_WHEELS):
        if slip[i] > TC_COACH_SLIP and c.slip_since_ns[i] == 0:
            c.slip_since_ns[i] = view.t_ns
        elif not slip[i] > TC_COACH_SLIP_OFF:
            c.slip_since_ns[i] = 0
        if (c.slip_since_ns[i] != 0 and seconds_since(view.t_ns, c.slip_since_ns[i]) >= TC_COACH_SLIP_TIME
                and (worst < 0 or slip[i] > slip[worst])):
            worst = i
    if worst >= 0 and not c.stuck:
        step_new(c, view, TC_STEP_WARN, TC_CAUSE_SLIP, TC_PRIORITY_CAUTION, TC_PHASE_NOW, &step)
        step.wheel = worst
        step.since_ns = c.slip_since_ns[worst]
        step.side = 1 if worst % 2 == 0 else -1
        step_give(c, view, &step, 0.0)


cdef int32_t first_bit(int32_t bits) noexcept nogil:
    cdef int32_t i
    for i in range(TC_WHEELS):
        if bits & (1 << i):
            return i
    return -1


cdef int32_t lifted_now(coach_state *c, const coach_view *view) noexcept nogil:
    """The wheel that has been in the air for a while, or with little tip margin, -1 = none."""
    cdef const tc_stance *now = view.stance
    cdef int32_t wheel = first_bit(now.lifted) if now.status == TC_STANCE_OK else -1
    if wheel < 0:
        c.lift_since_ns = 0
        return -1
    if c.lift_since_ns == 0:
        c.lift_since_ns = view.t_ns
    if (seconds_since(view.t_ns, c.lift_since_ns) >= TC_COACH_LIFT_TIME
            or stance_margin(now.tip_margin) < TC_COACH_LIFT_MARGIN * c.config.tilt_warn):
        return wheel
    return -1


cdef int32_t lifted_ahead(const coach_state *c, const coach_view *view, int32_t *wheel) noexcept nogil:
    """First point within the driver's reaction where a wheel lifts for some way, or with little tip margin; or -1."""
    cdef const tc_line_point *p = view.line.points
    cdef int32_t i, j
    for i in range(c.at, view.line.n_points):
        if c.roll_to[i] > reaction_way(c) + TC_COACH_STOP_ROOM:
            return -1
        wheel[0] = first_bit(p[i].lifted)
        if wheel[0] < 0:
            continue
        if p[i].tip_margin < TC_COACH_LIFT_MARGIN * c.config.tilt_warn:
            return i
        j = i
        while j + 1 < view.line.n_points and p[j + 1].lifted & (1 << wheel[0]):
            j += 1
        if c.roll_to[j] - c.roll_to[i] >= TC_COACH_LIFT_LEAST:
            return i
    return -1


cdef void watch_lift(coach_state *c, const coach_view *view) noexcept nogil:
    """A wheel in the air now, or soon, and for more than a moment."""
    cdef tc_step step
    cdef int32_t i
    step_new(c, view, TC_STEP_WARN, TC_CAUSE_WHEEL_LIFT, TC_PRIORITY_CAUTION, TC_PHASE_NOW, &step)
    step.wheel = lifted_now(c, view)
    if step.wheel < 0 and view.line is not NULL:
        i = lifted_ahead(c, view, &step.wheel)
        if i < 0:
            return
        step_at(c, view, i, &step)
    if step.wheel >= 0:
        step.side = 1 if step.wheel % 2 == 0 else -1
        step_give(c, view, &step, 0.0)
