# How the probabilities of the places of a line come together, for Python.

WANDER_LENGTH = TC_WANDER_LENGTH


def risk_wander(double wander_sd) -> tuple[np.ndarray, np.ndarray]:
    """Where a driver with lateral errors of that standard deviation is looked for, m to the left, and how likely each
    is: two arrays (offsets,)."""
    cdef line_risk r
    cdef int32_t i
    wander_places(&r, wander_sd)
    return (np.array([r.aside[i] for i in range(r.n_offsets)]), np.array([r.weight[i] for i in range(r.n_offsets)]))


def risk_along(const double[:, :, ::1] touches, const double[::1] s, double wander_sd) -> np.ndarray:
    """That each part, and then any, touches anywhere on a line, from the probabilities (offsets, n, parts) at its
    points, NaN = not known: array (parts + 1,)."""
    cdef line_risk r
    cdef tc_risk out
    cdef Py_ssize_t i, j
    cdef int32_t k = <int32_t> touches.shape[2]
    risk_begin(&r, wander_sd, k)
    if touches.shape[0] != r.n_offsets or touches.shape[1] != s.shape[0] or k > TC_MAX_PARTS:
        raise ValueError("touches is (offsets, n, parts), s is (n,)")
    for i in range(s.shape[0]):
        risk_place(&r, s[i])
        for j in range(r.n_offsets):
            if k:
                risk_add(&r, <int32_t> j, &touches[j, i, 0])
    risk_end(&r, &out)
    return np.array([out.part[j] for j in range(k)] + [out.line])
