# Inclinometer, against the IMU's own force through the same low-pass: both feel the same acceleration, so what is left
# is the difference of two biases and the mounting.

cdef extern from *:
    """
    static const double TC_INCLINATION_MAX = 1.5;      /* rad */
    """
    const double TC_INCLINATION_MAX


cdef tc_status inclination_check(const tc_inclination *s) noexcept nogil:
    return TC_OK if fabs(s.roll) < TC_INCLINATION_MAX and fabs(s.pitch) < TC_INCLINATION_MAX else TC_E_RANGE


cdef void fusion_inclination(fusion_filter *f, const tc_inclination *sample) noexcept nogil:
    cdef fusion_row r
    cdef double dx[N_X]
    cdef double f_s[3]
    cdef double g_b[3]
    cdef double d[3]
    cdef double back[3]
    cdef double axis[3]
    cdef double moved[3]
    cdef double lead = 0.0, side2, all2
    cdef int32_t i, k, j
    f.t_inclination = sample.t_ns
    if not measurement_ready(f, sample.t_ns, &lead):
        return
    memset(dx, 0, sizeof(dx))
    for i in range(3):
        f_s[i] = f.f_low[1][i] - f.ba[i]
    rotate(f.R_bs, f_s, g_b)
    side2 = g_b[1] * g_b[1] + g_b[2] * g_b[2]
    all2 = side2 + g_b[0] * g_b[0]
    for k in range(2):
        r.n = 0
        if k == 0:                      # roll = atan2(y, z)
            d[0] = 0.0
            d[1] = g_b[2] / side2
            d[2] = -g_b[1] / side2
            r.innovation = sample.roll - atan2(g_b[1], g_b[2]) - f.incl[0]
        else:                           # pitch = atan2(-x, |y, z|)
            d[0] = -sqrt(side2) / all2
            d[1] = g_b[0] * g_b[1] / (sqrt(side2) * all2)
            d[2] = g_b[0] * g_b[2] / (sqrt(side2) * all2)
            r.innovation = sample.pitch - atan2(-g_b[0], sqrt(side2)) - f.incl[1]
        rotate_back(f.R_bs, d, back)
        row_put3(&r, X_BA, -back[0], -back[1], -back[2])
        for j in range(2):
            axis[0] = f.R_bs[1] if j == 0 else 0.0
            axis[1] = f.R_bs[4] if j == 0 else 0.0
            axis[2] = f.R_bs[7] if j == 0 else 1.0
            cross(axis, g_b, moved)
            row_put(&r, X_MOUNT + j, d[0] * moved[0] + d[1] * moved[1] + d[2] * moved[2])
        row_put(&r, X_INCL + k, 1.0)
        r.variance = f.c.inclination_sd * f.c.inclination_sd
        row_update(f, &r, TC_GATE_1, dx, TC_KIND_INCLINATION)
    correct(f, dx)
