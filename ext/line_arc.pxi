# What the search thinks of an arc: by looks when its node is opened, by stances when the node is about to be used.
# A stance is by far the dearest thing here: no more are asked for than decide.

cdef extern from *:
    """
    static const double TC_LINE_FINE_BELOW = 0.10;      /* m: a station with less to be expected is judged */
    static const double TC_LINE_HAND = 0.12;            /* m aside a driver may be of the line */
    static const double TC_LINE_ASIDE_WANTED = 0.08;    /* m of clearance there, no reward for more */
    static const double TC_LOOK_TOUCHES = 0.03;         /* m a look may err: where more is missing, stances come last */
    static const double TC_LINE_ESCAPE = 1.5;           /* m within which a vehicle that touches at the start is free */
    static const double TC_LINE_ESCAPE_DEEPER = 0.02;   /* m by which it may touch more until then */
    static const double TC_LINE_TIGHT = 0.6;            /* of the largest curvature: beyond it no room to correct */
    /* what a metre costs beyond 1, at worst (1/m) */
    static const double TC_COST_CURVATURE = 0.4;        /* full lock; grows with the square */
    static const double TC_COST_TIGHT = 1.0;            /* more when the curvature is beyond TC_LINE_TIGHT */
    static const double TC_COST_HAND = 3.0;             /* no clearance a hand's breadth aside */
    static const double TC_COST_ASIDE = 0.3;            /* at the edge of the corridor; grows with the square */
    static const double TC_COST_TOUCH_DEPTH = 0.1;      /* m: the same again for each of these it is too low */
    static const double TC_COST_STEERING = 0.10;        /* each level steered */
    static const double TC_COST_REVERSE = 0.5;          /* backwards the driver sees little */
    static const double TC_COST_GEAR = 2.0;             /* m: each change of gear */
    """
    const double TC_LINE_FINE_BELOW, TC_LINE_HAND, TC_LINE_ASIDE_WANTED, TC_LOOK_TOUCHES, TC_LINE_ESCAPE
    const double TC_LINE_ESCAPE_DEEPER, TC_COST_CURVATURE, TC_COST_TIGHT, TC_COST_HAND, TC_COST_ASIDE
    const double TC_COST_TOUCH_DEPTH, TC_COST_STEERING, TC_COST_REVERSE, TC_COST_GEAR, TC_LINE_TIGHT


cdef inline const motion *arc_to(const line_planner *p, const line_node *n) noexcept nogil:
    """The arc that ends in the node. Where the vehicle stands, at the start and between gears, it steers first."""
    cdef const line_node *begin = &p.node[n.parent]
    return &p.arc[n.level if begin.level == LINE_START or begin.gear != n.gear else begin.level][n.level]


cdef inline void station_pose(const line_node *begin, const motion *a, int32_t gear, int32_t i,
                              double *pose) noexcept nogil:
    """Backwards with the same curvature along the way an arc is the mirror image of itself."""
    cdef double c = cos(begin.yaw), s = sin(begin.yaw), x = gear * a.x[i]
    pose[0] = begin.x + c * x - s * a.y[i]
    pose[1] = begin.y + s * x + c * a.y[i]
    pose[2] = begin.yaw + gear * a.yaw[i]


cdef double rolling_cost(const line_planner *p, const line_node *begin, const line_node *n,
                         double from_trail) noexcept nogil:
    """What an arc costs before any stance is known: length, steering, gear, curvature, distance from the trail."""
    cdef double k = fabs(n.level - MOTION_STRAIGHT) * TC_MOTION_LEVEL, w = from_trail / p.half_width
    cdef double metre = 1.0 + TC_COST_CURVATURE * k * k + TC_COST_ASIDE * w * w
    cdef int32_t steered = n.level - (MOTION_STRAIGHT if begin.level == LINE_START else begin.level)
    if k > TC_LINE_TIGHT:
        metre += p.tight_price
    if n.gear < 0:
        metre += TC_COST_REVERSE
    return (metre * TC_MOTION_LENGTH + TC_COST_STEERING * fabs(steered)
            + (TC_COST_GEAR if begin.level != LINE_START and n.gear != begin.gear else 0.0))


cdef double look_aside(line_planner *p, const double *pose) noexcept nogil:
    """By a look, the lesser clearance of a vehicle a hand's breadth left or right of a pose, m."""
    cdef double dx = -TC_LINE_HAND * sin(pose[2]), dy = TC_LINE_HAND * cos(pose[2])
    cdef double left = look_clearance(&p.map, &p.samples, pose[0] + dx, pose[1] + dy, pose[2])
    cdef double right = look_clearance(&p.map, &p.samples, pose[0] - dx, pose[1] - dy, pose[2])
    return right if right < left else left


cdef inline double hand_cost(const line_planner *p, double clearance) noexcept nogil:
    return 0.0 if isnan(clearance) else TC_COST_HAND * shortfall(clearance - p.config.clearance_least,
                                                                 TC_LINE_ASIDE_WANTED)


cdef double look_cost(line_planner *p, const double *pose) noexcept nogil:
    """What a metre like this seems to cost beyond its length; nothing where a look does not say."""
    cdef double clearance = look_clearance(&p.map, &p.samples, pose[0], pose[1], pose[2])
    cdef double missing, cost
    if isnan(clearance):
        return 0.0
    cost = clearance_cost(p, clearance) + hand_cost(p, look_aside(p, pose))
    missing = (p.config.clearance_least - clearance - TC_LOOK_TOUCHES) / TC_LOOK_TOUCHES
    if missing > 0.0:
        cost += p.touch_price * (missing if missing < 1.0 else 1.0)
    return cost


cdef double look_arc(line_planner *p, const line_node *begin, const motion *a, int32_t gear) noexcept nogil:
    """What an arc seems to cost beyond rolling over it: by looks at its middle and end."""
    cdef double middle[3]
    cdef double end[3]
    station_pose(begin, a, gear, MOTION_STATIONS // 2, middle)
    station_pose(begin, a, gear, MOTION_STATIONS - 1, end)
    return 0.5 * (look_cost(p, middle) + look_cost(p, end)) * TC_MOTION_LENGTH


cdef int32_t least_seen(const double *seen, const bint *judged) noexcept nogil:
    """The station not yet judged where a look expects least, or does not say; of equals the last; -1 = none left."""
    cdef int32_t i, at = -1
    for i in range(MOTION_STATIONS - 1, -1, -1):
        if not judged[i] and (at < 0 or (not isnan(seen[at]) and not seen[i] >= seen[at])):
            at = i
    return at


cdef bint stands_beside(line_planner *p, const double *pose, double width, double bias) noexcept nogil:
    """Whether nothing touches with the driver so far aside of a pose; where a look leaves no doubt it is believed."""
    cdef double dx = -width * sin(pose[2]), dy = width * cos(pose[2]), x, y, cost = 0.0
    cdef double sure = TC_ROOM_SURE if p.every_side else TC_LINE_FINE_BELOW
    cdef int32_t side
    for side in range(-1, 2, 2):
        x = pose[0] + side * dx
        y = pose[1] + side * dy
        if look_clearance(&p.map, &p.samples, x, y, pose[2]) + bias > sure:
            continue
        if judge_pose(p, x, y, pose[2], p.config.clearance_least, &cost) == STATION_TOUCHES:
            p.refusal = TC_LIMIT_CLEARANCE
            return False
        if p.refusal != TC_LIMIT_NONE and p.refusal != TC_LIMIT_UNSOLVED:
            return False
    return True


cdef bint stands_aside(line_planner *p, const double *pose, double bias) noexcept nogil:
    """The same with the driver aside by as much as this search asks for."""
    return stands_beside(p, pose, p.tube, bias)


cdef double room_cost(line_planner *p, const double *pose, double bias) noexcept nogil:
    """What a metre like this costs for want of room to its sides."""
    cdef int32_t i
    for i in range(ROOM_WIDTHS):
        if stands_beside(p, pose, TC_ROOM_SHARE[i] * p.tube, bias):
            return p.room_price * (1.0 - TC_ROOM_SHARE[i])
    return p.room_price


cdef bint judge_arc(line_planner *p, int32_t index) noexcept nogil:
    """Replace what looks said of a node's arc by what stances say; False where one of them forbids it.

    The station where looks expect least; then the next, as long as little is to be expected and nothing touches. What
    a look was wrong by at the last stance corrects the others."""
    cdef line_node *n = &p.node[index]
    cdef const line_node *begin = &p.node[n.parent]
    cdef const motion *a = arc_to(p, n)
    cdef double pose[MOTION_STATIONS][3]
    cdef double seen[MOTION_STATIONS]
    cdef bint judged[MOTION_STATIONS]
    cdef double cost = 0.0, one = 0.0, bias = 0.0, depth, clearance
    cdef double least = p.config.clearance_least + p.margin
    cdef int32_t k, i, verdict, at
    if p.start_clearance < least and n.arcs * TC_MOTION_LENGTH <= TC_LINE_ESCAPE:
        least = p.start_clearance - TC_LINE_ESCAPE_DEEPER
    for i in range(MOTION_STATIONS):
        station_pose(begin, a, n.gear, i, pose[i])
        if not on_map(p, pose[i][0], pose[i][1], pose[i][2]):
            p.refusal = TC_LIMIT_OFF_MAP
            p.work.x, p.work.y, p.work.yaw = pose[i][0], pose[i][1], pose[i][2]
            p.work.status = TC_STANCE_OFF_MAP
            refuse(p, begin.s)
            return False
        seen[i] = look_clearance(&p.map, &p.samples, pose[i][0], pose[i][1], pose[i][2])
        judged[i] = False
    at = least_seen(seen, judged)
    for k in range(MOTION_STATIONS):
        verdict = judge_pose(p, pose[at][0], pose[at][1], pose[at][2], least, &one)
        if verdict == STATION_FORBIDDEN or (verdict == STATION_UNSOLVED
                                            and (p.every_station or not seen[at] > TC_LINE_FINE_BELOW)):
            refuse(p, begin.s)
            return False
        if verdict == STATION_TOUCHES and p.touch_price == 0.0:
            p.refusal = TC_LIMIT_CLEARANCE
            refuse(p, begin.s)
            return False
        if verdict == STATION_TOUCHES:
            n.flags |= NODE_TOUCHES
            depth = least - least_clearance(&p.work, <int32_t> p.stance.vehicle.n_parts)
            n.cost += p.touch_price * (1.0 + depth / TC_COST_TOUCH_DEPTH) * TC_MOTION_LENGTH
        cost += one
        judged[at] = True
        if verdict != STATION_UNSOLVED:
            clearance = least_clearance(&p.work, <int32_t> p.stance.vehicle.n_parts)
            cost += p.room_price * TC_ROOM_SPARE * spare_lacking(p, clearance)
            if not isnan(seen[at]):
                bias = clearance - seen[at]
        at = least_seen(seen, judged)
        if at < 0 or verdict == STATION_TOUCHES or (seen[at] + bias > TC_LINE_FINE_BELOW and not p.every_station):
            break
    if p.tube > 0.0 and not (p.start_room < p.tube and n.arcs * TC_MOTION_LENGTH <= TC_LINE_ESCAPE):
        for i in range(MOTION_STATIONS):
            if p.room_price > 0.0:
                cost += room_cost(p, pose[i], bias)
            elif not stands_aside(p, pose[i], bias):
                refuse(p, begin.s)
                return False
    for i in range(MOTION_STATIONS):
        if not judged[i]:
            cost += one if isnan(seen[i]) else clearance_cost(p, seen[i] + bias)
    cost /= MOTION_STATIONS
    cost += 0.5 * (hand_cost(p, look_aside(p, pose[MOTION_STATIONS // 2]) + bias)
                   + hand_cost(p, look_aside(p, pose[MOTION_STATIONS - 1]) + bias))
    n.cost += cost * TC_MOTION_LENGTH - n.look
    n.flags |= NODE_JUDGED
    return True
