# Load that shifts: a part carries, and no shock tells of it. On its wheels alone the vehicle would hold that part in
# the ground; fusion feels an attitude and a height that lift it out again.

cdef extern from *:
    """
    /* how far fusion and stance disagree on the move with nothing touching: simulated drives, 0.5 to 1.4 m/s */
    static const double TC_SHIFT_SD_Z = 0.03;           /* m */
    static const double TC_SHIFT_SD_ROLL = 0.021;       /* rad (1.2 deg) */
    static const double TC_SHIFT_SD_PITCH = 0.012;      /* rad (0.7 deg) */
    static const double TC_SHIFT_LEAST = 1.0;           /* of these, that a part must be lifted, and */
    static const double TC_SHIFT_SHARE = 0.4;           /* of what it would be in the ground: an axle gives way */
    static const double TC_SHIFT_TIME = 0.25;           /* s: a bounce is shorter */
    """
    const double TC_SHIFT_SD_Z, TC_SHIFT_SD_ROLL, TC_SHIFT_SD_PITCH, TC_SHIFT_LEAST, TC_SHIFT_SHARE, TC_SHIFT_TIME

cdef struct load_shift:
    int64_t since_ns                    # when it began; 0 = does not show
    int32_t part                        # that is lifted most clearly
    double lift                         # of it, m
    int32_t felt                        # it lasts


cdef double lift_of(const tc_state *state, const tc_stance *s, int32_t part, double *sd) noexcept nogil:
    """How much higher a part is where fusion feels it than on the wheels alone, m, and how well that is known."""
    cdef double dx = s.nearest[part][0] - s.x, dy = s.nearest[part][1] - s.y
    cdef double ahead = cos(s.yaw) * dx + sin(s.yaw) * dy, left = cos(s.yaw) * dy - sin(s.yaw) * dx
    cdef double by_roll = left * TC_SHIFT_SD_ROLL, by_pitch = ahead * TC_SHIFT_SD_PITCH
    sd[0] = sqrt(TC_SHIFT_SD_Z * TC_SHIFT_SD_Z + state.sd_position[2] * state.sd_position[2]
                 + by_roll * by_roll + by_pitch * by_pitch)
    return (state.position[2] - s.z) + left * (state.roll - s.roll) - ahead * (state.pitch - s.pitch)


cdef bint part_is_lifted(load_shift *w, const tc_state *state, const tc_stance *s, int32_t n_parts) noexcept nogil:
    """Whether a part that should be in the ground is held out of it at this moment; which, and how much."""
    cdef double lift, sd, clearest = TC_SHIFT_LEAST
    cdef int32_t i
    w.part = -1
    if s.status != TC_STANCE_OK:
        return False
    for i in range(n_parts):
        if not s.clearance[i] < 0.0:
            continue
        lift = lift_of(state, s, i, &sd)
        if lift > clearest * sd and lift > -TC_SHIFT_SHARE * s.clearance[i]:
            clearest = lift / sd
            w.part = i
            w.lift = lift
    return w.part >= 0


cdef void shift_tick(load_shift *w, const tc_state *state, const tc_stance *s, int32_t n_parts,
                     int64_t t_ns) noexcept nogil:
    """Look whether a part carries now, and has for a while."""
    w.felt = 0
    if not part_is_lifted(w, state, s, n_parts):
        w.since_ns = 0
        return
    if w.since_ns == 0:
        w.since_ns = t_ns
    w.felt = seconds(t_ns, w.since_ns) >= TC_SHIFT_TIME
