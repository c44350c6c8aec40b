# A quick look at a pose: about what clearance is to be expected there, for a hundredth of a stance's price.
#
# The wheels stand on the ground dilated by the tyre, the chassis on a plane through them, each axle on its own two;
# samples of the underbody are held over the highest ground of their cell. No spring gives way, nothing is exact: a
# look says where to ask first and how things change a hand's breadth aside, never whether something touches.
#
# The maps are filled where they are first asked. Heights are against the start's, so that floats hold millimetres.

cdef enum:
    LOOK_SIDE = 512                     # cells of a map along one side at most
    LOOK_SAMPLES = 256                  # of the underbody,
    LOOK_ROOM = LOOK_SAMPLES + 8        # and room to fill up the last four
    LOOK_RING = 80                      # cells a tyre may cover

cdef extern from *:
    """
    static const double TC_LOOK_CELL = 0.10;            /* m, more where the corridor is long */
    static const double TC_LOOK_SPACING = 0.20;         /* m between samples of the underbody */
    static const float TC_LOOK_EMPTY = 1e30f;           /* a cell not yet filled */
    """
    const double TC_LOOK_CELL, TC_LOOK_SPACING
    const float TC_LOOK_EMPTY

cdef extern from *:
    """
    struct tc_look_pose { float u, v, cu, su; float nx; };          /* in cells; cells of a row of the map */
    struct tc_look_seen { tc_four least, sum; };

    static inline void tc_look_begin(struct tc_look_seen *seen) {
        seen->least = (tc_four){1e3f, 1e3f, 1e3f, 1e3f};
        seen->sum = (tc_four){0};
    }

    /* Hold four samples that one plane carries over the highest ground of their cells. Returns as bits which of these
       cells are empty; then nothing is seen. */
    static inline int tc_look_four(const struct tc_look_pose *p, const float *x, const float *y, const float *z,
                                   const float *plane, const float *top, int32_t *cell, struct tc_look_seen *seen) {
        tc_four ax = tc_load(x), ay = tc_load(y);
        tc_four u = p->u + p->cu * ax - p->su * ay, v = p->v + p->su * ax + p->cu * ay;
        tc_four iu = __builtin_convertvector(__builtin_convertvector(u, tc_four_bits), tc_four);
        tc_four iv = __builtin_convertvector(__builtin_convertvector(v, tc_four_bits), tc_four);
        tc_four_bits at = __builtin_convertvector(iv * p->nx + iu, tc_four_bits);
        tc_four h = {top[at[0]], top[at[1]], top[at[2]], top[at[3]]};
        int empty = ~tc_not_above(h, 0.5f * TC_LOOK_EMPTY) & 15;
        if (empty) {
            memcpy(cell, &at, sizeof at);
            return empty;
        }
        seen->sum += h;
        seen->least = tc_lesser(plane[0] + plane[1] * ax + plane[2] * ay + tc_load(z) - h, seen->least);
        return 0;
    }

    /* The least gap seen; NaN where ground is unknown. */
    static inline float tc_look_least(const struct tc_look_seen *seen) {
        const float sum = seen->sum[0] + seen->sum[1] + seen->sum[2] + seen->sum[3];
        return sum == sum ? tc_least(seen->least) : sum;
    }
    """
    struct tc_look_pose:
        float u, v, cu, su, nx
    struct tc_look_seen:
        pass
    void tc_look_begin(tc_look_seen *seen) noexcept nogil
    int tc_look_four(const tc_look_pose *p, const float *x, const float *y, const float *z, const float *plane,
                     const float *top, int32_t *cell, tc_look_seen *seen) noexcept nogil
    float tc_look_least(const tc_look_seen *seen) noexcept nogil

cdef struct look_map:
    const tc_grid *grid
    float *top                          # highest ground in a cell, m
    float *middle                       # ground in the middle of a cell, m
    float *tread                        # lowest point of a tyre that stands over a cell, m
    double x0, y0, z0, cell
    double steep                        # slope beyond which a look does not say
    int32_t nx, ny
    int32_t n_ring
    int32_t ring_x[LOOK_RING]
    int32_t ring_y[LOOK_RING]
    float ring_rise[LOOK_RING]          # of the tyre's surface over its lowest point, m

cdef struct underbody_samples:
    # lowest surfaces, body frame at design ride height, m; four by four carried by one plane
    int32_t n
    float x[LOOK_ROOM]
    float y[LOOK_ROOM]
    float z[LOOK_ROOM]
    int32_t plane[LOOK_ROOM]            # TC_CHASSIS ... TC_HUB_RR
    float low[2]                        # x, y they are within
    float high[2]
    double wheelbase
    double half_track[2]


cdef size_t look_memory() noexcept nogil:
    return 3 * sizeof(float) * LOOK_SIDE * LOOK_SIDE


cdef void sample_put(underbody_samples *u, const tc_part *p, double x, double y, double z) noexcept nogil:
    """One sample, seen from the part's centre; beyond the room there is, only counted."""
    cdef int32_t i = u.n if u.n < LOOK_SAMPLES else LOOK_SAMPLES
    u.x[i] = <float> (p.centre[0] + x)
    u.y[i] = <float> (p.centre[1] + y)
    u.z[i] = <float> (p.centre[2] + z)
    u.plane[i] = p.fixed_to
    u.n += 1


cdef void samples_fill_up(underbody_samples *u) noexcept nogil:
    """Repeat the last sample until there are four of its plane."""
    cdef int32_t last = u.n - 1
    while u.n % 4 != 0 and u.n < LOOK_SAMPLES:
        u.x[u.n] = u.x[last]
        u.y[u.n] = u.y[last]
        u.z[u.n] = u.z[last]
        u.plane[u.n] = u.plane[last]
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
    cdef int32_t plane, k
    cdef double spacing = TC_LOOK_SPACING
    u.wheelbase = v.wheelbase
    u.half_track[0] = 0.5 * v.axle[0].track
    u.half_track[1] = 0.5 * v.axle[1].track
    while True:
        u.n = 0
        for plane in range(TC_CHASSIS, TC_HUB_RR + 1):
            for i in range(v.n_parts):
                if v.part[i].fixed_to == plane:
                    sample_part(u, &v.part[i], spacing)
            samples_fill_up(u)
        if u.n <= LOOK_SAMPLES:
            break
        spacing *= 1.25
    u.low[0] = u.low[1] = <float> INFINITY
    u.high[0] = u.high[1] = <float> -INFINITY
    for k in range(u.n):
        u.low[0] = u.x[k] if u.x[k] < u.low[0] else u.low[0]
        u.low[1] = u.y[k] if u.y[k] < u.low[1] else u.low[1]
        u.high[0] = u.x[k] if u.x[k] > u.high[0] else u.high[0]
        u.high[1] = u.y[k] if u.y[k] > u.high[1] else u.high[1]


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
        m.top[i] = m.middle[i] = m.tread[i] = TC_LOOK_EMPTY


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


cdef float look_middle(look_map *m, int32_t ix, int32_t iy) noexcept nogil:
    """Ground in the middle of a cell; NaN where it is unknown."""
    cdef float *cell = &m.middle[iy * m.nx + ix]
    cdef double z
    if cell[0] == TC_LOOK_EMPTY:
        cell[0] = <float> NAN
        if ground(m.grid, m.x0 + (ix + 0.5) * m.cell, m.y0 + (iy + 0.5) * m.cell, &z) == GROUND_OK:
            cell[0] = <float> (z - m.z0)
    return cell[0]


cdef float fill_tread(look_map *m, int32_t ix, int32_t iy) noexcept nogil:
    """Where a tyre comes to stand: on the ground in the middle, or on what reaches up to its flank."""
    cdef int32_t k, i, j
    cdef float h, best = look_middle(m, ix, iy)
    for k in range(m.n_ring):
        i = ix + m.ring_x[k]
        j = iy + m.ring_y[k]
        if i < 0 or j < 0 or i >= m.nx or j >= m.ny:
            continue
        h = look_middle(m, i, j) - m.ring_rise[k]
        if h > best:                    # not where one is unknown
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


cdef bint look_reaches(const look_map *m, const underbody_samples *u, const tc_look_pose *p) noexcept nogil:
    """Whether all samples of a pose are on the map."""
    cdef float x, y, at_u, at_v
    cdef int32_t i
    for i in range(4):
        x = u.low[0] if i & 1 else u.high[0]
        y = u.low[1] if i & 2 else u.high[1]
        at_u = p.u + p.cu * x - p.su * y
        at_v = p.v + p.su * x + p.cu * y
        if not (at_u >= 0.1 and at_v >= 0.1 and at_u < m.nx - 0.1 and at_v < m.ny - 0.1):      # floats lose less
            return False
    return True


cdef double look_clearance(look_map *m, const underbody_samples *u, double x, double y, double yaw) noexcept nogil:
    """About the least clearance of a vehicle there, m. NaN where the maps do not say, or it stands too steep."""
    cdef double c = cos(yaw), s = sin(yaw)
    cdef float plane[7][3]              # height, rise along x, rise along y
    cdef float wheel[4]
    cdef int32_t cell[4]
    cdef float front, rear, slope_front, slope_rear
    cdef double wx, wy
    cdef int32_t i, k
    cdef int empty
    cdef tc_look_pose p
    cdef tc_look_seen seen
    for i in range(4):
        wx = u.wheelbase if i < 2 else 0.0
        wy = u.half_track[i // 2] if i % 2 == 0 else -u.half_track[i // 2]
        wheel[i] = look_tread(m, x + c * wx - s * wy, y + s * wx + c * wy)
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
    p.u = <float> ((x - m.x0) / m.cell)
    p.v = <float> ((y - m.y0) / m.cell)
    p.cu = <float> (c / m.cell)
    p.su = <float> (s / m.cell)
    p.nx = m.nx
    if not look_reaches(m, u, &p):
        return NAN
    tc_look_begin(&seen)
    for i in range(0, u.n, 4):
        empty = tc_look_four(&p, &u.x[i], &u.y[i], &u.z[i], plane[u.plane[i]], m.top, cell, &seen)
        if empty != 0:
            for k in range(4):
                if m.top[cell[k]] == TC_LOOK_EMPTY:
                    m.top[cell[k]] = fill_top(m, cell[k] % m.nx, cell[k] // m.nx)
            tc_look_four(&p, &u.x[i], &u.y[i], &u.z[i], plane[u.plane[i]], m.top, cell, &seen)
    return tc_look_least(&seen)
