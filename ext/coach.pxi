# From line and state to steps. Every tick looks afresh: what is said depends on what is true now and on what has
# been said before, so that a step that had to wait is given as it is then, or not at all.

cdef void coach_init(coach_state *c, const tc_coach_config *config, const tc_vehicle *v) noexcept nogil:
    """c is zeroed."""
    cdef int32_t i
    c.config = config[0]
    c.next_id = 1
    c.told_steer = c.prepared_steer = NAN
    c.n_parts = <int32_t> v.n_parts if v.n_parts <= TC_MAX_PARTS else TC_MAX_PARTS
    for i in range(c.n_parts):
        c.part_side[i] = side_of(v.part[i].centre[1], 0.25 * v.axle[1].track)
        touch_place_at(v, i, v.part[i].centre[0], v.part[i].centre[1], TC_TOUCH_CORRELATION,
                       &c.part_place[i])
    c.locked = v.axle[0].differential == TC_LOCKED and v.axle[1].differential == TC_LOCKED
    c.front_bar = v.axle[0].anti_roll_rate > 0.0
    c.wheelbase = v.wheelbase
    c.half_track = 0.5 * v.axle[0].track
    c.rock_wheel = c.rock_next = -1


cdef void coach_tick(coach_state *c, const coach_view *view) noexcept nogil:
    """Look once; put what has to be said into the queue."""
    queue_keep(c, view.t_ns, 0)
    look_ahead(c, view)
    watch_stuck(c, view)
    watch_roll_back(c, view)
    watch_contact(c, view)
    watch_slip(c, view)
    if not watch_knowledge(c, view):
        return
    watch_tip(c, view)
    if not spotted(c):
        watch_ground(c, view)
    if view.line is NULL:
        if not c.stuck and c.stuck_since_ns == 0:
            watch_course(c, view)
            advise_clear(c, view)
        watch_lift(c, view)
        return
    c.guided = 1
    if c.stuck or c.stuck_since_ns != 0:
        return                          # no line helps wheels that spin in place
    if view.legs and c.at < view.line.n_points:
        advise_legs(c, view)
    elif spotted(c) and not c.ended and not sets_off(c, view):
        stay(c, view)
    if not spotted(c) and not is_stopping(c, view):
        watch_no_line(c, view)
        watch_touch(c, view)
        watch_course(c, view)
        watch_off_line(c, view)
    if not view.legs and not c.waits and c.at < view.line.n_points:
        advise_reverse(c, view)
        advise_turn(c, view)
    if c.at < view.line.n_points:
        watch_tight(c, view)
    watch_rock(c, view)
    watch_lift(c, view)
    if c.at < view.line.n_points:
        advise_setup(c, view)
        advise_clear(c, view)
    advise_end(c, view)


cdef void coach_default(tc_coach_config *c) noexcept nogil:
    c.steering_ratio = 16.0
    c.reaction_time = 1.5
    c.clearance_warn = 0.05
    c.deviation_warn = 0.15
    c.tilt_warn = 0.15
    c.setups = TC_SETUP_LOW_RANGE | TC_SETUP_LOCKERS | TC_SETUP_WALK


cdef bint coach_config_ok(const tc_coach_config *c) noexcept nogil:
    return (c.detail >= TC_DETAIL_ALL and c.detail <= TC_DETAIL_STOP
            and (c.units == TC_UNITS_FEET or c.units == TC_UNITS_METRES))
