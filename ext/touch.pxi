# How likely a part touches, given its least gap over a ground that is known to sigma.
#
# The gap is linear in the heights under wheels and part: the chassis is a plane on four wheels, an axle a line on two,
# so an error under wheel w counts with its share of the place, one under the part in full (shares w, sum 1):
#
#     var(gap) = sigma^2 (1 + sum w^2 - 2 sum w rho(distance from wheel to part)) + what the stance itself errs by.
#
# Errors of neighbouring posts hang together over TC_TOUCH_CORRELATION. Where they do not, which the ground shows by its
# second differences, tyre and part each take the highest of many posts: that varies less, and more so under the part.
#
# What is asked is the true gap, given the gap on the map. Relief is exponential (rocks: Golombek and Rapp, JGR 102,
# 1997): with a Laplace prior and a Gaussian error the answer is closed; without one a gap that errors make small is
# taken for small. Its scale comes from the ground under the vehicle, as far as that is from a plane that bends and
# twists (a crest is no relief) and no error; an obstacle may also be as they are anywhere that people drive: in
# proportion to their clearance.
# A share of rests is another one (friction, edges): a mixture, with a wide tail.

cdef extern from *:
    """
    static const double TC_TOUCH_CORRELATION = 0.3;     /* m, of the errors of heights */
    static const double TC_TOUCH_RELIEF = 2.3;          /* design clearances by which relief grows e times rarer */
    /* of the ground under a vehicle; these and the share by likelihood of 33,000 poses on 700 grounds */
    static const double TC_TOUCH_SURE = 8.0;            /* deviations */
    static const double TC_RELIEF_SCALE = 1.25;         /* reliefs by which a gap grows e times rarer */
    static const double TC_RELIEF_LOWER = 1.6;          /* reliefs the usual gap is less than by design */
    static const double TC_RELIEF_ERROR = 0.12;         /* share of the errors' variance that is in it */
    static const double TC_RELIEF_LEAST = 0.05;         /* m, there is always some */
    static const double TC_RELIEF_LEAST_GAP = 0.02;     /* m, relief does not lift the ground into a part's place */
    static const double TC_RELIEF_BEYOND = 0.4;         /* m before and behind the wheels, */
    static const double TC_RELIEF_BESIDE = 0.1;         /* and beside their middles, that count */
    static const double TC_RELIEF_REACH = 3.4;          /* scales from the middle: farther none is of the ground here */
    static const double TC_RELIEF_ELSEWHERE = 0.1;      /* share of obstacles that are as they are anywhere */
    static const double TC_TOUCH_LEAST_DESIGN = 0.05;   /* m, a part hangs no lower for that */
    static const double TC_TOUCH_NEVER = 0.25;          /* m and so many deviations beside: no error is so large */
    static const double TC_TOUCH_SD = 0.0012;           /* m, of this model against physics, under the vehicle, */
    static const double TC_TOUCH_SD_OUTSIDE = 0.0055;   /* m, and of a wheel, that grows with the lever of a part */
    static const double TC_TOUCH_SHARES = 0.25;         /* sum of squared shares in the middle between four wheels */
    static const double TC_TOUCH_OTHER = 0.20;          /* share of rests that are another one, */
    static const double TC_TOUCH_OTHER_ROUGH = 0.43;    /* where the ground's steps allow no exact one; */
    static const double TC_TOUCH_OTHER_LOWER = 0.007;   /* m by which it is lower, */
    static const double TC_TOUCH_OTHER_SD = 0.0175;     /* m of one wheel, its deviation; */
    static const double TC_TOUCH_FAR = 0.03;            /* share of those that are far off, */
    static const double TC_TOUCH_FAR_SD = 0.1;          /* m. These seven: 751 poses of the rig, by likelihood */
    static const double TC_SPECKLE_SPACING = 0.25;      /* m between posts up to which a tyre spans several */
    static const double TC_SPECKLE_MEDIAN = 1.6522;     /* of |second differences| of white heights of unit deviation */
    static const double TC_SPECKLE_LESS = 0.5;          /* of the variance is left out where tyre and part take tops, */
    static const double TC_SPECKLE_HIGHER = 0.2;        /* deviations the part's top is higher than the tyres' */
    """
    const double TC_TOUCH_CORRELATION, TC_TOUCH_RELIEF, TC_TOUCH_LEAST_DESIGN, TC_TOUCH_NEVER, TC_TOUCH_SD
    const double TC_TOUCH_SD_OUTSIDE, TC_TOUCH_SHARES, TC_TOUCH_OTHER, TC_TOUCH_OTHER_ROUGH, TC_TOUCH_OTHER_LOWER
    const double TC_TOUCH_OTHER_SD, TC_TOUCH_FAR, TC_TOUCH_FAR_SD, TC_SPECKLE_SPACING, TC_SPECKLE_MEDIAN
    const double TC_SPECKLE_LESS, TC_SPECKLE_HIGHER, TC_TOUCH_SURE, TC_RELIEF_SCALE, TC_RELIEF_LOWER, TC_RELIEF_ERROR
    const double TC_RELIEF_LEAST, TC_RELIEF_LEAST_GAP, TC_RELIEF_BEYOND, TC_RELIEF_BESIDE, TC_RELIEF_ELSEWHERE
    const double TC_RELIEF_REACH

cdef enum:
    SPECKLE = 3                         # places to each side that are looked at,
    SPECKLE_STEP = 3                    # posts apart: a stone is in a few of them only
    SPECKLES = 98                       # second differences there
    RELIEF_ALONG = 17                   # places under a vehicle
    RELIEF_ACROSS = 9

cdef struct touch_place:
    # of a place of a part
    double design                       # height of the part's lower surface at design ride height, m
    double area                         # of the part seen from below, m^2
    double shares                       # sum of the squared shares of the wheels
    double spread                       # variance of the gap over that of a height
    double relief                       # of the ground there, m; 0 = not known, the design height decides


cdef inline double part_design(const tc_part *part) noexcept nogil:
    """Height of a part's lower surface at design ride height, m."""
    return part.centre[2] - (part.size[2] if part.shape == TC_BOX else part.size[0])


cdef inline double square(double a) noexcept nogil:
    return a * a


cdef void touch_place_at(const tc_vehicle *v, int32_t part, double x, double y, touch_place *t) noexcept nogil:
    """A place (x, y) of the body frame that a part is over."""
    cdef const tc_part *p = &v.part[part]
    cdef double half[2]
    cdef double share[4]
    cdef double along = x / v.wheelbase, across, distance
    cdef int32_t axle = -1, w
    half[0], half[1] = 0.5 * v.axle[0].track, 0.5 * v.axle[1].track
    if p.fixed_to != TC_CHASSIS:
        axle = (p.fixed_to - TC_HUB_FL) // 2 if p.fixed_to >= TC_HUB_FL else p.fixed_to - TC_FRONT_AXLE
    t.design = part_design(p)
    t.area = part_area(p)
    t.relief = 0.0
    t.shares = 0.0
    t.spread = 1.0
    for w in range(4):
        across = y / (2.0 * (half[0] + half[1])) * (1.0 if w % 2 == 0 else -1.0)
        share[w] = 0.5 * (along if w < 2 else 1.0 - along) + across
        if axle >= 0:
            share[w] = 0.5 + 0.5 * y / half[axle] * (1.0 if w % 2 == 0 else -1.0) if w // 2 == axle else 0.0
        distance = (square(x - (v.wheelbase if w < 2 else 0.0)) + square(y - half[w // 2] * (1 - 2 * (w % 2))))
        t.shares += square(share[w])
        t.spread += square(share[w])
        if distance < square(4.0 * TC_TOUCH_CORRELATION):
            t.spread -= 2.0 * share[w] * exp(-0.5 * distance / square(TC_TOUCH_CORRELATION))


cdef inline void insert(float *into, int32_t n, float value) noexcept nogil:
    """Insert a value among n sorted ones."""
    while n > 0 and into[n - 1] > value:
        into[n] = into[n - 1]
        n -= 1
    into[n] = value


cdef double speckle_at(const tc_grid *g, double x, double y, double sigma) noexcept nogil:
    """Share of the errors around a place that differ from post to post: what second differences show, 0 to 1."""
    cdef float seen[SPECKLES]
    cdef double d
    cdef const float *h
    cdef int64_t step
    cdef int64_t post = nearest_post(g, x, y)
    cdef int32_t ix, iy, i, j, k, reach, n = 0
    if post < 0 or g.dx > TC_SPECKLE_SPACING or not sigma > 0.0:
        return 0.0
    ix = <int32_t> (post % g.nx)
    iy = <int32_t> (post // g.nx)
    reach = SPECKLE * SPECKLE_STEP + 1
    if ix < reach or iy < reach or ix + reach >= g.nx or iy + reach >= g.ny:
        return 0.0
    for j in range(-SPECKLE, SPECKLE + 1):
        for i in range(-SPECKLE, SPECKLE + 1):
            h = g.height + post + SPECKLE_STEP * (<int64_t> j * g.nx + i)
            for k in range(2):
                step = 1 if k == 0 else g.nx
                d = fabs(<double> h[step] - 2.0 * h[0] + h[-step])
                if isfinite(d):
                    insert(seen, n, <float> d)
                    n += 1
    if n < SPECKLES // 2:
        return 0.0
    d = seen[n // 2] / (TC_SPECKLE_MEDIAN * sigma)
    return 1.0 if d > 1.0 else d * d


cdef inline double mean_square(double n) noexcept nogil:
    """Of n places evenly from -1 to 1."""
    return (n + 1.0) / (3.0 * (n - 1.0))


cdef inline double mean_fourth(double n) noexcept nogil:
    return (n + 1.0) * (3.0 * n * n - 7.0) / (15.0 * (n - 1.0) * (n - 1.0) * (n - 1.0))


cdef double relief_under(const tc_vehicle *v, const tc_grid *g, double x, double y, double yaw) noexcept nogil:
    """How far the ground under a vehicle is from a plane that bends and twists, standard deviation without the map's
    own errors, m; 0 where it is not all known. On a rectangle 1, a, b, a b and a^2 less its mean are orthogonal."""
    cdef double half = (0.5 * v.wheelbase + TC_RELIEF_BEYOND) / g.dx, c = cos(yaw), s = sin(yaw), a, b, z, z0 = 0.0
    cdef double side = (0.5 * larger(v.axle[0].track, v.axle[1].track) + TC_RELIEF_BESIDE) / g.dx
    cdef double u = (x + 0.5 * v.wheelbase * c - g.x0) / g.dx, v0 = (y + 0.5 * v.wheelbase * s - g.y0) / g.dx
    cdef double reach_u = half * fabs(c) + side * fabs(s), reach_v = half * fabs(s) + side * fabs(c)
    cdef double a2 = mean_square(RELIEF_ALONG), b2 = mean_square(RELIEF_ACROSS), a4 = mean_fourth(RELIEF_ALONG)
    cdef double share = 1.0 / (RELIEF_ALONG * RELIEF_ACROSS), row, row_b, sigma, left
    cdef double mean[6]                 # of z, a z, b z, a b z, a^2 z, z^2
    cdef grid_view w
    cdef int32_t i, j
    if not (u - reach_u >= 0.0 and v0 - reach_v >= 0.0 and u + reach_u < g.nx - 1 and v0 + reach_v < g.ny - 1):
        return 0.0
    w.height = g.height
    w.row = g.nx
    memset(mean, 0, sizeof(mean))
    for i in range(RELIEF_ALONG):
        a = 2.0 * i / (RELIEF_ALONG - 1) - 1.0
        row = row_b = 0.0
        for j in range(RELIEF_ACROSS):
            b = 2.0 * j / (RELIEF_ACROSS - 1) - 1.0
            z = peek(&w, u + c * half * a - s * side * b, v0 + s * half * a + c * side * b)
            z0 = z if i == 0 and j == 0 else z0
            z -= z0
            row += z
            row_b += b * z
            mean[5] += z * z
        mean[0] += row
        mean[1] += a * row
        mean[2] += row_b
        mean[3] += a * row_b
        mean[4] += a * a * row
    for i in range(6):
        mean[i] *= share
    if mean[0] != mean[0]:
        return 0.0
    sigma = sigma_at(g, nearest_post(g, x + 0.5 * v.wheelbase * c, y + 0.5 * v.wheelbase * s))
    left = (mean[5] - square(mean[0]) - square(mean[1]) / a2 - square(mean[2]) / b2 - square(mean[3]) / (a2 * b2)
            - square(mean[4] - a2 * mean[0]) / (a4 - a2 * a2) - TC_RELIEF_ERROR * square(sigma))
    return sqrt(left) if left > square(TC_RELIEF_LEAST) else TC_RELIEF_LEAST


cdef inline double normal_below(double z) noexcept nogil:
    return 0.0 if z < -8.0 else 1.0 if z > 8.0 else 0.5 * erfc(-z * 0.70710678118654752)


cdef inline double log_normal_below(double z) noexcept nogil:
    """ln of normal_below, far into its tail (Abramowitz and Stegun 26.2.12)."""
    if z > -6.0:
        return log(0.5 * erfc(-z * 0.70710678118654752))
    return -0.5 * z * z - log(-z * 2.5066282746310002) + log(1.0 - (1.0 - 3.0 / (z * z)) / (z * z))


cdef double below_given(double gap, double variance, double scale, double middle, double *evidence) noexcept nogil:
    """That the true gap is negative, for one of such variance on the map and a Laplace prior; ln of how likely that
    makes the gap on the map.

    Below the middle, prior times likelihood is a normal density moved up by variance / scale, above it one moved down,
    exp(2 (middle - gap) / scale) times as heavy."""
    cdef double sd = sqrt(variance), moved = variance / scale, away = (middle - gap) / scale
    cdef double under = log_normal_below((middle - gap - moved) / sd)
    cdef double over = 2.0 * away + log_normal_below((gap - middle - moved) / sd), all
    all = (under + log(1.0 + exp(over - under))) if under > over else over + log(1.0 + exp(under - over))
    evidence[0] = all - log(2.0 * scale) - away + 0.5 * moved / scale
    all = log_normal_below(-(gap + moved) / sd) - all
    return exp(all) if all < 0.0 else 1.0


cdef double probability_below(double gap, double variance, const touch_place *t) noexcept nogil:
    """That the true gap is negative, for one of such variance on the map: the ground is as it is under the vehicle, or
    an obstacle as they are anywhere, whichever makes the gap on the map more likely."""
    cdef double design = t.design if t.design > TC_TOUCH_LEAST_DESIGN else TC_TOUCH_LEAST_DESIGN
    cdef double here, anywhere, p, under, scale, middle, share
    if not variance > 0.0:
        return 1.0 if gap < 0.0 else 0.0
    if gap > TC_TOUCH_SURE * sqrt(variance) + variance / TC_RELIEF_LEAST:
        return 0.0                      # no prior draws the gap down by more than its variance over the scale
    p = below_given(gap, variance, design / TC_TOUCH_RELIEF, design, &anywhere)
    scale = TC_RELIEF_SCALE * t.relief
    middle = larger(design - TC_RELIEF_LOWER * t.relief, TC_RELIEF_LEAST_GAP)
    if not (scale > 0.0 and middle - gap < TC_RELIEF_REACH * scale):
        return p
    share = 1.0 - larger(middle - gap, 0.0) / (TC_RELIEF_REACH * scale)
    under = below_given(gap, variance, scale, middle, &here)
    here -= anywhere
    if here > 50.0:
        return under
    here = share * (1.0 - TC_RELIEF_ELSEWHERE) / TC_RELIEF_ELSEWHERE * exp(here)
    return (p + here * under) / (1.0 + here)


cdef double chance_of_touch(const touch_place *t, double gap, double variance, int32_t quality) noexcept nogil:
    """That a part with this gap on the map touches, for the variance that map and pose give it, m^2, and what the
    stance itself errs by."""
    cdef double lever = t.shares - TC_TOUCH_SHARES, other, p
    lever = lever if lever > 0.0 else 0.0
    if not gap <= TC_TOUCH_NEVER + 6.0 * sqrt(variance):
        return 0.0
    other = TC_TOUCH_OTHER if quality == TC_REST_EXACT else TC_TOUCH_OTHER_ROUGH
    p = (1.0 - other) * probability_below(
        gap, variance + square(TC_TOUCH_SD) + lever * square(TC_TOUCH_SD_OUTSIDE), t)
    p += other * (1.0 - TC_TOUCH_FAR) * probability_below(
        gap - TC_TOUCH_OTHER_LOWER, variance + t.shares * square(TC_TOUCH_OTHER_SD), t)
    return p + other * TC_TOUCH_FAR * probability_below(gap, variance + square(TC_TOUCH_FAR_SD), t)


cdef double touch_at(const tc_grid *g, double x, double y, double gap, double sd, const touch_place *t,
                     int32_t quality) noexcept nogil:
    """That a part with its least gap over (x, y) touches: the surface there, or what it hides. sd adds to the errors
    of ground and model, m."""
    cdef int64_t post = nearest_post(g, x, y)
    cdef double sigma = sigma_at(g, post), cell = g.cell if g.cell > 0.0 else g.dx, surface, variance, speckle
    variance = square(sigma) * t.spread + square(sd)
    if not gap <= TC_TOUCH_NEVER + 6.0 * sqrt(variance) and g.highest is NULL:
        return 0.0
    if post < 0 or g.highest is NULL or isnan(g.highest[post]):
        speckle = speckle_at(g, x, y, sigma) if fabs(gap) < 4.0 * sqrt(variance) else 0.0
        variance -= TC_SPECKLE_LESS * speckle * square(sigma) * t.spread
        return chance_of_touch(t, gap + TC_SPECKLE_HIGHER * sqrt(speckle) * sigma, variance, quality)
    variance += square(TC_SUPPORT_SHARE * g.spread[post])
    surface = chance_of_touch(t, gap, variance, quality)
    sigma = sqrt(square(sigma) + square(sd) + square(TC_SUPPORT_SHARE * g.spread[post]))
    return surface + (1.0 - surface) * probability_of_hidden(gap, sigma, g.highest[post], g.highest_rare[post],
                                                             t.area / (cell * cell))


cdef double touch_of_part(const tc_vehicle *v, const tc_grid *g, const tc_stance *st, int32_t part,
                          double *relief) noexcept nogil:
    """That a part touches in a stance whose clearance and quality are known. relief: of the ground there, NaN as long
    as no part has asked for it."""
    cdef touch_place t
    cdef double x = st.nearest[part][0] - st.x, y = st.nearest[part][1] - st.y, c, s
    if st.clearance[part] > TC_TOUCH_NEVER and g.highest is NULL and g.post_sigma is NULL and not (
            st.clearance[part] <= TC_TOUCH_NEVER + 12.0 * g.sigma):
        return 0.0
    c = cos(st.yaw)
    s = sin(st.yaw)
    touch_place_at(v, part, c * x + s * y, c * y - s * x, &t)
    if isnan(relief[0]):
        relief[0] = relief_under(v, g, st.x, st.y, st.yaw)
    t.relief = relief[0]
    return touch_at(g, st.nearest[part][0], st.nearest[part][1], st.clearance[part], 0.0, &t, st.quality)
