# Error-state Kalman filter.

cdef struct fusion_filter:
    int64_t t_ns
    int32_t started


cdef tc_status fusion_init(fusion_filter *f, const tc_vehicle *v, const tc_fusion_config *c) noexcept nogil:
    """A filter that knows nothing yet; f is zeroed memory."""
    return TC_OK


cdef tc_status fusion_start(fusion_filter *f, double x, double y, double z, double yaw, double sd_xy,
                            double sd_yaw) noexcept nogil:
    """Known pose of the body origin at rest, before or after the first samples."""
    return TC_E_STATE


cdef tc_status fusion_imu(fusion_filter *f, const tc_imu *sample) noexcept nogil:
    return TC_E_STATE


cdef tc_status fusion_wheels(fusion_filter *f, const tc_wheels *sample) noexcept nogil:
    return TC_E_STATE


cdef tc_status fusion_inclination(fusion_filter *f, const tc_inclination *sample) noexcept nogil:
    return TC_E_STATE


cdef tc_status fusion_steering(fusion_filter *f, const tc_steering *sample) noexcept nogil:
    return TC_E_STATE


cdef tc_status fusion_speed(fusion_filter *f, const tc_speed *sample) noexcept nogil:
    return TC_E_STATE


cdef tc_status fusion_gnss(fusion_filter *f, const tc_gnss *sample) noexcept nogil:
    return TC_E_STATE


cdef void fusion_state(const fusion_filter *f, tc_state *out) noexcept nogil:
    """State of the body origin at the time of the last sample."""
    out.t_ns = f.t_ns


cdef void fusion_default(tc_fusion_config *c) noexcept nogil:
    """A consumer MEMS IMU and ordinary wheel sensors."""
    c.gravity = 9.80665
