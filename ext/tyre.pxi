# A tyre on the ground: a rigid tread cylinder on a radial, lateral and camber spring.
#
#        up ^  / a (axle)          The cylinder is looked at in strips across the tread. In strip k the ground asks for
#           | /                    the wheel centre to be no lower than
#     ------C------                    H_k = max over xi of  ground(P) + sqrt(R^2 - xi^2) up_z  -  y_k a_z,
#      \    |    /                 P the tread's point xi ahead of the centre. The tread may lean by c about its foot:
#       `--_|_--'  <- P            W(c) = max over k of  H_k - y_k c. It leans until the moment of the load about the
#    ~~~~~~~~~~~~~~~~ ground       foot is balanced by the camber spring: the minimum of a convex function of c.

cdef enum:
    STRIPS = 5
    ALONG = 17                          # points of a strip

cdef extern from *:
    """
    static const double TC_TREAD_REACH = 0.97;      /* of the radius: points ahead of and behind the wheel centre */
    static const double TC_CAMBER_RATE = 2000.0;    /* N m/rad, of the tread about its foot: light-truck tyre, estimate */
    static const double TC_CAMBER_LIMIT = 0.0873;   /* rad (5 deg), how far the tread leans */
    static const double TC_LATERAL_SHARE = 0.6;     /* lateral over radial tyre stiffness, estimate */
    """
    const double TC_TREAD_REACH, TC_CAMBER_RATE, TC_CAMBER_LIMIT, TC_LATERAL_SHARE

cdef struct tread_shape:
    double radius
    double across[STRIPS]               # y of the strips from the middle of the tread, m
    double ahead[ALONG]                 # xi, m
    double below[ALONG]                 # sqrt(R^2 - xi^2), m
    double rate                         # radial, N/m
    double weight                       # of the wheel, hangs below the radial spring, N

cdef struct footprint:
    # what the ground asks of a wheel; vectors in the heading frame of the vehicle
    double axle[3]                      # unit vector along the wheel axis, to the left
    double ahead[2]                     # unit vector, horizontal, where the wheel rolls
    double up[3]                        # unit vector in the wheel's plane, across `ahead`
    double height[STRIPS]               # H_k, m
    double reach[STRIPS]                # xi of the point touched in strip k, m
    double slope[STRIPS][2]             # of the ground there

cdef struct tyre_contact:
    double load                         # vertical, N; 0 = the wheel hangs
    double rate                         # - d load / d height of the hub, N/m
    double point[3]                     # touched, or the lowest of a hanging tread; heading frame
    double slope[2]                     # of the ground there


cdef void tread_init(tread_shape *t, const tc_vehicle *v) noexcept nogil:
    cdef int32_t i
    t.radius = v.tyre_radius
    t.rate = v.tyre_stiffness
    t.weight = v.tyre_mass * TC_GRAVITY
    for i in range(STRIPS):
        t.across[i] = v.tyre_tread * (i / (STRIPS - 1.0) - 0.5)
    for i in range(ALONG):
        t.ahead[i] = t.radius * TC_TREAD_REACH * (2.0 * i / (ALONG - 1.0) - 1.0)
        t.below[i] = sqrt(t.radius * t.radius - t.ahead[i] * t.ahead[i])


cdef inline void footprint_axes(footprint *f) noexcept nogil:
    """ahead and up of a wheel from its axle."""
    cdef double n = sqrt(f.axle[0] * f.axle[0] + f.axle[1] * f.axle[1])
    f.ahead[0] = f.axle[1] / n
    f.ahead[1] = -f.axle[0] / n
    f.up[0] = f.ahead[1] * f.axle[2]
    f.up[1] = -f.ahead[0] * f.axle[2]
    f.up[2] = n


cdef int footprint_strip(const tread_shape *t, const tc_grid *g, const heading_frame *w, double cx, double cy,
                         footprint *f, int32_t k) noexcept nogil:
    """Highest demand of the ground in one strip whose middle is at (cx, cy) in the heading frame."""
    cdef double x0, y0, ax, ay, ux, uy, x, y, z, top, best = -1e300, sum_z = 0.0, xi, q, gx, gy, along, across, low, high
    cdef int32_t i, at = 0
    cdef int known
    to_world(w, cx, cy, &x0, &y0)
    turn_to_world(w, f.ahead[0], f.ahead[1], &ax, &ay)
    turn_to_world(w, f.up[0], f.up[1], &ux, &uy)
    for i in range(ALONG):
        known = ground(g, x0 + t.ahead[i] * ax - t.below[i] * ux, y0 + t.ahead[i] * ay - t.below[i] * uy, &z)
        if known != GROUND_OK:
            return known
        top = z + t.below[i] * f.up[2]
        if top > best:
            best = top
            at = i
    xi = t.ahead[at]
    low = t.ahead[at - 1] if at > 0 else xi
    high = t.ahead[at + 1] if at < ALONG - 1 else xi
    f.reach[k] = xi
    for i in range(2):                  # towards the top of the circle over the slope under the highest point
        q = sqrt(t.radius * t.radius - xi * xi)
        known = ground_gradient(g, x0 + xi * ax - q * ux, y0 + xi * ay - q * uy, &z, &gx, &gy)
        if known != GROUND_OK:
            return known
        if z + q * f.up[2] >= best:
            best = z + q * f.up[2]
            f.reach[k] = xi
            # along the wheel the slope of the circle: the ground's own where it is smooth, and right on an edge
            along = xi / q * f.up[2]
            across = gy * ax - gx * ay
            f.slope[k][0] = along * f.ahead[0] - across * f.ahead[1]
            f.slope[k][1] = along * f.ahead[1] + across * f.ahead[0]
        elif i > 0:
            break
        along = gx * ax + gy * ay
        xi = t.radius * along / sqrt(f.up[2] * f.up[2] + along * along)
        xi = low if xi < low else high if xi > high else xi
    f.height[k] = best - t.across[k] * f.axle[2]
    return GROUND_OK


cdef int footprint_sample(const tread_shape *t, const tc_grid *g, const heading_frame *w, double cx, double cy,
                          footprint *f) noexcept nogil:
    """The ground under a wheel with its centre at (cx, cy) in the heading frame and its axes set."""
    cdef int32_t k
    cdef int known
    for k in range(STRIPS):
        known = footprint_strip(t, g, w, cx + t.across[k] * f.axle[0], cy + t.across[k] * f.axle[1], f, k)
        if known != GROUND_OK:
            return known
    return GROUND_OK


cdef inline double tread_lean(const tread_shape *t, const footprint *f, double centre, double rate, int32_t *low,
                              int32_t *high, double *offset, double *rate_out) noexcept nogil:
    """Lean c of the tread, the strips low and high it stands on, where between them the load acts (offset, m),
    and the rate of the tyre with this freedom. A walk along the convex envelope max_k(H_k - y_k c) from c = 0."""
    cdef double c = 0.0, next_c, rest, y, side, best, cross_c, load
    cdef int32_t i = 0, j, k
    for k in range(1, STRIPS):
        if f.height[k] > f.height[i]:
            i = k
    low[0] = high[0] = i
    offset[0] = t.across[i]
    rate_out[0] = rate
    load = rate * (f.height[i] - centre) + t.weight
    if load <= 0.0 or t.across[i] == 0.0:
        return 0.0
    side = 1.0 if t.across[i] > 0.0 else -1.0
    while True:
        y = t.across[i]
        rest = y * (rate * (f.height[i] - centre) + t.weight) / (TC_CAMBER_RATE + rate * y * y)
        j = -1
        best = TC_CAMBER_LIMIT
        for k in range(STRIPS):
            if (t.across[k] - y) * side < 0.0:
                cross_c = (f.height[i] - f.height[k]) / (y - t.across[k]) * side
                if cross_c < best:
                    best = cross_c
                    j = k
        if rest * side <= best:         # the camber spring holds it on the edge of one strip
            low[0] = high[0] = i
            offset[0] = y
            rate_out[0] = rate * TC_CAMBER_RATE / (TC_CAMBER_RATE + rate * y * y)
            return rest
        c = best * side
        if j < 0:                       # leans as far as it can
            low[0] = high[0] = i
            offset[0] = y
            return c
        load = rate * (f.height[i] - c * y - centre) + t.weight
        next_c = TC_CAMBER_RATE * c / load if load > 0.0 else y
        if (next_c - t.across[j]) * side >= 0.0:    # it lies on both strips, the load between them
            low[0] = i
            high[0] = j
            offset[0] = y if (next_c - y) * side > 0.0 else next_c
            return c
        i = j


cdef void tyre_press(const tread_shape *t, const footprint *f, double cx, double cy, double centre,
                     tyre_contact *out) noexcept nogil:
    """Load and place of contact of a wheel whose unloaded centre is at (cx, cy, centre), all in the heading frame."""
    cdef double az2 = f.axle[2] * f.axle[2]
    cdef double rate = t.rate / (1.0 + az2 * (1.0 / TC_LATERAL_SHARE - 1.0))
    cdef double offset, c, u, height, xi, q
    cdef int32_t i, j
    c = tread_lean(t, f, centre, rate, &i, &j, &offset, &out.rate)
    u = 0.0 if i == j else (offset - t.across[i]) / (t.across[j] - t.across[i])
    height = f.height[i] - c * t.across[i]
    out.load = rate * (height - centre) + t.weight
    xi = f.reach[i] + u * (f.reach[j] - f.reach[i])
    if out.load <= 0.0:
        out.load = out.rate = 0.0
        xi = offset = 0.0
        height = centre - t.weight / rate
    q = sqrt(t.radius * t.radius - xi * xi)
    out.point[0] = cx + offset * f.axle[0] + xi * f.ahead[0] - q * f.up[0]
    out.point[1] = cy + offset * f.axle[1] + xi * f.ahead[1] - q * f.up[1]
    out.point[2] = height + offset * (f.axle[2] + c) - q * f.up[2]
    out.slope[0] = f.slope[i][0] + u * (f.slope[j][0] - f.slope[i][0])
    out.slope[1] = f.slope[i][1] + u * (f.slope[j][1] - f.slope[i][1])
