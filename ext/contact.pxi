# Contacts felt: a shock of the IMU that stands out of the ride while a part is near the ground, or load that shifts
# from the wheels to a part (load_shift.pxi).
#
# A strike on the underbody rings in a band that a soft tyre swallows. What stands out is told by the ride itself: its
# running median on the move. A light scrape without a shock is not felt.

cdef enum:
    CONTACT_RECENT = 4                  # ticks remembered: what was near just before

cdef extern from *:
    """
    static const double TC_SHOCK_LOW_HZ = 15.0;         /* of the band: above the wheel hop of a soft tyre, */
    static const double TC_SHOCK_HIGH_HZ = 60.0;        /* below most engines' firing at crawl */
    static const double TC_SHOCK_RATE_LEAST = 60.0;     /* Hz, a slower IMU does not show a shock */
    static const double TC_SHOCK_WINDOW = 0.025;        /* s, of the running mean square */
    static const double TC_SHOCK_LEAST = 1.0;           /* m/s^2, no ride is so smooth that less is a strike */
    static const double TC_SHOCK_ABOVE_RIDE = 8.0;      /* times the ride */
    static const double TC_SHOCK_EXPECTED = 0.6;        /* of both, where a part may touch by what is predicted */
    static const double TC_SHOCK_RIDE = 0.2;            /* m/s^2, of a ride not yet known */
    static const double TC_SHOCK_RIDE_TIME = 4.0;       /* s in which the running median may grow by e */
    static const double TC_SHOCK_MOVING = 0.1;          /* m/s, slower is no ride */
    static const double TC_SHOCK_GAP = 0.1;             /* s without samples that must not be bridged */
    static const double TC_SHOCK_MERGE = 0.5;           /* s between shocks that are one */
    static const double TC_CONTACT_MATCH = 0.3;         /* s before and after in which a near part counts */
    static const double TC_CONTACT_NEAR = 0.10;         /* m of clearance within which a shock may be a part's */
    static const double TC_CONTACT_MAY = 0.03;          /* m, a least clearance may be so wrong: it may touch */
    """
    const double TC_SHOCK_LOW_HZ, TC_SHOCK_HIGH_HZ, TC_SHOCK_RATE_LEAST, TC_SHOCK_WINDOW, TC_SHOCK_LEAST
    const double TC_SHOCK_ABOVE_RIDE, TC_SHOCK_EXPECTED, TC_SHOCK_RIDE, TC_SHOCK_RIDE_TIME, TC_SHOCK_MOVING
    const double TC_SHOCK_GAP, TC_SHOCK_MERGE, TC_CONTACT_MATCH, TC_CONTACT_NEAR, TC_CONTACT_MAY

cdef struct contact_nearness:
    # what was nearest to the ground at a tick
    int64_t t_ns
    int32_t part                        # -1 = no stance was known
    double clearance, probability

cdef struct contact_watch:
    # the band, by axis
    double last[3]                      # m/s^2
    double high[3]                      # after one high-pass,
    double higher[3]                    # after two,
    double band[3]                      # and after the low-pass
    double power                        # running mean square, (m/s^2)^2
    double ride                         # running median of its root on the move, m/s^2
    int64_t t_ns
    int32_t begun
    int32_t moving
    int32_t expected                    # a part may touch, by what is predicted
    # the contact that goes on
    int32_t shaken
    int32_t told                        # taken by the coach
    int64_t last_ns                     # when it last stood out
    tc_contact now
    contact_nearness recent[CONTACT_RECENT]
    uint32_t n_recent
    # contacts not yet read
    tc_contact queue[TC_MAX_CONTACTS]
    int32_t first, count


cdef void contact_init(contact_watch *w) noexcept nogil:
    """w is zeroed."""
    cdef int32_t i
    w.ride = TC_SHOCK_RIDE
    for i in range(CONTACT_RECENT):
        w.recent[i].part = -1


cdef double shock_band(contact_watch *w, const double *a, double dt) noexcept nogil:
    """The running root mean square of the specific force in the shock band, m/s^2: backward Euler, any interval."""
    cdef double up = 1.0 / (1.0 + TC_TWO_PI * TC_SHOCK_LOW_HZ * dt)
    cdef double down = 1.0 - 1.0 / (1.0 + TC_TWO_PI * TC_SHOCK_HIGH_HZ * dt)
    cdef double high, total = 0.0, share = dt / TC_SHOCK_WINDOW
    cdef int32_t i
    for i in range(3):
        high = up * (w.high[i] + a[i] - w.last[i])
        w.higher[i] = up * (w.higher[i] + high - w.high[i])
        w.high[i] = high
        w.last[i] = a[i]
        w.band[i] += down * (w.higher[i] - w.band[i])
        total += w.band[i] * w.band[i]
    w.power += (share if share < 1.0 else 1.0) * (total - w.power)
    return sqrt(w.power)


cdef void contact_restart(contact_watch *w, const tc_imu *sample) noexcept nogil:
    """Begin the band anew: a jump over a gap is no shock."""
    memset(w.high, 0, sizeof(w.high))
    memset(w.higher, 0, sizeof(w.higher))
    memset(w.band, 0, sizeof(w.band))
    memcpy(w.last, sample.accelerometer, sizeof(w.last))
    w.power = 0.0
    w.begun = 1
    w.t_ns = sample.t_ns


cdef void contact_begin(contact_watch *w, int64_t t_ns) noexcept nogil:
    if w.shaken:
        contact_close(w)
    memset(&w.now, 0, sizeof(tc_contact))
    w.now.struct_size = sizeof(tc_contact)
    w.now.part = -1
    w.now.t_ns = t_ns
    w.now.threshold = w.now.lift = NAN
    w.now.clearance = w.now.probability = w.now.x = w.now.y = NAN
    w.shaken = 1
    w.told = 0


cdef void contact_sample(contact_watch *w, const tc_imu *sample) noexcept nogil:
    """One sample that fusion has taken."""
    cdef double dt = seconds(sample.t_ns, w.t_ns), level, threshold
    if not w.begun or not 0.0 < dt <= TC_SHOCK_GAP:
        contact_restart(w, sample)
        return
    w.t_ns = sample.t_ns
    level = shock_band(w, sample.accelerometer, dt)
    threshold = TC_SHOCK_ABOVE_RIDE * w.ride
    threshold = TC_SHOCK_LEAST if threshold < TC_SHOCK_LEAST else threshold
    if w.expected:
        threshold *= TC_SHOCK_EXPECTED
    if w.moving:
        w.ride *= 1.0 + (dt if level > w.ride else -dt) / TC_SHOCK_RIDE_TIME
    if dt * TC_SHOCK_RATE_LEAST > 1.0 or not level > threshold:
        return
    if not w.shaken or seconds(sample.t_ns, w.last_ns) > TC_SHOCK_MERGE:
        contact_begin(w, sample.t_ns)
    w.now.felt |= TC_FELT_SHOCK
    w.last_ns = w.now.t_end_ns = sample.t_ns
    if level > w.now.shock:
        w.now.shock = level
        w.now.threshold = threshold


cdef void contact_close(contact_watch *w) noexcept nogil:
    """The contact is over: keep it, the oldest is lost where there is no room."""
    w.shaken = 0
    if w.count == TC_MAX_CONTACTS:
        w.first = (w.first + 1) % TC_MAX_CONTACTS
        w.count -= 1
    w.queue[(w.first + w.count) % TC_MAX_CONTACTS] = w.now
    w.count += 1


cdef void contact_beside(contact_watch *w, const contact_nearness *near) noexcept nogil:
    """Lay what was near the ground at a tick beside the contact."""
    if near.part < 0 or seconds(w.now.t_ns, near.t_ns) > TC_CONTACT_MATCH:
        return
    if not near.clearance >= w.now.clearance:
        w.now.clearance = near.clearance
        w.now.probability = near.probability
        if w.now.felt & TC_FELT_SHOCK:
            w.now.part = near.part if near.clearance <= TC_CONTACT_NEAR else -1


cdef void contact_shift(contact_watch *w, const load_shift *shift, int64_t t_ns) noexcept nogil:
    """Load that shifted: part of the contact that goes on, or one of its own."""
    if not w.shaken or seconds(shift.since_ns, w.last_ns) > TC_SHOCK_MERGE:
        contact_begin(w, shift.since_ns)
    w.now.felt |= TC_FELT_SHIFT
    if not w.now.lift >= shift.lift:
        w.now.lift = shift.lift
    if not w.now.felt & TC_FELT_SHOCK or w.now.part < 0:
        w.now.part = shift.part
    if t_ns > w.last_ns:
        w.last_ns = w.now.t_end_ns = t_ns


cdef bint contact_tick(contact_watch *w, const tc_state *state, const tc_stance *stance, const load_shift *shift,
                       int64_t t_ns) noexcept nogil:
    """Lay the stance beside what is felt. True once for a contact that was not told yet; w.now is it.
    shift: load that shifted, or NULL."""
    cdef contact_nearness *near = &w.recent[w.n_recent % CONTACT_RECENT]
    cdef int32_t i
    w.moving = speed_of(state) > TC_SHOCK_MOVING
    near.t_ns = t_ns
    near.part = -1
    if stance is not NULL and stance.status == TC_STANCE_OK and stance.least_part >= 0:
        near.part = stance.least_part
        near.clearance = stance.clearance[near.part]
        near.probability = stance.contact_probability[near.part]
    w.expected = near.part >= 0 and near.clearance < TC_CONTACT_MAY
    w.n_recent = (w.n_recent + 1) % CONTACT_RECENT
    if shift is not NULL and shift.felt:
        contact_shift(w, shift, t_ns)
    if not w.shaken:
        return False
    if isnan(w.now.x):
        w.now.x, w.now.y = state.position[0], state.position[1]
        for i in range(CONTACT_RECENT):
            contact_beside(w, &w.recent[i])
    else:
        contact_beside(w, near)
    if seconds(t_ns, w.last_ns) > TC_SHOCK_MERGE:
        contact_close(w)
        return False
    if w.told or w.now.part < 0:
        return False
    w.told = 1
    return True
