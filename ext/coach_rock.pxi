# A tyre on the rock: a turn that leads a front wheel onto one says so, and where that wheel comes down again it is let
# down. Tread is tougher than what hangs between the wheels.

cdef extern from *:
    """
    static const double TC_ROCK_RISE = 0.15;            /* m above the ground about it: a rock, and not the ride */
    static const double TC_ROCK_GONE = 0.05;            /* m above it: the wheel is down */
    static const double TC_ROCK_ABOUT = 0.7;            /* m from a place to the ground about it: past a tyre's print */
    static const double TC_ROCK_WAY = 2.5;              /* m behind a turn in which it leads onto one */
    static const double TC_ROCK_PASSED = 1.5;           /* m behind its place in which a wheel comes down from it */
    static const double TC_ROCK_DOWN = 0.3;             /* m before it comes down, beyond the reaction */
    """
    const double TC_ROCK_RISE, TC_ROCK_GONE, TC_ROCK_ABOUT, TC_ROCK_WAY, TC_ROCK_PASSED, TC_ROCK_DOWN

cdef enum:
    ROCK_ABOUT = 8                      # places of the ground about one


cdef double stands_out(const tc_grid *g, double x, double y) noexcept nogil:
    """How much higher the ground is at a place than about it, m; a slope cancels out. NaN where it is not known."""
    cdef double z, about, total = 0.0, angle
    cdef int32_t i
    if ground(g, x, y, &z) != GROUND_OK:
        return NAN
    for i in range(ROCK_ABOUT):
        angle = TC_TWO_PI * i / ROCK_ABOUT
        if ground(g, x + TC_ROCK_ABOUT * cos(angle), y + TC_ROCK_ABOUT * sin(angle), &about) != GROUND_OK:
            return NAN
        total += about
    return z - total / ROCK_ABOUT


cdef double wheel_stands_out(const coach_state *c, const coach_view *view, int32_t wheel, double x, double y,
                             double yaw) noexcept nogil:
    """The same under a front wheel of a pose."""
    cdef double left = c.half_track if wheel == 0 else -c.half_track
    return stands_out(view.grid, x + c.wheelbase * cos(yaw) - left * sin(yaw),
                      y + c.wheelbase * sin(yaw) + left * cos(yaw))


cdef int32_t rock_behind(const coach_state *c, const coach_view *view, int32_t i, int32_t *at) noexcept nogil:
    """The front wheel that the line leads onto a rock soon after point i, and where; -1 = neither."""
    cdef const tc_line_point *p = view.line.points
    cdef int32_t j, wheel
    if view.grid is NULL:
        return -1
    for j in range(i, view.line.n_points):
        if c.roll_to[j] > c.roll_to[i] + TC_ROCK_WAY:
            return -1
        for wheel in range(2):
            if wheel_stands_out(c, view, wheel, p[j].x, p[j].y, p[j].yaw) > TC_ROCK_RISE:
                at[0] = j
                return wheel
    return -1


cdef void turn_onto_rock(coach_state *c, const coach_view *view, int32_t i, tc_step *step) noexcept nogil:
    """Let a turn say which tyre it leads onto a rock."""
    cdef int32_t at = -1, wheel = rock_behind(c, view, i, &at)
    c.rock_next = wheel
    if wheel < 0:
        return
    c.rock_next_at = view.state.distance + c.roll_to[at]
    step.cause = TC_CAUSE_ON_ROCK
    step.wheel = wheel


cdef void rock_told(coach_state *c) noexcept nogil:
    """The turn was given: that wheel will have to come down again."""
    c.rock_wheel = c.rock_next
    c.rock_at = c.rock_next_at


cdef void watch_rock(coach_state *c, const coach_view *view) noexcept nogil:
    """A wheel that was led onto a rock comes down from it: once, just before."""
    cdef double past = view.state.distance - c.rock_at, ahead = reaction_way(c) + TC_ROCK_DOWN
    cdef const double *at = view.state.position
    cdef double yaw = view.state.yaw
    cdef tc_step step
    if c.rock_wheel < 0 or past < 0.0 or view.grid is NULL:
        return
    if past > TC_ROCK_PASSED:
        c.rock_wheel = -1
        return
    if (not wheel_stands_out(c, view, c.rock_wheel, at[0], at[1], yaw) > TC_ROCK_RISE
            or not wheel_stands_out(c, view, c.rock_wheel, at[0] + ahead * cos(yaw), at[1] + ahead * sin(yaw),
                                    yaw) < TC_ROCK_GONE):
        return
    step_new(c, view, TC_STEP_FORWARD, TC_CAUSE_CLIMB_DOWN, TC_PRIORITY_ADVICE, TC_PHASE_NOW, &step)
    step.wheel = c.rock_wheel
    step.side = 1 if step.wheel == 0 else -1
    step.distance = ahead
    if step_give(c, view, &step, 0.0):
        c.rock_wheel = -1
