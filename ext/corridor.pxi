# The corridor: the stretch of trail a line is planned along, at even spacing, and how far to its side a point lies.
#
# The stretch begins a little behind the start and ends beyond the goal by the vehicle's overhangs, along the trail as
# far as that goes, then straight on. Points are placed on it near a segment already known, so that a trail that comes
# back beside itself stays two trails.

cdef enum:
    CORRIDOR_MAX = 512                  # points of the stretch

cdef extern from *:
    """
    static const double TC_CORRIDOR_SPACING = 0.25;     /* m between points of the stretch, more where it is long */
    static const double TC_CORRIDOR_REACH = 3.0;        /* m along the stretch within which a point is looked for */
    static const double TC_CORRIDOR_AMBIGUOUS = 1.0;    /* m a place that runs the other way counts as farther */
    static const double TC_CORRIDOR_SAME = 0.25;        /* m: a place no farther than this is as near */
    static const double TC_CORRIDOR_TANGENT = 0.75;     /* m each way over which the direction is taken */
    """
    const double TC_CORRIDOR_SPACING, TC_CORRIDOR_REACH, TC_CORRIDOR_AMBIGUOUS, TC_CORRIDOR_SAME
    const double TC_CORRIDOR_TANGENT

cdef struct corridor:
    double x[CORRIDOR_MAX]
    double y[CORRIDOR_MAX]
    int32_t n
    double spacing                      # m
    int32_t reach                       # segments searched either way
    double s_start, s_goal              # where start and goal lie on it, m from its first point
    double goal_distance                # of the goal from it, m

cdef struct trail_place:
    int32_t segment                     # from point segment to segment + 1
    double along                        # within it, 0 to 1
    double s                            # m from the trail's first point
    double distance                     # m

cdef struct trail_walk:
    const double *xy
    int32_t n
    int32_t sign                        # 1 along the trail, -1 against it
    int32_t segment
    double u                            # walked of the segment, m
    double dx, dy, length               # the segment as walked: unit vector and length


cdef inline double segment_place(const double *xy, int32_t i, double x, double y, double *u,
                                 double *length) noexcept nogil:
    """Squared distance of (x, y) from segment i, u = 0 to 1 along it, and its length."""
    cdef double ex = xy[2 * i + 2] - xy[2 * i], ey = xy[2 * i + 3] - xy[2 * i + 1]
    cdef double dx = x - xy[2 * i], dy = y - xy[2 * i + 1], len2 = ex * ex + ey * ey
    u[0] = 0.0 if len2 == 0.0 else (dx * ex + dy * ey) / len2
    u[0] = 0.0 if u[0] < 0.0 else 1.0 if u[0] > 1.0 else u[0]
    length[0] = sqrt(len2)
    dx -= u[0] * ex
    dy -= u[0] * ey
    return dx * dx + dy * dy


cdef double trail_start(const double *xy, int32_t n, double x, double y, double yaw, trail_place *at) noexcept nogil:
    """Where on the trail a vehicle at (x, y, yaw) is: the nearest place, where two are about as near the one that runs
    its way. Returns the trail's length."""
    cdef double s = 0.0, u, d, length, turned, best = 1e300
    cdef int32_t i
    for i in range(n - 1):
        d = sqrt(segment_place(xy, i, x, y, &u, &length))
        turned = 0.5 * (1.0 - cos(atan2(xy[2 * i + 3] - xy[2 * i + 1], xy[2 * i + 2] - xy[2 * i]) - yaw))
        if d + TC_CORRIDOR_AMBIGUOUS * turned < best and length > 0.0:
            best = d + TC_CORRIDOR_AMBIGUOUS * turned
            at.segment, at.along, at.s, at.distance = i, u, s + u * length, d
        s += length
    return s


cdef void trail_goal(const double *xy, int32_t n, double total, double x, double y, double s_start, int32_t sign,
                     trail_place *at) noexcept nogil:
    """The first place beyond s_start, walking along the trail (sign 1) or against it (-1), about as near to (x, y) as
    any other; total is the trail's length. The distance is 1e300 where nothing lies beyond."""
    cdef double walked, s, u, d, length, nearest = 1e300
    cdef double s_from = s_start if sign > 0 else total - s_start
    cdef int32_t i, k, turn
    at.distance = 1e300
    for turn in range(2):
        walked = 0.0
        for k in range(n - 1):
            i = k if sign > 0 else n - 2 - k
            d = sqrt(segment_place(xy, i, x, y, &u, &length))
            s = walked + (u if sign > 0 else 1.0 - u) * length
            walked += length
            if length == 0.0 or s < s_from:
                continue
            if turn == 0:
                nearest = d if d < nearest else nearest
            elif (at.distance == 1e300 and d <= nearest + TC_CORRIDOR_SAME) or (
                    d < at.distance and s < at.s + TC_CORRIDOR_REACH):
                at.segment, at.along, at.s, at.distance = i, u, s, d
    if at.distance < 1e300 and sign < 0:
        at.s = total - at.s


cdef void walk_enter(trail_walk *w, int32_t segment) noexcept nogil:
    """Stand at the beginning of a segment, as seen in the direction walked. Beyond the ends the last one goes on."""
    cdef const double *a = w.xy + 2 * (segment if w.sign > 0 else segment + 1)
    cdef const double *b = w.xy + 2 * (segment + 1 if w.sign > 0 else segment)
    cdef double ex = b[0] - a[0], ey = b[1] - a[1]
    w.segment = segment
    w.length = sqrt(ex * ex + ey * ey)
    w.u = 0.0
    if w.length > 0.0:
        w.dx = ex / w.length
        w.dy = ey / w.length


cdef void walk_on(trail_walk *w, double ds, double *x, double *y) noexcept nogil:
    """Walk ds further and say where that is."""
    cdef const double *a
    cdef int32_t next_segment
    w.u += ds
    while w.u > w.length or w.length == 0.0:
        next_segment = w.segment + w.sign
        if next_segment < 0 or next_segment > w.n - 2:
            break
        ds = w.u - w.length
        walk_enter(w, next_segment)
        w.u = ds
    a = w.xy + 2 * (w.segment if w.sign > 0 else w.segment + 1)
    x[0] = a[0] + w.u * w.dx
    y[0] = a[1] + w.u * w.dy


cdef void corridor_build(corridor *c, const double *xy, int32_t n, const double *start, const double *goal,
                         double behind, double ahead) noexcept nogil:
    """The stretch from start to goal, with `behind` and `ahead` metres before and after it. A goal that lies the other
    way on the trail turns it round."""
    cdef trail_place a, b, back
    cdef trail_walk w
    cdef double length, stretch, x, y
    cdef double total = trail_start(xy, n, start[0], start[1], start[2], &a)
    cdef int32_t i, n_behind, sign = 1
    trail_goal(xy, n, total, goal[0], goal[1], a.s, 1, &b)
    trail_goal(xy, n, total, goal[0], goal[1], a.s, -1, &back)
    if back.distance + TC_CORRIDOR_AMBIGUOUS < b.distance:
        sign = -1
        b = back
    length = fabs(b.s - a.s)
    stretch = behind + length + ahead
    c.spacing = TC_CORRIDOR_SPACING
    if stretch > (CORRIDOR_MAX - 2) * c.spacing:
        c.spacing = stretch / (CORRIDOR_MAX - 2)
    c.n = <int32_t> (stretch / c.spacing) + 2
    c.reach = <int32_t> (TC_CORRIDOR_REACH / c.spacing) + 1
    n_behind = <int32_t> (behind / c.spacing) + 1
    c.s_start = n_behind * c.spacing
    c.s_goal = c.s_start + length
    c.goal_distance = b.distance
    w.xy = xy
    w.n = n
    # ahead from the start, then back from it
    w.sign = sign
    walk_enter(&w, a.segment)
    w.u = (a.along if sign > 0 else 1.0 - a.along) * w.length
    for i in range(n_behind, c.n):
        walk_on(&w, 0.0 if i == n_behind else c.spacing, &x, &y)
        c.x[i] = x
        c.y[i] = y
    w.sign = -sign
    walk_enter(&w, a.segment)
    w.u = (1.0 - a.along if sign > 0 else a.along) * w.length
    for i in range(n_behind - 1, -1, -1):
        walk_on(&w, c.spacing, &x, &y)
        c.x[i] = x
        c.y[i] = y


cdef double corridor_place(const corridor *c, double x, double y, int32_t near, int32_t *segment,
                           double *s) noexcept nogil:
    """Distance of (x, y) from the stretch, looked for near a segment; the segment found and s along the stretch."""
    cdef int32_t i, first = near - c.reach, last = near + c.reach
    cdef double ex, ey, dx, dy, u, d2, best = 1e300
    if first < 0:
        first = 0
    if last > c.n - 2:
        last = c.n - 2
    for i in range(first, last + 1):
        ex = c.x[i + 1] - c.x[i]
        ey = c.y[i + 1] - c.y[i]
        dx = x - c.x[i]
        dy = y - c.y[i]
        d2 = ex * ex + ey * ey
        u = 0.0 if d2 == 0.0 else (dx * ex + dy * ey) / d2
        u = 0.0 if u < 0.0 else 1.0 if u > 1.0 else u
        dx -= u * ex
        dy -= u * ey
        d2 = dx * dx + dy * dy
        if d2 < best:
            best = d2
            segment[0] = i
            s[0] = (i + u) * c.spacing
    return sqrt(best)


cdef void corridor_pose(const corridor *c, double s, double *pose) noexcept nogil:
    """x, y and direction of the trail at s along the stretch."""
    cdef double at = s / c.spacing, u
    cdef int32_t i, a, b, half = <int32_t> (TC_CORRIDOR_TANGENT / c.spacing + 0.5)
    at = 0.0 if at < 0.0 else at
    i = <int32_t> at
    if i > c.n - 2:
        i = c.n - 2
    u = at - i
    half = 1 if half < 1 else half
    a = i - half + 1 if i - half + 1 > 0 else 0
    b = i + half if i + half < c.n - 1 else c.n - 1
    pose[0] = c.x[i] + u * (c.x[i + 1] - c.x[i])
    pose[1] = c.y[i] + u * (c.y[i + 1] - c.y[i])
    pose[2] = atan2(c.y[b] - c.y[a], c.x[b] - c.x[a])
