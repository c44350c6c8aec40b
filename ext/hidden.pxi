# What a coarse grid does not show: the highest point hidden in the square a post stands for.
#
# The host tells its quantiles at 1/2 and 99/100. Between and beyond them a Gumbel law is taken, the law of the highest
# of many: over a times the area it is the same law, moved by beta ln a. The surface itself is there always, so nothing
# counts below it. Gumbel, Statistics of Extremes, 1958.

cdef enum:
    HIDDEN_NODES = 5

cdef extern from *:
    """
    static const double TC_PI = 3.14159265358979323846;
    static const double TC_GUMBEL_HALF = 0.36651292058166435;   /* -ln(-ln 0.5) */
    static const double TC_GUMBEL_RARE = 4.600149226776579;     /* -ln(-ln 0.99) */
    static const double TC_LEAST_AREA = 0.01;                   /* of a square: smaller parts count as this */
    static const double TC_SUPPORT_SHARE = 0.7;     /* of the hidden spread: each wheel on its own */
    /* Gauss-Hermite: places over the standard deviation, and weights */
    static const double TC_HERMITE_AT[5] = {-2.856970013872806, -1.355626179974266, 0.0, 1.355626179974266,
                                            2.856970013872806};
    static const double TC_HERMITE_WEIGHT[5] = {0.01125741132772069, 0.22207592200561263, 0.5333333333333333,
                                                0.22207592200561263, 0.01125741132772069};
    """
    const double TC_PI, TC_GUMBEL_HALF, TC_GUMBEL_RARE, TC_LEAST_AREA, TC_SUPPORT_SHARE
    const double TC_HERMITE_AT[5], TC_HERMITE_WEIGHT[5]


cdef inline double part_area(const tc_part *part) noexcept nogil:
    """Seen from below, m^2."""
    if part.shape == TC_SPHERE:
        return TC_PI * part.size[0] * part.size[0]
    return 4.0 * part.size[0] * part.size[1]


cdef double probability_of_hidden(double gap, double sd, double half, double rare, double area) noexcept nogil:
    """That the highest hidden point under an area (in squares) is over a gap known to sd, from the quantiles at 1/2
    and 99/100 of a whole square."""
    cdef double beta = (rare - half) / (TC_GUMBEL_RARE - TC_GUMBEL_HALF), mode, over, sum_p = 0.0
    cdef int32_t i
    if not rare > half:                             # nothing varies
        return 0.5 * erfc((gap - half) / (sqrt(2.0) * sd)) if sd > 0.0 else 1.0 if half > gap else 0.0
    mode = half - TC_GUMBEL_HALF * beta + beta * log(area if area > TC_LEAST_AREA else TC_LEAST_AREA)
    for i in range(HIDDEN_NODES):
        over = gap - sd * TC_HERMITE_AT[i]
        over = over if over > 0.0 else 0.0
        sum_p += TC_HERMITE_WEIGHT[i] * (1.0 - exp(-exp((mode - over) / beta)))
    return sum_p
