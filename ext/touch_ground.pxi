# What the ground under a vehicle shows of itself and of its errors: how far it is from a plane that bends and twists,
# over what length errors hang together, and how much they differ from post to post.
#
# Ground and errors are seen together, so what second differences show is the most that errors can have of them. A
# Gaussian correlation of length L gives second differences at a step h the variance 3 sigma^2 (h / L)^4 (fourth
# derivative of the correlation at 0; Rice, Bell System Tech. J. 24, 1945): smooth ground tells errors that reach far.
# A map may have been smoothed, so farther than TC_TOUCH_CORRELATION_MOST is not believed. Medians are taken, that a few
# rocks or edges do not move.

cdef enum:
    RELIEF_ALONG = 17                   # places under a vehicle
    RELIEF_ACROSS = 9
    RELIEF_PLACES = 153
    SPECKLE_ALONG = 9                   # posts there whose neighbours are looked at: a stone is in a few only
    SPECKLE_ACROSS = 5

cdef extern from *:
    """
    static const double TC_TOUCH_CORRELATION = 0.3;     /* m, of the errors of heights at least */
    static const double TC_TOUCH_CORRELATION_MOST = 0.5;    /* m */
    static const double TC_RELIEF_BEYOND = 0.4;         /* m before and behind the wheels, */
    static const double TC_RELIEF_BESIDE = 0.1;         /* and beside their middles, that count */
    static const double TC_RELIEF_ERROR = 0.125;        /* share of errors' variance that is in the relief's, */
    static const double TC_HEIGHT_ERROR = 2.0;          /* and in the square of its height: 3 in a normal law, less what
                                                           reading between posts takes */
    static const double TC_HIDDEN_SECOND = 4.0;         /* times the second moment errors may be, and not be hidden */
    static const double TC_RELIEF_NONE = 0.001;         /* m, on a plane */
    static const double TC_LENGTH_SHOWN = 1e-8;         /* least variance of second differences told from none */
    static const double TC_NORMAL_MEDIAN = 0.6745;      /* of the size of a normal deviate */
    static const double TC_SPECKLE_SPACING = 0.07;      /* m between posts up to which tyre and part span many */
    """
    const double TC_TOUCH_CORRELATION, TC_TOUCH_CORRELATION_MOST, TC_RELIEF_BEYOND, TC_RELIEF_BESIDE
    const double TC_RELIEF_ERROR, TC_HEIGHT_ERROR, TC_HIDDEN_SECOND, TC_RELIEF_NONE, TC_LENGTH_SHOWN
    const double TC_NORMAL_MEDIAN, TC_SPECKLE_SPACING

cdef struct ground_shown:
    # of the ground under a vehicle
    double relief                       # standard deviation, m; 0 = not known
    double height                       # of what makes it, m: root of the fourth over the second moment
    double hidden                       # errors the map does not show, m: smoothed away, and relief with them
    double length                       # over which errors hang together, m
    double speckle                      # variance of second differences of posts over that of white errors; 0 = none


cdef inline double square(double a) noexcept nogil:
    return a * a


cdef inline double mean_square(double n) noexcept nogil:
    """Of n places evenly from -1 to 1."""
    return (n + 1.0) / (3.0 * (n - 1.0))


cdef inline double mean_fourth(double n) noexcept nogil:
    return (n + 1.0) * (3.0 * n * n - 7.0) / (15.0 * (n - 1.0) * (n - 1.0) * (n - 1.0))


cdef double median_size(float *value, int32_t n) noexcept nogil:
    """The median of n > 0 sizes, which are reordered (Hoare's selection, Comm. ACM 4, 1961)."""
    cdef int32_t low = 0, high = n - 1, i, j, middle = n // 2
    cdef float pivot, held
    while low < high:
        pivot = value[middle]
        i, j = low, high
        while i <= j:
            while value[i] < pivot:
                i += 1
            while pivot < value[j]:
                j -= 1
            if i <= j:
                held = value[i]
                value[i] = value[j]
                value[j] = held
                i += 1
                j -= 1
        if j < middle:
            low = i
        if middle < i:
            high = j
    return value[middle]


cdef inline double shown_by(float *seen, int32_t n, double factor, double sigma) noexcept nogil:
    """Variance of normal deviates of which the median size is known, over factor sigma^2."""
    return square(median_size(seen, n) / (TC_NORMAL_MEDIAN * sigma)) / factor


cdef void ground_under(const tc_vehicle *v, const tc_grid *g, double x, double y, double yaw,
                       ground_shown *out) noexcept nogil:
    """Of the ground around a vehicle at (x, y, yaw); where it is not all known, nothing is. On a rectangle 1, a, b, a b
    and a^2 less its mean are orthogonal."""
    cdef double half = (0.5 * v.wheelbase + TC_RELIEF_BEYOND) / g.dx, c = cos(yaw), s = sin(yaw), a, b, z, z0 = 0.0
    cdef double side = (0.5 * larger(v.axle[0].track, v.axle[1].track) + TC_RELIEF_BESIDE) / g.dx
    cdef double u = (x + 0.5 * v.wheelbase * c - g.x0) / g.dx, v0 = (y + 0.5 * v.wheelbase * s - g.y0) / g.dx, pu, pv
    cdef double reach_u = half * fabs(c) + side * fabs(s) + 1.0, reach_v = half * fabs(s) + side * fabs(c) + 1.0
    cdef double a2 = mean_square(RELIEF_ALONG), b2 = mean_square(RELIEF_ACROSS), a4 = mean_fourth(RELIEF_ALONG)
    cdef double row, row_b, sigma, second = 0.0, fourth = 0.0
    cdef double mean[5]                 # of z, a z, b z, a b z, a^2 z
    cdef float height[RELIEF_PLACES]
    cdef float seen[RELIEF_PLACES]
    cdef grid_view w
    cdef const float *h
    cdef int32_t i, j, n = 0
    out.relief = out.height = out.hidden = out.speckle = 0.0
    out.length = TC_TOUCH_CORRELATION
    if not (u - reach_u >= 0.0 and v0 - reach_v >= 0.0 and u + reach_u < g.nx - 1 and v0 + reach_v < g.ny - 1):
        return
    w.height = g.height
    w.row = g.nx
    sigma = sigma_at(g, nearest_post(g, x + 0.5 * v.wheelbase * c, y + 0.5 * v.wheelbase * s))
    memset(mean, 0, sizeof(mean))
    for i in range(RELIEF_ALONG):
        a = 2.0 * i / (RELIEF_ALONG - 1) - 1.0
        row = row_b = 0.0
        for j in range(RELIEF_ACROSS):
            b = 2.0 * j / (RELIEF_ACROSS - 1) - 1.0
            z = peek(&w, u + c * half * a - s * side * b, v0 + s * half * a + c * side * b)
            z0 = z if i == 0 and j == 0 else z0
            z -= z0
            height[RELIEF_ACROSS * i + j] = <float> z
            row += z
            row_b += b * z
        mean[0] += row
        mean[1] += a * row
        mean[2] += row_b
        mean[3] += a * row_b
        mean[4] += a * a * row
    if mean[0] != mean[0]:
        return
    for i in range(5):
        mean[i] /= RELIEF_PLACES
    mean[1] /= a2
    mean[2] /= b2
    mean[3] /= a2 * b2
    mean[4] = (mean[4] - a2 * mean[0]) / (a4 - a2 * a2)
    for i in range(RELIEF_ALONG):
        a = 2.0 * i / (RELIEF_ALONG - 1) - 1.0
        row = mean[0] + mean[1] * a + mean[4] * (a * a - a2)
        row_b = mean[2] + mean[3] * a
        for j in range(RELIEF_ACROSS):
            z = square(height[RELIEF_ACROSS * i + j] - row - row_b * (2.0 * j / (RELIEF_ACROSS - 1) - 1.0))
            second += z
            fourth += z * z
    out.relief = sqrt(larger(second / RELIEF_PLACES - TC_RELIEF_ERROR * square(sigma), square(TC_RELIEF_NONE)))
    out.height = sqrt(larger(fourth / larger(second, square(TC_RELIEF_NONE)) - TC_HEIGHT_ERROR * square(sigma), 0.0))
    out.hidden = sqrt(larger(square(sigma) - TC_HIDDEN_SECOND * second / RELIEF_PLACES, 0.0))
    if not sigma > 0.0:
        return
    for i in range(RELIEF_PLACES - 2 * RELIEF_ACROSS):
        seen[i] = fabsf(height[i] - 2.0 * height[i + RELIEF_ACROSS] + height[i + 2 * RELIEF_ACROSS])
    z = shown_by(seen, RELIEF_PLACES - 2 * RELIEF_ACROSS, 3.0, sigma)
    a = 2.0 * half * g.dx / (RELIEF_ALONG - 1)
    z = a / sqrt(sqrt(larger(z, TC_LENGTH_SHOWN)))
    out.length = nearest_in(z, TC_TOUCH_CORRELATION, TC_TOUCH_CORRELATION_MOST)
    if g.dx > TC_SPECKLE_SPACING:
        return
    for i in range(SPECKLE_ALONG):
        a = 2.0 * i / (SPECKLE_ALONG - 1) - 1.0
        for j in range(SPECKLE_ACROSS):
            b = 2.0 * j / (SPECKLE_ACROSS - 1) - 1.0
            pu = u + c * half * a - s * side * b
            pv = v0 + s * half * a + c * side * b
            h = g.height + <int64_t> (pv + 0.5) * g.nx + <int64_t> (pu + 0.5)
            seen[n] = fabsf(h[1] - 2.0 * h[0] + (h - 1)[0])
            seen[n + 1] = fabsf(h[g.nx] - 2.0 * h[0] + (h - g.nx)[0])
            if seen[n] == seen[n] and seen[n + 1] == seen[n + 1]:
                n += 2
    if n > 0:
        out.speckle = shown_by(seen, n, 6.0, sigma)
