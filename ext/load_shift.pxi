# Load that shifts: a part carries, and no shock tells of it. Where a part should touch, the rest on wheels alone and the
# rest on wheels and parts are two attitudes and heights, and what fusion feels is nearer to one of them.

cdef extern from *:
    """
    /* how far fusion and stance disagree on the move with nothing touching: simulated drives, 0.5 to 1.4 m/s */
    static const double TC_SHIFT_SD_Z = 0.03;           /* m */
    static const double TC_SHIFT_SD_ROLL = 0.021;       /* rad (1.2 deg) */
    static const double TC_SHIFT_SD_PITCH = 0.012;      /* rad (0.7 deg) */
    static const double TC_SHIFT_LEAST = 1.5;           /* of these, that the two rests must differ */
    static const double TC_SHIFT_SHARE = 0.4;           /* of the way from the one to the other */
    static const double TC_SHIFT_TIME = 0.25;           /* s: a bounce is shorter */
    """
    const double TC_SHIFT_SD_Z, TC_SHIFT_SD_ROLL, TC_SHIFT_SD_PITCH, TC_SHIFT_LEAST, TC_SHIFT_SHARE, TC_SHIFT_TIME

cdef struct load_shift:
    int64_t since_ns                    # when it began; 0 = does not show
    int32_t part                        # that carries most, as predicted
    double load                         # on it, N
    int32_t felt                        # it lasts
    tc_margins work


cdef double shift_share(const tc_state *state, const tc_stance *s, const tc_margins *grounded) noexcept nogil:
    """How much of the way from the rest on wheels to that on parts the vehicle has gone, 1; NaN where they are as good
    as the same."""
    cdef double seen[3]
    cdef double expected[3]
    cdef double variance[3]
    cdef double sd = state.sd_position[2], between = 0.0, along = 0.0
    cdef int32_t i
    seen[0] = state.position[2] - s.z
    seen[1] = state.roll - s.roll
    seen[2] = state.pitch - s.pitch
    expected[0] = grounded.grounded_z - s.z
    expected[1] = grounded.grounded_roll - s.roll
    expected[2] = grounded.grounded_pitch - s.pitch
    variance[0] = TC_SHIFT_SD_Z * TC_SHIFT_SD_Z + sd * sd
    variance[1] = TC_SHIFT_SD_ROLL * TC_SHIFT_SD_ROLL
    variance[2] = TC_SHIFT_SD_PITCH * TC_SHIFT_SD_PITCH
    for i in range(3):
        between += expected[i] * expected[i] / variance[i]
        along += seen[i] * expected[i] / variance[i]
    if not between > TC_SHIFT_LEAST * TC_SHIFT_LEAST:
        return NAN
    return along / between


cdef bint rests_on_part(load_shift *w, const stance_model *m, const tc_grid *grid, const tc_state *state,
                        const tc_stance *s) noexcept nogil:
    """Whether the vehicle stands as it does with a part that carries, at this moment."""
    cdef grid_view g
    cdef rest_point p
    if s.status != TC_STANCE_OK or s.least_part < 0 or not s.clearance[s.least_part] < 0.0:
        return False
    grid_look(grid, m.bounds, s.x, s.y, s.yaw, &g)
    if not start_warm(m, s, &p):
        return False
    rest_geometry(m, &p)
    if rest_contacts(m, &g, 0.0, &p) != GROUND_OK:
        return False
    margins_unknown(&w.work)
    grounding(m, &g, &p, s, &w.work)
    return w.work.carrying_part >= 0 and shift_share(state, s, &w.work) > TC_SHIFT_SHARE


cdef void shift_tick(load_shift *w, const stance_model *m, const tc_grid *grid, const tc_state *state,
                     const tc_stance *s, int64_t t_ns) noexcept nogil:
    """Look whether a part carries now, and has for a while."""
    w.felt = 0
    if not rests_on_part(w, m, grid, state, s):
        w.since_ns = 0
        return
    if w.since_ns == 0:
        w.since_ns = t_ns
    w.part = w.work.carrying_part
    w.load = w.work.part_load[w.part]
    w.felt = seconds(t_ns, w.since_ns) >= TC_SHIFT_TIME
