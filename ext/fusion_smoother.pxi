# What a smoother needs of the filter, afterwards and on a desk only: how an earlier state hangs together with the one
# of now. The earlier one is cloned (Roumeliotis and Burdick, Stochastic cloning, 2002): it stands still, while
# everything that moves or corrects the state of now carries the covariance between the two along. Rauch, Tung and
# Striebel's gain is that covariance over the variance of now; the pass backward is trailcoach/smoother.py.
#
# Errors are about the nominal state at the time of the clone; what later measurements say of it is summed in `moved`.

cdef struct fusion_clone:
    double C[N_X * N_X]                 # of the state of now (rows) with the clone (columns)
    double P[N_X * N_X]                 # of the clone
    double moved[N_X]                   # its error as estimated since
    int32_t torn                        # the filter went back behind it: nothing of this is true any more


cdef void clone_make(fusion_clone *k, const fusion_filter *f) noexcept nogil:
    memcpy(k.C, f.P, sizeof(k.C))
    memcpy(k.P, f.P, sizeof(k.P))
    memset(k.moved, 0, sizeof(k.moved))
    k.torn = 0


cdef void clone_correct(fusion_clone *k, const fusion_row *r, const double *PHt, int32_t live, double S,
                        double nu) noexcept nogil:
    """A measurement of the state of now says something of the clone, too: by C^T H^T / S."""
    cdef double CHt[N_X]
    cdef double share
    cdef int32_t i, j
    memset(CHt, 0, sizeof(CHt))
    for i in range(r.n):
        for j in range(N_X):
            CHt[j] += r.h[i] * k.C[r.at[i] * N_X + j]
    for i in range(N_X):
        share = CHt[i] / S
        k.moved[i] += share * nu
        for j in range(N_X):
            k.P[i * N_X + j] -= share * CHt[j]
    for i in range(live):
        share = PHt[i] / S
        for j in range(N_X):
            k.C[i * N_X + j] -= share * CHt[j]


cdef void clone_scale(fusion_clone *k, int32_t state, double keep) noexcept nogil:
    """The state of now fades, or is known anew from elsewhere (0)."""
    cdef int32_t j
    for j in range(N_X):
        k.C[state * N_X + j] *= keep


cdef void clone_turn(fusion_clone *k, double c, double s) noexcept nogil:
    """Attitude, velocity and position of now are turned about the vertical."""
    cdef double a, b
    cdef int32_t i, j
    for i in range(0, N_MOVING, 3):
        for j in range(N_X):
            a = k.C[i * N_X + j]
            b = k.C[(i + 1) * N_X + j]
            k.C[i * N_X + j] = c * a - s * b
            k.C[(i + 1) * N_X + j] = s * a + c * b


cdef void smoothed_state(const fusion_filter *then, const double *error, const double *P, tc_state *out) noexcept nogil:
    """What the filter would have said had it known its error; of how the samples came, out keeps what it holds."""
    cdef fusion_filter f = then[0]
    cdef uint32_t came = out.status & (TC_FUSION_REWOUND | TC_FUSION_CLOCK)
    correct(&f, error)
    memcpy(f.P, P, sizeof(f.P))
    if f.aligned:
        level_judge(&f)
    fusion_state(&f, out)
    out.status |= came
