# Error-state Kalman filter: what the engine calls. Sensors are one file each, fusion_<sensor>.pxi.

cdef extern from *:
    """
    static const double TC_LEVEL_KNOWN = 0.02;         /* rad: roll and pitch get known below this sd, */
    static const double TC_LEVEL_LOST = 0.06;          /* unknown again above this one, */
    static const double TC_HEADING_KNOWN = 0.35;       /* and yaw */
    static const double TC_POSITION_AGE = 1.0;         /* s */
    static const double TC_ROLLING_AGE = 0.5;          /* s without a believable wheel speed */
    static const double TC_REFUSED_TIME = 1.0;         /* s of refusals until a sensor is flagged */
    static const double TC_CLOCK_MOST = 1.0;           /* s a velocity may differ in time from its fix */
    """
    const double TC_LEVEL_KNOWN, TC_LEVEL_LOST, TC_HEADING_KNOWN, TC_POSITION_AGE, TC_ROLLING_AGE, TC_CLOCK_MOST
    const double TC_REFUSED_TIME


cdef tc_status fusion_check(const tc_fusion_config *c) noexcept nogil:
    """Everything finite and not negative; what is divided by or must move, positive."""
    cdef const double *sensors = &c.gravity
    cdef const double *states = &c.wheel_scale_walk
    cdef size_t i, n_sensors = &c.earth_rate[0] - sensors, n_states = &c.gnss_datum_sd - states + 1
    for i in range(3):
        if not (isfinite(c.imu_lever[i]) and isfinite(c.gnss_lever[i]) and isfinite(c.earth_rate[i])):
            return TC_E_RANGE
    for i in range(n_sensors):
        if not (sensors[i] >= 0.0 and isfinite(sensors[i])):
            return TC_E_RANGE
    for i in range(n_states):
        if not (states[i] >= 0.0 and isfinite(states[i])):
            return TC_E_RANGE
    if not (c.gravity > 0.0 and c.gyro_density > 0.0 and c.accelerometer_density > 0.0 and c.wheel_sd > 0.0
            and c.constraint_sd > 0.0 and c.inclination_sd > 0.0 and c.gnss_sd_floor > 0.0
            and c.gnss_drift_tau > 0.0 and c.attitude_sd > 0.0 and c.velocity_sd > 0.0):
        return TC_E_RANGE
    if not (c.gnss_datum_walk >= 0.0 and isfinite(c.gnss_datum_walk)):
        return TC_E_RANGE
    if not fabs(c.gnss_velocity_clock) <= TC_CLOCK_MOST:
        return TC_E_RANGE
    return TC_OK


cdef tc_status fusion_init(fusion_filter *f, const tc_vehicle *v, const tc_fusion_config *c) noexcept nogil:
    """A filter that knows nothing yet; f is zeroed memory."""
    cdef tc_status st = fusion_check(c)
    cdef int32_t i
    if st != TC_OK:
        return st
    f.c = c[0]
    f.wheelbase = v.wheelbase
    f.track[0] = v.axle[0].track
    f.track[1] = v.axle[1].track
    f.tyre_radius = v.tyre_radius
    f.q_ns[0] = 1.0
    f.live = N_ROLLING
    attitude_refresh(f)
    mounting_refresh(f)
    f.t_wheels_first = f.t_zero_wheels = f.t_fast = NEVER
    f.t_wheels = f.t_inclination = f.t_steering = f.t_speed = f.t_gnss = NEVER
    f.t_wheels_used = f.t_check = f.t_zero = f.t_rest_since = f.t_position_used = f.t_rolling_used = NEVER
    f.t_gap = f.t_fault = f.t_gnss_refused_since = f.t_constraint_refused_since = NEVER
    f.t_terrain = f.t_tilted = f.t_gnss_wander = NEVER
    f.t_fault_since = f.t_constraint_back = f.t_inclination_refused_since = f.t_inclination_kept = NEVER
    f.steer = NAN
    for i in range(TC_WHEELS):
        f.slip[i] = NAN
        f.t_turned[i] = NEVER
    return TC_OK


cdef void start_apply(fusion_filter *f) noexcept nogil:
    """Carry the levelled filter to the pose the host gave."""
    cdef fusion_motion m
    cdef double arm_n[3]
    cdef double roll, pitch, yaw
    cdef int32_t i
    body_motion(f, 0.0, &m)
    rpy_from_rotation(m.R_nb, &roll, &pitch, &yaw)
    heading_turn(f, wrap_angle(f.start[3] - yaw), f.start[5])
    body_motion(f, 0.0, &m)
    rotate(m.R_nb, f.c.imu_lever, arm_n)
    for i in range(3):
        f.p[i] = f.start[i] + arm_n[i]
        covariance_forget(f, X_P + i, f.start[4] * f.start[4])
    f.has_position = 1
    terrain_lead(f)


cdef tc_status fusion_start(fusion_filter *f, double x, double y, double z, double yaw, double sd_xy,
                            double sd_yaw) noexcept nogil:
    """Known pose of the body origin at rest, before or after the first samples."""
    f.start[0] = x
    f.start[1] = y
    f.start[2] = z
    f.start[3] = yaw
    f.start[4] = sd_xy
    f.start[5] = sd_yaw
    f.has_start = 1
    if f.aligned or f.resuming:
        covariance_step(f)
        start_apply(f)
        f.t_lost = f.t_ns
    return TC_OK


cdef void level_judge(fusion_filter *f) noexcept nogil:
    """Whether roll and pitch are known: with hysteresis, so that a short gap does not silence what hangs on them."""
    cdef fusion_motion m
    cdef double sd[3]
    cdef double roll, pitch, yaw, limit = TC_LEVEL_LOST if f.levelled else TC_LEVEL_KNOWN
    body_motion(f, 0.0, &m)
    rpy_from_rotation(m.R_nb, &roll, &pitch, &yaw)
    attitude_sd(f, &m, roll, pitch, yaw, sd)
    f.levelled = sd[0] < limit and sd[1] < limit


cdef uint32_t fusion_status(const fusion_filter *f, const double *sd_attitude) noexcept nogil:
    cdef uint32_t bits = 0
    cdef double rolling_age = TC_WITNESS_AGE if f.t_wheels == NEVER else TC_ROLLING_AGE
    if f.levelled:
        bits |= TC_FUSION_LEVELLED
    if f.heading and sd_attitude[2] < TC_HEADING_KNOWN:
        bits |= TC_FUSION_HEADING
    if f.has_position:
        bits |= TC_FUSION_POSITION
    if f.still:
        bits |= TC_FUSION_STANDSTILL
    if f.wheels_out > 0:
        bits |= TC_FUSION_SLIP
    if not fresh(f, f.t_position_used, TC_POSITION_AGE):
        bits |= TC_FUSION_DEAD_RECKONING
    if (not f.still or not_departed(f)) and not fresh(f, f.t_rolling_used, rolling_age):
        bits |= TC_FUSION_NO_WHEELS
    if fresh(f, f.t_gap, TC_IMU_FLAG_TIME):
        bits |= TC_FUSION_IMU_GAP
    if fresh(f, f.t_fault, TC_IMU_FLAG_TIME):
        bits |= TC_FUSION_IMU_FAULT
    if f.distance < f.terrain_off_until:
        bits |= TC_FUSION_TERRAIN
    if inclination_doubted(f):
        bits |= TC_FUSION_INCLINATION
    if f.t_gnss_refused_since != NEVER or gnss_wanders(f):
        bits |= TC_FUSION_GNSS
    return bits


cdef double row_sd(const fusion_filter *f, const fusion_row *r) noexcept nogil:
    cdef double variance = row_variance(f, r)
    return sqrt(variance) if variance > 0.0 else 0.0


cdef void attitude_sd(const fusion_filter *f, const fusion_motion *m, double roll, double pitch, double yaw,
                      double *sd) noexcept nogil:
    """From the error about world axes, that of the mounting included, to Euler angles."""
    cdef double k[3][N_ATTITUDE]
    cdef fusion_row r
    cdef int32_t i, j
    attitude_slopes(f, m, pitch, yaw, k)
    for i in range(3):
        row_begin(&r, i)
        row_put3(&r, X_PHI, k[i][0], k[i][1], k[i][2])
        for j in range(2):
            row_put(&r, X_MOUNT + j, k[i][3 + j])
        sd[i] = row_sd(f, &r)
    if not f.heading:
        sd[2] = 3.141592653589793


cdef void attitude_slopes(const fusion_filter *f, const fusion_motion *m, double pitch, double yaw,
                          double (*k)[N_ATTITUDE]) noexcept nogil:
    """Of roll, pitch, yaw of the body with the attitude error about world axes and the two mounting angles."""
    cdef double c = cos(yaw), s = sin(yaw)
    cdef double axis_b[3]
    cdef double axis_n[3]
    cdef int32_t i, j
    k[0][0] = c / cos(pitch)
    k[0][1] = s / cos(pitch)
    k[0][2] = 0.0
    k[1][0] = -s
    k[1][1] = c
    k[1][2] = 0.0
    k[2][0] = c * tan(pitch)
    k[2][1] = s * tan(pitch)
    k[2][2] = 1.0
    for j in range(2):                  # R_nb = R_ns R_bs^T: a mounting error turns it back about its axis
        axis_b[0] = f.R_bs[1] if j == 0 else 0.0
        axis_b[1] = f.R_bs[4] if j == 0 else 0.0
        axis_b[2] = f.R_bs[7] if j == 0 else 1.0
        rotate(m.R_nb, axis_b, axis_n)
        for i in range(3):
            k[i][3 + j] = -(k[i][0] * axis_n[0] + k[i][1] * axis_n[1] + k[i][2] * axis_n[2])


cdef void origin_sd(const fusion_filter *f, const double *arm_n, int32_t first, double *sd) noexcept nogil:
    """Of position or velocity (first) of the body origin: the arm from there to the IMU turns with the attitude."""
    cdef fusion_row r
    cdef int32_t i
    for i in range(3):
        row_begin(&r, i)
        row_put(&r, first + i, 1.0)
        row_put(&r, X_PHI + (i + 1) % 3, -arm_n[(i + 2) % 3])
        row_put(&r, X_PHI + (i + 2) % 3, arm_n[(i + 1) % 3])
        sd[i] = row_sd(f, &r)


cdef void fusion_state(const fusion_filter *f, tc_state *out) noexcept nogil:
    """State of the body origin at the time of the last sample."""
    cdef fusion_motion m
    cdef double arm_n[3]
    cdef double turn[3]
    cdef double turn_n[3]
    cdef int32_t i
    body_motion(f, 0.0, &m)
    rotate(m.R_nb, f.c.imu_lever, arm_n)
    cross(m.w_b, f.c.imu_lever, turn)
    rotate(m.R_nb, turn, turn_n)
    out.struct_size = sizeof(tc_state)
    out.t_ns = f.t_ns
    rpy_from_rotation(m.R_nb, &out.roll, &out.pitch, &out.yaw)
    attitude_sd(f, &m, out.roll, out.pitch, out.yaw, out.sd_attitude)
    origin_sd(f, arm_n, X_P, out.sd_position)
    origin_sd(f, turn_n, X_V, out.sd_velocity)
    for i in range(2):
        out.sd_position[i] = sqrt(out.sd_position[i] * out.sd_position[i] + f.coast_position * f.coast_position)
        out.sd_velocity[i] = sqrt(out.sd_velocity[i] * out.sd_velocity[i] + f.coast_speed * f.coast_speed)
    for i in range(3):
        out.position[i] = f.p[i] - arm_n[i]
        out.velocity[i] = f.v[i] - turn_n[i]
        out.rate[i] = m.w_b[i]
        out.gyro_bias[i] = f.bg[i]
        out.accelerometer_bias[i] = f.ba[i]
    out.status = fusion_status(f, out.sd_attitude)
    out.wheel_scale = 1.0 + f.scale
    memcpy(out.mounting, f.mount, sizeof(f.mount))
    memcpy(out.slip, f.slip, sizeof(f.slip))
    out.distance = f.distance
    out.steer = f.steer if fresh(f, f.t_steering, TC_STEERING_KEPT) else NAN
    memcpy(out.used, f.used, sizeof(f.used))
    memcpy(out.gated, f.gated, sizeof(f.gated))
    out.resets = f.resets
    out.reserved = 0
    out.gnss_datum = f.datum
    out.sd_gnss_datum = sqrt(f.P[X_DATUM * (N_X + 1)])
    memcpy(out.reset_position, f.reset_position, sizeof(f.reset_position))
    memcpy(out.reset_velocity, f.reset_velocity, sizeof(f.reset_velocity))
    out.reset_yaw = f.reset_yaw
    if f.resuming:
        motion_before_resuming(f, out)
    elif not f.aligned:
        motion_before_levelling(f, out)


cdef void motion_before_levelling(const fusion_filter *f, tc_state *out) noexcept nogil:
    """In the first second: tilt of the force so far, the pose at rest the host gave; NaN for what nobody knows."""
    cdef const double *a = &f.level_sum[0] if f.level_time > 0.0 else &f.accelerometer[0]
    cdef double sd = f.start[4] if f.has_start else NAN
    cdef int32_t i
    out.status &= ~(<uint32_t> (TC_FUSION_HEADING | TC_FUSION_POSITION))
    out.roll = atan2(a[1], a[2]) if f.has_imu else NAN
    out.pitch = atan2(-a[0], sqrt(a[1] * a[1] + a[2] * a[2])) if f.has_imu else NAN
    out.yaw = f.start[3] if f.has_start else NAN
    out.sd_attitude[0] = out.sd_attitude[1] = f.c.attitude_sd if f.has_imu else NAN
    out.sd_attitude[2] = f.start[5] if f.has_start else NAN
    for i in range(3):
        out.position[i] = f.start[i] if f.has_start else NAN
        out.velocity[i] = 0.0 if f.has_start else NAN
        out.sd_position[i] = sd
        out.sd_velocity[i] = f.c.velocity_sd if f.has_start else NAN


cdef void motion_before_resuming(const fusion_filter *f, tc_state *out) noexcept nogil:
    """In the first second after a long gap: tilt of the force, and where the vehicle was before."""
    cdef fusion_motion m
    cdef double arm_n[3]
    cdef double way = gap_way(f, 0.0)
    cdef double up[3]
    cdef int32_t i
    motion_before_levelling(f, out)
    body_motion(f, 0.0, &m)
    rpy_from_rotation(m.R_nb, &out.roll, &out.pitch, &out.yaw)
    if f.level_time > 0.0:
        rotate_back(m.R_nb, f.level_sum, up)
        out.roll = atan2(up[1], up[2])
        out.pitch = atan2(-up[0], sqrt(up[1] * up[1] + up[2] * up[2]))
    rotate(m.R_nb, f.c.imu_lever, arm_n)
    out.sd_attitude[2] = gap_yaw_sd(f, way)
    for i in range(3):
        out.position[i] = f.p[i] - arm_n[i]
        out.sd_position[i] = gap_position_sd(f, i, way)
        out.velocity[i] = out.sd_velocity[i] = NAN


cdef void fusion_default(tc_fusion_config *c) noexcept nogil:
    """A consumer IMU and ordinary wheel sensors on an installation nobody measured: as fusion_parameters.toml says."""
    c.gravity = 9.80665
    c.gyro_density = 1e-4
    c.accelerometer_density = 5e-3      # several times a data sheet's: vibration of a driven car
    c.gyro_bias_sd = 0.05
    c.accelerometer_bias_sd = 0.08
    c.gyro_bias_walk = 5e-6
    c.accelerometer_bias_walk = 5e-4
    c.wheel_sd = 0.08
    c.wheel_resolution = 0.02
    c.wheel_dead_below = 0.0
    c.wheel_scale_sd = 0.02
    c.constraint_sd = 0.12
    c.inclination_sd = 2e-3
    c.inclination_bias_sd = 5e-3
    c.inclination_lowpass_hz = 2.0
    c.mounting_sd = 0.07
    c.gnss_sd_floor = 0.02
    c.gnss_delay_sd = 0.05
    c.gnss_lag_sd = 0.1
    c.pivot_sd = 1.0
    c.speed_age_sd = 0.3
    c.speed_age_walk = 3e-3
    c.gyro_shake = 0.5
    c.accelerometer_shake = 0.2
    c.attitude_sd = 0.1
    c.velocity_sd = 0.3
    c.gnss_white = 0.5
    c.gnss_drift_sd = 0.5
    c.gnss_drift_tau = 300.0
    c.rest_height_sd = 0.02
    c.rest_attitude_sd = 0.01
    c.gnss_datum_sd = 50.0              # a geoid, or a mark of another survey
    c.lag = 0.5
