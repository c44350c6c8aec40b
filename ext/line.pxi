# Search of the best line over stances: a lazy Hybrid A* (Dolgov et al. 2010; lazy edges: Dellin and Srinivasa 2016).
#
# A node is a pose with a level of curvature and a gear. Going on from it costs a look; where the vehicle would rest on
# the way there (a stance, by far the dearest thing here) is only asked when the node is about to be used, and no
# further once one stance forbids it.
#
# A plan is a ladder of searches that share one budget of stances: clear ways forward; where one is found and does not
# stay clear with the driver a hand aside, such that do; where there is none the same on a finer lattice, which shows
# that there are none; clear ways with both gears, where that is allowed; ways on which something touches, at a price.
# Where a clear line is found soon, a less greedy search may find a better one. A host that wants no more than the first
# usable line says so: then a quarter of the budget goes to clear ways, and the rest to ways that touch least.
#
# Warm, the arcs of the last line are tried first, from where the vehicle is now: the search goes on from their end, and
# is none the poorer where they lead nowhere.

cdef enum:
    LINE_YAWS = 72                      # heading bins of a closed state,
    LINE_YAWS_FINE = 144                # 2.5 deg, on the finer lattice
    LINE_MAX_ARCS = 204                 # of a line: 1 + 5 * 204 points <= TC_MAX_LINE
    LINE_SOON = 500                     # stances: a line found with fewer leaves room for a better one,
    LINE_BETTER = 150                   # for which so many may be spent
    LINE_START = -1                     # level of the start: the wheels are turned before rolling
    NODE_JUDGED = 1                     # its arc has been looked at, the cost is true
    NODE_TOUCHES = 2                    # something touches on the arc
    STATION_FORBIDDEN = 0
    STATION_TOUCHES = 1
    STATION_CLEAR = 2
    STATION_UNSOLVED = 3

cdef extern from *:
    """
    static const double TC_LINE_CELL = 0.25;            /* m, of a closed state, */
    static const double TC_LINE_CELL_FINE = 0.10;       /* on the finer lattice */
    static const double TC_LINE_GREED = 2.0;            /* weight of the way still to go, */
    static const double TC_LINE_GREED_BETTER = 1.3;     /* when a clear line is known, */
    static const double TC_LINE_GREED_LIGHTLY = 4.0;    /* and where touching is taken lightly */
    static const double TC_LINE_FINE_BELOW = 0.10;      /* m: a station with less to be expected is judged */
    static const double TC_LINE_NO_DOUBT = 0.25;        /* m: where a look expects more a promise needs no stance */
    static const double TC_LINE_HAND = 0.12;            /* m aside a driver may be of the line */
    static const double TC_LINE_ASIDE_WANTED = 0.08;    /* m of clearance there, no reward for more */
    static const double TC_LOOK_TILT = 0.12;            /* rad a look may err */
    static const double TC_LOOK_TOUCHES = 0.03;         /* m a look may err: where more is missing, stances come last */
    static const double TC_LINE_GOAL_RADIUS = 0.45;     /* m */
    static const double TC_LINE_GOAL_YAW = 0.25;        /* rad */
    static const double TC_LINE_ESCAPE = 1.5;           /* m within which a vehicle that touches at the start is free */
    static const double TC_LINE_ESCAPE_DEEPER = 0.02;   /* m by which it may touch more until then */
    static const double TC_LINE_RETURN_AFTER = 2.0;     /* m until a vehicle beside the corridor has to come back, */
    static const double TC_LINE_RETURN = 0.15;          /* by this for each metre; */
    static const double TC_LINE_SWING = 0.10;           /* m its rear may swing out when it turns back */
    static const double TC_LINE_STRAIGHT_STEP = 0.5;    /* m between stances on the way not steered */
    static const double TC_LINE_WARM_ASIDE = 0.4;       /* m beside an arc's beginning, */
    static const double TC_LINE_WARM_YAW = 0.15;        /* rad from its heading: from there it can still be driven */
    static const double TC_LINE_GOAL_SIGHT = 8.0;       /* m before the goal from where it is checked to be in reach */
    /* what a metre costs beyond 1, at worst (1/m) */
    static const double TC_COST_CLEARANCE = 6.0;        /* at least clearance; falls with the square of the missing */
    static const double TC_COST_TIP = 4.0;              /* tip margin used up */
    static const double TC_COST_LIFT = 0.5;             /* a wheel in the air */
    static const double TC_COST_CURVATURE = 0.4;        /* full lock; grows with the square */
    static const double TC_COST_TIGHT = 1.0;            /* more when the curvature is beyond TC_LINE_TIGHT */
    static const double TC_COST_HAND = 3.0;             /* no clearance a hand's breadth aside */
    static const double TC_COST_ASIDE = 0.3;            /* at the edge of the corridor; grows with the square */
    static const double TC_COST_UNSOLVED = 5.0;         /* the solver found no rest, but a look expects clearance */
    static const double TC_COST_TOUCH = 40.0;           /* something touches somewhere on an arc, */
    static const double TC_COST_TOUCH_LIGHTLY = 3.0;    /* the same, once the search for clear ways is given up, */
    static const double TC_COST_TOUCH_DEPTH = 0.1;      /* m: the same again for each of these it is too low */
    static const double TC_COST_STEERING = 0.10;        /* each level steered */
    static const double TC_COST_REVERSE = 0.5;          /* backwards the driver sees little */
    static const double TC_COST_GEAR = 2.0;             /* m: each change of gear */
    static const double TC_LINE_TIGHT = 0.6;            /* above this no room is left to correct */
    static const double TC_LINE_TIP_WANTED = 0.35;      /* rad, no reward for more */
    """
    const double TC_LINE_CELL, TC_LINE_CELL_FINE, TC_LINE_GREED, TC_LINE_FINE_BELOW, TC_LINE_GOAL_RADIUS
    const double TC_LINE_GOAL_YAW
    const double TC_LINE_ESCAPE, TC_LINE_ESCAPE_DEEPER, TC_LINE_STRAIGHT_STEP, TC_LINE_GOAL_SIGHT
    const double TC_COST_CLEARANCE, TC_COST_TIP, TC_COST_LIFT, TC_COST_CURVATURE, TC_COST_TIGHT, TC_COST_ASIDE
    const double TC_LINE_HAND, TC_LINE_ASIDE_WANTED, TC_LOOK_TOUCHES, TC_COST_HAND
    const double TC_LINE_WARM_ASIDE, TC_LINE_WARM_YAW
    const double TC_COST_UNSOLVED, TC_COST_TOUCH_LIGHTLY, TC_LINE_RETURN_AFTER, TC_LINE_RETURN
    const double TC_LOOK_TILT, TC_LINE_SWING, TC_LINE_GREED_LIGHTLY, TC_LINE_GREED_BETTER
    const double TC_COST_REVERSE, TC_COST_GEAR, TC_LINE_NO_DOUBT
    const double TC_COST_TOUCH, TC_COST_TOUCH_DEPTH, TC_COST_STEERING, TC_LINE_TIGHT, TC_LINE_TIP_WANTED

cdef struct line_node:
    double x, y, yaw
    double cost                         # from the start to here; by looks until judged
    double look                         # share of the cost that is by looks
    double s                            # along the corridor, m
    int32_t parent                      # -1 = the start
    int32_t segment                     # of the corridor
    int32_t arcs                        # from the start
    int32_t level                       # of curvature
    int32_t gear                        # 1 or -1, of the arc that ends here
    int32_t flags                       # NODE_

cdef struct line_footprint:
    double rear, front                  # of the body origin, m
    double half_width                   # over the tyres, m

cdef struct line_goal:
    double x, y, yaw, s
    bint any_yaw
    bint across                         # reached anywhere on the line across the corridor

cdef struct line_arcs:
    # of the last clear line
    int32_t n
    double x[LINE_MAX_ARCS]             # where they begin
    double y[LINE_MAX_ARCS]
    double yaw[LINE_MAX_ARCS]
    int32_t level[LINE_MAX_ARCS]        # they end with
    int32_t gear[LINE_MAX_ARCS]

cdef struct line_known:
    # of a line laid aside
    tc_line_info info
    int32_t n_points
    double end_s

cdef struct line_planner:
    const stance_model *stance
    tc_line_config config
    tc_line_info info                   # of the last plan
    tc_line_point points[TC_MAX_LINE]
    int32_t n_points
    tc_line_point spare[TC_MAX_LINE]    # the best line so far, while a better one is tried
    line_arcs last                      # of the last line, n = 0 where the plan at work shall not know it
    # made once
    motion arc[MOTION_LEVELS][MOTION_LEVELS]
    line_footprint footprint
    underbody_samples samples
    double wheelbase, k_max
    # of the plan at work
    const tc_grid *grid
    line_node *node
    int32_t n_nodes
    search_heap open
    search_table closed
    corridor way
    look_map map
    line_goal goal
    double side_limit                   # distance from the trail allowed to the vehicle's middle line, m
    double start_outside                # by which it is exceeded at the start, m
    double touch_price                  # of a metre; 0 = nothing may touch
    double cell                         # of the closed states, m
    int32_t yaws                        # their heading bins
    double greed                        # weight of the way still to go
    uint32_t stance_limit               # budget of the search at work
    double half_width                   # of the corridor, m
    double x0, y0                       # origin of the closed states' cells
    double start_clearance              # m
    double end_s                        # along the corridor, of the line at hand, m
    double refused_s                    # farthest place along the corridor from which an arc was refused, m
    int32_t refusal                     # TC_LIMIT_ of the pose judged last, where it is forbidden
    double tube                         # m aside where nothing may touch either, 0 = none
    bint every_station
    bint both_gears
    tc_stance work
    int32_t chain[LINE_MAX_ARCS]        # nodes of the line found, from the start


cdef size_t line_memory(const tc_line_config *c) noexcept nogil:
    """Bytes of working memory a planner with this budget needs."""
    if c.max_nodes == 0:
        return 0
    return (<size_t> c.max_nodes * (sizeof(line_node) + sizeof(heap_entry))
            + <size_t> table_size(c.max_nodes) * sizeof(closed_state) + look_memory())


cdef void footprint_of(const tc_vehicle *v, line_footprint *f) noexcept nogil:
    """The rectangle over parts and tyres, seen from above."""
    cdef uint32_t i
    cdef double half, track = v.axle[0].track if v.axle[0].track > v.axle[1].track else v.axle[1].track
    f.rear = -v.tyre_radius
    f.front = v.wheelbase + v.tyre_radius
    f.half_width = 0.5 * (track + v.tyre_width)
    for i in range(v.n_parts):
        half = v.part[i].size[0]
        if v.part[i].centre[0] - half < f.rear:
            f.rear = v.part[i].centre[0] - half
        if v.part[i].centre[0] + half > f.front:
            f.front = v.part[i].centre[0] + half
        half = v.part[i].size[0] if v.part[i].shape == TC_SPHERE else v.part[i].size[1]
        if fabs(v.part[i].centre[1]) + half > f.half_width:
            f.half_width = fabs(v.part[i].centre[1]) + half


cdef void line_init(line_planner *p, void *memory, const tc_line_config *c, const stance_model *m) noexcept nogil:
    """p is zeroed, memory holds line_memory(c) bytes."""
    cdef char *at = <char *> memory
    p.config = c[0]
    p.stance = m
    p.wheelbase = m.vehicle.wheelbase
    p.k_max = tan(m.vehicle.max_steer) / m.vehicle.wheelbase
    motion_table(p.arc, p.k_max)
    footprint_of(&m.vehicle, &p.footprint)
    samples_of(&p.samples, &m.vehicle)
    if c.max_nodes == 0:
        return
    p.closed.state = <closed_state *> at
    p.closed.mask = table_size(c.max_nodes) - 1
    memset(at, 0, (<size_t> p.closed.mask + 1) * sizeof(closed_state))
    at += (<size_t> p.closed.mask + 1) * sizeof(closed_state)
    p.node = <line_node *> at
    at += c.max_nodes * sizeof(line_node)
    p.open.entry = <heap_entry *> at
    p.open.capacity = <int32_t> c.max_nodes
    at += c.max_nodes * sizeof(heap_entry)
    p.map.top = <float *> at
    p.map.middle = p.map.top + LOOK_SIDE * LOOK_SIDE
    p.map.tread = p.map.middle + LOOK_SIDE * LOOK_SIDE


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


cdef int32_t judge_pose(line_planner *p, double x, double y, double yaw, const tc_stance *warm, double least,
                        double *cost) noexcept nogil:
    """Let the vehicle rest there: STATION_, and what a metre like this costs beyond its length. p.work is the stance;
    with less clearance than `least` something counts as touching."""
    cdef tc_stance *st = &p.work
    cdef double clearance, margin
    st.x, st.y, st.yaw = x, y, yaw
    st.status = TC_STANCE_OFF_MAP
    if on_map(p, x, y, yaw):
        stance_solve_least(p.stance, p.grid, x, y, yaw, warm, st)
        p.info.stances += 1
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
        metre += TC_COST_TIGHT
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


cdef bint stands_aside(line_planner *p, const double *pose, double bias) noexcept nogil:
    """Whether nothing touches with the driver aside of a pose; where a look leaves no doubt it is believed."""
    cdef double dx = -p.tube * sin(pose[2]), dy = p.tube * cos(pose[2]), x, y, cost = 0.0
    cdef int32_t side
    for side in range(-1, 2, 2):
        x = pose[0] + side * dx
        y = pose[1] + side * dy
        if look_clearance(&p.map, &p.samples, x, y, pose[2]) + bias > TC_LINE_FINE_BELOW:
            continue
        if judge_pose(p, x, y, pose[2], &p.work, p.config.clearance_least, &cost) == STATION_TOUCHES:
            p.refusal = TC_LIMIT_CLEARANCE
            return False
        if p.refusal != TC_LIMIT_NONE and p.refusal != TC_LIMIT_UNSOLVED:
            return False
    return True


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
    cdef double cost = 0.0, one = 0.0, bias = 0.0, depth, least = p.config.clearance_least
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
        verdict = judge_pose(p, pose[at][0], pose[at][1], pose[at][2], &p.work if k > 0 else NULL, least, &one)
        if verdict == STATION_FORBIDDEN or (verdict == STATION_UNSOLVED and not seen[at] > TC_LINE_FINE_BELOW):
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
        if verdict != STATION_UNSOLVED and not isnan(seen[at]):
            bias = least_clearance(&p.work, <int32_t> p.stance.vehicle.n_parts) - seen[at]
        at = least_seen(seen, judged)
        if at < 0 or verdict == STATION_TOUCHES or (seen[at] + bias > TC_LINE_FINE_BELOW and not p.every_station):
            break
    if p.tube > 0.0:
        for i in range(MOTION_STATIONS):
            if not stands_aside(p, pose[i], bias):
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


cdef uint64_t state_key(const line_planner *p, const line_node *n) noexcept nogil:
    """Cell, heading and curvature in one number."""
    cdef int64_t ix = <int64_t> floor((n.x - p.x0) / p.cell) + (1 << 19)
    cdef int64_t iy = <int64_t> floor((n.y - p.y0) / p.cell) + (1 << 19)
    cdef int64_t turn = <int64_t> floor(wrap_angle(n.yaw) * (p.yaws / 6.283185307179586) + 0.5) + p.yaws
    return (<uint64_t> (ix & 0xFFFFF) << 40 | <uint64_t> (iy & 0xFFFFF) << 20 | <uint64_t> (turn % p.yaws) << 8
            | <uint64_t> (n.gear < 0) << 7 | (0 if p.both_gears and p.yaws == LINE_YAWS else <uint64_t> (n.level + 1)))


cdef double still_to_go(const line_planner *p, const line_node *n) noexcept nogil:
    """A length of the way to the goal that no line is much shorter than, m."""
    cdef double along = p.goal.s - n.s, dx, dy, beeline
    if p.goal.across:
        return along if along > 0.0 else 0.0
    dx = p.goal.x - n.x
    dy = p.goal.y - n.y
    beeline = sqrt(dx * dx + dy * dy)
    return beeline if beeline > along else along


cdef bint at_goal(const line_planner *p, const line_node *n) noexcept nogil:
    cdef double dx = p.goal.x - n.x, dy = p.goal.y - n.y
    if p.goal.across:
        return n.s >= p.goal.s
    if dx * dx + dy * dy > TC_LINE_GOAL_RADIUS * TC_LINE_GOAL_RADIUS:
        return False
    return p.goal.any_yaw or fabs(wrap_angle(n.yaw - p.goal.yaw)) <= TC_LINE_GOAL_YAW


cdef inline double beyond(double value, double slack) noexcept nogil:
    """What of the value lies outside +-slack."""
    return value - slack if value > slack else value + slack if value < -slack else 0.0


cdef bint out_of_reach(const line_planner *p, const line_node *n) noexcept nogil:
    """Whether the goal pose cannot be met any more. Near it lateral offset e and heading error are a double integrator
    of the curvature; the shortest way to bring both to nought is bang-bang (Bryson and Ho 1975, 3.9)."""
    cdef double c, s, dx, dy, along, e, turn, sum_, way
    if p.goal.across or p.both_gears:
        return False
    if p.goal.any_yaw:
        return n.s > p.goal.s + 2.0 * TC_LINE_GOAL_RADIUS
    c = cos(p.goal.yaw)
    s = sin(p.goal.yaw)
    dx = n.x - p.goal.x
    dy = n.y - p.goal.y
    along = -(dx * c + dy * s)
    turn = wrap_angle(n.yaw - p.goal.yaw)
    if along > TC_LINE_GOAL_SIGHT or fabs(turn) > 1.0:
        return along < -TC_LINE_GOAL_SIGHT
    if along < -TC_LINE_GOAL_RADIUS:
        return True
    e = dy * c - dx * s
    # as far as the goal's own width forgives
    e = beyond(e, TC_LINE_GOAL_RADIUS)
    turn = beyond(turn, TC_LINE_GOAL_YAW)
    sum_ = e + turn * fabs(turn) / (2.0 * p.k_max)
    if sum_ < 0.0:
        e = -e
        turn = -turn
    way = turn / p.k_max + 2.0 * sqrt(fabs(turn * turn / (2.0 * p.k_max * p.k_max) + e / p.k_max))
    return way > along + 2.0 * TC_LINE_GOAL_RADIUS + 0.1 * TC_LINE_GOAL_SIGHT * fabs(turn)


cdef inline double side_limit_at(const line_planner *p, int32_t arcs) noexcept nogil:
    """How far from the trail the vehicle may be after so many arcs, m."""
    cdef double rolled = arcs * TC_MOTION_LENGTH - TC_LINE_RETURN_AFTER
    cdef double outside = p.start_outside - (TC_LINE_RETURN * rolled if rolled > 0.0 else 0.0)
    return p.side_limit + (outside + TC_LINE_SWING if outside > 0.0 else 0.0)


cdef bint node_open(line_planner *p, int32_t parent, int32_t level, int32_t gear) noexcept nogil:
    """Open the node that one arc from the parent leads to, unless it is of no use. False when the memory is full."""
    cdef line_node *n
    cdef const line_node *begin = &p.node[parent]
    cdef double pose[3]
    cdef double from_trail
    if p.n_nodes >= p.open.capacity:
        return False
    n = &p.node[p.n_nodes]
    n.parent = parent
    n.level = level
    n.gear = gear
    n.flags = 0
    n.arcs = begin.arcs + 1
    station_pose(begin, arc_to(p, n), gear, MOTION_STATIONS - 1, pose)
    n.x, n.y, n.yaw = pose[0], pose[1], pose[2]
    if table_has(&p.closed, state_key(p, n)):
        return True
    from_trail = corridor_place(&p.way, n.x, n.y, begin.segment, &n.segment, &n.s)
    if aside(p, n.x, n.y, n.yaw, n.segment) > side_limit_at(p, n.arcs) or out_of_reach(p, n):
        return True
    n.look = look_arc(p, begin, arc_to(p, n), gear)
    n.cost = begin.cost + rolling_cost(p, begin, n, from_trail) + n.look
    heap_push(&p.open, n.cost + p.greed * still_to_go(p, n), p.n_nodes)
    p.n_nodes += 1
    return True


cdef bint expand(line_planner *p, int32_t index) noexcept nogil:
    """Open all nodes one arc on. False when the memory is full."""
    cdef int32_t level = p.node[index].level, gears = 2 if p.both_gears else 1, i, k, gear
    cdef bint stands
    for k in range(gears):
        gear = 1 - 2 * k
        stands = level == LINE_START or gear != p.node[index].gear
        for i in range(MOTION_LEVELS):
            if (stands or -1 <= i - level <= 1) and not node_open(p, index, i, gear):
                return False
    return True


cdef bint farther(const line_planner *p, int32_t a, int32_t b) noexcept nogil:
    """Whether node a is the better end of a line that does not reach the goal: nothing touches, then the farther."""
    cdef int32_t touch_a = p.node[a].flags & NODE_TOUCHES, touch_b = p.node[b].flags & NODE_TOUCHES
    if touch_a != touch_b:
        return touch_a < touch_b
    return p.node[a].s > p.node[b].s


cdef int32_t search_line(line_planner *p, int32_t *end) noexcept nogil:
    """Search from node 0, already there. Returns TC_LINE_CLEAR where the goal is reached (touching or not), else why
    not; end is the last node of the best line."""
    cdef int32_t index
    cdef line_node *n
    cdef double price
    cdef bint cut_off = False
    end[0] = 0
    while p.open.n > 0:
        index = heap_pop(&p.open)
        n = &p.node[index]
        if table_has(&p.closed, state_key(p, n)):
            continue
        if not n.flags & NODE_JUDGED:
            if p.info.stances >= p.stance_limit:
                return TC_LINE_BUDGET
            if not judge_arc(p, index):
                continue
            n.flags |= p.node[n.parent].flags & NODE_TOUCHES
            price = n.cost + p.greed * still_to_go(p, n)
            if p.open.n > 0 and price > p.open.entry[0].price:
                heap_push(&p.open, price, index)
                continue
        table_add(&p.closed, state_key(p, n))
        if farther(p, index, end[0]):
            end[0] = index
        if at_goal(p, n):
            end[0] = index
            return TC_LINE_CLEAR
        if n.arcs == LINE_MAX_ARCS:
            cut_off = True
        elif not expand(p, index):
            return TC_LINE_BUDGET
    return TC_LINE_BUDGET if cut_off else TC_LINE_BLOCKED


cdef void point_from_work(line_planner *p, double s, double steer, int32_t gear) noexcept nogil:
    """Append the pose and stance at work to the line, and note where it is tightest."""
    cdef const tc_stance *st = &p.work
    cdef tc_line_point *q = &p.points[p.n_points]
    q.s = s
    q.x, q.y, q.yaw = st.x, st.y, st.yaw
    q.steer = steer
    q.z, q.roll, q.pitch = st.z, st.roll, st.pitch
    q.clearance = least_clearance(st, <int32_t> p.stance.vehicle.n_parts)
    q.tip_margin = least_margin(st)
    q.gear = gear
    q.part = st.least_part
    q.stance_status = st.status
    q.lifted = st.lifted
    p.n_points += 1
    if st.status == TC_STANCE_OK and (q.clearance < p.info.least_clearance or isnan(p.info.least_clearance)):
        p.info.least_clearance = q.clearance
        p.info.least_s = s
        p.info.least_part = q.part


cdef void rest_at(line_planner *p, double x, double y, double yaw, bint warm) noexcept nogil:
    """The stance there into p.work."""
    stance_solve_least(p.stance, p.grid, x, y, yaw, &p.work if warm else NULL, &p.work)
    p.info.stances += 1
    p.work.x, p.work.y, p.work.yaw = x, y, yaw


cdef void write_points(line_planner *p, int32_t end) noexcept nogil:
    """The line to a node as points 0.1 m apart, each with its stance."""
    cdef int32_t i, k, gear, n = 0, index = end
    cdef const line_node *begin
    cdef const motion *a
    cdef double pose[3]
    cdef double s = 0.0
    n = p.node[end].arcs
    while index > 0:
        p.chain[p.node[index].arcs - 1] = index
        index = p.node[index].parent
    p.n_points = 0
    p.info.least_clearance = NAN
    p.info.least_s = NAN
    p.info.least_part = -1
    rest_at(p, p.node[0].x, p.node[0].y, p.node[0].yaw, False)
    point_from_work(p, 0.0, 0.0 if n == 0 else atan(p.wheelbase * arc_to(p, &p.node[p.chain[0]]).curvature[0]), 1)
    for i in range(n):
        begin = &p.node[p.node[p.chain[i]].parent]
        a = arc_to(p, &p.node[p.chain[i]])
        gear = p.node[p.chain[i]].gear
        p.points[p.n_points - 1].gear = gear    # where the gear changes a point has the one it is left with
        for k in range(MOTION_STATIONS):
            station_pose(begin, a, gear, k, pose)
            rest_at(p, pose[0], pose[1], pose[2], p.work.status == TC_STANCE_OK)
            s = (i + (k + 1.0) / MOTION_STATIONS) * TC_MOTION_LENGTH
            point_from_work(p, s, atan(p.wheelbase * a.curvature[k]), gear)
    p.info.length = s
    p.end_s = p.node[end].s
    p.info.cost = p.node[end].cost


cdef bint points_fail(const line_planner *p) noexcept nogil:
    """Whether a point of the line has less than the least clearance, more than the largest tilt, or no rest. One point
    the solver does not settle between two it does is taken as they are."""
    cdef int32_t i, unsolved = 0
    for i in range(p.n_points):
        unsolved = unsolved + 1 if p.points[i].stance_status == TC_STANCE_UNSOLVED else 0
        if unsolved == 1:
            continue
        if p.points[i].stance_status != TC_STANCE_OK or not p.points[i].clearance >= p.config.clearance_least:
            return True
        if cos(p.points[i].roll) * cos(p.points[i].pitch) < cos(p.config.max_tilt):
            return True
    return False


cdef void judge_straight(line_planner *p) noexcept nogil:
    """The least clearance on the way not steered, along the middle of the corridor, for the 'why' of a line."""
    cdef double pose[3]
    cdef double s = 0.0, length = p.goal.s - p.way.s_start, clearance
    if length > TC_MAX_LINE * TC_LINE_STRAIGHT_STEP:        # a goal beyond every map must not hold up the host
        length = TC_MAX_LINE * TC_LINE_STRAIGHT_STEP
    p.info.straight_clearance = NAN
    p.info.straight_s = NAN
    p.info.straight_part = -1
    p.work.status = TC_STANCE_UNSOLVED
    while s <= length:
        corridor_pose(&p.way, p.way.s_start + s, pose)
        rest_at(p, pose[0], pose[1], pose[2], p.work.status == TC_STANCE_OK)
        if p.work.status == TC_STANCE_OK:
            clearance = least_clearance(&p.work, <int32_t> p.stance.vehicle.n_parts)
            if clearance < p.info.straight_clearance or isnan(p.info.straight_clearance):
                p.info.straight_clearance = clearance
                p.info.straight_s = s
                p.info.straight_part = p.work.least_part
        s += TC_LINE_STRAIGHT_STEP


cdef void remember_arcs(line_planner *p) noexcept nogil:
    """The arcs of the line at hand, for the next plan; none where it is not clear."""
    cdef line_arcs *last = &p.last
    cdef const tc_line_point *q
    cdef int32_t i
    last.n = 0
    if p.info.outcome != TC_LINE_CLEAR:
        return
    for i in range((p.n_points - 1) // MOTION_STATIONS):
        q = &p.points[MOTION_STATIONS * i]
        last.x[i], last.y[i], last.yaw[i] = q.x, q.y, q.yaw
        last.gear[i] = q.gear
        q += MOTION_STATIONS
        last.level[i] = MOTION_STRAIGHT + <int32_t> floor(
            tan(q.steer) / (p.wheelbase * TC_MOTION_LEVEL * p.k_max) + 0.5)
        last.n = i + 1


cdef void follow_last(line_planner *p) noexcept nogil:
    """Open the arcs of the last line one after another from the start, as far as they are clear."""
    cdef const line_arcs *last = &p.last
    cdef const line_node *begin = &p.node[0]
    cdef int32_t i, first = -1, parent = 0, node
    cdef double distance, nearest = TC_LINE_WARM_ASIDE * TC_LINE_WARM_ASIDE
    for i in range(last.n):
        distance = ((last.x[i] - begin.x) * (last.x[i] - begin.x) + (last.y[i] - begin.y) * (last.y[i] - begin.y))
        if distance <= nearest and fabs(wrap_angle(last.yaw[i] - begin.yaw)) <= TC_LINE_WARM_YAW:
            nearest = distance
            first = i
    if first < 0:
        return
    for i in range(first, last.n):
        node = p.n_nodes
        if p.node[parent].arcs >= LINE_MAX_ARCS or p.info.stances >= p.stance_limit:
            return
        if not node_open(p, parent, last.level[i], last.gear[i]) or p.n_nodes == node:
            return
        if not judge_arc(p, node):
            heap_drop(&p.open, node)
            return
        p.node[node].flags |= p.node[parent].flags & NODE_TOUCHES
        parent = node
        if at_goal(p, &p.node[node]):
            return


cdef int32_t search_from(line_planner *p, const double *start, int32_t *end) noexcept nogil:
    """One search from nothing."""
    cdef int32_t outcome
    cdef line_node *n = &p.node[0]
    table_clear(&p.closed)
    p.open.n = 0
    n.x, n.y, n.yaw = start[0], start[1], start[2]
    n.cost = 0.0
    n.parent = -1
    n.arcs = 0
    n.level = LINE_START
    n.gear = 1
    n.flags = NODE_JUDGED
    corridor_place(&p.way, n.x, n.y, <int32_t> (p.way.s_start / p.way.spacing), &n.segment, &n.s)
    p.n_nodes = 1
    heap_push(&p.open, 0.0, 0)
    follow_last(p)
    outcome = search_line(p, end)
    p.info.nodes += <uint32_t> p.n_nodes
    return outcome


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


cdef bint points_stand_aside(line_planner *p) noexcept nogil:
    """Whether nothing touches with the driver aside of any point of the line. A place without rest between two that
    have one is passed over, as on the line itself."""
    cdef const tc_line_point *q
    cdef double x, y, clearance
    cdef int32_t i, side, unsolved
    for side in range(-1, 2, 2):
        unsolved = 0
        for i in range(p.n_points):
            q = &p.points[i]
            x = q.x - side * p.tube * sin(q.yaw)
            y = q.y + side * p.tube * cos(q.yaw)
            if look_clearance(&p.map, &p.samples, x, y, q.yaw) > TC_LINE_NO_DOUBT:
                continue
            rest_at(p, x, y, q.yaw, p.work.status == TC_STANCE_OK)
            if p.work.status == TC_STANCE_UNSOLVED or p.work.status == TC_STANCE_NO_SUPPORT:
                unsolved += 1
                if unsolved > 1:
                    return False
                continue
            unsolved = 0
            clearance = least_clearance(&p.work, <int32_t> p.stance.vehicle.n_parts)
            if p.work.status != TC_STANCE_OK or not clearance >= p.config.clearance_least:
                return False
    return True


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
    return outcome == TC_LINE_CLEAR and not points_fail(p)


cdef void improve(line_planner *p, const double *start) noexcept nogil:
    """Try to find a better clear line than the one at hand with few more stances; keep the better of the two."""
    cdef line_known known
    cdef int32_t end = 0
    keep_line(p, &known)
    p.greed = TC_LINE_GREED_BETTER
    p.stance_limit = p.info.stances + LINE_BETTER
    if search_from(p, start, &end) == TC_LINE_CLEAR and p.node[end].cost < known.info.cost:
        write_points(p, end)
        if not points_fail(p):
            return
    take_back(p, &known)


cdef int32_t search_clear(line_planner *p, const double *start, bint fine, uint32_t stance_limit) noexcept nogil:
    """Search for a line on which nothing touches; more closely if it does between stations. Leaves the points of the
    best."""
    cdef int32_t outcome, end = 0
    p.touch_price = 0.0
    p.greed = TC_LINE_GREED
    p.cell = TC_LINE_CELL_FINE if fine else TC_LINE_CELL
    p.yaws = LINE_YAWS_FINE if fine else LINE_YAWS
    p.stance_limit = stance_limit
    p.every_station = False
    outcome = search_from(p, start, &end)
    write_points(p, end)
    if outcome == TC_LINE_CLEAR and points_fail(p):
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


cdef void widen(line_planner *p, const double *start) noexcept nogil:
    """See whether the clear line at hand stays so a hand aside; if not, search for one that does."""
    cdef line_known known
    cdef int32_t outcome
    p.tube = p.config.tube
    if not p.tube > 0.0:
        return
    if points_stand_aside(p):
        p.info.tube = p.tube
        return
    keep_line(p, &known)
    outcome = search_clear(p, start, False, p.info.stances + 3 * (p.config.max_stances // 8))
    if is_clear(p, outcome) and points_stand_aside(p):
        p.info.tube = p.tube
        return
    take_back(p, &known)


cdef int32_t search_in_turn(line_planner *p, const double *start) noexcept nogil:
    """The ladder of searches. Leaves the points of the best line."""
    cdef uint32_t eighth = p.config.max_stances // 8
    cdef int32_t outcome
    p.both_gears = False
    p.tube = 0.0
    outcome = search_clear(p, start, False, (2 if p.config.options & TC_PLAN_FIRST else 4) * eighth)
    if is_clear(p, outcome):
        p.info.first_stances = p.info.stances
        if not p.config.options & TC_PLAN_FIRST:
            widen(p, start)
            p.tube = 0.0
            if p.info.tube == 0.0 and p.info.stances < LINE_SOON:
                improve(p, start)
        return TC_LINE_CLEAR
    if p.config.options & TC_PLAN_FIRST:
        return search_touching(p, start)
    if outcome != TC_LINE_BLOCKED and p.config.tube > 0.0:      # wider of the rocks may be out of a dead end
        p.tube = p.config.tube
        outcome = search_clear(p, start, False, 5 * eighth)
        p.tube = 0.0
        outcome = TC_LINE_BUDGET if outcome == TC_LINE_BLOCKED else outcome
    if outcome == TC_LINE_BLOCKED:
        outcome = search_clear(p, start, True, 5 * eighth)
        p.info.exhausted = outcome == TC_LINE_BLOCKED
    if not is_clear(p, outcome) and p.config.reverse:
        p.both_gears = True
        outcome = search_clear(p, start, False, 6 * eighth)
        if outcome == TC_LINE_BLOCKED:
            outcome = search_clear(p, start, True, 7 * eighth)
    if is_clear(p, outcome):
        p.info.first_stances = p.info.stances
        return outcome
    p.both_gears = False
    return search_touching(p, start)


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
    if outcome == TC_LINE_CLEAR and points_fail(p):
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
