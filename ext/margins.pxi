# How far the vehicle is from tipping over.

cdef extern from *:
    """
    static const double TC_LIFTED_LOAD = 50.0;      /* N; a wheel with less carries nothing */
    """
    const double TC_LIFTED_LOAD


cdef inline double tip_angle(const double *a, const double *b, const double *cg) noexcept nogil:
    """Angle gravity must turn about the edge from a to b, with the footprint to its right, before the centre of
    gravity cg stands over the edge; negative = it is beyond."""
    cdef double e[3]
    cdef double r[3]
    cdef double n, along
    cdef int32_t i
    for i in range(3):
        e[i] = b[i] - a[i]
        r[i] = cg[i] - a[i]
    n = sqrt(e[0] * e[0] + e[1] * e[1] + e[2] * e[2])
    for i in range(3):
        e[i] /= n
    along = r[0] * e[0] + r[1] * e[1] + r[2] * e[2]
    for i in range(3):
        r[i] -= along * e[i]
    return atan2(r[0] * e[1] - r[1] * e[0], r[2])   # (up x r) . e over r . up


cdef inline void tip_margins(const double (*contact)[3], const double *cg, double *out) noexcept nogil:
    """Margins (left, right, front, rear) of a rigid vehicle on its four contacts, all in one frame with z up."""
    out[0] = tip_angle(contact[2], contact[0], cg)
    out[1] = tip_angle(contact[1], contact[3], cg)
    out[2] = tip_angle(contact[0], contact[1], cg)
    out[3] = tip_angle(contact[3], contact[2], cg)
