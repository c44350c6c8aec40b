# Non-holonomic constraint: a rolling vehicle does not move sideways at its rear axle nor up at mid-wheelbase, both at
# hub height. What the suspension and the tyres add is correlated over a bump, so the noise is raised to the rate.

cdef extern from *:
    """
    static const double TC_CONSTRAINT_PERIOD = 0.04;   /* s between updates */
    static const double TC_CONSTRAINT_TAU = 0.15;      /* s, correlation of what violates it */
    static const double TC_CONSTRAINT_RATE = 0.15;     /* sideways speed per yaw rate of a scrubbing axle, m */
    static const double TC_TYRE_SLIP = 0.003;          /* rad of slip angle per m/s^2 of side force: a road car's tyre */
    static const double TC_CONSTRAINT_LOST = 2.0;      /* s of refusals until the velocity is believed less, */
    static const double TC_CONSTRAINT_BACK = 1.0;      /* by so much, m/s */
    """
    const double TC_CONSTRAINT_PERIOD, TC_CONSTRAINT_TAU, TC_CONSTRAINT_RATE, TC_TYRE_SLIP, TC_CONSTRAINT_LOST
    const double TC_CONSTRAINT_BACK


cdef void constraint_recover(fusion_filter *f, int32_t taken) noexcept nogil:
    """Refused for long, the velocity itself must be wrong: let the next updates move it."""
    cdef int32_t i
    if taken:
        f.t_constraint_refused_since = NEVER
        return
    if f.t_constraint_refused_since == NEVER:
        f.t_constraint_refused_since = f.t_ns
    elif seconds(f.t_ns, f.t_constraint_refused_since) > TC_CONSTRAINT_LOST:
        for i in range(3):
            f.P[(X_V + i) * (N_X + 1)] += TC_CONSTRAINT_BACK * TC_CONSTRAINT_BACK
        f.t_constraint_refused_since = NEVER
        f.resets += 1


cdef void constraint_update(fusion_filter *f) noexcept nogil:
    cdef fusion_motion m
    cdef fusion_row r
    cdef double dx[N_X]
    cdef double at[3]
    cdef double e[3]
    cdef double u[3]
    cdef double side, spread, raised
    cdef int32_t taken = 0
    if f.still or (f.t_constraint != NEVER and seconds(f.t_ns, f.t_constraint) < TC_CONSTRAINT_PERIOD - 1e-6):
        return
    f.t_constraint = f.t_ns
    memset(dx, 0, sizeof(dx))
    body_motion(f, 0.0, &m)
    raised = 2.0 * TC_CONSTRAINT_TAU / TC_CONSTRAINT_PERIOD
    at[0] = at[1] = 0.0
    at[2] = f.tyre_radius
    e[0] = e[2] = 0.0
    e[1] = 1.0
    point_velocity(f, &m, at, u)
    point_row(f, &m, at, e, &r)
    side = TC_TYRE_SLIP * fabs(m.w_b[2] * u[0]) * fabs(u[0])
    spread = TC_CONSTRAINT_RATE * fabs(m.w_b[2])
    r.innovation = -u[1]
    r.variance = raised * (f.c.constraint_sd * f.c.constraint_sd + side * side + spread * spread)
    taken += row_update(f, &r, TC_GATE_1, dx, TC_KIND_CONSTRAINT)
    at[0] = 0.5 * f.wheelbase
    e[1] = 0.0
    e[2] = 1.0
    point_velocity(f, &m, at, u)
    point_row(f, &m, at, e, &r)
    r.innovation = -u[2]
    r.variance = raised * f.c.constraint_sd * f.c.constraint_sd
    taken += row_update(f, &r, TC_GATE_1, dx, TC_KIND_CONSTRAINT)
    correct(f, dx)
    constraint_recover(f, taken)
