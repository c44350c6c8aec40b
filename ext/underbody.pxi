# What the underbody meets: the least vertical gap between each part's lower surface and the ground.

cdef enum:
    MAX_SURFACE = 6000                  # points of all parts together

cdef extern from *:
    """
    static const double TC_SURFACE_PITCH = 0.035;   /* m, between points of a part's surface; more where it is large */
    static const double TC_CLEARANCE_SD = 0.008;    /* m, of this model against physics truth */
    """
    const double TC_SURFACE_PITCH, TC_CLEARANCE_SD

cdef struct underbody_model:
    int32_t n_parts
    int32_t fixed_to[TC_MAX_PARTS]
    int32_t first[TC_MAX_PARTS + 1]     # of its points
    double point[MAX_SURFACE][3]        # body frame at design ride height, m

cdef struct surface_writer:
    underbody_model *u
    const tc_part *part
    int32_t n
    int32_t full


cdef inline void surface_add(surface_writer *w, double x, double y, double z) noexcept nogil:
    """One more point, given about the part's centre."""
    if w.n >= MAX_SURFACE:
        w.full = 1
        return
    w.u.point[w.n][0] = w.part.centre[0] + x
    w.u.point[w.n][1] = w.part.centre[1] + y
    w.u.point[w.n][2] = w.part.centre[2] + z
    w.n += 1


cdef inline int32_t intervals(double length, double pitch) noexcept nogil:
    cdef int32_t n = <int32_t> (length / pitch + 0.999)
    return n if n > 1 else 1


cdef void box_surface(surface_writer *w, double pitch) noexcept nogil:
    """Bottom and the four sides; the sides' lowest row is the bottom's edge."""
    cdef const double *h = w.part.size
    cdef int32_t nx = intervals(2.0 * h[0], pitch), ny = intervals(2.0 * h[1], pitch)
    cdef int32_t nz = intervals(2.0 * h[2], 2.0 * pitch)
    cdef int32_t i, j, k
    cdef double x, y, z
    for i in range(nx + 1):
        x = h[0] * (2.0 * i / nx - 1.0)
        for j in range(ny + 1):
            y = h[1] * (2.0 * j / ny - 1.0)
            surface_add(w, x, y, -h[2])
            if i == 0 or i == nx or j == 0 or j == ny:
                for k in range(1, nz + 1):
                    z = h[2] * (2.0 * k / nz - 1.0)
                    surface_add(w, x, y, z)


cdef void sphere_surface(surface_writer *w, double pitch) noexcept nogil:
    """Lower half in rings about its lowest point."""
    cdef double r = w.part.size[0], polar, azimuth
    cdef int32_t rings = intervals(0.5 * TC_PI * r, pitch), n, i, j
    surface_add(w, 0.0, 0.0, -r)
    for i in range(1, rings + 1):
        polar = 0.5 * TC_PI * i / rings
        n = intervals(2.0 * TC_PI * r * sin(polar), pitch) + 2
        for j in range(n):
            azimuth = 2.0 * TC_PI * j / n
            surface_add(w, r * sin(polar) * cos(azimuth), r * sin(polar) * sin(azimuth), -r * cos(polar))


cdef void tube_surface(surface_writer *w, double pitch) noexcept nogil:
    """Lower half along y."""
    cdef double r = w.part.size[0], half = w.part.size[1], polar, y
    cdef int32_t n = 2 * intervals(0.5 * TC_PI * r, pitch), m = intervals(2.0 * half, pitch), i, j
    for j in range(m + 1):
        y = half * (2.0 * j / m - 1.0)
        for i in range(n + 1):
            polar = 0.5 * TC_PI * (2.0 * i / n - 1.0)
            surface_add(w, r * sin(polar), y, -r * cos(polar))


cdef int underbody_points(underbody_model *u, const tc_vehicle *v, double pitch) noexcept nogil:
    """Points on every part; 0 where they are too many."""
    cdef surface_writer w
    cdef uint32_t i
    w.u = u
    w.n = w.full = 0
    for i in range(v.n_parts):
        w.part = &v.part[i]
        u.first[i] = w.n
        u.fixed_to[i] = w.part.fixed_to
        if w.part.shape == TC_BOX:
            box_surface(&w, pitch)
        elif w.part.shape == TC_SPHERE:
            sphere_surface(&w, pitch)
        else:
            tube_surface(&w, pitch)
    u.first[v.n_parts] = w.n
    return not w.full


cdef tc_status underbody_init(underbody_model *u, const tc_vehicle *v) noexcept nogil:
    cdef double pitch = TC_SURFACE_PITCH
    cdef uint32_t i, k
    if v.n_parts > TC_MAX_PARTS:
        return TC_E_RANGE
    for i in range(v.n_parts):
        if v.part[i].shape < TC_BOX or v.part[i].shape > TC_TUBE:
            return TC_E_RANGE
        if v.part[i].fixed_to < TC_CHASSIS or v.part[i].fixed_to > TC_HUB_RR:
            return TC_E_RANGE
        for k in range(3):
            if not isfinite(v.part[i].centre[k]):
                return TC_E_RANGE
            if k < (3 if v.part[i].shape == TC_BOX else 1 if v.part[i].shape == TC_SPHERE else 2):
                if not (v.part[i].size[k] > 0.0 and v.part[i].size[k] < 20.0):
                    return TC_E_RANGE
    u.n_parts = <int32_t> v.n_parts
    while not underbody_points(u, v, pitch):
        pitch *= 1.2
    return TC_OK


cdef int part_clearance(const underbody_model *u, const grid_view *g, int32_t part, const double *R_gp,
                        const double *origin, double *gap, double *nearest) noexcept nogil:
    """Least gap of a part that is turned by R_gp and moved to origin on the grid, and the ground point it is least
    at. Returns GROUND_OK, or why both are NaN."""
    cdef double p[3]
    cdef double z, over, least = 1e300, sum_z = 0.0, at_u = 0.0, at_v = 0.0, at_z = 0.0
    cdef int32_t i
    gap[0] = nearest[0] = nearest[1] = nearest[2] = NAN
    for i in range(u.first[part], u.first[part + 1]):
        rotate(R_gp, u.point[i], p)
        p[0] += origin[0]
        p[1] += origin[1]
        if not (p[0] >= 0.0 and p[1] >= 0.0 and p[0] < g.nx - 1 and p[1] < g.ny - 1):
            return GROUND_OFF_MAP
        z = peek(g, p[0], p[1])
        sum_z += z
        over = origin[2] + p[2] - z
        if over < least:
            least = over
            at_u = p[0]
            at_v = p[1]
            at_z = z
    if sum_z != sum_z:
        return GROUND_UNKNOWN
    gap[0] = least
    nearest[0] = g.x + (at_u - g.u) / g.inv_dx
    nearest[1] = g.y + (at_v - g.v) / g.inv_dx
    nearest[2] = at_z
    return GROUND_OK


cdef inline double probability_of_contact(double gap, double sigma) noexcept nogil:
    """That the true gap is negative, for a Gaussian error of ground and model."""
    return 0.5 * erfc(gap / sqrt(2.0 * (sigma * sigma + TC_CLEARANCE_SD * TC_CLEARANCE_SD)))
