# A quick look at a pose: about what clearance is to be expected there, for a hundredth of a stance's price.
#
# The wheels stand on the ground dilated by the tyre, the chassis on a plane through them, each axle on its own two;
# samples of the underbody are held over the highest ground of their cell. No spring gives way, nothing is exact: a
# look says where to ask first and how things change a hand's breadth aside, never whether something touches.
#
# Both maps are filled where they are first asked. Heights are against the start's, so that floats hold millimetres.

cdef enum:
    LOOK_SIDE = 512                     # cells of a map along one side at most
    LOOK_SAMPLES = 256                  # of the underbody
    LOOK_RING = 80                      # cells a tyre may cover

cdef extern from *:
    """
    static const double TC_LOOK_CELL = 0.10;            /* m, more where the corridor is long */
    static const double TC_LOOK_SPACING = 0.14;         /* m between samples of the underbody */
    static const float TC_LOOK_EMPTY = 1e30f;           /* a cell not yet filled */
    """
    const double TC_LOOK_CELL, TC_LOOK_SPACING
    const float TC_LOOK_EMPTY

cdef struct look_sample:
    float x, y, z                       # lowest surface, body frame at design ride height, m
    int32_t plane                       # TC_CHASSIS ... TC_HUB_RR: what carries it

cdef struct look_map:
    const tc_grid *grid
    float *top                          # highest ground in a cell, m
    float *tread                        # lowest point of a tyre that stands over a cell, m
    double x0, y0, z0, cell
    double steep                        # slope beyond which a look does not say
    int32_t nx, ny
    int32_t n_ring
    int32_t ring_x[LOOK_RING]
    int32_t ring_y[LOOK_RING]
    float ring_rise[LOOK_RING]          # of the tyre's surface over its lowest point, m

cdef struct underbody_samples:
    int32_t n
    look_sample at[LOOK_SAMPLES]
    double wheelbase
    double half_track[2]


cdef size_t look_memory() noexcept nogil:
    return 2 * sizeof(float) * LOOK_SIDE * LOOK_SIDE


cdef void sample_put(underbody_samples *u, const tc_part *p, double x, double y, double z) noexcept nogil:
    """One sample, seen from the part's centre; beyond the room there is, only counted."""
    cdef look_sample *s = &u.at[u.n if u.n < LOOK_SAMPLES else LOOK_SAMPLES - 1]
    s.x = <float> (p.centre[0] + x)
    s.y = <float> (p.centre[1] + y)
    s.z = <float> (p.centre[2] + z)
    s.plane = p.fixed_to
    u.n += 1


cdef void sample_part(underbody_samples *u, const tc_part *p, double spacing) noexcept nogil:
    cdef int32_t i, j, nx, ny
    if p.shape == TC_SPHERE:
        sample_put(u, p, 0.0, 0.0, -p.size[0])
        for i in range(4):                      # where the sphere has risen by 0.3 of its radius
            sample_put(u, p, (i % 2) * (i - 2) * 0.7 * p.size[0], (1 - i % 2) * (i - 1) * 0.7 * p.size[0],
                       -0.7 * p.size[0])
        return
    nx = 0 if p.shape == TC_TUBE else <int32_t> (2.0 * p.size[0] / spacing)
    ny = <int32_t> (2.0 * p.size[1] / spacing)
    for i in range(nx + 1):
        for j in range(ny + 1):
            sample_put(u, p, 0.0 if nx == 0 else p.size[0] * (2.0 * i / nx - 1.0),
                       0.0 if ny == 0 else p.size[1] * (2.0 * j / ny - 1.0),
                       -(p.size[0] if p.shape == TC_TUBE else p.size[2]))


cdef void samples_of(underbody_samples *u, const tc_vehicle *v) noexcept nogil:
    """Samples of all parts, farther apart where there is no room for so many."""
    cdef uint32_t i
    cdef double spacing = TC_LOOK_SPACING
    u.wheelbase = v.wheelbase
    u.half_track[0] = 0.5 * v.axle[0].track
    u.half_track[1] = 0.5 * v.axle[1].track
    while True:
        u.n = 0
        for i in range(v.n_parts):
            sample_part(u, &v.part[i], spacing)
        if u.n <= LOOK_SAMPLES:
            break
        spacing *= 1.25


cdef void look_ring(look_map *m, double radius, double tread) noexcept nogil:
    """The cells below a tyre and how far its surface rises over them, the same for every heading."""
    cdef int32_t i, j, reach
    cdef double r, rise
    reach = <int32_t> (0.75 * radius / m.cell)
    if reach > 4:
        reach = 4
    m.n_ring = 0
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            r = m.cell * sqrt(<double> (i * i + j * j)) - 0.25 * tread
            r = 0.0 if r < 0.0 else r
            if r > 0.75 * radius or m.n_ring == LOOK_RING:
                continue
            rise = radius - sqrt(radius * radius - r * r)
            m.ring_x[m.n_ring] = i
            m.ring_y[m.n_ring] = j
            m.ring_rise[m.n_ring] = <float> rise
            m.n_ring += 1


cdef void look_over(look_map *m, const tc_grid *g, const corridor *c, double margin, double z0) noexcept nogil:
    """Lay empty maps over the corridor and `margin` around it."""
    cdef double x1 = c.x[0], y1 = c.y[0], side
    cdef int32_t i
    m.grid = g
    m.z0 = z0
    m.x0, m.y0 = c.x[0], c.y[0]
    for i in range(1, c.n):
        m.x0 = c.x[i] if c.x[i] < m.x0 else m.x0
        m.y0 = c.y[i] if c.y[i] < m.y0 else m.y0
        x1 = c.x[i] if c.x[i] > x1 else x1
        y1 = c.y[i] if c.y[i] > y1 else y1
    m.x0 -= margin
    m.y0 -= margin
    side = x1 + margin - m.x0 if x1 - m.x0 > y1 - m.y0 else y1 + margin - m.y0
    m.cell = TC_LOOK_CELL
    if side > (LOOK_SIDE - 1) * m.cell:
        m.cell = side / (LOOK_SIDE - 1)
    m.nx = <int32_t> ((x1 + margin - m.x0) / m.cell) + 1
    m.ny = <int32_t> ((y1 + margin - m.y0) / m.cell) + 1
    for i in range(m.nx * m.ny):
        m.top[i] = TC_LOOK_EMPTY
        m.tread[i] = TC_LOOK_EMPTY


cdef float fill_top(look_map *m, int32_t ix, int32_t iy) noexcept nogil:
    """Highest post in the cell or next to it; NaN where one is unknown or off the map."""
    cdef const tc_grid *g = m.grid
    cdef int32_t i0 = <int32_t> floor((m.x0 + ix * m.cell - g.x0) / g.dx)
    cdef int32_t j0 = <int32_t> floor((m.y0 + iy * m.cell - g.y0) / g.dx)
    cdef int32_t n = <int32_t> (m.cell / g.dx) + 1, i, j
    cdef float h, best = -TC_LOOK_EMPTY
    if i0 < 0 or j0 < 0 or i0 + n >= g.nx or j0 + n >= g.ny:
        return <float> NAN
    for j in range(j0, j0 + n + 1):
        for i in range(i0, i0 + n + 1):
            h = g.height[<int64_t> j * g.nx + i]
            if isnan(h):
                return h
            if h > best:
                best = h
    return <float> (best - m.z0)


cdef inline float look_top(look_map *m, int32_t ix, int32_t iy) noexcept nogil:
    cdef float *cell = &m.top[iy * m.nx + ix]
    if cell[0] == TC_LOOK_EMPTY:
        cell[0] = fill_top(m, ix, iy)
    return cell[0]


cdef float fill_tread(look_map *m, int32_t ix, int32_t iy) noexcept nogil:
    """Where a tyre comes to stand: on the ground in the middle, or on what reaches up to its flank."""
    cdef int32_t k, i, j
    cdef double z
    cdef float h, best
    if ground(m.grid, m.x0 + (ix + 0.5) * m.cell, m.y0 + (iy + 0.5) * m.cell, &z) != GROUND_OK:
        return <float> NAN
    best = <float> (z - m.z0)
    for k in range(m.n_ring):
        i = ix + m.ring_x[k]
        j = iy + m.ring_y[k]
        if i < 0 or j < 0 or i >= m.nx or j >= m.ny or (i == ix and j == iy):
            continue
        if ground(m.grid, m.x0 + (i + 0.5) * m.cell, m.y0 + (j + 0.5) * m.cell, &z) != GROUND_OK:
            continue
        h = <float> (z - m.z0) - m.ring_rise[k]
        if h > best:
            best = h
    return best


cdef inline float look_tread(look_map *m, double x, double y) noexcept nogil:
    cdef double u = (x - m.x0) / m.cell, v = (y - m.y0) / m.cell
    cdef int32_t ix, iy
    cdef float *cell
    if not (u >= 0.0 and v >= 0.0 and u < m.nx and v < m.ny):       # before the cast: far off it has no value
        return <float> NAN
    ix = <int32_t> u
    iy = <int32_t> v
    cell = &m.tread[iy * m.nx + ix]
    if cell[0] == TC_LOOK_EMPTY:
        cell[0] = fill_tread(m, ix, iy)
    return cell[0]


cdef double look_clearance(look_map *m, const underbody_samples *u, double x, double y, double yaw) noexcept nogil:
    """About the least clearance of a vehicle there, m. NaN where the maps do not say, or it stands too steep."""
    cdef double c = cos(yaw) / m.cell, s = sin(yaw) / m.cell, px = (x - m.x0) / m.cell, py = (y - m.y0) / m.cell
    cdef float plane[7][3]              # height, rise along x, rise along y
    cdef float wheel[4]
    cdef float front, rear, slope_front, slope_rear, gap, best = 1e3
    cdef double wx, wy
    cdef int32_t i, ix, iy
    cdef const look_sample *q
    for i in range(4):
        wx = u.wheelbase if i < 2 else 0.0
        wy = u.half_track[i // 2] if i % 2 == 0 else -u.half_track[i // 2]
        wheel[i] = look_tread(m, x + m.cell * (c * wx - s * wy), y + m.cell * (s * wx + c * wy))
    front = 0.5 * (wheel[0] + wheel[1])
    rear = 0.5 * (wheel[2] + wheel[3])
    if isnan(front) or isnan(rear):
        return NAN
    slope_front = (wheel[0] - wheel[1]) / <float> (2.0 * u.half_track[0])
    slope_rear = (wheel[2] - wheel[3]) / <float> (2.0 * u.half_track[1])
    memset(plane, 0, sizeof(plane))
    plane[0][0] = rear
    plane[0][1] = (front - rear) / <float> u.wheelbase
    plane[0][2] = 0.5 * (slope_front + slope_rear)
    plane[1][0] = front
    plane[1][2] = slope_front
    plane[2][0] = rear
    plane[2][2] = slope_rear
    if plane[0][1] * plane[0][1] + plane[0][2] * plane[0][2] > m.steep * m.steep:
        return NAN
    for i in range(4):
        plane[3 + i][0] = wheel[i]
    for i in range(u.n):
        q = &u.at[i]
        wx = px + c * q.x - s * q.y
        wy = py + s * q.x + c * q.y
        ix = <int32_t> wx
        iy = <int32_t> wy
        if wx < 0.0 or wy < 0.0 or ix >= m.nx or iy >= m.ny:
            return NAN
        gap = plane[q.plane][0] + plane[q.plane][1] * q.x + plane[q.plane][2] * q.y + q.z - look_top(m, ix, iy)
        if isnan(gap):
            return NAN
        if gap < best:
            best = gap
    return best
