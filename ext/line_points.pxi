# The line a search found, point by point with its stances.

cdef extern from *:
    """
    static const double TC_LINE_STRAIGHT_STEP = 0.5;    /* m between stances on the way not steered */
    """
    const double TC_LINE_STRAIGHT_STEP


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
    q.room = NAN
    p.n_points += 1
    if st.status == TC_STANCE_OK and (q.clearance < p.info.least_clearance or isnan(p.info.least_clearance)):
        p.info.least_clearance = q.clearance
        p.info.least_s = s
        p.info.least_part = q.part


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
            rest_at(p, pose[0], pose[1], pose[2], False)
            s = (i + (k + 1.0) / MOTION_STATIONS) * TC_MOTION_LENGTH
            point_from_work(p, s, atan(p.wheelbase * a.curvature[k]), gear)
    p.info.length = s
    p.end_s = p.node[end].s
    p.info.cost = p.node[end].cost


cdef bint points_fail(const line_planner *p, double margin) noexcept nogil:
    """Whether a point of the line has less than the least clearance and a margin, more than the largest tilt, or no
    rest. One point the solver does not settle between two it does is taken as they are."""
    cdef int32_t i, unsolved = 0
    for i in range(p.n_points):
        unsolved = unsolved + 1 if p.points[i].stance_status == TC_STANCE_UNSOLVED else 0
        if unsolved == 1:
            continue
        if p.points[i].stance_status != TC_STANCE_OK or not p.points[i].clearance >= p.config.clearance_least + margin:
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
