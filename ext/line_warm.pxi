# Warm, the arcs of the last line are tried first, from where the vehicle is now: the search goes on from their end, and
# is none the poorer where they lead nowhere.

cdef extern from *:
    """
    static const double TC_LINE_WARM_ASIDE = 0.4;       /* m beside an arc's beginning, */
    static const double TC_LINE_WARM_YAW = 0.15;        /* rad from its heading: from there it can still be driven */
    """
    const double TC_LINE_WARM_ASIDE, TC_LINE_WARM_YAW


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
