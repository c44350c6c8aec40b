# How the body turned while the IMU was silent, where an inclinometer went on: roll and pitch between the rates before
# and after, with what its low-pass let through in between.
#
# About each axis a small Kalman filter of its own. The body sways on its springs; the inclinometer low-passes the tilt
# of the force, which is the body's tilt less what the sensor, high above the ground the body sways on, is accelerated
# by, less what wheels and turn say of the vehicle's acceleration, and an error of both that lasts for a while.

cdef extern from *:
    """
    static const double TC_GAP_STEP = 0.005;           /* s */
    static const double TC_GAP_RIDE = 8.0;             /* rad/s: ride modes of ordinary suspensions, 1.1 to 1.6 Hz, */
    static const double TC_GAP_DAMPING = 0.8;          /* with that of their dampers and of the ground's own spectrum */
    static const double TC_GAP_SWAY = 0.035;           /* rad/s, least rate a driven body sways with */
    static const double TC_GAP_START = 0.7;            /* sd of its acceleration at first / that of such a sway */
    static const double TC_GAP_FORCE_SD = 0.06;        /* rad of tilt that is acceleration nobody else tells of, */
    static const double TC_GAP_FORCE_TAU = 0.3;        /* s, and how long it lasts */
    static const double TC_GAP_GAIN_MOST = 2.0;        /* m/s^2 that wheels may tell: beyond, they spin or lock */
    static const double TC_GAP_RATE_SD = 0.01;         /* rad/s, of one sample of the rate */
    static const double TC_GAP_LOW_SD = 0.003;         /* rad, of the tilt of the low-passed force */
    """
    const double TC_GAP_STEP, TC_GAP_RIDE, TC_GAP_DAMPING, TC_GAP_SWAY, TC_GAP_START, TC_GAP_FORCE_SD
    const double TC_GAP_FORCE_TAU, TC_GAP_GAIN_MOST, TC_GAP_RATE_SD, TC_GAP_LOW_SD

cdef enum:
    S_ANGLE = 0                         # less that before the gap, rad
    S_RATE = 1
    S_BEND = 2                          # its change, rad/s^2
    S_LOW = 3                           # two stages of the inclinometer's low-pass
    S_FORCE = 5                         # tilt of acceleration not told otherwise
    N_SWAY = 6

# One axis over a gap.
cdef struct gap_sway:
    double x[N_SWAY]
    double P[N_SWAY][N_SWAY]
    double F[N_SWAY][N_SWAY]            # over TC_GAP_STEP
    double noise[N_SWAY]                # variance per step
    double begin                        # angle before the gap

# What is found: change of roll and pitch, its variance, and the tilt of both stages of the low-pass.
cdef struct gap_turn:
    double turned[2]
    double variance[3]                  # yaw's too
    double low[2][2]

# How it turns there: rates of roll, pitch and yaw at both ends, and what roll's and pitch's are beyond them, rad/s.
cdef struct gap_path:
    double before[3]
    double after[3]
    double more[2]


cdef void gap_remember(fusion_filter *f, const tc_inclination *s, int32_t in_gap) noexcept nogil:
    """Inclinometer and wheels during a gap; the first one kept is the last before it."""
    cdef gap_tilts *k = &f.tilts
    if not in_gap:
        k.n = 0
    if k.n == GAP_TILTS:
        return
    k.t_ns[k.n] = s.t_ns
    k.tilt[k.n][0] = s.roll
    k.tilt[k.n][1] = s.pitch
    k.speed[k.n] = f.wheel_mean if fresh(f, f.t_wheels, TC_ROLL_AGE) else NAN
    k.n += 1


cdef void sway_begin(gap_sway *k, double corner_hz, double high, double power) noexcept nogil:
    """F = 1 + A dt + A^2 dt^2 / 2, and what drives the sway so that its rate has the mean square `power`."""
    cdef double A[N_SWAY][N_SWAY]
    cdef double low = TC_TWO_PI * corner_hz, bend = TC_GAP_RIDE * TC_GAP_RIDE
    cdef int32_t i, j, m
    memset(k, 0, sizeof(gap_sway))
    memset(A, 0, sizeof(A))
    A[S_ANGLE][S_RATE] = A[S_RATE][S_BEND] = 1.0
    A[S_BEND][S_RATE] = -bend
    A[S_BEND][S_BEND] = -2.0 * TC_GAP_DAMPING * TC_GAP_RIDE
    A[S_LOW][S_ANGLE] = A[S_LOW][S_FORCE] = low
    A[S_LOW][S_BEND] = -low * high
    A[S_LOW][S_LOW] = A[S_LOW + 1][S_LOW + 1] = -low
    A[S_LOW + 1][S_LOW] = low
    A[S_FORCE][S_FORCE] = -1.0 / TC_GAP_FORCE_TAU
    for i in range(N_SWAY):
        for j in range(N_SWAY):
            k.F[i][j] = (1.0 if i == j else 0.0) + TC_GAP_STEP * A[i][j]
            for m in range(N_SWAY):
                k.F[i][j] += 0.5 * TC_GAP_STEP * TC_GAP_STEP * A[i][m] * A[m][j]
    k.noise[S_BEND] = 4.0 * TC_GAP_DAMPING * TC_GAP_RIDE * bend * power * TC_GAP_STEP
    k.noise[S_FORCE] = 2.0 * TC_GAP_FORCE_SD * TC_GAP_FORCE_SD / TC_GAP_FORCE_TAU * TC_GAP_STEP
    k.P[S_RATE][S_RATE] = TC_GAP_RATE_SD * TC_GAP_RATE_SD
    k.P[S_BEND][S_BEND] = TC_GAP_START * TC_GAP_START * bend * power
    k.P[S_LOW][S_LOW] = k.P[S_LOW + 1][S_LOW + 1] = TC_GAP_LOW_SD * TC_GAP_LOW_SD
    k.P[S_FORCE][S_FORCE] = TC_GAP_FORCE_SD * TC_GAP_FORCE_SD


cdef void sway_step(gap_sway *k, double told) noexcept nogil:
    """TC_GAP_STEP on; `told` is the tilt of the acceleration that wheels and turn tell of."""
    cdef double x[N_SWAY]
    cdef double FP[N_SWAY][N_SWAY]
    cdef double total
    cdef int32_t i, j, m
    for i in range(N_SWAY):
        x[i] = 0.0
        for j in range(N_SWAY):
            x[i] += k.F[i][j] * k.x[j]
            total = 0.0
            for m in range(N_SWAY):
                total += k.F[i][m] * k.P[m][j]
            FP[i][j] = total
    for i in range(N_SWAY):
        x[i] += k.F[i][S_FORCE] * told if S_LOW <= i < S_FORCE else 0.0
        for j in range(N_SWAY):
            total = 0.0
            for m in range(N_SWAY):
                total += FP[i][m] * k.F[j][m]
            k.P[i][j] = total
        k.P[i][i] += k.noise[i]
    memcpy(k.x, x, sizeof(x))


cdef void sway_measure(gap_sway *k, int32_t state, double value, double sd) noexcept nogil:
    """One state was measured."""
    cdef double PHt[N_SWAY]
    cdef double S = k.P[state][state] + sd * sd, nu = value - k.x[state]
    cdef int32_t i, j
    for i in range(N_SWAY):
        PHt[i] = k.P[i][state]
    for i in range(N_SWAY):
        k.x[i] += PHt[i] * nu / S
        for j in range(N_SWAY):
            k.P[i][j] -= PHt[i] * PHt[j] / S


cdef void euler_rates(const double *w_b, double roll, double pitch, double *rates) noexcept nogil:
    """Of roll and pitch."""
    rates[1] = w_b[1] * cos(roll) - w_b[2] * sin(roll)
    rates[0] = w_b[0] + (w_b[1] * sin(roll) + w_b[2] * cos(roll)) * tan(pitch)


cdef double yaw_rate_of(const double *w_b, double roll, double pitch) noexcept nogil:
    return (w_b[1] * sin(roll) + w_b[2] * cos(roll)) / cos(pitch)


cdef void body_rate(const fusion_filter *f, const double *gyro, double *w_b) noexcept nogil:
    """Of a sample, without bias and the Earth's turn."""
    cdef double w_s[3]
    cdef double earth[3]
    cdef int32_t i
    rotate_back(f.R_ns, f.c.earth_rate, earth)
    for i in range(3):
        w_s[i] = gyro[i] - f.bg[i] - earth[i]
    rotate(f.R_bs, w_s, w_b)


cdef void tilt_of(const fusion_filter *f, const double *force_s, double *tilt) noexcept nogil:
    """As an inclinometer tells it, roll and pitch."""
    cdef double f_s[3]
    cdef double f_b[3]
    cdef int32_t i
    for i in range(3):
        f_s[i] = force_s[i] - f.ba[i]
    rotate(f.R_bs, f_s, f_b)
    tilt[0] = atan2(f_b[1], f_b[2])
    tilt[1] = atan2(-f_b[0], sqrt(f_b[1] * f_b[1] + f_b[2] * f_b[2]))


cdef double gap_gain(const gap_tilts *k, int32_t i) noexcept nogil:
    """Acceleration ahead by the wheels, up to sample i, m/s^2; 0 where they cannot tell."""
    cdef double dt = seconds(k.t_ns[i], k.t_ns[i - 1]), gain = (k.speed[i] - k.speed[i - 1]) / dt
    return gain if fabs(gain) < TC_GAP_GAIN_MOST else 0.0        # nor where one of them is unknown


cdef int32_t gap_found(const fusion_filter *f, int64_t t_ns, gap_turn *out) noexcept nogil:
    """How roll and pitch changed between the last sample and the one now held, of t_ns; 0 = only the rates tell.

    To be asked before the low-passes know of the sample.
    """
    cdef const gap_tilts *k = &f.tilts
    cdef gap_sway sway[2]
    cdef fusion_motion m
    cdef double before[3]
    cdef double after[3]
    cdef double low[2][2]
    cdef double rates[2]
    cdef double told[2]
    cdef double corner = f.c.inclination_lowpass_hz, high = f.c.imu_lever[2] / f.c.gravity
    cdef double roll, pitch, yaw, turn, power, step = 1e9 * TC_GAP_STEP
    cdef int64_t t = f.t_ns
    cdef int32_t i, axis, steps
    if k.n < 2 or corner <= 0.0 or f.inclination_stuck or inclination_doubted(f):
        return 0
    body_motion(f, 0.0, &m)
    rpy_from_rotation(m.R_nb, &roll, &pitch, &yaw)
    body_rate(f, f.gyro_last, before)
    body_rate(f, f.gyro, after)
    turn = 0.5 * (before[2] + after[2])
    for i in range(2):
        tilt_of(f, f.f_low[i], low[i])
    euler_rates(before, roll, pitch, rates)
    for axis in range(2):
        power = f.g_power[axis] if f.g_power[axis] > TC_GAP_SWAY * TC_GAP_SWAY else TC_GAP_SWAY * TC_GAP_SWAY
        sway_begin(&sway[axis], corner, high, power)
        sway[axis].begin = roll if axis == 0 else pitch
        sway[axis].x[S_RATE] = rates[axis]
        sway[axis].x[S_BEND] = (f.gyro_last[axis] - f.g_low[axis]) * TC_TWO_PI * corner     # as its low-pass lags
        for i in range(2):
            sway[axis].x[S_LOW + i] = low[i][axis] - sway[axis].begin
    for i in range(1, k.n + 1):
        steps = <int32_t> (<double> ((k.t_ns[i] if i < k.n else t_ns) - t) / step + 0.5)
        if steps < 0:
            continue
        told[1] = -gap_gain(k, i if i < k.n else k.n - 1) / f.c.gravity
        told[0] = turn * k.speed[i if i < k.n else k.n - 1] / f.c.gravity
        for axis in range(2):
            if isnan(told[axis]):
                told[axis] = 0.0
            for _ in range(steps):
                sway_step(&sway[axis], told[axis])
            if i < k.n:
                sway_measure(&sway[axis], S_LOW + 1, k.tilt[i][axis] - f.incl[axis] - sway[axis].begin,
                             f.c.inclination_sd)
        t += <int64_t> (steps * step)
    euler_rates(after, roll + sway[0].x[S_ANGLE], pitch + sway[1].x[S_ANGLE], rates)
    for axis in range(2):
        sway_measure(&sway[axis], S_RATE, rates[axis], TC_GAP_RATE_SD)
        out.turned[axis] = sway[axis].x[S_ANGLE]
        out.variance[axis] = sway[axis].P[S_ANGLE][S_ANGLE]
        for i in range(2):
            out.low[i][axis] = sway[axis].x[S_LOW + i] + sway[axis].begin
    out.variance[2] = TC_BRIDGE_PHI * seconds(t_ns, f.t_ns)
    return 1


cdef void gap_begin(const fusion_filter *f, const gap_turn *found, double span, gap_path *path) noexcept nogil:
    """Rates of roll, pitch and yaw at both ends, and what they leave of the turn found."""
    cdef double w_b[3]
    cdef double roll, pitch, yaw
    cdef fusion_motion m
    cdef int32_t i
    body_motion(f, 0.0, &m)
    rpy_from_rotation(m.R_nb, &roll, &pitch, &yaw)
    body_rate(f, f.gyro_last, w_b)
    euler_rates(w_b, roll, pitch, path.before)
    path.before[2] = yaw_rate_of(w_b, roll, pitch)
    body_rate(f, f.gyro, w_b)
    roll += found.turned[0]
    pitch += found.turned[1]
    euler_rates(w_b, roll, pitch, path.after)
    path.after[2] = yaw_rate_of(w_b, roll, pitch)
    for i in range(2):
        path.more[i] = found.turned[i] / span - 0.5 * (path.before[i] + path.after[i])


cdef void gap_rate(const fusion_filter *f, const gap_path *path, double share, double before, double after,
                   double *gyro) noexcept nogil:
    """What the gyro would read at a share of the gap. Roll and pitch turn at rates between those of both ends, with a
    bump in the middle for what these do not tell; yaw by the shares of both that are left."""
    cdef fusion_motion m
    cdef double rates[2]
    cdef double w_b[3]
    cdef double w_s[3]
    cdef double earth[3]
    cdef double roll, pitch, yaw, yaw_rate = before * path.before[2] + after * path.after[2]
    cdef int32_t i
    for i in range(2):
        rates[i] = (1.0 - share) * path.before[i] + share * path.after[i] + 6.0 * share * (1.0 - share) * path.more[i]
    body_motion(f, 0.0, &m)
    rpy_from_rotation(m.R_nb, &roll, &pitch, &yaw)
    w_b[0] = rates[0] - yaw_rate * sin(pitch)
    w_b[1] = rates[1] * cos(roll) + yaw_rate * sin(roll) * cos(pitch)
    w_b[2] = -rates[1] * sin(roll) + yaw_rate * cos(roll) * cos(pitch)
    rotate_back(f.R_bs, w_b, w_s)
    rotate_back(f.R_ns, f.c.earth_rate, earth)
    for i in range(3):
        gyro[i] = w_s[i] + f.bg[i] + earth[i]


cdef void gap_lowpass(fusion_filter *f, const gap_turn *found) noexcept nogil:
    """The low-passed force as the inclinometer has it now."""
    cdef double f_b[3]
    cdef double f_s[3]
    cdef double g = f.c.gravity
    cdef int32_t i, j
    for i in range(2):
        f_b[0] = -g * sin(found.low[i][1])
        f_b[1] = g * cos(found.low[i][1]) * sin(found.low[i][0])
        f_b[2] = g * cos(found.low[i][1]) * cos(found.low[i][0])
        rotate_back(f.R_bs, f_b, f_s)
        for j in range(3):
            f.f_low[i][j] = f_s[j] + f.ba[j]
