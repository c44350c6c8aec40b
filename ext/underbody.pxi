# What the underbody meets: the least vertical gap between each part's lower surface and the ground.
#
# Between its posts the ground is bilinear, so over the flat face of a box the gap is least at a post or on the rim of
# the face. A face counts where it looks down. Along a straight edge the ground is a parabola in each cell: looked at
# are the ends, the crossings with the grid lines, and what lies between about the least of them. Tubes are looked at
# along lines, spheres in points.

cdef enum:
    MAX_SURFACE = 4096                  # points of all spheres together
    TUBE_LINES = 5                      # 30 deg apart about the lowest

cdef extern from *:
    """
    static const double TC_SURFACE_PITCH = 0.03;    /* m, between points of a sphere */
    static const double TC_UPRIGHT = 0.12;          /* cells a side leans over by at least to be looked at itself */
    static const double TC_LARGEST_PART = 20.0;     /* m */
    static const double TC_EDGE_BETWEEN = 0.3;      /* cells, between points about the least crossing of an edge */
    static const double TC_CLEARANCE_SD = 0.003;    /* m, of this model against physics truth, where both rest alike */
    static const double TC_OTHER_REST = 0.1;        /* share of rests that differ: tyres held by friction elsewhere, */
    static const double TC_OTHER_REST_SD = 0.025;   /* and by how much, m; all three fitted to 156 of 311 rig poses */
    """
    const double TC_SURFACE_PITCH, TC_UPRIGHT, TC_LARGEST_PART, TC_EDGE_BETWEEN, TC_CLEARANCE_SD
    const double TC_OTHER_REST, TC_OTHER_REST_SD

cdef struct underbody_model:
    int32_t n_parts
    int32_t shape[TC_MAX_PARTS]
    int32_t fixed_to[TC_MAX_PARTS]
    double centre[TC_MAX_PARTS][3]      # body frame at design ride height, m
    double half[TC_MAX_PARTS][3]
    int32_t first[TC_MAX_PARTS + 1]     # of a part's points
    double point[MAX_SURFACE][3]        # of spheres, about the centre, z up, m

cdef struct surface_writer:
    underbody_model *u
    const tc_part *part
    int32_t n
    int32_t full

cdef struct gap_search:
    # least gap so far, and what was seen on the way
    double least, u, v, ground
    double sum_ground                   # NaN as soon as a height is


cdef inline void surface_add(surface_writer *w, double x, double y, double z) noexcept nogil:
    """One more point, given about the part's centre."""
    if w.n >= MAX_SURFACE:
        w.full = 1
        return
    w.u.point[w.n][0] = x
    w.u.point[w.n][1] = y
    w.u.point[w.n][2] = z
    w.n += 1


cdef inline int32_t intervals(double length, double pitch) noexcept nogil:
    cdef int32_t n = <int32_t> (length / pitch + 0.999)
    return n if n > 1 else 1


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


cdef int underbody_points(underbody_model *u, const tc_vehicle *v, double pitch) noexcept nogil:
    """Points on every sphere; 0 where they are too many."""
    cdef surface_writer w
    cdef uint32_t i
    w.u = u
    w.n = w.full = 0
    for i in range(v.n_parts):
        w.part = &v.part[i]
        u.first[i] = w.n
        if w.part.shape == TC_SPHERE:
            sphere_surface(&w, pitch)
    u.first[v.n_parts] = w.n
    return not w.full


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
    cdef double pitch = TC_SURFACE_PITCH
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
    while not underbody_points(u, v, pitch):
        pitch *= 1.2
    return TC_OK


cdef inline void gap_point(gap_search *s, const grid_view *g, double u, double v, double z) noexcept nogil:
    """Look at one point of a lower surface, which must be inside the map."""
    cdef double ground_z = peek(g, u, v)
    s.sum_ground += ground_z
    if z - ground_z < s.least:
        s.least = z - ground_z
        s.u = u
        s.v = v
        s.ground = ground_z


cdef inline double between(double value, double a, double b) noexcept nogil:
    """value, kept from leaving a..b by rounding."""
    if a > b:
        a, b = b, a
    return a if value < a else b if value > b else value


cdef double gap_crossings(gap_search *s, const grid_view *g, const double *a, const double *b, int32_t along,
                          double place) noexcept nogil:
    """Look where an edge from a to b crosses the grid lines of whole u (along = 0) or v (1). Returns where along the
    edge, 0 to 1, the gap is least, or place where it is nowhere less than before."""
    cdef int32_t across = 1 - along, i, j, at = -1
    cdef double length = b[along] - a[along], slope, rise, start, z, w, low, high, ground_z
    cdef double least = s.least, total = 0.0
    cdef int64_t step = g.row if along == 0 else 1, other = 1 if along == 0 else g.row
    cdef const float *h
    cdef int32_t first = <int32_t> (a[along] if length > 0.0 else b[along]) + 1
    cdef int32_t last = <int32_t> (b[along] if length > 0.0 else a[along])
    if last < first:
        return place
    slope = (b[across] - a[across]) / length
    rise = (b[2] - a[2]) / length
    start = a[across] - a[along] * slope
    z = a[2] - a[along] * rise
    low = a[across] if a[across] < b[across] else b[across]
    high = b[across] if a[across] < b[across] else a[across]
    for i in range(first, last + 1):
        w = start + i * slope
        w = w if w > low else low
        w = w if w < high else high
        j = <int32_t> w
        h = g.height + j * step + i * other
        ground_z = h[0] + (w - j) * (h[step] - h[0])
        total += ground_z
        if z + i * rise - ground_z < least:
            least = z + i * rise - ground_z
            at = i
    s.sum_ground += total
    if at < 0:
        return place
    s.least = least
    s.u = at if along == 0 else between(start + at * slope, low, high)
    s.v = at if along == 1 else between(start + at * slope, low, high)
    s.ground = z + at * rise - least
    return (at - a[along]) / length


cdef void gap_edge(gap_search *s, const grid_view *g, const double *a, const double *b) noexcept nogil:
    """Look along an edge from a to b, ends included."""
    cdef double place = -1.0, part, t
    cdef int32_t i
    gap_point(s, g, a[0], a[1], a[2])
    gap_point(s, g, b[0], b[1], b[2])
    place = gap_crossings(s, g, a, b, 0, place)
    place = gap_crossings(s, g, a, b, 1, place)
    if place < 0.0:
        return
    part = TC_EDGE_BETWEEN / sqrt((b[0] - a[0]) * (b[0] - a[0]) + (b[1] - a[1]) * (b[1] - a[1]))
    for i in range(-3, 4):
        t = place + i * part
        if i != 0 and 0.0 < t < 1.0:
            gap_point(s, g, between(a[0] + t * (b[0] - a[0]), a[0], b[0]),
                      between(a[1] + t * (b[1] - a[1]), a[1], b[1]), a[2] + t * (b[2] - a[2]))


cdef inline void clip(double per, double offset, double *low, double *high) noexcept nogil:
    """Narrow [low, high] to where |u / per + offset| <= 1; per = 0 stands for a u that does not matter."""
    cdef double a = (-1.0 - offset) * per, b = (1.0 - offset) * per
    if per == 0.0:
        if fabs(offset) > 1.0:
            high[0] = low[0] - 1.0
        return
    if a > b:
        a, b = b, a
    low[0] = a if a > low[0] else low[0]
    high[0] = b if b < high[0] else high[0]


cdef void gap_face(gap_search *s, const grid_view *g, const double *c, const double *a, const double *b) noexcept nogil:
    """Look at the posts below the face c + s a + t b, |s|, |t| <= 1, all in grid places and metres of height."""
    cdef double det = a[0] * b[1] - a[1] * b[0], reach = fabs(a[1]) + fabs(b[1])
    cdef double per_a, per_b, off_a, off_b, along, across, dv, low, high, z, gap, ground_z
    cdef double least = s.least, sum_ground = 0.0
    cdef const float *row
    cdef int32_t ix, iy, last, at_x = -1, at_y = 0
    if det == 0.0:
        return
    along = (a[2] * b[1] - a[1] * b[2]) / det           # dz/du and dz/dv of the face
    across = (a[0] * b[2] - a[2] * b[0]) / det
    per_a = det / b[1] if b[1] != 0.0 else 0.0          # s = du / per_a + off_a dv
    per_b = -det / a[1] if a[1] != 0.0 else 0.0
    off_a = -b[0] / det
    off_b = a[0] / det
    for iy in range(<int32_t> (c[1] - reach) + 1, <int32_t> (c[1] + reach) + 1):
        dv = iy - c[1]
        low = -fabs(a[0]) - fabs(b[0])
        high = -low
        clip(per_a, off_a * dv, &low, &high)
        clip(per_b, off_b * dv, &low, &high)
        if high < low:
            continue
        row = g.height + iy * g.row
        last = <int32_t> (c[0] + high)
        z = c[2] + across * dv - along * c[0]
        for ix in range(<int32_t> (c[0] + low) + 1, last + 1):
            ground_z = row[ix]
            sum_ground += ground_z
            gap = z + along * ix - ground_z
            if gap < least:
                least = gap
                at_x = ix
                at_y = iy
    s.sum_ground += sum_ground
    if at_x >= 0:
        s.least = least
        s.u = at_x
        s.v = at_y
        s.ground = g.height[at_y * g.row + at_x]


cdef void gap_side(gap_search *s, const grid_view *g, const double *middle, const double *out, const double *wide,
                   const double *high, double way) noexcept nogil:
    """Look at a side of a box that leans over, at middle + way out: its posts, its upper edge and its uprights."""
    cdef double face[3]
    cdef double top[2][3]
    cdef double low[2][3]
    cdef int32_t k
    for k in range(3):
        face[k] = middle[k] + way * out[k]
        top[0][k] = face[k] - wide[k] + high[k]
        top[1][k] = face[k] + wide[k] + high[k]
        low[0][k] = face[k] - wide[k] - high[k]
        low[1][k] = face[k] + wide[k] - high[k]
    gap_face(s, g, face, wide, high)
    gap_edge(s, g, top[0], top[1])
    gap_edge(s, g, low[0], top[0])
    gap_edge(s, g, low[1], top[1])


cdef int gap_box(gap_search *s, const grid_view *g, const double *centre, const double *half, const double *R_gp,
                 const double *origin) noexcept nogil:
    """Look at the faces of a box that look down: the bottom, and the sides that lean over."""
    cdef double axis[3][3]
    cdef double middle[3]
    cdef double face[3]
    cdef double corner[4][3]
    cdef double reach_u = 0.0, reach_v = 0.0, lean
    cdef int32_t i, k
    rotate(R_gp, centre, middle)
    for k in range(3):
        middle[k] += origin[k]
        for i in range(3):
            axis[i][k] = R_gp[3 * k + i] * half[i]
    for i in range(3):
        reach_u += fabs(axis[i][0])
        reach_v += fabs(axis[i][1])
    if not (middle[0] - reach_u >= 0.0 and middle[0] + reach_u < g.nx - 1
            and middle[1] - reach_v >= 0.0 and middle[1] + reach_v < g.ny - 1):
        return GROUND_OFF_MAP
    for k in range(3):
        face[k] = middle[k] - axis[2][k]
        for i in range(4):                              # around the bottom
            corner[i][k] = (face[k] + (axis[0][k] if i == 1 or i == 2 else -axis[0][k])
                            + (axis[1][k] if i >= 2 else -axis[1][k]))
    gap_face(s, g, face, axis[0], axis[1])
    for i in range(4):
        gap_edge(s, g, corner[i], corner[(i + 1) % 4])
    lean = 2.0 * half[2] * g.inv_dx
    if lean * fabs(R_gp[6]) > TC_UPRIGHT:               # front or rear side leans over
        gap_side(s, g, middle, axis[0], axis[1], axis[2], -1.0 if R_gp[6] > 0.0 else 1.0)
    if lean * fabs(R_gp[7]) > TC_UPRIGHT:               # left or right side
        gap_side(s, g, middle, axis[1], axis[0], axis[2], -1.0 if R_gp[7] > 0.0 else 1.0)
    return GROUND_OK


cdef inline bint place_on_map(const grid_view *g, const double *p) noexcept nogil:
    return p[0] >= 0.0 and p[1] >= 0.0 and p[0] < g.nx - 1 and p[1] < g.ny - 1


cdef int gap_tube(gap_search *s, const grid_view *g, const double *centre, double radius, double half,
                  const double *R_gp, const double *origin) noexcept nogil:
    """Look along lines on the lower half of a tube along y."""
    cdef double a[TUBE_LINES][3]
    cdef double b[TUBE_LINES][3]
    cdef double p[3]
    cdef double polar, ahead, below
    cdef int32_t i, k
    rotate(R_gp, centre, p)
    for i in range(TUBE_LINES):
        polar = TC_PI / 6.0 * (i - TUBE_LINES // 2)
        ahead = radius * sin(polar)
        below = radius * cos(polar)
        for k in range(3):
            a[i][k] = origin[k] + p[k] + ahead * R_gp[3 * k] - below * R_gp[3 * k + 2] - half * R_gp[3 * k + 1]
            b[i][k] = a[i][k] + 2.0 * half * R_gp[3 * k + 1]
        if not (place_on_map(g, a[i]) and place_on_map(g, b[i])):
            return GROUND_OFF_MAP
    for i in range(TUBE_LINES):
        gap_edge(s, g, a[i], b[i])
    return GROUND_OK


cdef int gap_sphere(gap_search *s, const underbody_model *m, const grid_view *g, int32_t part, const double *R_gp,
                    const double *origin) noexcept nogil:
    """Look at the points of a sphere, which looks the same however it is turned, and at the point that is tangent to
    the ground's slope below the nearest of them."""
    cdef double p[3]
    cdef double wide = m.half[part][0] * g.inv_dx, gu, gv, share
    cdef int32_t i
    rotate(R_gp, m.centre[part], p)
    for i in range(3):
        p[i] += origin[i]
    if not (p[0] - wide >= 0.0 and p[1] - wide >= 0.0 and p[0] + wide < g.nx - 1 and p[1] + wide < g.ny - 1):
        return GROUND_OFF_MAP
    for i in range(m.first[part], m.first[part + 1]):
        gap_point(s, g, p[0] + m.point[i][0] * g.inv_dx, p[1] + m.point[i][1] * g.inv_dx, p[2] + m.point[i][2])
    peek_slope(g, s.u, s.v, &gu, &gv)
    gu *= g.inv_dx
    gv *= g.inv_dx
    share = 1.0 / sqrt(1.0 + gu * gu + gv * gv)
    if share > 0.0:                                     # NaN beside unknown ground
        gap_point(s, g, p[0] + share * gu * wide, p[1] + share * gv * wide, p[2] - share * m.half[part][0])
    return GROUND_OK


cdef int part_clearance(const underbody_model *m, const grid_view *g, int32_t part, const double *R_gp,
                        const double *origin, double *gap, double *nearest) noexcept nogil:
    """Least gap of a part that is turned by R_gp and moved to origin on the grid, and the ground point it is least
    at. Returns GROUND_OK, or why both are NaN."""
    cdef gap_search s
    cdef int known
    gap[0] = nearest[0] = nearest[1] = nearest[2] = NAN
    s.least = 1e300
    s.u = s.v = s.ground = s.sum_ground = 0.0
    if m.shape[part] == TC_BOX:
        known = gap_box(&s, g, m.centre[part], m.half[part], R_gp, origin)
    elif m.shape[part] == TC_TUBE:
        known = gap_tube(&s, g, m.centre[part], m.half[part][0], m.half[part][1], R_gp, origin)
    else:
        known = gap_sphere(&s, m, g, part, R_gp, origin)
    if known != GROUND_OK:
        return known
    if s.sum_ground != s.sum_ground:
        return GROUND_UNKNOWN
    gap[0] = s.least
    nearest[0] = g.x + (s.u - g.u) / g.inv_dx
    nearest[1] = g.y + (s.v - g.v) / g.inv_dx
    nearest[2] = s.ground
    return GROUND_OK


cdef inline double probability_below(double gap, double sigma, double sd) noexcept nogil:
    return 0.5 * erfc(gap / sqrt(2.0 * (sigma * sigma + sd * sd)))


cdef inline double probability_of_contact(double gap, double sigma) noexcept nogil:
    """That the true gap is negative, for the errors of ground and model: most rests are exact, some are others."""
    return ((1.0 - TC_OTHER_REST) * probability_below(gap, sigma, TC_CLEARANCE_SD)
            + TC_OTHER_REST * probability_below(gap, sigma, TC_OTHER_REST_SD))
