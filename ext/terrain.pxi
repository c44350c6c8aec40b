# The height grid: bilinear height and its analytic gradient.
#
#     (ix, iy+1) h01 ---- h11        u, v in [0, 1) within the cell
#                 |        |         h(u, v) = h00 + u (h10 - h00) + v (h01 - h00) + u v (h11 - h10 - h01 + h00)
#       (ix, iy) h00 ---- h10
#
# A corner that is NaN makes the result NaN: what is not known is unknown.

cdef enum:
    LONGEST_MAP = 1 << 24               # posts along a side
    GROUND_OK = 0
    GROUND_OFF_MAP = 1
    GROUND_UNKNOWN = 2


cdef inline int ground(const tc_grid *g, double x, double y, double *z) noexcept nogil:
    """Height at (x, y), m. Returns GROUND_OK, or why z is NaN."""
    cdef double inv_dx = 1.0 / g.dx, u = (x - g.x0) * inv_dx, v = (y - g.y0) * inv_dx
    cdef double h00, ex, ey, twist
    cdef int32_t ix, iy
    cdef const float *h
    if not (u >= 0.0 and v >= 0.0 and u <= g.nx - 1 and v <= g.ny - 1):
        z[0] = NAN
        return GROUND_OFF_MAP
    ix = <int32_t> u
    iy = <int32_t> v
    if ix == g.nx - 1:
        ix -= 1
    if iy == g.ny - 1:
        iy -= 1
    u -= ix
    v -= iy
    h = g.height + <int64_t> iy * g.nx + ix
    h00 = h[0]
    ex = h[1] - h00
    ey = h[g.nx] - h00
    twist = h[g.nx + 1] - h00 - ex - ey
    z[0] = h00 + u * ex + v * (ey + u * twist)
    return GROUND_UNKNOWN if z[0] != z[0] else GROUND_OK


cdef tc_status grid_check(const tc_grid *g) noexcept nogil:
    """Whether a host's grid can be used."""
    if g is NULL or g.height is NULL:
        return TC_E_NULL
    if g.struct_size < sizeof(tc_grid):
        return TC_E_ABI
    if g.nx < 2 or g.ny < 2 or g.nx > LONGEST_MAP or g.ny > LONGEST_MAP:
        return TC_E_RANGE
    if not (g.dx > 0.0 and isfinite(g.dx) and isfinite(g.x0) and isfinite(g.y0)):
        return TC_E_RANGE
    if not (g.sigma >= 0.0 and isfinite(g.sigma) and g.cell >= 0.0 and isfinite(g.cell)):
        return TC_E_RANGE
    if (g.highest is NULL) != (g.highest_rare is NULL) or (g.highest is NULL) != (g.spread is NULL):
        return TC_E_NULL
    return TC_OK


cdef struct grid_cell:
    # one cell of a grid: south-west post, and the surface within
    double ix, iy
    double h00, ex, ey, twist


cdef inline bint cell_at(const tc_grid *g, double u, double v, grid_cell *cell) noexcept nogil:
    """The cell of a place u, v counted in posts. False where that is off the map."""
    cdef int32_t ix, iy
    cdef const float *h
    if not (u >= 0.0 and v >= 0.0 and u <= g.nx - 1 and v <= g.ny - 1):
        return False
    ix = <int32_t> u
    iy = <int32_t> v
    if ix == g.nx - 1:
        ix -= 1
    if iy == g.ny - 1:
        iy -= 1
    h = g.height + <int64_t> iy * g.nx + ix
    cell.ix = ix
    cell.iy = iy
    cell.h00 = h[0]
    cell.ex = h[1] - cell.h00
    cell.ey = h[g.nx] - cell.h00
    cell.twist = h[g.nx + 1] - cell.h00 - cell.ex - cell.ey
    return True


cdef inline int64_t nearest_post(const tc_grid *g, double x, double y) noexcept nogil:
    """Place in the grid's arrays of the post nearest to a point; -1 off the map."""
    cdef double u = (x - g.x0) / g.dx + 0.5, v = (y - g.y0) / g.dx + 0.5
    if not (u >= 0.0 and v >= 0.0 and u < g.nx and v < g.ny):
        return -1
    return <int64_t> v * g.nx + <int64_t> u


cdef inline double sigma_at(const tc_grid *g, int64_t post) noexcept nogil:
    """Standard deviation of the height at a post, m."""
    return g.sigma if g.post_sigma is NULL or post < 0 or isnan(g.post_sigma[post]) else g.post_sigma[post]


cdef public tc_status tc_surface(const tc_grid *grid, const double *xy, size_t n,
                                 tc_surface_point *out) noexcept nogil:
    # points of a path lie close together: as long as one is in the cell of the last, nothing is read
    cdef size_t i
    cdef double x0, y0, inv_dx, u, v, du, dv, along_y
    cdef grid_cell cell
    cdef tc_status st = grid_check(grid)
    if st != TC_OK:
        return st
    if n > 0 and (xy is NULL or out is NULL):
        return TC_E_NULL
    x0, y0, inv_dx = grid.x0, grid.y0, 1.0 / grid.dx
    cell.ix = cell.iy = NAN             # no point lies in the cell of none
    cell.h00 = cell.ex = cell.ey = cell.twist = 0.0
    for i in range(n):
        u = (xy[2 * i] - x0) * inv_dx
        v = (xy[2 * i + 1] - y0) * inv_dx
        du = u - cell.ix
        dv = v - cell.iy
        if not (du >= 0.0 and dv >= 0.0 and du < 1.0 and dv < 1.0):
            if not cell_at(grid, u, v, &cell):
                out[i].height = out[i].dz_dx = out[i].dz_dy = NAN
                continue
            du = u - cell.ix
            dv = v - cell.iy
        along_y = cell.ey + du * cell.twist
        out[i].height = cell.h00 + du * cell.ex + dv * along_y
        out[i].dz_dx = (cell.ex + dv * cell.twist) * inv_dx
        out[i].dz_dy = along_y * inv_dx
    return TC_OK


cdef public tc_status tc_heights(const tc_grid *grid, const double *xy, size_t n, double *out) noexcept nogil:
    cdef size_t i
    cdef tc_status st = grid_check(grid)
    if st != TC_OK:
        return st
    if n > 0 and (xy is NULL or out is NULL):
        return TC_E_NULL
    for i in range(n):
        ground(grid, xy[2 * i], xy[2 * i + 1], &out[i])
    return TC_OK
