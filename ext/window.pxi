# The window: the ground around the vehicle as the engine knows it, from the host's terrain and from its own wheels.
#
# A plain grid of fine posts that all stations read as they read a host's. It is moved in rare steps of whole posts,
# by memmove, and what comes in is filled from the terrain: a ring would cost every look-up a wrap. Terrain that is as
# fine and no less sure than the window is read in place: wheels could teach it nothing.

cdef enum:
    RIDE_POSES = 3
    TRACK_NODES = 40                    # on each side
    TEACH_FOLLOW = 2 * TRACK_NODES      # states: track nodes left, right from the newest; ground below the two wheels
    TEACH_OFFSET = 2 * TRACK_NODES + 2  # that follow; the offset,
    TEACH_PITCH = 2 * TRACK_NODES + 3   # and how far pitch and roll of fusion are off
    TEACH_ROLL = 2 * TRACK_NODES + 4
    TEACH_STATES = 2 * TRACK_NODES + 5

cdef extern from *:
    """
    static const double TC_WINDOW_STEP = 2.0;           /* m from its middle at which the window is moved */
    static const double TC_TEACH_REACH = 0.65;          /* of a terrain's cell, how far its errors hang together, */
    static const double TC_TEACH_LEAST_REACH = 0.15;    /* m at least, */
    static const double TC_TEACH_MOST_REACH = 0.8;      /* and at most */
    static const double TC_LEAN_SD = 0.01;              /* rad, load, pull of the drive and mounting lean the body */
    """
    const double TC_WINDOW_STEP, TC_TEACH_REACH, TC_TEACH_LEAST_REACH, TC_TEACH_MOST_REACH, TC_LEAN_SD

cdef struct track_node:
    double at[2][2]                     # of the left and right contact, world, m
    double ahead[2]                     # unit vector of travel

cdef struct ride_pose:                  # how the vehicle was, as fusion had it
    int64_t t_ns
    double at[4]                        # x, y, z of the body origin, yaw, world
    double lean[2]                      # pitch, roll, rad
    double sd[2]                        # of both
    double sd_height                    # m
    double along                        # speed forward, m/s
    double distance                     # travelled, m

cdef struct ground_window:
    tc_window_config config
    tc_grid grid                        # as the stations read it; its arrays are these
    float *height
    float *sigma
    float *highest
    float *rare
    float *spread
    float *taught                       # s after t0_ns
    uint8_t *origin
    int64_t i0, j0                      # of its south-west post, in spacings from the world's origin
    int32_t filled                      # it lies about the vehicle
    int32_t hides                       # the terrain tells what it hides
    double reach                        # of an error of the terrain, m
    int64_t t0_ns
    int32_t has_time
    double offset                       # fusion's height over the terrain's, m
    double lean[2]                      # fusion's pitch and roll over those at rest, rad
    double height_variance              # of fusion at the last lesson, m^2
    double taught_at                    # distance travelled at the last lesson, m
    int32_t lessons
    int32_t lead                        # axle that goes ahead
    int32_t n_nodes
    track_node node[TRACK_NODES]        # the newest first
    double P[TEACH_STATES][TEACH_STATES]
    int32_t n_past
    ride_pose past[RIDE_POSES]          # the newest last; the middle one is learnt from
    uint32_t taught_posts
    double half_tread                   # and a post's own half, m
    double front_share                  # of the roll stiffness


cdef size_t window_memory(const tc_window_config *c) noexcept nogil:
    return <size_t> c.posts * c.posts * (6 * sizeof(float) + sizeof(uint8_t))


cdef void window_default(tc_window_config *c) noexcept nogil:
    c.posts = 512
    c.learn = 1
    c.spacing = 0.10
    c.offset_sd = 50.0                  # ellipsoid against geoid
    c.offset_walk = 0.01


cdef tc_status window_check(const tc_window_config *c) noexcept nogil:
    if c.posts == 0:
        return TC_OK
    if c.posts < 64 or c.posts > 4096 or c.posts % 2 != 0:
        return TC_E_RANGE
    if not (c.spacing >= 0.01 and c.spacing <= 1.0 and c.offset_sd > 0.0 and isfinite(c.offset_sd)
            and c.offset_walk >= 0.0 and isfinite(c.offset_walk)):
        return TC_E_RANGE
    return TC_OK


cdef double axle_roll_rate(const axle_model *a, double tyre_rate) noexcept nogil:
    """Stiffness of the body's roll against the ground on one axle, N m/rad: springs and bar over tyres."""
    cdef double body, tyres = 2.0 * tyre_rate * a.half_track * a.half_track
    if a.solid:
        body = 2.0 * a.rate * a.half_base * a.half_base + a.anti_roll
    else:
        body = 2.0 * (a.rate + 2.0 * a.anti_roll) * a.half_track * a.half_track
    return body * tyres / (body + tyres)


cdef void window_init(ground_window *w, void *memory, const tc_window_config *c, const stance_model *m) noexcept nogil:
    """w is zeroed, memory holds window_memory(c) bytes."""
    cdef size_t n = <size_t> c.posts * c.posts
    cdef double front = axle_roll_rate(&m.axle[0], m.vehicle.tyre_stiffness)
    w.config = c[0]
    w.front_share = front / (front + axle_roll_rate(&m.axle[1], m.vehicle.tyre_stiffness))
    w.height = <float *> memory
    w.sigma = w.height + n
    w.highest = w.sigma + n
    w.rare = w.highest + n
    w.spread = w.rare + n
    w.taught = w.spread + n
    w.origin = <uint8_t *> (w.taught + n)
    w.P[TEACH_OFFSET][TEACH_OFFSET] = c.offset_sd * c.offset_sd
    w.P[TEACH_PITCH][TEACH_PITCH] = w.P[TEACH_ROLL][TEACH_ROLL] = TC_LEAN_SD * TC_LEAN_SD
    w.half_tread = 0.5 * m.vehicle.tyre_tread + 0.5 * c.spacing
    w.grid.struct_size = sizeof(tc_grid)
    w.grid.nx = w.grid.ny = <int32_t> c.posts
    w.grid.dx = c.spacing
    w.grid.height = w.height
    w.grid.post_sigma = w.sigma


cdef inline bint window_serves(const ground_window *w, const tc_grid *g) noexcept nogil:
    """Whether this terrain is looked at through the window."""
    return w.config.posts > 0 and (g.dx > 1.001 * w.config.spacing or g.post_sigma is not NULL)


cdef void post_fill(ground_window *w, const tc_grid *g, int64_t at, double x, double y) noexcept nogil:
    """One post from the terrain."""
    cdef int64_t post
    cdef double z
    w.taught[at] = <float> NAN
    w.origin[at] = TC_ORIGIN_NONE
    w.sigma[at] = w.highest[at] = w.rare[at] = w.spread[at] = <float> NAN
    if ground(g, x, y, &z) != GROUND_OK:
        w.height[at] = <float> NAN
        return
    post = nearest_post(g, x, y)
    w.height[at] = <float> z
    w.origin[at] = TC_ORIGIN_TERRAIN
    w.sigma[at] = <float> sigma_at(g, post)
    if w.hides:
        w.highest[at] = g.highest[post]
        w.rare[at] = g.highest_rare[post]
        w.spread[at] = g.spread[post]


cdef void window_fill(ground_window *w, const tc_grid *g, int32_t x_from, int32_t x_to, int32_t y_from,
                      int32_t y_to, bint keep) noexcept nogil:
    """The posts [x_from, x_to) x [y_from, y_to) from the terrain; keep leaves those the wheels taught."""
    cdef int32_t i, j
    cdef int64_t at
    for j in range(y_from, y_to):
        for i in range(x_from, x_to):
            at = <int64_t> j * w.grid.nx + i
            if not (keep and w.origin[at] == TC_ORIGIN_WHEELS):
                post_fill(w, g, at, (w.i0 + i) * w.grid.dx, (w.j0 + j) * w.grid.dx)


cdef void shift_floats(float *a, int64_t n, int64_t by) noexcept nogil:
    """a[k] = a[k + by] where both are inside."""
    if by >= 0:
        memmove(a, a + by, (n - by) * sizeof(float))
    else:
        memmove(a - by, a, (n + by) * sizeof(float))


cdef void window_shift(ground_window *w, const tc_grid *g, int32_t right, int32_t up) noexcept nogil:
    """Move the window by whole posts, less than a side, and fill what comes in. Rows move as one block: what wraps
    from one row to the next lies in the columns filled anew."""
    cdef int32_t n = w.grid.nx
    cdef int64_t by = <int64_t> up * n + right, size = <int64_t> n * n
    cdef int32_t x_from = n - right if right > 0 else 0, x_to = n if right > 0 else -right
    cdef int32_t y_from = n - up if up > 0 else 0, y_to = n if up > 0 else -up
    shift_floats(w.height, size, by)
    shift_floats(w.sigma, size, by)
    shift_floats(w.highest, size, by)
    shift_floats(w.rare, size, by)
    shift_floats(w.spread, size, by)
    shift_floats(w.taught, size, by)
    if by >= 0:
        memmove(w.origin, w.origin + by, size - by)
    else:
        memmove(w.origin - by, w.origin, size + by)
    w.i0 += right
    w.j0 += up
    window_fill(w, g, x_from, x_to, 0, n, False)
    window_fill(w, g, 0, n, y_from, y_to, False)


cdef void window_lay(ground_window *w) noexcept nogil:
    w.grid.x0 = w.i0 * w.grid.dx
    w.grid.y0 = w.j0 * w.grid.dx


cdef void window_source(ground_window *w, const tc_grid *g) noexcept nogil:
    """Another terrain: what the wheels taught stays, all else is filled anew."""
    cdef double cell = g.cell if g.cell > 0.0 else g.dx
    w.hides = g.highest is not NULL
    w.grid.sigma = g.sigma
    w.grid.cell = cell
    w.grid.highest = w.highest if w.hides else NULL
    w.grid.highest_rare = w.rare if w.hides else NULL
    w.grid.spread = w.spread if w.hides else NULL
    w.reach = TC_TEACH_REACH * cell
    w.reach = TC_TEACH_LEAST_REACH if w.reach < TC_TEACH_LEAST_REACH else w.reach
    w.reach = TC_TEACH_MOST_REACH if w.reach > TC_TEACH_MOST_REACH else w.reach
    if w.filled:
        window_fill(w, g, 0, w.grid.nx, 0, w.grid.nx, True)


cdef bint window_follow(ground_window *w, const tc_grid *g, double x, double y) noexcept nogil:
    """Keep the vehicle near the middle. Whether posts moved for it."""
    cdef int64_t i = <int64_t> floor(x / w.grid.dx) - w.grid.nx // 2
    cdef int64_t j = <int64_t> floor(y / w.grid.dx) - w.grid.ny // 2
    cdef int64_t right = i - w.i0, up = j - w.j0, step = <int64_t> (TC_WINDOW_STEP / w.grid.dx)
    if not w.filled or right >= w.grid.nx or -right >= w.grid.nx or up >= w.grid.nx or -up >= w.grid.nx:
        w.i0 = i
        w.j0 = j
        w.filled = 1
        window_fill(w, g, 0, w.grid.nx, 0, w.grid.nx, False)
    elif right >= step or -right >= step or up >= step or -up >= step:
        window_shift(w, g, <int32_t> right, <int32_t> up)
    else:
        return False
    window_lay(w)
    return True
