# Where wheels, axles and chassis of any rest can be, without a stance: brackets.
#
# What a wheel stands on lies between two heights. How far axles and chassis can roll against it follows from the
# balance of moments: an axle lies between the ground's slope under its wheels and the chassis' roll, and close to the
# ground where its springs cannot lift a wheel, for all the weight it may carry; the chassis rolls beyond its axles only
# as far as its weight can wind up the springs. How much of the weight an axle carries follows from where its wheels can
# touch; from that, how far its springs are pressed together.
#
# Where the wheels are depends on the attitude, so it is found in rounds, that begin TC_ASSURED_TILT to each side of the
# plane through the ground under the wheels: what is sure is sure of a rest within that. Heading frame as in stance.pxi;
# hubs are meant as they are at design ride height, axles as they are now.

cdef enum:
    ASSURED_BINS = 7                    # places along a tread, each with its surroundings
    ASSURED_ROUNDS = 3                  # of them the first
    ASSURED_COARSE = 2                  # see the ground under a whole wheel at once
    ASSURED_HALVINGS = 8                # of a bracket

cdef extern from *:
    """
    static const double TC_ASSURED_TILT = 0.12;         /* rad to each side in the first round */
    static const double TC_ASSURED_STEEPEST = 0.5;      /* rad, beyond nothing is said */
    static const double TC_ASSURED_BEYOND = 0.05;       /* m a stop may give way */
    static const double TC_ASSURED_STIFFNESS = 0.9;     /* of what a level vehicle has, when it leans */
    static const double TC_ASSURED_SLACK = 0.002;       /* m, of heights: second contacts, tolerance of the solver */
    static const double TC_ASSURED_SLIDE = 0.01;        /* m a loaded tyre slides along its axle */
    """
    const double TC_ASSURED_TILT, TC_ASSURED_STEEPEST, TC_ASSURED_BEYOND, TC_ASSURED_STIFFNESS, TC_ASSURED_SLACK
    const double TC_ASSURED_SLIDE

cdef struct bracket:
    double low, high

cdef struct reach_state:
    # what is known of a rest so far
    bracket pitch, roll                 # of the chassis, rad
    bracket rise, lean                  # sines of them
    bracket slope[2]                    # of each axle, from wheel to wheel,
    bracket ground[2]                   # and of what it would stand on, unloaded
    int32_t firm                        # axles (bits) with both wheels on the ground
    bint falls_back                     # from two wheels of a side
    bracket support[4]                  # height the ground asks of an unloaded wheel's centre, m
    bracket ahead[4]                    # where a wheel can touch, along the heading, m
    double cross[4]                     # slope of the ground across the tread at most
    bracket share[2]                    # of the load of each axle, N
    bracket travel[2]                   # mean of each axle, m
    double apart[2]                     # most the travels of an axle differ from their mean, m
    bracket axle[2]                     # height of the middle of each axle, m
    bracket body[2]                     # height of the chassis there, m
    double level                        # least vertical part of the body's up
    double most_rise, most_lean         # largest sines; of the chassis and of its axles


cdef inline double lesser(double a, double b) noexcept nogil:
    return a if a < b else b


cdef inline float larger_float(float a, float b) noexcept nogil:
    return a if a > b else b


cdef inline double largest_of(const bracket *b) noexcept nogil:
    return larger(fabs(b.low), fabs(b.high))


cdef inline bracket product(double low, double high, const bracket *b) noexcept nogil:
    """Of low ... high and a bracket."""
    cdef bracket p
    p.low = lesser(lesser(low * b.low, low * b.high), lesser(high * b.low, high * b.high))
    p.high = larger(larger(low * b.low, low * b.high), larger(high * b.low, high * b.high))
    return p


cdef void reach_turned(reach_state *r) noexcept nogil:
    """Sines and the like, after the attitude is known better."""
    r.rise.low, r.rise.high = sin(r.pitch.low), sin(r.pitch.high)
    r.lean.low, r.lean.high = sin(r.roll.low), sin(r.roll.high)
    r.most_rise = largest_of(&r.rise)
    r.most_lean = larger(largest_of(&r.lean), larger(largest_of(&r.slope[0]), largest_of(&r.slope[1])))
    r.level = sqrt((1.0 - r.most_rise * r.most_rise) * (1.0 - r.most_lean * r.most_lean))


cdef bint ground_within(const grid_view *g, double x, double y, double half_x, double half_y, double *cross,
                        bracket *z) noexcept nogil:
    """Lowest and highest ground within a rectangle along the heading frame's axes, or a little more, and where asked
    how steep it is across the heading at most. False where it is not all known."""
    cdef double u, v, pad = (fabs(g.c) + fabs(g.s)) * g.dx, low, high, dv
    cdef row_span across[2]
    cdef const float *h
    cdef float least = INFINITY, most = -INFINITY, all = 0.0, du = 0.0, dw = 0.0
    cdef int32_t ix, iy, first, last, y0, y1
    half_x += pad
    half_y += pad
    to_grid(g, x, y, &u, &v)
    row_span_init(&across[0], g.c, g.s, -half_x * g.inv_dx, half_x * g.inv_dx)
    row_span_init(&across[1], -g.s, g.c, -half_y * g.inv_dx, half_y * g.inv_dx)
    high = (fabs(g.s) * half_x + fabs(g.c) * half_y) * g.inv_dx
    if not (v - high >= 1.0 and v + high < g.ny - 2):
        return False
    y0 = <int32_t> (v - high)
    y1 = <int32_t> (v + high) + 1
    for iy in range(y0, y1 + 1):
        dv = iy - v
        low = larger(across[0].low + across[0].rise * dv, across[1].low + across[1].rise * dv)
        high = lesser(across[0].high + across[0].rise * dv, across[1].high + across[1].rise * dv)
        if low > high:
            continue
        if not (u + low >= 1.0 and u + high < g.nx - 1):
            return False
        first = <int32_t> (u + low)
        last = <int32_t> (u + high)
        h = g.height + iy * g.row
        for ix in range(first, last + 1):
            all += h[ix]
            least = h[ix] if h[ix] < least else least
            most = h[ix] if h[ix] > most else most
        if cross is not NULL:
            for ix in range(first, last + 1):
                du = larger_float(du, larger_float(h[ix + 1] - h[ix], h[ix] - h[ix + 1]))
                dw = larger_float(dw, larger_float(h[ix + g.row] - h[ix], h[ix] - h[ix + g.row]))
    z.low = least
    z.high = most
    if cross is not NULL:
        cross[0] = (fabs(g.s) * du + fabs(g.c) * dw) * g.inv_dx
    return all == all and least <= most


cdef bint reach_wheel(const stance_model *m, const grid_view *g, reach_state *r, int32_t w,
                      int32_t turn) noexcept nogil:
    """What the ground can ask of a wheel, and where along the heading it can touch; late, by places of its tread."""
    cdef const axle_model *a = &m.axle[w // 2]
    cdef double radius = m.tread.radius, tread = m.tread.across[STRIPS - 1], twist = r.most_rise * r.most_lean
    cdef double low = a.hub_z - a.rebound - TC_ASSURED_BEYOND, high = a.hub_z + a.bump[1] + TC_ASSURED_BEYOND
    cdef double flat = sqrt(1.0 - r.most_rise * r.most_rise), upright = sqrt(1.0 - r.most_lean * r.most_lean)
    cdef double half = m.tread.ahead[2] - m.tread.ahead[0], xi, depth, below
    cdef double top[ASSURED_BINS]
    cdef const bracket *wheel = &r.slope[w // 2] if a.solid else &r.lean
    cdef bracket x, y, out, sink, z
    cdef int32_t k
    x = product(low, high, &r.rise)
    x.low += a.x * flat - (a.half_track + radius) * twist
    x.high += a.x + (a.half_track + radius) * twist
    out.low = a.half_track * upright
    out.high = a.half_track
    if w % 2 == 1:
        out.low, out.high = -out.high, -out.low
    sink = product(low, high, &r.lean)
    out.low -= sink.high + radius * twist + TC_ASSURED_SLIDE
    out.high += radius * twist + TC_ASSURED_SLIDE - sink.low
    if turn < ASSURED_COARSE:
        y = product(0.0, radius, wheel)
        y.low += out.low
        y.high += out.high
        if not ground_within(g, 0.5 * (x.low + x.high), 0.5 * (y.low + y.high), 0.5 * (x.high - x.low) + radius,
                             0.5 * (y.high - y.low) + tread, &r.cross[w] if turn == 0 else NULL, &z):
            return False
        r.support[w].low = z.low + radius * upright - TC_ASSURED_SLACK
        r.support[w].high = z.high + radius + tread * r.most_lean + TC_ASSURED_SLACK
        # farther ahead or behind the tread is too high to touch
        below = larger(r.support[w].low - z.high - tread * r.most_lean, 0.0)
        xi = sqrt(larger(radius * radius - below * below, 0.0))
        r.ahead[w].low = x.low - xi
        r.ahead[w].high = x.high + xi
        return True
    r.support[w].low = r.support[w].high = -INFINITY
    for k in range(ASSURED_BINS):
        xi = m.tread.ahead[4 * k + 2]
        depth = m.tread.below[4 * k + 2]
        # a wheel that leans with the chassis touches about where it would upright
        y = product(depth * flat, depth, wheel)
        y.low += out.low
        y.high += out.high
        if not ground_within(g, 0.5 * (x.low + x.high) + xi, 0.5 * (y.low + y.high), 0.5 * (x.high - x.low),
                             0.5 * (y.high - y.low), NULL, &z):
            return False
        r.support[w].low = larger(r.support[w].low, z.low + depth * upright - TC_ASSURED_SLACK)
        if not ground_within(g, 0.5 * (x.low + x.high) + xi, 0.5 * (y.low + y.high), 0.5 * (x.high - x.low) + half,
                             0.5 * (y.high - y.low) + tread, NULL, &z):
            return False
        below = fabs(xi) - half if fabs(xi) > half else 0.0
        top[k] = z.high + sqrt(radius * radius - below * below) + tread * r.most_lean + TC_ASSURED_SLACK
        r.support[w].high = larger(r.support[w].high, top[k])
    r.ahead[w].low = INFINITY
    r.ahead[w].high = -INFINITY
    for k in range(ASSURED_BINS):
        if top[k] >= r.support[w].low:
            r.ahead[w].low = lesser(r.ahead[w].low, x.low + m.tread.ahead[4 * k + 2] - half)
            r.ahead[w].high = larger(r.ahead[w].high, x.high + m.tread.ahead[4 * k + 2] + half)
    return True


cdef bint reach_shares(const stance_model *m, reach_state *r) noexcept nogil:
    """How much of the weight each axle can carry: the moments about the other."""
    cdef const double *cg = m.vehicle.cg
    cdef double weight = m.vehicle.mass * TC_GRAVITY, more = (fabs(cg[1]) + TC_ASSURED_BEYOND) * r.most_rise
    cdef double f_low, f_high, r_low, r_high
    cdef bracket x = product(cg[2] * r.level, cg[2], &r.rise)
    x.low += cg[0] * sqrt(1.0 - r.most_rise * r.most_rise) - more
    x.high += cg[0] + more
    f_low = lesser(r.ahead[0].low, r.ahead[1].low)
    f_high = larger(r.ahead[0].high, r.ahead[1].high)
    r_low = lesser(r.ahead[2].low, r.ahead[3].low)
    r_high = larger(r.ahead[2].high, r.ahead[3].high)
    if not (f_low > x.high and x.low > r_high):
        return False
    r.share[0].low = weight * (x.low - r_high) / (f_high - r_high) - 2.0 * TC_REST_FORCE
    r.share[0].high = weight * (x.high - r_low) / (f_low - r_low) + 2.0 * TC_REST_FORCE
    r.share[1].low = weight - r.share[0].high
    r.share[1].high = weight - r.share[0].low
    return r.share[0].low > 0.0 and r.share[1].low > 0.0


cdef inline double springs_roll_rate(const axle_model *a) noexcept nogil:
    """Roll stiffness of springs and bar alone, the least there is, N m/rad."""
    if a.solid:
        return 2.0 * a.half_base * a.half_base * a.rate + a.anti_roll
    return 2.0 * a.half_track * a.half_track * (a.rate + 2.0 * a.anti_roll)


cdef inline double stops_force(const axle_model *a, double travel) noexcept nogil:
    """Of the bump stops of one side, N."""
    cdef double force = 0.0
    cdef int32_t i
    for i in range(2):
        if travel > a.bump[i]:
            force += a.bump_rate[i] * (travel - a.bump[i])
    return force


cdef inline double rebound_force(const axle_model *a, double travel) noexcept nogil:
    return a.rebound_rate * (travel + a.rebound) if travel < -a.rebound else 0.0


cdef double springs_moment(const axle_model *a, const bracket *travel, double angle) noexcept nogil:
    """The most springs, bar and stops turn an axle back that the chassis is turned against by an angle >= 0, N m."""
    cdef double arm = a.half_base if a.solid else a.half_track, apart = arm * angle
    return (springs_roll_rate(a) * angle
            + arm * (stops_force(a, travel.high + apart) - rebound_force(a, travel.low - apart)))


cdef double offset_moment(const stance_model *m, const reach_state *r, int32_t axle) noexcept nogil:
    """The most loads turn an axle or wheels as they act beside the middle of their treads, N m: no more than the camber
    spring holds when the tread lies flat, and none acts beside the tread."""
    cdef double tread = m.tread.across[STRIPS - 1], lean, flat = 0.0
    cdef int32_t w
    for w in range(2 * axle, 2 * axle + 2):
        lean = r.cross[w] + (largest_of(&r.slope[axle]) if m.axle[axle].solid else largest_of(&r.lean))
        flat += camber_moment(lean)
    return lesser(flat, tread * r.share[axle].high) + TC_ASSURED_SLIDE * r.share[axle].high


cdef double turns_back(const stance_model *m, const reach_state *r, double roll, double sign,
                       int32_t grips) noexcept nogil:
    """What turns the chassis back at a roll less what topples it, N m, both at worst. sign -1 = to the other side;
    grips: axles (bits) whose higher wheel is on the ground, others may hang on the chassis."""
    cdef const axle_model *a
    cdef double back = 0.0, height, steepest
    cdef int32_t i
    for i in range(2):
        a = &m.axle[i]
        steepest = r.slope[i].high if sign > 0.0 else -r.slope[i].low
        if not grips >> i & 1:
            steepest = larger(r.ground[i].high if sign > 0.0 else -r.ground[i].low, roll)
        elif not r.firm >> i & 1:
            steepest = r.ground[i].high if sign > 0.0 else -r.ground[i].low
            steepest += r.share[i].high / (2.0 * TC_ASSURED_STIFFNESS * a.half_track * m.tread.rate)
        if roll >= steepest:
            back += TC_ASSURED_STIFFNESS * springs_roll_rate(a) * (roll - steepest)
        else:
            back -= springs_moment(a, &r.travel[i], (steepest - roll) / r.level)
        height = larger(m.sprung_cg[2], m.vehicle.cg[2]) + 2.0 * TC_ASSURED_BEYOND - (a.hub_z if a.solid else 0.0)
        back -= (height * larger(roll, 0.0) + larger(fabs(m.sprung_cg[1]), fabs(m.vehicle.cg[1]))) * r.share[i].high
        if not a.solid:
            back -= offset_moment(m, r, i)
    return back


cdef double most_roll(const stance_model *m, const reach_state *r, double sign, int32_t grips) noexcept nogil:
    """How far the chassis can roll to a side: farther out springs turn it back whatever topples it."""
    cdef double low = sign * (r.lean.low if sign > 0.0 else r.lean.high), middle
    cdef double high = sign * (r.lean.high if sign > 0.0 else r.lean.low)
    cdef int32_t i
    if not turns_back(m, r, high, sign, grips) > 0.0:
        return high
    for i in range(ASSURED_HALVINGS):
        middle = 0.5 * (low + high)
        if turns_back(m, r, middle, sign, grips) > 0.0:
            high = middle
        else:
            low = middle
    return high


cdef inline double asin_up(double slope, double level) noexcept nogil:
    """The largest angle whose sine, times a level or more, is a slope."""
    slope = slope / level if slope > 0.0 else slope
    return asin(slope) if slope < 1.0 else INFINITY


cdef double roll_to(const stance_model *m, const reach_state *r, double sign) noexcept nogil:
    """How far the chassis can roll to a side. Where a wheel of either axle may lift, not both of a side do: on two
    wheels it falls back."""
    if r.firm != 0:
        return most_roll(m, r, sign, r.firm)
    return larger(most_roll(m, r, sign, 1), most_roll(m, r, sign, 2)) if r.falls_back else INFINITY


cdef bint reach_roll(const stance_model *m, reach_state *r) noexcept nogil:
    """How far axles and chassis can roll."""
    cdef const axle_model *a
    cdef double width, own, tyres, topple = 0.0, hold = 0.0
    cdef bracket slope
    cdef int32_t i
    r.firm = 0
    for i in range(2):
        a = &m.axle[i]
        width = a.half_track
        r.ground[i].low = (r.support[2 * i].low - r.support[2 * i + 1].high) / (2.0 * width)
        r.ground[i].high = (r.support[2 * i].high - r.support[2 * i + 1].low) / (2.0 * width)
        own = r.share[i].high * m.tread.radius * r.most_lean if a.solid else 0.0
        own += offset_moment(m, r, i)
        hold += TC_ASSURED_STIFFNESS * width * r.share[i].low
        topple += own + r.share[i].high * (fabs(m.vehicle.cg[1])
                                           + (m.vehicle.cg[2] + 2.0 * TC_ASSURED_BEYOND) * largest_of(&r.lean))
        # an axle is between the ground's slope and the chassis' roll
        own += springs_moment(a, &r.travel[i], larger(r.ground[i].high - r.lean.low,
                                                      r.lean.high - r.ground[i].low) / r.level)
        tyres = TC_ASSURED_STIFFNESS * 2.0 * width * width * m.tread.rate
        slope = r.ground[i]
        if own < TC_ASSURED_STIFFNESS * width * r.share[i].low:     # and no wheel of it lifts
            r.firm |= 1 << i
        else:
            own = r.share[i].high * (m.tread.across[STRIPS - 1] + m.tread.radius * r.most_lean)
            slope.low = lesser(slope.low, r.lean.low)
            slope.high = larger(slope.high, r.lean.high)
        r.slope[i].low = larger(r.slope[i].low, slope.low - own / tyres)
        r.slope[i].high = lesser(r.slope[i].high, slope.high + own / tyres)
        if not r.slope[i].low <= r.slope[i].high:
            return False
    r.falls_back = topple < hold
    r.roll.high = lesser(r.roll.high, asin_up(roll_to(m, r, 1.0), r.level))
    r.roll.low = larger(r.roll.low, -asin_up(roll_to(m, r, -1.0), r.level))
    if not r.roll.low <= r.roll.high:
        return False
    for i in range(2):
        a = &m.axle[i]
        r.apart[i] = ((a.half_base if a.solid else a.half_track) / r.level
                      * larger(r.slope[i].high - sin(r.roll.low), sin(r.roll.high) - r.slope[i].low))
    return True


cdef double mean_travel(const axle_model *a, double load, double apart, bint most) noexcept nogil:
    """The most or the least the travels of an axle can be in the mean, where its springs carry a load and each differs
    from the mean by no more than `apart`: stops of bump are convex, those of rebound are not."""
    cdef double low = -a.rebound - TC_ASSURED_BEYOND, high = a.bump[1] + TC_ASSURED_BEYOND, middle, force
    cdef int32_t i
    for i in range(ASSURED_HALVINGS):
        middle = 0.5 * (low + high)
        force = 2.0 * (a.preload + a.rate * middle)
        if most:
            force += 2.0 * stops_force(a, middle) + rebound_force(a, middle - apart)
        else:
            force += (stops_force(a, middle + apart) + stops_force(a, middle - apart)
                      + 2.0 * rebound_force(a, middle))
        if force < load:
            low = middle
        else:
            high = middle
    return high if most else low


cdef inline double softer_rate(const stance_model *m, const reach_state *r) noexcept nogil:
    """Most a tyre gives for its load when it leans, m/N."""
    return (1.0 + r.most_lean * r.most_lean * (1.0 / TC_LATERAL_SHARE - 1.0)) / m.tread.rate


cdef bint reach_heights(const stance_model *m, reach_state *r) noexcept nogil:
    """How high axles and chassis can be, and from that the pitch."""
    cdef const axle_model *a
    cdef double own, rate, mean, left, right, s_low, s_high, L = m.axle[0].x, dz
    cdef int32_t i
    rate = m.tread.rate / (1.0 + (1.0 / TC_LATERAL_SHARE - 1.0))
    for i in range(2):
        a = &m.axle[i]
        own = (a.mass + 2.0 * m.vehicle.tyre_mass) * TC_GRAVITY
        r.travel[i].high = mean_travel(a, r.share[i].high - own * r.level + 2.0 * TC_REST_FORCE, r.apart[i], True)
        r.travel[i].low = mean_travel(a, r.level * r.share[i].low - own - 2.0 * TC_REST_FORCE, r.apart[i], False)
        # a wheel's centre is no lower than ground and load have it; loads add up
        mean = 0.5 * r.share[i].high - m.tread.weight
        r.axle[i].low = (0.5 * (r.support[2 * i].low + r.support[2 * i + 1].low)
                         - (mean / m.tread.rate if mean < 0.0 else mean * softer_rate(m, r)))
        mean = 0.5 * r.share[i].low - m.tread.weight
        mean = (mean / m.tread.rate if mean > 0.0 else mean / rate)
        # with both wheels on the ground, with the left alone, with the right alone
        left = r.support[2 * i].high - a.half_track * r.slope[i].low
        right = r.support[2 * i + 1].high + a.half_track * r.slope[i].high
        r.axle[i].high = larger(0.5 * (r.support[2 * i].high + r.support[2 * i + 1].high) - mean,
                                larger(left, right) - (r.share[i].low - m.tread.weight) / m.tread.rate)
        r.body[i].low = r.axle[i].low - (r.travel[i].high if r.travel[i].high > 0.0 else r.level * r.travel[i].high)
        r.body[i].high = r.axle[i].high - (r.travel[i].low if r.travel[i].low < 0.0 else r.level * r.travel[i].low)
    dz = m.axle[0].hub_z - m.axle[1].hub_z
    s_low = (r.body[1].low - r.body[0].high + (dz if dz < 0.0 else r.level * dz)) / L
    s_high = (r.body[1].high - r.body[0].low + (dz if dz > 0.0 else r.level * dz)) / L
    if not (s_low > -0.9 and s_high < 0.9):
        return False
    r.pitch.low = larger(r.pitch.low, asin(s_low))
    r.pitch.high = lesser(r.pitch.high, asin(s_high))
    return r.pitch.low <= r.pitch.high


cdef bint reach_find(const stance_model *m, const grid_view *g, reach_state *r) noexcept nogil:
    """Where a rest on the ground can be at all. False where nothing can be said."""
    cdef rest_point start
    cdef double twist
    cdef int32_t i, w
    if start_cold(m, g, &start) != TC_STANCE_OK:
        return False
    if not (fabs(start.pitch) + TC_ASSURED_TILT < TC_ASSURED_STEEPEST
            and fabs(start.roll) + TC_ASSURED_TILT < TC_ASSURED_STEEPEST):
        return False
    r.pitch.low, r.pitch.high = start.pitch - TC_ASSURED_TILT, start.pitch + TC_ASSURED_TILT
    r.roll.low, r.roll.high = start.roll - TC_ASSURED_TILT, start.roll + TC_ASSURED_TILT
    for i in range(2):
        # an axle between the ground's slope and the chassis' roll
        twist = start.q[i][1] if m.axle[i].solid else (start.q[i][0] - start.q[i][1]) / (2.0 * m.axle[i].half_track)
        r.slope[i].low = sin(r.roll.low + lesser(twist, 0.0))
        r.slope[i].high = sin(r.roll.high + larger(twist, 0.0))
        r.travel[i].low, r.travel[i].high = -m.axle[i].rebound, m.axle[i].bump[1]
    reach_turned(r)
    for i in range(ASSURED_ROUNDS):
        for w in range(4):
            if not reach_wheel(m, g, r, w, i):
                return False
        if not (reach_shares(m, r) and reach_roll(m, r)):
            return False
        reach_turned(r)
        if not reach_heights(m, r):
            return False
        reach_turned(r)
    return True
