# What the underbody meets: the least vertical gap between each part's lower surface and the ground, exactly.
#
# Between its posts the ground is bilinear, so over the flat face of a box the gap is least at a post or on the rim of
# the face, and along a straight edge it is a parabola in each cell. A face counts where it looks down. Tubes are looked
# at along lines and where they touch, spheres in every cell.
#
# A part's lower surface is nowhere below one plane, its base: the bottom of a box, a tube's axis moved down. First the
# base is held over the planes of ground blocks (bounds.pxi). In a block that may hold less than what was found, it is
# held over the posts: the gap of a plane is bilinear in a cell, so it is no less than at the cell's four posts. Cells
# that may hold less are looked at exactly.

cdef enum:
    TUBE_LINES = 9                      # 15 deg apart about the lowest, the sines of their angles below
    TOUCH_ROUNDS = 12                   # at most, to the place where a sphere touches a cell
    MAX_CANDIDATES = 192                # blocks looked at together

cdef extern from *:
    """
    static const double TC_UPRIGHT = 0.12;          /* cells a side leans over by at least to be looked at itself */
    static const double TC_FAR = 1e30;              /* m, no gap is so wide */
    static const double TC_LARGEST_PART = 20.0;     /* m */
    static const double TC_SAME_GAP = 2e-6;         /* m, what floats may lose; of such gaps the first counts */
    static const double TC_TUBE_AHEAD[9] = {
        -0.8660254037844386, -0.70710678118654746, -0.49999999999999994, -0.25881904510252074, 0,
        0.25881904510252074, 0.49999999999999994, 0.70710678118654746, 0.8660254037844386};
    static const double TC_TUBE_BELOW[9] = {
        0.50000000000000011, 0.70710678118654757, 0.86602540378443871, 0.96592582628906831, 1,
        0.96592582628906831, 0.86602540378443871, 0.70710678118654757, 0.50000000000000011};
    static const double TC_TOUCH_FINE = 1e-3;       /* cells */
    """
    const double TC_UPRIGHT, TC_FAR, TC_LARGEST_PART, TC_SAME_GAP, TC_TOUCH_FINE
    const double TC_TUBE_AHEAD[9]
    const double TC_TUBE_BELOW[9]

cdef extern from *:
    """
    /* Cells of a block, 4 x 4: the least of the gaps at their posts under a plane z[0] + z[1] i + z[2] j over the
       level; 1e30 where s[0] + s[1] i + s[2] j is beyond s[3], or t likewise. Returns the least of all. */
    static inline float tc_block_gaps(const float *h, int64_t row, float level, const float *z, const float *s,
                                      const float *t, float *least) {
        const tc_four step = {0.0f, 1.0f, 2.0f, 3.0f}, far = {1e30f, 1e30f, 1e30f, 1e30f};
        tc_four at = z[0] + z[1] * step, as = s[0] + s[1] * step, bt = t[0] + t[1] * step, before = far, all = far;
        for (int j = 0; j < 5; j++) {
            tc_four here = tc_lesser(at - (tc_load(h) - level), at + z[1] - (tc_load(h + 1) - level));
            if (j > 0) {
                tc_four cell = tc_select(tc_within(as, s[3]) & tc_within(bt, t[3]), tc_lesser(here, before), far);
                memcpy(least + 4 * (j - 1), &cell, sizeof cell);
                all = tc_lesser(all, cell);
                as += s[2];
                bt += t[2];
            }
            before = here;
            at += z[2];
            h += row;
        }
        float a = all[0] < all[1] ? all[0] : all[1], b = all[2] < all[3] ? all[2] : all[3];
        return a < b ? a : b;
    }
    """
    float tc_block_gaps(const float *h, int64_t row, float level, const float *z, const float *s, const float *t,
                        float *least) noexcept nogil

cdef struct underbody_model:
    int32_t n_parts
    int32_t shape[TC_MAX_PARTS]
    int32_t fixed_to[TC_MAX_PARTS]
    double centre[TC_MAX_PARTS][3]      # body frame at design ride height, m
    double half[TC_MAX_PARTS][3]

cdef struct gap_search:
    # least gap so far, and what was seen on the way
    double least, u, v, ground
    double sum_ground                   # NaN as soon as a height is

cdef struct face_plane:
    # a flat face, in grid places: z = centre[2] + along du + across dv, where |s| and |t| <= 1
    double centre[3]
    double along, across
    double s_u, s_v, t_u, t_v           # s = s_u du + s_v dv

cdef struct edge_way:
    double by[3]                        # from end to end, cells and m
    double per[2]                       # 1 / by

cdef struct lower_hull:
    # what is seen of a box or tube from below
    face_plane base                     # no point of the surface is below it; s and t reach
    double s_low, s_high, t_low, t_high
    double s_cell, t_cell               # how far half a cell reaches in s and t, and what floats may lose
    double per_s, per_t                 # 1 / s_u, 1 / t_u
    double a[2]                         # (u, v) of one s, of one t
    double b[2]
    double low[2]                       # grid places it is within
    double high[2]
    double radius, axis_height          # of a tube, and of its middle, m; radius 0 = a box
    double line[TUBE_LINES][3]          # of a tube: where they start,
    double line_t[TUBE_LINES]           # and their t
    double middle[3]                    # of a box, its half axes,
    double axis[3][3]
    double lean[2]                      # which end of axes 0 and 1 leans over: -1, 1, 0 = none,
    double over[2]                      # how far in s and t
    face_plane side[2]                  # and the sides there
    edge_way way[3]                     # along the axes

cdef struct block_list:
    # blocks below a part, side by side for the compiler's vectors
    int32_t n
    int32_t bx[MAX_CANDIDATES]
    int32_t by[MAX_CANDIDATES]
    float u[MAX_CANDIDATES]             # middle of the block from the centre of the part's base, cells
    float v[MAX_CANDIDATES]
    float height[MAX_CANDIDATES]        # of that centre over the block's plane at its first post, m
    float along[MAX_CANDIDATES]         # slope of the plane, m a cell
    float across[MAX_CANDIDATES]
    float bound[MAX_CANDIDATES]         # no gap over the block is less; NaN = unknown ground

cdef struct ball:
    double centre[3]                    # grid place and height
    double wide                         # radius in cells
    double dx, per                      # m a cell, cells a metre


cdef tc_status part_check(const tc_part *part) noexcept nogil:
    """Whether a part can be."""
    cdef int32_t sizes = 3 if part.shape == TC_BOX else 1 if part.shape == TC_SPHERE else 2, k
    if part.shape < TC_BOX or part.shape > TC_TUBE or part.fixed_to < TC_CHASSIS or part.fixed_to > TC_HUB_RR:
        return TC_E_RANGE
    for k in range(3):
        if not isfinite(part.centre[k]):
            return TC_E_RANGE
        if k < sizes and not (part.size[k] > 0.0 and part.size[k] < TC_LARGEST_PART):
            return TC_E_RANGE
    return TC_OK


cdef tc_status underbody_init(underbody_model *u, const tc_vehicle *v) noexcept nogil:
    cdef uint32_t i, k
    if v.n_parts > TC_MAX_PARTS:
        return TC_E_RANGE
    u.n_parts = <int32_t> v.n_parts
    for i in range(v.n_parts):
        if part_check(&v.part[i]) != TC_OK:
            return TC_E_RANGE
        u.shape[i] = v.part[i].shape
        u.fixed_to[i] = v.part[i].fixed_to
        for k in range(3):
            u.centre[i][k] = v.part[i].centre[k]
            u.half[i][k] = v.part[i].size[k]
    return TC_OK


cdef inline void gap_seen(gap_search *s, double u, double v, double ground_z, double gap) noexcept nogil:
    s.sum_ground += ground_z
    if gap < s.least:
        s.least = gap
        s.u = u
        s.v = v
        s.ground = ground_z


cdef inline void gap_point(gap_search *s, const grid_view *g, double u, double v, double z) noexcept nogil:
    """Look at one point of a lower surface, which must be inside the map."""
    cdef double ground_z = peek(g, u, v)
    gap_seen(s, u, v, ground_z, z - ground_z)


cdef inline void face_init(face_plane *f, const double *c, const double *a, const double *b) noexcept nogil:
    """The face c + s a + t b."""
    cdef double per = 1.0 / (a[0] * b[1] - a[1] * b[0])
    memcpy(f.centre, c, sizeof(f.centre))
    f.s_u = b[1] * per
    f.s_v = -b[0] * per
    f.t_u = -a[1] * per
    f.t_v = a[0] * per
    f.along = a[2] * f.s_u + b[2] * f.t_u
    f.across = a[2] * f.s_v + b[2] * f.t_v


cdef inline void face_post(gap_search *s, const face_plane *f, int32_t ix, int32_t iy, double place_s, double place_t,
                           double ground_z) noexcept nogil:
    """Look at a post at s, t, if the face is over it."""
    if fabs(place_s) <= 1.0 and fabs(place_t) <= 1.0:
        gap_seen(s, ix, iy, ground_z,
                 f.centre[2] + f.along * (ix - f.centre[0]) + f.across * (iy - f.centre[1]) - ground_z)


cdef inline void face_cell(gap_search *s, const grid_view *g, const face_plane *f, int32_t ix,
                           int32_t iy) noexcept nogil:
    """Look at the posts of a cell."""
    cdef const float *h = g.height + iy * g.row + ix
    cdef double du = ix - f.centre[0], dv = iy - f.centre[1]
    cdef double a = f.s_u * du + f.s_v * dv, b = f.t_u * du + f.t_v * dv
    face_post(s, f, ix, iy, a, b, h[0])
    face_post(s, f, ix + 1, iy, a + f.s_u, b + f.t_u, h[1])
    face_post(s, f, ix, iy + 1, a + f.s_v, b + f.t_v, h[g.row])
    face_post(s, f, ix + 1, iy + 1, a + f.s_u + f.s_v, b + f.t_u + f.t_v, h[g.row + 1])


cdef inline void edge_init(edge_way *d, const double *half) noexcept nogil:
    """An edge twice as long as half."""
    cdef int32_t k
    for k in range(3):
        d.by[k] = 2.0 * half[k]
    d.per[0] = 1.0 / d.by[0] if d.by[0] != 0.0 else 0.0
    d.per[1] = 1.0 / d.by[1] if d.by[1] != 0.0 else 0.0


cdef inline void span(double start, double length, double per, double low, double high, double *first,
                      double *last) noexcept nogil:
    """Narrow [first, last] to where start + t length is from low to high; per = 1 / length."""
    cdef double a, b
    if length == 0.0:
        if start < low or start > high:
            last[0] = first[0] - 1.0
        return
    a = (low - start) * per
    b = (high - start) * per
    if a > b:
        a, b = b, a
    first[0] = a if a > first[0] else first[0]
    last[0] = b if b < last[0] else last[0]


cdef inline void edge_found(gap_search *s, const double *a, const edge_way *d, double t, double gap) noexcept nogil:
    if gap < s.least:
        s.least = gap
        s.u = a[0] + t * d.by[0]
        s.v = a[1] + t * d.by[1]
        s.ground = a[2] + t * d.by[2] - gap


cdef void edge_cell(gap_search *s, const grid_view *g, const double *a, const edge_way *d, int32_t ix,
                    int32_t iy) noexcept nogil:
    """Look along the piece of an edge a + t d, 0 <= t <= 1, that is over a cell: there the gap is a parabola."""
    cdef double t = 0.0, last = 1.0, u, v, h00, ex, ey, twist, gap, fall, bend
    cdef const float *h
    span(a[0], d.by[0], d.per[0], ix, ix + 1, &t, &last)
    span(a[1], d.by[1], d.per[1], iy, iy + 1, &t, &last)
    if t > last:
        return
    h = g.height + iy * g.row + ix
    h00 = h[0]
    ex = h[1] - h00
    ey = h[g.row] - h00
    twist = h[g.row + 1] - h00 - ex - ey
    u = a[0] + t * d.by[0] - ix
    v = a[1] + t * d.by[1] - iy
    gap = a[2] + t * d.by[2] - (h00 + u * ex + v * ey + u * v * twist)
    fall = d.by[2] - (ex + v * twist) * d.by[0] - (ey + u * twist) * d.by[1]
    bend = -2.0 * twist * d.by[0] * d.by[1]
    s.sum_ground += gap
    edge_found(s, a, d, t, gap)
    last -= t
    if fall < 0.0 and fall + bend * last > 0.0:
        last = -fall / bend                             # the lowest is between the ends
    edge_found(s, a, d, t + last, gap + (fall + 0.5 * bend * last) * last)


cdef inline void hull_base(lower_hull *f, const double *centre, const double *a, const double *b) noexcept nogil:
    face_init(&f.base, centre, a, b)
    memcpy(f.a, a, sizeof(f.a))
    memcpy(f.b, b, sizeof(f.b))
    f.per_s = 1.0 / f.base.s_u if f.base.s_u != 0.0 else 0.0
    f.per_t = 1.0 / f.base.t_u if f.base.t_u != 0.0 else 0.0
    f.s_cell = 0.5001 * (fabs(f.base.s_u) + fabs(f.base.s_v))
    f.t_cell = 0.5001 * (fabs(f.base.t_u) + fabs(f.base.t_v))
    f.s_low = f.t_low = -1.0
    f.s_high = f.t_high = 1.0
    f.radius = 0.0


cdef void hull_side(lower_hull *f, int32_t out, double lean) noexcept nogil:
    """The side of a box that leans over at the end `lean` of axis `out`."""
    cdef double at[3]
    cdef int32_t k
    for k in range(3):
        at[k] = f.middle[k] + lean * f.axis[out][k]
    face_init(&f.side[out], at, f.axis[1 - out], f.axis[2])


cdef inline bint place_on_map(const grid_view *g, const double *p) noexcept nogil:
    return p[0] >= 0.0 and p[1] >= 0.0 and p[0] < g.nx - 1 and p[1] < g.ny - 1


cdef int hull_box(lower_hull *f, const grid_view *g, const double *centre, const double *half, const double *R_gp,
                  const double *origin) noexcept nogil:
    """The faces of a box that look down: the bottom, and the sides that lean over."""
    cdef double bottom[3]
    cdef double reach, high = 2.0 * half[2] * g.inv_dx
    cdef int32_t i, k
    rotate(R_gp, centre, f.middle)
    for k in range(3):
        f.middle[k] += origin[k]
        for i in range(3):
            f.axis[i][k] = R_gp[3 * k + i] * half[i]
        bottom[k] = f.middle[k] - f.axis[2][k]
    for k in range(2):
        reach = fabs(f.axis[0][k]) + fabs(f.axis[1][k]) + fabs(f.axis[2][k])
        f.low[k] = f.middle[k] - reach
        f.high[k] = f.middle[k] + reach
    if not (place_on_map(g, f.low) and place_on_map(g, f.high)):
        return GROUND_OFF_MAP
    for i in range(3):
        edge_init(&f.way[i], f.axis[i])
    hull_base(f, bottom, f.axis[0], f.axis[1])
    f.lean[0] = 0.0 if high * fabs(R_gp[6]) <= TC_UPRIGHT else -1.0 if R_gp[6] > 0.0 else 1.0
    f.lean[1] = 0.0 if high * fabs(R_gp[7]) <= TC_UPRIGHT else -1.0 if R_gp[7] > 0.0 else 1.0
    f.over[0] = 2.0 * (f.base.s_u * f.axis[2][0] + f.base.s_v * f.axis[2][1])
    f.over[1] = 2.0 * (f.base.t_u * f.axis[2][0] + f.base.t_v * f.axis[2][1])
    if f.lean[0] != 0.0:
        hull_side(f, 0, f.lean[0])
        f.s_low += f.over[0] if f.lean[0] < 0.0 else 0.0
        f.s_high += f.over[0] if f.lean[0] > 0.0 else 0.0
    if f.lean[1] != 0.0:
        hull_side(f, 1, f.lean[1])
        f.t_low += f.over[1] if f.lean[1] < 0.0 else 0.0
        f.t_high += f.over[1] if f.lean[1] > 0.0 else 0.0
    return GROUND_OK


cdef int hull_tube(lower_hull *f, const grid_view *g, const double *centre, double radius, double half,
                   const double *R_gp, const double *origin) noexcept nogil:
    """Lines on the lower half of a tube along y, over the plane below its axis."""
    cdef double middle[3]
    cdef double a[3]
    cdef double b[3]
    cdef double *end
    cdef double n = radius * g.inv_dx / sqrt(R_gp[1] * R_gp[1] + R_gp[4] * R_gp[4]), steep
    cdef int32_t i, k
    rotate(R_gp, centre, middle)
    for k in range(3):
        middle[k] += origin[k]
        a[k] = half * R_gp[3 * k + 1]
    for i in range(TUBE_LINES):
        end = f.line[i]
        for k in range(3):
            end[k] = middle[k] - a[k] + radius * (TC_TUBE_AHEAD[i] * R_gp[3 * k] - TC_TUBE_BELOW[i] * R_gp[3 * k + 2])
        for k in range(2):
            f.low[k] = end[k] if i == 0 or end[k] < f.low[k] else f.low[k]
            f.high[k] = end[k] if i == 0 or end[k] > f.high[k] else f.high[k]
    for k in range(2):
        f.low[k] += 2.0 * a[k] if a[k] < 0.0 else 0.0
        f.high[k] += 2.0 * a[k] if a[k] > 0.0 else 0.0
    if not (place_on_map(g, f.low) and place_on_map(g, f.high)):
        return GROUND_OFF_MAP
    b[0] = -n * R_gp[4]
    b[1] = n * R_gp[1]
    b[2] = 0.0
    steep = R_gp[7] * R_gp[7] / (1.0 - R_gp[7] * R_gp[7])
    edge_init(&f.way[0], a)
    hull_base(f, middle, a, b)
    f.base.centre[2] -= radius * sqrt(1.0 + steep)      # the underside of the axis, upright
    f.radius = radius
    f.axis_height = middle[2]
    n = radius * g.inv_dx * sqrt(f.base.s_u * f.base.s_u + f.base.s_v * f.base.s_v)
    for i in range(TUBE_LINES):
        f.line_t[i] = f.base.t_u * (f.line[i][0] - middle[0]) + f.base.t_v * (f.line[i][1] - middle[1])
    f.s_low -= n                                        # the ends of a leaning tube reach beyond its axis
    f.s_high += n
    return GROUND_OK


cdef void side_cell(gap_search *s, const grid_view *g, const lower_hull *f, int32_t out, int32_t ix, int32_t iy,
                    double far, double wide_at) noexcept nogil:
    """A side of a box that leans over at an end of axis `out`: its posts, its upper edge and its uprights, where they
    pass a cell that is so far out and along the other axis."""
    cdef const double *wide = f.axis[1 - out]
    cdef const double *high = f.axis[2]
    cdef double far_cell = f.s_cell if out == 0 else f.t_cell, wide_cell = f.t_cell if out == 0 else f.s_cell, end
    cdef double at[3]
    cdef int32_t i, k
    face_cell(s, g, &f.side[out], ix, iy)
    if fabs(far - f.lean[out] - f.over[out]) <= far_cell:
        for k in range(3):
            at[k] = f.side[out].centre[k] - wide[k] + high[k]
        edge_cell(s, g, at, &f.way[1 - out], ix, iy)
    for i in range(2):
        end = 2.0 * i - 1.0
        if fabs(wide_at - end - 0.5 * f.over[1 - out]) <= wide_cell + 0.5 * fabs(f.over[1 - out]):
            for k in range(3):
                at[k] = f.side[out].centre[k] + end * wide[k] - high[k]
            edge_cell(s, g, at, &f.way[2], ix, iy)


cdef void box_cell(gap_search *s, const grid_view *g, const lower_hull *f, int32_t ix, int32_t iy) noexcept nogil:
    """The bottom of a box and its sides over one cell."""
    cdef double du = ix + 0.5 - f.base.centre[0], dv = iy + 0.5 - f.base.centre[1], end
    cdef double place_s = f.base.s_u * du + f.base.s_v * dv, place_t = f.base.t_u * du + f.base.t_v * dv
    cdef double at[3]
    cdef int32_t i, k
    if (place_s - f.s_cell > f.s_high or place_s + f.s_cell < f.s_low
            or place_t - f.t_cell > f.t_high or place_t + f.t_cell < f.t_low):
        return
    face_cell(s, g, &f.base, ix, iy)
    for i in range(2):
        end = 2.0 * i - 1.0
        if fabs(place_t - end) <= f.t_cell:
            for k in range(3):
                at[k] = f.base.centre[k] - f.axis[0][k] + end * f.axis[1][k]
            edge_cell(s, g, at, &f.way[0], ix, iy)
        if fabs(place_s - end) <= f.s_cell:
            for k in range(3):
                at[k] = f.base.centre[k] + end * f.axis[0][k] - f.axis[1][k]
            edge_cell(s, g, at, &f.way[1], ix, iy)
    if f.lean[0] != 0.0 and f.lean[0] * place_s + f.s_cell >= 1.0:
        side_cell(s, g, f, 0, ix, iy, place_s, place_t)
    if f.lean[1] != 0.0 and f.lean[1] * place_t + f.t_cell >= 1.0:
        side_cell(s, g, f, 1, ix, iy, place_t, place_s)


cdef inline void hull_cell(gap_search *s, const grid_view *g, const lower_hull *f, int32_t ix,
                           int32_t iy) noexcept nogil:
    """The least gap over one cell, exactly."""
    cdef double t
    cdef int32_t i
    if f.radius == 0.0:
        box_cell(s, g, f, ix, iy)
        return
    t = f.base.t_u * (ix + 0.5 - f.base.centre[0]) + f.base.t_v * (iy + 0.5 - f.base.centre[1])
    for i in range(TUBE_LINES):
        if fabs(t - f.line_t[i]) <= f.t_cell:
            edge_cell(s, g, f.line[i], &f.way[0], ix, iy)


cdef void blocks_bound(const lower_hull *f, block_list *c) noexcept nogil:
    """The least the gap of the base can be over each block: that of two planes, where part and block meet in s, t."""
    cdef float s_u = <float> f.base.s_u, s_v = <float> f.base.s_v, t_u = <float> f.base.t_u, t_v = <float> f.base.t_v
    cdef float s_block = <float> (BLOCK * f.s_cell), s_low = <float> f.s_low, s_high = <float> f.s_high
    cdef float t_block = <float> (BLOCK * f.t_cell), t_low = <float> f.t_low, t_high = <float> f.t_high
    cdef float up = <float> f.base.along, across = <float> f.base.across
    cdef float a_u = <float> f.a[0], a_v = <float> f.a[1], b_u = <float> f.b[0], b_v = <float> f.b[1]
    cdef float half = 0.5 * BLOCK
    cdef float u, v, rise_u, rise_v, place, low, high, rise, one, other, gap
    cdef int32_t i
    for i in range(c.n):
        u = c.u[i]
        v = c.v[i]
        gap = c.height[i] - c.along[i] * (half - u) - c.across[i] * (half - v)
        rise_u = up - c.along[i]
        rise_v = across - c.across[i]
        place = s_u * u + s_v * v
        low = place - s_block
        high = place + s_block
        low = low if low > s_low else s_low
        high = high if high < s_high else s_high
        rise = rise_u * a_u + rise_v * a_v
        one = rise * low
        other = rise * high
        gap += one if one < other else other
        place = t_u * u + t_v * v
        low = place - t_block
        high = place + t_block
        low = low if low > t_low else t_low
        high = high if high < t_high else t_high
        rise = rise_u * b_u + rise_v * b_v
        one = rise * low
        other = rise * high
        c.bound[i] = gap + (one if one < other else other)


cdef inline float block_gaps(const lower_hull *f, const float *h, int64_t row, double u, double v,
                             float *least) noexcept nogil:
    """The least gap of the base at the posts of each cell of a block; 1e30 for cells the part is not over. (u, v) is
    the block's first post from the base's centre. Returns the least of all."""
    cdef float z[3]
    cdef float s[4]
    cdef float t[4]
    cdef float level = <float> f.base.centre[2]
    z[0] = <float> (f.base.centre[2] - level + f.base.across * v + f.base.along * u)
    z[1] = <float> f.base.along
    z[2] = <float> f.base.across
    u += 0.5
    v += 0.5
    s[0] = <float> (f.base.s_u * u + f.base.s_v * v - 0.5 * (f.s_high + f.s_low))
    s[1] = <float> f.base.s_u
    s[2] = <float> f.base.s_v
    s[3] = <float> (0.5 * (f.s_high - f.s_low) + f.s_cell)
    t[0] = <float> (f.base.t_u * u + f.base.t_v * v - 0.5 * (f.t_high + f.t_low))
    t[1] = <float> f.base.t_u
    t[2] = <float> f.base.t_v
    t[3] = <float> (0.5 * (f.t_high - f.t_low) + f.t_cell)
    return tc_block_gaps(h, row, level, z, s, t, least)


cdef void block_look(gap_search *s, const grid_view *g, const lower_hull *f, const block_list *c,
                     int32_t at) noexcept nogil:
    """The least gap over one block: its cells in turn, the one with the lowest posts first."""
    cdef float least[BLOCK * BLOCK]
    cdef float lowest, limit
    cdef int32_t x0 = BLOCK * c.bx[at], y0 = BLOCK * c.by[at], i, first = 0
    if x0 + BLOCK + 1 >= g.nx or y0 + BLOCK >= g.ny or c.bound[at] != c.bound[at]:
        for i in range(BLOCK * BLOCK):
            if x0 + i % BLOCK < g.nx - 1 and y0 + i // BLOCK < g.ny - 1:
                hull_cell(s, g, f, x0 + i % BLOCK, y0 + i // BLOCK)
        return
    lowest = block_gaps(f, g.height + y0 * g.row + x0, g.row, x0 - f.base.centre[0], y0 - f.base.centre[1], least)
    limit = <float> (s.least - TC_SAME_GAP)
    if not lowest < limit:
        return
    while least[first] != lowest:
        first += 1
    hull_cell(s, g, f, x0 + first % BLOCK, y0 + first // BLOCK)
    limit = <float> (s.least - TC_SAME_GAP)
    for i in range(BLOCK * BLOCK):
        if least[i] < limit and i != first:
            hull_cell(s, g, f, x0 + i % BLOCK, y0 + i // BLOCK)
            limit = <float> (s.least - TC_SAME_GAP)


cdef void blocks_look(gap_search *s, const grid_view *g, const lower_hull *f, block_list *c) noexcept nogil:
    """Look at the block with the least bound first, then at those that may hold less."""
    cdef int32_t i, first = 0
    blocks_bound(f, c)
    for i in range(1, c.n):
        first = i if c.bound[i] < c.bound[first] else first
    if c.n > 0 and not c.bound[first] > s.least - TC_SAME_GAP:
        block_look(s, g, f, c, first)
    for i in range(c.n):
        if i != first and not c.bound[i] > s.least - TC_SAME_GAP:       # NaN: unknown ground must be seen
            block_look(s, g, f, c, i)
    c.n = 0


cdef void hull_search(gap_search *s, const grid_view *g, const lower_hull *f) noexcept nogil:
    """The least gap of a lower surface: bounds of all blocks below it, then what they leave open."""
    cdef block_list c
    cdef const block_bound *k
    cdef int32_t bx, by, last, first_x = <int32_t> f.low[0] // BLOCK, last_x = <int32_t> f.high[0] // BLOCK
    cdef double v, low, high, start = BLOCK * first_x + 0.5 * BLOCK - f.base.centre[0]
    cdef double s_block = BLOCK * f.s_cell, t_block = BLOCK * f.t_cell
    c.n = 0
    for by in range(<int32_t> f.low[1] // BLOCK, <int32_t> f.high[1] // BLOCK + 1):
        v = BLOCK * by + 0.5 * BLOCK - f.base.centre[1]
        low = start
        high = start + BLOCK * (last_x - first_x)
        span(f.base.s_v * v, f.base.s_u, f.per_s, f.s_low - s_block, f.s_high + s_block, &low, &high)
        span(f.base.t_v * v, f.base.t_u, f.per_t, f.t_low - t_block, f.t_high + t_block, &low, &high)
        if not low <= high:
            continue
        bx = first_x + <int32_t> ((low - start) * (1.0 / BLOCK) + 0.9999)
        last = first_x + <int32_t> ((high - start) * (1.0 / BLOCK))
        for bx in range(bx, last + 1):
            if c.n == MAX_CANDIDATES:
                blocks_look(s, g, f, &c)
            k = ground_block(g.grid, g.bounds, bx, by)
            c.bx[c.n] = bx
            c.by[c.n] = by
            c.u[c.n] = <float> (start + BLOCK * (bx - first_x))
            c.v[c.n] = <float> v
            c.height[c.n] = <float> (f.base.centre[2] - k.top)
            c.along[c.n] = k.along
            c.across[c.n] = k.across
            c.n += 1
    blocks_look(s, g, f, &c)


cdef void tube_touch(gap_search *s, const grid_view *g, const lower_hull *f) noexcept nogil:
    """Look where the tube is tangent to the ground's slope, at the place along it that was found."""
    cdef double dx = g.dx, gu, gv, x, y, z, along, n2, place, share
    cdef double a[3]
    cdef double middle[3]
    cdef int32_t i
    for i in range(3):
        a[i] = 0.5 * f.way[0].by[i]
        middle[i] = f.base.centre[i]
    middle[2] = f.axis_height
    n2 = (a[0] * a[0] + a[1] * a[1]) * dx * dx + a[2] * a[2]
    for i in range(2):
        peek_slope(g, s.u, s.v, &gu, &gv)
        x, y, z = gu * g.inv_dx, gv * g.inv_dx, -1.0
        along = (x * a[0] * dx + y * a[1] * dx + z * a[2]) / n2
        x -= along * a[0] * dx
        y -= along * a[1] * dx
        z -= along * a[2]
        share = f.radius / sqrt(x * x + y * y + z * z)
        if not share > 0.0:                             # NaN beside unknown ground
            return
        place = f.base.s_u * (s.u - middle[0]) + f.base.s_v * (s.v - middle[1])
        place = -1.0 if place < -1.0 else 1.0 if place > 1.0 else place
        x = middle[0] + place * a[0] + share * x * g.inv_dx
        y = middle[1] + place * a[1] + share * y * g.inv_dx
        if not (x >= 0.0 and y >= 0.0 and x < g.nx - 1 and y < g.ny - 1):
            return
        gap_point(s, g, x, y, middle[2] + place * a[2] + share * z)


cdef inline double ball_below(const ball *b, double du, double dv) noexcept nogil:
    """How far the ball's lower surface is below its centre, m; du, dv in cells from the centre, within it."""
    cdef double d2 = b.wide * b.wide - du * du - dv * dv
    return b.dx * sqrt(d2) if d2 > 0.0 else 0.0


cdef inline double nearest_in(double value, double low, double high) noexcept nogil:
    return low if value < low else high if value > high else value


cdef inline double ball_on_line(double wide, double aside, double slope) noexcept nogil:
    """Where a ball touches a line of this slope that passes it aside, all in cells."""
    cdef double d2 = wide * wide - aside * aside
    return sqrt(d2 / (1.0 + slope * slope)) * slope if d2 > 0.0 else 0.0


cdef void ball_cell(gap_search *s, const grid_view *g, const ball *b, int32_t ix, int32_t iy) noexcept nogil:
    """The least gap over one cell: in turn along u and along v, where the ground is straight."""
    cdef const float *h = g.height + iy * g.row + ix
    cdef double h00 = h[0], h10 = h[1], h01 = h[g.row], h11 = h[g.row + 1], ex, ey, twist, z, before
    cdef double cu = b.centre[0] - ix, cv = b.centre[1] - iy, u = nearest_in(cu, 0.0, 1.0), v = nearest_in(cv, 0.0, 1.0)
    cdef double left = b.wide * b.wide - (u - cu) * (u - cu) - (v - cv) * (v - cv), down
    cdef int32_t i
    if left < 0.0:
        return
    s.sum_ground += h00 + h10 + h01 + h11
    z = larger(larger(h00, h10), larger(h01, h11))
    down = b.centre[2] - z - s.least + TC_SAME_GAP      # the ball must reach so far down to be nearer
    if down > 0.0 and left * b.dx * b.dx < down * down:
        return
    ex = h10 - h00
    ey = h01 - h00
    twist = h11 - h10 - ey
    for i in range(TOUCH_ROUNDS):
        before = u + v
        u = nearest_in(cu + ball_on_line(b.wide, v - cv, (ex + v * twist) * b.per), 0.0, 1.0)
        v = nearest_in(cv + ball_on_line(b.wide, u - cu, (ey + u * twist) * b.per), 0.0, 1.0)
        if fabs(u + v - before) < TC_TOUCH_FINE:
            break
    if (u - cu) * (u - cu) + (v - cv) * (v - cv) > b.wide * b.wide:
        return
    z = h00 + u * ex + v * ey + u * v * twist
    gap_seen(s, ix + u, iy + v, z, b.centre[2] - ball_below(b, u - cu, v - cv) - z)


cdef int gap_ball(gap_search *s, const grid_view *g, const double *centre, double radius, const double *R_gp,
                  const double *origin) noexcept nogil:
    """The least gap of a sphere, which looks the same however it is turned."""
    cdef ball b
    cdef int32_t i, ix, iy
    rotate(R_gp, centre, b.centre)
    for i in range(3):
        b.centre[i] += origin[i]
    b.wide = radius * g.inv_dx
    b.dx = g.dx
    b.per = g.inv_dx
    if not (b.centre[0] - b.wide >= 0.0 and b.centre[1] - b.wide >= 0.0
            and b.centre[0] + b.wide < g.nx - 1 and b.centre[1] + b.wide < g.ny - 1):
        return GROUND_OFF_MAP
    ball_cell(s, g, &b, <int32_t> b.centre[0], <int32_t> b.centre[1])
    for iy in range(<int32_t> (b.centre[1] - b.wide), <int32_t> (b.centre[1] + b.wide) + 1):
        for ix in range(<int32_t> (b.centre[0] - b.wide), <int32_t> (b.centre[0] + b.wide) + 1):
            ball_cell(s, g, &b, ix, iy)
    return GROUND_OK


cdef int part_clearance(const underbody_model *m, const grid_view *g, int32_t part, const double *R_gp,
                        const double *origin, double below, double *gap, double *nearest) noexcept nogil:
    """Least gap of a part that is turned by R_gp and moved to origin on the grid, and the ground point it is least
    at; infinite where it is not less than `below`. Returns GROUND_OK, or why both are NaN."""
    cdef gap_search s
    cdef lower_hull f
    cdef int known
    gap[0] = nearest[0] = nearest[1] = nearest[2] = NAN
    s.least = below
    s.u = s.v = s.ground = s.sum_ground = 0.0
    if m.shape[part] == TC_SPHERE:
        known = gap_ball(&s, g, m.centre[part], m.half[part][0], R_gp, origin)
    elif m.shape[part] == TC_BOX:
        known = hull_box(&f, g, m.centre[part], m.half[part], R_gp, origin)
    else:
        known = hull_tube(&f, g, m.centre[part], m.half[part][0], m.half[part][1], R_gp, origin)
    if known != GROUND_OK:
        return known
    if m.shape[part] != TC_SPHERE:
        hull_search(&s, g, &f)
    if m.shape[part] == TC_TUBE and s.least < below:
        tube_touch(&s, g, &f)
    if s.sum_ground != s.sum_ground:
        return GROUND_UNKNOWN
    if s.least == below:
        gap[0] = INFINITY
        return GROUND_OK
    gap[0] = s.least
    nearest[0] = g.x + (s.u - g.u) * g.dx
    nearest[1] = g.y + (s.v - g.v) * g.dx
    nearest[2] = s.ground
    return GROUND_OK
