# The stations in one handle: the C ABI. Samples go to fusion; a tick lets what fusion knows walk through
# stance, line and coach. Nothing here allocates but tc_create.

cdef enum:
    ENGINE_ALIGN = 64
    CONTACT_LATE = 1000000000           # ns

cdef extern from *:
    """
    static const double TC_WORLD = 1e8;             /* m, more than any projected system's coordinates */
    static const double TC_NEAR_MAP = 1e4;          /* m from the height grid, farther off nothing is planned */
    static const double TC_REPLAN_AFTER = 4.0;      /* m rolled since the last plan, */
    static const double TC_REPLAN_SOON = 2.5;       /* or this much when the driver is off the line */
    static const double TC_REPLAN_OFF = 0.30;       /* by so many m, */
    static const double TC_REPLAN_STANDING = 0.3;   /* or this much when it has come to stand: what now? */
    static const double TC_REPLAN_LEFT = 3.0;       /* m of a clear line that must still lie ahead, and */
    static const double TC_REPLAN_LEFT_TIME = 4.0;  /* s of it: time to plan, to be told, and to turn or stop */
    static const double TC_REPLAN_END = 0.5;        /* m, a line that ends so near the trail's end ends there */
    static const double TC_SET_OFF = 0.5;           /* m/s, of a driver who has been standing */
    static const double TC_TRAIL_BACK = 1.0;        /* m the projection on the trail may go back, */
    static const double TC_TRAIL_AHEAD = 3.0;       /* and ahead */
    static const double TC_VEHICLE_ROOM = 6.0;      /* m about its origin, in which all of a vehicle is */
    """
    const double TC_VEHICLE_ROOM, TC_SET_OFF
    const double TC_WORLD, TC_NEAR_MAP
    const double TC_REPLAN_LEFT, TC_REPLAN_LEFT_TIME, TC_REPLAN_END
    const double TC_REPLAN_AFTER, TC_REPLAN_SOON, TC_REPLAN_OFF, TC_REPLAN_STANDING, TC_TRAIL_BACK, TC_TRAIL_AHEAD

cdef struct trail_track:
    double xy[2 * TC_MAX_TRAIL]
    double s[TC_MAX_TRAIL]              # along the trail, m
    int32_t n
    int32_t found                       # the vehicle has been placed on it once
    double half_width
    double at                           # where the vehicle is, m along it

cdef struct engine_memory:
    tc_config config
    stance_model model
    fusion_filter fusion
    timeline_buffer timeline
    tc_grid grid                        # the host's
    ground_window window
    ground_bounds bounds                # of the ground asked last
    int32_t has_grid
    int32_t has_stance
    int32_t has_line
    tc_state state
    tc_stance stance
    trail_track trail
    int32_t planned                     # a plan has been made on this terrain and trail, with or without success
    double planned_at                   # distance travelled when the line was planned, m
    int32_t planned_segment             # of the line the vehicle is on
    int64_t t_tick                      # of the last tick
    vehicle_course course
    line_aside aside
    contact_watch contact
    load_shift shift
    coach_view view                     # of the last tick, for questions
    int32_t ticked
    coach_state coach
    line_planner line
    leg_planner legs


cdef tc_status config_check(const tc_config *c) noexcept nogil:
    if c is NULL:
        return TC_E_NULL
    if c.struct_size < sizeof(tc_config) or c.abi_version != TC_ABI_VERSION:
        return TC_E_ABI
    if c.vehicle.struct_size < sizeof(tc_vehicle):
        return TC_E_ABI
    return TC_OK


cdef inline size_t aligned(size_t bytes) noexcept nogil:
    return (bytes + ENGINE_ALIGN - 1) // ENGINE_ALIGN * ENGINE_ALIGN


cdef size_t engine_head(const tc_config *c) noexcept nogil:
    """Bytes before the planner's: the engine itself and its buffer of samples."""
    return aligned(sizeof(engine_memory)) + aligned(timeline_memory(&c.fusion))


cdef public tc_status tc_config_default(tc_config *config) noexcept nogil:
    if config is NULL:
        return TC_E_NULL
    memset(config, 0, sizeof(tc_config))
    config.struct_size = sizeof(tc_config)
    config.abi_version = TC_ABI_VERSION
    config.vehicle.struct_size = sizeof(tc_vehicle)
    config.vehicle.driver_side = 1
    fusion_default(&config.fusion)
    line_default(&config.line)
    coach_default(&config.coach)
    window_default(&config.window)
    return TC_OK


cdef public tc_status tc_memory_size(const tc_config *config, size_t *bytes) noexcept nogil:
    cdef tc_status st = config_check(config)
    if st != TC_OK:
        return st
    if bytes is NULL:
        return TC_E_NULL
    st = lag_check(&config.fusion)
    if st == TC_OK:
        st = window_check(&config.window)
    if st != TC_OK:
        return st
    bytes[0] = engine_head(config) + aligned(line_memory(&config.line)) + window_memory(&config.window)
    return TC_OK


cdef public tc_status tc_create(const tc_config *config, tc_engine **out) noexcept nogil:
    cdef engine_memory *e
    cdef size_t bytes = 0
    cdef tc_status st
    if out is NULL:
        return TC_E_NULL
    st = tc_memory_size(config, &bytes)
    if st != TC_OK:
        return st
    e = <engine_memory *> calloc(1, bytes)
    if e is NULL:
        return TC_E_NOMEM
    e.config = config[0]
    if not coach_config_ok(&e.config.coach):
        free(e)
        return TC_E_RANGE
    st = stance_init(&e.model, &e.config.vehicle, &e.bounds)
    if st == TC_OK:
        st = engine_begin(e)
    if st != TC_OK:
        free(e)
        return st
    out[0] = <tc_engine *> e
    return TC_OK


cdef tc_status engine_begin(engine_memory *e) noexcept nogil:
    """Every station as if nothing had come, but for what the host handed over."""
    cdef tc_status st
    memset(&e.fusion, 0, sizeof(e.fusion))
    memset(&e.timeline, 0, sizeof(e.timeline))
    memset(&e.state, 0, sizeof(e.state))
    memset(&e.stance, 0, sizeof(e.stance))
    memset(&e.course, 0, sizeof(e.course))
    memset(&e.aside, 0, sizeof(e.aside))
    memset(&e.window, 0, sizeof(e.window))
    memset(&e.contact, 0, sizeof(e.contact))
    memset(&e.shift, 0, sizeof(e.shift))
    memset(&e.view, 0, sizeof(e.view))
    memset(&e.coach, 0, sizeof(e.coach))
    memset(&e.line, 0, sizeof(e.line))
    memset(&e.legs, 0, sizeof(e.legs))
    st = fusion_init(&e.fusion, &e.config.vehicle, &e.config.fusion)
    if st != TC_OK:
        return st
    e.fusion.model = &e.model
    e.fusion.grid = &e.grid
    timeline_begin(&e.timeline, <char *> e + aligned(sizeof(engine_memory)), &e.fusion)
    line_init(&e.line, <char *> e + engine_head(&e.config), &e.config.line, &e.model)
    window_init(&e.window, <char *> e + engine_head(&e.config) + aligned(line_memory(&e.config.line)),
                &e.config.window, &e.model)
    if e.has_grid and window_serves(&e.window, &e.grid):
        window_source(&e.window, &e.grid)
    coach_init(&e.coach, &e.config.coach, &e.config.vehicle)
    contact_init(&e.contact)
    e.ticked = e.has_stance = e.has_line = e.planned = e.planned_segment = 0
    e.planned_at = e.trail.at = 0.0
    e.trail.found = 0
    e.t_tick = NEVER
    return TC_OK


cdef public tc_status tc_reset(tc_engine *engine) noexcept nogil:
    if engine is NULL:
        return TC_E_NULL
    return engine_begin(<engine_memory *> engine)


cdef public void tc_destroy(tc_engine *engine) noexcept nogil:
    free(engine)


cdef void engine_ground(engine_memory *e, const tc_grid *grid) noexcept nogil:
    """Another grid to stand on: what was worked out of the last one goes, what the wheels taught stays."""
    e.grid = grid[0]
    bounds_forget(&e.bounds)
    if window_serves(&e.window, &e.grid):
        window_source(&e.window, &e.grid)
    else:
        e.window.filled = 0


cdef public tc_status tc_set_terrain(tc_engine *engine, const tc_grid *grid) noexcept nogil:
    cdef engine_memory *e = <engine_memory *> engine
    cdef tc_status st
    if e is NULL:
        return TC_E_NULL
    st = grid_check(grid)
    if st != TC_OK:
        return st
    if not e.has_grid:
        timeline_close(&e.timeline, &e.fusion)      # no way back to where the ground was not known
    engine_ground(e, grid)
    e.has_grid = 1
    e.has_stance = e.has_line = e.planned = e.ticked = 0
    e.course.looked = 0
    return TC_OK


cdef public tc_status tc_move_terrain(tc_engine *engine, const tc_grid *grid) noexcept nogil:
    cdef engine_memory *e = <engine_memory *> engine
    cdef tc_status st
    if e is NULL:
        return TC_E_NULL
    if not e.has_grid:
        return TC_E_STATE
    st = grid_check(grid)
    if st != TC_OK:
        return st
    engine_ground(e, grid)
    return TC_OK


cdef public tc_status tc_set_trail(tc_engine *engine, const double *xy, size_t n, double half_width) noexcept nogil:
    cdef engine_memory *e = <engine_memory *> engine
    cdef size_t i
    cdef double dx, dy
    if e is NULL or xy is NULL:
        return TC_E_NULL
    if n > TC_MAX_TRAIL:
        return TC_E_FULL
    if n < 2 or not (half_width > 0.0 and isfinite(half_width)):
        return TC_E_RANGE
    for i in range(2 * n):
        if not fabs(xy[i]) <= TC_WORLD:
            return TC_E_RANGE
    memcpy(e.trail.xy, xy, 2 * n * sizeof(double))
    e.trail.s[0] = 0.0
    for i in range(1, n):
        dx = xy[2 * i] - xy[2 * i - 2]
        dy = xy[2 * i + 1] - xy[2 * i - 1]
        e.trail.s[i] = e.trail.s[i - 1] + sqrt(dx * dx + dy * dy)
    e.trail.n = <int32_t> n
    e.trail.half_width = half_width
    e.trail.at = 0.0
    e.trail.found = 0
    e.has_line = e.planned = e.ticked = 0
    return TC_OK


cdef public tc_status tc_set_start(tc_engine *engine, double x, double y, double z, double yaw, double sd_xy,
                                   double sd_yaw) noexcept nogil:
    cdef engine_memory *e = <engine_memory *> engine
    if e is NULL:
        return TC_E_NULL
    if not (isfinite(x) and isfinite(y) and isfinite(z) and isfinite(yaw) and sd_xy >= 0.0 and sd_yaw >= 0.0
            and isfinite(sd_xy) and isfinite(sd_yaw)):
        return TC_E_RANGE
    return timeline_start(&e.timeline, &e.fusion, x, y, z, yaw, sd_xy, sd_yaw)


cdef inline bint is_beyond_time(int64_t t_ns) noexcept nogil:
    """A stamp more than 146 years from 0: the difference of two would not fit."""
    return t_ns > (<int64_t> 1 << 62) or t_ns < -(<int64_t> 1 << 62)


cdef tc_status engine_push(tc_engine *engine, int32_t kind, tc_status checked, const void *sample) noexcept nogil:
    """A sample of any kind, whose values were checked."""
    cdef engine_memory *e = <engine_memory *> engine
    if checked != TC_OK:
        return checked
    if is_beyond_time((<const tc_wheels *> sample).t_ns):       # which lies at the same place in all of them
        return TC_E_RANGE
    return timeline_push(&e.timeline, &e.fusion, kind, sample)


cdef void contact_look(contact_watch *w, const tc_imu *sample, int64_t offset) noexcept nogil:
    """A shock is looked for as the samples come: one out of order is too late for it."""
    cdef tc_imu s = sample[0]
    s.t_ns += offset
    if not w.begun or not -CONTACT_LATE < s.t_ns - w.t_ns <= 0:
        contact_sample(w, &s)


cdef public tc_status tc_push_imu(tc_engine *engine, const tc_imu *sample) noexcept nogil:
    cdef engine_memory *e = <engine_memory *> engine
    cdef tc_status st
    if engine is NULL or sample is NULL:
        return TC_E_NULL
    if sample.struct_size < sizeof(tc_imu):
        return TC_E_ABI
    st = engine_push(engine, TC_SENSOR_IMU, imu_check(sample), sample)
    if st == TC_OK:
        contact_look(&e.contact, sample, e.timeline.clock.sensor[TC_SENSOR_IMU].offset)
    return st


cdef public tc_status tc_push_wheels(tc_engine *engine, const tc_wheels *sample) noexcept nogil:
    if engine is NULL or sample is NULL:
        return TC_E_NULL
    if sample.struct_size < sizeof(tc_wheels):
        return TC_E_ABI
    return engine_push(engine, TC_SENSOR_WHEELS, wheels_check(sample), sample)


cdef public tc_status tc_push_inclination(tc_engine *engine, const tc_inclination *sample) noexcept nogil:
    if engine is NULL or sample is NULL:
        return TC_E_NULL
    if sample.struct_size < sizeof(tc_inclination):
        return TC_E_ABI
    return engine_push(engine, TC_SENSOR_INCLINATION, inclination_check(sample), sample)


cdef public tc_status tc_push_steering(tc_engine *engine, const tc_steering *sample) noexcept nogil:
    if engine is NULL or sample is NULL:
        return TC_E_NULL
    if sample.struct_size < sizeof(tc_steering):
        return TC_E_ABI
    return engine_push(engine, TC_SENSOR_STEERING, steering_check(sample), sample)


cdef public tc_status tc_push_speed(tc_engine *engine, const tc_speed *sample) noexcept nogil:
    if engine is NULL or sample is NULL:
        return TC_E_NULL
    if sample.struct_size < sizeof(tc_speed):
        return TC_E_ABI
    return engine_push(engine, TC_SENSOR_SPEED, speed_check(sample), sample)


cdef public tc_status tc_push_gnss(tc_engine *engine, const tc_gnss *sample) noexcept nogil:
    if engine is NULL or sample is NULL:
        return TC_E_NULL
    if sample.struct_size < sizeof(tc_gnss):
        return TC_E_ABI
    return engine_push(engine, TC_SENSOR_GNSS, gnss_check(sample), sample)


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
    """Whether the line is worth telling: the way down the trail would bring a part near the ground."""
    return (not e.line.info.straight_clearance >= e.config.coach.clearance_warn
            or e.line.info.outcome != TC_LINE_CLEAR)


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
    if rolled > TC_REPLAN_STANDING and speed_of(&e.state) < TC_COACH_STILL:
        return True
    if rolled > TC_REPLAN_SOON and fabs(view.off_line) > TC_REPLAN_OFF:
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


cdef public tc_status tc_get_state(const tc_engine *engine, tc_state *out) noexcept nogil:
    cdef const engine_memory *e = <const engine_memory *> engine
    if e is NULL or out is NULL:
        return TC_E_NULL
    if out.struct_size < sizeof(tc_state):
        return TC_E_ABI
    timeline_state(&e.timeline, &e.fusion, out)
    out.struct_size = sizeof(tc_state)
    return TC_OK


cdef public tc_status tc_watch_innovations(tc_engine *engine, tc_innovation *ring, size_t n) noexcept nogil:
    cdef engine_memory *e = <engine_memory *> engine
    if e is NULL:
        return TC_E_NULL
    if ring is not NULL and n == 0:
        return TC_E_RANGE
    timeline_close(&e.timeline, &e.fusion)      # no way back to where nobody watched
    fusion_watch(&e.fusion, ring, n)
    fusion_watch(&e.timeline.blank, ring, n)
    return TC_OK


cdef public uint64_t tc_innovation_count(const tc_engine *engine) noexcept nogil:
    return (<const engine_memory *> engine).fusion.innovations if engine is not NULL else 0


cdef public tc_status tc_get_stance(const tc_engine *engine, tc_stance *out) noexcept nogil:
    cdef const engine_memory *e = <const engine_memory *> engine
    if e is NULL or out is NULL:
        return TC_E_NULL
    if out.struct_size < sizeof(tc_stance):
        return TC_E_ABI
    if not e.has_stance:
        return TC_NONE
    out[0] = e.stance
    out.struct_size = sizeof(tc_stance)
    return TC_OK


cdef tc_status line_room(const tc_line_info *info, const tc_line_point *out, size_t capacity,
                         const size_t *n) noexcept nogil:
    """Whether a host's memory can take a line."""
    if info is NULL or n is NULL or (out is NULL and capacity > 0):
        return TC_E_NULL
    return TC_E_ABI if info.struct_size < sizeof(tc_line_info) else TC_OK


cdef tc_status line_copy(const line_planner *p, tc_line_info *info, tc_line_point *out, size_t capacity,
                         size_t *n) noexcept nogil:
    if capacity < <size_t> p.n_points:
        return TC_E_FULL
    info[0] = p.info
    info.struct_size = sizeof(tc_line_info)
    memcpy(out, p.points, p.n_points * sizeof(tc_line_point))
    n[0] = p.n_points
    return TC_OK


cdef public tc_status tc_get_line(const tc_engine *engine, tc_line_info *info, tc_line_point *out, size_t capacity,
                                  size_t *n) noexcept nogil:
    cdef const engine_memory *e = <const engine_memory *> engine
    cdef tc_status st = TC_E_NULL if e is NULL else line_room(info, out, capacity, n)
    if st != TC_OK:
        return st
    if not e.has_line:
        return TC_NONE
    return line_copy(&e.line, info, out, capacity, n)


cdef public tc_status tc_next_step(tc_engine *engine, tc_step *out) noexcept nogil:
    cdef engine_memory *e = <engine_memory *> engine
    if e is NULL or out is NULL:
        return TC_E_NULL
    if out.struct_size < sizeof(tc_step):
        return TC_E_ABI
    if e.coach.count == 0:
        return TC_NONE
    out[0] = e.coach.queue[e.coach.first]
    out.struct_size = sizeof(tc_step)
    e.coach.first = (e.coach.first + 1) % TC_MAX_STEPS
    e.coach.count -= 1
    return TC_OK


cdef public tc_status tc_next_contact(tc_engine *engine, tc_contact *out) noexcept nogil:
    cdef engine_memory *e = <engine_memory *> engine
    if e is NULL or out is NULL:
        return TC_E_NULL
    if out.struct_size < sizeof(tc_contact):
        return TC_E_ABI
    if e.contact.count == 0:
        return TC_NONE
    out[0] = e.contact.queue[e.contact.first]
    e.contact.first = (e.contact.first + 1) % TC_MAX_CONTACTS
    e.contact.count -= 1
    return TC_OK


cdef public tc_status tc_get_contact(const tc_engine *engine, tc_contact *out) noexcept nogil:
    cdef const engine_memory *e = <const engine_memory *> engine
    if e is NULL or out is NULL:
        return TC_E_NULL
    if out.struct_size < sizeof(tc_contact):
        return TC_E_ABI
    if not e.contact.shaken:
        return TC_NONE
    out[0] = e.contact.now
    return TC_OK


cdef public tc_status tc_ask(const tc_engine *engine, int32_t question, tc_answer *out) noexcept nogil:
    cdef const engine_memory *e = <const engine_memory *> engine
    cdef tc_answer answer
    cdef tc_status st
    if e is NULL or out is NULL:
        return TC_E_NULL
    if out.struct_size < sizeof(tc_answer):
        return TC_E_ABI
    if not e.ticked:
        return TC_E_STATE
    memset(&answer, 0, sizeof(answer))
    answer.struct_size = sizeof(tc_answer)
    st = coach_ask(&e.coach, &e.view, question, &answer)
    if st == TC_OK:
        out[0] = answer
    return st


cdef public tc_status tc_get_window(const tc_engine *engine, tc_window *out) noexcept nogil:
    cdef const engine_memory *e = <const engine_memory *> engine
    if e is NULL or out is NULL:
        return TC_E_NULL
    if out.struct_size < sizeof(tc_window):
        return TC_E_ABI
    if not e.window.filled:
        return TC_NONE
    out.struct_size = sizeof(tc_window)
    out.taught_posts = e.window.taught_posts
    out.t0_ns = e.window.t0_ns
    out.grid = e.window.grid
    out.taught = e.window.taught
    out.origin = e.window.origin
    out.offset = e.window.offset
    out.sd_offset = sqrt(e.window.P[TEACH_OFFSET][TEACH_OFFSET])
    return TC_OK


cdef public tc_status tc_settle(tc_engine *engine, const double *poses, size_t n, tc_stance *out) noexcept nogil:
    cdef engine_memory *e = <engine_memory *> engine
    cdef size_t i
    if e is NULL or (n > 0 and (poses is NULL or out is NULL)):
        return TC_E_NULL
    if not e.has_grid:
        return TC_E_STATE
    for i in range(n):
        stance_solve(&e.model, ground_at(e, poses[3 * i], poses[3 * i + 1], TC_VEHICLE_ROOM), poses[3 * i],
                     poses[3 * i + 1], poses[3 * i + 2], NULL, &out[i])
        out[i].struct_size = sizeof(tc_stance)
    return TC_OK


cdef public tc_status tc_plan(tc_engine *engine, const double *start, const double *goal, tc_line_info *info,
                              tc_line_point *out, size_t capacity, size_t *n) noexcept nogil:
    cdef engine_memory *e = <engine_memory *> engine
    cdef tc_status st
    if e is NULL or start is NULL or goal is NULL:
        return TC_E_NULL
    st = line_room(info, out, capacity, n)
    if st != TC_OK:
        return st
    if not e.has_grid or e.config.line.max_nodes == 0:
        return TC_E_STATE
    if not (isfinite(start[2]) and is_near_map(&e.grid, start) and is_near_map(&e.grid, goal)):
        return TC_E_RANGE
    line_plan(&e.line, &e.grid, e.trail.xy, e.trail.n,
              e.trail.half_width if e.trail.n > 1 else e.config.line.half_width, start, goal,
              (e.config.line.options & TC_PLAN_WARM) != 0)
    e.has_line = e.planned = e.ticked = 0
    return line_copy(&e.line, info, out, capacity, n)
