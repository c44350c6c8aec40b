# How likely a line touches, for the errors of ground and model and a driver who does not hold it exactly.
#
# The errors along a line hang together: who is 10 cm off now still is half a metre on, and a rest that is misjudged at
# a rock is misjudged on all of it. Within stretches of TC_WANDER_LENGTH one lateral error and one model error are taken
# to hold throughout, between stretches none; stretches that overlap by half are averaged, so that it does not matter
# where they begin. Lateral errors are normal, asked at RISK_OFFSETS places.

cdef enum:
    RISK_OFFSETS = 9                    # ways beside the line
    RISK_PHASES = 2                     # ways to cut it into stretches
    RISK_ANY = TC_MAX_PARTS             # in the place of a part: any of them

cdef extern from *:
    """
    static const double TC_WANDER_SPAN = 2.5;           /* standard deviations to either side that are asked */
    static const double TC_WANDER_LENGTH = 2.0;         /* m after which one lateral error says little about the next */
    """
    const double TC_WANDER_SPAN, TC_WANDER_LENGTH

cdef struct line_risk:
    int32_t n_offsets
    double aside[RISK_OFFSETS]          # m, left positive
    double weight[RISK_OFFSETS]         # probability of being about there
    int32_t n_parts
    # of the stretches at hand
    int32_t stretch[RISK_PHASES]        # -1 = none yet
    double worst[RISK_PHASES][RISK_OFFSETS][TC_MAX_PARTS + 1]
    double spared[RISK_PHASES][TC_MAX_PARTS + 1]    # probability that nothing touched in those before


cdef void wander_places(line_risk *r, double wander_sd) noexcept nogil:
    """Where a driver with such lateral errors may be, and how likely."""
    cdef double step = 2.0 * TC_WANDER_SPAN / (RISK_OFFSETS - 1), below = 0.0, under
    cdef int32_t i
    r.n_offsets = RISK_OFFSETS if wander_sd > 0.0 else 1
    for i in range(r.n_offsets):
        under = 1.0 if i == r.n_offsets - 1 else normal_below((i + 0.5) * step - TC_WANDER_SPAN)
        r.aside[i] = (i * step - TC_WANDER_SPAN) * wander_sd if r.n_offsets > 1 else 0.0
        r.weight[i] = under - below
        below = under


cdef void risk_begin(line_risk *r, double wander_sd, int32_t n_parts) noexcept nogil:
    cdef int32_t i, k
    wander_places(r, wander_sd)
    r.n_parts = n_parts
    memset(r.worst, 0, sizeof(r.worst))
    for i in range(RISK_PHASES):
        r.stretch[i] = -1
        for k in range(TC_MAX_PARTS + 1):
            r.spared[i][k] = 1.0


cdef void risk_close(line_risk *r, int32_t phase) noexcept nogil:
    """The stretch at hand ends."""
    cdef double touched
    cdef int32_t i, k
    for k in range(TC_MAX_PARTS + 1):
        touched = 0.0
        for i in range(r.n_offsets):
            touched += r.weight[i] * r.worst[phase][i][k]
            r.worst[phase][i][k] = 0.0
        r.spared[phase][k] *= 1.0 - touched


cdef void risk_place(line_risk *r, double s) noexcept nogil:
    """What is added next is at s along the line, m; places come in order."""
    cdef int32_t i, stretch
    for i in range(RISK_PHASES):
        stretch = <int32_t> ((s + i * TC_WANDER_LENGTH / RISK_PHASES) / TC_WANDER_LENGTH)
        if stretch != r.stretch[i] and r.stretch[i] >= 0:
            risk_close(r, i)
        r.stretch[i] = stretch


cdef void risk_add(line_risk *r, int32_t offset, const double *touches) noexcept nogil:
    """Probabilities that each part touches at a place with the driver so far aside; NaN = not known, counts as none."""
    cdef double spared = 1.0, p
    cdef int32_t i, k
    for k in range(r.n_parts):
        p = touches[k]
        if not p > 0.0:
            continue
        spared *= 1.0 - p
        for i in range(RISK_PHASES):
            if p > r.worst[i][offset][k]:
                r.worst[i][offset][k] = p
    for i in range(RISK_PHASES):
        if 1.0 - spared > r.worst[i][offset][RISK_ANY]:
            r.worst[i][offset][RISK_ANY] = 1.0 - spared


cdef void risk_end(line_risk *r, tc_risk *out) noexcept nogil:
    """That a part, and any, touches anywhere."""
    cdef double spared
    cdef int32_t i, k
    for i in range(RISK_PHASES):
        risk_close(r, i)
    for k in range(TC_MAX_PARTS + 1):
        spared = 0.0
        for i in range(RISK_PHASES):
            spared += r.spared[i][k] / RISK_PHASES
        if k == RISK_ANY:
            out.line = 1.0 - spared
        else:
            out.part[k] = 1.0 - spared


cdef void risk_of_line(const stance_model *m, const tc_grid *g, const tc_line_point *line, size_t n, double wander_sd,
                       tc_risk *out) noexcept nogil:
    """Stances on the line and beside it. A pose that tips counts as touching, one without rest as not known."""
    cdef line_risk r
    cdef tc_stance st
    cdef const tc_line_point *p
    cdef size_t i
    cdef int32_t j, k, n_parts = <int32_t> m.vehicle.n_parts
    cdef bint known
    risk_begin(&r, wander_sd, n_parts)
    out.unknown = 0
    for i in range(n):
        p = &line[i]
        risk_place(&r, p.s)
        known = True
        for j in range(r.n_offsets):
            stance_solve(m, g, p.x - r.aside[j] * sin(p.yaw), p.y + r.aside[j] * cos(p.yaw), p.yaw, NULL, &st)
            for k in range(n_parts):
                if st.status == TC_STANCE_TIPS:
                    st.contact_probability[k] = 1.0
                elif st.status != TC_STANCE_OK:
                    st.contact_probability[k] = NAN
                known = known and st.contact_probability[k] == st.contact_probability[k]
            risk_add(&r, j, st.contact_probability)
        out.unknown += not known
    risk_end(&r, out)


cdef public tc_status tc_line_risk(tc_engine *engine, const tc_line_point *line, size_t n, double wander_sd,
                                   tc_risk *out) noexcept nogil:
    cdef engine_memory *e = <engine_memory *> engine
    if e is NULL or out is NULL or (line is NULL and n > 0):
        return TC_E_NULL
    if out.struct_size < sizeof(tc_risk):
        return TC_E_ABI
    if not e.has_grid:
        return TC_E_STATE
    if not (wander_sd >= 0.0 and isfinite(wander_sd)):
        return TC_E_RANGE
    risk_of_line(&e.model, &e.grid, line, n, wander_sd, out)
    out.struct_size = sizeof(tc_risk)
    return TC_OK
