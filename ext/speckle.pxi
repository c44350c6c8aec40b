# A part over ground whose errors differ from post to post.
#
# There the least gap on the map is one to the highest of many errors, and so is what the tyres stand on. What they are
# without them is told by the mean of 3 x 3 posts about each place, which errors move by a third as much: the least gap
# to that, less how far the tyres stand too high, and more how far the highest of those means is. Both are the highest
# of n equal deviates (Blom, Statistical Estimates, 1958); n is how many posts of a row a tread can touch, and how many
# places of the part are within two deviations of the least gap.
#
# Second differences larger than errors make them are of the ground: their share says how far to trust the map itself.
# A single place deeper than errors explain is no error.

cdef enum:
    SPECKLE_PLACES = 25                 # along and across a part, no more are looked at

cdef extern from *:
    """
    static const double TC_SPECKLE_LEAST = 0.05;        /* share of the errors that is worth looking through, */
    static const double TC_SPECKLE_DOUBT = 8.0;         /* for gaps of so many deviations */
    static const double TC_SPECKLE_STEP = 2.0;          /* posts between places: their means hardly hang together */
    static const double TC_SPECKLE_NEAR = 2.0;          /* deviations of a mean above the least gap that compete */
    static const double TC_SPECKLE_REAL = 4.0;          /* deviations of a post below which a place is no error, */
    static const double TC_SPECKLE_WHEEL = 0.2;         /* variance of a wheel's height over that of a post: three
                                                           vehicles on level white ground */
    static const double TC_SPECKLE_LEFT = 0.33;         /* share of the ground's own that the mean leaves unknown: by
                                                           likelihood of 9,800 poses on 300 grounds */
    """
    const double TC_SPECKLE_LEAST, TC_SPECKLE_DOUBT, TC_SPECKLE_STEP, TC_SPECKLE_NEAR, TC_SPECKLE_REAL
    const double TC_SPECKLE_WHEEL, TC_SPECKLE_LEFT

cdef struct part_lattice:
    # places of a part's lower surface, on the grid: first + i along + j across
    double first[3]                     # u, v, z
    double along[3]
    double across[3]
    double up[3]                        # of 1 m along the part's own z
    double half[2]                      # m
    double step[2]
    int32_t n[2]
    int32_t shape


cdef inline double highest_of(double n) noexcept nogil:
    """Mean of the highest of n normal deviates: Blom's quantile, with Abramowitz and Stegun 26.2.23."""
    cdef double t
    if not n > 1.0:
        return 0.0
    t = sqrt(-2.0 * log(0.625 / (n + 0.25)))
    return t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)))


cdef inline double mean_about(const tc_grid *g, double u, double v) noexcept nogil:
    """Mean of 3 x 3 posts about a place, bilinear between places; u and v are at least 1 and less than n - 2."""
    cdef int32_t ix = <int32_t> u, iy = <int32_t> v, i
    cdef double a = u - ix, b = v - iy, row, sum_h = 0.0
    cdef const float *h = g.height + (iy - 1) * <int64_t> g.nx + ix - 1
    for i in range(4):
        row = (1.0 - a) * h[0] + h[1] + h[2] + a * h[3]
        sum_h += row * (1.0 - b if i == 0 else b if i == 3 else 1.0)
        h += g.nx
    return sum_h / 9.0


cdef double heave_at(const tc_vehicle *v, const tc_stance *st, int32_t fixed_to, double *roll) noexcept nogil:
    """How far what a part is fixed to has moved up in the chassis, in the middle, m, and per metre to the left."""
    cdef int32_t w = fixed_to - TC_HUB_FL
    cdef int32_t axle = w // 2 if w >= 0 else fixed_to - TC_FRONT_AXLE
    roll[0] = 0.0
    if fixed_to == TC_CHASSIS:
        return 0.0
    if w >= 0 and v.axle[axle].suspension != TC_SOLID:
        return st.travel[w]
    roll[0] = (st.travel[2 * axle] - st.travel[2 * axle + 1]) / v.axle[axle].track
    return 0.5 * (st.travel[2 * axle] + st.travel[2 * axle + 1])


cdef void lattice_of(const tc_vehicle *v, const tc_grid *g, const tc_stance *st, int32_t part,
                     part_lattice *out) noexcept nogil:
    """Where the lower surface of a part is in a stance."""
    cdef const tc_part *p = &v.part[part]
    cdef double R[9]
    cdef double at[3]
    cdef double roll, heave = heave_at(v, st, p.fixed_to, &roll), per = 1.0 / g.dx
    cdef int32_t k, n
    rotation_from_rpy(st.roll, st.pitch, st.yaw, R)
    out.shape = p.shape
    out.half[0] = p.size[0]
    out.half[1] = p.size[0] if p.shape == TC_SPHERE else p.size[1]
    for k in range(2):
        n = 1 + <int32_t> (2.0 * out.half[k] / (TC_SPECKLE_STEP * g.dx) + 0.999)
        out.n[k] = 2 if n < 2 else SPECKLE_PLACES if n > SPECKLE_PLACES else n
        out.step[k] = 2.0 * out.half[k] / (out.n[k] - 1)
    at[0] = p.centre[0] - out.half[0]
    at[1] = p.centre[1] - out.half[1]
    at[2] = p.centre[2] - (p.size[2] if p.shape == TC_BOX else 0.0) + heave + roll * at[1]
    for k in range(3):
        out.first[k] = R[3 * k] * at[0] + R[3 * k + 1] * at[1] + R[3 * k + 2] * at[2]
        out.along[k] = R[3 * k] * out.step[0]
        out.across[k] = (R[3 * k + 1] + R[3 * k + 2] * roll) * out.step[1]
        out.up[k] = R[3 * k + 2]
    out.first[0] = (out.first[0] + st.x - g.x0) * per
    out.first[1] = (out.first[1] + st.y - g.y0) * per
    out.first[2] += st.z
    for k in range(2):
        out.along[k] *= per
        out.across[k] *= per
        out.up[k] *= per


cdef inline double round_rises(const part_lattice *l, int32_t i, int32_t j) noexcept nogil:
    """How far a round part reaches below its middle, m; NaN beside it."""
    cdef double a = i * l.step[0] - l.half[0], b = j * l.step[1] - l.half[1] if l.shape == TC_SPHERE else 0.0
    a = square(l.half[0]) - square(a) - square(b)
    return sqrt(a) if a >= 0.0 else 0.0 if a > -1e-12 else NAN


cdef bint mean_gap(const tc_grid *g, const part_lattice *l, double sd, double *least, double *places) noexcept nogil:
    """The least gap of a part to means of posts, and how many of its places have about as little. False where they are
    not all known."""
    cdef double gap[SPECKLE_PLACES * SPECKLE_PLACES]
    cdef double u, v, z, below = 0.0
    cdef int32_t i, j, n = 0
    least[0] = INFINITY
    for i in range(l.n[0]):
        for j in range(l.n[1]):
            u = l.first[0] + i * l.along[0] + j * l.across[0]
            v = l.first[1] + i * l.along[1] + j * l.across[1]
            z = l.first[2] + i * l.along[2] + j * l.across[2]
            if l.shape != TC_BOX:
                below = round_rises(l, i, j)
                if below != below:
                    continue
            u -= below * l.up[0]
            v -= below * l.up[1]
            if not (u >= 1.0 and v >= 1.0 and u < g.nx - 2 and v < g.ny - 2):
                return False
            gap[n] = z - below * l.up[2] - mean_about(g, u, v)
            if gap[n] != gap[n]:
                return False
            least[0] = gap[n] if gap[n] < least[0] else least[0]
            n += 1
    places[0] = 0.0
    for i in range(n):
        places[0] += gap[i] < least[0] + TC_SPECKLE_NEAR * sd
    # of as many posts as a place stands for
    places[0] *= l.step[0] * l.step[1] / square(TC_SPECKLE_STEP * g.dx)
    return n > 0


cdef double gap_without_speckle(const tc_vehicle *v, const tc_grid *g, const tc_stance *st, int32_t part, double sigma,
                                const ground_shown *shown, double shares, double *variance) noexcept nogil:
    """The gap a part would have without errors from post to post, as far as it can be told, and its variance, of which
    the errors that reach farther have the first part."""
    cdef part_lattice l
    cdef double share = shown.speckle if shown.speckle < 1.0 else 1.0, sd = sqrt(share) * sigma
    cdef double own = 1.0 - 1.0 / shown.speckle if shown.speckle > 1.0 else 0.0
    cdef double gap = st.clearance[part], least, places, deep
    lattice_of(v, g, st, part, &l)
    if not mean_gap(g, &l, sd / 3.0, &least, &places):
        return gap
    least += sd * (highest_of(places) / 3.0 - highest_of(sqrt(2.0 * TC_PI * v.tyre_radius * sd) / g.dx))
    deep = (least - gap) / sd - TC_SPECKLE_REAL
    own = larger(own, 0.0 if deep < 0.0 else deep if deep < 1.0 else 1.0)
    least += own * (gap - least)
    variance[0] = ((1.0 - share) * variance[0]
                   + square(sd) * (1.0 / 9.0 + TC_SPECKLE_WHEEL * shares + TC_SPECKLE_LEFT * own))
    return (1.0 - share) * gap + share * least
