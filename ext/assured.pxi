# What clearance is sure without a stance, as ACE does it (Otsu et al., J. Field Robotics 37, 2020): from the lowest
# and highest ground within the wheels' reach to where wheels, axles and chassis can be (reach.pxi), from there to how
# low parts can hang, held against the highest ground below them.

cdef enum:
    ASSURED_POSTS = 4                   # of a row that are held under a part at once


cdef inline double leant(const reach_state *r, double y) noexcept nogil:
    """The least a place so far left can be above the middle, m."""
    return lesser(y * lesser(r.lean.low, r.lean.low * r.level), y * larger(r.lean.high, r.lean.high * r.level))


cdef inline double over_chassis(const stance_model *m, const reach_state *r, double x, double y) noexcept nogil:
    """No point of the chassis at (x, y) of the body, as high as the hubs at design ride height, is lower."""
    cdef double along = x / m.axle[0].x
    if along < 0.0:
        return r.body[1].low - x * r.rise.low + leant(r, y)
    if along > 1.0:
        return r.body[0].low - (x - m.axle[0].x) * r.rise.high + leant(r, y)
    return r.body[1].low * (1.0 - along) + r.body[0].low * along + leant(r, y)


cdef inline double over_axle(const stance_model *m, const reach_state *r, int32_t i, double x, double y) noexcept nogil:
    """The same of a solid axle."""
    x -= m.axle[i].x
    return (r.axle[i].low - larger(x * r.rise.low, x * r.rise.high)
            + lesser(y * r.slope[i].low, y * r.slope[i].high))


cdef inline double over_hub(const stance_model *m, const reach_state *r, int32_t w, double x, double y) noexcept nogil:
    """The same of what is fixed to a hub that moves by itself."""
    cdef const axle_model *a = &m.axle[w // 2]
    x -= a.x
    return (r.support[w].low - (r.share[w // 2].high - m.tread.weight) * softer_rate(m, r)
            - larger(x * r.rise.low, x * r.rise.high)
            + leant(r, y - (a.half_track if w % 2 == 0 else -a.half_track)))


cdef double over_part(const stance_model *m, const reach_state *r, int32_t fixed_to, double x, double y) noexcept nogil:
    cdef int32_t w = fixed_to - TC_HUB_FL
    cdef int32_t i = w // 2 if w >= 0 else fixed_to - TC_FRONT_AXLE
    if fixed_to == TC_CHASSIS or (w < 0 and not m.axle[i].solid):
        return over_chassis(m, r, x, y)
    return over_axle(m, r, i, x, y) if m.axle[i].solid else over_hub(m, r, w, x, y)


cdef inline double part_over(const stance_model *m, const reach_state *r, const grid_view *g, int32_t part, double du,
                             double dv) noexcept nogil:
    """The same of a part, at a place on the grid seen from its middle."""
    cdef const double *c = m.underbody.centre[part]
    return over_part(m, r, m.underbody.fixed_to[part], c[0] + g.dx * (g.c * du + g.s * dv),
                     c[1] + g.dx * (g.c * dv - g.s * du))


cdef void part_reach(const stance_model *m, const reach_state *r, int32_t part, bracket *x, bracket *y,
                     double *low) noexcept nogil:
    """How far the points of a part can be from where they are on level ground, and how high its lower surface is at
    least over the plane of the hubs at design ride height."""
    cdef const underbody_model *b = &m.underbody
    cdef const double *c = b.centre[part]
    cdef double bottom = c[2] - (b.half[part][2] if b.shape[part] == TC_BOX else b.half[part][0])
    cdef double top = c[2] + (b.half[part][2] if b.shape[part] == TC_BOX else 0.0)
    cdef double most = larger(m.axle[0].hub_z, m.axle[1].hub_z), least = lesser(m.axle[0].hub_z, m.axle[1].hub_z)
    cdef double high = larger(m.axle[0].bump[1], m.axle[1].bump[1]) + TC_ASSURED_BEYOND
    cdef double down = larger(m.axle[0].rebound, m.axle[1].rebound) + TC_ASSURED_BEYOND
    cdef bracket hub
    cdef int32_t i = 0 if c[0] > 0.5 * m.axle[0].x else 1
    low[0] = bottom - most if bottom < most else r.level * (bottom - most)
    if b.shape[part] != TC_BOX and c[2] > least:
        low[0] -= (c[2] - least) * (1.0 - r.level)
    if b.fixed_to[part] == TC_CHASSIS:
        x[0] = product(bottom, top, &r.rise)
        hub = product(bottom, top, &r.lean)
        y.low, y.high = -hub.high, -hub.low
        return
    # an axle goes up and down, and does not roll as the chassis does
    x[0] = product(bottom - down, top + high, &r.rise)
    hub = product(least - down, most + high, &r.lean)
    y[0] = product(least - top, most - bottom, &r.slope[i] if m.axle[i].solid else &r.lean)
    y.low -= hub.high
    y.high -= hub.low


cdef double assured_part(const stance_model *m, const grid_view *g, const reach_state *r,
                         int32_t part) noexcept nogil:
    """No gap of a part is less; no more closely looked at than shows that it is below 0. -inf: not known."""
    cdef const underbody_model *b = &m.underbody
    cdef const double *c = b.centre[part]
    cdef double hx = b.half[part][0], hy = b.half[part][1] if b.shape[part] != TC_SPHERE else b.half[part][0]
    cdef double pad = (fabs(g.c) + fabs(g.s)) * g.dx, steep, dx, dy, low, u, v, dv, gap, least = INFINITY
    cdef double begin, end, du
    cdef bracket x, y, z
    cdef row_span across[2]
    cdef const float *h
    cdef float most, all = 0.0
    cdef int32_t ix, iy, stop, last
    part_reach(m, r, part, &x, &y, &low)
    steep = (fabs(c[0]) + hx) * r.most_rise * r.most_rise + (fabs(c[1]) + hy) * r.most_rise * r.most_lean
    x.low -= steep
    x.high += steep
    steep = (fabs(c[1]) + hy) * r.most_lean * r.most_lean
    y.low -= steep
    y.high += steep
    dx = 0.5 * (x.high - x.low) + pad
    dy = 0.5 * (y.high - y.low) + pad
    steep = larger(r.most_rise, fabs(r.body[0].low - r.body[1].low) / m.axle[0].x)
    low -= dx * steep + dy * r.most_lean
    to_grid(g, c[0] + 0.5 * (x.low + x.high), c[1] + 0.5 * (y.low + y.high), &u, &v)
    row_span_init(&across[0], g.c, g.s, -(hx + dx) * g.inv_dx, (hx + dx) * g.inv_dx)
    row_span_init(&across[1], -g.s, g.c, -(hy + dy) * g.inv_dx, (hy + dy) * g.inv_dx)
    dv = (fabs(g.s) * (hx + dx) + fabs(g.c) * (hy + dy)) * g.inv_dx
    if not (v - dv >= 0.0 and v + dv < g.ny - 1):
        return -INFINITY
    last = <int32_t> (v + dv) + 1
    # at its corners against the highest ground, then by pieces of rows
    for iy in range(4):
        du = (1 - iy % 2 * 2) * (hx + dx) * g.inv_dx
        gap = (1 - iy // 2 * 2) * (hy + dy) * g.inv_dx
        least = lesser(least, low + part_over(m, r, g, part, g.c * du - g.s * gap, g.s * du + g.c * gap))
    if (ground_within(g, c[0] + 0.5 * (x.low + x.high), c[1] + 0.5 * (y.low + y.high), hx + dx - pad, hy + dy - pad,
                      NULL, &z) and least - z.high >= 0.0):
        return least - z.high
    least = INFINITY
    for iy in range(<int32_t> (v - dv), last + 1):
        dv = iy - v
        begin = larger(across[0].low + across[0].rise * dv, across[1].low + across[1].rise * dv)
        end = lesser(across[0].high + across[0].rise * dv, across[1].high + across[1].rise * dv)
        if begin > end:
            continue
        if not (u + begin >= 0.0 and u + end < g.nx):
            return -INFINITY
        h = g.height + iy * g.row
        stop = <int32_t> (u + end)
        ix = <int32_t> (u + begin)
        while ix <= stop:
            begin = ix - u
            most = h[ix]
            all += most
            ix += 1
            while ix <= stop and ix - u < begin + ASSURED_POSTS:
                most = h[ix] if h[ix] > most else most
                all += h[ix]
                ix += 1
            end = ix - 1 - u
            gap = low - most + lesser(part_over(m, r, g, part, begin, dv), part_over(m, r, g, part, end, dv))
            if gap < 0.0:
                return gap
            least = gap if gap < least else least
    return least if all == all else -INFINITY


cdef double assured_clearance(const stance_model *m, const tc_grid *grid, double x, double y,
                              double yaw) noexcept nogil:
    """No part of a rest at (x, y, yaw) has less clearance, m; -inf where not so much as none is sure."""
    cdef grid_view g
    cdef reach_state r
    cdef double gap, least = INFINITY
    cdef int32_t i
    if not (isfinite(x) and isfinite(y) and isfinite(yaw)):
        return -INFINITY
    grid_look(grid, m.bounds, x, y, yaw, &g)
    if not reach_find(m, &g, &r):
        return -INFINITY
    for i in range(m.underbody.n_parts):
        gap = assured_part(m, &g, &r, i)
        least = gap if gap < least else least
        if not least >= 0.0:
            return -INFINITY
    return least
