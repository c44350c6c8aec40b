# Room for error: how far aside of a line a driver may be and nothing touches.
#
# It is asked at the width wanted, then at less, left and right, and within a width only where little is left there:
# what touches at 5 cm seldom clears at 10 (11 of 18,231 points on rock fields).

cdef enum:
    ROOM_WIDTHS = 3

cdef extern from *:
    """
    static const double TC_ROOM_SHARE[] = {1.0, 0.7, 0.5};  /* of the width wanted */
    static const double TC_ROOM_LITTLE = 0.03;          /* m of clearance somewhere: within is asked as well */
    static const double TC_ROOM_SPARE = 3.0;            /* metres without room: as bad as one with no clearance */
    static const double TC_ROOM_TIGHT = 0.05;           /* metres without room: as bad as one of tight turn: beyond 15 %
                                                           of such, drivers of 61 lines struck three times as often */
    static const double TC_ROOM_SURE = 0.30;            /* m a look has to expect, where places beside are asked */
    """
    const double TC_ROOM_SHARE[3]
    const double TC_ROOM_LITTLE, TC_ROOM_SPARE, TC_ROOM_TIGHT, TC_ROOM_SURE


cdef double spare_lacking(const line_planner *p, double clearance) noexcept nogil:
    """Share of the margin that a clearance lacks, 0 to 1."""
    cdef double over = clearance - p.config.clearance_least
    return 0.0 if over >= TC_LINE_MARGIN else 1.0 if over <= 0.0 else 1.0 - over / TC_LINE_MARGIN


cdef double rest_beside(line_planner *p, const double *pose, double width) noexcept nogil:
    """The lesser clearance of a vehicle so far left and right of a pose, m; -inf where no line may lead through one,
    NaN where no rest was found."""
    cdef double least = INFINITY, clearance, x, y
    cdef int32_t side
    cdef bint unsolved = False
    for side in range(-1, 2, 2):
        x = pose[0] - side * width * sin(pose[2])
        y = pose[1] + side * width * cos(pose[2])
        rest_at(p, x, y, pose[2], False)
        if p.work.status == TC_STANCE_UNSOLVED or p.work.status == TC_STANCE_NO_SUPPORT:
            unsolved = True
            continue
        clearance = least_clearance(&p.work, <int32_t> p.stance.vehicle.n_parts)
        if p.work.status != TC_STANCE_OK or not clearance >= p.config.clearance_least:
            return -INFINITY
        if clearance < least:
            least = clearance
    return NAN if unsolved else least


cdef double room_at(line_planner *p, const double *pose, double clearance) noexcept nogil:
    """How far aside of a pose with this clearance nothing touches, m, of the widths asked; NaN where no rest was
    found."""
    cdef double beside, inner
    cdef int32_t i
    for i in range(ROOM_WIDTHS):
        beside = rest_beside(p, pose, TC_ROOM_SHARE[i] * p.config.tube)
        if isnan(beside):
            return NAN
        if beside == -INFINITY:
            continue
        if i < ROOM_WIDTHS - 1 and (beside < TC_ROOM_LITTLE or clearance < TC_ROOM_LITTLE):
            inner = rest_beside(p, pose, TC_ROOM_SHARE[ROOM_WIDTHS - 1] * p.config.tube)
            if isnan(inner):
                return NAN
            if inner == -INFINITY:
                return 0.0
        return TC_ROOM_SHARE[i] * p.config.tube
    return 0.0


cdef void measure_room(line_planner *p) noexcept nogil:
    """Room at every point of the line at hand, as far as the budget goes; the least of it is the line's. A place
    without rest between two that have one is as they are, as on the line itself."""
    cdef double pose[3]
    cdef double least = p.config.tube, before
    cdef tc_line_point *q
    cdef int32_t i, asked = 0
    for i in range(p.n_points):
        q = &p.points[i]
        if p.info.stances >= p.config.max_stances:
            break
        asked += 1
        pose[0], pose[1], pose[2] = q.x, q.y, q.yaw
        q.room = 0.0
        if q.stance_status == TC_STANCE_UNSOLVED:
            q.room = NAN
        elif q.stance_status == TC_STANCE_OK and q.clearance >= p.config.clearance_least:
            q.room = room_at(p, pose, q.clearance)
    before = NAN
    for i in range(asked):
        q = &p.points[i]
        if isnan(q.room):
            q.room = 0.0
            if not isnan(before) and i + 1 < asked and not isnan(p.points[i + 1].room):
                q.room = before if before < p.points[i + 1].room else p.points[i + 1].room
            before = NAN
        else:
            before = q.room
        if q.room < least:
            least = q.room
    p.info.tube = least if asked == p.n_points else 0.0


cdef double room_lacking(const line_planner *p) noexcept nogil:
    """What the line at hand lacks of the room, the margin and, with time to search, the gentleness wanted, in metres of
    line without room."""
    cdef double lack = 0.0, step, room, tight = tan(p.stance.vehicle.max_steer) * TC_LINE_TIGHT
    cdef int32_t i
    for i in range(1, p.n_points):
        step = p.points[i].s - p.points[i - 1].s
        room = 0.0 if isnan(p.points[i].room) else p.points[i].room
        lack += step * (1.0 - room / p.config.tube)
        if p.points[i].stance_status == TC_STANCE_OK:
            lack += step * TC_ROOM_SPARE * spare_lacking(p, p.points[i].clearance)
        if p.config.max_stances >= ROOM_PATIENCE and fabs(tan(p.points[i].steer)) > tight:
            lack += step * TC_ROOM_TIGHT
    return lack
