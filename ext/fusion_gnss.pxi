# GNSS position and velocity. The error of a fix has a white part and one that drifts over a minute; treating it all as
# white would believe a wandering fix far too much. Heading is found here, from motion.

cdef extern from *:
    """
    enum { TC_GNSS_CHANGES = 60, TC_GNSS_CHANGES_LEAST = 8 };      /* fixes averaged to see how they change */
    static const double TC_GNSS_JUMP = 0.3;            /* share of a change beyond the average that counts at once */
    static const double TC_GNSS_SEEN = 2.0;            /* variance of the white part / that of a change, at most */
    static const double TC_GNSS_FED = 3.0;             /* what the slow part grows between fixes / a change, at most */
    static const double TC_GNSS_ROBUST = 2.0;          /* sd from which the noise of a fix is raised */
    static const double TC_GNSS_VELOCITY_FLOOR = 0.02; /* m/s */
    static const double TC_GNSS_VELOCITY_LATE = 0.03;  /* s, jitter of a velocity's age */
    static const double TC_GNSS_LATE = 0.01;           /* s, jitter of a stamp */
    static const double TC_GNSS_DOUBT = 0.2;           /* m/s and m, added to the sd at every such fix */
    static const double TC_GNSS_LOST = 7.0;            /* s of refusals until the fixes are believed */
    static const double TC_GNSS_MEMORY = 0.05;         /* share of a fix in the mean of the normalised innovations, */
    static const double TC_GNSS_LEANS = 1.2;           /* from which on the fixes walk away from the motion; theirs */
    static const double TC_GNSS_LEANS_TOO = 0.5;       /* velocities then do not, else it is the motion that is wrong */
    static const double TC_GNSS_CLIP = 4.0;            /* sd one fix counts in it at most */
    static const double TC_GNSS_WANDER = 0.2;          /* m/sqrt(s): their slow error is then free to move, */
    static const double TC_GNSS_WANDER_SD = 0.5;       /* and so unknown, m, */
    static const double TC_GNSS_WANDER_TIME = 30.0;    /* s after the last sign of it; */
    static const double TC_GNSS_LED_TIME = 3.0;        /* s over which fixes lead the place away from the motion: */
    static const double TC_GNSS_LED = 0.06;            /* m/s, */
    static const double TC_GNSS_LED_SHARE = 0.03;      /* of the speed, and their stated deviation in that time */
    static const double TC_GNSS_LED_SD = 0.3;          /* m it may have led by then */
    static const double TC_GNSS_WANDER_TAU = 20.0;     /* s in which they are believed again */
    static const double TC_GNSS_PARKED = 0.08;         /* m/s */
    static const double TC_GATE_FIX = 16.0;            /* chi-square, 3 degrees of freedom, 99.9 % */
    static const double TC_COURSE_SPEED = 1.5;         /* m/s from which the course shows the heading */
    static const double TC_COURSE_SIGMAS = 10.0;       /* a motion counts when so many sd long */
    static const double TC_COURSE_DISTANCE = 3.0;      /* m */
    static const double TC_COURSE_SD = 0.05;           /* rad, slip angle and lever arms */
    """
    enum:
        TC_GNSS_CHANGES, TC_GNSS_CHANGES_LEAST
    const double TC_GNSS_VELOCITY_FLOOR, TC_GNSS_VELOCITY_LATE, TC_GNSS_LATE, TC_GNSS_LOST
    const double TC_GNSS_DOUBT, TC_GNSS_PARKED, TC_GATE_FIX, TC_COURSE_SPEED, TC_COURSE_SIGMAS
    const double TC_GNSS_MEMORY, TC_GNSS_LEANS, TC_GNSS_LEANS_TOO, TC_GNSS_CLIP, TC_GNSS_WANDER, TC_GNSS_WANDER_SD
    const double TC_GNSS_WANDER_TIME, TC_GNSS_WANDER_TAU, TC_GNSS_LED_TIME, TC_GNSS_LED, TC_GNSS_LED_SHARE
    const double TC_GNSS_LED_SD
    const double TC_COURSE_DISTANCE, TC_COURSE_SD, TC_GNSS_JUMP, TC_GNSS_SEEN, TC_GNSS_FED, TC_GNSS_ROBUST


cdef void drift_step(fusion_filter *f, double dt, const double *sd) noexcept nogil:
    """The slow error fades with gnss_drift_tau and is fed to keep its stated size, but no faster than fixes are seen
    to change against each other: many receivers smooth theirs."""
    cdef double tau = f.c.gnss_drift_tau, keep, slow, fed
    cdef int32_t i, j, k, wander = gnss_wanders(f)
    if f.t_gnss_wander != NEVER and not wander and TC_GNSS_WANDER_TAU < tau:
        tau = TC_GNSS_WANDER_TAU
    keep = exp(-dt / tau)
    for i in range(3):
        k = X_DRIFT + i
        f.drift[i] *= keep
        for j in range(f.live):
            f.P[k * N_X + j] *= keep
            f.P[j * N_X + k] *= keep
        if f.clone is not NULL:
            clone_scale(f.clone, k, keep)
        slow = f.c.gnss_drift_sd * sd[i]
        fed = slow * slow * (1.0 - keep * keep)
        if f.gnss_changes >= TC_GNSS_CHANGES_LEAST and fed > TC_GNSS_FED * f.gnss_change[i]:
            fed = TC_GNSS_FED * f.gnss_change[i]
        f.P[k * (N_X + 1)] += fed + (TC_GNSS_WANDER * TC_GNSS_WANDER * dt if wander else 0.0)
    if f.t_gnss_wander != NEVER and seconds(f.t_ns, f.t_gnss_wander) > TC_GNSS_WANDER_TIME + 5.0 * TC_GNSS_WANDER_TAU:
        f.t_gnss_wander = NEVER


cdef inline int32_t gnss_wanders(const fusion_filter *f) noexcept nogil:
    """Whether fixes walked away from the motion lately: theirs is then no place to trust."""
    return fresh(f, f.t_gnss_wander, TC_GNSS_WANDER_TIME)


cdef void innovation_mean(const fusion_filter *f, const fusion_row *rows, double *mean) noexcept nogil:
    """Of three rows, normalised: near 0 where fixes and motion agree, whatever each of them is off."""
    cdef double z
    cdef int32_t i
    for i in range(3):
        z = rows[i].innovation / sqrt(row_variance(f, &rows[i]) + rows[i].variance)
        z = TC_GNSS_CLIP if z > TC_GNSS_CLIP else z
        z = -TC_GNSS_CLIP if z < -TC_GNSS_CLIP else z
        mean[i] += TC_GNSS_MEMORY * (z - mean[i])


cdef void gnss_lead(fusion_filter *f, const double *before, double dt) noexcept nogil:
    """How fast fixes lead the place away from where the motion does, m/s."""
    cdef int32_t i
    if dt <= 0.0:
        return
    for i in range(2):
        f.gnss_led[i] += dt / (dt + TC_GNSS_LED_TIME) * ((f.p[i] - before[i]) / dt - f.gnss_led[i])


cdef int32_t gnss_leans(const fusion_filter *f, const tc_gnss *s, int32_t axis) noexcept nogil:
    """Whether fixes walk away along an axis. Where their velocities go the same way it is the motion that is wrong."""
    cdef double speed = sqrt(f.v[0] * f.v[0] + f.v[1] * f.v[1])
    cdef double led = f.gnss_led[axis], mean = f.gnss_mean[axis], same = 0.0
    cdef double most = TC_GNSS_LED + TC_GNSS_LED_SHARE * speed + s.sd_position[axis] / TC_GNSS_LED_TIME
    if s.flags & TC_GNSS_VELOCITY:
        same = f.gnss_mean[3 + axis]
    if fabs(mean) > TC_GNSS_LEANS and same * (1.0 if mean > 0.0 else -1.0) < TC_GNSS_LEANS_TOO:
        return 1
    return fabs(led) > most and same * (1.0 if led > 0.0 else -1.0) < TC_GNSS_LEANS_TOO


cdef void gnss_doubt(fusion_filter *f, const tc_gnss *s) noexcept nogil:
    """Fixes that walk away from where wheels and IMU lead drift, however sure they are: their slow error gets free, and
    the motion carries the place. The IMU alone is no witness against them."""
    cdef double age = TC_WITNESS_AGE if f.t_wheels == NEVER else TC_ROLLING_AGE
    cdef int32_t i
    if not (f.has_position and fresh(f, f.t_rolling_used, age) and f.c.gnss_drift_sd > 0.0):
        return
    if not (gnss_leans(f, s, 0) or gnss_leans(f, s, 1)):
        return
    for i in range(3 if not gnss_wanders(f) else 0):
        f.P[(X_DRIFT + i) * (N_X + 1)] += TC_GNSS_WANDER_SD * TC_GNSS_WANDER_SD
        f.P[(X_P + i) * (N_X + 1)] += TC_GNSS_LED_SD * TC_GNSS_LED_SD
    f.t_gnss_wander = f.t_ns
    memset(f.gnss_mean, 0, sizeof(f.gnss_mean))
    memset(f.gnss_led, 0, sizeof(f.gnss_led))


cdef void gnss_arm(const fusion_filter *f, const fusion_motion *m, double *arm_n, double *turn_n) noexcept nogil:
    """From the IMU to the antenna, and that arm's velocity, both in n."""
    cdef double arm[3]
    cdef double turn[3]
    cdef int32_t i
    for i in range(3):
        arm[i] = f.c.gnss_lever[i] - f.c.imu_lever[i]
    cross(m.w_b, arm, turn)
    rotate(m.R_nb, arm, arm_n)
    rotate(m.R_nb, turn, turn_n)


cdef void position_reset(fusion_filter *f, const double *fix, const double *sd, const double *arm_n) noexcept nogil:
    """The fix is the position: its whole error becomes the position's, the slow part with its correlation."""
    cdef double slow, white
    cdef int32_t i, k
    for i in range(3):
        k = X_P + i
        slow = f.c.gnss_drift_sd * sd[i]
        white = f.c.gnss_white * sd[i]
        f.p[i] = fix[i] - arm_n[i] - (f.datum if i == 2 else 0.0)
        f.drift[i] = 0.0
        covariance_forget(f, k, slow * slow + white * white)
        covariance_forget(f, X_DRIFT + i, slow * slow)
        f.P[k * N_X + X_DRIFT + i] = -slow * slow
        f.P[(X_DRIFT + i) * N_X + k] = -slow * slow
    memset(f.gnss_left, 0, sizeof(f.gnss_left))
    datum_couple(f)
    terrain_lead(f)
    f.has_position = 1
    f.t_position_used = f.t_ns


cdef void datum_couple(fusion_filter *f) noexcept nogil:
    """A height taken from a fix is as wrong as the fixes' datum."""
    cdef double variance = f.P[X_DATUM * (N_X + 1)]
    covariance_forget(f, X_DATUM, variance)
    f.P[(X_P + 2) * (N_X + 1)] += variance
    f.P[(X_P + 2) * N_X + X_DATUM] = f.P[X_DATUM * N_X + X_P + 2] = -variance


cdef void velocity_reset(fusion_filter *f, const double *v, const double *sd, const double *turn_n) noexcept nogil:
    cdef double noise
    cdef int32_t i
    for i in range(3):
        f.v[i] = v[i] - turn_n[i]
        noise = sd[i] + TC_GNSS_VELOCITY_FLOOR
        covariance_forget(f, X_V + i, 4.0 * noise * noise)


cdef void heading_turn(fusion_filter *f, double angle, double sd) noexcept nogil:
    """Turn attitude and velocity, with their covariance, about the vertical; the heading is known from now on.

    An error of the angle turns attitude and velocity together; what the yaw has gathered since levelling stays.
    """
    cdef double c = cos(angle), s = sin(angle), a, b
    cdef int32_t at[3]
    cdef double g[3]
    cdef double turn[4]
    cdef double q[4]
    cdef int32_t i, j, k
    turn[0] = cos(0.5 * angle)
    turn[1] = turn[2] = 0.0
    turn[3] = sin(0.5 * angle)
    q_multiply(turn, f.q_ns, q)
    memcpy(f.q_ns, q, sizeof(q))
    attitude_refresh(f)
    a = f.v[0]
    b = f.v[1]
    f.v[0] = c * a - s * b
    f.v[1] = s * a + c * b
    for k in range(0, N_MOVING, 3):
        for j in range(N_X):
            a = f.P[k * N_X + j]
            b = f.P[(k + 1) * N_X + j]
            f.P[k * N_X + j] = c * a - s * b
            f.P[(k + 1) * N_X + j] = s * a + c * b
        for i in range(N_X):
            a = f.P[i * N_X + k]
            b = f.P[i * N_X + k + 1]
            f.P[i * N_X + k] = c * a - s * b
            f.P[i * N_X + k + 1] = s * a + c * b
    if f.clone is not NULL:
        clone_turn(f.clone, c, s)
    at[0] = X_PHI + 2
    at[1] = X_V
    at[2] = X_V + 1
    g[0] = sd
    g[1] = -sd * f.v[1]
    g[2] = sd * f.v[0]
    for i in range(3):
        for j in range(3):
            f.P[at[i] * N_X + at[j]] += g[i] * g[j]
    f.heading = 1


cdef int32_t course_from_velocity(const fusion_filter *f, const tc_gnss *s, double *angle, double *sd) noexcept nogil:
    """Turn that lays the body's x axis along the velocity; 0 = too slow."""
    cdef double speed = sqrt(s.velocity[0] * s.velocity[0] + s.velocity[1] * s.velocity[1])
    cdef double noise = s.sd_velocity[0] + TC_GNSS_VELOCITY_FLOOR
    cdef double course = atan2(s.velocity[1], s.velocity[0]), roll, pitch, yaw
    cdef fusion_motion m
    if speed < TC_COURSE_SPEED or speed < TC_COURSE_SIGMAS * noise:
        return 0
    if f.t_wheels != NEVER and f.wheel_mean < 0.0:
        course += 3.141592653589793     # reversing
    body_motion(f, 0.0, &m)
    rpy_from_rotation(m.R_nb, &roll, &pitch, &yaw)
    angle[0] = wrap_angle(course - yaw)
    sd[0] = TC_COURSE_SD + noise / speed
    return 1


cdef int32_t course_from_distance(fusion_filter *f, const tc_gnss *s, double *angle, double *sd) noexcept nogil:
    """Turn that lays the way dead reckoned since an anchor along the way between the fixes; 0 = too short."""
    cdef double x = s.position[0] - f.anchor[0], y = s.position[1] - f.anchor[1]
    cdef double u = f.p[0] - f.anchor[2], v = f.p[1] - f.anchor[3], way = sqrt(x * x + y * y)
    cdef double noise = s.sd_position[0] + s.sd_position[1]
    if not f.has_anchor:
        f.anchor[0] = s.position[0]
        f.anchor[1] = s.position[1]
        f.anchor[2] = f.p[0]
        f.anchor[3] = f.p[1]
        f.has_anchor = 1
        return 0
    if f.t_rolling_used == NEVER or way < TC_COURSE_DISTANCE or way < 0.5 * TC_COURSE_SIGMAS * noise:
        return 0
    if fabs(sqrt(u * u + v * v) - way) > 0.2 * way:
        f.has_anchor = 0                # the two ways are not the same: begin again
        return 0
    angle[0] = wrap_angle(atan2(y, x) - atan2(v, u))
    sd[0] = TC_COURSE_SD + noise / way
    return 1


cdef void heading_find(fusion_filter *f, const tc_gnss *s) noexcept nogil:
    """Place and heading of the local frame in the world, as soon as the motion shows them."""
    cdef double angle = 0.0, sd = 0.0
    if s.flags & TC_GNSS_VELOCITY:
        if course_from_velocity(f, s, &angle, &sd):
            heading_take(f, s, angle, sd, True)
    elif course_from_distance(f, s, &angle, &sd):
        heading_take(f, s, angle, sd, False)
    if not f.heading:
        heading_from_ground(f, s)


cdef void heading_take(fusion_filter *f, const tc_gnss *s, double angle, double sd, bint by_velocity) noexcept nogil:
    """The local frame becomes the world: turned by an angle, with its place at the fix."""
    cdef double arm_n[3]
    cdef double turn_n[3]
    cdef fusion_motion m
    if by_velocity:
        covariance_forget(f, X_PHI + 2, 0.0)    # the course shows the yaw of this moment
    heading_turn(f, angle, sd)
    body_motion(f, 0.0, &m)
    gnss_arm(f, &m, arm_n, turn_n)
    if by_velocity:
        velocity_reset(f, s.velocity, s.sd_velocity, turn_n)
    position_reset(f, s.position, s.sd_position, arm_n)
    f.resets += 1


cdef void gnss_changed(fusion_filter *f, const fusion_row *rows) noexcept nogil:
    """Learn how far a fix is off what the last one and the motion since tell."""
    cdef double d, share
    cdef int32_t i
    if f.gnss_changes < TC_GNSS_CHANGES:
        f.gnss_changes += 1
    for i in range(3):
        d = rows[i].innovation - f.gnss_left[i]
        share = 1.0 / f.gnss_changes
        if d * d > f.gnss_change[i] and share < TC_GNSS_JUMP:
            share = TC_GNSS_JUMP
        f.gnss_change[i] += share * (d * d - f.gnss_change[i])


cdef double gnss_white(const fusion_filter *f, int32_t axis, double sd) noexcept nogil:
    """Standard deviation of the white part: a share of the stated one, or less where fixes are seen to agree."""
    cdef double white = f.c.gnss_white * sd, seen
    if f.gnss_changes >= TC_GNSS_CHANGES_LEAST:
        seen = sqrt(TC_GNSS_SEEN * f.gnss_change[axis])
        if seen < white:
            white = seen
    return white if white > f.c.gnss_sd_floor else f.c.gnss_sd_floor


cdef void position_rows(const fusion_filter *f, const tc_gnss *s, const fusion_motion *m, double lead,
                        fusion_row *rows) noexcept nogil:
    """Three rows of a fix: z = p + arm + drift - delay * velocity."""
    cdef double arm_n[3]
    cdef double turn_n[3]
    cdef double v[3]
    cdef double age = lead - f.delay, white
    cdef int32_t i
    cdef fusion_row *r
    gnss_arm(f, m, arm_n, turn_n)
    for i in range(3):
        v[i] = f.v[i] + turn_n[i]
    for i in range(3):
        r = &rows[i]
        row_begin(r, i)
        row_put(r, X_P + i, 1.0)
        row_put(r, X_V + i, age)
        row_put(r, X_DRIFT + i, 1.0)
        if i == 2 and f.terrain_known:
            row_put(r, X_DATUM, 1.0)
        row_put(r, X_DELAY, -v[i])
        # phi x arm: row i of -[arm x]
        row_put(r, X_PHI + (i + 1) % 3, arm_n[(i + 2) % 3])
        row_put(r, X_PHI + (i + 2) % 3, -arm_n[(i + 1) % 3])
        white = gnss_white(f, i, s.sd_position[i])
        r.variance = white * white + TC_GNSS_LATE * TC_GNSS_LATE * v[i] * v[i]
        r.innovation = s.position[i] - f.p[i] - arm_n[i] - f.drift[i] - age * v[i] - 0.5 * lead * lead * f.a_n[i]
        if i == 2:
            r.innovation -= f.datum


cdef void velocity_rows(const fusion_filter *f, const tc_gnss *s, const fusion_motion *m, double lead,
                        fusion_row *rows) noexcept nogil:
    cdef double arm_n[3]
    cdef double turn_n[3]
    cdef double a_n[3]
    cdef double sd, late, age = lead - f.delay - f.lag
    cdef int32_t i
    cdef fusion_row *r
    gnss_arm(f, m, arm_n, turn_n)
    acceleration_smooth(f, a_n)
    for i in range(3):
        r = &rows[i]
        row_begin(r, 3 + i)
        row_put(r, X_V + i, 1.0)
        row_put(r, X_PHI + (i + 1) % 3, turn_n[(i + 2) % 3])
        row_put(r, X_PHI + (i + 2) % 3, -turn_n[(i + 1) % 3])
        sd = s.sd_velocity[i] + TC_GNSS_VELOCITY_FLOOR
        row_put(r, X_DELAY, -a_n[i])
        row_put(r, X_LAG, -a_n[i])
        late = TC_GNSS_VELOCITY_LATE * a_n[i]
        r.variance = sd * sd + late * late
        r.innovation = s.velocity[i] - f.v[i] - turn_n[i] - age * a_n[i]


cdef int32_t rows_update(fusion_filter *f, const fusion_row *rows, double *left) noexcept nogil:
    """Three rows together or none: refused when the worst of them is out. What is left of the innovations goes to
    `left`, unless that is NULL."""
    cdef fusion_batch batch
    cdef double PHt[N_X]
    cdef double S, hph, variance, nu
    cdef int32_t taken = 1
    cdef int32_t i
    batch_begin(&batch)
    for i in range(3):
        S = row_variance(f, &rows[i]) + rows[i].variance
        if rows[i].innovation * rows[i].innovation > TC_GATE_FIX * S:
            f.gated[TC_KIND_GNSS] += 1
            innovation_tell(f, TC_KIND_GNSS, &rows[i], 0, rows[i].innovation, S - rows[i].variance, rows[i].variance,
                            1.0)
            taken = 0
            break
    for i in range(3 if taken else 0):
        hph = row_project(f, &batch, &rows[i], PHt)
        nu = row_innovation(&rows[i], batch.dx)
        variance = rows[i].variance
        innovation_tell(f, TC_KIND_GNSS, &rows[i], 1, nu, hph, variance, 1.0)
        f.used[TC_KIND_GNSS] += 1
        if nu * nu > TC_GNSS_ROBUST * TC_GNSS_ROBUST * (hph + variance):
            variance *= nu * nu / (TC_GNSS_ROBUST * TC_GNSS_ROBUST * (hph + variance))
        row_correct(f, &rows[i], PHt, hph + variance, nu, &batch)
    for i in range(3 if left is not NULL else 0):
        left[i] = row_innovation(&rows[i], batch.dx)
    batch_end(f, &batch)
    return taken


cdef void gnss_refused(fusion_filter *f, const tc_gnss *s) noexcept nogil:
    """Way back: fixes refused for long are believed, since dead reckoning has no way to prove them wrong."""
    cdef fusion_motion m
    cdef double arm_n[3]
    cdef double turn_n[3]
    if f.t_gnss_refused_since == NEVER:
        f.t_gnss_refused_since = s.t_ns
    elif seconds(s.t_ns, f.t_gnss_refused_since) > TC_GNSS_LOST:
        body_motion(f, 0.0, &m)
        gnss_arm(f, &m, arm_n, turn_n)
        position_reset(f, s.position, s.sd_position, arm_n)
        if s.flags & TC_GNSS_VELOCITY:
            velocity_reset(f, s.velocity, s.sd_velocity, turn_n)
        f.t_gnss_refused_since = NEVER
        f.resets += 1


cdef tc_status gnss_check(const tc_gnss *s) noexcept nogil:
    cdef int32_t i
    for i in range(3):
        if not isfinite(s.position[i]) or not (s.sd_position[i] > 0.0 and isfinite(s.sd_position[i])):
            return TC_E_RANGE
        if s.flags & TC_GNSS_VELOCITY and not (isfinite(s.velocity[i]) and s.sd_velocity[i] > 0.0
                                               and isfinite(s.sd_velocity[i])):
            return TC_E_RANGE
    return TC_OK


cdef void gnss_witness(fusion_filter *f, const tc_gnss *s) noexcept nogil:
    """Without wheels, the velocity of the fixes says whether the vehicle stands."""
    cdef double speed
    if f.t_wheels != NEVER or f.t_speed != NEVER or not s.flags & TC_GNSS_VELOCITY:
        return
    speed = sqrt(s.velocity[0] * s.velocity[0] + s.velocity[1] * s.velocity[1])
    rest_witness(f, s.t_ns, speed < TC_GNSS_PARKED and s.sd_velocity[0] < 2.0 * TC_GNSS_PARKED)


cdef void fusion_gnss(fusion_filter *f, const tc_gnss *sample) noexcept nogil:
    cdef fusion_motion m
    cdef fusion_row rows[3]
    cdef double before[3]
    cdef double lead = 0.0, dt
    cdef int32_t placed
    dt = 0.0 if f.t_gnss == NEVER else seconds(sample.t_ns, f.t_gnss)
    states_wake(f, N_GNSS)
    gnss_witness(f, sample)
    f.t_gnss = sample.t_ns
    if not measurement_ready(f, sample.t_ns, &lead):
        return
    if not f.heading:
        heading_find(f, sample)
        return
    if f.has_gnss:
        drift_step(f, dt, sample.sd_position)
    else:
        gnss_first(f, sample)
    body_motion(f, lead, &m)
    position_rows(f, sample, &m, lead, rows)
    gnss_changed(f, rows)
    innovation_mean(f, rows, f.gnss_mean)
    memcpy(before, f.p, sizeof(before))
    placed = rows_update(f, rows, f.gnss_left)
    gnss_lead(f, before, dt)
    if sample.flags & TC_GNSS_VELOCITY:
        lead += f.c.gnss_velocity_clock
        body_motion(f, lead, &m)
        velocity_rows(f, sample, &m, lead, rows)
        innovation_mean(f, rows, &f.gnss_mean[3])
        if not rows_update(f, rows, NULL) and not placed:
            motion_doubted(f)
    gnss_doubt(f, sample)
    if placed:
        if not gnss_wanders(f):
            terrain_lead(f)
        f.t_position_used = sample.t_ns
        f.t_gnss_refused_since = NEVER
        f.has_position = 1
    else:
        gnss_refused(f, sample)


cdef void motion_doubted(fusion_filter *f) noexcept nogil:
    """Place and velocity of a fix both refused: the IMU may have missed a shock. Believe the motion less, at once, so
    that the fixes can come back before they are lost; a fix that only jumped keeps its velocity and never gets here."""
    cdef int32_t i
    for i in range(3):
        f.P[(X_V + i) * (N_X + 1)] += TC_GNSS_DOUBT * TC_GNSS_DOUBT
        f.P[(X_P + i) * (N_X + 1)] += TC_GNSS_DOUBT * TC_GNSS_DOUBT


cdef void gnss_first(fusion_filter *f, const tc_gnss *s) noexcept nogil:
    """First fix after a start given by the host: its slow error is unknown. A start's height may be relative (no
    terrain), so a fix far off in height is right about it."""
    cdef fusion_motion m
    cdef double arm_n[3]
    cdef double turn_n[3]
    cdef double slow
    cdef int32_t i
    if f.P[X_DRIFT * (N_X + 1)] == 0.0:     # else placed by the fix that gave the heading
        for i in range(3):
            slow = f.c.gnss_drift_sd * s.sd_position[i]
            covariance_forget(f, X_DRIFT + i, slow * slow)
    body_motion(f, 0.0, &m)
    gnss_arm(f, &m, arm_n, turn_n)
    slow = s.position[2] - arm_n[2] - f.p[2]
    if f.P[X_DATUM * (N_X + 1)] == 0.0 and fabs(slow) > 5.0 * (s.sd_position[2] + sqrt(f.P[(X_P + 2) * (N_X + 1)])):
        f.p[2] += slow
        covariance_forget(f, X_P + 2, s.sd_position[2] * s.sd_position[2])
        f.resets += 1
    f.has_gnss = 1
