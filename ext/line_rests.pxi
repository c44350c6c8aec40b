# Stances of the plan at work, by pose: its searches come to the same poses again, and so does the line they find.
#
# Only those from a cold start are kept, so that a pose is worth the same whoever asked first.

cdef struct rest_known:
    uint32_t plan                       # the plan that asked; of another one = free
    int32_t status, least_part, lifted
    double x, y, yaw
    double z, roll, pitch
    double wheel_load[4]
    double travel[4]
    double tip_margin[4]
    double clearance                    # of the least part, m; NaN = unknown

cdef struct rest_table:
    rest_known *rest
    uint32_t mask                       # size - 1, the size is a power of two
    uint32_t plan
    uint32_t n, capacity                # of the plan at work


cdef void rests_forget(rest_table *t) noexcept nogil:
    """Begin a plan: the ground or the vehicle may be another."""
    cdef uint32_t i
    t.n = 0
    t.plan += 1
    if t.plan == 0:                     # the numbers have run out
        for i in range(t.mask + 1):
            t.rest[i].plan = 0
        t.plan = 1


cdef inline rest_known *rest_slot(const rest_table *t, double x, double y, double yaw) noexcept nogil:
    """The slot of a pose, or the free one where it would go. Linear probing after Fibonacci hashing (Knuth 6.4)."""
    cdef double pose[3]
    cdef uint64_t bits[3]
    cdef uint32_t i
    cdef rest_known *slot
    pose[0], pose[1], pose[2] = x, y, yaw
    memcpy(bits, pose, sizeof(bits))
    bits[0] = (bits[0] * <uint64_t> 0x9E3779B97F4A7C15u) ^ (bits[1] >> 7)
    bits[0] = (bits[0] * <uint64_t> 0x9E3779B97F4A7C15u) ^ bits[1] ^ (bits[2] >> 11)
    i = <uint32_t> ((bits[0] * <uint64_t> 0x9E3779B97F4A7C15u) >> 32) & t.mask
    while True:
        slot = &t.rest[i]
        if slot.plan != t.plan or (slot.x == x and slot.y == y and slot.yaw == yaw):
            return slot
        i = (i + 1) & t.mask


cdef bint rest_recall(const rest_table *t, int32_t n_parts, double x, double y, double yaw,
                      tc_stance *st) noexcept nogil:
    """The stance of a pose, as stance_solve_least leaves it, where it is known."""
    cdef const rest_known *r = rest_slot(t, x, y, yaw)
    cdef int32_t i
    if r.plan != t.plan:
        return False
    st.status = r.status
    st.least_part, st.lifted = r.least_part, r.lifted
    st.x, st.y, st.yaw = x, y, yaw
    st.z, st.roll, st.pitch = r.z, r.roll, r.pitch
    memcpy(st.wheel_load, r.wheel_load, sizeof(r.wheel_load))
    memcpy(st.travel, r.travel, sizeof(r.travel))
    memcpy(st.tip_margin, r.tip_margin, sizeof(r.tip_margin))
    for i in range(n_parts):
        st.clearance[i] = INFINITY      # as far as anybody asked
    st.clearance[r.least_part if r.least_part >= 0 else 0] = r.clearance
    return True


cdef void rest_keep(rest_table *t, const tc_stance *st, double least) noexcept nogil:
    """Remember a stance from a cold start and its least clearance; where there is no more room, not."""
    cdef rest_known *r
    if t.n >= t.capacity:
        return
    r = rest_slot(t, st.x, st.y, st.yaw)
    t.n += 1
    r.plan = t.plan
    r.status = st.status
    r.least_part, r.lifted = st.least_part, st.lifted
    r.x, r.y, r.yaw = st.x, st.y, st.yaw
    r.z, r.roll, r.pitch = st.z, st.roll, st.pitch
    memcpy(r.wheel_load, st.wheel_load, sizeof(r.wheel_load))
    memcpy(r.travel, st.travel, sizeof(r.travel))
    memcpy(r.tip_margin, st.tip_margin, sizeof(r.tip_margin))
    r.clearance = least
