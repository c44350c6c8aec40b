# Inclinometer, against the IMU's own force through the same low-pass: both feel the same acceleration, so what is left
# is the difference of two biases and the mounting.

cdef extern from *:
    """
    static const double TC_INCLINATION_MAX = 1.5;      /* rad */
    static const double TC_INCLINATION_KEPT = 1.0;     /* s that the value may stay the same, to the last digit, */
    static const double TC_INCLINATION_MOVED = 0.02;   /* while the vehicle tilts by more, rad */
    static const double TC_INCLINATION_LOST = 10.0;    /* s of refusals until its bias is looked for anew */
    """
    const double TC_INCLINATION_MAX, TC_INCLINATION_KEPT, TC_INCLINATION_MOVED, TC_INCLINATION_LOST


cdef tc_status inclination_check(const tc_inclination *s) noexcept nogil:
    return TC_OK if fabs(s.roll) < TC_INCLINATION_MAX and fabs(s.pitch) < TC_INCLINATION_MAX else TC_E_RANGE


cdef inline int32_t inclination_doubted(const fusion_filter *f) noexcept nogil:
    """Whether it has been refused for long."""
    return (f.t_inclination_refused_since != NEVER and fresh(f, f.t_inclination, TC_REFUSED_TIME)
            and seconds(f.t_ns, f.t_inclination_refused_since) > TC_REFUSED_TIME)


cdef void inclination_judge(fusion_filter *f, const tc_inclination *s, int32_t taken) noexcept nogil:
    """Way back: one refused for long has been knocked, and has another bias now. One that is stuck has not."""
    cdef int32_t i
    if taken == 2:
        f.t_inclination_refused_since = NEVER
    elif f.t_inclination_refused_since == NEVER:
        f.t_inclination_refused_since = s.t_ns
    elif seconds(s.t_ns, f.t_inclination_refused_since) > TC_INCLINATION_LOST and not f.inclination_stuck:
        for i in range(2):
            if f.c.inclination_bias_sd > 0.0:       # else the state is switched off
                covariance_forget(f, X_INCL + i, f.c.attitude_sd * f.c.attitude_sd)
        f.t_inclination_refused_since = NEVER
        f.resets += 1


cdef int32_t is_stuck(fusion_filter *f, const tc_inclination *s) noexcept nogil:
    """Whether it repeats itself while the vehicle tilts."""
    cdef double tilt[2]
    tilt[0] = f.R_ns[6]                 # z of the sensor's axes: what tilts them
    tilt[1] = f.R_ns[7]
    if s.roll != f.inclination[0] or s.pitch != f.inclination[1] or f.t_inclination_kept == NEVER:
        f.inclination[0] = s.roll
        f.inclination[1] = s.pitch
        f.inclination_tilt[0] = tilt[0]
        f.inclination_tilt[1] = tilt[1]
        f.t_inclination_kept = s.t_ns
        f.inclination_stuck = 0
    elif seconds(s.t_ns, f.t_inclination_kept) > TC_INCLINATION_KEPT and (
            fabs(tilt[0] - f.inclination_tilt[0]) > TC_INCLINATION_MOVED
            or fabs(tilt[1] - f.inclination_tilt[1]) > TC_INCLINATION_MOVED):
        f.inclination_stuck = 1
    return f.inclination_stuck


cdef double inclination_raised(const fusion_filter *f, const tc_inclination *s) noexcept nogil:
    """What the inclinometer's own low-pass leaves of its errors, and of the difference between it and ours, lasts for
    the time of its two stages."""
    cdef double tau, period
    if f.t_inclination == NEVER or f.c.inclination_lowpass_hz <= 0.0:
        return 1.0
    tau = 2.0 / (TC_TWO_PI * f.c.inclination_lowpass_hz)
    period = seconds(s.t_ns, f.t_inclination)
    return 2.0 * tau / period if period < 2.0 * tau else 1.0


cdef void fusion_inclination(fusion_filter *f, const tc_inclination *sample) noexcept nogil:
    cdef fusion_row r
    cdef fusion_batch batch
    cdef double f_s[3]
    cdef double g_b[3]
    cdef double d[3]
    cdef double back[3]
    cdef double axis[3]
    cdef double moved[3]
    cdef double lead = 0.0, raised, side2, all2
    cdef int32_t i, k, j, silent, taken = 0
    raised = inclination_raised(f, sample)
    f.t_inclination = sample.t_ns
    silent = seconds(sample.t_ns, f.t_ns) > TC_IMU_GAP_INTERVALS * f.interval
    gap_remember(f, sample, silent)
    if silent and f.aligned and f.c.lag > 0.0 and seconds(sample.t_ns, f.t_ns) < TC_BRIDGE_WAIT:
        return                          # IMU samples that only are late have been waited for: a gap, bridged at its end
    if not measurement_ready(f, sample.t_ns, &lead):
        return
    if is_stuck(f, sample):
        f.gated[TC_KIND_INCLINATION] += 2
        inclination_judge(f, sample, 0)
        return
    batch_begin(&batch)
    for i in range(3):
        f_s[i] = f.f_low[1][i] - f.ba[i]
    rotate(f.R_bs, f_s, g_b)
    side2 = g_b[1] * g_b[1] + g_b[2] * g_b[2]
    all2 = side2 + g_b[0] * g_b[0]
    for k in range(2):
        row_begin(&r, k)
        if k == 0:                      # roll = atan2(y, z)
            d[0] = 0.0
            d[1] = g_b[2] / side2
            d[2] = -g_b[1] / side2
            r.innovation = sample.roll - atan2(g_b[1], g_b[2]) - f.incl[0]
        else:                           # pitch = atan2(-x, |y, z|)
            d[0] = -sqrt(side2) / all2
            d[1] = g_b[0] * g_b[1] / (sqrt(side2) * all2)
            d[2] = g_b[0] * g_b[2] / (sqrt(side2) * all2)
            r.innovation = sample.pitch - atan2(-g_b[0], sqrt(side2)) - f.incl[1]
        rotate_back(f.R_bs, d, back)
        row_put3(&r, X_BA, -back[0], -back[1], -back[2])
        for j in range(2):
            axis[0] = f.R_bs[1] if j == 0 else 0.0
            axis[1] = f.R_bs[4] if j == 0 else 0.0
            axis[2] = f.R_bs[7] if j == 0 else 1.0
            cross(axis, g_b, moved)
            row_put(&r, X_MOUNT + j, d[0] * moved[0] + d[1] * moved[1] + d[2] * moved[2])
        row_put(&r, X_INCL + k, 1.0)
        r.variance = f.c.inclination_sd * f.c.inclination_sd
        taken += row_update(f, &r, TC_GATE_1, raised, &batch, TC_KIND_INCLINATION)
    batch_end(f, &batch)
    inclination_judge(f, sample, taken)
