# Terrain aiding: on known ground the vehicle stands as the ground lets it. The stance settled at the estimated place is
# compared with the estimated height, roll and pitch once every TC_TERRAIN_STEP, over which the errors of the stance
# model (springs in motion, edges, tyres) are forgotten. Where the ground has features, this shows the place.
#
# The slopes of the stance are differences over as far as the place is uncertain, and what is not linear over that far
# is noise: on ground that repeats, or far from the truth, the update then says little instead of something wrong.

cdef extern from *:
    """
    static const double TC_TERRAIN_STEP = 0.2;         /* m of way, about a wheel's radius */
    static const double TC_TERRAIN_PERIOD = 0.1;       /* s, at least */
    static const double TC_TERRAIN_NEAR = 0.03;        /* m, least and */
    static const double TC_TERRAIN_FAR = 0.12;         /* most to look aside for the slope of the stance, */
    static const double TC_TERRAIN_TURN = 0.01;        /* rad */
    static const double TC_TERRAIN_LOST = 0.5;         /* m, sd of a place too uncertain to be matched */
    /* A body on its springs follows the ground late: what it is at + LAG its rate + SOFT its acceleration is where it
       would rest. Ride modes of ordinary suspensions: 2 Hz in heave over an axle, 1.1 Hz in roll, 1.4 Hz in pitch. */
    static const double TC_REST_LAG[3] = {0.023, 0.045, 0.033};        /* s */
    static const double TC_REST_SOFT[3] = {0.0065, 0.021, 0.013};      /* s^2 */
    static const double TC_REST_UNSURE = 0.4;          /* share of both that another suspension may differ by */
    static const double TC_PAST_GAP = 0.15;            /* s between poses that do not belong together */
    static const double TC_REST_BIAS_SD = 4e-3;        /* rad: load, tyre pressures */
    static const double TC_TERRAIN_WALK = 4e-3;        /* m a step: the height of the ground and the tyres vary, */
    static const double TC_TERRAIN_WAY = 0.01;         /* and the way of a wheel over a rock, whose error lasts */
    static const double TC_TERRAIN_SIGMAS = 2.0;       /* sd: from here the noise is raised, */
    static const double TC_TERRAIN_OUT = 5.0;          /* and from here the stance is refused */
    static const double TC_TERRAIN_MEMORY = 0.1;       /* share of the last row in the mean of squared innovations; */
    static const double TC_TERRAIN_LONG = 0.015;       /* the same of the long mean, */
    static const double TC_TERRAIN_MISFIT = 2.0;       /* above this the ground is not the map's: it is left alone, */
    static const double TC_TERRAIN_PAUSE = 20.0;       /* m of way, four times as long the second time, */
    static const double TC_TERRAIN_STRAY = 0.03;       /* and the way without it is trusted to this share, */
    static const double TC_TERRAIN_YAW = 0.02;         /* the yaw to this, rad */
    static const double TC_TERRAIN_DOUBT = 2.0;        /* above this the place is believed less, */
    static const double TC_TERRAIN_SLIP = 0.05;        /* m a step: it slid unseen, or the wrong rock was matched */
    static const double TC_TERRAIN_REFUSED = 0.012;    /* m for each time wheels or constraint were refused meanwhile */
    static const double TC_TERRAIN_STEADY = 0.04;      /* m: more, and the vehicle does not stand on its wheels, */
    static const double TC_TERRAIN_SLID = 0.2;         /* m, what they add at most: the vehicle seldom slides on */
    static const double TC_HOLD_LOST = 3.0;            /* m, as TC_TERRAIN_LOST: ground of the same kind is enough */
    static const double TC_HOLD_PERIOD = 0.2;          /* s between comparisons of rate and ground, without wheels */
    static const double TC_HOLD_RATE = 0.03;           /* rad/s: one that tilts faster moves, but one knows not where */
    static const double TC_HOLD_QUIET = 3.0;           /* s without such a tilt until it counts as standing */
    static const double TC_HOLD_RAISED = 5.0;          /* noise of one comparison: they are alike for half a second */
    static const double TC_HOLD_NOISE = 4e-3;          /* rad/s a body trembles at when it stands */
    static const double TC_BELLY_NEAR = 0.02;          /* m under a part: closer, it may carry the vehicle */
    """
    const double TC_TERRAIN_STEP, TC_TERRAIN_PERIOD, TC_TERRAIN_NEAR, TC_TERRAIN_FAR, TC_TERRAIN_TURN, TC_TERRAIN_LOST
    const double TC_REST_BIAS_SD, TC_REST_UNSURE, TC_PAST_GAP, TC_TERRAIN_WALK, TC_TERRAIN_WAY, TC_TERRAIN_REFUSED
    const double TC_TERRAIN_STEADY, TC_TERRAIN_SLID, TC_HOLD_LOST, TC_BELLY_NEAR, TC_TERRAIN_SIGMAS, TC_TERRAIN_OUT
    const double TC_HOLD_PERIOD, TC_HOLD_RATE, TC_HOLD_NOISE, TC_HOLD_QUIET, TC_HOLD_RAISED
    const double TC_TERRAIN_LONG, TC_TERRAIN_MISFIT, TC_TERRAIN_PAUSE, TC_TERRAIN_STRAY, TC_TERRAIN_YAW
    const double TC_TERRAIN_MEMORY, TC_TERRAIN_DOUBT, TC_TERRAIN_SLIP
    const double *TC_REST_LAG
    const double *TC_REST_SOFT

cdef enum:
    N_REST = 3                          # height, roll, pitch

# What the stance at the estimated pose is, and how it changes with the pose.
cdef struct rest_slope:
    double rest[N_REST]
    double with_pose[N_REST][3]         # per m east, m north, rad of yaw
    double bend[N_REST]                 # variance of what is not linear
    double sunk                         # m the lowest part would be in the ground, or nearly


cdef inline int32_t has_ground(const fusion_filter *f) noexcept nogil:
    return f.grid.height is not NULL and f.c.rest_height_sd > 0.0


cdef void terrain_prior(fusion_filter *f) noexcept nogil:
    """What is not known of the vehicle at rest and of the fixes' datum, where there is a ground."""
    if not has_ground(f):
        return
    f.terrain_known = 1
    states_wake(f, N_TERRAIN)
    covariance_forget(f, X_DATUM, f.c.gnss_datum_sd * f.c.gnss_datum_sd)
    prior(f, X_REST, 2, TC_REST_BIAS_SD)


cdef void terrain_found(fusion_filter *f) noexcept nogil:
    """A ground handed over on the way: heights so far are the fixes'."""
    terrain_prior(f)
    if f.has_gnss:
        datum_couple(f)


cdef int32_t settled_at(const fusion_filter *f, double x, double y, double yaw, const rest_point *near, rest_point *p,
                        double *rest) noexcept nogil:
    """Height, roll and pitch of the vehicle at rest, from a rest nearby or cold (NULL); 0 = not known."""
    cdef grid_view view
    cdef int32_t iterations = 0, status
    grid_look(f.grid, f.model.bounds, x, y, yaw, &view)
    if near is NULL:
        status = stance_rest(f.model, &view, NULL, p, &iterations)
    else:
        p[0] = near[0]
        status = settle_from(f.model, &view, 0.0, p, &iterations)
    rest[0] = p.z
    rest[1] = p.roll
    rest[2] = p.pitch
    return status == TC_STANCE_OK


cdef double belly_sunk(const fusion_filter *f, const double *pose, const rest_point *p) noexcept nogil:
    """How far the ground reaches into or near the underbody: as far it may lift the vehicle off its wheels, m."""
    cdef grid_view view
    cdef tc_stance out
    grid_look(f.grid, f.model.bounds, pose[0], pose[1], pose[2], &view)
    stance_unknown(&out)
    stance_clearance(f.model, &view, p, f.grid, True, &out)
    if out.least_part < 0 or out.clearance[out.least_part] > TC_BELLY_NEAR:
        return 0.0
    return TC_BELLY_NEAR - out.clearance[out.least_part]


cdef int32_t rest_slopes(const fusion_filter *f, const double *pose, const double *aside, rest_slope *s) noexcept nogil:
    """The stance at pose (x, y, yaw), and by central differences `aside` how it changes; 0 = not known."""
    cdef rest_point here, there
    cdef double at[3]
    cdef double high[N_REST]
    cdef double low[N_REST]
    cdef double bend
    cdef int32_t i, k
    if not settled_at(f, pose[0], pose[1], pose[2], NULL, &here, s.rest):
        return 0
    s.sunk = belly_sunk(f, pose, &here)
    memset(s.bend, 0, sizeof(s.bend))
    for k in range(3):
        memcpy(at, pose, sizeof(at))
        at[k] = pose[k] + aside[k]
        if not settled_at(f, at[0], at[1], at[2], &here, &there, high):
            return 0
        at[k] = pose[k] - aside[k]
        if not settled_at(f, at[0], at[1], at[2], &here, &there, low):
            return 0
        for i in range(N_REST):
            s.with_pose[i][k] = 0.5 * (high[i] - low[i]) / aside[k]
            bend = 0.5 * (high[i] + low[i]) - s.rest[i]
            s.bend[i] += bend * bend
    return 1


cdef void rest_rows(const fusion_filter *f, const fusion_motion *m, const double *estimate, const double *pose,
                    const rest_slope *s, fusion_row *rows) noexcept nogil:
    """Rows of height, roll and pitch: stance(pose) + bias - estimate, which sees the estimate's error, and the pose's
    by the slopes of the stance."""
    cdef double k[3][N_ATTITUDE]
    cdef double place[3][3]             # of the body origin with the attitude error
    cdef double arm_n[3]
    cdef double h
    cdef int32_t i, j
    cdef fusion_row *r
    attitude_slopes(f, m, estimate[2], pose[2], k)
    rotate(m.R_nb, f.c.imu_lever, arm_n)
    memset(place, 0, sizeof(place))
    for i in range(3):
        place[i][(i + 1) % 3] = -arm_n[(i + 2) % 3]
        place[i][(i + 2) % 3] = arm_n[(i + 1) % 3]
    for i in range(N_REST):
        r = &rows[i]
        row_begin(r, i)
        r.innovation = s.rest[i] - estimate[i]
        for j in range(3):
            h = place[2][j] if i == 0 else k[i - 1][j]
            h -= s.with_pose[i][0] * place[0][j] + s.with_pose[i][1] * place[1][j] + s.with_pose[i][2] * k[2][j]
            row_put(r, X_PHI + j, h)
        row_put3(r, X_P, -s.with_pose[i][0], -s.with_pose[i][1], 1.0 if i == 0 else 0.0)
        for j in range(2):
            h = 0.0 if i == 0 else k[i - 1][3 + j]
            row_put(r, X_MOUNT + j, h - s.with_pose[i][2] * k[2][3 + j])
        if i > 0:
            row_put(r, X_REST + i - 1, -1.0)
            r.innovation += f.rest[i - 1]


cdef int32_t rest_row(fusion_filter *f, fusion_row *r, fusion_batch *b) noexcept nogil:
    """One row; 1 = taken. Edges give a stance heavy tails: the noise is raised before it is refused."""
    cdef double PHt[N_X]
    cdef double hph = row_project(f, b, r, PHt), nu = row_innovation(r, b.dx), z2 = nu * nu / (hph + r.variance)
    f.terrain_nis += TC_TERRAIN_MEMORY * ((z2 if z2 < 10.0 else 10.0) - f.terrain_nis)
    f.terrain_fit += TC_TERRAIN_LONG * ((z2 if z2 < 10.0 else 10.0) - f.terrain_fit)
    innovation_tell(f, TC_KIND_TERRAIN, r, z2 <= TC_TERRAIN_OUT * TC_TERRAIN_OUT, nu, hph, r.variance, 1.0)
    if z2 > TC_TERRAIN_OUT * TC_TERRAIN_OUT:
        f.gated[TC_KIND_TERRAIN] += 1
        return 0
    if z2 > TC_TERRAIN_SIGMAS * TC_TERRAIN_SIGMAS:
        r.variance *= z2 / (TC_TERRAIN_SIGMAS * TC_TERRAIN_SIGMAS)
    row_correct(f, r, PHt, hph + r.variance, nu, b)
    f.used[TC_KIND_TERRAIN] += 1
    return 1


cdef void pose_now(const fusion_filter *f, const fusion_motion *m, double *pose) noexcept nogil:
    cdef double arm_n[3]
    cdef int32_t i
    rotate(m.R_nb, f.c.imu_lever, arm_n)
    for i in range(3):
        pose[i] = f.p[i] - arm_n[i]
    rpy_from_rotation(m.R_nb, &pose[3], &pose[4], &pose[5])


cdef void past_add(pose_past *past, int64_t t_ns, const double *pose) noexcept nogil:
    """Remember a pose; a gap before it makes the older ones useless."""
    cdef int32_t i
    if past.n > 0 and seconds(t_ns, past.t_ns[past.n - 1]) > TC_PAST_GAP:
        past.n = 0
    if past.n == N_PAST:
        past.n -= 1
        for i in range(past.n):
            past.t_ns[i] = past.t_ns[i + 1]
            memcpy(past.pose[i], past.pose[i + 1], sizeof(past.pose[i]))
    past.t_ns[past.n] = t_ns
    memcpy(past.pose[past.n], pose, sizeof(past.pose[0]))
    past.n += 1


cdef void past_rest(const pose_past *past, double *rest, double *variance) noexcept nogil:
    """Height, roll and pitch the body would rest at, N_PAST // 2 poses ago, and how unsure that is: a parabola fitted
    to seven values (Savitzky and Golay 1964)."""
    cdef double dt = seconds(past.t_ns[N_PAST - 1], past.t_ns[0]) / (N_PAST - 1)
    cdef double value, rate, bend, k2, later
    cdef int32_t i, k
    for i in range(N_REST):
        value = rate = bend = 0.0
        for k in range(-3, 4):
            k2 = k * k
            value += (7.0 - k2) / 21.0 * past.pose[3 + k][2 + i]
            rate += <double> k / (28.0 * dt) * past.pose[3 + k][2 + i]
            bend += (k2 - 4.0) / (42.0 * dt * dt) * past.pose[3 + k][2 + i]
        later = TC_REST_LAG[i] * rate + TC_REST_SOFT[i] * bend
        rest[i] = value + later
        rate *= TC_REST_UNSURE * TC_REST_LAG[i]
        bend *= TC_REST_UNSURE * TC_REST_SOFT[i]
        variance[i] = rate * rate + bend * bend


cdef void past_shift(pose_past *past, const double *before, const double *after) noexcept nogil:
    """The estimate was corrected: so are the poses remembered."""
    cdef int32_t i, k
    for i in range(past.n):
        for k in range(N_POSE):
            past.pose[i][k] += after[k] - before[k]


cdef int32_t terrain_due(const fusion_filter *f) noexcept nogil:
    if f.past.n < N_PAST:
        return 0
    return f.t_terrain == NEVER or (f.distance >= f.terrain_at + TC_TERRAIN_STEP
                                    and seconds(f.t_ns, f.t_terrain) >= TC_TERRAIN_PERIOD)


cdef int32_t slope_reach(const fusion_filter *f, double lost, double *aside) noexcept nogil:
    """How far to look for the slopes of the stance; 0 = the place is too uncertain to be matched."""
    cdef int32_t i
    for i in range(2):
        aside[i] = sqrt(f.P[(X_P + i) * (N_X + 1)])
        if aside[i] > lost:
            return 0
        aside[i] = TC_TERRAIN_NEAR if aside[i] < TC_TERRAIN_NEAR else aside[i]
        aside[i] = TC_TERRAIN_FAR if aside[i] > TC_TERRAIN_FAR else aside[i]
    aside[2] = TC_TERRAIN_TURN
    return 1


cdef inline int32_t wheels_spin(const fusion_filter *f) noexcept nogil:
    return fresh(f, f.t_wheels, TC_ROLLING_AGE) and (f.wheels_fast or f.wheels_out > 0)


cdef void terrain_hold(fusion_filter *f, const fusion_motion *m, const double *now) noexcept nogil:
    """Wheels that spin say nothing of the way. On ground with features a vehicle that moves tilts: one that does not
    tilt stands, dug in or on its belly. The low-passed rate is the slope of the stance times the velocity."""
    cdef rest_slope s
    cdef fusion_row r
    cdef fusion_batch batch
    cdef double pose[3]
    cdef double aside[3]
    cdef double g_s[3]
    cdef double w_b[3]
    cdef double rate[2]
    cdef double noise = TC_HOLD_NOISE * TC_HOLD_NOISE, moved = 0.0
    cdef int32_t i, taken = 0
    if seconds(f.t_ns, f.t_terrain) < TC_HOLD_PERIOD - 1e-6:
        return
    f.t_terrain = f.t_ns
    for i in range(3):
        g_s[i] = f.g_low[i] - f.bg[i]
        noise += f.P[(X_BG + i) * (N_X + 1)] + shake_variance(f, i)
        moved += g_s[i] * g_s[i]
    pose[0] = now[0]
    pose[1] = now[1]
    pose[2] = now[5]
    if moved > TC_HOLD_RATE * TC_HOLD_RATE or f.t_tilted == NEVER:
        f.t_tilted = f.t_ns
    if seconds(f.t_ns, f.t_tilted) < TC_HOLD_QUIET or not wheels_spin(f) or not slope_reach(f, TC_HOLD_LOST, aside):
        return
    if not rest_slopes(f, pose, aside, &s):
        return
    rotate(f.R_bs, g_s, w_b)
    rate[1] = w_b[1] * cos(now[3]) - w_b[2] * sin(now[3])
    rate[0] = w_b[0] + (w_b[1] * sin(now[3]) + w_b[2] * cos(now[3])) * tan(now[4])
    batch_begin(&batch)
    for i in range(2):
        row_begin(&r, N_REST + i)
        row_put(&r, X_V, s.with_pose[1 + i][0])
        row_put(&r, X_V + 1, s.with_pose[1 + i][1])
        r.innovation = rate[i] - s.with_pose[1 + i][0] * f.v[0] - s.with_pose[1 + i][1] * f.v[1]
        r.variance = TC_HOLD_RAISED * (noise + rate[i] * rate[i])
        taken += row_update(f, &r, TC_GATE_1, 1.0, &batch, TC_KIND_TERRAIN)
    if taken:
        batch_end(f, &batch)


cdef int32_t terrain_doubt(fusion_filter *f) noexcept nogil:
    """What the way since the last update adds to the place's variance: errors of wheels and ground that last, what slid
    while wheels and constraint were refused, and more where the last stances fitted badly. 0 = the vehicle drops or
    slides, or the fixes contradict: no moment to compare."""
    cdef double slid = TC_TERRAIN_REFUSED * (0.25 * (f.gated[TC_KIND_WHEELS] - f.refused[0])
                                             + (f.gated[TC_KIND_CONSTRAINT] - f.refused[1]))
    cdef double variance
    cdef int32_t i
    slid = TC_TERRAIN_SLID if slid > TC_TERRAIN_SLID else slid
    variance = TC_TERRAIN_WAY * TC_TERRAIN_WAY + slid * slid
    f.refused[0] = f.gated[TC_KIND_WHEELS]
    f.refused[1] = f.gated[TC_KIND_CONSTRAINT]
    if f.terrain_nis > TC_TERRAIN_DOUBT:
        variance += f.terrain_nis * TC_TERRAIN_SLIP * TC_TERRAIN_SLIP
    for i in range(2):
        f.P[(X_P + i) * (N_X + 1)] += variance
    f.P[(X_P + 2) * (N_X + 1)] += TC_TERRAIN_WALK * TC_TERRAIN_WALK
    return slid < TC_TERRAIN_STEADY and f.t_gnss_refused_since == NEVER


cdef void terrain_lead(fusion_filter *f) noexcept nogil:
    """Something else knows the place: from here terrain aiding has not moved it."""
    memset(f.terrain_led, 0, sizeof(f.terrain_led))
    f.terrain_led_from = f.distance


cdef void terrain_misfit(fusion_filter *f) noexcept nogil:
    """The ground is not the map's: another place, or another ground by now. Back to where the way alone leads."""
    cdef double stray = TC_TERRAIN_STRAY * (f.distance - f.terrain_led_from)
    cdef int32_t i
    for i in range(3):
        f.p[i] -= f.terrain_led[i]
        covariance_forget(f, X_P + i, f.P[(X_P + i) * (N_X + 1)] + stray * stray + f.start[4] * f.start[4])
    f.P[(X_PHI + 2) * (N_X + 1)] += TC_TERRAIN_YAW * TC_TERRAIN_YAW
    terrain_lead(f)
    f.terrain_refusals += 1
    f.terrain_off_until = f.distance + TC_TERRAIN_PAUSE * f.terrain_refusals * f.terrain_refusals
    f.terrain_fit = f.terrain_nis = 0.0
    f.past.n = 0
    f.resets += 1


cdef void terrain_update(fusion_filter *f) noexcept nogil:
    """Called a few times a second on the way; compares once every TC_TERRAIN_STEP."""
    cdef fusion_motion m
    cdef rest_slope s
    cdef fusion_row rows[N_REST]
    cdef fusion_batch batch
    cdef double now[N_POSE]
    cdef double then[N_POSE]
    cdef double pose[3]
    cdef double aside[3]
    cdef double rest[N_REST]
    cdef double variance[N_REST]
    cdef int32_t i, taken = 0
    if not (has_ground(f) and f.heading and f.has_position) or f.distance < f.terrain_off_until:
        return
    if not f.terrain_known:
        terrain_found(f)
    body_motion(f, 0.0, &m)
    pose_now(f, &m, now)
    past_add(&f.past, f.t_ns, now)
    if f.t_terrain != NEVER and not f.still and not fresh(f, f.t_rolling_used, TC_ROLLING_AGE):
        terrain_hold(f, &m, now)        # where nothing holds the speed, any place that fits would do
        return
    if not terrain_due(f):
        return
    f.terrain_at = f.distance
    f.t_terrain = f.t_ns
    if not terrain_doubt(f):
        return
    past_rest(&f.past, rest, variance)
    pose[0] = f.past.pose[N_PAST // 2][0]
    pose[1] = f.past.pose[N_PAST // 2][1]
    pose[2] = f.past.pose[N_PAST // 2][5]
    if not slope_reach(f, TC_TERRAIN_LOST, aside) or not rest_slopes(f, pose, aside, &s):
        return
    rest_rows(f, &m, rest, pose, &s, rows)
    for i in range(N_REST):
        rows[i].variance = variance[i] + s.bend[i] + rest_variance(f, i, s.sunk)
    batch_begin(&batch)
    for i in range(N_REST):
        taken += rest_row(f, &rows[i], &batch)
    if taken:
        batch_end(f, &batch)
        for i in range(3):
            f.terrain_led[i] += batch.dx[X_P + i]
        body_motion(f, 0.0, &m)
        pose_now(f, &m, then)
        past_shift(&f.past, now, then)
    if f.terrain_fit > TC_TERRAIN_MISFIT:
        terrain_misfit(f)


cdef double rest_variance(const fusion_filter *f, int32_t i, double sunk) noexcept nogil:
    """Of the stance model and of the ground under four wheels: height, roll, pitch."""
    cdef double sigma = f.grid.sigma
    if i == 0:
        return f.c.rest_height_sd * f.c.rest_height_sd + sigma * sigma + sunk * sunk
    sunk /= 0.5 * (f.track[0] if i == 1 else f.wheelbase)
    sigma /= f.track[0] if i == 1 else f.wheelbase
    return f.c.rest_attitude_sd * f.c.rest_attitude_sd + sigma * sigma + sunk * sunk
