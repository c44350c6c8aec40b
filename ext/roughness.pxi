# How the posts of a coarse grid lie, from which trailcoach/roughness.py tells what it hides, and says why.
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
