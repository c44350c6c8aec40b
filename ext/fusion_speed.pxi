# One vehicle speed where there are no single wheels: the mean of the rear wheels, of up to half a second before its
# stamp, or after it where the clocks differ. How much is a state; a speed of later than its stamp waits for its time.

cdef extern from *:
    """
    static const double TC_SPEED_LATE = 0.08;          /* s, jitter of when a bus reports its speed */
    static const double TC_SPEED_SD = 0.05;            /* m/s, rounding of a km/h reading */
    """
    const double TC_SPEED_LATE, TC_SPEED_SD


cdef tc_status speed_check(const tc_speed *s) noexcept nogil:
    return TC_OK if isfinite(s.speed) else TC_E_RANGE


cdef void fusion_speed(fusion_filter *f, const tc_speed *sample) noexcept nogil:
    states_wake(f, N_X)
    f.t_speed = sample.t_ns
    f.speed = sample.speed
    rest_witness(f, sample.t_ns, fabs(sample.speed) < TC_PARKED)
    if f.is_speed_waiting:
        speed_update(f, &f.speed_waiting)
    f.speed_waiting = sample[0]
    f.is_speed_waiting = 1
    if not f.aligned or f.speed_age >= 0.0:
        speed_update(f, sample)


cdef void speed_due(fusion_filter *f) noexcept nogil:
    """Take a waiting speed as soon as the state is of its time."""
    if f.is_speed_waiting and seconds(f.t_ns, f.speed_waiting.t_ns) >= -f.speed_age:
        speed_update(f, &f.speed_waiting)


cdef void speed_update(fusion_filter *f, const tc_speed *sample) noexcept nogil:
    cdef fusion_motion m
    cdef fusion_row r
    cdef fusion_batch batch
    cdef double at[3]
    cdef double u[3]
    cdef double e[3]
    cdef double a_n[3]
    cdef double lead = 0.0, ahead, accel, late
    cdef int32_t i
    f.is_speed_waiting = 0
    if not measurement_ready(f, sample.t_ns if sample.t_ns > f.t_ns else f.t_ns, &lead):
        return
    ahead = seconds(sample.t_ns, f.t_ns) - f.speed_age      # from the state to the time the speed is of
    body_motion(f, 0.0, &m)
    at[0] = at[1] = 0.0
    at[2] = f.tyre_radius
    e[0] = 1.0
    e[1] = e[2] = 0.0
    point_velocity(f, &m, at, u)
    point_row(f, &m, at, e, 0, &r)
    for i in range(r.n):
        r.h[i] *= 1.0 + f.scale
    row_put(&r, X_SCALE, u[0])
    acceleration_smooth(f, a_n)
    accel = a_n[0] * m.R_nb[0] + a_n[1] * m.R_nb[3] + a_n[2] * m.R_nb[6]
    late = TC_SPEED_LATE * accel
    row_put(&r, X_SPEED_AGE, -(1.0 + f.scale) * accel)
    r.innovation = sample.speed - (1.0 + f.scale) * (u[0] + ahead * accel)
    r.variance = f.c.wheel_sd * f.c.wheel_sd + TC_SPEED_SD * TC_SPEED_SD + late * late
    if sample.speed == 0.0:
        r.variance += f.c.wheel_dead_below * f.c.wheel_dead_below
    batch_begin(&batch)
    if row_update(f, &r, TC_GATE_1, 1.0, &batch, TC_KIND_SPEED):
        f.t_rolling_used = sample.t_ns
        batch_end(f, &batch)
