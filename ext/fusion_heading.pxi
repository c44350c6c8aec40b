# Heading from the terrain: on known ground, at the place of a fix, the vehicle leans as it does for one heading only.
# For headings all around, the stance settled at the fix is compared with roll and pitch, at one place after another,
# until one heading is left. Level ground tells nothing, and ground alike all around neither: then it stays unknown.

cdef extern from *:
    """
    static const double TC_GROUND_STEP = 0.5;          /* m of way between two comparisons */
    static const double TC_GROUND_ROUGH = 0.3;         /* rad by which tilt changes over a metre of rough ground, */
    static const double TC_GROUND_TILT_SD = 0.02;      /* and which a body in motion is off its rest, at least */
    static const double TC_GROUND_MOST = 12.0;         /* squared sd that one comparison counts at most, */
    static const double TC_GROUND_FITS = 2.0;          /* and on the mean of the best heading */
    static const double TC_GROUND_BETTER = 16.0;       /* squared sd by which it must be better than any other */
    static const double TC_GROUND_SD = 0.05;           /* rad, least sd of a heading found so */
    """
    const double TC_GROUND_STEP, TC_GROUND_ROUGH, TC_GROUND_TILT_SD, TC_GROUND_MOST, TC_GROUND_FITS
    const double TC_GROUND_BETTER, TC_GROUND_SD

cdef enum:
    GROUND_NEAR = 3                     # headings as near as that to the best one are the same one


cdef int32_t ground_compare(fusion_filter *f, const tc_gnss *s, double *misfit) noexcept nogil:
    """Of roll and pitch with those settled at the fix, squared sd, for each heading; 0 = not on known ground."""
    cdef fusion_motion m
    cdef rest_point here, last
    cdef double arm_n[3]
    cdef double turn_n[3]
    cdef double to_origin[3]
    cdef double rest[N_REST]
    cdef double roll, pitch, yaw, c, t, angle, variance, z2
    cdef int32_t i, k, warm = 0
    body_motion(f, 0.0, &m)
    rpy_from_rotation(m.R_nb, &roll, &pitch, &yaw)
    gnss_arm(f, &m, arm_n, turn_n)
    rotate(m.R_nb, f.c.imu_lever, to_origin)
    variance = TC_GROUND_ROUGH * TC_GROUND_ROUGH * (s.sd_position[0] * s.sd_position[0]
                                                    + s.sd_position[1] * s.sd_position[1])
    variance += TC_GROUND_TILT_SD * TC_GROUND_TILT_SD + f.c.rest_attitude_sd * f.c.rest_attitude_sd
    for k in range(N_HEADINGS):
        angle = TC_TWO_PI * k / N_HEADINGS
        c = cos(angle)
        t = sin(angle)
        for i in range(2):
            turn_n[i] = arm_n[i] + to_origin[i]
        if not settled_at(f, s.position[0] - (c * turn_n[0] - t * turn_n[1]),
                          s.position[1] - (t * turn_n[0] + c * turn_n[1]), yaw + angle, &last if warm else NULL, &here,
                          rest):
            return 0
        last = here
        warm = 1
        z2 = ((roll - rest[1]) * (roll - rest[1]) + (pitch - rest[2]) * (pitch - rest[2])) / variance
        misfit[k] = z2 if z2 < TC_GROUND_MOST else TC_GROUND_MOST
    return 1


cdef int32_t ground_best(const fusion_filter *f, double *angle, double *sd) noexcept nogil:
    """The one heading that is left, between the three best by a parabola; 0 = there are others."""
    cdef const double *cost = f.ground_misfit
    cdef double left, right, bend
    cdef int32_t i, apart, best = 0
    for i in range(1, N_HEADINGS):
        if cost[i] < cost[best]:
            best = i
    if cost[best] > TC_GROUND_FITS * f.ground_compared:
        return 0
    for i in range(N_HEADINGS):
        apart = i - best if i > best else best - i
        apart = apart if apart < N_HEADINGS - apart else N_HEADINGS - apart
        if apart > GROUND_NEAR and cost[i] < cost[best] + TC_GROUND_BETTER:
            return 0
    left = cost[(best + N_HEADINGS - 1) % N_HEADINGS]
    right = cost[(best + 1) % N_HEADINGS]
    bend = left + right - 2.0 * cost[best]
    if bend <= 0.0:
        return 0
    angle[0] = wrap_angle(TC_TWO_PI / N_HEADINGS * (best + 0.5 * (left - right) / bend))
    sd[0] = TC_GROUND_SD + TC_TWO_PI / N_HEADINGS * sqrt(2.0 / bend)
    return 1


cdef void heading_from_ground(fusion_filter *f, const tc_gnss *s) noexcept nogil:
    cdef double misfit[N_HEADINGS]
    cdef double angle = 0.0, sd = 0.0
    cdef int32_t k
    if not (has_ground(f) and f.levelled):
        return
    if f.ground_compared > 0 and f.distance < f.ground_at + TC_GROUND_STEP:
        return
    if not ground_compare(f, s, misfit):
        return
    f.ground_at = f.distance
    f.ground_compared += 1
    for k in range(N_HEADINGS):
        f.ground_misfit[k] += misfit[k]
    if ground_best(f, &angle, &sd):
        heading_take(f, s, angle, sd, False)
