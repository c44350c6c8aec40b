# The least vertical gap between a lower surface and the bilinear ground, and bounds of it.
#
# No point of a part's lower surface is below one plane, its base: the bottom of a box, or a plane moved down to touch a
# tube or a sphere. The base is held over the planes of ground blocks (bounds.pxi), four at a time in floats, which only
# say where not to look.

cdef enum:
    MAX_FOURS = 96                      # blocks bounded before they are looked at, by fours

cdef extern from *:
    """
    static const double TC_FAR = 1e30;              /* m, no gap is so wide */
    static const double TC_SAME_GAP = 2e-6;         /* m, what floats may lose; of such gaps the first counts */
    """
    const double TC_FAR, TC_SAME_GAP

cdef extern from *:
    """
    struct tc_base_floats {
        float z;                        /* m, of the base at its centre */
        float rise_u, rise_v;           /* m a cell */
        float a_u, a_v, b_u, b_v;       /* cells of one s, of one t */
        float s_u, s_v, t_u, t_v;
        float s_low, s_high, s_block;   /* where the part is, and how far half a block reaches */
        float t_low, t_high, t_block;
    };

    /* The least the gap of the base can be over each of four blocks with their middles at u, u + size, ... and v: that
       of two planes, where part and block meet in s and t; 1e30 where they do not. NaN for unknown ground. Returns the
       least of those known. */
    static inline float tc_block_bounds(const struct tc_base_floats *f, const float *middle, const float *along,
                                       const float *across, float u0, float v, float size, float *bound) {
        const tc_four step = {0.0f, 1.0f, 2.0f, 3.0f}, far = {1e30f, 1e30f, 1e30f, 1e30f};
        tc_four u = u0 + size * step, rise_u = tc_load(along), rise_v = tc_load(across), gap, low, high, at, rise;
        tc_four_bits meet;
        gap = f->z - tc_load(middle) + rise_u * u + rise_v * v;
        rise_u = f->rise_u - rise_u;
        rise_v = f->rise_v - rise_v;
        at = f->s_u * u + f->s_v * v;
        low = tc_greater(at - f->s_block, (tc_four){0} + f->s_low);
        high = tc_lesser(at + f->s_block, (tc_four){0} + f->s_high);
        meet = low <= high;
        rise = rise_u * f->a_u + rise_v * f->a_v;
        gap += tc_lesser(rise * low, rise * high);
        at = f->t_u * u + f->t_v * v;
        low = tc_greater(at - f->t_block, (tc_four){0} + f->t_low);
        high = tc_lesser(at + f->t_block, (tc_four){0} + f->t_high);
        meet &= low <= high;
        rise = rise_u * f->b_u + rise_v * f->b_v;
        gap = tc_select(meet, gap + tc_lesser(rise * low, rise * high), far);
        memcpy(bound, &gap, sizeof gap);
        return tc_least(tc_lesser(gap, far));
    }

    static inline int tc_four_not_above(const float *p, float limit) { return tc_not_above(tc_load(p), limit); }
    """
    struct tc_base_floats:
        float z, rise_u, rise_v, a_u, a_v, b_u, b_v, s_u, s_v, t_u, t_v
        float s_low, s_high, s_block, t_low, t_high, t_block
    int tc_four_not_above(const float *p, float limit) noexcept nogil
    float tc_block_bounds(const tc_base_floats *f, const float *middle, const float *along, const float *across,
                          float u0, float v, float size, float *bound) noexcept nogil

cdef struct gap_search:
    # least gap so far, and what was seen on the way
    double least, u, v, ground
    double sum_ground                   # NaN as soon as a height is

cdef struct face_plane:
    # a flat face, in grid places: z = centre[2] + along du + across dv, where |s| and |t| <= 1
    double centre[3]
    double along, across
    double s_u, s_v, t_u, t_v           # s = s_u du + s_v dv

cdef struct lower_hull:
    # where a lower surface is
    face_plane base                     # no point of it is below this; s and t reach
    double s_low, s_high, t_low, t_high
    double s_cell, t_cell               # how far half a cell reaches in s and t, and what floats may lose
    double a[2]                         # (u, v) of one s, of one t
    double b[2]
    double low[2]                       # grid places it is within
    double high[2]

cdef struct block_list:
    # bounds of blocks below a part, by fours
    int32_t n
    int32_t first                       # the four with the least bound
    float least
    int32_t bx[MAX_FOURS]
    int32_t by[MAX_FOURS]
    float bound[4 * MAX_FOURS]          # no gap over the block is less; NaN = unknown ground


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


cdef inline double nearest_in(double value, double low, double high) noexcept nogil:
    return low if value < low else high if value > high else value


cdef inline bint place_on_map(const grid_view *g, const double *p) noexcept nogil:
    return p[0] >= 0.0 and p[1] >= 0.0 and p[0] < g.nx - 1 and p[1] < g.ny - 1


cdef inline void hull_base(lower_hull *f, const double *centre, const double *a, const double *b) noexcept nogil:
    """A base through centre, where |s| and |t| <= 1."""
    face_init(&f.base, centre, a, b)
    memcpy(f.a, a, sizeof(f.a))
    memcpy(f.b, b, sizeof(f.b))
    f.s_cell = 0.5001 * (fabs(f.base.s_u) + fabs(f.base.s_v))
    f.t_cell = 0.5001 * (fabs(f.base.t_u) + fabs(f.base.t_v))
    f.s_low = f.t_low = -1.0
    f.s_high = f.t_high = 1.0


cdef inline void base_floats(const lower_hull *f, tc_base_floats *w) noexcept nogil:
    w.z = <float> f.base.centre[2]
    w.rise_u = <float> f.base.along
    w.rise_v = <float> f.base.across
    w.a_u = <float> f.a[0]
    w.a_v = <float> f.a[1]
    w.b_u = <float> f.b[0]
    w.b_v = <float> f.b[1]
    w.s_u = <float> f.base.s_u
    w.s_v = <float> f.base.s_v
    w.t_u = <float> f.base.t_u
    w.t_v = <float> f.base.t_v
    w.s_low = <float> f.s_low
    w.s_high = <float> f.s_high
    w.s_block = <float> (BLOCK * f.s_cell)
    w.t_low = <float> f.t_low
    w.t_high = <float> f.t_high
    w.t_block = <float> (BLOCK * f.t_cell)
