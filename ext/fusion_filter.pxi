# Error-state Kalman filter: its states, how the covariance moves, and the scalar update all sensors share.
#
# Frames: n world, b body, s sensor axes of the IMU (turned against b by the mounting angles). Position and velocity are
# the IMU's; fusion_state carries them to the body origin. The attitude error phi is in n: R_true = (1 + [phi x]) R_ns.
# Sola, Quaternion kinematics for the error-state Kalman filter, 2017, with the error in the global frame.

cdef enum:
    X_PHI = 0                           # attitude, rad
    X_V = 3                             # velocity, m/s
    X_P = 6                             # position, m
    X_BG = 9                            # gyro bias, rad/s
    X_BA = 12                           # accelerometer bias, m/s^2
    X_SCALE = 15                        # wheel speed: reading / true - 1
    X_MOUNT = 16                        # mounting pitch and yaw, rad
    X_INCL = 18                         # inclinometer bias, roll and pitch, rad
    X_PIVOT = 20                        # where no side speed is, ahead of the rear axle, m
    X_DRIFT = 21                        # slowly varying part of the GNSS error, m
    X_DELAY = 24                        # age of a GNSS fix against its stamp, s
    X_LAG = 25                          # what its velocity lags behind its position, s
    X_REST = 26                         # roll and pitch at rest less those of the stance model, rad
    X_DATUM = 28                        # height of the fixes above the terrain's, m
    X_SPEED_AGE = 29                    # age of a vehicle speed against its stamp, s
    N_X = 30
    # So many states hang together as long as there are no fixes, no terrain, no vehicle speed: the others' covariance
    # with them is zero, and nothing has to be multiplied with it.
    N_ROLLING = 21
    N_GNSS = 26
    N_TERRAIN = 29
    N_MOVING = 9                        # attitude, velocity, position: what the motion couples
    N_ATTITUDE = 5                      # attitude error and mounting angles: what roll, pitch, yaw depend on
    N_ROW = 20                          # most states one scalar measurement sees
    N_BATCH = 6                         # most rows corrected at one linearisation
    N_DRIVEN = 15                       # and what moves them besides: the biases of the IMU

cdef extern from *:
    """
    static const double TC_CHECK_PERIOD = 0.04;        /* s between checks of standstill and constraint */
    static const double TC_GYRO_SCALE_SD = 2e-3;       /* scale factor error of a MEMS gyro, 1 */
    static const double TC_SCALE_TAU = 1.0;            /* s, for which a turn keeps its direction */
    static const int64_t NEVER = INT64_MIN;
    """
    const int64_t NEVER
    const double TC_CHECK_PERIOD, TC_GYRO_SCALE_SD, TC_SCALE_TAU

cdef struct stance_model                # stance.pxi
cdef struct fusion_clone                # fusion_smoother.pxi

cdef enum:
    GAP_TILTS = 24                      # samples of an inclinometer kept while the IMU is silent: 20 Hz for a second

# What an inclinometer and the wheels say while the IMU is silent.
cdef struct gap_tilts:
    int32_t n
    int64_t t_ns[GAP_TILTS]
    double tilt[GAP_TILTS][2]           # roll, pitch, rad
    double speed[GAP_TILTS]             # mean of the wheels, m/s; NaN = not known

cdef enum:
    N_POSE = 6                          # x, y, z of the body origin, roll, pitch, yaw
    N_PAST = 7                          # poses remembered
    N_HEADINGS = 36                     # tried where the terrain has to tell it

# The last poses of the body, evenly spaced in time, the newest last.
cdef struct pose_past:
    int32_t n
    int64_t t_ns[N_PAST]
    double pose[N_PAST][N_POSE]

cdef struct fusion_filter:
    tc_fusion_config c
    double wheelbase
    double track[2]
    double tyre_radius
    # nominal state
    double q_ns[4]                      # w, x, y, z
    double R_ns[9]
    double v[3]
    double p[3]
    double bg[3]
    double ba[3]
    double scale
    double mount[2]
    double incl[2]
    double drift[3]
    double delay
    double lag
    double pivot
    double speed_age
    double rest[2]
    double datum
    double R_bs[9]                      # of the mounting angles
    double P[N_X * N_X]
    int32_t live                        # states that may hang together
    # motion since the last covariance step
    double sum_R[9]                     # integral of R_ns, s
    double sum_dv[3]                    # integral of the specific force in n, m/s
    double sum_turn                     # integral of the squared rate, rad^2/s
    double sum_noise[2]                 # extra variance of attitude and velocity while bridging
    double sum_doubt[3]                 # variance of attitude about sensor axes whose rate is not known
    double sum_shake[2][3]              # variance that vibration adds to attitude and velocity, sensor axes
    double sum_t                        # s
    # last motion
    double gyro[3]                      # last sample
    double accelerometer[3]
    double gyro_said[3]                 # its rate as it came, believed or not
    double gyro_last[3]                 # the one before,
    double accelerometer_last[3]
    double gyro_before[3]               # and before that
    double accelerometer_before[3]
    double w_s[3]                       # rate without bias, rad/s
    double a_n[3]                       # acceleration, m/s^2
    # low-passed samples
    double f_low[2][3]                  # two stages at the inclinometer's corner, m/s^2
    double f_slow[3]
    double g_low[3]                     # rad/s
    double g_shake[3]                   # mean square of the rate about it, (rad/s)^2
    double g_power[3]                   # mean square of the rate over seconds
    gap_tilts tilts                     # the inclinometer's while the IMU is silent
    # levelling from the first samples
    double level_sum[3]
    double level_time
    double resume_ahead[3]              # body x when levelling began again
    double interval                     # usual distance of IMU samples, s
    double low_dt, low_gain, slow_gain  # gains of the low-passes belong to this interval
    int32_t has_imu, aligned, levelled, has_start, heading, has_position, has_gnss
    int32_t resuming                    # levelling again after a long gap
    double start[6]                     # x, y, z, yaw, sd_xy, sd_yaw
    # clocks, ns; NEVER where nothing has happened
    int64_t t_ns, t_imu                 # of the state, of the last IMU sample
    int64_t t_wheels_first
    int64_t t_wheels, t_inclination, t_steering, t_speed, t_gnss    # last sample of each sensor
    int64_t t_wheels_used, t_check, t_zero, t_rest_since, t_position_used, t_rolling_used, t_gap, t_fault
    int64_t t_gnss_refused_since, t_constraint_refused_since
    int64_t t_fault_since               # of an IMU that says nothing plausible
    int32_t repeats[3]                  # of the same rate
    int32_t diverged                    # the motion is looked for anew, not only after a gap
    int64_t t_constraint_back           # when the constraint last had to take its way back
    int64_t t_turned[TC_WHEELS]         # when each wheel last turned, or all stood
    int64_t t_inclination_refused_since
    int64_t t_inclination_kept          # since when the inclinometer has been repeating itself
    double inclination[2]               # its last value,
    double inclination_tilt[2]          # and the tilt of the vehicle at that time, rad
    int32_t inclination_stuck
    int64_t t_zero_wheels               # since when the IMU alone has been carrying what the wheels call standing
    int32_t wheels_dead                 # they read zero while the IMU moved
    int64_t t_fast                      # since when all wheels have been turning faster than the ground goes by
    int32_t wheels_fast                 # for so long that they are believed no more
    double wheel_z[TC_WHEELS]           # last innovation, sd; positive = fast
    double wheel_sd[TC_WHEELS]          # and what the prediction was good for, m/s
    int64_t t_lost                      # of the state before the long gap
    int64_t t_found                     # of the first sample after it
    # what the other sensors last said
    double steer
    double wheel_first, wheel_mean, speed
    double gnss_left[3]                 # what the last fix left unexplained, m
    double gnss_change[3]               # mean square of how that changes from fix to fix, m^2
    double gnss_mean[6]                 # of the normalised innovations of position and velocity, over the last fixes
    double gnss_led[2]                  # m/s by which fixes lead the place away from where the motion does
    int64_t t_gnss_wander               # when fixes were last seen to walk away from the motion
    int32_t gnss_changes                # so many were averaged, up to TC_GNSS_CHANGES
    tc_speed speed_waiting              # a vehicle speed of later than its stamp waits for that time
    int32_t is_speed_waiting
    double anchor[5]                    # GNSS x, y and dead-reckoned x, y where heading is first sought, sd
    int32_t has_anchor, still, wheels_out
    double coast_speed, coast_position  # what the speed and the way may be off without wheel and fix, m/s and m
    int32_t departed                    # from the start, where no sensor but the IMU could tell
    double slip[TC_WHEELS]
    double distance
    uint32_t used[TC_KINDS]
    uint32_t gated[TC_KINDS]
    tc_innovation *ring                 # the host's, all innovations; NULL = nobody watches
    uint64_t ring_size, innovations     # its length, and how many there were: rewound with the filter
    fusion_clone *clone                 # of an earlier state, for the smoother; NULL in a vehicle
    uint32_t resets
    # terrain aiding
    const stance_model *model           # the engine's
    const tc_grid *grid                 # the engine's; without heights as long as there is no terrain
    int32_t terrain_known
    double terrain_at                   # distance travelled at the last update, m
    int64_t t_terrain
    int64_t t_tilted                    # when the body last tilted as one does that moves over rough ground
    pose_past past
    uint32_t refused[2]                 # wheels and constraint, until the last terrain update
    double terrain_nis                  # squared innovations of terrain aiding over their variance, recent mean
    double terrain_fit                  # and over a longer way
    double terrain_led[3]               # how far terrain aiding alone has moved the place, m, since
    double terrain_led_from             # this distance
    double terrain_off_until            # distance travelled, m: the ground was not the map's
    uint32_t terrain_refusals
    double ground_misfit[N_HEADINGS]    # of the ground with headings all around, squared sd, while it is looked for,
    double ground_at                    # compared last at this distance travelled, m,
    int32_t ground_compared             # and so often
    double reset_position[3]            # what the last reset moved
    double reset_velocity[3]
    double reset_yaw

# One scalar measurement: innovation, noise variance, and the states it sees.
cdef struct fusion_row:
    int32_t axis                        # which of its sensor's values, from 0
    int32_t n
    int32_t at[N_ROW]
    double h[N_ROW]
    double innovation
    double variance

# Rows at one linearisation, one after the other: what they correct, and what the covariance will have lost by them.
cdef struct fusion_batch:
    int32_t n
    double dx[N_X]
    double loss[N_BATCH][N_X]


cdef inline void row_begin(fusion_row *r, int32_t axis) noexcept nogil:
    r.axis = axis
    r.n = 0


cdef inline void row_put(fusion_row *r, int32_t state, double h) noexcept nogil:
    r.at[r.n] = state
    r.h[r.n] = h
    r.n += 1


cdef inline void row_put3(fusion_row *r, int32_t state, double h0, double h1, double h2) noexcept nogil:
    row_put(r, state, h0)
    row_put(r, state + 1, h1)
    row_put(r, state + 2, h2)


cdef double row_variance(const fusion_filter *f, const fusion_row *r) noexcept nogil:
    """H P H^T."""
    cdef const double *row
    cdef double along, hph = 0.0
    cdef int32_t i, j
    for i in range(r.n):
        row = &f.P[r.at[i] * N_X]
        along = 0.0
        for j in range(r.n):
            along += r.h[j] * row[r.at[j]]
        hph += r.h[i] * along
    return hph


cdef inline void batch_begin(fusion_batch *b) noexcept nogil:
    b.n = 0
    memset(b.dx, 0, sizeof(b.dx))


cdef double row_project(const fusion_filter *f, const fusion_batch *b, const fusion_row *r, double *PHt) noexcept nogil:
    """PHt = P H^T after the rows the batch holds; returns H P H^T."""
    cdef double out[N_X]
    cdef const double *row
    cdef const double *loss
    cdef double h, hph = 0.0
    cdef int32_t i, j, n = f.live
    row = &f.P[r.at[0] * N_X]
    h = r.h[0]
    for j in range(n):
        out[j] = h * row[j]
    for i in range(1, r.n):
        row = &f.P[r.at[i] * N_X]
        h = r.h[i]
        for j in range(n):
            out[j] += h * row[j]
    for i in range(b.n):
        loss = b.loss[i]
        h = 0.0
        for j in range(r.n):
            h += r.h[j] * loss[r.at[j]]
        for j in range(n):
            out[j] -= h * loss[j]
    for i in range(r.n):
        hph += r.h[i] * out[r.at[i]]
    memcpy(PHt, out, sizeof(out))
    return hph


cdef inline double row_innovation(const fusion_row *r, const double *dx) noexcept nogil:
    """The innovation after the corrections dx that earlier rows at the same linearisation gave."""
    cdef double nu = r.innovation
    cdef int32_t i
    for i in range(r.n):
        nu -= r.h[i] * dx[r.at[i]]
    return nu


cdef inline void row_correct(fusion_filter *f, const fusion_row *r, const double *PHt, double S, double nu,
                             fusion_batch *b) noexcept nogil:
    """Optimal correction. P - PHt PHt^T / S is Joseph's form for the optimal gain; as the product of one scaled vector
    with itself it stays symmetric to the last bit."""
    cdef double g = nu / S, root = 1.0 / sqrt(S)
    cdef double *loss = b.loss[b.n]
    cdef int32_t i
    if f.clone is not NULL:
        clone_correct(f.clone, r, PHt, f.live, S, nu)
    for i in range(f.live):
        b.dx[i] += PHt[i] * g
        loss[i] = PHt[i] * root
    b.n += 1


cdef void covariance_lose(fusion_filter *f, const fusion_batch *b) noexcept nogil:
    """P - sum of loss loss^T, two of them at a time and above the diagonal, then mirrored: so each element of P is read
    and written as seldom as can be."""
    cdef double p[N_X]
    cdef double q[N_X]
    cdef double *row
    cdef double s, t
    cdef int32_t i, j, k, n = f.live
    for k in range(0, b.n, 2):
        memcpy(p, b.loss[k], sizeof(p))
        if k + 1 < b.n:
            memcpy(q, b.loss[k + 1], sizeof(q))
        else:
            memset(q, 0, sizeof(q))
        for i in range(n):
            row = &f.P[i * N_X]
            s = p[i]
            t = q[i]
            for j in range(i, n):
                row[j] -= s * p[j] + t * q[j]
    for i in range(1, n):
        for j in range(i):
            f.P[i * N_X + j] = f.P[j * N_X + i]


cdef void batch_end(fusion_filter *f, const fusion_batch *b) noexcept nogil:
    """What the rows found goes into covariance and state."""
    if b.n > 0:
        covariance_lose(f, b)
        correct(f, b.dx)


cdef void fusion_watch(fusion_filter *f, tc_innovation *ring, uint64_t n) noexcept nogil:
    """Innovations go into the host's ring from now on; NULL = no more."""
    f.ring = ring
    f.ring_size = n
    f.innovations = 0


cdef inline void innovation_tell(fusion_filter *f, int32_t kind, const fusion_row *r, int32_t taken, double nu,
                                 double hph, double noise, double raised) noexcept nogil:
    """To the host's ring, the oldest go: what was expected of nu at this moment, and by how much the noise is raised
    for the update because it lasts."""
    cdef tc_innovation *out
    if f.ring is NULL:
        return
    out = &f.ring[f.innovations % f.ring_size]
    out.t_ns = f.t_ns
    out.kind = kind
    out.axis = r.axis
    out.taken = taken
    out.reserved = 0
    out.innovation = nu
    out.variance = hph + noise
    out.noise = noise
    out.raised = raised
    f.innovations += 1


cdef int32_t row_update(fusion_filter *f, const fusion_row *r, double gate, double raised, fusion_batch *b,
                        int32_t kind) noexcept nogil:
    """Correct by one row unless the squared innovation exceeds gate * its variance; 1 = taken. The gate knows the noise
    of this moment, the update that it lasts: then it is raised."""
    cdef double PHt[N_X]
    cdef double hph = row_project(f, b, r, PHt), nu = row_innovation(r, b.dx)
    cdef int32_t taken = nu * nu <= gate * (hph + r.variance)
    innovation_tell(f, kind, r, taken, nu, hph, r.variance, raised)
    if not taken:
        f.gated[kind] += 1
        return 0
    row_correct(f, r, PHt, hph + raised * r.variance, nu, b)
    f.used[kind] += 1
    return 1


cdef void mounting_refresh(fusion_filter *f) noexcept nogil:
    rotation_from_rpy(0.0, f.mount[0], f.mount[1], f.R_bs)


cdef void attitude_refresh(fusion_filter *f) noexcept nogil:
    """Unit length of q_ns, and its matrix."""
    cdef double *q = f.q_ns
    cdef double *R = f.R_ns
    cdef double n = 1.0 / sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3])
    cdef int32_t i
    for i in range(4):
        q[i] *= n
    R[0] = 1.0 - 2.0 * (q[2] * q[2] + q[3] * q[3])
    R[1] = 2.0 * (q[1] * q[2] - q[0] * q[3])
    R[2] = 2.0 * (q[1] * q[3] + q[0] * q[2])
    R[3] = 2.0 * (q[1] * q[2] + q[0] * q[3])
    R[4] = 1.0 - 2.0 * (q[1] * q[1] + q[3] * q[3])
    R[5] = 2.0 * (q[2] * q[3] - q[0] * q[1])
    R[6] = 2.0 * (q[1] * q[3] - q[0] * q[2])
    R[7] = 2.0 * (q[2] * q[3] + q[0] * q[1])
    R[8] = 1.0 - 2.0 * (q[1] * q[1] + q[2] * q[2])


cdef inline void rotation_vector_to_q(const double *v, double *q) noexcept nogil:
    """Unit quaternion of a rotation vector; the series holds to 1e-16 below 0.06 rad."""
    cdef double a2 = 0.25 * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]), a, k
    if a2 < 1e-3:
        k = 0.5 * (1.0 - a2 / 6.0 * (1.0 - a2 / 20.0 * (1.0 - a2 / 42.0)))
        q[0] = 1.0 - a2 / 2.0 * (1.0 - a2 / 12.0 * (1.0 - a2 / 30.0))
    else:
        a = sqrt(a2)
        k = 0.5 * sin(a) / a
        q[0] = cos(a)
    q[1] = k * v[0]
    q[2] = k * v[1]
    q[3] = k * v[2]


cdef inline void q_multiply(const double *a, const double *b, double *c) noexcept nogil:
    """c = a b; c must not overlap a or b."""
    c[0] = a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3]
    c[1] = a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2]
    c[2] = a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1]
    c[3] = a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]


cdef void correct(fusion_filter *f, const double *dx) noexcept nogil:
    """Carry the estimated error into the nominal state."""
    cdef double dq[4]
    cdef double q[4]
    cdef int32_t i
    rotation_vector_to_q(&dx[X_PHI], dq)
    q_multiply(dq, f.q_ns, q)
    memcpy(f.q_ns, q, sizeof(q))
    attitude_refresh(f)
    for i in range(3):
        f.v[i] += dx[X_V + i]
        f.p[i] += dx[X_P + i]
        f.bg[i] += dx[X_BG + i]
        f.ba[i] += dx[X_BA + i]
        f.drift[i] += dx[X_DRIFT + i]
    f.scale += dx[X_SCALE]
    f.delay += dx[X_DELAY]
    f.lag += dx[X_LAG]
    f.pivot += dx[X_PIVOT]
    f.speed_age += dx[X_SPEED_AGE]
    f.datum += dx[X_DATUM]
    for i in range(2):
        f.rest[i] += dx[X_REST + i]
        f.mount[i] += dx[X_MOUNT + i]
        f.incl[i] += dx[X_INCL + i]
    mounting_refresh(f)


cdef void motion_carry(const fusion_filter *f, double *E, int32_t n) noexcept nogil:
    """F E over sum_t: what the errors in the n columns of E, N_X apart, become by the motion. F is 1 + what couples
    attitude, velocity and position with themselves and the biases; the attitude error acts with its value at half
    time."""
    cdef double phi[3][N_X]
    cdef double v[3][N_X]
    cdef double p[3][N_X]
    cdef double a00 = f.sum_R[0], a01 = f.sum_R[1], a02 = f.sum_R[2]
    cdef double a10 = f.sum_R[3], a11 = f.sum_R[4], a12 = f.sum_R[5]
    cdef double a20 = f.sum_R[6], a21 = f.sum_R[7], a22 = f.sum_R[8]
    cdef double d0 = f.sum_dv[0], d1 = f.sum_dv[1], d2 = f.sum_dv[2], half = 0.5 * f.sum_t
    cdef double turn0, turn1, turn2, m0, m1, m2, b0, b1, b2
    cdef int32_t i, j
    for j in range(n):
        b0, b1, b2 = E[X_BG * N_X + j], E[(X_BG + 1) * N_X + j], E[(X_BG + 2) * N_X + j]
        turn0 = a00 * b0 + a01 * b1 + a02 * b2
        turn1 = a10 * b0 + a11 * b1 + a12 * b2
        turn2 = a20 * b0 + a21 * b1 + a22 * b2
        m0, m1, m2 = E[X_PHI * N_X + j], E[(X_PHI + 1) * N_X + j], E[(X_PHI + 2) * N_X + j]
        phi[0][j] = m0 - turn0
        phi[1][j] = m1 - turn1
        phi[2][j] = m2 - turn2
        m0 -= 0.5 * turn0
        m1 -= 0.5 * turn1
        m2 -= 0.5 * turn2
        b0, b1, b2 = E[X_BA * N_X + j], E[(X_BA + 1) * N_X + j], E[(X_BA + 2) * N_X + j]
        v[0][j] = E[X_V * N_X + j] - (d1 * m2 - d2 * m1) - (a00 * b0 + a01 * b1 + a02 * b2)
        v[1][j] = E[(X_V + 1) * N_X + j] - (d2 * m0 - d0 * m2) - (a10 * b0 + a11 * b1 + a12 * b2)
        v[2][j] = E[(X_V + 2) * N_X + j] - (d0 * m1 - d1 * m0) - (a20 * b0 + a21 * b1 + a22 * b2)
        for i in range(3):
            p[i][j] = E[(X_P + i) * N_X + j] + half * (E[(X_V + i) * N_X + j] + v[i][j])
    for i in range(3):
        memcpy(&E[(X_PHI + i) * N_X], phi[i], n * sizeof(double))
        memcpy(&E[(X_V + i) * N_X], v[i], n * sizeof(double))
        memcpy(&E[(X_P + i) * N_X], p[i], n * sizeof(double))


cdef void shake_noise(fusion_filter *f, const double *shake, double share, int32_t state) noexcept nogil:
    """Variance about sensor axes, turned into n, on the three by three block of a state."""
    cdef const double *R = &f.R_ns[0]
    cdef double s0 = share * share * shake[0], s1 = share * share * shake[1], s2 = share * share * shake[2]
    cdef int32_t i, j
    for i in range(3):
        for j in range(3):
            f.P[(state + i) * N_X + state + j] += (R[3 * i] * R[3 * j] * s0 + R[3 * i + 1] * R[3 * j + 1] * s1
                                                   + R[3 * i + 2] * R[3 * j + 2] * s2)


cdef void covariance_noise(fusion_filter *f) noexcept nogil:
    """Process noise over sum_t."""
    cdef const tc_fusion_config *c = &f.c
    cdef double T = f.sum_t
    cdef double turn = TC_GYRO_SCALE_SD * TC_GYRO_SCALE_SD * TC_SCALE_TAU * f.sum_turn
    cdef int32_t i
    for i in range(3):
        f.P[(X_PHI + i) * (N_X + 1)] += c.gyro_density * c.gyro_density * T + turn + f.sum_noise[0]
        f.P[(X_V + i) * (N_X + 1)] += c.accelerometer_density * c.accelerometer_density * T + f.sum_noise[1]
        f.P[(X_BG + i) * (N_X + 1)] += c.gyro_bias_walk * c.gyro_bias_walk * T
        f.P[(X_BA + i) * (N_X + 1)] += c.accelerometer_bias_walk * c.accelerometer_bias_walk * T
    f.P[X_SCALE * (N_X + 1)] += c.wheel_scale_walk * c.wheel_scale_walk * T
    f.P[X_DELAY * (N_X + 1)] += c.gnss_delay_walk * c.gnss_delay_walk * T
    f.P[X_LAG * (N_X + 1)] += c.gnss_lag_walk * c.gnss_lag_walk * T
    f.P[X_PIVOT * (N_X + 1)] += c.pivot_walk * c.pivot_walk * T
    f.P[X_DATUM * (N_X + 1)] += c.gnss_datum_walk * c.gnss_datum_walk * T
    f.P[X_SPEED_AGE * (N_X + 1)] += c.speed_age_walk * c.speed_age_walk * T
    for i in range(2):
        f.P[(X_MOUNT + i) * (N_X + 1)] += c.mounting_walk * c.mounting_walk * T
        f.P[(X_INCL + i) * (N_X + 1)] += c.inclination_bias_walk * c.inclination_bias_walk * T
    if f.sum_doubt[0] + f.sum_doubt[1] + f.sum_doubt[2] > 0.0:
        shake_noise(f, f.sum_doubt, 1.0, X_PHI)
        memset(f.sum_doubt, 0, sizeof(f.sum_doubt))
    shake_noise(f, f.sum_shake[0], c.gyro_shake, X_PHI)
    shake_noise(f, f.sum_shake[1], c.accelerometer_shake, X_V)


cdef void covariance_step(fusion_filter *f) noexcept nogil:
    """P = F P F^T + Q over the motion since the last step. F couples only the first nine states, so nine rows are
    computed, their columns beyond are mirrored, and the nine by nine block is multiplied from the right."""
    cdef double turned[N_DRIVEN * N_X]
    cdef double *P = f.P
    cdef int32_t i, j
    if f.sum_t <= 0.0:
        return
    if f.clone is not NULL:
        motion_carry(f, f.clone.C, N_X)
    motion_carry(f, P, f.live)
    for i in range(N_MOVING):
        for j in range(N_DRIVEN):
            turned[j * N_X + i] = P[i * N_X + j]
    motion_carry(f, turned, N_MOVING)
    for i in range(N_MOVING):
        for j in range(i, N_MOVING):
            P[i * N_X + j] = P[j * N_X + i] = turned[i * N_X + j]
        for j in range(N_MOVING, f.live):
            P[j * N_X + i] = P[i * N_X + j]
    covariance_noise(f)
    memset(f.sum_R, 0, sizeof(f.sum_R))
    memset(f.sum_dv, 0, sizeof(f.sum_dv))
    f.sum_turn = f.sum_t = 0.0
    f.sum_noise[0] = f.sum_noise[1] = 0.0
    memset(f.sum_shake, 0, sizeof(f.sum_shake))


cdef inline void states_wake(fusion_filter *f, int32_t n) noexcept nogil:
    """From now on so many states may hang together."""
    if f.live < n:
        f.live = n


cdef void covariance_forget(fusion_filter *f, int32_t state, double variance) noexcept nogil:
    """One state is known anew, with this variance, and from elsewhere."""
    cdef int32_t j
    for j in range(N_X):
        f.P[state * N_X + j] = 0.0
        f.P[j * N_X + state] = 0.0
    f.P[state * (N_X + 1)] = variance
    if f.clone is not NULL:
        clone_scale(f.clone, state, 0.0)


cdef void covariance_clear(fusion_filter *f) noexcept nogil:
    """Nothing is known to be uncertain, and nothing hangs on what was before."""
    cdef int32_t i
    memset(f.P, 0, sizeof(f.P))
    for i in range(N_X if f.clone is not NULL else 0):
        clone_scale(f.clone, i, 0.0)


cdef inline double seconds(int64_t later, int64_t earlier) noexcept nogil:
    return 1e-9 * <double> (later - earlier)


# Motion of the body at the time of a measurement.
cdef struct fusion_motion:
    double R_nb[9]
    double v_b[3]                       # of the IMU, body axes, m/s
    double w_b[3]


cdef void body_motion(const fusion_filter *f, double lead, fusion_motion *m) noexcept nogil:
    """Body axes motion `lead` seconds after the last IMU sample, carried on by its last acceleration."""
    cdef double v_s[3]
    cdef double a_s[3]
    cdef double a_b[3]
    cdef double turn[3]
    cdef int32_t i, j
    for i in range(3):
        for j in range(3):              # R_nb = R_ns R_bs^T
            m.R_nb[3 * i + j] = (f.R_ns[3 * i] * f.R_bs[3 * j] + f.R_ns[3 * i + 1] * f.R_bs[3 * j + 1]
                                 + f.R_ns[3 * i + 2] * f.R_bs[3 * j + 2])
    rotate_back(f.R_ns, f.v, v_s)
    rotate(f.R_bs, v_s, m.v_b)
    rotate(f.R_bs, f.w_s, m.w_b)
    if lead != 0.0:
        rotate_back(f.R_ns, f.a_n, a_s)
        rotate(f.R_bs, a_s, a_b)
        cross(m.w_b, m.v_b, turn)
        for i in range(3):
            m.v_b[i] += lead * (a_b[i] - turn[i])


cdef inline void point_velocity(const fusion_filter *f, const fusion_motion *m, const double *r_b,
                                double *u_b) noexcept nogil:
    """Velocity, in body axes, of a point r_b of the body."""
    cdef double arm[3]
    cdef int32_t i
    for i in range(3):
        arm[i] = r_b[i] - f.c.imu_lever[i]
    cross(m.w_b, arm, u_b)
    for i in range(3):
        u_b[i] += m.v_b[i]


cdef void point_row(const fusion_filter *f, const fusion_motion *m, const double *r_b, const double *e, int32_t number,
                    fusion_row *r) noexcept nogil:
    """Derivatives of e . u_b, u_b the velocity of point r_b, with respect to phi, v, bg and the mounting angles.

    With u_b = R_bs R_ns^T v + (R_bs w_s) x arm: d(R_bn v) = R_bn (dv + v x phi); a mounting angle about the body axis
    a adds a x (its turned vector).
    """
    cdef double arm[3]
    cdef double e_n[3]
    cdef double side[3]
    cdef double back[3]
    cdef double axis[3]
    cdef double turned[3]
    cdef double moved[3]
    cdef double arm_turned[3]
    cdef int32_t i, k
    row_begin(r, number)
    for i in range(3):
        arm[i] = r_b[i] - f.c.imu_lever[i]
    rotate(m.R_nb, e, e_n)
    cross(e_n, f.v, side)               # e_n . (v x phi) = (e_n x v) . phi
    row_put3(r, X_PHI, side[0], side[1], side[2])
    row_put3(r, X_V, e_n[0], e_n[1], e_n[2])
    cross(e, arm, side)                 # e . (-(R_bs dbg) x arm) = (e x arm) . R_bs dbg
    rotate_back(f.R_bs, side, back)
    row_put3(r, X_BG, back[0], back[1], back[2])
    for k in range(2):
        axis[0] = f.R_bs[1] if k == 0 else 0.0      # pitch turns about R_bs e_y, yaw about z
        axis[1] = f.R_bs[4] if k == 0 else 0.0
        axis[2] = f.R_bs[7] if k == 0 else 1.0
        cross(axis, m.v_b, moved)
        cross(axis, m.w_b, turned)
        cross(turned, arm, arm_turned)
        row_put(r, X_MOUNT + k, e[0] * (moved[0] + arm_turned[0]) + e[1] * (moved[1] + arm_turned[1])
                + e[2] * (moved[2] + arm_turned[2]))
