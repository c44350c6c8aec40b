# What wheels teach the window of the ground. At rest on the window the vehicle has height, roll and pitch z, r, p;
# fusion says what they are:
#
#     z_fused - z = (d_rl + d_rr) / 2 + o                         d_w  error of the ground below wheel w
#     p_fused - p = (d_rl + d_rr - d_fl - d_fr) / (2 wheelbase)   o    height of fusion over that of the terrain
#     r_fused - r = f (d_fl - d_fr) / track + (1 - f) (d_rl - d_rr) / track       f  roll stiffness of the front axle
#
# Three equations and many more unknowns: the errors of the ground along the two tracks of the last four metres, and the
# offset. Their covariance is kept, so that what the leading wheels could not tell apart (the twist between the axles)
# is told when the others come by, and no error is counted twice. A Kalman update a lesson; what it says of the tracks
# is at once spread to the posts beside them, as far as errors of the terrain hang together.
#
# A body on its springs follows the ground late: where it would have come to rest is told from three poses, and the
# middle one is learnt from.

cdef extern from *:
    """
    static const double TC_TEACH_STEP = 0.10;           /* m rolled between lessons */
    static const double TC_TEACH_HEIGHT = 0.02;         /* m, tyre and soil */
    /* how far a body that drives is from rest, once its lag is taken out: standing, and more with speed (s/m); 0.2 to
       0.3 deg of pitch, 0.3 to 0.7 deg of roll at 0.5 to 1 m/s on rig drives over rocks, exact ground, 5 drives */
    static const double TC_TEACH_PITCH = 0.003, TC_TEACH_PITCH_RIDE = 0.003;    /* rad */
    static const double TC_TEACH_ROLL = 0.004, TC_TEACH_ROLL_RIDE = 0.006;
    static const double TC_RIDE_SPACING = 0.08;         /* s between the poses a lag is told from, at least, */
    static const double TC_RIDE_GAP = 0.25;             /* and at most: a quarter of a period of roll */
    static const double TC_TEACH_GATE = 5.0;            /* standard deviations: beyond it is no ground */
    static const double TC_TEACH_SUREST = 0.01;         /* m, a post known better is left alone; */
    static const double TC_TEACH_UNFELT = 0.025;        /* m, and what a tyre does not feel stays unknown */
    static const double TC_TEACH_PATCH = 2.0;           /* reaches, farther off nothing is taught */
    static const double TC_LEAN_WALK = 0.0005;          /* rad/sqrt(m), how the lean of the body wanders */
    static const double TC_TREAD_FOOT = 0.08;           /* m ahead of its contact a tyre still lies on the ground */
    static const double TC_TEACH_LEAST = 0.0005;        /* m, less is not written down */
    static const double TC_TRACK_GAP = 0.6;             /* m between lessons after which a track begins anew */
    """
    const double TC_TEACH_STEP, TC_TEACH_HEIGHT, TC_TEACH_PITCH, TC_TEACH_PITCH_RIDE, TC_TEACH_ROLL
    const double TC_TEACH_ROLL_RIDE, TC_RIDE_SPACING, TC_RIDE_GAP, TC_TEACH_GATE, TC_TEACH_SUREST
    const double TC_TEACH_UNFELT, TC_TEACH_PATCH
    const double TC_LEAN_WALK, TC_TREAD_FOOT, TC_TEACH_LEAST, TC_TRACK_GAP


cdef inline double post_doubt(const ground_window *w, int64_t post) noexcept nogil:
    """Standard deviation of the ground at a post, what is hidden included, m."""
    cdef double s = w.sigma[post], h = w.spread[post] if w.hides and not isnan(w.spread[post]) else 0.0
    return sqrt(s * s + h * h)


cdef void lesson_row(ground_window *w, double *x, const double *H, double innovation, double variance) noexcept nogil:
    """Scalar Kalman update."""
    cdef double PH[TEACH_STATES]
    cdef double s = variance
    cdef int32_t i, j
    for i in range(TEACH_STATES):
        PH[i] = 0.0
        for j in range(TEACH_STATES):
            PH[i] += w.P[i][j] * H[j]
        innovation -= H[i] * x[i]
    for i in range(TEACH_STATES):
        s += H[i] * PH[i]
    for i in range(TEACH_STATES):
        x[i] += PH[i] / s * innovation
        for j in range(TEACH_STATES):
            w.P[i][j] -= PH[i] * PH[j] / s


cdef bint lesson_odd(const ground_window *w, const double *H, double innovation, double variance) noexcept nogil:
    """Whether an innovation cannot be of the ground."""
    cdef double s = variance
    cdef int32_t i, j
    for i in range(TEACH_STATES):
        if H[i] != 0.0:
            for j in range(TEACH_STATES):
                s += H[i] * w.P[i][j] * H[j]
    return innovation * innovation > TC_TEACH_GATE * TC_TEACH_GATE * s


cdef void state_hang(ground_window *w, int32_t state, int32_t on, double share, double doubt) noexcept nogil:
    """A state whose error is `share` of another's (-1 = none) and for the rest its own, doubt in all."""
    cdef int32_t j
    cdef double own = doubt * doubt, least
    for j in range(TEACH_STATES):
        w.P[state][j] = w.P[j][state] = share * w.P[on][j] if on >= 0 and j != state else 0.0
    least = share * share * w.P[on][on] if on >= 0 else 0.0
    w.P[state][state] = own if own > least else least


cdef void track_shift(ground_window *w) noexcept nogil:
    """Make room for a newest node; the oldest is let go."""
    cdef int32_t i, j, last = 2 * TRACK_NODES - 1
    for i in range(TRACK_NODES - 1, 0, -1):
        w.node[i] = w.node[i - 1]
    for i in range(last, 1, -1):
        for j in range(last, 1, -1):
            w.P[i][j] = w.P[i - 2][j - 2]
        for j in range(TEACH_OFFSET, TEACH_STATES):
            w.P[i][j] = w.P[j][i] = w.P[i - 2][j]
    w.n_nodes = w.n_nodes + 1 if w.n_nodes < TRACK_NODES else TRACK_NODES


cdef inline double apart(const double *a, const double *b) noexcept nogil:
    return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]))


cdef inline double hangs_together(const ground_window *w, double distance) noexcept nogil:
    """Correlation of two errors of the terrain."""
    return exp(-distance / w.reach)


cdef int32_t track_nearest(const ground_window *w, int32_t side, const double *at, double *distance) noexcept nogil:
    """Node of a side nearest to a place, -1 = none."""
    cdef int32_t k, best = -1
    cdef double d
    for k in range(w.n_nodes):
        d = apart(w.node[k].at[side], at)
        if best < 0 or d < distance[0]:
            distance[0] = d
            best = k
    return best


cdef void post_teach(ground_window *w, int64_t at, double gain, double error, double doubt, double lost,
                     float now) noexcept nogil:
    """Take into a post an error of the ground found nearby, where doubt was before, and the variance the post lost."""
    cdef double before = post_doubt(w, at), after, left, least
    if not before > TC_TEACH_SUREST or isnan(w.height[at]):
        return
    left = before / doubt if before < doubt else 1.0
    least = before if before < TC_TEACH_UNFELT else TC_TEACH_UNFELT
    after = before * before - left * left * lost
    after = sqrt(after) if after > least * least else least
    w.height[at] += <float> (left * gain * error)
    left = after / before
    w.sigma[at] *= <float> left
    if w.hides:
        w.highest[at] *= <float> left
        w.rare[at] *= <float> left
        w.spread[at] *= <float> left
    w.taught[at] = now
    w.origin[at] = TC_ORIGIN_WHEELS
    w.taught_posts += 1


cdef void node_teach(ground_window *w, int32_t k, int32_t side, double error, double before, double after,
                     float now) noexcept nogil:
    """Spread what was learnt at a node to the posts beside it, along the track in line with its neighbours."""
    cdef const track_node *node = &w.node[k]
    cdef double u = node.at[side][0] / w.grid.dx - w.i0, v = node.at[side][1] / w.grid.dx - w.j0
    cdef double wide = TC_TEACH_PATCH * w.reach / w.grid.dx, dx, dy, along, aside, hat, beside
    cdef double newer = apart(node.at[side], w.node[k - 1].at[side]) if k > 0 else 0.0
    cdef double older = apart(node.at[side], w.node[k + 1].at[side]) if k + 1 < w.n_nodes else TC_TEACH_STEP
    cdef int32_t i, j, n = w.grid.nx
    cdef int32_t x_from = <int32_t> (u - wide) + 1, x_to = <int32_t> (u + wide)
    cdef int32_t y_from = <int32_t> (v - wide) + 1, y_to = <int32_t> (v + wide)
    if not (x_from >= 0 and y_from >= 0 and x_to < n and y_to < n):
        return
    for j in range(y_from, y_to + 1):
        for i in range(x_from, x_to + 1):
            dx = (i - u) * w.grid.dx
            dy = (j - v) * w.grid.dx
            along = dx * node.ahead[0] + dy * node.ahead[1]
            aside = dy * node.ahead[0] - dx * node.ahead[1]
            if along >= 0.0:
                hat = 1.0 - along / newer if along < newer else 0.0
                if k == 0:
                    hat = hangs_together(w, larger(along - TC_TREAD_FOOT, 0.0))
            else:
                hat = 1.0 + along / older if along > -older else 0.0
            if hat <= 0.0:
                continue
            aside = fabs(aside) - w.half_tread          # a tread lies on all of its width
            beside = hangs_together(w, aside if aside > 0.0 else 0.0)
            post_teach(w, <int64_t> j * n + i, hat * beside, error, sqrt(before),
                       hat * beside * beside * (hat if k == 0 and along > 0.0 else 1.0) * (before - after), now)


cdef void track_teach(ground_window *w, const double *x, const double *before, float now) noexcept nogil:
    cdef int32_t k, side, i
    for k in range(w.n_nodes):
        for side in range(2):
            i = 2 * k + side
            if fabs(x[i]) > TC_TEACH_LEAST or before[i] - w.P[i][i] > 0.02 * before[i]:
                node_teach(w, k, side, x[i], before[i], w.P[i][i], now)


cdef bint lesson_fit(const tc_stance *rest, int32_t n_parts) noexcept nogil:
    """Whether this rest can teach: all wheels on the ground and nothing else."""
    cdef int32_t i
    if rest.status != TC_STANCE_OK or rest.quality == TC_REST_EDGE or rest.lifted != 0:
        return False
    for i in range(n_parts):
        if not rest.clearance[i] > 0.0:
            return False
    return True


cdef void offset_wander(ground_window *w, const ride_pose *pose, double rolled) noexcept nogil:
    """The offset gets less sure as far as fusion's height does, and by the terrain's own bend."""
    cdef double height = pose.sd_height * pose.sd_height, more = height - w.height_variance
    w.P[TEACH_OFFSET][TEACH_OFFSET] += w.config.offset_walk * w.config.offset_walk * rolled
    if w.lessons > 0:
        w.P[TEACH_OFFSET][TEACH_OFFSET] += fabs(more)       # a fix that makes it surer moves it, too
    w.height_variance = height
    w.P[TEACH_PITCH][TEACH_PITCH] += TC_LEAN_WALK * TC_LEAN_WALK * rolled
    w.P[TEACH_ROLL][TEACH_ROLL] += TC_LEAN_WALK * TC_LEAN_WALK * rolled


cdef bint lesson_begin(ground_window *w, const ride_pose *pose, const tc_stance *rest, double rolled,
                       int32_t lead) noexcept nogil:
    """Prior of the unknowns at this place. False where the ground below a wheel is unknown."""
    cdef double doubt[TC_WHEELS]
    cdef double d = 0.0
    cdef int32_t i, side, k
    cdef int64_t post
    for i in range(TC_WHEELS):
        post = nearest_post(&w.grid, rest.contact[i][0], rest.contact[i][1])
        if post < 0 or isnan(w.height[post]):
            return False
        doubt[i] = larger(post_doubt(w, post), TC_TEACH_SUREST)
    if lead != w.lead or rolled > TC_TRACK_GAP:
        w.n_nodes = 0
        w.lead = lead
    track_shift(w)
    w.node[0].ahead[0] = cos(rest.yaw) * (1 - 2 * lead)
    w.node[0].ahead[1] = sin(rest.yaw) * (1 - 2 * lead)
    for side in range(2):
        i = 2 * lead + side
        w.node[0].at[side][0] = rest.contact[i][0]
        w.node[0].at[side][1] = rest.contact[i][1]
    for side in range(2):
        i = 2 * lead + side
        k = 2 + side if w.n_nodes > 1 else -1
        state_hang(w, side, -1, 0.0, doubt[i])
        if k >= 0:
            state_hang(w, side, k, hangs_together(w, apart(w.node[0].at[side], w.node[1].at[side])), doubt[i])
    for side in range(2):
        i = 2 * (1 - lead) + side
        k = track_nearest(w, side, rest.contact[i], &d)
        state_hang(w, TEACH_FOLLOW + side, 2 * k + side, hangs_together(w, d), doubt[i])
    offset_wander(w, pose, rolled)
    return True


cdef void lesson_rows(const ground_window *w, const stance_model *m, double (*H)[TEACH_STATES]) noexcept nogil:
    """What height, pitch and roll at rest have of the unknowns."""
    cdef double wb = m.vehicle.wheelbase, share
    cdef int32_t axle, side, at
    memset(H, 0, 3 * TEACH_STATES * sizeof(double))
    H[0][TEACH_OFFSET] = H[1][TEACH_PITCH] = H[2][TEACH_ROLL] = 1.0
    for axle in range(2):
        share = w.front_share if axle == 0 else 1.0 - w.front_share
        for side in range(2):
            at = side if axle == w.lead else TEACH_FOLLOW + side
            H[0][at] = 0.5 * axle
            H[1][at] = 0.5 * (2 * axle - 1) / wb
            H[2][at] = 0.5 * (1 - 2 * side) * share / m.axle[axle].half_track


cdef bint ride_add(ground_window *w, const tc_state *state, int64_t t_ns) noexcept nogil:
    """Remember a pose, and forget those before a gap. Whether there is one more to learn from."""
    cdef ride_pose *p
    cdef int32_t i
    if not (isfinite(state.sd_attitude[0]) and isfinite(state.sd_attitude[1])):
        w.n_past = 0
        return False
    if w.n_past > 0 and seconds(t_ns, w.past[w.n_past - 1].t_ns) < TC_RIDE_SPACING:
        return False
    if w.n_past > 0 and seconds(t_ns, w.past[w.n_past - 1].t_ns) > TC_RIDE_GAP:
        w.n_past = 0
    if w.n_past == RIDE_POSES:
        for i in range(RIDE_POSES - 1):
            w.past[i] = w.past[i + 1]
        w.n_past -= 1
    p = &w.past[w.n_past]
    w.n_past += 1
    p.t_ns = t_ns
    for i in range(3):
        p.at[i] = state.position[i]
    p.at[3] = state.yaw
    p.lean[0] = state.pitch
    p.lean[1] = state.roll
    p.sd[0] = state.sd_attitude[1]
    p.sd[1] = state.sd_attitude[0]
    p.sd_height = state.sd_position[2]
    p.along = state.velocity[0] * cos(state.yaw) + state.velocity[1] * sin(state.yaw)
    p.distance = state.distance
    return w.n_past == RIDE_POSES


cdef void ride_rest(const ground_window *w, double *lean, double *variance) noexcept nogil:
    """Pitch and roll the body would rest at where the middle pose is, and how unsure that is: a body on its springs
    follows the ground late (fusion_terrain.pxi)."""
    cdef const ride_pose *p = w.past
    cdef double before = seconds(p[1].t_ns, p[0].t_ns), after = seconds(p[2].t_ns, p[1].t_ns)
    cdef double came, goes, late, soft, still, ride
    cdef int32_t i, k
    for i in range(2):
        k = N_REST - 1 - i              # height, roll, pitch there
        came = (p[1].lean[i] - p[0].lean[i]) / before
        goes = (p[2].lean[i] - p[1].lean[i]) / after
        late = TC_REST_LAG[k] * (came * after + goes * before) / (before + after)
        soft = TC_REST_SOFT[k] * 2.0 * (goes - came) / (before + after)
        still = TC_TEACH_PITCH if i == 0 else TC_TEACH_ROLL
        ride = TC_TEACH_PITCH_RIDE if i == 0 else TC_TEACH_ROLL_RIDE
        ride = still + ride * fabs(p[1].along)
        lean[i] = p[1].lean[i] + late + soft
        variance[i] = (ride * ride + p[1].sd[i] * p[1].sd[i]
                       + TC_REST_UNSURE * TC_REST_UNSURE * (late * late + soft * soft))


cdef bint window_teach(ground_window *w, const stance_model *m, const tc_state *state, int64_t t_ns) noexcept nogil:
    """One lesson from where the vehicle stood a moment ago. False where nothing was learnt."""
    cdef tc_stance rest
    cdef double x[TEACH_STATES]
    cdef double before[TEACH_STATES]
    cdef double H[3][TEACH_STATES]
    cdef double seen[3]
    cdef double lean[2]
    cdef double variance[3]
    cdef const ride_pose *pose = &w.past[RIDE_POSES // 2]
    cdef double rolled
    cdef int32_t i
    if not w.has_time:
        w.t0_ns = t_ns
        w.has_time = 1
    if not ride_add(w, state, t_ns):
        return False
    rolled = fabs(pose.distance - w.taught_at) if w.lessons > 0 else 0.0
    if w.lessons > 0 and rolled < TC_TEACH_STEP:
        return False
    stance_solve(m, &w.grid, pose.at[0], pose.at[1], pose.at[3], NULL, &rest)
    if not lesson_fit(&rest, <int32_t> m.vehicle.n_parts):
        return False
    if not lesson_begin(w, pose, &rest, rolled, 1 if pose.along < 0.0 else 0):
        return False
    w.taught_at = pose.distance
    w.lessons += 1
    memset(x, 0, sizeof(x))
    lesson_rows(w, m, H)
    ride_rest(w, lean, &variance[1])
    variance[0] = TC_TEACH_HEIGHT * TC_TEACH_HEIGHT
    seen[0] = pose.at[2] - rest.z - w.offset
    seen[1] = lean[0] - rest.pitch - w.lean[0]
    seen[2] = lean[1] - rest.roll - w.lean[1]
    for i in range(3):
        if lesson_odd(w, H[i], seen[i], variance[i]):
            return False
    for i in range(TEACH_STATES):
        before[i] = w.P[i][i]
    for i in range(3):
        lesson_row(w, x, H[i], seen[i], variance[i])
    w.offset += x[TEACH_OFFSET]
    w.lean[0] += x[TEACH_PITCH]
    w.lean[1] += x[TEACH_ROLL]
    track_teach(w, x, before, <float> (<double> (t_ns - w.t0_ns) * 1e-9))
    return True
