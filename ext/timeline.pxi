# Fixed-lag buffer: samples come in any order and go to the filter in the order of their time, at equal times in the
# order of the TC_SENSOR_ kinds. A late one takes the filter back to the newest mark before it, from where all is
# replayed; the result is that of samples in order, to the last bit.
#
# A sample waits for the IMU to reach it, so that sensors a little ahead cost no way back.

cdef extern from *:
    """
    static const double TC_LAG_MOST = 10.0;                 /* s */
    static const int64_t TC_MARK_INTERVAL = 50000000;       /* ns between marks */
    static const int64_t TC_IMU_WAIT = 100000000;           /* ns the other sensors wait for the IMU */
    static const double TC_SAMPLE_RATE = 2000.0;            /* of all sensors together, 1/s, that the lag holds */
    static const double TC_REWIND_FLAG_TIME = 1.0;          /* s a way back stays flagged, */
    static const double TC_CLOCK_FLAG_TIME = 5.0;           /* and a step of a clock */
    """
    const double TC_LAG_MOST, TC_SAMPLE_RATE, TC_REWIND_FLAG_TIME, TC_CLOCK_FLAG_TIME
    const int64_t TC_MARK_INTERVAL, TC_IMU_WAIT

cdef enum:
    SAMPLE_WORDS = 14                   # doubles of the largest sample struct, tc_gnss

cdef struct timeline_sample:
    int64_t t_ns                        # on the IMU's clock
    int64_t kind
    double bytes[SAMPLE_WORDS]          # the tc_ struct of this kind

# The filter as it was after a sample.
cdef struct timeline_mark:
    int64_t t_ns, kind                  # of that sample
    int64_t made                        # time of the sample after it
    uint64_t next                       # number of that one
    fusion_filter fusion

cdef struct timeline_buffer:
    clock_judge clock
    fusion_filter blank                 # before any sample
    timeline_mark *mark                 # a ring
    int32_t n_marks, max_marks, first_mark
    timeline_sample *sample             # a ring in the order of time, numbered on and on
    uint64_t mask                       # its size - 1
    uint64_t first, done, end           # oldest kept, first not yet in the filter, one beyond the newest
    int64_t t_ns, kind                  # of the last one in the filter
    int64_t t_rewind
    uint32_t rewinds
    uint32_t late[TC_SENSORS]
    uint32_t refused[TC_SENSORS]
    uint32_t duplicated[TC_SENSORS]


cdef inline size_t sample_size(int32_t kind) noexcept nogil:
    if kind == TC_SENSOR_IMU:
        return sizeof(tc_imu)
    if kind == TC_SENSOR_WHEELS:
        return sizeof(tc_wheels)
    if kind == TC_SENSOR_INCLINATION:
        return sizeof(tc_inclination)
    if kind == TC_SENSOR_STEERING:
        return sizeof(tc_steering)
    if kind == TC_SENSOR_SPEED:
        return sizeof(tc_speed)
    return sizeof(tc_gnss)


cdef tc_status lag_check(const tc_fusion_config *c) noexcept nogil:
    cdef int32_t i
    if not 0.0 <= c.lag <= TC_LAG_MOST or c.clock[TC_SENSOR_IMU] != 0.0:
        return TC_E_RANGE
    for i in range(TC_SENSORS):
        if not fabs(c.clock[i]) <= TC_LAG_MOST:
            return TC_E_RANGE
    return TC_OK


cdef int32_t mark_count(double lag) noexcept nogil:
    """Those within the lag, the one before it, and the one being made."""
    return <int32_t> (1e9 * lag / <double> TC_MARK_INTERVAL) + 4 if lag > 0.0 else 0


cdef uint64_t ring_size(double lag) noexcept nogil:
    cdef uint64_t n = 1
    while <double> n < (lag + 4e-9 * <double> TC_MARK_INTERVAL) * TC_SAMPLE_RATE:
        n *= 2
    return n if lag > 0.0 else 0


cdef size_t timeline_memory(const tc_fusion_config *c) noexcept nogil:
    """Bytes beside the struct: 0.4 MB at a lag of 0.5 s."""
    return <size_t> mark_count(c.lag) * sizeof(timeline_mark) + <size_t> ring_size(c.lag) * sizeof(timeline_sample)


cdef void timeline_begin(timeline_buffer *b, void *memory, const fusion_filter *blank) noexcept nogil:
    """b is zeroed, memory holds timeline_memory() bytes, 8-byte aligned. Each page is written once: what the system has
    only promised of it would else be fetched while samples come."""
    memset(memory, 0, timeline_memory(&blank.c))
    b.blank = blank[0]
    b.max_marks = mark_count(blank.c.lag)
    b.mask = ring_size(blank.c.lag) - 1
    b.mark = <timeline_mark *> memory
    b.sample = <timeline_sample *> (b.mark + b.max_marks)
    b.t_rewind = NEVER
    timeline_forget(b)
    clock_begin(&b.clock, <int64_t> (1e9 * blank.c.lag), blank.c.clock)


cdef void timeline_forget(timeline_buffer *b) noexcept nogil:
    """Nothing has come."""
    b.n_marks = 0
    b.first = b.done = b.end = 0
    b.t_ns = b.kind = NEVER


cdef inline timeline_sample *ring_at(const timeline_buffer *b, uint64_t i) noexcept nogil:
    return &b.sample[i & b.mask]


cdef void sample_apply(fusion_filter *f, int64_t kind, const void *sample) noexcept nogil:
    """Into the filter, and what a reset in it moved."""
    cdef uint32_t resets = f.resets
    cdef double p[3]
    cdef double v[3]
    cdef double ahead[2]
    cdef int32_t i
    memcpy(p, f.p, sizeof(p))
    memcpy(v, f.v, sizeof(v))
    ahead[0] = f.R_ns[0]
    ahead[1] = f.R_ns[3]
    if kind == TC_SENSOR_IMU:
        fusion_imu(f, <const tc_imu *> sample)
    elif kind == TC_SENSOR_WHEELS:
        fusion_wheels(f, <const tc_wheels *> sample)
    elif kind == TC_SENSOR_INCLINATION:
        fusion_inclination(f, <const tc_inclination *> sample)
    elif kind == TC_SENSOR_STEERING:
        fusion_steering(f, <const tc_steering *> sample)
    elif kind == TC_SENSOR_SPEED:
        fusion_speed(f, <const tc_speed *> sample)
    else:
        fusion_gnss(f, <const tc_gnss *> sample)
    if f.resets == resets:
        return
    for i in range(3):
        f.reset_position[i] = f.p[i] - p[i]
        f.reset_velocity[i] = f.v[i] - v[i]
    f.reset_yaw = atan2(ahead[0] * f.R_ns[3] - ahead[1] * f.R_ns[0], ahead[0] * f.R_ns[0] + ahead[1] * f.R_ns[3])


cdef inline timeline_mark *mark_at(const timeline_buffer *b, int32_t i) noexcept nogil:
    """Mark i of those there are, the oldest first."""
    return &b.mark[(b.first_mark + i) % b.max_marks]


cdef void mark_drop_oldest(timeline_buffer *b) noexcept nogil:
    b.first_mark = (b.first_mark + 1) % b.max_marks
    b.n_marks -= 1
    b.first = mark_at(b, 0).next


cdef void mark_make(timeline_buffer *b, const fusion_filter *f, int64_t made) noexcept nogil:
    cdef timeline_mark *m
    if b.n_marks == b.max_marks:
        mark_drop_oldest(b)
    m = mark_at(b, b.n_marks)
    m.t_ns = b.t_ns
    m.kind = b.kind
    m.made = made
    m.next = b.done
    m.fusion = f[0]
    b.n_marks += 1


cdef void timeline_go_on(timeline_buffer *b, fusion_filter *f, int64_t until) noexcept nogil:
    """Give the filter the samples that wait, those up to `until`."""
    cdef timeline_sample *s
    while b.done < b.end:
        s = ring_at(b, b.done)
        if s.t_ns > until:
            return
        if b.n_marks == 0 or s.t_ns - mark_at(b, b.n_marks - 1).made >= TC_MARK_INTERVAL:
            mark_make(b, f, s.t_ns)
        sample_apply(f, s.kind, s.bytes)
        b.t_ns = s.t_ns
        b.kind = s.kind
        b.done += 1


cdef void timeline_close(timeline_buffer *b, fusion_filter *f) noexcept nogil:
    """All that waits into the filter; no way back behind this moment."""
    if b.clock.lag == 0:
        return
    timeline_go_on(b, f, b.clock.newest)
    b.n_marks = 0
    b.first = b.end


cdef inline int32_t is_before(int64_t t_ns, int64_t kind, int64_t other_t_ns, int64_t other_kind) noexcept nogil:
    return t_ns < other_t_ns or (t_ns == other_t_ns and kind < other_kind)


cdef void timeline_rewind(timeline_buffer *b, fusion_filter *f, uint64_t to, int32_t kind) noexcept nogil:
    """Back to the newest mark that sample number `to` is not in."""
    while mark_at(b, b.n_marks - 1).next > to:
        b.n_marks -= 1
    b.n_marks -= 1                      # made again on the way
    f[0] = mark_at(b, b.n_marks).fusion
    if f.clone is not NULL:
        f.clone.torn = 1
    b.t_ns = mark_at(b, b.n_marks).t_ns
    b.kind = mark_at(b, b.n_marks).kind
    b.done = mark_at(b, b.n_marks).next
    b.rewinds += 1
    b.late[kind] += 1
    b.t_rewind = b.clock.newest


cdef void timeline_make_room(timeline_buffer *b, fusion_filter *f) noexcept nogil:
    """For one more sample: at more than TC_SAMPLE_RATE the lag is shorter than asked for."""
    while b.end - b.first > b.mask and b.n_marks > 1:
        mark_drop_oldest(b)
    if b.end - b.first > b.mask:
        timeline_close(b, f)


cdef void timeline_expire(timeline_buffer *b) noexcept nogil:
    cdef int64_t oldest = clock_now(&b.clock) - b.clock.lag
    while b.n_marks > 1 and mark_at(b, 1).t_ns < oldest:
        mark_drop_oldest(b)


cdef tc_status timeline_refuse(timeline_buffer *b, int32_t kind) noexcept nogil:
    b.refused[kind] += 1
    return TC_E_TIME


cdef tc_status timeline_insert(timeline_buffer *b, fusion_filter *f, int32_t kind, const void *sample,
                               int64_t t_ns) noexcept nogil:
    """A sample within the lag, at its place."""
    cdef uint64_t i, k
    cdef timeline_sample *s
    if b.end - b.first > b.mask:
        timeline_make_room(b, f)
    i = b.end
    while i > b.first and is_before(t_ns, kind, ring_at(b, i - 1).t_ns, ring_at(b, i - 1).kind):
        i -= 1
    if i > b.first and ring_at(b, i - 1).t_ns == t_ns and ring_at(b, i - 1).kind == kind:
        b.duplicated[kind] += 1
        return TC_DUPLICATE
    if i < b.done or (i == b.done and not is_before(b.t_ns, b.kind, t_ns, kind)):
        if b.n_marks == 0 or not is_before(mark_at(b, 0).t_ns, mark_at(b, 0).kind, t_ns, kind):
            return timeline_refuse(b, kind)     # the buffer was closed or full after its time
        timeline_rewind(b, f, i, kind)
    for k in range(b.end, i, -1):
        memcpy(ring_at(b, k), ring_at(b, k - 1), sizeof(timeline_sample))
    s = ring_at(b, i)
    s.t_ns = t_ns
    s.kind = kind
    memcpy(s.bytes, sample, sample_size(kind))
    (<tc_wheels *> s.bytes).t_ns = t_ns         # which lies at the same place in all of them
    b.end += 1
    return TC_OK


cdef tc_status timeline_direct(timeline_buffer *b, fusion_filter *f, int32_t kind, const void *sample,
                               int64_t t_ns) noexcept nogil:
    """Without lag: at once, in the order each sensor comes in."""
    cdef timeline_sample s
    if t_ns == b.clock.sensor[kind].newest:
        b.duplicated[kind] += 1
        return TC_DUPLICATE
    memcpy(s.bytes, sample, sample_size(kind))
    (<tc_wheels *> s.bytes).t_ns = t_ns
    sample_apply(f, kind, s.bytes)
    clock_taken(&b.clock, kind, t_ns)
    return TC_OK


cdef tc_status timeline_push(timeline_buffer *b, fusion_filter *f, int32_t kind, const void *sample) noexcept nogil:
    """A sample whose values have been checked."""
    cdef int64_t t_ns = (<const tc_wheels *> sample).t_ns, until
    cdef int32_t look = clock_look(&b.clock, kind, &t_ns)
    cdef tc_status st
    if look == CLOCK_REFUSE:
        return timeline_refuse(b, kind)
    if look == CLOCK_RESTART:
        timeline_restart(b, f)
        t_ns = (<const tc_wheels *> sample).t_ns
        clock_look(&b.clock, kind, &t_ns)
    if b.clock.lag == 0:
        return timeline_direct(b, f, kind, sample, t_ns)
    st = timeline_insert(b, f, kind, sample, t_ns)
    if st != TC_OK:
        return st
    clock_taken(&b.clock, kind, t_ns)
    until = b.clock.newest - TC_IMU_WAIT
    if b.clock.sensor[TC_SENSOR_IMU].newest > until:
        until = b.clock.sensor[TC_SENSOR_IMU].newest
    timeline_go_on(b, f, until)
    timeline_expire(b)
    return TC_OK


cdef void timeline_restart(timeline_buffer *b, fusion_filter *f) noexcept nogil:
    """The first stamps were wrong: begin again, with what the host said before them."""
    cdef uint32_t steps = b.clock.steps + 1
    cdef uint32_t resets = f.resets + 1
    if f.clone is not NULL:
        f.clone.torn = 1
    f[0] = b.blank
    f.resets = resets
    timeline_forget(b)
    clock_begin(&b.clock, b.clock.lag, b.blank.c.clock)
    b.clock.steps = steps


cdef tc_status timeline_start(timeline_buffer *b, fusion_filter *f, double x, double y, double z, double yaw,
                              double sd_xy, double sd_yaw) noexcept nogil:
    """A pose the host knows, now."""
    fusion_start(&b.blank, x, y, z, yaw, sd_xy, sd_yaw)
    timeline_close(b, f)
    return fusion_start(f, x, y, z, yaw, sd_xy, sd_yaw)


cdef void timeline_state(const timeline_buffer *b, const fusion_filter *f, tc_state *out) noexcept nogil:
    """What fusion knows, and what came late."""
    fusion_state(f, out)
    if fresh(f, b.t_rewind, TC_REWIND_FLAG_TIME):
        out.status |= TC_FUSION_REWOUND
    if fresh(f, b.clock.t_step, TC_CLOCK_FLAG_TIME):
        out.status |= TC_FUSION_CLOCK
    out.rewinds = b.rewinds
    out.clock_steps = b.clock.steps
    memcpy(out.late, b.late, sizeof(b.late))
    memcpy(out.refused, b.refused, sizeof(b.refused))
    memcpy(out.duplicated, b.duplicated, sizeof(b.duplicated))
