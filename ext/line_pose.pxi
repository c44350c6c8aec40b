# What the search thinks of a single pose: whether a line may lead through it, and what a metre like it costs.

cdef enum:
    STATION_FORBIDDEN = 0
    STATION_TOUCHES = 1
    STATION_CLEAR = 2
    STATION_UNSOLVED = 3

cdef extern from *:
    """
    /* what a metre costs beyond 1, at worst (1/m) */
    static const double TC_COST_CLEARANCE = 6.0;        /* at least clearance; falls with the square of the missing */
    static const double TC_COST_TIP = 4.0;              /* tip margin used up */
    static const double TC_COST_LIFT = 0.5;             /* a wheel in the air */
    static const double TC_COST_UNSOLVED = 5.0;         /* the solver found no rest, but a look expects clearance */
    static const double TC_LINE_TIP_WANTED = 0.35;      /* rad, no reward for more */
    """
    const double TC_COST_CLEARANCE, TC_COST_TIP, TC_COST_LIFT, TC_COST_UNSOLVED, TC_LINE_TIP_WANTED


cdef double least_clearance(const tc_stance *st, int32_t n_parts) noexcept nogil:
    """Of all parts, m. NaN where the ground below one is unknown: an unknown part has no clearance to speak of."""
    cdef int32_t i
    for i in range(n_parts):
        if isnan(st.clearance[i]):
            return NAN
    return st.clearance[st.least_part] if st.least_part >= 0 else 1e3


cdef inline double least_margin(const tc_stance *st) noexcept nogil:
    cdef double a = st.tip_margin[0] if st.tip_margin[0] < st.tip_margin[1] else st.tip_margin[1]
    cdef double b = st.tip_margin[2] if st.tip_margin[2] < st.tip_margin[3] else st.tip_margin[3]
    return a if a < b else b


cdef bint on_map(const line_planner *p, double x, double y, double yaw) noexcept nogil:
    """Whether the whole footprint is."""
    cdef double c = cos(yaw), s = sin(yaw), u, v, z
    cdef int32_t i
    for i in range(4):
        u = p.footprint.front if i < 2 else p.footprint.rear
        v = p.footprint.half_width if i % 2 == 0 else -p.footprint.half_width
        if ground(p.grid, x + u * c - v * s, y + u * s + v * c, &z) == GROUND_OFF_MAP:
            return False
    return True


cdef double aside(const line_planner *p, double x, double y, double yaw, int32_t near) noexcept nogil:
    """How far the vehicle's middle line gets from the trail, at its ends, m."""
    cdef double c = cos(yaw), s = sin(yaw), ignored, front, rear
    cdef int32_t segment
    cdef int32_t ahead = near + <int32_t> (p.footprint.front / p.way.spacing)
    front = corridor_place(&p.way, x + p.footprint.front * c, y + p.footprint.front * s, ahead, &segment, &ignored)
    rear = corridor_place(&p.way, x + p.footprint.rear * c, y + p.footprint.rear * s, near, &segment, &ignored)
    return front if front > rear else rear


cdef inline double shortfall(double value, double wanted) noexcept nogil:
    """Square of the share of what is wanted that is missing, 0 to 1."""
    cdef double q = (wanted - value) / wanted
    return 0.0 if q <= 0.0 else 1.0 if q >= 1.0 else q * q


cdef inline double clearance_cost(const line_planner *p, double clearance) noexcept nogil:
    return TC_COST_CLEARANCE * shortfall(clearance - p.config.clearance_least, p.config.clearance_wanted)


cdef int32_t refusal_of(const line_planner *p, const tc_stance *st) noexcept nogil:
    """Why no line may lead through a stance: TC_LIMIT_, none where one may."""
    if st.status == TC_STANCE_OFF_MAP or st.status == TC_STANCE_BAD_POSE:
        return TC_LIMIT_OFF_MAP
    if st.status == TC_STANCE_UNKNOWN:
        return TC_LIMIT_UNKNOWN
    if st.status == TC_STANCE_UNSOLVED:
        return TC_LIMIT_UNSOLVED
    if st.status == TC_STANCE_NO_SUPPORT:
        return TC_LIMIT_NO_SUPPORT
    if st.status != TC_STANCE_OK or least_margin(st) <= 0.0:
        return TC_LIMIT_TIPS
    if cos(st.roll) * cos(st.pitch) < cos(p.config.max_tilt):
        return TC_LIMIT_TILT
    return TC_LIMIT_UNKNOWN if isnan(least_clearance(st, <int32_t> p.stance.vehicle.n_parts)) else TC_LIMIT_NONE


cdef void note_limit(line_planner *p, int32_t cause) noexcept nogil:
    """The stance at work is what a line ends at."""
    cdef const tc_stance *st = &p.work
    cdef bint rests = st.status == TC_STANCE_OK
    p.info.limit_cause = cause
    p.info.limit_x, p.info.limit_y = st.x, st.y
    p.info.limit_clearance = least_clearance(st, <int32_t> p.stance.vehicle.n_parts) if rests else NAN
    p.info.limit_tilt = acos(cos(st.roll) * cos(st.pitch)) if rests else NAN
    p.info.limit_part = st.least_part if rests else -1


cdef void refuse(line_planner *p, double s) noexcept nogil:
    """Remember the refusal farthest along the corridor: that is where the way ends, if no other is found."""
    if s > p.refused_s:
        p.refused_s = s
        note_limit(p, p.refusal)


cdef void rest_at(line_planner *p, double x, double y, double yaw, bint warm) noexcept nogil:
    """The stance there into p.work; warm: it may start from the one that is there now."""
    cdef int32_t n_parts = <int32_t> p.stance.vehicle.n_parts
    if rest_recall(&p.rests, n_parts, x, y, yaw, &p.work):
        return
    stance_solve_least(p.stance, p.grid, x, y, yaw, &p.work if warm else NULL, &p.work)
    p.info.stances += 1
    if not warm:
        rest_keep(&p.rests, &p.work, least_clearance(&p.work, n_parts))


cdef int32_t judge_pose(line_planner *p, double x, double y, double yaw, double least,
                        double *cost) noexcept nogil:
    """Let the vehicle rest there: STATION_, and what a metre like this costs beyond its length. p.work is the stance,
    from a cold start: what a pose is worth does not hang on how the search came there. With less clearance than `least`
    something counts as touching."""
    cdef tc_stance *st = &p.work
    cdef double clearance, margin
    if on_map(p, x, y, yaw):
        rest_at(p, x, y, yaw, False)
    else:
        st.x, st.y, st.yaw = x, y, yaw
        st.status = TC_STANCE_OFF_MAP
    p.refusal = refusal_of(p, st)
    if p.refusal == TC_LIMIT_UNSOLVED:
        cost[0] = TC_COST_UNSOLVED
        return STATION_UNSOLVED
    if p.refusal != TC_LIMIT_NONE:
        return STATION_FORBIDDEN
    clearance = least_clearance(st, <int32_t> p.stance.vehicle.n_parts)
    margin = least_margin(st)
    cost[0] = (clearance_cost(p, clearance) + TC_COST_TIP * shortfall(margin, TC_LINE_TIP_WANTED)
               + TC_COST_LIFT * ((st.lifted & 1) + (st.lifted >> 1 & 1) + (st.lifted >> 2 & 1) + (st.lifted >> 3 & 1)))
    return STATION_CLEAR if clearance >= least else STATION_TOUCHES
