# The IMU: levelling from the first second, strapdown mechanisation, gaps and implausible samples.

cdef extern from *:
    """
    static const double TC_IMU_RATE_MAX = 17.5;        /* rad/s: half the range of a 2000 deg/s gyro */
    static const double TC_IMU_FORCE_MAX = 157.0;      /* m/s^2: 16 g, the usual range */
    static const double TC_GYRO_JUMP = 2.0;            /* rad/s that no vehicle's rate jumps */
    static const double TC_GYRO_JUMP_TIME = 0.05;      /* s between two samples, */
    static const double TC_GYRO_BACK = 0.5;            /* until a jump that lasts is believed, s */
    static const double TC_GYRO_CLIPPED = 0.1;         /* rad/s: a larger rate that repeats itself */
    static const int32_t TC_GYRO_REPEATS = 5;          /* so often is at the limit of its range */
    static const double TC_GYRO_BEYOND = 0.1;          /* rad/s it may be beyond it, at least */
    static const double TC_FAULT_TAU = 0.2;            /* s over which an unknown rate is correlated */
    static const double TC_IMU_GAP = 0.1;              /* s */
    static const double TC_IMU_GAP_INTERVALS = 2.5;    /* usual intervals */
    static const double TC_IMU_FLAG_TIME = 1.0;        /* s a gap or a fault stays flagged */
    static const double TC_BRIDGE_STEP = 0.02;         /* s */
    static const double TC_BRIDGE_TAU = 0.4;           /* s, correlation of rate and force over a gap */
    static const double TC_BRIDGE_WAIT = 0.6;          /* s of a gap until it is bridged without a sample at its end */
    static const double TC_BRIDGE_PHI = 0.004;         /* rad^2/s: 0.1 rad/s unknown, correlated over 0.2 s */
    static const double TC_BRIDGE_V = 1.6;             /* (m/s)^2/s: 2 m/s^2 unknown, correlated over 0.2 s */
    static const double TC_IMU_LOST = 1.0;             /* s without the IMU until its motion is given up */
    static const double TC_RESUME_SD = 0.05;           /* rad, of a tilt found again, where a speed is known */
    static const double TC_ASTRAY = 6.0;               /* s from going astray to being found so */
    static const double TC_ROLL_AGE = 0.5;             /* s between wheel speeds that still tell a way */
    static const double TC_LEAST_BEND = 8.0;           /* m of way per rad of heading: lost over the way of a gap */
    static const double TC_LEVEL_TIME = 1.0;           /* s averaged */
    static const double TC_UNKNOWN_SPEED_SD = 10.0;    /* m/s */
    static const double TC_POWER_SHARE = 0.33;         /* of that gain: the mean square of the rate is slower still */
    static const double TC_SLOW_HZ = 0.3;              /* what the force is compared with for stillness */
    static const double TC_LOW_HZ = 2.0;               /* where the inclinometer has no low-pass of its own */
    static const double TC_SHAKE_INTERVAL = 0.02;      /* s between samples: up to here vibration is sampled */
    static const double TC_TWO_PI = 6.283185307179586;
    """
    const double TC_BRIDGE_TAU, TC_GYRO_JUMP, TC_GYRO_JUMP_TIME, TC_GYRO_BACK, TC_GYRO_CLIPPED, TC_FAULT_TAU
    const double TC_GYRO_BEYOND
    const int32_t TC_GYRO_REPEATS
    const double TC_IMU_RATE_MAX, TC_IMU_FORCE_MAX, TC_IMU_GAP, TC_IMU_GAP_INTERVALS, TC_IMU_FLAG_TIME, TC_BRIDGE_STEP
    const double TC_BRIDGE_WAIT, TC_BRIDGE_PHI, TC_BRIDGE_V, TC_LEVEL_TIME
    const double TC_IMU_LOST, TC_RESUME_SD, TC_LEAST_BEND, TC_ROLL_AGE, TC_ASTRAY
    const double TC_UNKNOWN_SPEED_SD, TC_SLOW_HZ, TC_LOW_HZ, TC_TWO_PI, TC_SHAKE_INTERVAL, TC_POWER_SHARE


cdef void imu_step(fusion_filter *f, double dt) noexcept nogil:
    """Strapdown over dt with the held sample, the mean over the interval: turn halfway, add, turn on."""
    cdef double w_n[3]
    cdef double f_s[3]
    cdef double turn[3]
    cdef double half[3]
    cdef double dv[3]
    cdef double dq[4]
    cdef double q[4]
    cdef double coriolis[3]
    cdef double step, turn2 = 0.0
    cdef int32_t i
    rotate_back(f.R_ns, f.c.earth_rate, w_n)
    for i in range(3):
        f.w_s[i] = f.gyro[i] - f.bg[i] - w_n[i]
        f_s[i] = f.accelerometer[i] - f.ba[i]
        turn[i] = f.w_s[i] * dt
        turn2 += f.w_s[i] * turn[i]
    cross(turn, f_s, half)
    for i in range(3):
        f_s[i] = dt * (f_s[i] + 0.5 * half[i])
    rotate(f.R_ns, f_s, dv)
    cross(f.c.earth_rate, f.v, coriolis)
    for i in range(3):
        f.a_n[i] = dv[i] / dt - 2.0 * coriolis[i] - (f.c.gravity if i == 2 else 0.0)
        step = f.a_n[i] * dt
        f.p[i] += dt * (f.v[i] + 0.5 * step)
        f.v[i] += step
        f.sum_dv[i] += dv[i]
    for i in range(9):
        f.sum_R[i] += 0.5 * dt * f.R_ns[i]
    rotation_vector_to_q(turn, dq)
    q_multiply(f.q_ns, dq, q)
    memcpy(f.q_ns, q, sizeof(q))
    attitude_refresh(f)
    for i in range(9):
        f.sum_R[i] += 0.5 * dt * f.R_ns[i]
    f.sum_turn += turn2
    f.sum_t += dt
    if not f.still:
        f.distance += dt * fabs(speed_ahead(f))


cdef void shake_collect(fusion_filter *f, double dt) noexcept nogil:
    """What changes from sample to sample and back is vibration, of an engine or a bump: sampling folds a part of it
    into noise far beyond the sensor's own. The second difference of white noise has six times its variance.

    A slow IMU averages; what it shows from sample to sample is motion.
    """
    cdef double d
    cdef int32_t i
    if dt > TC_SHAKE_INTERVAL:
        return
    for i in range(3):
        d = f.gyro[i] - 2.0 * f.gyro_last[i] + f.gyro_before[i]
        f.sum_shake[0][i] += d * d * dt * dt / 6.0
        d = f.accelerometer[i] - 2.0 * f.accelerometer_last[i] + f.accelerometer_before[i]
        f.sum_shake[1][i] += d * d * dt * dt / 6.0


cdef void acceleration_smooth(const fusion_filter *f, double *a_n) noexcept nogil:
    """Acceleration, n, of the force through one low-pass: what a speed changed by over a tenth of a second."""
    cdef double f_s[3]
    cdef double coriolis[3]
    cdef int32_t i
    for i in range(3):
        f_s[i] = f.f_low[0][i] - f.ba[i]
    rotate(f.R_ns, f_s, a_n)
    cross(f.c.earth_rate, f.v, coriolis)
    for i in range(3):
        a_n[i] -= 2.0 * coriolis[i] + (f.c.gravity if i == 2 else 0.0)


cdef double speed_ahead(const fusion_filter *f) noexcept nogil:
    """Along body x at the body origin, m/s."""
    cdef double v_s[3]
    cdef double w_b[3]
    rotate_back(f.R_ns, f.v, v_s)
    rotate(f.R_bs, f.w_s, w_b)
    return (f.R_bs[0] * v_s[0] + f.R_bs[1] * v_s[1] + f.R_bs[2] * v_s[2]
            - w_b[1] * f.c.imu_lever[2] + w_b[2] * f.c.imu_lever[1])


cdef inline double bridge_share(double ahead, double span) noexcept nogil:
    """Of a sample `ahead` seconds from the other end of the gap, in the mean of a process of first order."""
    return (exp((ahead - span) / TC_BRIDGE_TAU) * (1.0 - exp(-2.0 * ahead / TC_BRIDGE_TAU))
            / (1.0 - exp(-2.0 * span / TC_BRIDGE_TAU)))


cdef void imu_bridge(fusion_filter *f, int64_t t_ns, const gap_turn *found) noexcept nogil:
    """Go on to t_ns without samples: between the last one and the one now held, believing neither.

    Rate and force are correlated over TC_BRIDGE_TAU, so that between two samples farther apart their means are likelier
    than anything else: zero, and the force of the last seconds. Where it is `found` (else NULL) how the body turned, it
    turns so, and the force is gravity as it then stands.
    """
    cdef double span = seconds(t_ns, f.t_ns), left = span, dt, before, after
    cdef double gyro[3]
    cdef double accelerometer[3]
    cdef double beyond[3]
    cdef gap_path path
    cdef int32_t i
    memcpy(gyro, f.gyro, sizeof(gyro))
    memcpy(accelerometer, f.accelerometer, sizeof(accelerometer))
    if found is not NULL:
        gap_begin(f, found, span, &path)
        gravity_felt(f, beyond)
        for i in range(3):
            beyond[i] = f.accelerometer_last[i] - beyond[i]
    while left > 1e-9:
        dt = TC_BRIDGE_STEP if left > 1.5 * TC_BRIDGE_STEP else left
        before = bridge_share(left - 0.5 * dt, span)
        after = bridge_share(span - left + 0.5 * dt, span)
        if found is not NULL:
            gap_rate(f, &path, (span - left + 0.5 * dt) / span, before, after, f.gyro)
            gravity_felt(f, f.accelerometer)
        for i in range(3):
            if found is not NULL:
                f.accelerometer[i] += before * beyond[i]
                continue
            f.gyro[i] = f.bg[i] + before * (f.gyro_last[i] - f.bg[i]) + after * (gyro[i] - f.bg[i])
            f.accelerometer[i] = f.f_slow[i] + (before * (f.accelerometer_last[i] - f.f_slow[i])
                                                + after * (accelerometer[i] - f.f_slow[i]))
        imu_step(f, dt)
        if found is NULL:
            f.sum_noise[0] += TC_BRIDGE_PHI * dt
        f.sum_noise[1] += TC_BRIDGE_V * dt
        covariance_step(f)
        left -= dt
    if found is not NULL:
        shake_noise(f, found.variance, 1.0, X_PHI)
        gap_lowpass(f, found)
    memcpy(f.gyro, gyro, sizeof(gyro))
    memcpy(f.accelerometer, accelerometer, sizeof(accelerometer))
    f.t_ns = f.t_gap = t_ns


cdef void gravity_felt(const fusion_filter *f, double *force_s) noexcept nogil:
    """What the accelerometer reads at rest."""
    cdef double up[3]
    cdef int32_t i
    up[0] = up[1] = 0.0
    up[2] = f.c.gravity
    rotate_back(f.R_ns, up, force_s)
    for i in range(3):
        force_s[i] += f.ba[i]


cdef inline int32_t is_gap(const fusion_filter *f, double dt) noexcept nogil:
    return dt > TC_IMU_GAP and dt > TC_IMU_GAP_INTERVALS * f.interval


cdef void imu_lost(fusion_filter *f) noexcept nogil:
    """Nothing tells how the vehicle moved: keep what does not move, and level again as soon as the IMU is back."""
    covariance_step(f)
    f.aligned = f.levelled = f.still = 0
    f.resuming = 1
    f.t_lost = f.t_found = f.t_gap = f.t_ns
    f.resets += 1


cdef int32_t measurement_ready(fusion_filter *f, int64_t t_ns, double *lead) noexcept nogil:
    """Time from the state to a measurement, which may lie between two IMU samples.

    0 = not to be used: levelling goes on, or the IMU is missing. For a short gap the next IMU sample is waited for, as
    going on between two samples is far better than from one; a longer one is bridged with the last one, until the IMU
    is lost.
    """
    cdef double ahead = seconds(t_ns, f.t_ns)
    if not f.aligned:
        return 0
    if seconds(t_ns, f.t_imu) > TC_IMU_LOST:
        imu_lost(f)
        return 0
    if is_gap(f, ahead):
        if ahead < TC_BRIDGE_WAIT:
            f.t_gap = f.t_ns
            return 0
        memcpy(f.gyro_last, f.gyro, sizeof(f.gyro))
        memcpy(f.accelerometer_last, f.accelerometer, sizeof(f.accelerometer))
        imu_bridge(f, t_ns, NULL)
    covariance_step(f)
    lead[0] = seconds(t_ns, f.t_ns)
    return 1


cdef void imu_lowpass(fusion_filter *f, double dt) noexcept nogil:
    """Low-passed samples: two stages of the force as the inclinometer does it, one slow, and one of the rate."""
    cdef double shake, rate
    cdef double corner = f.c.inclination_lowpass_hz if f.c.inclination_lowpass_hz > 0.0 else TC_LOW_HZ
    cdef int32_t i
    if dt != f.low_dt:
        f.low_dt = dt
        f.low_gain = 1.0 - exp(-TC_TWO_PI * corner * dt)
        f.slow_gain = 1.0 - exp(-TC_TWO_PI * TC_SLOW_HZ * dt)
    for i in range(3):
        f.f_low[0][i] += f.low_gain * (f.accelerometer[i] - f.f_low[0][i])
        f.f_low[1][i] += f.low_gain * (f.f_low[0][i] - f.f_low[1][i])
        f.g_low[i] += f.low_gain * (f.gyro[i] - f.g_low[i])
        shake = f.gyro[i] - f.g_low[i]
        f.g_shake[i] += f.slow_gain * (shake * shake - f.g_shake[i])
        rate = f.gyro[i] - f.bg[i]
        if f.t_fault_since == NEVER:    # else it would be told by itself
            f.g_power[i] += TC_POWER_SHARE * f.slow_gain * (rate * rate - f.g_power[i])
        f.f_slow[i] += f.slow_gain * (f.accelerometer[i] - f.f_slow[i])


cdef int32_t is_plausible(const tc_imu *s) noexcept nogil:
    """Whether a sample is within any car's reach."""
    cdef int32_t i
    for i in range(3):
        if fabs(s.gyro[i]) > TC_IMU_RATE_MAX or fabs(s.accelerometer[i]) > TC_IMU_FORCE_MAX:
            return 0
    return 1


cdef int32_t is_jump(const fusion_filter *f, const tc_imu *s, int32_t axis) noexcept nogil:
    """Whether a rate is out of reach from the last one that was not."""
    if not seconds(s.t_ns, f.t_imu) < TC_GYRO_JUMP_TIME:
        return 0
    if f.t_fault_since != NEVER and seconds(s.t_ns, f.t_fault_since) > TC_GYRO_BACK:
        return 0
    return fabs(s.gyro[axis] - f.gyro[axis]) > TC_GYRO_JUMP


cdef int32_t is_clipped(fusion_filter *f, const tc_imu *s, int32_t axis) noexcept nogil:
    """Whether the gyro stays at a limit: its noise alone would move it."""
    cdef int32_t same = s.gyro[axis] == f.gyro_said[axis] and fabs(s.gyro[axis]) > TC_GYRO_CLIPPED
    f.repeats[axis] = f.repeats[axis] + 1 if same else 0
    f.gyro_said[axis] = s.gyro[axis]
    return f.repeats[axis] >= TC_GYRO_REPEATS - 1


cdef double rate_beyond(const fusion_filter *f, double limit, int32_t axis) noexcept nogil:
    """What is to be expected of a rate at the limit, beyond it: the mean of a normal one's tail far out."""
    return f.g_power[axis] / limit


cdef void rate_doubt(fusion_filter *f, const tc_imu *s, int32_t axis, double least) noexcept nogil:
    """A rate that does not tell the motion, which sways on as it did: the longer, the less is known."""
    cdef double share = seconds(s.t_ns, f.t_fault_since) / TC_FAULT_TAU
    cdef double power = f.g_power[axis] if f.g_power[axis] > least * least else least * least
    share = share if share < 1.0 else 1.0
    f.sum_doubt[axis] += 2.0 * TC_FAULT_TAU * share * power * seconds(s.t_ns, f.t_imu)


cdef void imu_hold(fusion_filter *f, const tc_imu *s) noexcept nogil:
    """Take the sample's values. One out of any car's reach is left out; so is a rate that jumps, while the others
    go on: its axis then turns ever less, as rates forget themselves."""
    cdef double fade = exp(-seconds(s.t_ns, f.t_imu) / TC_BRIDGE_TAU) if f.t_fault_since != NEVER else 1.0
    cdef double gyro[3]
    cdef int32_t doubted[3]
    cdef int32_t clipped[3]
    cdef int32_t i, any_doubted = 0, whole = is_plausible(s)
    for i in range(3):
        gyro[i] = s.gyro[i]
        doubted[i] = not whole or is_jump(f, s, i)
        if doubted[i]:
            gyro[i] = f.bg[i] + fade * (f.gyro[i] - f.bg[i])
        clipped[i] = is_clipped(f, s, i) and not doubted[i]
        if clipped[i]:
            gyro[i] += rate_beyond(f, s.gyro[i], i)
        doubted[i] = doubted[i] or clipped[i]
        any_doubted = any_doubted or doubted[i]
    if any_doubted:
        f.t_fault = s.t_ns
        if f.t_fault_since == NEVER:
            f.t_fault_since = s.t_ns
    else:
        f.t_fault_since = NEVER
    for i in range(3):
        if doubted[i]:
            rate_doubt(f, s, i, TC_GYRO_BEYOND if clipped[i] else TC_GAP_SWAY)
    if not whole:
        f.sum_noise[1] += TC_BRIDGE_V * seconds(s.t_ns, f.t_imu)
        return
    memcpy(f.gyro_before, f.gyro_last, sizeof(f.gyro))
    memcpy(f.accelerometer_before, f.accelerometer_last, sizeof(f.accelerometer))
    memcpy(f.gyro_last, f.gyro, sizeof(f.gyro))
    memcpy(f.accelerometer_last, f.accelerometer, sizeof(f.accelerometer))
    memcpy(f.gyro, gyro, sizeof(f.gyro))
    memcpy(f.accelerometer, s.accelerometer, sizeof(f.accelerometer))


cdef void imu_take(fusion_filter *f, const tc_imu *s) noexcept nogil:
    """The first sample, as it is."""
    memcpy(f.gyro_last, s.gyro, sizeof(f.gyro))
    memcpy(f.gyro, s.gyro, sizeof(f.gyro))
    memcpy(f.gyro_before, s.gyro, sizeof(f.gyro))
    memcpy(f.accelerometer_before, s.accelerometer, sizeof(f.accelerometer))
    memcpy(f.accelerometer_last, s.accelerometer, sizeof(f.accelerometer))
    memcpy(f.accelerometer, s.accelerometer, sizeof(f.accelerometer))


cdef void imu_first(fusion_filter *f, const tc_imu *s) noexcept nogil:
    imu_take(f, s)
    f.has_imu = 1
    f.t_ns = f.t_imu = s.t_ns
    memcpy(f.f_low[0], f.accelerometer, sizeof(f.accelerometer))
    memcpy(f.f_low[1], f.accelerometer, sizeof(f.accelerometer))
    memcpy(f.f_slow, f.accelerometer, sizeof(f.accelerometer))
    memcpy(f.g_low, f.gyro, sizeof(f.gyro))


cdef void prior(fusion_filter *f, int32_t first, int32_t n, double sd) noexcept nogil:
    cdef int32_t i
    for i in range(first, first + n):
        f.P[i * (N_X + 1)] = sd * sd


cdef double level_gain(const fusion_filter *f) noexcept nogil:
    """Speed gained ahead while levelling, by the wheels: what of the force is not gravity, m/s."""
    cdef double span
    if f.t_wheels == NEVER or f.t_wheels_first == f.t_wheels:
        return 0.0
    span = seconds(f.t_wheels, f.t_wheels_first)
    return (f.wheel_mean - f.wheel_first) / span * f.level_time if span > 0.5 * f.level_time else 0.0


cdef void level(fusion_filter *f) noexcept nogil:
    """Attitude from the mean force, velocity from the wheels; the rest is what the configuration expects."""
    cdef const double *a = &f.level_sum[0]
    cdef double R_nb[9]
    cdef double ahead = a[0] - level_gain(f)
    cdef double roll = atan2(a[1], a[2]), pitch = atan2(-ahead, sqrt(a[1] * a[1] + a[2] * a[2]))
    cdef double speed = 0.0, sd = TC_UNKNOWN_SPEED_SD
    cdef double cr = cos(0.5 * roll), sr = sin(0.5 * roll), cp = cos(0.5 * pitch), sp = sin(0.5 * pitch)
    cdef int32_t i
    f.q_ns[0] = cp * cr                 # yaw 0
    f.q_ns[1] = cp * sr
    f.q_ns[2] = sp * cr
    f.q_ns[3] = -sp * sr
    attitude_refresh(f)
    if f.t_wheels != NEVER:
        speed = f.wheel_mean
        sd = f.c.velocity_sd
    elif f.t_speed != NEVER:
        speed = f.speed
        sd = f.c.velocity_sd
    elif at_rest_witness(f):
        sd = f.c.velocity_sd
    rotation_from_rpy(roll, pitch, 0.0, R_nb)
    for i in range(3):
        f.v[i] = speed * R_nb[3 * i]
    covariance_clear(f)
    prior(f, X_PHI, 2, f.c.attitude_sd)
    prior(f, X_V, 3, sd)
    prior(f, X_BG, 3, f.c.gyro_bias_sd)
    prior(f, X_BA, 3, f.c.accelerometer_bias_sd)
    prior(f, X_SCALE, 1, f.c.wheel_scale_sd)
    prior(f, X_MOUNT, 2, f.c.mounting_sd)
    prior(f, X_INCL, 2, f.c.inclination_bias_sd)
    prior(f, X_DELAY, 1, f.c.gnss_delay_sd)
    prior(f, X_LAG, 1, f.c.gnss_lag_sd)
    prior(f, X_PIVOT, 1, f.c.pivot_sd)
    prior(f, X_SPEED_AGE, 1, f.c.speed_age_sd)
    terrain_prior(f)
    f.aligned = 1
    f.t_check = f.t_ns
    f.p[0] = f.p[1] = f.p[2] = 0.0      # the local frame begins at the body origin
    origin_shift(f, 1.0)
    if f.has_start:
        start_apply(f)


cdef void origin_shift(fusion_filter *f, double share) noexcept nogil:
    """Move p by a share of the way from the body origin to the IMU."""
    cdef fusion_motion m
    cdef double arm_n[3]
    cdef int32_t i
    body_motion(f, 0.0, &m)
    rotate(m.R_nb, f.c.imu_lever, arm_n)
    for i in range(3):
        f.p[i] += share * arm_n[i]


cdef void level_collect(fusion_filter *f, double dt) noexcept nogil:
    cdef int32_t i
    if dt > TC_IMU_GAP:                 # a gap says nothing about the force
        dt = 0.0
    for i in range(3):
        f.level_sum[i] += dt * f.accelerometer[i]
    f.level_time += dt
    if f.level_time >= TC_LEVEL_TIME:
        level(f)


cdef void level_anew(fusion_filter *f, int64_t t_ns) noexcept nogil:
    """The first sample after a long gap: what was collected before it is too old."""
    if f.aligned:
        imu_lost(f)
    f.t_found = t_ns
    memset(f.level_sum, 0, sizeof(f.level_sum))
    f.level_time = 0.0
    f.t_wheels_first = f.t_rest_since = NEVER
    f.t_gap = t_ns


cdef void resume_collect(fusion_filter *f, double dt) noexcept nogil:
    """Turn on from the attitude before the gap, and sum the force in its axes: their tilt is what has to be found."""
    cdef double turn[3]
    cdef double w_n[3]
    cdef double f_s[3]
    cdef double f_n[3]
    cdef double dq[4]
    cdef double q[4]
    cdef int32_t i
    if dt > TC_IMU_GAP:
        return
    rotate_back(f.R_ns, f.c.earth_rate, w_n)
    for i in range(3):
        f.w_s[i] = f.gyro[i] - f.bg[i] - w_n[i]
        turn[i] = f.w_s[i] * dt
        f_s[i] = f.accelerometer[i] - f.ba[i]
    rotation_vector_to_q(turn, dq)
    q_multiply(f.q_ns, dq, q)
    memcpy(f.q_ns, q, sizeof(q))
    attitude_refresh(f)
    rotate(f.R_ns, f_s, f_n)
    if f.level_time == 0.0:
        body_ahead(f, f.resume_ahead)
    for i in range(3):
        f.level_sum[i] += dt * f_n[i]
    f.level_time += dt
    if f.level_time >= TC_LEVEL_TIME:
        resume(f)


cdef void body_ahead(const fusion_filter *f, double *ahead_n) noexcept nogil:
    """Body x in n."""
    cdef fusion_motion m
    cdef int32_t i
    body_motion(f, 0.0, &m)
    for i in range(3):
        ahead_n[i] = m.R_nb[3 * i]


cdef double gap_way(const fusion_filter *f, double speed) noexcept nogil:
    """Way the vehicle may have gone without the IMU, m: at the larger of the speeds before and after."""
    cdef double before = sqrt(f.v[0] * f.v[0] + f.v[1] * f.v[1] + f.v[2] * f.v[2]
                              + f.P[X_V * (N_X + 1)] + f.P[(X_V + 1) * (N_X + 1)] + f.P[(X_V + 2) * (N_X + 1)])
    return (before if before > fabs(speed) else fabs(speed)) * seconds(f.t_found, f.t_lost)


cdef double gap_position_sd(const fusion_filter *f, int32_t axis, double way) noexcept nogil:
    return sqrt(f.P[(X_P + axis) * (N_X + 1)] + way * way)


cdef double gap_yaw_sd(const fusion_filter *f, double way) noexcept nogil:
    cdef double turn = way / TC_LEAST_BEND, sd = sqrt(f.P[(X_PHI + 2) * (N_X + 1)] + turn * turn)
    return sd if f.heading and sd < 3.141592653589793 else 3.141592653589793


cdef void turn_upright(fusion_filter *f, const double *up) noexcept nogil:
    """The shortest turn of the attitude that lays the direction `up` along z: it keeps the heading."""
    cdef double n = sqrt(up[0] * up[0] + up[1] * up[1] + up[2] * up[2])
    cdef double turn[4]
    cdef double q[4]
    if n < 1e-3 * f.c.gravity:
        return                          # in free fall nothing is up
    turn[0] = 1.0 + up[2] / n
    turn[1] = up[1] / n
    turn[2] = -up[0] / n
    turn[3] = 0.0
    if turn[0] < 1e-6:                  # upside down: every horizontal axis is as short
        turn[0] = turn[2] = 0.0
        turn[1] = 1.0
    q_multiply(turn, f.q_ns, q)
    memcpy(f.q_ns, q, sizeof(q))
    attitude_refresh(f)


cdef void bias_forget(fusion_filter *f) noexcept nogil:
    """A filter that ran astray has put its error everywhere."""
    cdef int32_t i
    for i in range(3):
        f.bg[i] = f.ba[i] = 0.0
        covariance_forget(f, X_BG + i, f.c.gyro_bias_sd * f.c.gyro_bias_sd)
        covariance_forget(f, X_BA + i, f.c.accelerometer_bias_sd * f.c.accelerometer_bias_sd)
    f.diverged = 0


cdef void motion_lost(fusion_filter *f) noexcept nogil:
    """Nothing that knows the motion agrees with it any more: begin it anew, as after a gap of the IMU."""
    f.diverged = 1
    level_anew(f, f.t_ns)
    f.t_lost -= <int64_t> (1e9 * TC_ASTRAY)     # for so long it has not been right
    f.t_constraint_refused_since = NEVER


cdef void resume_roll(fusion_filter *f, int64_t t_ns, double speed) noexcept nogil:
    """Way rolled by the wheels while the attitude is looked for."""
    cdef double dt = seconds(t_ns, f.t_wheels)
    cdef double ahead[3]
    cdef int32_t i
    if f.t_wheels == NEVER or not 0.0 < dt < TC_ROLL_AGE:
        return
    body_ahead(f, ahead)
    for i in range(3):
        f.p[i] += speed * dt * ahead[i]
    f.distance += fabs(speed) * dt


cdef void resume(fusion_filter *f) noexcept nogil:
    """Attitude from the mean force less what the speed gained; place and heading as before, much less sure."""
    cdef double ahead[3]
    cdef double speed = 0.0, gained = 0.0, way, sd_v, sd_yaw
    cdef double sd_p[3]
    cdef int32_t known = 1, i
    if fresh(f, f.t_wheels, TC_WITNESS_AGE) and f.t_wheels_first != NEVER:
        speed = f.wheel_mean / (1.0 + f.scale)
        gained = level_gain(f)
    elif fresh(f, f.t_speed, TC_WITNESS_AGE):
        speed = f.speed / (1.0 + f.scale)
    else:
        known = at_rest_witness(f)
    body_ahead(f, ahead)
    for i in range(3):                  # the force summed is gravity and the change of velocity
        f.level_sum[i] -= speed * ahead[i] - (speed - gained) * f.resume_ahead[i]
    way = gap_way(f, speed)
    sd_yaw = gap_yaw_sd(f, way)
    for i in range(3):
        sd_p[i] = gap_position_sd(f, i, way)
    origin_shift(f, -1.0)
    turn_upright(f, f.level_sum)
    origin_shift(f, 1.0)
    body_ahead(f, ahead)
    sd_v = f.c.velocity_sd if known else TC_UNKNOWN_SPEED_SD
    if sd_yaw > TC_HEADING_KNOWN:       # to be found anew
        f.heading = f.has_position = f.has_anchor = 0
    for i in range(3):
        f.v[i] = speed * ahead[i]
        covariance_forget(f, X_PHI + i, TC_RESUME_SD * TC_RESUME_SD if known else f.c.attitude_sd * f.c.attitude_sd)
        covariance_forget(f, X_V + i, sd_v * sd_v)
        covariance_forget(f, X_P + i, sd_p[i] * sd_p[i])
    covariance_forget(f, X_PHI + 2, 0.0)
    if f.heading:
        heading_turn(f, 0.0, sd_yaw)    # the speed points where the vehicle does
    if f.diverged:
        bias_forget(f)
    f.t_gnss_refused_since = f.t_constraint_refused_since = NEVER
    f.t_check = f.t_gap = f.t_ns
    f.resuming = 0
    f.aligned = 1


cdef tc_status imu_check(const tc_imu *s) noexcept nogil:
    cdef int32_t i
    for i in range(3):
        if not isfinite(s.gyro[i]) or not isfinite(s.accelerometer[i]):
            return TC_E_RANGE
    return TC_OK


cdef void fusion_imu(fusion_filter *f, const tc_imu *sample) noexcept nogil:
    cdef gap_turn turned
    cdef double dt
    cdef int32_t found
    if not f.has_imu:
        imu_first(f, sample)
        return
    imu_hold(f, sample)
    dt = seconds(sample.t_ns, f.t_imu)
    found = f.aligned and is_gap(f, seconds(sample.t_ns, f.t_ns)) and gap_found(f, sample.t_ns, &turned)
    f.t_imu = sample.t_ns
    if f.interval == 0.0:
        f.interval = dt
    imu_lowpass(f, dt)
    if dt > TC_IMU_LOST:
        level_anew(f, sample.t_ns)
    if not f.aligned:
        f.t_ns = sample.t_ns
        if f.resuming:
            resume_collect(f, dt)
        else:
            level_collect(f, dt)
        return
    dt = seconds(sample.t_ns, f.t_ns)   # less than the interval where a gap was bridged for a measurement
    if is_gap(f, dt):
        imu_bridge(f, sample.t_ns, &turned if found else NULL)
    elif dt > 0.0:
        imu_step(f, dt)
        shake_collect(f, dt)
        f.t_ns = sample.t_ns
    if dt < TC_IMU_GAP:
        f.interval += 0.02 * (dt - f.interval)
    speed_due(f)
    if seconds(sample.t_ns, f.t_check) >= TC_CHECK_PERIOD - 1e-6:
        covariance_step(f)
        standstill_update(f)
        constraint_update(f, seconds(sample.t_ns, f.t_check))
        terrain_update(f)
        level_judge(f)
        f.t_check = sample.t_ns
