# The height grid from the heading frame: origin (x, y) of the body and z of the world, x along the heading, z up.

cdef struct grid_view:
    # the height grid from the heading frame: u, v count posts; peek() is for places known to be inside
    const tc_grid *grid
    ground_bounds *bounds
    const float *height
    int64_t row
    int32_t nx, ny
    double dx, inv_dx
    double u, v                         # of the body origin
    double cu, su                       # cos and sin of yaw, per dx
    double x, y                         # of the body origin, world, m
    double c, s                         # cos and sin of yaw


cdef inline void grid_look(const tc_grid *g, ground_bounds *bounds, double x, double y, double yaw,
                           grid_view *w) noexcept nogil:
    w.grid = g
    bounds_on(bounds, g)
    w.bounds = bounds
    w.height = g.height
    w.row = g.nx
    w.nx = g.nx
    w.ny = g.ny
    w.dx = g.dx
    w.inv_dx = 1.0 / g.dx
    w.x = x
    w.y = y
    w.c = cos(yaw)
    w.s = sin(yaw)
    w.u = (x - g.x0) * w.inv_dx
    w.v = (y - g.y0) * w.inv_dx
    w.cu = w.c * w.inv_dx
    w.su = w.s * w.inv_dx


cdef inline double peek(const grid_view *g, double u, double v) noexcept nogil:
    """Bilinear height at grid place (u, v), which must be in [0, nx - 1) x [0, ny - 1)."""
    cdef int32_t ix = <int32_t> u, iy = <int32_t> v
    cdef const float *h = g.height + iy * g.row + ix
    cdef double h00 = h[0], h10 = h[1], low, high
    u -= ix
    v -= iy
    low = h00 + u * (h10 - h00)
    h00 = h[g.row]
    h10 = h[g.row + 1]
    high = h00 + u * (h10 - h00)
    return low + v * (high - low)


cdef inline double peek_slope(const grid_view *g, double u, double v, double *gu, double *gv) noexcept nogil:
    """The same with its slope per metre along u and v, in grid units of direction: slope . (eu, ev) is dz/ds."""
    cdef int32_t ix = <int32_t> u, iy = <int32_t> v
    cdef const float *h = g.height + iy * g.row + ix
    cdef double h00 = h[0], ex = h[1] - h00, ey = h[g.row] - h00, twist = h[g.row + 1] - h00 - ex - ey
    u -= ix
    v -= iy
    gu[0] = ex + v * twist
    gv[0] = ey + u * twist
    return h00 + u * ex + v * ey + u * v * twist


cdef inline void turn_to_grid(const grid_view *g, double x, double y, double *u, double *v) noexcept nogil:
    u[0] = g.cu * x - g.su * y
    v[0] = g.su * x + g.cu * y


cdef inline void to_grid(const grid_view *g, double x, double y, double *u, double *v) noexcept nogil:
    turn_to_grid(g, x, y, u, v)
    u[0] += g.u
    v[0] += g.v


cdef inline void to_world(const grid_view *g, double x, double y, double *wx, double *wy) noexcept nogil:
    wx[0] = g.x + g.c * x - g.s * y
    wy[0] = g.y + g.s * x + g.c * y
