# How the posts of a coarse grid lie, and what it hides; trailcoach/roughness.py says why.
#
# Means over squares of 3, 9 and 25 posts are sums of sums, 3 x 3 and 5 x 5: none cancels, and a post gets the same bits
# wherever the grid is cut. Work arrays have a rim of zeros as wide as the widest square reaches.

cdef enum:
    ROUGH_FEATURES = 16
    ROUGH_RIM = 12
    ROUGH_ROOM = 7                      # work arrays
    ROUGH_MEANS = 18                    # of a post, in the order of the names below

cdef extern from *:
    """
    static const double TC_ROUGH_TINY = 1e-4;           /* of a spacing: flatter than that is flat */
    static const double TC_ROUGH_FLATTEST = 0.01;       /* slope, below which it does not matter */
    static const double TC_ROUGH_MOST_SKEW = 3.0, TC_ROUGH_MOST_BEND = 2.5;
    static const double TC_ROUGH_MOST_KURTOSIS[2] = {30.0, 60.0};
    """
    const double TC_ROUGH_TINY, TC_ROUGH_FLATTEST, TC_ROUGH_MOST_SKEW, TC_ROUGH_MOST_BEND
    const double TC_ROUGH_MOST_KURTOSIS[2]

cdef enum:
    # of the square of the second difference over one spacing,
    ROUGH_NEAR = 0, ROUGH_WIDE = 1, ROUGH_VAST = 2
    # over two and four,
    ROUGH_FAR = 3, ROUGH_FARTHER = 4, ROUGH_FARTHEST = 5
    # of the mean difference squared, cubed, to the fourth, over wide and vast, and the same over two spacings,
    ROUGH_SQUARE = 6, ROUGH_CUBE = 8, ROUGH_FOURTH = 10, ROUGH_FAR_SQUARE = 12, ROUGH_FAR_CUBE = 13
    # and of the twist; then the mean difference itself over one, two and four spacings
    ROUGH_TWIST = 14, ROUGH_BEND = 15

cdef enum:
    ROUGH_UNITS = 28                    # of each of two hidden layers
    ROUGH_QUANTILES = 9
    ROUGH_HALF = 3                      # those at 1/2
    ROUGH_RARE = 7                      # and 99/100
    ROUGH_OUT = ROUGH_QUANTILES + 1     # and the rms
    ROUGH_LANES = 16                    # posts told of together
    ROUGH_BLOCK = 160                   # posts along a side of what is told in one go: its work fits into a cache
    ROUGH_HALO = 16                     # posts about a post that have a say in what it hides
    ROUGH_SIDE = ROUGH_BLOCK + 2 * ROUGH_HALO
    ROUGH_POSTS = ROUGH_SIDE * ROUGH_SIDE
    ROUGH_ROOM_SIZE = ROUGH_ROOM * (ROUGH_SIDE + 2 * ROUGH_RIM) * (ROUGH_SIDE + 2 * ROUGH_RIM)
    ROUGH_MEANS_SIZE = ROUGH_MEANS * ROUGH_POSTS
    ROUGH_SEEN_SIZE = ROUGH_FEATURES * ROUGH_POSTS
    ROUGH_LAYER_SIZE = ROUGH_UNITS * ROUGH_LANES
    ROUGH_CURVES_SIZE = ROUGH_LANES * ROUGH_OUT
    ROUGH_WEIGHTS1 = ROUGH_FEATURES * ROUGH_UNITS
    ROUGH_WEIGHTS2 = ROUGH_UNITS * ROUGH_UNITS
    ROUGH_WEIGHTS3 = ROUGH_UNITS * ROUGH_OUT

cdef extern from "roughness_model.h":
    const float TC_ROUGH_MEAN[ROUGH_FEATURES]
    const float TC_ROUGH_DEVIATION[ROUGH_FEATURES]
    const float TC_ROUGH_WEIGHT1[ROUGH_WEIGHTS1]
    const float TC_ROUGH_BIAS1[ROUGH_UNITS]
    const float TC_ROUGH_WEIGHT2[ROUGH_WEIGHTS2]
    const float TC_ROUGH_BIAS2[ROUGH_UNITS]
    const float TC_ROUGH_WEIGHT3[ROUGH_WEIGHTS3]
    const float TC_ROUGH_BIAS3[ROUGH_OUT]
    const float TC_ROUGH_PROBABILITY[ROUGH_QUANTILES]
    const float TC_ROUGH_SHIFT[ROUGH_QUANTILES]

cdef extern from *:
    """
    static const float TC_ROUGH_BEYOND = 3.0f;          /* deviations of a feature: farther off nothing has been seen */
    static const double TC_ROUGH_STEP[2] = {-8.0, 3.0}; /* bounds of the logarithm of a step between quantiles */
    static const float TC_ROUGH_STEEP = 6.0f;           /* beyond it tanh is 1 to 1e-5 */
    """
    const float TC_ROUGH_BEYOND, TC_ROUGH_STEEP
    const double TC_ROUGH_STEP[2]

cdef inline void sum3(const double *a, double *out, int64_t first, int64_t last, int64_t step) noexcept nogil:
    cdef int64_t k
    for k in range(first, last):
        out[k] = a[k - step] + a[k] + a[k + step]


cdef inline void sum5(const double *a, double *out, int64_t first, int64_t last, int64_t step) noexcept nogil:
    cdef int64_t k
    for k in range(first, last):
        out[k] = a[k - 2 * step] + a[k - step] + a[k] + a[k + step] + a[k + 2 * step]


cdef void square_sum(const double *a, double *t, double *out, int64_t n, int64_t wide, int32_t side) noexcept nogil:
    """Sums over squares about each post within the rim, of n posts in rows of `wide`; t is room."""
    if side == 3:
        sum3(a, t, 1, n - 1, 1)
        sum3(t, out, wide, n - wide, wide)
    elif side == 9:
        sum3(a, out, 1, n - 1, 1)
        sum3(out, t, 4, n - 4, 3)
        sum3(t, out, wide, n - wide, wide)
        sum3(out, t, 4 * wide, n - 4 * wide, 3 * wide)
        memcpy(out, t, n * sizeof(double))
    else:
        sum5(a, out, 2, n - 2, 1)
        sum5(out, t, 12, n - 12, 5)
        sum5(t, out, 2 * wide, n - 2 * wide, wide)
        sum5(out, t, 12 * wide, n - 12 * wide, 5 * wide)
        memcpy(out, t, n * sizeof(double))


cdef void second_differences(const float *h, int32_t nx, int32_t ny, int32_t step, double *known, double *both,
                             double *square) noexcept nogil:
    """Height over the middle of the posts a step either side, mean along x and y of it and of its square."""
    cdef int64_t wide = nx + 2 * ROUGH_RIM, at, to
    cdef int32_t i, j, n
    cdef double x, y
    for j in range(ny):
        for i in range(nx):
            at = <int64_t> j * nx + i
            to = (j + ROUGH_RIM) * wide + i + ROUGH_RIM
            x = y = NAN
            if i >= step and i < nx - step:
                x = h[at] - 0.5 * (<double> h[at - step] + h[at + step])
            if j >= step and j < ny - step:
                y = h[at] - 0.5 * (<double> h[at - <int64_t> step * nx] + h[at + <int64_t> step * nx])
            n = (not isnan(x)) + (not isnan(y))
            x = 0.0 if isnan(x) else x
            y = 0.0 if isnan(y) else y
            known[to] = 1.0 if n > 0 else 0.0
            both[to] = (x + y) / n if n > 0 else 0.0
            square[to] = (x * x + y * y) / n if n > 0 else 0.0


cdef void twists(const float *h, int32_t nx, int32_t ny, double *known, double *square) noexcept nogil:
    """Square of how the ground twists between diagonals."""
    cdef int64_t wide = nx + 2 * ROUGH_RIM, at, to
    cdef int32_t i, j
    cdef double t
    for j in range(ny):
        for i in range(nx):
            at = <int64_t> j * nx + i
            to = (j + ROUGH_RIM) * wide + i + ROUGH_RIM
            t = NAN
            if i > 0 and j > 0 and i < nx - 1 and j < ny - 1:
                t = 0.25 * (<double> h[at + nx + 1] + h[at - nx - 1] - h[at - nx + 1] - h[at + nx - 1])
            known[to] = 0.0 if isnan(t) else 1.0
            square[to] = 0.0 if isnan(t) else t * t


cdef void keep_mean(const double *total, const double *count, int32_t nx, int32_t ny, int32_t which,
                    double *means) noexcept nogil:
    """Mean of each post, NaN where nothing is known about it."""
    cdef int64_t wide = nx + 2 * ROUGH_RIM, from_
    cdef int32_t i, j
    for j in range(ny):
        from_ = (j + ROUGH_RIM) * wide + ROUGH_RIM
        for i in range(nx):
            means[(<int64_t> j * nx + i) * ROUGH_MEANS + which] = (
                total[from_ + i] / count[from_ + i] if count[from_ + i] > 0.5 else NAN)


cdef void rough_step(const float *h, int32_t nx, int32_t ny, int32_t step, double *room, double *means) noexcept nogil:
    """All means of the differences over one, two or four spacings; the mean differences go to the last means."""
    cdef int64_t wide = nx + 2 * ROUGH_RIM, n = wide * (ny + 2 * ROUGH_RIM), k
    cdef double *known = room
    cdef double *both = room + n
    cdef double *square = room + 2 * n
    cdef double *power = room + 3 * n
    cdef double *t = room + 4 * n
    cdef double *total = room + 5 * n
    cdef double *count = room + 6 * n
    cdef int32_t i, j, s, side
    second_differences(h, nx, ny, step, known, both, square)
    for j in range(ny):
        for i in range(nx):
            k = (j + ROUGH_RIM) * wide + i + ROUGH_RIM
            means[(<int64_t> j * nx + i) * ROUGH_MEANS + ROUGH_BEND + step // 2] = both[k]
    if step == 1:
        square_sum(known, t, count, n, wide, 3)
        square_sum(square, t, total, n, wide, 3)
        keep_mean(total, count, nx, ny, ROUGH_NEAR, means)
    for s in range(2):
        side = 9 if s == 0 else 25
        if step == 4 and s == 0:
            continue
        square_sum(known, t, count, n, wide, side)
        square_sum(square, t, total, n, wide, side)
        keep_mean(total, count, nx, ny, ROUGH_WIDE + s if step == 1 else ROUGH_FAR + s if step == 2
                  else ROUGH_FARTHEST, means)
        if step == 4 or (step == 2 and s == 0):
            continue
        for k in range(n):
            power[k] = both[k] * both[k]
        square_sum(power, t, total, n, wide, side)
        keep_mean(total, count, nx, ny, ROUGH_SQUARE + s if step == 1 else ROUGH_FAR_SQUARE, means)
        for k in range(n):
            power[k] *= both[k]
        square_sum(power, t, total, n, wide, side)
        keep_mean(total, count, nx, ny, ROUGH_CUBE + s if step == 1 else ROUGH_FAR_CUBE, means)
        if step == 1:
            for k in range(n):
                power[k] *= both[k]
            square_sum(power, t, total, n, wide, side)
            keep_mean(total, count, nx, ny, ROUGH_FOURTH + s, means)


cdef void rough_means(const float *h, int32_t nx, int32_t ny, double *room, double *means) noexcept nogil:
    """Means of each post, (posts, ROUGH_MEANS); room is zeroed, ROUGH_ROOM arrays with rims."""
    cdef int64_t wide = nx + 2 * ROUGH_RIM, n = wide * (ny + 2 * ROUGH_RIM)
    rough_step(h, nx, ny, 1, room, means)
    rough_step(h, nx, ny, 2, room, means)
    rough_step(h, nx, ny, 4, room, means)
    twists(h, nx, ny, room, room + n)
    square_sum(room, room + 4 * n, room + 6 * n, n, wide, 9)
    square_sum(room + n, room + 4 * n, room + 5 * n, n, wide, 9)
    keep_mean(room + 5 * n, room + 6 * n, nx, ny, ROUGH_TWIST, means)


cdef inline double known_or(double a, double other) noexcept nogil:
    return other if isnan(a) else a


cdef inline double within(double a, double most) noexcept nogil:
    return most if a > most else -most if a < -most else a


cdef double rise(const float *h, int64_t at, int64_t step, int32_t k, int32_t n) noexcept nogil:
    """Rise per spacing at the k-th of n posts of a line, one-sided at its ends."""
    if k == 0:
        return <double> h[at + step] - h[at]
    if k == n - 1:
        return <double> h[at] - h[at - step]
    return 0.5 * (<double> h[at + step] - h[at - step])


cdef double post_features(const double *m, double whole, double slope, double dx, float *out) noexcept nogil:
    """Features of a post from its means; its own roughness, m."""
    cdef double least = TC_ROUGH_TINY * dx, near, wide, vast, far, farther, farthest, scale, shape
    cdef int32_t s
    vast = known_or(m[ROUGH_VAST], whole)
    wide = known_or(m[ROUGH_WIDE], vast)
    near = sqrt(known_or(m[ROUGH_NEAR], wide)) + least
    far = sqrt(known_or(m[ROUGH_FAR], 4.0 * wide)) + least              # as on a plane that bends
    farther = known_or(m[ROUGH_FARTHER], 4.0 * vast)
    farthest = sqrt(known_or(m[ROUGH_FARTHEST], 4.0 * farther)) + least
    farther = sqrt(farther) + least
    wide = sqrt(wide) + least
    vast = sqrt(vast) + least
    out[0] = <float> log(near / dx)
    out[1] = <float> log(wide / near)
    out[2] = <float> log(vast / wide)
    out[3] = <float> log(far / wide)
    out[4] = <float> log(farther / vast)
    out[5] = <float> log(farthest / farther)
    out[6] = <float> within(m[ROUGH_BEND] / near, TC_ROUGH_MOST_BEND)
    out[7] = <float> within(m[ROUGH_BEND + 1] / far, TC_ROUGH_MOST_BEND)
    for s in range(2):
        scale = sqrt(known_or(m[ROUGH_SQUARE + s], 0.0)) + least
        out[8 + s] = <float> within(known_or(m[ROUGH_CUBE + s], 0.0) / (scale * scale * scale), TC_ROUGH_MOST_SKEW)
        shape = known_or(m[ROUGH_FOURTH + s], 0.0) / (scale * scale * scale * scale)
        shape = TC_ROUGH_MOST_KURTOSIS[s] if shape > TC_ROUGH_MOST_KURTOSIS[s] else shape
        out[10 + s] = <float> log(shape) if shape > 1.0 else <float> 0.0
    out[12] = <float> log((slope if not isnan(slope) else 0.0) / dx + TC_ROUGH_FLATTEST)
    out[13] = <float> log((sqrt(known_or(m[ROUGH_TWIST], 0.0)) + least) / wide)
    out[14] = <float> log(dx)
    scale = sqrt(known_or(m[ROUGH_FAR_SQUARE], 0.0)) + least
    out[15] = <float> within(known_or(m[ROUGH_FAR_CUBE], 0.0) / (scale * scale * scale), TC_ROUGH_MOST_SKEW)
    return sqrt(0.5 * (near * near + wide * wide))


cdef void rough_features(const float *h, int32_t nx, int32_t ny, double dx, double *room, double *means, float *out,
                         double *scale) noexcept nogil:
    """Features (posts, ROUGH_FEATURES) and own roughness (m) of all posts; both are of no use where h is unknown."""
    cdef int64_t at, known = 0
    cdef int32_t i, j
    cdef double whole = 0.0, gx, gy
    memset(room, 0, ROUGH_ROOM * (nx + 2 * ROUGH_RIM) * <int64_t> (ny + 2 * ROUGH_RIM) * sizeof(double))
    rough_means(h, nx, ny, room, means)
    for j in range(ny):
        for i in range(nx):
            at = <int64_t> j * nx + i
            if not isnan(means[at * ROUGH_MEANS + ROUGH_NEAR]):
                whole += means[at * ROUGH_MEANS + ROUGH_NEAR]
                known += 1
    whole = whole / known if known > 0 else 0.0
    for j in range(ny):
        for i in range(nx):
            at = <int64_t> j * nx + i
            gx = rise(h, at, 1, i, nx)
            gy = rise(h, at, nx, j, ny)
            scale[at] = post_features(means + at * ROUGH_MEANS, whole, sqrt(gx * gx + gy * gy), dx,
                                      out + at * ROUGH_FEATURES)


cdef void rough_bend(float *a, int32_t n) noexcept nogil:
    """tanh by Lambert's continued fraction, to 1e-5."""
    cdef int32_t k
    cdef float x, s, over, under
    for k in range(n):
        x = a[k]
        x = x if x < TC_ROUGH_STEEP else TC_ROUGH_STEEP
        x = x if x > -TC_ROUGH_STEEP else -TC_ROUGH_STEEP
        s = x * x
        over = <float> 34459425.0 + s * (<float> 4729725.0 + s * (<float> 135135.0 + s * (<float> 990.0 + s)))
        under = <float> 945945.0 + s * (<float> 13860.0 + <float> 45.0 * s)
        under = <float> 34459425.0 + s * (<float> 16216200.0 + s * under)
        a[k] = x * over / under


cdef void rough_layer(const float *weight, const float *bias, int32_t n_in, int32_t n_out, const float *a,
                      float *out) noexcept nogil:
    """One layer for ROUGH_LANES posts side by side."""
    cdef float sums[ROUGH_LANES]
    cdef float w
    cdef int32_t i, k, lane
    for k in range(n_out):
        for lane in range(ROUGH_LANES):
            sums[lane] = bias[k]
        for i in range(n_in):
            w = weight[i * n_out + k]
            for lane in range(ROUGH_LANES):
                sums[lane] += w * a[i * ROUGH_LANES + lane]
        memcpy(out + k * ROUGH_LANES, sums, sizeof(sums))


cdef void rough_curve(const float *network, float *out) noexcept nogil:
    """Logarithms of the quantiles and of the rms, over a post's own roughness, from what the last layer gives."""
    cdef double step[ROUGH_QUANTILES]
    cdef double a
    cdef float before
    cdef int32_t k
    for k in range(ROUGH_QUANTILES):
        a = network[k * ROUGH_LANES]
        a = a if a > TC_ROUGH_STEP[0] else TC_ROUGH_STEP[0]
        step[k] = exp(a if a < TC_ROUGH_STEP[1] else TC_ROUGH_STEP[1])
    out[ROUGH_HALF] = network[ROUGH_HALF * ROUGH_LANES]
    for k in range(ROUGH_HALF + 1, ROUGH_QUANTILES):
        out[k] = out[k - 1] + <float> step[k]
    for k in range(ROUGH_HALF - 1, -1, -1):
        out[k] = out[k + 1] - <float> step[k]
    before = <float> -INFINITY
    for k in range(ROUGH_QUANTILES):
        out[k] += TC_ROUGH_SHIFT[k]
        out[k] = out[k] if out[k] > before else before
        before = out[k]
    out[ROUGH_QUANTILES] = network[ROUGH_QUANTILES * ROUGH_LANES]


cdef void rough_tell(const float *seen, int32_t n, float *out) noexcept nogil:
    """Curves (n, ROUGH_OUT) of features (n, ROUGH_FEATURES), ROUGH_LANES posts at most."""
    cdef float a[ROUGH_LAYER_SIZE]
    cdef float b[ROUGH_LAYER_SIZE]
    cdef float x
    cdef int32_t i, k
    for k in range(ROUGH_FEATURES):
        for i in range(ROUGH_LANES):
            x = seen[(i if i < n else 0) * ROUGH_FEATURES + k]
            x = (x - TC_ROUGH_MEAN[k]) / TC_ROUGH_DEVIATION[k]
            x = x if x < TC_ROUGH_BEYOND else TC_ROUGH_BEYOND
            a[k * ROUGH_LANES + i] = x if x > -TC_ROUGH_BEYOND else -TC_ROUGH_BEYOND
    rough_layer(TC_ROUGH_WEIGHT1, TC_ROUGH_BIAS1, ROUGH_FEATURES, ROUGH_UNITS, a, b)
    rough_bend(b, ROUGH_UNITS * ROUGH_LANES)
    rough_layer(TC_ROUGH_WEIGHT2, TC_ROUGH_BIAS2, ROUGH_UNITS, ROUGH_UNITS, b, a)
    rough_bend(a, ROUGH_UNITS * ROUGH_LANES)
    rough_layer(TC_ROUGH_WEIGHT3, TC_ROUGH_BIAS3, ROUGH_UNITS, ROUGH_OUT, a, b)
    for i in range(n):
        rough_curve(b + i, out + i * ROUGH_OUT)


# Work of one block, in memory of the host.
cdef struct rough_block:
    double room[ROUGH_ROOM_SIZE]
    double means[ROUGH_MEANS_SIZE]
    double scale[ROUGH_POSTS]
    float height[ROUGH_POSTS]
    float seen[ROUGH_SEEN_SIZE]


cdef void rough_block_tell(const tc_grid *g, rough_block *w, int32_t west, int32_t south, int32_t ni, int32_t nj,
                           float *highest, float *rare, float *spread) noexcept nogil:
    """What the cells of ni x nj posts hide; the posts about them have a say."""
    cdef int32_t i0 = west - ROUGH_HALO if west > ROUGH_HALO else 0, i1 = west + ni + ROUGH_HALO
    cdef int32_t j0 = south - ROUGH_HALO if south > ROUGH_HALO else 0, j1 = south + nj + ROUGH_HALO
    cdef float curve[ROUGH_CURVES_SIZE]
    cdef int32_t i, j, k, n, wide
    cdef int64_t at, here
    i1 = i1 if i1 < g.nx else g.nx
    j1 = j1 if j1 < g.ny else g.ny
    wide = i1 - i0
    for j in range(j0, j1):
        memcpy(w.height + <int64_t> (j - j0) * wide, g.height + <int64_t> j * g.nx + i0, wide * sizeof(float))
    rough_features(w.height, wide, j1 - j0, g.dx, w.room, w.means, w.seen, w.scale)
    for j in range(south, south + nj):
        i = west
        while i < west + ni:
            n = west + ni - i if west + ni - i < ROUGH_LANES else ROUGH_LANES
            here = <int64_t> (j - j0) * wide + i - i0
            rough_tell(w.seen + here * ROUGH_FEATURES, n, curve)
            for k in range(n):
                at = <int64_t> j * g.nx + i + k
                highest[at] = rare[at] = spread[at] = <float> NAN
                if not isnan(g.height[at]):
                    highest[at] = <float> (exp(curve[k * ROUGH_OUT + ROUGH_HALF]) * w.scale[here + k])
                    rare[at] = <float> (exp(curve[k * ROUGH_OUT + ROUGH_RARE]) * w.scale[here + k])
                    spread[at] = <float> (exp(curve[k * ROUGH_OUT + ROUGH_QUANTILES]) * w.scale[here + k])
            i += ROUGH_LANES


cdef public size_t tc_hidden_room() noexcept nogil:
    return sizeof(rough_block)


cdef public tc_status tc_tell_hidden(tc_grid *grid, float *layers, void *room, size_t room_size) noexcept nogil:
    cdef int32_t i, j = 0, ni, nj
    cdef int64_t n
    cdef tc_status st = grid_check(grid)
    if st != TC_OK:
        return st
    if layers is NULL or room is NULL:
        return TC_E_NULL
    if room_size < sizeof(rough_block) or <size_t> room % sizeof(double) != 0:
        return TC_E_RANGE
    n = <int64_t> grid.nx * grid.ny
    while j < grid.ny:
        nj = grid.ny - j if grid.ny - j < ROUGH_BLOCK else ROUGH_BLOCK
        i = 0
        while i < grid.nx:
            ni = grid.nx - i if grid.nx - i < ROUGH_BLOCK else ROUGH_BLOCK
            rough_block_tell(grid, <rough_block *> room, i, j, ni, nj, layers, layers + n, layers + 2 * n)
            i += ROUGH_BLOCK
        j += ROUGH_BLOCK
    grid.highest = layers
    grid.highest_rare = layers + n
    grid.spread = layers + 2 * n
    return TC_OK
