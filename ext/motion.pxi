# What the steering can do: short arcs on which the curvature goes evenly from one level to the same or the next.
#
# Curvature is horizontal, as seen on the map, at the middle of the rear axle (no-slip point of the bicycle model).

cdef enum:
    MOTION_LEVELS = 5                   # of curvature, right to left
    MOTION_STRAIGHT = 2
    MOTION_STATIONS = 5                 # places on an arc, the last one its end

cdef extern from *:
    """
    static const double TC_MOTION_LENGTH = 0.5;         /* m */
    static const double TC_MOTION_LEVEL = 0.45;         /* of the largest curvature, between two levels */
    """
    const double TC_MOTION_LENGTH, TC_MOTION_LEVEL

cdef struct motion:
    double x[MOTION_STATIONS]           # of the stations seen from the beginning of the arc, m, rad
    double y[MOTION_STATIONS]
    double yaw[MOTION_STATIONS]
    double curvature[MOTION_STATIONS]   # left positive, 1/m


cdef void motion_arc(motion *a, double k_from, double k_to) noexcept nogil:
    """Integrate one arc by the midpoint rule (1 mm steps: the end is exact to a micrometre)."""
    cdef int32_t i, j, steps = 100
    cdef double ds = TC_MOTION_LENGTH / (MOTION_STATIONS * steps)
    cdef double x = 0.0, y = 0.0, s = 0.0, yaw, slope = (k_to - k_from) / TC_MOTION_LENGTH
    for i in range(MOTION_STATIONS):
        for j in range(steps):
            yaw = (s + 0.5 * ds) * (k_from + 0.5 * slope * (s + 0.5 * ds))
            x += ds * cos(yaw)
            y += ds * sin(yaw)
            s += ds
        a.x[i] = x
        a.y[i] = y
        a.yaw[i] = s * (k_from + 0.5 * slope * s)
        a.curvature[i] = k_from + slope * s


cdef void motion_table(motion (*table)[MOTION_LEVELS], double k_max) noexcept nogil:
    """table[i][j]: the arc from level i to level j."""
    cdef int32_t i, j
    for i in range(MOTION_LEVELS):
        for j in range(MOTION_LEVELS):
            motion_arc(&table[i][j], (i - MOTION_STRAIGHT) * TC_MOTION_LEVEL * k_max,
                       (j - MOTION_STRAIGHT) * TC_MOTION_LEVEL * k_max)
