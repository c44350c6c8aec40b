# What a search of lines keeps: nodes, the line at hand, the plan at work, in memory given once.
#
# A node is a pose with a level of curvature and a gear, reached by an arc from its parent.

cdef enum:
    LINE_MAX_ARCS = 204                 # of a line: 1 + 5 * 204 points <= TC_MAX_LINE
    LINE_START = -1                     # level of the start: the wheels are turned before rolling
    NODE_JUDGED = 1                     # its arc has been looked at, the cost is true
    NODE_TOUCHES = 2                    # something touches on the arc

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
    rest_table rests
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
    double margin                       # m of clearance more than the least, for what a stance may err
    double room_price                   # of a metre without room; 0 = there must be room
    double start_room                   # m, NaN = not asked
    double tight_price                  # of a metre beyond TC_LINE_TIGHT
    bint every_station
    bint patient                        # the way still to go does not come to weigh more as the search goes on
    bint every_side                     # whatever a look says of a place beside the line, a stance is asked
    bint both_gears
    tc_stance work
    int32_t chain[LINE_MAX_ARCS]        # nodes of the line found, from the start


cdef size_t line_memory(const tc_line_config *c) noexcept nogil:
    """Bytes of working memory a planner with this budget needs."""
    if c.max_nodes == 0:
        return 0
    return (<size_t> c.max_nodes * (sizeof(line_node) + sizeof(heap_entry))
            + <size_t> table_size(c.max_nodes) * sizeof(closed_state)
            + <size_t> table_size(c.max_stances) * sizeof(rest_known) + look_memory())


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
    p.rests.rest = <rest_known *> at
    p.rests.mask = table_size(c.max_stances) - 1
    p.rests.capacity = c.max_stances
    memset(at, 0, (<size_t> p.rests.mask + 1) * sizeof(rest_known))
    at += (<size_t> p.rests.mask + 1) * sizeof(rest_known)
    p.map.top = <float *> at
    p.map.middle = p.map.top + LOOK_SIDE * LOOK_SIDE
    p.map.tread = p.map.middle + LOOK_SIDE * LOOK_SIDE
