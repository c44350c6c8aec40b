# One search: a lazy Hybrid A* (Dolgov et al. 2010; lazy edges: Dellin and Srinivasa 2016).
#
# Going on from a node costs a look; where the vehicle would rest on the way there is only asked when the node is about
# to be used, and no further once one stance forbids it. A search that takes long weighs the way still to go more and
# more: it begins with the better lines and ends with any.

cdef enum:
    LINE_PATIENCE = 16                  # stances for each metre to the goal, until a search hurries
    LINE_YAWS = 72                      # heading bins of a closed state,
    LINE_YAWS_FINE = 144                # 2.5 deg, on the finer lattice

cdef extern from *:
    """
    static const double TC_LINE_RETURN_AFTER = 2.0;     /* m until a vehicle beside the corridor has to come back, */
    static const double TC_LINE_RETURN = 0.15;          /* by this for each metre; */
    static const double TC_LINE_SWING = 0.10;           /* m its rear may swing out when it turns back */
    static const double TC_LINE_HURRY = 1.5;            /* by which the weight of the way still to go grows */
    """
    const double TC_LINE_RETURN_AFTER, TC_LINE_RETURN, TC_LINE_SWING, TC_LINE_HURRY


cdef uint64_t state_key(const line_planner *p, const line_node *n) noexcept nogil:
    """Cell, heading and curvature in one number."""
    cdef int64_t ix = <int64_t> floor((n.x - p.x0) / p.cell) + (1 << 19)
    cdef int64_t iy = <int64_t> floor((n.y - p.y0) / p.cell) + (1 << 19)
    cdef int64_t turn = <int64_t> floor(wrap_angle(n.yaw) * (p.yaws / 6.283185307179586) + 0.5) + p.yaws
    return (<uint64_t> (ix & 0xFFFFF) << 40 | <uint64_t> (iy & 0xFFFFF) << 20 | <uint64_t> (turn % p.yaws) << 8
            | <uint64_t> (n.gear < 0) << 7 | (0 if p.both_gears and p.yaws == LINE_YAWS else <uint64_t> (n.level + 1)))


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
            if gear < 0 and i % (MOTION_LEVELS // 2) != 0:      # backwards at full lock or straight
                continue
            if (stands or -1 <= i - level <= 1) and not node_open(p, index, i, gear):
                return False
    return True


cdef bint farther(const line_planner *p, int32_t a, int32_t b) noexcept nogil:
    """Whether node a is the better end of a line that does not reach the goal: nothing touches, then the farther."""
    cdef int32_t touch_a = p.node[a].flags & NODE_TOUCHES, touch_b = p.node[b].flags & NODE_TOUCHES
    if touch_a != touch_b:
        return touch_a < touch_b
    return p.node[a].s > p.node[b].s


cdef void hurry(line_planner *p) noexcept nogil:
    """Weigh the way still to go more, in what is open too."""
    cdef int32_t i, n = p.open.n, node
    p.greed *= TC_LINE_HURRY
    p.open.n = 0
    for i in range(n):
        node = p.open.entry[i].node
        heap_push(&p.open, p.node[node].cost + p.greed * still_to_go(p, &p.node[node]), node)


cdef int32_t search_line(line_planner *p, int32_t *end) noexcept nogil:
    """Search from node 0, already there. Returns TC_LINE_CLEAR where the goal is reached (touching or not), else why
    not; end is the last node of the best line."""
    cdef int32_t index
    cdef line_node *n
    cdef double price
    cdef bint cut_off = False
    cdef uint32_t patience = <uint32_t> (LINE_PATIENCE * (1.0 + still_to_go(p, &p.node[0])))
    cdef uint32_t hurry_at = p.info.stances + patience
    end[0] = 0
    while p.open.n > 0:
        if p.info.stances >= hurry_at and not p.patient:
            hurry(p)
            hurry_at += patience
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
