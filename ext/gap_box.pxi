# The least gap of a box: over its flat faces it is at a post or on the rim, and along a straight edge it is a parabola
# in each cell. A face counts where it looks down.

cdef extern from *:
    """
    static const double TC_UPRIGHT = 0.12;          /* cells a side leans over by at least to be looked at itself */
    """
    const double TC_UPRIGHT

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

cdef struct edge_way:
    double by[3]                        # from end to end, cells and m
    double per[2]                       # 1 / by

cdef struct box_hull:
    # what is seen of a box from below
    lower_hull hull
    double middle[3]                    # and its half axes,
    double axis[3][3]
    double lean[2]                      # which end of axes 0 and 1 leans over: -1, 1, 0 = none,
    double over[2]                      # how far in s and t
    double steep                        # m from post to post: where the ground rises less no side is nearer than the
    edge_way way[2]                     # bottom's edges, which are along axes 0 and 1


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


cdef int box_place(box_hull *f, const grid_view *g, const double *centre, const double *half, const double *R_gp,
                   const double *origin) noexcept nogil:
    """A box, and how far its sides lean over."""
    cdef lower_hull *h = &f.hull
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
        h.low[k] = f.middle[k] - reach
        h.high[k] = f.middle[k] + reach
    if not (place_on_map(g, h.low) and place_on_map(g, h.high)):
        return GROUND_OFF_MAP
    edge_init(&f.way[0], f.axis[0])
    edge_init(&f.way[1], f.axis[1])
    hull_base(h, bottom, f.axis[0], f.axis[1])
    f.lean[0] = 0.0 if high * fabs(R_gp[6]) <= TC_UPRIGHT else -1.0 if R_gp[6] > 0.0 else 1.0
    f.lean[1] = 0.0 if high * fabs(R_gp[7]) <= TC_UPRIGHT else -1.0 if R_gp[7] > 0.0 else 1.0
    f.steep = INFINITY
    if f.lean[0] != 0.0 or f.lean[1] != 0.0:
        f.over[0] = 2.0 * (h.base.s_u * f.axis[2][0] + h.base.s_v * f.axis[2][1])
        f.over[1] = 2.0 * (h.base.t_u * f.axis[2][0] + h.base.t_v * f.axis[2][1])
        h.s_low += f.over[0] if f.lean[0] < 0.0 else 0.0
        h.s_high += f.over[0] if f.lean[0] > 0.0 else 0.0
        h.t_low += f.over[1] if f.lean[1] < 0.0 else 0.0
        h.t_high += f.over[1] if f.lean[1] > 0.0 else 0.0
        f.steep = f.axis[2][2] / (fabs(f.axis[2][0]) + fabs(f.axis[2][1]))
    return GROUND_OK


cdef void side_cell(gap_search *s, const grid_view *g, const box_hull *f, int32_t out, int32_t ix, int32_t iy,
                    double far, double wide_at) noexcept nogil:
    """A side of a box that leans over at an end of axis `out`: its posts, its upper edge and its uprights, where they
    pass a cell that is so far out and along the other axis."""
    cdef const double *wide = f.axis[1 - out]
    cdef const double *high = f.axis[2]
    cdef double far_cell = f.hull.s_cell if out == 0 else f.hull.t_cell
    cdef double wide_cell = f.hull.t_cell if out == 0 else f.hull.s_cell, end
    cdef face_plane side
    cdef edge_way upright
    cdef double at[3]
    cdef int32_t i, k
    for k in range(3):
        at[k] = f.middle[k] + f.lean[out] * f.axis[out][k]
    face_init(&side, at, wide, high)
    face_cell(s, g, &side, ix, iy)
    if fabs(far - f.lean[out] - f.over[out]) <= far_cell:
        for k in range(3):
            at[k] = side.centre[k] - wide[k] + high[k]
        edge_cell(s, g, at, &f.way[1 - out], ix, iy)
    edge_init(&upright, high)
    for i in range(2):
        end = 2.0 * i - 1.0
        if fabs(wide_at - end - 0.5 * f.over[1 - out]) <= wide_cell + 0.5 * fabs(f.over[1 - out]):
            for k in range(3):
                at[k] = side.centre[k] + end * wide[k] - high[k]
            edge_cell(s, g, at, &upright, ix, iy)


cdef void box_cell(gap_search *s, const grid_view *g, const box_hull *f, bint sides, int32_t ix,
                   int32_t iy) noexcept nogil:
    """The bottom of a box over one cell, and its sides where the ground is steep enough to reach them."""
    cdef const lower_hull *h = &f.hull
    cdef double du = ix + 0.5 - h.base.centre[0], dv = iy + 0.5 - h.base.centre[1], end
    cdef double place_s = h.base.s_u * du + h.base.s_v * dv, place_t = h.base.t_u * du + h.base.t_v * dv
    cdef double at[3]
    cdef int32_t k
    if (place_s - h.s_cell > h.s_high or place_s + h.s_cell < h.s_low
            or place_t - h.t_cell > h.t_high or place_t + h.t_cell < h.t_low):
        return
    face_cell(s, g, &h.base, ix, iy)
    if fabs(fabs(place_t) - 1.0) <= h.t_cell:
        end = 1.0 if place_t > 0.0 else -1.0
        for k in range(3):
            at[k] = h.base.centre[k] - f.axis[0][k] + end * f.axis[1][k]
        edge_cell(s, g, at, &f.way[0], ix, iy)
        if fabs(place_t + end) <= h.t_cell:             # narrower than a cell
            for k in range(3):
                at[k] -= 2.0 * end * f.axis[1][k]
            edge_cell(s, g, at, &f.way[0], ix, iy)
    if fabs(fabs(place_s) - 1.0) <= h.s_cell:
        end = 1.0 if place_s > 0.0 else -1.0
        for k in range(3):
            at[k] = h.base.centre[k] + end * f.axis[0][k] - f.axis[1][k]
        edge_cell(s, g, at, &f.way[1], ix, iy)
        if fabs(place_s + end) <= h.s_cell:
            for k in range(3):
                at[k] -= 2.0 * end * f.axis[0][k]
            edge_cell(s, g, at, &f.way[1], ix, iy)
    if sides and f.lean[0] != 0.0 and f.lean[0] * place_s + h.s_cell >= 1.0:
        side_cell(s, g, f, 0, ix, iy, place_s, place_t)
    if sides and f.lean[1] != 0.0 and f.lean[1] * place_t + h.t_cell >= 1.0:
        side_cell(s, g, f, 1, ix, iy, place_t, place_s)


cdef void box_corners(gap_search *s, const grid_view *g, const box_hull *f) noexcept nogil:
    """The corners of the bottom: on smooth ground the least is at one of them, or little less."""
    cdef double a, b
    cdef int32_t i
    for i in range(4):
        a = 1.0 if i & 1 else -1.0
        b = 1.0 if i & 2 else -1.0
        gap_point(s, g, f.hull.base.centre[0] + a * f.axis[0][0] + b * f.axis[1][0],
                  f.hull.base.centre[1] + a * f.axis[0][1] + b * f.axis[1][1],
                  f.hull.base.centre[2] + a * f.axis[0][2] + b * f.axis[1][2])


cdef float box_block(const box_hull *f, const grid_view *g, bint sides, int32_t ix, int32_t iy,
                     float *least) noexcept nogil:
    """The least gap of the base at the posts of each cell of a block that begins at (ix, iy); 1e30 for cells the box is
    not over. Returns the least of all."""
    cdef const lower_hull *h = &f.hull
    cdef double u = ix - h.base.centre[0], v = iy - h.base.centre[1]
    cdef double s_low = h.s_low if sides else -1.0, s_high = h.s_high if sides else 1.0
    cdef double t_low = h.t_low if sides else -1.0, t_high = h.t_high if sides else 1.0
    cdef float z[3]
    cdef float s[4]
    cdef float t[4]
    cdef float level = <float> h.base.centre[2]
    z[0] = <float> (h.base.centre[2] - level + h.base.across * v + h.base.along * u)
    z[1] = <float> h.base.along
    z[2] = <float> h.base.across
    u += 0.5
    v += 0.5
    s[0] = <float> (h.base.s_u * u + h.base.s_v * v - 0.5 * (s_high + s_low))
    s[1] = <float> h.base.s_u
    s[2] = <float> h.base.s_v
    s[3] = <float> (0.5 * (s_high - s_low) + h.s_cell)
    t[0] = <float> (h.base.t_u * u + h.base.t_v * v - 0.5 * (t_high + t_low))
    t[1] = <float> h.base.t_u
    t[2] = <float> h.base.t_v
    t[3] = <float> (0.5 * (t_high - t_low) + h.t_cell)
    return tc_block_gaps(g.height + <int64_t> iy * g.row + ix, g.row, level, z, s, t, least)
