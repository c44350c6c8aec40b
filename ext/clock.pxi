# The clocks of the sensors: whether a stamp can be, before anything is done with its sample.
#
# Time is that of the IMU. A stamp may be late by the lag of the buffer; one out of reach is refused, until enough of
# them agree with each other: then the sensor's clock has stepped, or all of them made a pause.

cdef extern from *:
    """
    static const double TC_CLOCK_SPAN = 4.6e18;         /* ns, beyond which the difference of two stamps overflows */
    static const int64_t TC_CLOCK_AHEAD = 1000000000;   /* ns a stamp may be ahead of all others */
    static const int64_t TC_CLOCK_AGREE = 100000000;    /* ns that stamps out of reach must go on together */
    static const int64_t TC_CLOCK_APART = 10000000000;  /* ns between two of them, at most */
    """
    const double TC_CLOCK_SPAN
    const int64_t TC_CLOCK_AHEAD, TC_CLOCK_AGREE, TC_CLOCK_APART

cdef enum:
    CLOCK_TAKE = 0
    CLOCK_REFUSE = 1
    CLOCK_RESTART = 2                   # the time so far was wrong, this stamp is right
    CLOCK_SUSPECTS = 3                  # stamps out of reach that must agree

cdef struct sensor_clock:
    int64_t offset                      # added to its stamps, ns
    int64_t newest                      # of its stamps taken
    uint32_t taken                      # samples
    int32_t suspects                    # stamps out of reach in a row that agree with each other,
    int32_t ahead                       # all of them ahead, or all late
    uint32_t others                     # samples of other sensors taken before the first of them
    int64_t suspect_first, suspect_last

cdef struct clock_judge:
    int64_t lag                         # ns a stamp may be late
    sensor_clock sensor[TC_SENSORS]
    int64_t newest                      # of all sensors
    uint32_t taken
    int64_t pause_from, pause_to        # the last jump believed to be a pause
    int64_t t_step                      # when a clock last stepped
    uint32_t steps


cdef void clock_begin(clock_judge *c, int64_t lag, const double *offset) noexcept nogil:
    """No stamp has been seen; offset: s to add to each sensor's stamps."""
    cdef int32_t i
    memset(c, 0, sizeof(clock_judge))
    c.lag = lag
    c.newest = c.pause_from = c.pause_to = c.t_step = NEVER
    for i in range(TC_SENSORS):
        c.sensor[i].newest = NEVER
        c.sensor[i].offset = <int64_t> (1e9 * offset[i])


cdef inline int64_t clock_now(const clock_judge *c) noexcept nogil:
    """What lateness is counted from: the IMU's time or, where that is missing, the others' less a margin."""
    cdef int64_t others = c.newest - TC_CLOCK_AHEAD if c.newest != NEVER else NEVER
    return others if others > c.sensor[0].newest else c.sensor[0].newest


cdef inline void clock_taken(clock_judge *c, int32_t kind, int64_t t_ns) noexcept nogil:
    cdef sensor_clock *s = &c.sensor[kind]
    s.taken += 1
    c.taken += 1
    if t_ns > s.newest:
        s.newest = t_ns
    if t_ns > c.newest:
        c.newest = t_ns


cdef inline int32_t clock_is_late(const clock_judge *c, int32_t kind, int64_t t_ns) noexcept nogil:
    """Without lag each sensor has its own order, and that is all."""
    cdef int64_t now = clock_now(c) if c.lag > 0 else c.sensor[kind].newest
    return now != NEVER and t_ns < now - c.lag


cdef void clock_step(clock_judge *c, sensor_clock *s, int64_t *t_ns) noexcept nogil:
    """Carry the sensor's stamps on where they were before its clock stepped, in its own cadence; where it had been
    silent, on to the time of the others."""
    cdef int64_t cadence = (s.suspect_last - s.suspect_first) // (s.suspects - 1)
    cdef int64_t by = s.newest + cadence - s.suspect_first, now = clock_now(c)
    if t_ns[0] + by > c.newest + TC_CLOCK_AHEAD or t_ns[0] + by < now - c.lag:
        by = now - t_ns[0]
    s.offset += by
    s.suspects = 0
    t_ns[0] += by
    c.t_step = t_ns[0]
    c.steps += 1


cdef int32_t clock_suspect(clock_judge *c, int32_t kind, int32_t ahead, int64_t *t_ns) noexcept nogil:
    """A stamp out of reach: refused, until enough of them agree."""
    cdef sensor_clock *s = &c.sensor[kind]
    cdef int64_t t = t_ns[0]
    if s.suspects > 0 and s.ahead == ahead and 0 < t - s.suspect_last < TC_CLOCK_APART:
        s.suspects += 1
    else:
        s.suspects = 1
        s.suspect_first = t
        s.others = c.taken - s.taken
    s.ahead = ahead
    s.suspect_last = t
    if s.suspects < CLOCK_SUSPECTS or t - s.suspect_first < TC_CLOCK_AGREE:
        return CLOCK_REFUSE
    if c.taken < <uint32_t> s.suspects or (kind == 0 and s.taken == 0):
        return CLOCK_RESTART            # fewer samples, or none of the IMU, speak for the time so far
    if ahead and s.others == c.taken - s.taken:
        c.pause_from = c.newest         # nobody went on meanwhile
        c.pause_to = s.suspect_first
        s.suspects = 0
        return CLOCK_TAKE
    if s.newest == NEVER or (not ahead and s.suspect_first > s.newest):
        return CLOCK_REFUSE             # never in time, or no more: what it says is old, but its clock goes on
    clock_step(c, s, t_ns)
    return CLOCK_TAKE


cdef int32_t clock_look(clock_judge *c, int32_t kind, int64_t *t_ns) noexcept nogil:
    """Whether to take a sample; t_ns becomes its time on the IMU's clock."""
    cdef sensor_clock *s = &c.sensor[kind]
    cdef int32_t ahead
    if fabs(<double> t_ns[0] + <double> s.offset) > TC_CLOCK_SPAN:
        return CLOCK_REFUSE
    t_ns[0] += s.offset
    ahead = c.newest != NEVER and t_ns[0] > c.newest + TC_CLOCK_AHEAD
    if not ahead and not clock_is_late(c, kind, t_ns[0]):
        s.suspects = 0
        return CLOCK_TAKE
    if not ahead and s.newest <= c.pause_from and c.pause_from + c.lag + TC_CLOCK_AGREE < t_ns[0] < c.pause_to:
        s.offset += c.pause_to - c.pause_from   # it went on while the others seemed to pause: their clock stepped
        t_ns[0] += c.pause_to - c.pause_from
        c.t_step = t_ns[0]
        c.steps += 1
        return CLOCK_TAKE
    return clock_suspect(c, kind, ahead, t_ns)
