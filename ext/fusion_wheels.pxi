# Wheel speeds, wheel by wheel, with the steering angle where there is one.

cdef extern from *:
    """
    static const double TC_WHEEL_PERIOD = 0.04;        /* s between updates */
    static const double TC_WHEEL_TAU = 0.15;           /* s, correlation of a wheel's error over a bump */
    static const double TC_WHEEL_SLIP = 0.005;         /* ordinary slip, 1 */
    static const double TC_BUMP = 0.65;                /* share of a chassis' vertical motion its wheel rolls along */
    static const double TC_BUMP_SPEED = 0.15;          /* m/s: slower, the way over a bump is not resolved */
    static const double TC_SLIP_FAST = 1.5;            /* sd: driven wheels err fast; from here the noise is raised, */
    static const double TC_SLIP_OUT = 5.0;             /* and from here the wheel is taken out */
    static const double TC_SLIP_SLOW = 3.0;
    static const double TC_SLIP_LOCKED = 6.0;
    static const double TC_SLIP_SPEED = 0.1;           /* m/s, least speed slip is related to */
    static const double TC_STEERING_AGE = 0.2;         /* s */
    static const double TC_STEERING_KEPT = 1.0;        /* s an angle is reported: later the sensor is taken for dead */
    static const double TC_PARKED = 0.03;              /* m/s */
    static const double TC_FAST_TIME = 1.0;            /* s of all wheels fast until none is believed, */
    static const double TC_FAST_RESOLVED = 0.17;       /* and sd / reading that may acquit them again */
    static const double TC_DEAD_TIME = 0.5;            /* s that one wheel reads zero while the others turn */
    static const double TC_DEAD_SPEED = 0.1;           /* m/s in the mean, */
    static const double TC_ZERO_WAIT = 1.0;            /* s the IMU has to contradict wheels that read zero */
    static const double TC_ZERO_GATE = 9.0;            /* squared sd it must not exceed for that */
    static const double TC_ZERO_ROCK = 0.02;           /* m/s: a body rocks over wheels that stand */
    """
    const double TC_WHEEL_PERIOD, TC_WHEEL_TAU, TC_WHEEL_SLIP, TC_BUMP, TC_BUMP_SPEED, TC_SLIP_FAST, TC_SLIP_OUT
    const double TC_SLIP_SLOW, TC_SLIP_LOCKED, TC_SLIP_SPEED, TC_STEERING_AGE, TC_STEERING_KEPT, TC_PARKED
    const double TC_DEAD_TIME, TC_DEAD_SPEED, TC_ZERO_WAIT, TC_ZERO_GATE, TC_ZERO_ROCK
    const double TC_FAST_TIME, TC_FAST_RESOLVED


cdef tc_status steering_check(const tc_steering *s) noexcept nogil:
    return TC_OK if isfinite(s.angle) and fabs(s.angle) <= 1.4 else TC_E_RANGE


cdef void fusion_steering(fusion_filter *f, const tc_steering *sample) noexcept nogil:
    f.t_steering = sample.t_ns
    f.steer = sample.angle


cdef double wheels_mean(const tc_wheels *s) noexcept nogil:
    """Mean of the readings there are; NaN where there is none."""
    cdef double total = 0.0
    cdef int32_t i, n = 0
    for i in range(TC_WHEELS):
        if not isnan(s.speed[i]):
            total += s.speed[i]
            n += 1
    return total / n if n > 0 else NAN


cdef int32_t wheels_zero(const fusion_filter *f, const tc_wheels *s) noexcept nogil:
    cdef double limit = 1.5 * f.c.wheel_resolution
    cdef int32_t i, n = 0
    if limit < TC_PARKED:
        limit = TC_PARKED
    for i in range(TC_WHEELS):
        if fabs(s.speed[i]) > limit:
            return 0
        if not isnan(s.speed[i]):
            n += 1
    return n > 0


cdef void wheel_direction(const fusion_filter *f, int32_t wheel, const double *u_b, double *e) noexcept nogil:
    """Unit vector, body axes, a wheel rolls along: x at the rear; in front by Ackermann from the steering angle or,
    where that is not measured, along the motion of its hub."""
    cdef double side = 1.0 if wheel % 2 == 0 else -1.0, k, n, run
    e[0] = 1.0
    e[1] = e[2] = 0.0
    if wheel >= 2:
        return
    if fresh(f, f.t_steering, TC_STEERING_AGE):
        k = tan(f.steer)
        run = f.wheelbase - 0.5 * side * f.track[0] * k
        n = 1.0 / sqrt(run * run + f.wheelbase * f.wheelbase * k * k)
        e[0] = run * n
        e[1] = f.wheelbase * k * n
    else:
        n = sqrt(u_b[0] * u_b[0] + u_b[1] * u_b[1])
        if fabs(u_b[0]) > 0.5 * n:      # no wheel is steered farther
            e[0] = fabs(u_b[0]) / n
            e[1] = u_b[1] / n if u_b[0] > 0.0 else -u_b[1] / n


cdef double bump_speed(double along, double up) noexcept nogil:
    """What a hub that climbs and drops with the ground rolls more than its chassis moves, as its way slants."""
    cdef double slow = fabs(along) if fabs(along) > TC_BUMP_SPEED else TC_BUMP_SPEED
    cdef double more = TC_BUMP * up * up / (2.0 * slow)
    if fabs(along) < 0.02:
        return 0.0
    return more if along > 0.0 else -more


cdef void wheels_turn(fusion_filter *f, const tc_wheels *s) noexcept nogil:
    """Since when each wheel has been reading zero while the others turn."""
    cdef int32_t i
    cdef int32_t all_stand = fabs(wheels_mean(s)) < TC_DEAD_SPEED
    for i in range(TC_WHEELS):
        if all_stand or s.speed[i] != 0.0:
            f.t_turned[i] = s.t_ns


cdef inline int32_t is_dead(const fusion_filter *f, int32_t wheel) noexcept nogil:
    """Locked, or its sensor is dead: either way it does not tell how fast the ground goes by."""
    return f.t_turned[wheel] != NEVER and seconds(f.t_wheels, f.t_turned[wheel]) > TC_DEAD_TIME


cdef int32_t wheel_update(fusion_filter *f, const fusion_motion *m, int32_t wheel, double reading, double raised,
                          fusion_batch *b) noexcept nogil:
    """One wheel against the inertial prediction; 1 = taken. The gate is narrow on the fast side: all four can spin
    at once, and only the prediction knows."""
    cdef fusion_row r
    cdef double PHt[N_X]
    cdef double at[3]
    cdef double u[3]
    cdef double e[3]
    cdef double along, ground, hph, white, nu, z, larger
    cdef int32_t i, taken
    at[0] = f.wheelbase if wheel < 2 else 0.0
    at[1] = 0.5 * f.track[0 if wheel < 2 else 1] * (1.0 if wheel % 2 == 0 else -1.0)
    at[2] = f.tyre_radius
    point_velocity(f, m, at, u)
    wheel_direction(f, wheel, u, e)
    point_row(f, m, at, e, wheel, &r)
    along = e[0] * u[0] + e[1] * u[1]
    ground = along + bump_speed(along, u[2])
    for i in range(r.n):
        r.h[i] *= 1.0 + f.scale
    row_put(&r, X_SCALE, ground)
    r.innovation = reading - (1.0 + f.scale) * ground
    larger = fabs(ground) if fabs(ground) > fabs(reading) else fabs(reading)
    f.slip[wheel] = (reading / (1.0 + f.scale) - ground) / (larger if larger > TC_SLIP_SPEED else TC_SLIP_SPEED)
    white = f.c.wheel_sd * f.c.wheel_sd + f.c.wheel_resolution * f.c.wheel_resolution / 12.0
    white += TC_WHEEL_SLIP * TC_WHEEL_SLIP * ground * ground
    if reading == 0.0:
        white += f.c.wheel_dead_below * f.c.wheel_dead_below
    hph = row_project(f, b, &r, PHt)
    nu = row_innovation(&r, b.dx)
    z = nu / sqrt(hph + white)
    if reading < 0.0 or (reading == 0.0 and ground < 0.0):
        z = -z                          # now positive where the wheel turns faster than the ground goes by
    f.wheel_z[wheel] = z
    f.wheel_sd[wheel] = sqrt(hph)
    taken = not (f.wheels_fast or is_dead(f, wheel) or z > TC_SLIP_OUT or z < -TC_SLIP_LOCKED)
    innovation_tell(f, TC_KIND_WHEELS, &r, taken, nu, hph, white, raised)
    if not taken:
        f.gated[TC_KIND_WHEELS] += 1
        return 0
    if z > TC_SLIP_FAST:
        white *= z * z / (TC_SLIP_FAST * TC_SLIP_FAST)
    elif z < -TC_SLIP_SLOW:
        white *= z * z / (TC_SLIP_SLOW * TC_SLIP_SLOW)
    row_correct(f, &r, PHt, hph + raised * white, nu, b)
    f.used[TC_KIND_WHEELS] += 1
    return 1


cdef void wheels_judge(fusion_filter *f, const tc_wheels *s) noexcept nogil:
    """All wheels faster than the ground for long: spinning, or another unit. They are believed again where one agrees
    with a prediction good enough to have refused it; a prediction grown loose agrees with anything."""
    cdef int32_t i, fast = 1, agreed = 0
    for i in range(TC_WHEELS):
        if isnan(s.speed[i]):
            continue
        if f.wheel_z[i] < TC_SLIP_FAST:
            fast = 0
            if f.wheel_z[i] > -TC_SLIP_FAST and f.wheel_sd[i] < TC_FAST_RESOLVED * fabs(s.speed[i]):
                agreed = 1
    if agreed or (not fast and not f.wheels_fast):
        f.wheels_fast = 0
        f.t_fast = NEVER
    elif f.t_fast == NEVER:
        f.t_fast = s.t_ns
    elif seconds(s.t_ns, f.t_fast) > TC_FAST_TIME:
        f.wheels_fast = 1


cdef void zero_refused(fusion_filter *f) noexcept nogil:
    cdef int32_t i
    f.wheels_out = 0
    for i in range(TC_WHEELS):
        f.slip[i] = NAN
    if f.wheels_dead:
        f.gated[TC_KIND_WHEELS] += TC_WHEELS


cdef int32_t zero_believed(fusion_filter *f, const fusion_motion *m, int64_t t_ns) noexcept nogil:
    """All wheels read zero though the IMU is not still: standing and shaken, or dead. 1 = they stand.

    The IMU alone carries on for TC_ZERO_WAIT, and must then agree. Wheels once found dead stay out until they turn or
    the IMU is still: the longer nothing holds the speed, the less the IMU could contradict.
    """
    cdef fusion_row r
    cdef double at[3]
    cdef double e[3]
    cdef double u[3]
    cdef double variance = TC_ZERO_ROCK * TC_ZERO_ROCK + f.c.wheel_dead_below * f.c.wheel_dead_below
    if f.wheels_dead:
        return 0
    at[0] = at[1] = 0.0
    at[2] = f.tyre_radius
    e[0] = 1.0
    e[1] = e[2] = 0.0
    point_velocity(f, m, at, u)
    point_row(f, m, at, e, 0, &r)
    f.wheels_dead = u[0] * u[0] > TC_ZERO_GATE * (row_variance(f, &r) + variance)
    if f.wheels_dead:
        return 0
    f.t_rolling_used = t_ns
    if f.t_zero_wheels == NEVER:
        f.t_zero_wheels = t_ns
    if seconds(t_ns, f.t_zero_wheels) < TC_ZERO_WAIT:
        return 0
    f.t_zero_wheels = t_ns
    return 1


cdef tc_status wheels_check(const tc_wheels *s) noexcept nogil:
    cdef int32_t i
    for i in range(TC_WHEELS):
        if not isfinite(s.speed[i]) and not isnan(s.speed[i]):
            return TC_E_RANGE
    return TC_OK


cdef void fusion_wheels(fusion_filter *f, const tc_wheels *sample) noexcept nogil:
    cdef fusion_motion m
    cdef fusion_batch batch
    cdef double lead = 0.0, period, raised
    cdef int32_t i, out = 0, taken = 0
    if isnan(wheels_mean(sample)):
        return                          # no reading: as if it had not come
    if f.t_wheels_first == NEVER:
        f.t_wheels_first = sample.t_ns
        f.wheel_first = wheels_mean(sample)
    if f.resuming:
        resume_roll(f, sample.t_ns, wheels_mean(sample) / (1.0 + f.scale))
    wheels_turn(f, sample)
    f.t_wheels = sample.t_ns
    f.wheel_mean = wheels_mean(sample)
    rest_witness(f, sample.t_ns, wheels_zero(f, sample))
    period = TC_WHEEL_PERIOD if f.t_wheels_used == NEVER else seconds(sample.t_ns, f.t_wheels_used)
    if period < TC_WHEEL_PERIOD - 1e-6 or not measurement_ready(f, sample.t_ns, &lead):
        return
    f.t_wheels_used = sample.t_ns
    body_motion(f, lead, &m)
    if not wheels_zero(f, sample) or imu_quiet(f):
        f.wheels_dead = 0
        f.t_zero_wheels = NEVER
        if wheels_zero(f, sample):
            f.wheels_fast = 0
    elif not zero_believed(f, &m, sample.t_ns):
        zero_refused(f)
        return
    batch_begin(&batch)
    raised = 2.0 * TC_WHEEL_TAU / period
    if raised < 1.0:
        raised = 1.0
    for i in range(TC_WHEELS):
        if isnan(sample.speed[i]):
            f.slip[i] = NAN
        elif wheel_update(f, &m, i, sample.speed[i], raised, &batch):
            taken += 1
        else:
            out += 1
    f.wheels_out = out
    wheels_judge(f, sample)
    if taken > 0:
        f.t_rolling_used = sample.t_ns
        batch_end(f, &batch)
