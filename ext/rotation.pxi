# 3-vectors and rotation matrices (row-major double[9]). R_nb takes body vectors to the navigation frame.

cdef inline double larger(double a, double b) noexcept nogil:
    return a if a > b else b


cdef inline double wrap_angle(double a) noexcept nogil:
    """The angle in (-pi, pi]."""
    return atan2(sin(a), cos(a))


cdef inline void rotation_from_rpy(double roll, double pitch, double yaw, double *R_nb) noexcept nogil:
    """R_nb = Rz(yaw) Ry(pitch) Rx(roll); pitch > 0 nose down, as right-handed about y (left)."""
    cdef double cr = cos(roll), sr = sin(roll), cp = cos(pitch), sp = sin(pitch), cy = cos(yaw), sy = sin(yaw)
    R_nb[0] = cy * cp
    R_nb[1] = cy * sp * sr - sy * cr
    R_nb[2] = cy * sp * cr + sy * sr
    R_nb[3] = sy * cp
    R_nb[4] = sy * sp * sr + cy * cr
    R_nb[5] = sy * sp * cr - cy * sr
    R_nb[6] = -sp
    R_nb[7] = cp * sr
    R_nb[8] = cp * cr


cdef inline void rpy_from_rotation(const double *R_nb, double *roll, double *pitch, double *yaw) noexcept nogil:
    """Inverse of rotation_from_rpy, for |pitch| < 90 deg."""
    roll[0] = atan2(R_nb[7], R_nb[8])
    pitch[0] = atan2(-R_nb[6], sqrt(R_nb[7] * R_nb[7] + R_nb[8] * R_nb[8]))
    yaw[0] = atan2(R_nb[3], R_nb[0])


cdef inline void rotate(const double *R_nb, const double *v_b, double *v_n) noexcept nogil:
    """v_n = R_nb v_b; the two must not overlap."""
    v_n[0] = R_nb[0] * v_b[0] + R_nb[1] * v_b[1] + R_nb[2] * v_b[2]
    v_n[1] = R_nb[3] * v_b[0] + R_nb[4] * v_b[1] + R_nb[5] * v_b[2]
    v_n[2] = R_nb[6] * v_b[0] + R_nb[7] * v_b[1] + R_nb[8] * v_b[2]


cdef inline void rotate_back(const double *R_nb, const double *v_n, double *v_b) noexcept nogil:
    """v_b = R_nb^T v_n; the two must not overlap."""
    v_b[0] = R_nb[0] * v_n[0] + R_nb[3] * v_n[1] + R_nb[6] * v_n[2]
    v_b[1] = R_nb[1] * v_n[0] + R_nb[4] * v_n[1] + R_nb[7] * v_n[2]
    v_b[2] = R_nb[2] * v_n[0] + R_nb[5] * v_n[1] + R_nb[8] * v_n[2]


cdef inline void cross(const double *a, const double *b, double *c) noexcept nogil:
    """c = a x b; c must not overlap a or b."""
    c[0] = a[1] * b[2] - a[2] * b[1]
    c[1] = a[2] * b[0] - a[0] * b[2]
    c[2] = a[0] * b[1] - a[1] * b[0]
