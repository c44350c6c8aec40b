# Standstill: zero velocity and zero rate, when something that measures speed and the IMU both say so. A dead wheel
# sensor alone reads as parked, and a quiet IMU alone as cruising.

cdef extern from *:
    """
    static const double TC_STILL_TIME = 0.4;            /* s the speed must have read zero */
    static const double TC_STILL_RATE = 0.006;          /* rad/s left of a bias-free, low-passed rate at rest */
    static const double TC_STILL_FORCE = 0.15;          /* m/s^2 of low-passed against slowly low-passed force */
    static const double TC_ZERO_PERIOD = 0.2;          /* s between updates, at most */
    static const double TC_ZERO_SPEED_SD = 0.01;       /* m/s */
    static const double TC_ZERO_RATE_SD = 3e-4;        /* rad/s: a body on its springs is never quite still */
    static const double TC_WITNESS_AGE = 1.5;          /* s a single speed or a fix counts */
    static const double TC_GATE_1 = 10.83;             /* chi-square, 1 degree of freedom, 99.9 % */
    """
    const double TC_STILL_TIME, TC_STILL_RATE, TC_STILL_FORCE, TC_ZERO_PERIOD, TC_ZERO_SPEED_SD, TC_ZERO_RATE_SD
    const double TC_WITNESS_AGE, TC_GATE_1


cdef void rest_witness(fusion_filter *f, int64_t t_ns, int32_t zero) noexcept nogil:
    """What a speed sensor says: since when it has been reading zero."""
    if not zero:
        f.t_rest_since = NEVER
    elif f.t_rest_since == NEVER:
        f.t_rest_since = t_ns


cdef inline int32_t fresh(const fusion_filter *f, int64_t t_ns, double age) noexcept nogil:
    return t_ns != NEVER and seconds(f.t_ns, t_ns) < age


cdef int32_t at_rest_witness(const fusion_filter *f) noexcept nogil:
    return (f.t_rest_since != NEVER and seconds(f.t_ns, f.t_rest_since) >= TC_STILL_TIME
            and (fresh(f, f.t_wheels, TC_STILL_TIME) or fresh(f, f.t_speed, TC_WITNESS_AGE)
                 or fresh(f, f.t_gnss, TC_WITNESS_AGE)))


cdef inline int32_t not_departed(const fusion_filter *f) noexcept nogil:
    """A start is a pose at rest: without any speed sensor it lasts until the IMU first feels the vehicle move."""
    return (f.has_start and not f.departed and f.t_wheels == NEVER and f.t_speed == NEVER and f.t_gnss == NEVER)


cdef inline double shake_variance(const fusion_filter *f, int32_t axis) noexcept nogil:
    """Of the low-passed rate: an engine shakes some IMUs far beyond their noise, and no fixed limit knows."""
    return 0.5 * f.low_gain * f.g_shake[axis]


cdef int32_t imu_quiet(const fusion_filter *f) noexcept nogil:
    cdef double rate, force = 0.0
    cdef int32_t i
    for i in range(3):
        rate = f.g_low[i] - f.bg[i]
        if fabs(rate) > TC_STILL_RATE + 3.0 * sqrt(f.P[(X_BG + i) * (N_X + 1)] + shake_variance(f, i)):
            return 0
        force += (f.f_low[1][i] - f.f_slow[i]) * (f.f_low[1][i] - f.f_slow[i])
    return force < TC_STILL_FORCE * TC_STILL_FORCE


cdef void standstill_update(fusion_filter *f) noexcept nogil:
    cdef fusion_row r
    cdef fusion_batch batch
    cdef double earth[3]
    cdef double rate_sd = TC_ZERO_RATE_SD, noise
    cdef int32_t i, taken = 0, quiet = imu_quiet(f)
    if not quiet:
        f.departed = 1
    if not (quiet and (at_rest_witness(f) or not_departed(f))):
        f.still = 0
        return
    if f.t_zero != NEVER and seconds(f.t_ns, f.t_zero) < TC_ZERO_PERIOD - 1e-6:
        return
    f.t_zero = f.t_ns
    batch_begin(&batch)
    r.variance = TC_ZERO_SPEED_SD * TC_ZERO_SPEED_SD
    for i in range(3):
        row_begin(&r, i)
        row_put(&r, X_V + i, 1.0)
        r.innovation = -f.v[i]
        taken += row_update(f, &r, TC_GATE_1, 1.0, &batch, TC_KIND_STANDSTILL)
    f.still = taken == 3
    if f.still:
        rotate_back(f.R_ns, f.c.earth_rate, earth)
        noise = f.c.gyro_density * f.c.gyro_density / TC_ZERO_PERIOD
        for i in range(3):
            row_begin(&r, 3 + i)
            r.variance = rate_sd * rate_sd + 2.0 * noise + shake_variance(f, i)
            row_put(&r, X_BG + i, 1.0)
            r.innovation = f.g_low[i] - earth[i] - f.bg[i]
            row_update(f, &r, TC_GATE_1, 1.0, &batch, TC_KIND_STANDSTILL)
    batch_end(f, &batch)
