# A line a driver can be told: few legs, on each of which the wheel stays as it is; it is turned where the vehicle
# stands, by quarters of a turn. A spotter's way through a rock garden: stop, half a turn driver, forward three feet.
#
# A search of its own on what a plan has laid out (corridor, looks, stances), in the planner's memory: a node rolls half
# a metre on with the wheel held, or turns it first, at the price of the words and the stop that costs.

cdef enum:
    LEG_LEVELS = 24                     # places of the wheel; the first is the one it has at the start
    LEG_LEAST = 2                       # arcs rolled before the wheel is turned again
    LEG_MAX_ARCS = 60
    LEG_STANCES = 700                   # budget of one search,
    LEG_STANCES_WAITING = 2000          # and of one for somebody who stands and waits for it
    LEG_ROLLED = 4                      # place of the arcs rolled since the last turn in a node's flags

cdef extern from *:
    """
    static const double TC_LEG_HORIZON = 8.0;           /* m along the trail */
    static const double TC_LEG_ROOM = 0.03;             /* m of clearance wanted where nobody may be a hand aside */
    static const double TC_LEG_WORTH = 1.5;             /* m, legs that end sooner are not worth a word */
    static const double TC_LEG_GREED = 2.5;             /* weight of the way still to go */
    static const double TC_LEG_TURN = 1.2;              /* m of way a turn is worth avoiding, and */
    static const double TC_LEG_QUARTER = 0.1;           /* for each quarter turn of the wheel */
    static const double TC_LEG_GEAR = 2.5;              /* m, a change of gear */
    static const double TC_LEG_REVERSE = 1.5;           /* a metre backwards beyond its length */
    static const double TC_LEG_OVERRUN = 1.0;           /* m, a turn with something that touches half a metre on */
    static const double TC_LEG_SAME = 0.25;             /* of a quarter turn: places of the wheel that are one */
    static const double TC_LEG_ERRS = 0.2;              /* of the turn before it: a beginner turns so far off, */
    static const double TC_LEG_ASIDE = 0.05;            /* m, and is so far aside where he sets off */
    static const double TC_LEG_PRICE = 2.0;             /* times what a plan pays for little room aside */
    static const double TC_LEG_WHEEL = 1.5707963267948966;  /* rad, a quarter turn of the steering wheel */
    """
    const double TC_LEG_HORIZON, TC_LEG_ROOM, TC_LEG_WORTH, TC_LEG_GREED, TC_LEG_TURN, TC_LEG_QUARTER, TC_LEG_GEAR
    const double TC_LEG_REVERSE, TC_LEG_OVERRUN, TC_LEG_SAME, TC_LEG_ERRS, TC_LEG_ASIDE, TC_LEG_PRICE
    const double TC_LEG_WHEEL

cdef struct leg_planner:
    motion arc[LEG_LEVELS]
    double steer[LEG_LEVELS]            # rad
    int32_t n                           # of them
    int32_t hold                        # arcs that roll by until the wheel can be turned
    double quarter                      # turn of the steering wheel, at the road wheels, rad
    uint32_t budget                     # stances one search may spend
    int32_t found                       # the line at hand is one of legs


cdef void leg_level(leg_planner *g, double steer, double wheelbase) noexcept nogil:
    """Add a place of the wheel, unless it is there."""
    cdef double k = tan(steer) / wheelbase
    cdef int32_t i
    for i in range(g.n):
        if fabs(g.steer[i] - steer) < TC_LEG_SAME * g.quarter:
            return
    if g.n == LEG_LEVELS:
        return
    g.steer[g.n] = steer
    motion_arc(&g.arc[g.n], k, k)
    g.n += 1


cdef void leg_levels(leg_planner *g, double steer, double most, double ratio, double wheelbase) noexcept nogil:
    """Where the wheel can be told to: as it is, straight, and by quarter turns from where it is."""
    cdef int32_t k
    g.quarter = TC_LEG_WHEEL / ratio
    g.n = 0
    leg_level(g, steer, wheelbase)
    leg_level(g, 0.0, wheelbase)
    for k in range(1, LEG_LEVELS):
        if steer + k * g.quarter <= most:
            leg_level(g, steer + k * g.quarter, wheelbase)
        if steer - k * g.quarter >= -most:
            leg_level(g, steer - k * g.quarter, wheelbase)


cdef bint leg_sayable(const leg_planner *g, int32_t start, int32_t level) noexcept nogil:
    """Whether a turn can be told: straighten, or an amount there are words for."""
    cdef double quarters = fabs(g.steer[level] - g.steer[start]) / g.quarter
    if fabs(g.steer[level]) < TC_LEG_SAME * g.quarter:
        return quarters > 0.5
    return 0.5 < quarters < 4.5 or 5.5 < quarters < 6.5 or 7.5 < quarters < 8.5


cdef inline uint64_t leg_key(const line_planner *p, const line_node *n) noexcept nogil:
    """Cell, heading, wheel, gear, and whether it may be turned again."""
    cdef int64_t ix = <int64_t> floor((n.x - p.x0) / p.cell) + (1 << 19)
    cdef int64_t iy = <int64_t> floor((n.y - p.y0) / p.cell) + (1 << 19)
    cdef int64_t turn = <int64_t> floor(wrap_angle(n.yaw) * (p.yaws / 6.283185307179586) + 0.5) + p.yaws
    return (<uint64_t> (ix & 0xFFFFF) << 40 | <uint64_t> (iy & 0xFFFFF) << 20 | <uint64_t> (turn % p.yaws) << 8
            | <uint64_t> n.level << 2 | <uint64_t> (n.gear < 0) << 1
            | <uint64_t> (n.flags >> LEG_ROLLED >= LEG_LEAST))


cdef double leg_cost(const leg_planner *g, line_planner *p, const line_node *begin, const line_node *n,
                     double from_trail) noexcept nogil:
    """What an arc costs before any stance is known: its length, and what has to be said before it."""
    cdef double w = from_trail / p.half_width, metre = 1.0 + TC_COST_ASIDE * w * w, cost = 0.0
    cdef double pose[3]
    if n.gear < 0:
        metre += TC_LEG_REVERSE
    if n.level != begin.level or n.gear != begin.gear:
        cost = TC_LEG_TURN + TC_LEG_QUARTER * fabs(g.steer[n.level] - g.steer[begin.level]) / g.quarter
        if begin.parent >= 0:           # room where the driver stops too late
            station_pose(begin, &g.arc[begin.level], begin.gear, MOTION_STATIONS - 1, pose)
            if look_clearance(&p.map, &p.samples, pose[0], pose[1], pose[2]) < p.config.clearance_least:
                cost += TC_LEG_OVERRUN
    if n.gear != begin.gear:
        cost += TC_LEG_GEAR
    return metre * TC_MOTION_LENGTH + cost


cdef bint leg_open(const leg_planner *g, line_planner *p, int32_t parent, int32_t level, int32_t gear) noexcept nogil:
    """Open the node half a metre on, unless it is of no use. False when the memory is full."""
    cdef line_node *n
    cdef const line_node *begin = &p.node[parent]
    cdef double pose[3]
    cdef double from_trail
    cdef bint goes_on = level == begin.level and gear == begin.gear
    if p.n_nodes >= p.open.capacity:
        return False
    n = &p.node[p.n_nodes]
    n.parent = parent
    n.level = level
    n.gear = gear
    n.flags = ((begin.flags >> LEG_ROLLED) + 1 if goes_on else 1) << LEG_ROLLED
    n.arcs = begin.arcs + 1
    station_pose(begin, &g.arc[level], gear, MOTION_STATIONS - 1, pose)
    n.x, n.y, n.yaw = pose[0], pose[1], pose[2]
    if table_has(&p.closed, leg_key(p, n)):
        return True
    from_trail = corridor_place(&p.way, n.x, n.y, begin.segment, &n.segment, &n.s)
    if aside(p, n.x, n.y, n.yaw, n.segment) > side_limit_at(p, n.arcs):
        return True
    n.look = look_arc(p, begin, &g.arc[level], gear)
    n.cost = begin.cost + leg_cost(g, p, begin, n, from_trail) + n.look
    heap_push(&p.open, n.cost + TC_LEG_GREED * still_to_go(p, n), p.n_nodes)
    p.n_nodes += 1
    return True


cdef bint leg_expand(const leg_planner *g, line_planner *p, int32_t index) noexcept nogil:
    """Open all nodes one arc on. False when the memory is full."""
    cdef int32_t level = p.node[index].level, gear = p.node[index].gear, i
    if not leg_open(g, p, index, level, gear):
        return False
    if p.node[index].arcs < g.hold or (index > 0 and p.node[index].flags >> LEG_ROLLED < LEG_LEAST):
        return True
    for i in range(g.n):
        if i == level or not leg_sayable(g, level, i):
            continue
        if not leg_open(g, p, index, i, 1) or not leg_open(g, p, index, i, -1):
            return False
    return leg_open(g, p, index, level, -gear)


cdef double turned_off(const leg_planner *g, const line_planner *p, const line_node *n, double *rolled) noexcept nogil:
    """By how much the curvature of a leg may err, 1/m: its turn may. rolled is its way up to this arc, m."""
    cdef const line_node *begin = &p.node[n.parent]
    cdef int32_t arcs = (n.flags >> LEG_ROLLED) - 1, i
    cdef double c = cos(g.steer[n.level])
    for i in range(arcs):
        begin = &p.node[begin.parent]
    rolled[0] = arcs * TC_MOTION_LENGTH
    return TC_LEG_ERRS * fabs(g.steer[n.level] - g.steer[begin.level]) / (c * c * p.wheelbase)


cdef double look_off(line_planner *p, const double *pose, int32_t gear, double off, double way) noexcept nogil:
    """By a look, the lesser clearance of a vehicle that came here with its curvature off by so much over a way, m."""
    cdef double turn = off * way * gear, shift = TC_LEG_ASIDE + 0.5 * off * way * way
    cdef double dx = -shift * sin(pose[2]), dy = shift * cos(pose[2])
    cdef double left = look_clearance(&p.map, &p.samples, pose[0] + dx, pose[1] + dy, pose[2] + turn)
    cdef double right = look_clearance(&p.map, &p.samples, pose[0] - dx, pose[1] - dy, pose[2] - turn)
    return right if right < left else left


cdef bint leg_judge(const leg_planner *g, line_planner *p, int32_t index) noexcept nogil:
    """Replace what looks said of an arc by what stances say; False where one of them forbids it."""
    cdef line_node *n = &p.node[index]
    cdef const line_node *begin = &p.node[n.parent]
    cdef double pose[3]
    cdef double cost = 0.0, one = 0.0, bias = 0.0, seen, least = p.config.clearance_least, rolled = 0.0
    cdef double off = turned_off(g, p, n, &rolled)
    cdef int32_t i, verdict
    cdef bint escapes = p.start_clearance < least and n.arcs * TC_MOTION_LENGTH <= TC_LINE_ESCAPE
    cdef bint rested = False
    if escapes:
        least = p.start_clearance - TC_LINE_ESCAPE_DEEPER
    for i in range(MOTION_STATIONS - 1, -1, -1):
        station_pose(begin, &g.arc[n.level], n.gear, i, pose)
        seen = look_clearance(&p.map, &p.samples, pose[0], pose[1], pose[2])
        if rested and seen + bias > TC_LINE_FINE_BELOW and not p.every_station:
            cost += clearance_cost(p, seen + bias)
        else:
            verdict = judge_pose(p, pose[0], pose[1], pose[2], least, &one)
            if (verdict == STATION_FORBIDDEN or verdict == STATION_TOUCHES
                    or (verdict == STATION_UNSOLVED and not seen > TC_LINE_FINE_BELOW)):
                return False
            cost += one
            rested = verdict != STATION_UNSOLVED
            if rested and not isnan(seen):
                bias = least_clearance(&p.work, <int32_t> p.stance.vehicle.n_parts) - seen
        cost += TC_LEG_PRICE * hand_cost(p, bias + look_off(p, pose, n.gear, off, rolled + (i + 1.0) / MOTION_STATIONS
                                                            * TC_MOTION_LENGTH))
        if p.tube > 0.0 and not escapes and not stands_aside(p, pose, bias):
            return False
    n.cost += cost / MOTION_STATIONS * TC_MOTION_LENGTH - n.look
    n.flags |= NODE_JUDGED
    return True


cdef bint leg_search(const leg_planner *g, line_planner *p, const double *start, int32_t *end) noexcept nogil:
    """Search from a pose, the wheel as it is. True where the goal is reached; end is the last node of the best way."""
    cdef line_node *n = &p.node[0]
    cdef double price
    cdef int32_t index
    cdef uint32_t limit = p.info.stances + g.budget
    table_clear(&p.closed)
    p.open.n = 0
    n.x, n.y, n.yaw = start[0], start[1], start[2]
    n.cost = 0.0
    n.parent = -1
    n.arcs = n.level = 0
    n.gear = 1
    n.flags = NODE_JUDGED
    corridor_place(&p.way, n.x, n.y, <int32_t> (p.way.s_start / p.way.spacing), &n.segment, &n.s)
    p.n_nodes = 1
    end[0] = 0
    heap_push(&p.open, 0.0, 0)
    while p.open.n > 0:
        index = heap_pop(&p.open)
        n = &p.node[index]
        if table_has(&p.closed, leg_key(p, n)):
            continue
        if not n.flags & NODE_JUDGED:
            if p.info.stances >= limit:
                return False
            if not leg_judge(g, p, index):
                continue
            price = n.cost + TC_LEG_GREED * still_to_go(p, n)
            if p.open.n > 0 and price > p.open.entry[0].price:
                heap_push(&p.open, price, index)
                continue
        table_add(&p.closed, leg_key(p, n))
        if n.s > p.node[end[0]].s:
            end[0] = index
        if n.s >= p.goal.s:
            return True
        if n.arcs < LEG_MAX_ARCS and not leg_expand(g, p, index):
            return False
    return False


cdef void legs_write(const leg_planner *g, line_planner *p, int32_t end) noexcept nogil:
    """The legs to a node as points 0.1 m apart, each with its stance."""
    cdef int32_t i, k, index = end, n = p.node[end].arcs
    cdef const line_node *begin
    cdef const line_node *to
    cdef double pose[3]
    cdef double s = 0.0
    while index > 0:
        p.chain[p.node[index].arcs - 1] = index
        index = p.node[index].parent
    p.n_points = 0
    p.info.least_clearance = p.info.least_s = NAN
    p.info.least_part = -1
    rest_at(p, p.node[0].x, p.node[0].y, p.node[0].yaw, False)
    point_from_work(p, 0.0, g.steer[p.node[p.chain[0]].level], p.node[p.chain[0]].gear)
    for i in range(n):
        to = &p.node[p.chain[i]]
        begin = &p.node[to.parent]
        p.points[p.n_points - 1].gear = to.gear
        for k in range(MOTION_STATIONS):
            station_pose(begin, &g.arc[to.level], to.gear, k, pose)
            rest_at(p, pose[0], pose[1], pose[2], p.work.status == TC_STANCE_OK)
            s = (i + (k + 1.0) / MOTION_STATIONS) * TC_MOTION_LENGTH
            point_from_work(p, s, g.steer[to.level], to.gear)
    p.info.length = s
    p.info.cost = p.node[end].cost
    p.end_s = p.node[end].s


cdef bint legs_try(const leg_planner *g, line_planner *p, const double *start, double tube, double room,
                   bint partly) noexcept nogil:
    """legs_find with more room than a line must have."""
    cdef double least = p.config.clearance_least
    cdef bint found
    p.config.clearance_least += room
    found = legs_find(g, p, start, tube, partly)
    p.config.clearance_least = least
    return found


cdef bint legs_find(const leg_planner *g, line_planner *p, const double *start, double tube,
                    bint partly) noexcept nogil:
    """Write the legs found with nothing that touches so far aside; partly: also where they do not reach the goal."""
    cdef int32_t end = 0, turn
    cdef bint reached
    p.tube = tube
    for turn in range(2):
        p.every_station = turn == 1
        reached = leg_search(g, p, start, &end)
        if not reached and not (partly and p.node[end].s >= p.node[0].s + TC_LEG_WORTH):
            return False
        legs_write(g, p, end)
        if not points_fail(p, 0.0) or p.start_clearance < p.config.clearance_least:
            p.info.outcome = TC_LINE_CLEAR if reached else TC_LINE_BLOCKED
            p.info.tube = tube
            return True
    return False


cdef void legs_plan(leg_planner *g, line_planner *p, const double *start, double steer, double ratio,
                    double hold) noexcept nogil:
    """Put legs in the place of the line just planned, if there are any as clear: from a pose with the wheel at `steer`,
    rad, held for so many metres. The line stays as it is where none are found."""
    cdef line_known known
    cdef double goal = p.goal.s
    cdef int32_t turn
    g.found = 0
    if not isfinite(steer) or not ratio > 0.0:
        return
    g.budget = LEG_STANCES if hold > 0.0 else LEG_STANCES_WAITING
    leg_levels(g, steer, p.stance.vehicle.max_steer, ratio, p.wheelbase)
    keep_line(p, &known)
    p.cell = TC_LINE_CELL
    p.yaws = LINE_YAWS
    p.touch_price = 0.0
    p.both_gears = True
    if goal > p.way.s_start + TC_LEG_HORIZON:
        p.goal.s = p.way.s_start + TC_LEG_HORIZON
    for turn in range(2):
        g.hold = <int32_t> (hold / TC_MOTION_LENGTH + 0.999) if turn == 0 else 0
        g.found = ((turn == 0 and legs_try(g, p, start, p.config.tube, 0.0, False))
                   or legs_try(g, p, start, 0.0, TC_LEG_ROOM, False)
                   or legs_try(g, p, start, 0.0, 0.0, turn == 1 or hold <= 0.0))
        if g.found or hold <= 0.0:
            break
    p.goal.s = goal
    p.both_gears = False
    if not g.found:
        take_back(p, &known)
