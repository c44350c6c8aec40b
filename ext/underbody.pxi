# What the underbody meets: the least vertical gap between each part's lower surface and the ground, exactly.

include "gap.pxi"             # gaps and what bounds them
include "gap_box.pxi"         # a box
include "gap_round.pxi"       # a sphere or a tube

cdef extern from *:
    """
    static const double TC_LARGEST_PART = 20.0;     /* m */
    """
    const double TC_LARGEST_PART

cdef struct underbody_model:
    int32_t n_parts
    int32_t shape[TC_MAX_PARTS]
    int32_t fixed_to[TC_MAX_PARTS]
    double centre[TC_MAX_PARTS][3]      # body frame at design ride height, m
    double half[TC_MAX_PARTS][3]

cdef struct part_hull:
    # a part from below, by its shape
    int32_t shape
    box_hull box
    round_hull round

cdef struct row_span:
    # where along u a strip of the grid is, from its middle: low + rise v to high + rise v
    double low, high, rise


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


cdef inline void row_span_init(row_span *r, double s_u, double s_v, double low, double high) noexcept nogil:
    """Of low <= s_u u + s_v v <= high."""
    if s_u == 0.0:
        r.low = -TC_FAR
        r.high = TC_FAR
        r.rise = 0.0
        return
    r.rise = -s_v / s_u
    r.low = (low if s_u > 0.0 else high) / s_u
    r.high = (high if s_u > 0.0 else low) / s_u


cdef inline int32_t lowest_bit(int bits) noexcept nogil:
    """Of four."""
    return 0 if bits & 1 else 1 if bits & 2 else 2 if bits & 4 else 3


cdef inline void hull_cell(gap_search *s, const grid_view *g, const part_hull *f, bint sides, int32_t ix,
                           int32_t iy) noexcept nogil:
    """The least gap over one cell, exactly."""
    if f.shape == TC_BOX:
        box_cell(s, g, &f.box, sides, ix, iy)
    else:
        round_cell(s, g, &f.round, ix, iy)


cdef void hull_block(gap_search *s, const grid_view *g, const part_hull *f, int32_t bx, int32_t by,
                     float bound) noexcept nogil:
    """The least gap over one block: its cells in turn, the one with the least bound first."""
    cdef float least[BLOCK * BLOCK]
    cdef float lowest
    cdef int32_t x0 = BLOCK * bx, y0 = BLOCK * by, i, first = 0
    cdef int open_cells
    cdef bint sides = f.shape == TC_BOX and tile_ready(g.bounds, g.grid, bx, by).steep[bx & 3] > f.box.steep
    if x0 + BLOCK + 1 >= g.nx or y0 + BLOCK >= g.ny or bound != bound:
        for i in range(BLOCK * BLOCK):
            if x0 + i % BLOCK < g.nx - 1 and y0 + i // BLOCK < g.ny - 1:
                hull_cell(s, g, f, True, x0 + i % BLOCK, y0 + i // BLOCK)
        return
    if f.shape == TC_BOX:
        lowest = box_block(&f.box, g, sides, x0, y0, least)
    else:
        lowest = round_block(&f.round, g, x0, y0, least)
    if not lowest < s.least - TC_SAME_GAP:
        return
    while least[first] != lowest:
        first += 1
    hull_cell(s, g, f, sides, x0 + first % BLOCK, y0 + first // BLOCK)
    least[first] = <float> INFINITY
    for i in range(BLOCK):
        open_cells = tc_four_not_above(&least[BLOCK * i], <float> (s.least - TC_SAME_GAP))
        while open_cells != 0:
            first = lowest_bit(open_cells)
            open_cells &= open_cells - 1
            if least[BLOCK * i + first] < s.least - TC_SAME_GAP:
                hull_cell(s, g, f, sides, x0 + first, y0 + i)


cdef void blocks_look(gap_search *s, const grid_view *g, const part_hull *f, block_list *c) noexcept nogil:
    """Look at the block with the least bound first, then at those that may hold less."""
    cdef int32_t i, lane
    cdef int open_blocks
    if c.least < s.least - TC_SAME_GAP:
        if f.shape == TC_BOX:
            box_corners(s, g, &f.box)
        i = c.first
        lane = 0
        while c.bound[4 * i + lane] != c.least:
            lane += 1
        if c.least < s.least - TC_SAME_GAP:
            hull_block(s, g, f, c.bx[i] + lane, c.by[i], c.least)
        c.bound[4 * i + lane] = <float> INFINITY
    for i in range(c.n):
        open_blocks = tc_four_not_above(&c.bound[4 * i], <float> (s.least - TC_SAME_GAP))    # NaN must be seen
        while open_blocks != 0:
            lane = lowest_bit(open_blocks)
            open_blocks &= open_blocks - 1
            if not c.bound[4 * i + lane] > s.least - TC_SAME_GAP:
                hull_block(s, g, f, c.bx[i] + lane, c.by[i], c.bound[4 * i + lane])
    c.n = 0
    c.least = <float> TC_FAR


cdef void hull_search(gap_search *s, const grid_view *g, const part_hull *f, const lower_hull *h) noexcept nogil:
    """The least gap of a lower surface: bounds of all blocks below it, then what they leave open."""
    cdef block_list c
    cdef tc_base_floats w
    cdef row_span across[2]
    cdef const block_four *four
    cdef int32_t bx, by, last, x0 = <int32_t> h.low[0] // BLOCK, x1 = <int32_t> h.high[0] // BLOCK
    cdef double v, low, high, middle = h.base.centre[0] - 0.5 * BLOCK
    cdef float least
    base_floats(h, &w)
    row_span_init(&across[0], h.base.s_u, h.base.s_v, h.s_low - BLOCK * h.s_cell, h.s_high + BLOCK * h.s_cell)
    row_span_init(&across[1], h.base.t_u, h.base.t_v, h.t_low - BLOCK * h.t_cell, h.t_high + BLOCK * h.t_cell)
    c.n = 0
    c.least = <float> TC_FAR
    for by in range(<int32_t> h.low[1] // BLOCK, <int32_t> h.high[1] // BLOCK + 1):
        v = BLOCK * by + 0.5 * BLOCK - h.base.centre[1]
        low = larger(across[0].low + across[0].rise * v, across[1].low + across[1].rise * v)
        high = -larger(-across[0].high - across[0].rise * v, -across[1].high - across[1].rise * v)
        low = larger((low + middle) * (1.0 / BLOCK), x0)
        high = -larger(-(high + middle) * (1.0 / BLOCK), -x1)
        if not low <= high + 1.0:
            continue
        last = <int32_t> high
        for bx in range(<int32_t> low & ~3, last + 1, 4):
            if c.n == MAX_FOURS:
                blocks_look(s, g, f, &c)
            four = tile_ready(g.bounds, g.grid, bx, by)
            least = tc_block_bounds(&w, four.middle, four.along, four.across,
                                    <float> (BLOCK * bx - middle), <float> v, BLOCK, &c.bound[4 * c.n])
            if least < c.least:
                c.least = least
                c.first = c.n
            c.bx[c.n] = bx
            c.by[c.n] = by
            c.n += 1
    blocks_look(s, g, f, &c)


cdef int part_clearance(const underbody_model *m, const grid_view *g, int32_t part, const double *R_gp,
                        const double *origin, double below, double *gap, double *nearest) noexcept nogil:
    """Least gap of a part that is turned by R_gp and moved to origin on the grid, and the ground point it is least
    at; infinite where it is not less than `below`. Returns GROUND_OK, or why both are NaN."""
    cdef gap_search s
    cdef part_hull f
    cdef int known
    gap[0] = nearest[0] = nearest[1] = nearest[2] = NAN
    s.least = below
    s.u = s.v = s.ground = s.sum_ground = 0.0
    f.shape = m.shape[part]
    if f.shape == TC_BOX:
        known = box_place(&f.box, g, m.centre[part], m.half[part], R_gp, origin)
    elif f.shape == TC_TUBE:
        known = tube_place(&f.round, g, m.centre[part], m.half[part][0], m.half[part][1], R_gp, origin)
    else:
        known = ball_place(&f.round, g, m.centre[part], m.half[part][0], R_gp, origin)
    if known != GROUND_OK:
        return known
    hull_search(&s, g, &f, &f.box.hull if f.shape == TC_BOX else &f.round.hull)
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
