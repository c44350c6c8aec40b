# Non-holonomic constraint: a rolling vehicle does not move sideways at its rear axle nor up at mid-wheelbase, both at
# hub height. What the suspension and the tyres add is correlated over a bump, so the noise is raised to the rate.

cdef extern from *:
    """
    static const double TC_CONSTRAINT_TAU = 0.08;      /* s, correlation of what violates it */
    static const double TC_CONSTRAINT_RATE = 0.15;     /* sideways speed per yaw rate of a scrubbing axle, m */
    static const double TC_TYRE_SLIP = 0.003;          /* rad of slip angle per m/s^2 sideways: a road car's tyre */
    static const double TC_CONSTRAINT_ANGLE = 0.005;   /* rad between the way and the body: load, camber, mounting */
    static const double TC_SLIDE = 2.0;                /* sd: from here the noise is raised, */
    static const double TC_SLIDE_OUT = 4.0;            /* and from here the vehicle slides: the IMU alone carries it */
    static const double TC_CONSTRAINT_LOST = 2.0;      /* s of refusals until the velocity is believed less, */
    static const double TC_COAST = 0.02;               /* m/s^2 of tilt and bias unknown without a speed */
    static const double TC_CONSTRAINT_AGAIN = 6.0;     /* s within which a second time means that all is wrong */
    static const double TC_CONSTRAINT_BACK = 1.0;      /* by so much, m/s */
    """
    const double TC_CONSTRAINT_TAU, TC_CONSTRAINT_RATE, TC_TYRE_SLIP, TC_CONSTRAINT_LOST
    const double TC_COAST, TC_CONSTRAINT_AGAIN, TC_CONSTRAINT_BACK, TC_CONSTRAINT_ANGLE, TC_SLIDE, TC_SLIDE_OUT


cdef void constraint_recover(fusion_filter *f, int32_t taken) noexcept nogil:
    """Refused for long, the velocity itself must be wrong: let the next updates move it. Refused again, all is."""
    cdef int32_t i
    if taken:
        f.t_constraint_refused_since = NEVER
        return
    if f.t_constraint_refused_since == NEVER:
        f.t_constraint_refused_since = f.t_ns
    elif seconds(f.t_ns, f.t_constraint_refused_since) > TC_CONSTRAINT_LOST:
        if f.t_constraint_back != NEVER and seconds(f.t_ns, f.t_constraint_back) < TC_CONSTRAINT_AGAIN:
            motion_lost(f)
            return
        f.t_constraint_back = f.t_ns
        for i in range(3):
            f.P[(X_V + i) * (N_X + 1)] += TC_CONSTRAINT_BACK * TC_CONSTRAINT_BACK
        f.t_constraint_refused_since = NEVER
        f.resets += 1


cdef int32_t constraint_row(fusion_filter *f, fusion_row *r, double white, double raised,
                            fusion_batch *b) noexcept nogil:
    """One axis; 1 = taken. The gate knows the noise of this moment, the update that noise is correlated."""
    cdef double PHt[N_X]
    cdef double hph = row_project(f, b, r, PHt), nu = row_innovation(r, b.dx), z2 = nu * nu / (hph + white)
    innovation_tell(f, TC_KIND_CONSTRAINT, r, z2 <= TC_SLIDE_OUT * TC_SLIDE_OUT, nu, hph, white, raised)
    if z2 > TC_SLIDE_OUT * TC_SLIDE_OUT:
        f.gated[TC_KIND_CONSTRAINT] += 1
        return 0
    if z2 > TC_SLIDE * TC_SLIDE:
        white *= z2 / (TC_SLIDE * TC_SLIDE)
    row_correct(f, r, PHt, hph + raised * white, nu, b)
    f.used[TC_KIND_CONSTRAINT] += 1
    return 1


cdef void coast(fusion_filter *f, double period) noexcept nogil:
    """Where neither a wheel nor a fix tells the speed: what tilt and bias do to it lasts for seconds, as no white noise
    does. It is stated, and kept out of the covariance: a gate as wide as that would let spinning wheels in."""
    if fresh(f, f.t_position_used, TC_WITNESS_AGE):
        f.coast_position = 0.0
    if f.still or fresh(f, f.t_rolling_used, TC_WITNESS_AGE) or fresh(f, f.t_position_used, TC_WITNESS_AGE):
        f.coast_speed = 0.0
        return
    f.coast_speed += TC_COAST * period
    f.coast_position += f.coast_speed * period


cdef void constraint_update(fusion_filter *f, double period) noexcept nogil:
    """Both axes, `period` seconds after the last time."""
    cdef fusion_motion m
    cdef fusion_row r
    cdef fusion_batch batch
    cdef double at[3]
    cdef double e[3]
    cdef double u[3]
    cdef double side, spread, white = f.c.constraint_sd * f.c.constraint_sd
    cdef double raised = 2.0 * TC_CONSTRAINT_TAU / period
    cdef int32_t taken = 0
    coast(f, period)
    if f.still:
        return
    if raised < 1.0:
        raised = 1.0
    batch_begin(&batch)
    body_motion(f, 0.0, &m)
    at[0] = f.pivot
    at[1] = 0.0
    at[2] = f.tyre_radius
    e[0] = e[2] = 0.0
    e[1] = 1.0
    point_velocity(f, &m, at, u)
    point_row(f, &m, at, e, 0, &r)
    row_put(&r, X_PIVOT, m.w_b[2])
    white += TC_CONSTRAINT_ANGLE * TC_CONSTRAINT_ANGLE * u[0] * u[0]
    side = TC_TYRE_SLIP * fabs(m.w_b[2] * u[0]) * fabs(u[0])
    spread = TC_CONSTRAINT_RATE * fabs(m.w_b[2])
    r.innovation = -u[1]
    taken += constraint_row(f, &r, white + side * side + spread * spread, raised, &batch)
    at[0] = f.pivot + 0.5 * f.wheelbase
    e[1] = 0.0
    e[2] = 1.0
    point_velocity(f, &m, at, u)
    point_row(f, &m, at, e, 1, &r)
    r.innovation = -u[2]
    taken += constraint_row(f, &r, white, raised, &batch)
    batch_end(f, &batch)
    constraint_recover(f, taken)
