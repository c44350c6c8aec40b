# What lies ahead on line and present course: ways, tight places, turns.

cdef void look_ahead(coach_state *c, const coach_view *view) noexcept nogil:
    """Speed, how well the place is known, and the wheel travel (on the slope) to every point ahead."""
    cdef const double *sd = view.state.sd_position
    cdef const tc_line_point *p
    cdef double ds, dz
    cdef int32_t i, n
    c.speed = speed_of(view.state)
    c.sd = sqrt(sd[0] * sd[0] + sd[1] * sd[1])
    c.at = 0
    for i in range(view.n_course):
        c.course_to[i] = view.course[i].s - view.course_rolled
    c.course_end_to = view.course_end_way - view.course_rolled
    if view.line is NULL:
        return
    p = view.line.points
    n = view.line.n_points
    while c.at < n and p[c.at].s < view.s:
        c.at += 1
    if c.at < n:
        c.roll_to[c.at] = p[c.at].s - view.s
    for i in range(c.at + 1, n):
        ds = p[i].s - p[i - 1].s
        dz = p[i].z - p[i - 1].z
        c.roll_to[i] = c.roll_to[i - 1] + (sqrt(ds * ds + dz * dz) if isfinite(dz) else ds)


cdef void find_among(const tc_line_point *p, const double *roll_to, int32_t at, int32_t n, double below,
                     coach_place *out) noexcept nogil:
    """The next stretch of points with a clearance below the one given; short gaps belong to it."""
    cdef int32_t i
    out.first = out.last = out.worst = -1
    for i in range(at, n):
        if p[i].clearance < below:
            if out.first < 0:
                out.first = out.worst = i
            out.last = i
            if p[i].clearance < p[out.worst].clearance:
                out.worst = i
        elif out.first >= 0 and roll_to[i] - roll_to[out.last] > TC_COACH_JOIN:
            break


cdef void find_place(const coach_state *c, const coach_view *view, double below, coach_place *out) noexcept nogil:
    """The next tight stretch of the line."""
    find_among(view.line.points, c.roll_to, c.at, view.line.n_points, below, out)


cdef void name_first(const tc_line_point *p, coach_place *place) noexcept nogil:
    """Let the worst point be one of the part that is met first: that is the one to speak of."""
    cdef int32_t i
    place.worst = place.first
    for i in range(place.first, place.last + 1):
        if p[i].part == p[place.first].part and p[i].clearance < p[place.worst].clearance:
            place.worst = i


cdef void find_on_course(const coach_state *c, const coach_view *view, double below, coach_place *out) noexcept nogil:
    """The next tight stretch of the present course."""
    find_among(view.course, c.course_to, 0, view.n_course, below, out)


cdef double steer_mean(const coach_view *view, int32_t i, double length) noexcept nogil:
    """Mean steer of the line from point i over a length, rad."""
    cdef const tc_line_point *p = view.line.points
    cdef double total = p[i].steer, n = 1.0
    cdef int32_t j = i + 1
    while j < view.line.n_points and p[j].s - p[i].s < length:
        total += p[j].steer
        n += 1.0
        j += 1
    return total / n


cdef int32_t next_turn(const coach_state *c, const coach_view *view, int32_t i, double steer) noexcept nogil:
    """First point from i on where a driver who holds this steer has to turn the wheel, -1 = none."""
    cdef double least = least_turn(c)
    cdef int32_t j
    for j in range(i, view.line.n_points):
        if (fabs(steer_mean(view, j, TC_COACH_WINDOW) - steer) > least
                and fabs(view.line.points[j].steer - steer) > 0.5 * least):
            return j
    return -1


cdef int32_t steer_run(const coach_state *c, const coach_view *view, int32_t i) noexcept nogil:
    """Last point of the run of nearly constant steer that starts at point i."""
    cdef int32_t turn = next_turn(c, view, i, steer_mean(view, i, TC_COACH_WINDOW))
    return turn - 1 if turn > i else view.line.n_points - 1


cdef bint course_keeps(const coach_state *c, const coach_view *view, double way) noexcept nogil:
    """Whether the present course is known to keep its clearance over a way."""
    cdef int32_t i
    for i in range(view.n_course):
        if not view.course[i].clearance >= c.config.clearance_warn:
            return False
        if c.course_to[i] >= way:
            return True
    return False


cdef int32_t turn_to_make(const coach_state *c, const coach_view *view, int32_t i, double steer) noexcept nogil:
    """The next turn but for those soon taken back that the present course does not need, -1 = none."""
    cdef int32_t end
    while True:
        i = next_turn(c, view, i, steer)
        if i < 0:
            return -1
        end = steer_run(c, view, i) + 1
        if (end >= view.line.n_points or c.roll_to[end] - c.roll_to[i] >= TC_COACH_FLUTTER
                or fabs(steer_mean(view, end, TC_COACH_WINDOW) - steer) > least_turn(c)
                or not course_keeps(c, view, c.roll_to[end])):
            return i
        i = end


cdef double driver_steer(const coach_state *c, const coach_view *view) noexcept nogil:
    """Where the steering is, as measured; else where the driver was told to turn it; else as the line has it."""
    if isfinite(view.state.steer):
        return view.state.steer
    if isfinite(c.told_steer) and view.state.distance - c.told_at < TC_COACH_FORGET:
        return c.told_steer
    return view.line.points[c.at].steer


cdef double line_worth(const coach_state *c, const tc_line_info *info) noexcept nogil:
    """By how much a line must keep more clear than the unsteered way to be worth leading somebody along it, m. Whoever
    is led is a hand aside now and then; where the line has no room for that, and the way as it is would pass, what a
    hand aside costs has to be gained too."""
    if info.tube > 0.0 or info.straight_clearance < TC_COACH_TOUCHES:
        return TC_COACH_WORTH
    return TC_COACH_WORTH + TC_COACH_ASIDE * c.config.deviation_warn


cdef bint line_matters(const coach_state *c, const coach_view *view) noexcept nogil:
    """Whether the advised line keeps a part from the ground that the unsteered way would bring near it."""
    cdef const tc_line_info *info = &view.line.info
    cdef coach_place tight
    if info.straight_clearance < c.config.clearance_warn:
        return (view.s < info.straight_s
                and info.least_clearance > info.straight_clearance + line_worth(c, info))
    find_place(c, view, c.config.clearance_warn, &tight)
    return isnan(info.straight_clearance) and tight.first >= 0


cdef int32_t turn_beyond(const coach_state *c, const coach_view *view, double steer, double way) noexcept nogil:
    """The next turn to make that is at least so far off, -1 = none."""
    cdef int32_t i = c.at
    while i < view.line.n_points and c.roll_to[i] < way:
        i += 1
    return turn_to_make(c, view, i, steer) if i < view.line.n_points else -1


cdef int32_t turn_in_reach(const coach_state *c, const coach_view *view, double steer) noexcept nogil:
    """The next turn that the driver can still make, -1 = none: one that was prepared needs no time to be heard."""
    cdef int32_t i = turn_beyond(c, view, steer, reaction_way(c))
    if (i < 0 or c.roll_to[i] >= turn_way(c)
            or fabs(steer_mean(view, i, TC_COACH_WINDOW) - c.prepared_steer) <= 2.0 * least_turn(c)):
        return i
    return turn_beyond(c, view, steer, turn_way(c))


cdef inline bint turn_due(const coach_state *c, int32_t i) noexcept nogil:
    return c.roll_to[i] - turn_way(c) <= TC_COACH_ROUNDING
