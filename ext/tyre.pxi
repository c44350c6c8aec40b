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
    STRIP_LOW = -2                      # second contact of a strip that touches nothing
    FINE = 29                           # places along a strip; every second one is looked at first,
    PLACES = 15                         # these are so many

cdef extern from *:
    """
    static const double TC_TREAD_REACH = 0.97;      /* of the radius: points ahead of and behind the wheel centre */
    static const double TC_TREAD_GIVE = 0.002;      /* m; a second contact this much lower begins to carry */
    static const double TC_TREAD_FINE = 0.01;       /* a smaller slope of the height asked for is its top: 0.02 mm */
    static const double TC_STRIP_CLEAR = 0.012;     /* m; a strip this far below the others' line is left out */
    static const double TC_TREAD_STAYS = 0.003;     /* m; a wheel that moved less touches near where it did */
    static const double TC_CAMBER_RATE = 2000.0;    /* N m/rad, of the tread about its foot: estimate */
    static const double TC_CAMBER_LIMIT = 0.0873;   /* rad (5 deg), how far the tread leans freely, */
    static const double TC_CAMBER_STOP = 20000.0;   /* N m/rad more from there */
    static const double TC_LATERAL_SHARE = 0.6;     /* lateral over radial tyre stiffness, estimate */
    """
    const double TC_TREAD_REACH, TC_TREAD_GIVE, TC_TREAD_FINE, TC_STRIP_CLEAR, TC_TREAD_STAYS
    const double TC_CAMBER_RATE, TC_CAMBER_LIMIT, TC_CAMBER_STOP, TC_LATERAL_SHARE

cdef extern from *:
    """
    /* Heights the ground asks for at 15 places of a strip, over the level, in floats; grid places count from h. Returns
       which is highest, or -1 where the ground is unknown; *second is the highest of other tops no more than `give`
       lower, or -1. */
    static inline int tc_strip_scan(const float *h, int64_t row, float level, float u0, float v0, float eu, float ev,
                                    float nu, float nv, float up, const float *ahead, const float *below, float give,
                                    float *highest, int *second) {
        float top[16];
        tc_four all = {0.0f, 0.0f, 0.0f, 0.0f}, most = {-1e30f, -1e30f, -1e30f, -1e30f};
        for (int i = 0; i < 16; i += 4) {
            tc_four a = tc_load(ahead + i), b = tc_load(below + i), h00, h10, h01, h11, z;
            tc_four u = u0 + a * eu - b * nu, v = v0 + a * ev - b * nv;
            tc_four_bits iu = __builtin_convertvector(u, tc_four_bits), iv = __builtin_convertvector(v, tc_four_bits);
            const float *p = h + (iv[0] * row + iu[0]), *q = h + (iv[1] * row + iu[1]);
            const float *r = h + (iv[2] * row + iu[2]), *s = h + (iv[3] * row + iu[3]);
            tc_load_pairs(p, q, r, s, &h00, &h10);
            tc_load_pairs(p + row, q + row, r + row, s + row, &h01, &h11);
            u -= __builtin_convertvector(iu, tc_four);
            v -= __builtin_convertvector(iv, tc_four);
            h00 -= level;
            h01 -= level;
            h00 += u * (h10 - level - h00);
            h01 += u * (h11 - level - h01);
            z = h00 + v * (h01 - h00);
            all += z;
            z += b * up;
            most = tc_greater(most, z);
            memcpy(top + i, &z, sizeof z);
        }
        all[0] += all[1] + all[2] + all[3];
        if (all[0] != all[0])
            return -1;
        *highest = -tc_least(-most);
        int first = 0, near = 0;
        while (top[first] != *highest)
            first++;
        *second = -1;
        for (int i = 0; i < 16; i += 4)
            near |= tc_not_above(-tc_load(top + i), give - *highest) << i;
        near &= 0x7fff & ~(first > 0 ? 7 << (first - 1) : 3);       /* the last place is there twice */
        for (int i = 0; near >> i; i++)
            if (near >> i & 1 && (i == 0 || top[i] >= top[i - 1]) && (i == 14 || top[i] >= top[i + 1])
                    && (*second < 0 || top[i] > top[*second]))
                *second = i;
        return first;
    }
    """
    int tc_strip_scan(const float *h, int64_t row, float level, float u0, float v0, float eu, float ev, float nu,
                      float nv, float up, const float *ahead, const float *below, float give, float *highest,
                      int *second) noexcept nogil

cdef struct tread_shape:
    double radius
    double across[STRIPS]               # y of the strips from the middle of the tread, m
    double ahead[FINE]                  # xi, m
    double below[FINE]                  # sqrt(R^2 - xi^2), m
    float scan_ahead[16]                # of every second place; the last one twice
    float scan_below[16]
    double rate                         # radial, N/m
    double weight                       # of the wheel, hangs below the radial spring, N

cdef struct footprint:
    # what the ground asks of a wheel; vectors in the heading frame of the vehicle
    double axle[3]                      # unit vector along the wheel axis, to the left
    double ahead[2]                     # unit vector, horizontal, where the wheel rolls
    double up[3]                        # unit vector in the wheel's plane, across `ahead`
    double height[STRIPS]               # H_k, m
    double reach[STRIPS]                # xi and
    double below[STRIPS]                # depth below the centre of the point touched in strip k, m
    double slope[STRIPS][2]             # of the ground there
    int32_t first[STRIPS]               # place where the strip touched when all places were looked at
    int32_t second[STRIPS]              # of another contact nearly as high, -1 = none
    double seen[5]                      # centre and axle at that time

cdef struct strip_line:
    # one strip in grid units: u = u0 + xi eu - q nu
    double u0, v0, eu, ev, nu, nv
    double up                           # vertical part of the wheel plane's up
    double radius
    double reach_u, reach_v             # no place is farther away

cdef struct strip_peak:
    double top, reach, below            # height asked for, xi and depth of the point
    double rise                         # of the height asked for along the wheel
    double across                       # slope of the ground across the wheel

cdef struct tyre_contact:
    double load                         # vertical, N; 0 = the wheel hangs
    double rate                         # - d load / d height of the hub, N/m
    double point[3]                     # touched, or the lowest of a hanging tread; heading frame
    double slope[2]                     # of the ground there
    double shift[2]                     # from the point to where a change of load acts, horizontal, m


cdef void tread_init(tread_shape *t, const tc_vehicle *v) noexcept nogil:
    cdef int32_t i
    t.radius = v.tyre_radius
    t.rate = v.tyre_stiffness
    t.weight = v.tyre_mass * TC_GRAVITY
    for i in range(STRIPS):
        t.across[i] = v.tyre_tread * (i / (STRIPS - 1.0) - 0.5)
    for i in range(FINE):
        t.ahead[i] = t.radius * TC_TREAD_REACH * (2.0 * i / (FINE - 1.0) - 1.0)
        t.below[i] = sqrt(t.radius * t.radius - t.ahead[i] * t.ahead[i])
    for i in range(16):
        t.scan_ahead[i] = <float> t.ahead[2 * i if i < PLACES else FINE - 1]
        t.scan_below[i] = <float> t.below[2 * i if i < PLACES else FINE - 1]


cdef inline void footprint_axes(footprint *f) noexcept nogil:
    """ahead and up of a wheel from its axle."""
    cdef double n = sqrt(f.axle[0] * f.axle[0] + f.axle[1] * f.axle[1])
    f.ahead[0] = f.axle[1] / n
    f.ahead[1] = -f.axle[0] / n
    f.up[0] = f.ahead[1] * f.axle[2]
    f.up[1] = -f.ahead[0] * f.axle[2]
    f.up[2] = n


cdef inline double strip_place(const tread_shape *t, const grid_view *g, const strip_line *l, int32_t i) noexcept nogil:
    """Height the ground asks for at place i of a strip."""
    return (peek(g, l.u0 + t.ahead[i] * l.eu - t.below[i] * l.nu, l.v0 + t.ahead[i] * l.ev - t.below[i] * l.nv)
            + t.below[i] * l.up)


cdef inline void strip_look(const grid_view *g, const strip_line *l, double xi, double below,
                            strip_peak *p) noexcept nogil:
    """Height the ground asks for at xi of a strip, and how it changes there."""
    cdef double gu, gv
    p.reach = xi
    p.below = below
    p.top = below * l.up + peek_slope(g, l.u0 + xi * l.eu - below * l.nu, l.v0 + xi * l.ev - below * l.nv, &gu, &gv)
    p.rise = gu * l.eu + gv * l.ev - xi / below * l.up
    p.across = gv * l.eu - gu * l.ev


cdef void strip_climb(const tread_shape *t, const grid_view *g, const strip_line *l, int32_t place,
                      strip_peak *peak) noexcept nogil:
    """From a place on a strip to the highest next to it, from there to where the circle touches the ground's slope,
    and where an edge lies between, to the edge."""
    cdef strip_peak ahead
    cdef double top, slope, xi, half = t.ahead[1] - t.ahead[0], highest = strip_place(t, g, l, place)
    cdef int32_t i, at = place
    for i in range(place - 1, place + 2, 2):
        if i >= 0 and i < FINE:
            top = strip_place(t, g, l, i)
            if top > highest:
                highest = top
                at = i
    strip_look(g, l, t.ahead[at], t.below[at], peak)
    for i in range(2):
        if fabs(peak.rise) < TC_TREAD_FINE:
            return
        slope = peak.rise + peak.reach / peak.below * l.up
        xi = l.radius * slope / sqrt(l.up * l.up + slope * slope)
        xi = peak.reach - half if xi < peak.reach - half else peak.reach + half if xi > peak.reach + half else xi
        if not fabs(xi) <= t.ahead[FINE - 1]:           # NaN beside unknown ground, too
            return
        strip_look(g, l, xi, sqrt(l.radius * l.radius - xi * xi), &ahead)
        if ahead.top <= peak.top or ahead.rise * peak.rise < 0.0:
            break
        peak[0] = ahead
    else:
        return
    slope = peak.rise - ahead.rise
    if slope * peak.rise > 0.0 and fabs(ahead.rise) > TC_TREAD_FINE:    # two slopes that meet at an edge
        xi = peak.reach + (ahead.top - peak.top - ahead.rise * (ahead.reach - peak.reach)) / slope
        if ahead.top > peak.top:
            peak[0] = ahead
        if fabs(xi) < t.ahead[FINE - 1]:
            strip_look(g, l, xi, sqrt(l.radius * l.radius - xi * xi), &ahead)
    if ahead.top > peak.top:
        peak[0] = ahead


cdef int footprint_scan(const tread_shape *t, const grid_view *g, const strip_line *l, footprint *f,
                        int32_t k) noexcept nogil:
    """Look at every second place of a strip: where it is highest, and where else nearly so. Floats will do to choose:
    they count from near the wheel."""
    cdef float level, highest
    cdef int first, second = -1
    cdef int32_t ix = <int32_t> (l.u0 - l.reach_u), iy = <int32_t> (l.v0 - l.reach_v)
    level = g.height[<int32_t> l.v0 * g.row + <int32_t> l.u0]
    level = level if level == level else 0.0            # the middle need not be looked at
    first = tc_strip_scan(g.height + iy * g.row + ix, g.row, level, <float> (l.u0 - ix), <float> (l.v0 - iy),
                          <float> l.eu, <float> l.ev, <float> l.nu, <float> l.nv, <float> l.up, t.scan_ahead,
                          t.scan_below, <float> (6.0 * TC_TREAD_GIVE), &highest, &second)
    if first < 0:
        return GROUND_UNKNOWN
    f.first[k] = 2 * first
    f.second[k] = 2 * second if second >= 0 else -1
    f.height[k] = <double> level + highest - t.across[k] * f.axle[2]
    return GROUND_OK


cdef void footprint_strip(const tread_shape *t, const grid_view *g, const strip_line *l, footprint *f,
                          int32_t k) noexcept nogil:
    """Highest demand of the ground in one strip, shared with a second contact nearly as high."""
    cdef double share = 0.0, rest, along, across
    cdef strip_peak a, b
    strip_climb(t, g, l, f.first[k], &a)
    if f.second[k] >= 0:
        strip_climb(t, g, l, f.second[k], &b)
        if b.top > a.top:
            a, b = b, a
        rest = TC_TREAD_GIVE - (a.top - b.top)
        if rest > 0.0:
            share = 0.5 * rest / TC_TREAD_GIVE
            a.top += 0.5 * share * rest
    along = a.reach / a.below * l.up            # slope of the circle: the ground's where smooth, and right on an edge
    across = a.across
    f.reach[k] = a.reach
    f.below[k] = a.below
    if share > 0.0:
        f.reach[k] += share * (b.reach - a.reach)
        f.below[k] += share * (b.below - a.below)
        along += share * (b.reach / b.below * l.up - along)
        across += share * (b.across - across)
    f.height[k] = a.top - t.across[k] * f.axle[2]
    f.slope[k][0] = along * f.ahead[0] - across * f.ahead[1]
    f.slope[k][1] = along * f.ahead[1] + across * f.ahead[0]


cdef bint footprint_moved(const tread_shape *t, double cx, double cy, footprint *f) noexcept nogil:
    """Whether the wheel has left the place where all of its strips were looked at; remembers the new one."""
    cdef double by = fabs(cx - f.seen[0]) + fabs(cy - f.seen[1])
    cdef int32_t k
    for k in range(3):
        by += t.radius * fabs(f.axle[k] - f.seen[2 + k])
    if by < TC_TREAD_STAYS:
        return False
    f.seen[0] = cx
    f.seen[1] = cy
    for k in range(3):
        f.seen[2 + k] = f.axle[k]
    return True


cdef void footprint_choose(const tread_shape *t, footprint *f) noexcept nogil:
    """Leave out the strips that stay clear of the ground however the tread leans: those far below a line through
    the heights of two others on either side, or below the level of the highest by more than the lean can lift."""
    cdef double highest = f.height[0]
    cdef int32_t i, j, k
    for k in range(1, STRIPS):
        highest = larger(highest, f.height[k])
    for k in range(STRIPS):
        if f.height[k] < highest - TC_STRIP_CLEAR - 2.0 * TC_CAMBER_LIMIT * t.across[STRIPS - 1]:
            f.second[k] = STRIP_LOW
        for i in range(k):
            for j in range(k + 1, STRIPS):
                if ((j - k) * f.height[i] + (k - i) * f.height[j]) > (j - i) * (f.height[k] + TC_STRIP_CLEAR):
                    f.second[k] = STRIP_LOW


cdef int footprint_sample(const tread_shape *t, const grid_view *g, double cx, double cy, footprint *f) noexcept nogil:
    """The ground under a wheel with its centre at (cx, cy) in the heading frame and its axes set."""
    cdef strip_line l
    cdef double u, v, au, av, spread_u, spread_v
    cdef int32_t k
    cdef int known
    to_grid(g, cx, cy, &u, &v)
    turn_to_grid(g, f.ahead[0], f.ahead[1], &l.eu, &l.ev)
    turn_to_grid(g, f.axle[0], f.axle[1], &au, &av)
    turn_to_grid(g, f.up[0], f.up[1], &l.nu, &l.nv)
    l.up = f.up[2]
    l.radius = t.radius
    l.reach_u = t.radius * (fabs(l.eu) + fabs(l.nu))
    l.reach_v = t.radius * (fabs(l.ev) + fabs(l.nv))
    spread_u = l.reach_u + t.across[STRIPS - 1] * fabs(au)
    spread_v = l.reach_v + t.across[STRIPS - 1] * fabs(av)
    if not (u - spread_u >= 0.0 and u + spread_u < g.nx - 1 and v - spread_v >= 0.0 and v + spread_v < g.ny - 1):
        return GROUND_OFF_MAP
    if footprint_moved(t, cx, cy, f):
        for k in range(STRIPS):
            l.u0 = u + t.across[k] * au
            l.v0 = v + t.across[k] * av
            known = footprint_scan(t, g, &l, f, k)
            if known != GROUND_OK:
                return known
        footprint_choose(t, f)
    for k in range(STRIPS):
        if f.second[k] != STRIP_LOW:
            l.u0 = u + t.across[k] * au
            l.v0 = v + t.across[k] * av
            footprint_strip(t, g, &l, f, k)
    return GROUND_OK


cdef double upright_foot(const tread_shape *t, const grid_view *g, double u, double v) noexcept nogil:
    """How high the middle of an upright wheel at (u, v) has its foot, m; -TC_FAR where that is not known."""
    cdef strip_line l
    cdef footprint f
    l.u0 = u
    l.v0 = v
    l.eu = g.cu
    l.ev = g.su
    l.nu = l.nv = 0.0
    l.up = 1.0
    l.reach_u = t.radius * fabs(l.eu)
    l.reach_v = t.radius * fabs(l.ev)
    if not (u - l.reach_u >= 0.0 and u + l.reach_u < g.nx - 1 and v - l.reach_v >= 0.0 and v + l.reach_v < g.ny - 1):
        return -TC_FAR
    f.axle[2] = 0.0
    if footprint_scan(t, g, &l, &f, STRIPS // 2) != GROUND_OK:
        return -TC_FAR
    return f.height[STRIPS // 2] - t.radius


cdef inline double camber_moment(double c) noexcept nogil:
    """Of the tread's spring and its stop at the lean c >= 0, N m."""
    return TC_CAMBER_RATE * c + (TC_CAMBER_STOP * (c - TC_CAMBER_LIMIT) if c > TC_CAMBER_LIMIT else 0.0)


cdef inline double lean_on_strip(double y, double load, double rate, double *softer) noexcept nogil:
    """Lean c >= 0 where the camber spring balances a load that acts at y > 0 and falls with rate y c; and the rate
    of the tyre with this freedom."""
    cdef double c = y * load / (TC_CAMBER_RATE + rate * y * y), stiff = TC_CAMBER_RATE
    if c > TC_CAMBER_LIMIT:
        stiff += TC_CAMBER_STOP
        c = (y * load + TC_CAMBER_STOP * TC_CAMBER_LIMIT) / (stiff + rate * y * y)
    softer[0] = rate * stiff / (stiff + rate * y * y)
    return c


cdef inline double tread_lean(const tread_shape *t, const footprint *f, double centre, double rate, int32_t *low,
                              int32_t *high, double *offset, double *rate_out) noexcept nogil:
    """Lean c of the tread, the strips low and high it stands on, where between them the load acts (offset, m),
    and the rate of the tyre with this freedom. A walk along the convex envelope max_k(H_k - y_k c) from c = 0, on
    the side the highest strip is on."""
    cdef double c, rest, y, side, next_c, load, softer = rate
    cdef int32_t i = 0, j, k
    for k in range(1, STRIPS):
        if f.height[k] > f.height[i]:
            i = k
    low[0] = high[0] = i
    offset[0] = t.across[i]
    rate_out[0] = rate
    if rate * (f.height[i] - centre) + t.weight <= 0.0 or t.across[i] == 0.0:
        return 0.0
    side = 1.0 if t.across[i] > 0.0 else -1.0
    while True:
        y = t.across[i] * side
        rest = 1e300
        if y > 0.0:
            rest = lean_on_strip(y, rate * (f.height[i] - centre) + t.weight, rate, &softer)
        j = -1
        c = 1e300
        for k in range(STRIPS):
            if t.across[k] * side < y:
                next_c = (f.height[i] - f.height[k]) / (y - t.across[k] * side)
                if next_c < c:
                    c = next_c
                    j = k
        low[0] = i
        high[0] = j
        if rest <= c or j < 0:          # the camber spring holds it on the edge of one strip
            high[0] = i
            offset[0] = t.across[i]
            rate_out[0] = softer
            return rest * side
        load = rate * (f.height[i] - c * y - centre) + t.weight
        rest = camber_moment(c) / load if load > 0.0 else y
        if rest >= t.across[j] * side:  # it lies on both strips, the load between them
            offset[0] = (rest if rest < y else y) * side
            return c * side
        i = j


cdef void tyre_press(const tread_shape *t, const footprint *f, double cx, double cy, double centre, double pull,
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
    # between two strips the lean and with it the moment of the camber spring are given: more load moves to the middle
    out.shift[0] = 0.0 if i == j else -offset * f.axle[0]
    out.shift[1] = 0.0 if i == j else -offset * f.axle[1]
    xi = f.reach[i] + u * (f.reach[j] - f.reach[i])
    q = f.below[i] + u * (f.below[j] - f.below[i])
    if out.load <= -pull:
        out.load = out.rate = 0.0
        xi = offset = 0.0
        q = t.radius
        height = centre - t.weight / rate
    out.point[0] = cx + offset * f.axle[0] + xi * f.ahead[0] - q * f.up[0]
    out.point[1] = cy + offset * f.axle[1] + xi * f.ahead[1] - q * f.up[1]
    out.point[2] = height + offset * (f.axle[2] + c) - q * f.up[2]
    out.slope[0] = f.slope[i][0] + u * (f.slope[j][0] - f.slope[i][0])
    out.slope[1] = f.slope[i][1] + u * (f.slope[j][1] - f.slope[i][1])
