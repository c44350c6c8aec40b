# Steps that wait to be read.

cdef void queue_keep(coach_state *c, int64_t t_ns, int32_t above) noexcept nogil:
    """Drop steps out of date at t_ns and steps of a priority not above the one given."""
    cdef int32_t i, kept = 0
    cdef tc_step *q
    for i in range(c.count):
        q = &c.queue[(c.first + i) % TC_MAX_STEPS]
        if q.valid_until_ns >= t_ns and q.priority > above:
            c.queue[(c.first + kept) % TC_MAX_STEPS] = q[0]
            kept += 1
    c.count = kept


cdef int32_t queue_weakest(const coach_state *c) noexcept nogil:
    """Place in the queue of the oldest step of the lowest priority."""
    cdef int32_t i, weakest = 0
    for i in range(1, c.count):
        if (c.queue[(c.first + i) % TC_MAX_STEPS].priority
                < c.queue[(c.first + weakest) % TC_MAX_STEPS].priority):
            weakest = i
    return weakest


cdef void queue_push(coach_state *c, const tc_step *step) noexcept nogil:
    """Append; a full queue gives up its oldest step of the lowest priority, which may be the new one."""
    cdef int32_t i, out
    if c.count == TC_MAX_STEPS:
        out = queue_weakest(c)
        if c.queue[(c.first + out) % TC_MAX_STEPS].priority > step.priority:
            return
        for i in range(out, c.count - 1):
            c.queue[(c.first + i) % TC_MAX_STEPS] = c.queue[(c.first + i + 1) % TC_MAX_STEPS]
        c.count -= 1
    c.queue[(c.first + c.count) % TC_MAX_STEPS] = step[0]
    c.count += 1


cdef void queue_drop_turns(coach_state *c) noexcept nogil:
    """A new turn takes the place of those not yet read."""
    cdef int32_t i, kept = 0
    cdef tc_step *q
    for i in range(c.count):
        q = &c.queue[(c.first + i) % TC_MAX_STEPS]
        if q.kind != TC_STEP_STEER:
            c.queue[(c.first + kept) % TC_MAX_STEPS] = q[0]
            kept += 1
    c.count = kept
