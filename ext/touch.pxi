# How likely a part touches, given its least gap over a ground that is known to sigma.
#
# The gap is linear in the heights under wheels and part: the chassis is a plane on four wheels, an axle a line on two,
# so an error under wheel w counts with its share of the place, one under the part in full (shares w, sum 1):
#
#     var(gap) = sigma^2 sum over wheels and part of s_i s_j rho(distance from i to j),
#
# s = w for wheels, -1 for the part, with rho of the length over which errors hang together, as far as the ground shows
# it (touch_ground.pxi), and what the stance itself errs by. Errors that differ from post to post are looked through
# (speckle.pxi).
#
# What is asked is the true gap, given the gap on the map. Relief is exponential (rocks: Golombek and Rapp, JGR 102,
# 1997): with a Laplace prior about the design height and a Gaussian error the answer is closed; without one a gap that
# errors make small is taken for small. Its scale comes from the ground under the vehicle: the height of what makes its
# relief, which is a rock's own where there is one, and little more than the standard deviation where it rolls.
# A share of rests is another one (friction, edges), the larger the rougher the ground: a mixture, with a wide tail.

include "touch_ground.pxi"    # what the ground under the vehicle shows of itself and its errors
include "speckle.pxi"         # errors from post to post

cdef extern from *:
    """
    static const double TC_TOUCH_RELIEF = 2.3;          /* design clearances by which relief grows e times rarer, where
                                                           nothing is known of the ground */
    static const double TC_RELIEF_SCALE = 0.72;         /* heights of relief by which a gap grows e times rarer, and */
    static const double TC_RELIEF_LEAST = 0.055;        /* m, there is always some: likelihood of 13,500 poses on 420
                                                           grounds */
    static const double TC_TOUCH_SURE = 8.0;            /* deviations */
    static const double TC_TOUCH_FAR_BELOW = 6.0;       /* deviations from the prior's middle where only one side of it
                                                           counts */
    static const double TC_TOUCH_LEAST_DESIGN = 0.05;   /* m, a part hangs no lower for that */
    static const double TC_TOUCH_NEVER = 0.25;          /* m and so many deviations beside: no error is so large */
    static const double TC_TOUCH_SD = 0.0012;           /* m, of this model against physics, under the vehicle, */
    static const double TC_TOUCH_SD_OUTSIDE = 0.0055;   /* m, and of a wheel, that grows with the lever of a part */
    static const double TC_TOUCH_SHARES = 0.25;         /* sum of squared shares in the middle between four wheels */
    static const double TC_TOUCH_OTHER = 0.20;          /* share of rests that are another one on usual ground, */
    static const double TC_TOUCH_OTHER_RELIEF = 28.0;   /* 1/m^2: so many of relief^2, */
    static const double TC_TOUCH_OTHER_LEAST = 0.06;    /* at least, */
    static const double TC_TOUCH_OTHER_ROUGH = 0.43;    /* at most, and where the ground's steps allow no exact one; */
    static const double TC_TOUCH_OTHER_LOWER = 0.007;   /* m by which it is lower, */
    static const double TC_TOUCH_OTHER_SD = 0.0175;     /* m of one wheel, its deviation; */
    static const double TC_TOUCH_FAR = 0.03;            /* share of those that are far off, */
    static const double TC_TOUCH_FAR_SD = 0.1;          /* m. These: 751 poses of the rig, by likelihood; the share by
                                                           relief: 2,700 parts near the ground */
    """
    const double TC_TOUCH_RELIEF, TC_RELIEF_SCALE, TC_RELIEF_LEAST, TC_TOUCH_SURE, TC_TOUCH_FAR_BELOW
    const double TC_TOUCH_LEAST_DESIGN, TC_TOUCH_NEVER, TC_TOUCH_SD, TC_TOUCH_SD_OUTSIDE, TC_TOUCH_SHARES
    const double TC_TOUCH_OTHER, TC_TOUCH_OTHER_RELIEF, TC_TOUCH_OTHER_LEAST, TC_TOUCH_OTHER_ROUGH
    const double TC_TOUCH_OTHER_LOWER, TC_TOUCH_OTHER_SD
    const double TC_TOUCH_FAR, TC_TOUCH_FAR_SD

cdef struct touch_place:
    # of a place of a part
    double design                       # height of the part's lower surface at design ride height, m
    double area                         # of the part seen from below, m^2
    double shares                       # sum of the squared shares of the wheels
    double spread                       # variance of the gap over that of a height
    double scale                        # m by which a gap grows e times rarer
    double other                        # share of rests that are another one
    bint looked_at                      # it is over ground that ground_under looks at


cdef inline double part_design(const tc_part *part) noexcept nogil:
    """Height of a part's lower surface at design ride height, m."""
    return part.centre[2] - (part.size[2] if part.shape == TC_BOX else part.size[0])


cdef void touch_place_at(const tc_vehicle *v, int32_t part, double x, double y, double length,
                         touch_place *t) noexcept nogil:
    """A place (x, y) of the body frame that a part is over, where errors hang together over a length."""
    cdef const tc_part *p = &v.part[part]
    cdef double half[2]
    cdef double share[5]                # of the wheels, and of the part itself
    cdef double at[5][2]
    cdef double along = x / v.wheelbase, across, distance
    cdef int32_t axle = -1, i, w
    half[0], half[1] = 0.5 * v.axle[0].track, 0.5 * v.axle[1].track
    if p.fixed_to != TC_CHASSIS:
        axle = (p.fixed_to - TC_HUB_FL) // 2 if p.fixed_to >= TC_HUB_FL else p.fixed_to - TC_FRONT_AXLE
    t.design = part_design(p)
    t.area = part_area(p)
    t.scale = larger(t.design, TC_TOUCH_LEAST_DESIGN) / TC_TOUCH_RELIEF
    t.other = TC_TOUCH_OTHER
    t.looked_at = -TC_RELIEF_BEYOND <= x <= v.wheelbase + TC_RELIEF_BEYOND
    t.shares = 0.0
    at[4][0], at[4][1], share[4] = x, y, -1.0
    for w in range(4):
        at[w][0] = v.wheelbase if w < 2 else 0.0
        at[w][1] = half[w // 2] * (1 - 2 * (w % 2))
        across = y / (2.0 * (half[0] + half[1])) * (1.0 if w % 2 == 0 else -1.0)
        share[w] = 0.5 * (along if w < 2 else 1.0 - along) + across
        if axle >= 0:
            share[w] = 0.5 + 0.5 * y / half[axle] * (1.0 if w % 2 == 0 else -1.0) if w // 2 == axle else 0.0
        t.shares += square(share[w])
    t.spread = 1.0 + t.shares
    for w in range(5):
        for i in range(w):
            distance = square(at[w][0] - at[i][0]) + square(at[w][1] - at[i][1])
            if distance < square(4.0 * length):
                t.spread += 2.0 * share[w] * share[i] * exp(-0.5 * distance / square(length))
    t.spread = larger(t.spread, 0.0)


cdef inline double normal_below(double z) noexcept nogil:
    return 0.0 if z < -8.0 else 1.0 if z > 8.0 else 0.5 * erfc(-z * 0.70710678118654752)


cdef inline double log_normal_below(double z) noexcept nogil:
    """ln of normal_below, far into its tail (Abramowitz and Stegun 26.2.12)."""
    if z > -6.0:
        return log(0.5 * erfc(-z * 0.70710678118654752))
    return -0.5 * z * z - log(-z * 2.5066282746310002) + log(1.0 - (1.0 - 3.0 / (z * z)) / (z * z))


cdef double probability_below(double gap, double variance, const touch_place *t) noexcept nogil:
    """That the true gap is negative, for one of such variance on the map and a Laplace prior about the design height.

    Below the middle, prior times likelihood is a normal density moved up by variance / scale, above it one moved down,
    exp(2 (middle - gap) / scale) times as heavy."""
    cdef double middle = larger(t.design, TC_TOUCH_LEAST_DESIGN), sd, moved, under, over
    if not variance > 0.0:
        return 1.0 if gap < 0.0 else 0.0
    sd = sqrt(variance)
    moved = variance / t.scale
    if gap - moved > TC_TOUCH_SURE * sd:
        return 0.0
    if middle - gap - moved > TC_TOUCH_FAR_BELOW * sd:
        return normal_below(-(gap + moved) / sd)
    under = log_normal_below((middle - gap - moved) / sd)
    over = 2.0 * (middle - gap) / t.scale + log_normal_below((gap - middle - moved) / sd)
    over = (under + log(1.0 + exp(over - under))) if under > over else over + log(1.0 + exp(under - over))
    under = log_normal_below(-(gap + moved) / sd) - over
    return exp(under) if under < 0.0 else 1.0


cdef inline void touch_ground_at(const ground_shown *shown, touch_place *t) noexcept nogil:
    """What the ground there adds to what is known of a place."""
    if not shown.relief > 0.0:
        return
    if t.looked_at:
        # what the map hides is no more than there is anywhere
        t.scale = larger(TC_RELIEF_SCALE * larger(shown.height, TC_RELIEF_LEAST),
                         lesser(TC_RELIEF_SCALE * shown.hidden, t.scale))
    t.other = nearest_in(TC_TOUCH_OTHER_RELIEF * square(shown.relief), TC_TOUCH_OTHER_LEAST, TC_TOUCH_OTHER_ROUGH)


cdef double chance_of_touch(const touch_place *t, double gap, double variance, int32_t quality) noexcept nogil:
    """That a part with this gap on the map touches, for the variance that map and pose give it, m^2, and what the
    stance itself errs by."""
    cdef double lever = larger(t.shares - TC_TOUCH_SHARES, 0.0), other, p
    if not gap <= TC_TOUCH_NEVER + 6.0 * sqrt(variance):
        return 0.0
    other = t.other if quality == TC_REST_EXACT else TC_TOUCH_OTHER_ROUGH
    p = (1.0 - other) * probability_below(
        gap, variance + square(TC_TOUCH_SD) + lever * square(TC_TOUCH_SD_OUTSIDE), t)
    p += other * (1.0 - TC_TOUCH_FAR) * probability_below(
        gap - TC_TOUCH_OTHER_LOWER, variance + t.shares * square(TC_TOUCH_OTHER_SD), t)
    return p + other * TC_TOUCH_FAR * probability_below(gap, variance + square(TC_TOUCH_FAR_SD), t)


cdef double touch_at(const tc_grid *g, double x, double y, double gap, double variance, const touch_place *t,
                     int32_t quality) noexcept nogil:
    """That a part with its least gap over (x, y) touches: the surface there, or what it hides. The gap varies as errors
    of ground and pose make it, m^2."""
    cdef int64_t post
    cdef double cell = g.cell if g.cell > 0.0 else g.dx, surface, sd
    if g.highest is NULL:
        return chance_of_touch(t, gap, variance, quality)
    post = nearest_post(g, x, y)
    if post < 0 or isnan(g.highest[post]):
        return chance_of_touch(t, gap, variance, quality)
    variance += square(TC_SUPPORT_SHARE * g.spread[post])
    surface = chance_of_touch(t, gap, variance, quality)
    return surface + (1.0 - surface) * probability_of_hidden(gap, sqrt(variance), g.highest[post],
                                                             g.highest_rare[post], t.area / (cell * cell))


cdef double touch_of_part(const tc_vehicle *v, const tc_grid *g, const tc_stance *st, int32_t part,
                          ground_shown *shown) noexcept nogil:
    """That a part touches in a stance whose clearance and quality are known. shown: of the ground there, its relief NaN
    as long as no part has asked for it."""
    cdef touch_place t
    cdef double x = st.nearest[part][0] - st.x, y = st.nearest[part][1] - st.y, gap = st.clearance[part], c, s
    cdef double sigma = sigma_at(g, nearest_post(g, st.nearest[part][0], st.nearest[part][1])), variance
    if gap > TC_TOUCH_NEVER + 12.0 * sigma and g.highest is NULL:
        return 0.0
    if isnan(shown.relief):
        ground_under(v, g, st.x, st.y, st.yaw, shown)
    c = cos(st.yaw)
    s = sin(st.yaw)
    touch_place_at(v, part, c * x + s * y, c * y - s * x, shown.length, &t)
    touch_ground_at(shown, &t)
    variance = square(sigma) * t.spread
    if shown.speckle > TC_SPECKLE_LEAST and fabs(gap) < TC_SPECKLE_DOUBT * sigma:
        gap = gap_without_speckle(v, g, st, part, sigma, shown, t.shares, &variance)
    return touch_at(g, st.nearest[part][0], st.nearest[part][1], gap, variance, &t, st.quality)
