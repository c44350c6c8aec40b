# A tick: what fusion knows walks through stance, line and coach.

cdef void trail_point(const trail_track *t, double s, double *x, double *y) noexcept nogil:
    """The point s along the trail, ends included."""
    cdef int32_t i = 1
    cdef double u
    while i < t.n - 1 and t.s[i] < s:
        i += 1
    u = 0.0 if t.s[i] == t.s[i - 1] else (s - t.s[i - 1]) / (t.s[i] - t.s[i - 1])
    u = 0.0 if u < 0.0 else 1.0 if u > 1.0 else u
    x[0] = t.xy[2 * i - 2] + u * (t.xy[2 * i] - t.xy[2 * i - 2])
    y[0] = t.xy[2 * i - 1] + u * (t.xy[2 * i + 1] - t.xy[2 * i - 1])


cdef void trail_follow(trail_track *t, double x, double y) noexcept nogil:
    """Place the vehicle on the trail: anywhere at first, then near where it was, so that loops stay apart."""
    cdef double best = 1e300, at = t.at, dx, dy, ex, ey, len2, u, d2
    cdef int32_t i
    for i in range(1, t.n):
        if t.found and (t.s[i] < t.at - TC_TRAIL_BACK or t.s[i - 1] > t.at + TC_TRAIL_AHEAD):
            continue
        ex = t.xy[2 * i] - t.xy[2 * i - 2]
        ey = t.xy[2 * i + 1] - t.xy[2 * i - 1]
        dx = x - t.xy[2 * i - 2]
        dy = y - t.xy[2 * i - 1]
        len2 = ex * ex + ey * ey
        u = 0.0 if len2 == 0.0 else (dx * ex + dy * ey) / len2
        u = 0.0 if u < 0.0 else 1.0 if u > 1.0 else u
        dx -= u * ex
        dy -= u * ey
        d2 = dx * dx + dy * dy
        if d2 < best:
            best = d2
            at = t.s[i - 1] + u * (t.s[i] - t.s[i - 1])
    t.at = at
    t.found = 1


cdef void line_follow(engine_memory *e, coach_view *view) noexcept nogil:
    """Place of the body origin on the line advised: arc length, and how far left of it."""
    cdef const tc_line_point *p = e.line.points
    cdef int32_t i = e.planned_segment, n = e.line.n_points
    cdef double dx, dy, c, s, along
    while True:
        c = cos(p[i].yaw)
        s = sin(p[i].yaw)
        dx = e.state.position[0] - p[i].x
        dy = e.state.position[1] - p[i].y
        along = p[i].gear * (dx * c + dy * s)
        if i + 1 >= n or along < 0.5 * (p[i + 1].s - p[i].s):
            break
        i += 1
    e.planned_segment = i
    view.s = p[i].s + along
    view.off_line = dy * c - dx * s


cdef bint is_near_map(const tc_grid *g, const double *xy) noexcept nogil:
    return (xy[0] >= g.x0 - TC_NEAR_MAP and xy[0] <= g.x0 + g.nx * g.dx + TC_NEAR_MAP
            and xy[1] >= g.y0 - TC_NEAR_MAP and xy[1] <= g.y0 + g.ny * g.dx + TC_NEAR_MAP)


cdef inline const tc_grid *ground_of(const engine_memory *e) noexcept nogil:
    """The ground about the vehicle: the window, or the terrain in place."""
    return &e.window.grid if e.window.filled else &e.grid


cdef const tc_grid *ground_at(const engine_memory *e, double x, double y, double room) noexcept nogil:
    """The ground for `room` metres about a place: the window where it reaches that far."""
    cdef const tc_grid *g = &e.window.grid
    cdef double side = (g.nx - 1) * g.dx
    if (e.window.filled and x - room >= g.x0 and x + room <= g.x0 + side and y - room >= g.y0
            and y + room <= g.y0 + side):
        return g
    return &e.grid


cdef const tc_grid *planning_ground(const engine_memory *e) noexcept nogil:
    """Ground a line is planned on: all of it in the window, or all of it on the terrain."""
    cdef double reach = e.config.line.horizon + e.trail.half_width + TC_VEHICLE_ROOM
    return ground_at(e, e.state.position[0], e.state.position[1], reach)


cdef void engine_stand(engine_memory *e, int64_t t_ns) noexcept nogil:
    """How the vehicle stands at fusion's pose, and what its wheels teach there."""
    cdef double x = e.state.position[0], y = e.state.position[1]
    if (window_serves(&e.window, &e.grid) and is_near_map(&e.grid, e.state.position)
            and window_follow(&e.window, &e.grid, x, y)):
        bounds_forget(&e.bounds)
    stance_solve(&e.model, ground_of(e), x, y, e.state.yaw, &e.stance if e.has_stance else NULL, &e.stance)
    if e.window.filled and e.config.window.learn and window_teach(&e.window, &e.model, &e.state, t_ns):
        bounds_forget(&e.bounds)
        stance_solve(&e.model, ground_of(e), x, y, e.state.yaw, &e.stance, &e.stance)
    e.has_stance = 1


cdef bint legs_wanted(const engine_memory *e) noexcept nogil:
    """Whether the line is worth telling: the way down the trail would bring a part near the ground, or somebody was
    stopped and waits to be told how to come."""
    return (not e.line.info.straight_clearance >= e.config.coach.clearance_warn
            or e.line.info.outcome != TC_LINE_CLEAR
            or (e.coach.waits and not e.coach.ended and speed_of(&e.state) <= TC_COACH_STILL))


cdef double legs_hold(const engine_memory *e) noexcept nogil:
    """What rolls by until a driver who is told to stop stands and can turn the wheel, m. One who stands,
    and not because he was told to, is about to set off."""
    cdef double speed = speed_of(&e.state)
    if speed <= TC_COACH_STILL:
        if e.coach.waits:
            return 0.0
        speed = TC_SET_OFF
    return stopping(&e.config.coach, speed) - TC_COACH_STOP_ROOM


cdef void engine_plan(engine_memory *e) noexcept nogil:
    """A new line from where the vehicle is to the horizon on the trail."""
    cdef double start[3]
    cdef double goal[3]
    cdef double end = e.trail.s[e.trail.n - 1], at = e.trail.at + e.config.line.horizon
    start[0] = e.state.position[0]
    start[1] = e.state.position[1]
    start[2] = e.state.yaw
    trail_point(&e.trail, end if at > end else at, &goal[0], &goal[1])
    goal[2] = NAN
    if not is_near_map(&e.grid, goal):
        e.has_line = e.planned = 0
        return
    line_plan(&e.line, planning_ground(e), e.trail.xy, e.trail.n, e.trail.half_width, start, goal,
              True)
    e.legs.found = 0
    if e.line.n_points > 1 and legs_wanted(e):
        legs_plan(&e.legs, &e.line, start, e.state.steer, e.config.coach.steering_ratio, legs_hold(e))
    e.planned = 1
    e.planned_waiting = e.coach.waits and speed_of(&e.state) < TC_COACH_STILL
    e.planned_at = e.state.distance
    e.planned_segment = 0
    e.aside.looked = 0
    e.has_line = e.line.n_points > 1
    if not e.has_line:
        e.line.n_points = 0             # the outcome is known, and nothing to drive on


cdef bint plan_serves(const engine_memory *e, const coach_view *view) noexcept nogil:
    """Whether the line at hand says as much as a new one would: nobody has to be led along it, it is followed, and goes
    on far enough or to the end of the trail."""
    cdef double left = TC_REPLAN_LEFT + TC_REPLAN_LEFT_TIME * speed_of(&e.state)
    if not e.has_line or legs_wanted(e) or not fabs(view.off_line) < e.config.coach.deviation_warn:
        return False
    if left > view.to_end - TC_REPLAN_END:
        left = view.to_end - TC_REPLAN_END
    return e.line.info.length - view.s >= left


cdef bint plan_due(const engine_memory *e, const coach_view *view) noexcept nogil:
    """Whether the line is too old. Standing still nothing ages, but where it has come to stand is a new start."""
    cdef double rolled = e.state.distance - e.planned_at
    if not e.planned:
        return True
    if speed_of(&e.state) < TC_COACH_STILL and (rolled > TC_REPLAN_STANDING
                                                or (e.coach.waits and not e.coach.ended and not e.planned_waiting)):
        return True
    if fabs(view.off_line) > TC_REPLAN_OFF and rolled > (TC_REPLAN_LED if legs_wanted(e) else TC_REPLAN_SOON):
        return True
    return rolled > TC_REPLAN_AFTER and not plan_serves(e, view)


cdef public tc_status tc_tick(tc_engine *engine, int64_t t_ns) noexcept nogil:
    cdef engine_memory *e = <engine_memory *> engine
    cdef coach_view view
    cdef int32_t known
    if e is NULL:
        return TC_E_NULL
    if is_beyond_time(t_ns):
        return TC_E_RANGE
    if t_ns < e.t_tick:
        return TC_E_TIME
    e.t_tick = t_ns
    timeline_state(&e.timeline, &e.fusion, &e.state)
    memset(&view, 0, sizeof(view))
    view.t_ns = t_ns
    view.state = &e.state
    known = (e.state.status & COACH_POSE) == COACH_POSE
    if known and e.has_grid:
        engine_stand(e, t_ns)
        view.stance = &e.stance
        view.grid = ground_of(e)
        view.vehicle = &e.config.vehicle
        course_look(&e.course, &e.model, view.grid, &e.state, &e.stance, t_ns, foresight(&e.config.coach, &e.state))
        view.course = e.course.points
        view.n_course = e.course.n
        view.course_rolled = e.state.distance - e.course.rolled
        view.course_end = e.course.end
        view.course_end_way = e.course.end_way
        view.sigma = e.grid.sigma
        if e.trail.n > 1 and e.config.line.max_nodes > 0 and is_near_map(&e.grid, e.state.position):
            trail_follow(&e.trail, e.state.position[0], e.state.position[1])
            view.to_end = e.trail.s[e.trail.n - 1] - e.trail.at
            if e.has_line:
                line_follow(e, &view)
            if plan_due(e, &view):
                engine_plan(e)
                if e.has_line:
                    line_follow(e, &view)
            if e.planned:
                view.line = &e.line
                view.legs = e.legs.found
            if e.has_line and fabs(view.off_line) > e.config.coach.deviation_warn:
                aside_look(&e.aside, &e.model, view.grid, e.line.points, e.line.n_points, view.s, view.off_line,
                           e.state.distance)
                view.aside = e.aside.points
                view.n_aside = e.aside.n
    e.shift.felt = 0
    if view.stance is not NULL:
        shift_tick(&e.shift, &e.state, view.stance, <int32_t> e.config.vehicle.n_parts, t_ns)
    if contact_tick(&e.contact, &e.state, view.stance, &e.shift, t_ns):
        view.contact = &e.contact.now
    coach_tick(&e.coach, &view)
    e.view = view
    e.ticked = 1
    return TC_OK
