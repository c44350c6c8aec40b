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
    static const double TC_REPLAN_LED = 1.5;        /* this much when somebody is led along it, */
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
    const double TC_VEHICLE_ROOM, TC_SET_OFF, TC_REPLAN_LED
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
    int32_t planned_waiting             # for a driver who stands and waits to be told how to come
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
