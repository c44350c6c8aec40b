# Samples of the sensors on their way into the engine.

cdef inline bint is_beyond_time(int64_t t_ns) noexcept nogil:
    """A stamp more than 146 years from 0: the difference of two would not fit."""
    return t_ns > (<int64_t> 1 << 62) or t_ns < -(<int64_t> 1 << 62)


cdef tc_status engine_push(tc_engine *engine, int32_t kind, tc_status checked, const void *sample) noexcept nogil:
    """A sample of any kind, whose values were checked."""
    cdef engine_memory *e = <engine_memory *> engine
    if checked != TC_OK:
        return checked
    if is_beyond_time((<const tc_wheels *> sample).t_ns):       # which lies at the same place in all of them
        return TC_E_RANGE
    return timeline_push(&e.timeline, &e.fusion, kind, sample)


cdef void contact_look(contact_watch *w, const tc_imu *sample, int64_t offset) noexcept nogil:
    """A shock is looked for as the samples come: one out of order is too late for it."""
    cdef tc_imu s = sample[0]
    s.t_ns += offset
    if not w.begun or not -CONTACT_LATE < s.t_ns - w.t_ns <= 0:
        contact_sample(w, &s)


cdef public tc_status tc_push_imu(tc_engine *engine, const tc_imu *sample) noexcept nogil:
    cdef engine_memory *e = <engine_memory *> engine
    cdef tc_status st
    if engine is NULL or sample is NULL:
        return TC_E_NULL
    if sample.struct_size < sizeof(tc_imu):
        return TC_E_ABI
    st = engine_push(engine, TC_SENSOR_IMU, imu_check(sample), sample)
    if st == TC_OK:
        contact_look(&e.contact, sample, e.timeline.clock.sensor[TC_SENSOR_IMU].offset)
    return st


cdef public tc_status tc_push_wheels(tc_engine *engine, const tc_wheels *sample) noexcept nogil:
    if engine is NULL or sample is NULL:
        return TC_E_NULL
    if sample.struct_size < sizeof(tc_wheels):
        return TC_E_ABI
    return engine_push(engine, TC_SENSOR_WHEELS, wheels_check(sample), sample)


cdef public tc_status tc_push_inclination(tc_engine *engine, const tc_inclination *sample) noexcept nogil:
    if engine is NULL or sample is NULL:
        return TC_E_NULL
    if sample.struct_size < sizeof(tc_inclination):
        return TC_E_ABI
    return engine_push(engine, TC_SENSOR_INCLINATION, inclination_check(sample), sample)


cdef public tc_status tc_push_steering(tc_engine *engine, const tc_steering *sample) noexcept nogil:
    if engine is NULL or sample is NULL:
        return TC_E_NULL
    if sample.struct_size < sizeof(tc_steering):
        return TC_E_ABI
    return engine_push(engine, TC_SENSOR_STEERING, steering_check(sample), sample)


cdef public tc_status tc_push_speed(tc_engine *engine, const tc_speed *sample) noexcept nogil:
    if engine is NULL or sample is NULL:
        return TC_E_NULL
    if sample.struct_size < sizeof(tc_speed):
        return TC_E_ABI
    return engine_push(engine, TC_SENSOR_SPEED, speed_check(sample), sample)


cdef public tc_status tc_push_gnss(tc_engine *engine, const tc_gnss *sample) noexcept nogil:
    if engine is NULL or sample is NULL:
        return TC_E_NULL
    if sample.struct_size < sizeof(tc_gnss):
        return TC_E_ABI
    return engine_push(engine, TC_SENSOR_GNSS, gnss_check(sample), sample)
