# The best line: a ladder of searches that share one budget of stances.
#
# Clear ways forward; where one is found and does not stay clear with the driver a hand aside, such that do; where there
# is none the same on a finer lattice, which shows that there are none; clear ways with both gears, where that is
# allowed; ways on which something touches, at a price. Where a clear line is found soon, a less greedy search may find
# a better one. A host that wants no more than the first usable line says so: then a quarter of the budget goes to clear
# ways, and the rest to ways that touch least.

cdef enum:
    LINE_SOON = 500                     # stances: a line found with fewer leaves room for a better one,
    LINE_BETTER = 150                   # for which so many may be spent
    ROOM_BY_LOOKS = 0                   # searches for room, in this order
    ROOM_EVERY_SIDE = 1
    ROOM_FINELY = 2
    ROOM_AT_A_PRICE = 3
    ROOM_RUNGS = 4
    ROOM_PATIENCE = 10000               # stances: with a smaller budget only the first of them

cdef extern from *:
    """
    static const double TC_LINE_CELL = 0.25;            /* m, of a closed state, */
    static const double TC_LINE_CELL_FINE = 0.10;       /* on the finer lattice */
    static const double TC_LINE_GREED = 2.0;            /* weight of the way still to go, */
    static const double TC_LINE_GREED_BETTER = 1.3;     /* when a clear line is known, */
    static const double TC_LINE_GREED_LIGHTLY = 4.0;    /* and where touching is taken lightly */
    static const double TC_LOOK_TILT = 0.12;            /* rad a look may err */
    /* what a metre costs beyond 1, at worst (1/m) */
    static const double TC_COST_TOUCH = 40.0;           /* something touches somewhere on an arc, */
    static const double TC_COST_TOUCH_LIGHTLY = 3.0;    /* the same, once the search for clear ways is given up, */
    static const double TC_COST_NO_ROOM = 8.0;          /* nothing is left for the driver's error */
    static const double TC_COST_TIGHT_ROOM = 4.0;       /* no room to correct, where room is what is searched for */
    static const double TC_LINE_MARGIN = 0.02;          /* m of clearance: 16 mm is what 1 stance in 20 errs */
    """
    const double TC_LINE_CELL, TC_LINE_CELL_FINE, TC_LINE_GREED, TC_LINE_GREED_BETTER, TC_LINE_GREED_LIGHTLY
    const double TC_LOOK_TILT, TC_COST_TOUCH, TC_COST_TOUCH_LIGHTLY, TC_COST_NO_ROOM, TC_LINE_MARGIN
    const double TC_COST_TIGHT_ROOM


cdef void set_way(line_planner *p, const double *trail_xy, int32_t n_trail, const double *start,
                  const double *goal) noexcept nogil:
    """Corridor and goal of this plan."""
    cdef double straight[4]
    cdef double length
    cdef int32_t i
    cdef bint has_trail = False
    for i in range(1, n_trail):
        has_trail |= (trail_xy[2 * i] != trail_xy[2 * i - 2] or trail_xy[2 * i + 1] != trail_xy[2 * i - 1])
    if not has_trail:
        length = sqrt((goal[0] - start[0]) * (goal[0] - start[0]) + (goal[1] - start[1]) * (goal[1] - start[1]))
        straight[0], straight[1] = start[0], start[1]
        straight[2] = goal[0] if length > 0.0 else start[0] + cos(start[2])
        straight[3] = goal[1] if length > 0.0 else start[1] + sin(start[2])
        trail_xy = straight
        n_trail = 2
    corridor_build(&p.way, trail_xy, n_trail, start, goal, TC_CORRIDOR_REACH - p.footprint.rear,
                   TC_CORRIDOR_REACH + p.footprint.front)
    p.goal.x, p.goal.y, p.goal.yaw = goal[0], goal[1], goal[2]
    p.goal.s = p.way.s_goal
    p.goal.any_yaw = isnan(goal[2])
    p.goal.across = has_trail and p.goal.any_yaw


cdef void keep_line(line_planner *p, line_known *known) noexcept nogil:
    """Lay the line at hand aside while another search may find a better one."""
    known.info = p.info
    known.n_points = p.n_points
    known.end_s = p.end_s
    memcpy(p.spare, p.points, p.n_points * sizeof(tc_line_point))


cdef void take_back(line_planner *p, const line_known *known) noexcept nogil:
    """The line laid aside again; what the other search spent stays spent."""
    cdef uint32_t stances = p.info.stances, nodes = p.info.nodes
    p.info = known.info
    p.info.stances = stances
    p.info.nodes = nodes
    p.n_points = known.n_points
    p.end_s = known.end_s
    memcpy(p.points, p.spare, known.n_points * sizeof(tc_line_point))


cdef bint is_clear(const line_planner *p, int32_t outcome) noexcept nogil:
    return outcome == TC_LINE_CLEAR and not points_fail(p, 0.0)


cdef void improve(line_planner *p, const double *start) noexcept nogil:
    """Try to find a better clear line than the one at hand with few more stances; keep the better of the two."""
    cdef line_known known
    cdef int32_t end = 0
    keep_line(p, &known)
    p.greed = TC_LINE_GREED_BETTER
    p.stance_limit = p.info.stances + LINE_BETTER
    if search_from(p, start, &end) == TC_LINE_CLEAR and p.node[end].cost < known.info.cost:
        write_points(p, end)
        if not points_fail(p, 0.0):
            return
    take_back(p, &known)


cdef int32_t search_clear(line_planner *p, const double *start, bint fine, uint32_t stance_limit) noexcept nogil:
    """Search for a line on which nothing touches; more closely if it does between stations: then each is asked, and
    none is passed over where no rest is found. Leaves the points of the best."""
    cdef int32_t outcome, end = 0
    p.touch_price = 0.0
    p.greed = TC_LINE_GREED
    p.cell = TC_LINE_CELL_FINE if fine else TC_LINE_CELL
    p.yaws = LINE_YAWS_FINE if fine else LINE_YAWS
    p.stance_limit = stance_limit
    p.every_station = False
    outcome = search_from(p, start, &end)
    write_points(p, end)
    if outcome == TC_LINE_CLEAR and points_fail(p, p.margin):
        p.every_station = True
        outcome = search_from(p, start, &end)
        write_points(p, end)
    return outcome


cdef int32_t search_touching(line_planner *p, const double *start) noexcept nogil:
    """Search for the line that touches least; where that takes too long, for any."""
    cdef int32_t outcome = TC_LINE_BUDGET, end = 0, turn
    p.every_station = False
    p.cell = TC_LINE_CELL
    p.yaws = LINE_YAWS
    for turn in range(2):
        p.touch_price = TC_COST_TOUCH if turn == 0 else TC_COST_TOUCH_LIGHTLY
        p.greed = TC_LINE_GREED if turn == 0 else TC_LINE_GREED_LIGHTLY
        p.stance_limit = p.config.max_stances
        if turn == 0:
            p.stance_limit -= p.config.max_stances // 8
        outcome = search_from(p, start, &end)
        if outcome != TC_LINE_BUDGET:
            break
    write_points(p, end)
    return outcome


cdef void ask_start_room(line_planner *p, const double *start) noexcept nogil:
    """Where the vehicle stands without room it cannot have any on its way out of there."""
    p.start_room = room_at(p, start, p.start_clearance)


cdef void widen(line_planner *p, const double *start, bint fine) noexcept nogil:
    """Give the clear line at hand room for error, if it lacks any: search for one with a hand's room and some clearance
    to spare all along, believing looks; the same asking for each place beside, and on the finer lattice where there is
    none; for the one that lacks least. The best of all these stays."""
    cdef line_known known
    cdef uint32_t limit, most = 7 * (p.config.max_stances // 8)
    cdef int32_t outcome = TC_LINE_CLEAR, rung
    cdef bint hurried = p.config.max_stances < ROOM_PATIENCE
    cdef double lack, its
    if not p.config.tube > 0.0:
        return
    measure_room(p)
    lack = room_lacking(p)
    if lack == 0.0:
        return
    ask_start_room(p, start)
    keep_line(p, &known)
    for rung in range(ROOM_RUNGS):
        if ((rung == ROOM_EVERY_SIDE and outcome != TC_LINE_CLEAR)
                or (rung == ROOM_FINELY and (outcome != TC_LINE_BLOCKED or fine))):
            continue
        p.tube = p.config.tube
        p.margin = 0.0 if rung == ROOM_AT_A_PRICE else TC_LINE_MARGIN
        p.room_price = TC_COST_NO_ROOM if rung == ROOM_AT_A_PRICE else 0.0
        p.every_side = rung != ROOM_BY_LOOKS
        p.patient = not hurried
        p.tight_price = TC_COST_TIGHT if hurried else TC_COST_TIGHT_ROOM
        limit = most - p.info.stances if p.info.stances < most else 0
        outcome = search_clear(p, start, fine or rung == ROOM_FINELY,
                               p.info.stances + (limit if rung == ROOM_AT_A_PRICE else limit // 2))
        if is_clear(p, outcome):
            measure_room(p)
            its = room_lacking(p)
            if its < lack:
                lack = its
                keep_line(p, &known)
        if lack == 0.0 or hurried:
            break
    take_back(p, &known)
    no_room_asked(p)


cdef void no_room_asked(line_planner *p) noexcept nogil:
    p.tube = p.margin = p.room_price = 0.0
    p.tight_price = TC_COST_TIGHT
    p.every_side = p.patient = False


cdef int32_t search_in_turn(line_planner *p, const double *start) noexcept nogil:
    """The ladder of searches. Leaves the points of the best line."""
    cdef uint32_t eighth = p.config.max_stances // 8
    cdef int32_t outcome
    cdef bint fine = False
    p.both_gears = False
    no_room_asked(p)
    outcome = search_clear(p, start, False, (2 if p.config.options & TC_PLAN_FIRST else 4) * eighth)
    if is_clear(p, outcome):
        p.info.first_stances = p.info.stances
        if p.config.options & TC_PLAN_FIRST:
            return outcome
        widen(p, start, False)
        if not p.config.tube > 0.0 and p.info.stances < LINE_SOON:
            improve(p, start)
        return outcome
    if p.config.options & TC_PLAN_FIRST:
        return search_touching(p, start)
    if outcome != TC_LINE_BLOCKED and p.config.tube > 0.0:      # wider of the rocks may be out of a dead end
        ask_start_room(p, start)
        p.tube = p.config.tube
        outcome = search_clear(p, start, False, 5 * eighth)
        no_room_asked(p)
        outcome = TC_LINE_BUDGET if outcome == TC_LINE_BLOCKED else outcome
    if outcome == TC_LINE_BLOCKED:
        fine = True
        outcome = search_clear(p, start, True, 5 * eighth)
        p.info.exhausted = outcome == TC_LINE_BLOCKED
    if not is_clear(p, outcome) and p.config.reverse:
        p.both_gears = True
        fine = False
        outcome = search_clear(p, start, False, 7 * eighth)
        if outcome == TC_LINE_BLOCKED:
            fine = True
            outcome = search_clear(p, start, True, 7 * eighth)
    if is_clear(p, outcome):
        p.info.first_stances = p.info.stances
        widen(p, start, fine)
        return outcome
    p.both_gears = False
    outcome = search_touching(p, start)
    if p.config.tube > 0.0:
        measure_room(p)
    return outcome


cdef void judge_limit(line_planner *p, int32_t outcome) noexcept nogil:
    """Say what keeps a line from being clear: where it touches, where it ends, or that it cannot turn there."""
    cdef const tc_line_point *q = &p.points[p.n_points - 1]
    cdef int32_t i
    if outcome == TC_LINE_TOUCHES:
        for i in range(p.n_points):
            if p.points[i].s == p.info.least_s:
                q = &p.points[i]
        rest_at(p, q.x, q.y, q.yaw, False)
        note_limit(p, TC_LIMIT_CLEARANCE)
    elif outcome != TC_LINE_CLEAR:
        if p.refused_s < p.end_s - TC_MOTION_LENGTH:
            rest_at(p, q.x, q.y, q.yaw, False)
            note_limit(p, TC_LIMIT_TURN)
    if outcome == TC_LINE_CLEAR:
        p.work.status = TC_STANCE_UNSOLVED
        p.work.x = p.work.y = NAN
        note_limit(p, TC_LIMIT_NONE)


cdef void line_plan(line_planner *p, const tc_grid *g, const double *trail_xy, int32_t n_trail, double half_width,
                    const double *start, const double *goal, bint warm) noexcept nogil:
    """Plan from start (x, y, yaw) to goal (x, y, yaw; NaN yaw = free) within half_width of the trail, a polyline
    of n_trail points; without one (n_trail = 0) of the straight way from start to goal.

    warm: the line planned last is tried first. With a trail and a free yaw the goal is the line across the
    corridor there. The start may touch and may be off the corridor: the vehicle is where it is."""
    cdef int32_t outcome, segment
    cdef double s, start_aside
    remember_arcs(p)
    if not warm:
        p.last.n = 0
    memset(&p.info, 0, sizeof(p.info))
    p.info.struct_size = sizeof(tc_line_info)
    p.grid = g
    rests_forget(&p.rests)
    p.half_width = half_width
    p.x0, p.y0 = start[0], start[1]
    set_way(p, trail_xy, n_trail, start, goal)
    corridor_place(&p.way, start[0], start[1], <int32_t> (p.way.s_start / p.way.spacing), &segment, &s)
    p.side_limit = half_width - p.footprint.half_width
    start_aside = aside(p, start[0], start[1], start[2], segment)
    p.start_outside = start_aside - p.side_limit if start_aside > p.side_limit else 0.0
    rest_at(p, start[0], start[1], start[2], False)
    p.start_clearance = NAN
    if p.work.status == TC_STANCE_OK:
        p.start_clearance = least_clearance(&p.work, <int32_t> p.stance.vehicle.n_parts)
    look_over(&p.map, g, &p.way, half_width + p.start_outside + 1.0,
              p.work.z if p.work.status == TC_STANCE_OK else 0.0)
    p.map.steep = tan(p.config.max_tilt - TC_LOOK_TILT)
    look_ring(&p.map, p.stance.vehicle.tyre_radius, p.stance.vehicle.tyre_tread)
    p.refused_s = -1e300
    outcome = search_in_turn(p, start)
    if outcome == TC_LINE_CLEAR and points_fail(p, 0.0):
        outcome = TC_LINE_TOUCHES
    p.info.outcome = outcome
    judge_limit(p, outcome)
    judge_straight(p)


cdef void line_default(tc_line_config *c) noexcept nogil:
    c.max_nodes = 60000
    c.max_stances = 3000
    c.horizon = 10.0
    c.half_width = 3.0
    c.clearance_wanted = 0.15
    c.clearance_least = 0.0
    c.max_tilt = 0.52
    c.tube = 0.10
    c.reverse = 0
    c.options = 0
