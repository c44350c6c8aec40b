# All margins of a rest: for reports and single poses, some 100 times the work of the rest itself.

cdef tc_status footing_check(const tc_footing *f) noexcept nogil:
    if f.struct_size < sizeof(tc_footing):
        return TC_E_ABI
    if not (f.friction >= 0.05 and f.friction <= 2.0 and f.limited_slip_bias >= 1.0 and f.limited_slip_bias <= 10.0
            and f.limited_slip_preload >= 0.0 and f.limited_slip_preload <= 5000.0):
        return TC_E_RANGE
    return TC_OK


cdef public tc_status tc_footing_default(tc_footing *footing) noexcept nogil:
    if footing is NULL:
        return TC_E_NULL
    footing.struct_size = sizeof(tc_footing)
    footing.reserved = 0
    footing.friction = TC_FRICTION
    footing.limited_slip_bias = TC_SLIP_BIAS
    footing.limited_slip_preload = TC_SLIP_PRELOAD
    return TC_OK


cdef void margins_unknown(tc_margins *out) noexcept nogil:
    """Nothing is known but that it is a tc_margins."""
    cdef int32_t i
    memset(out, 0, sizeof(tc_margins))
    out.struct_size = sizeof(tc_margins)
    out.approach = out.breakover = out.departure = NAN
    out.approach_room = out.breakover_room = out.departure_room = NAN
    out.spread_z = out.spread_roll = out.spread_pitch = out.spread_clearance = NAN
    out.other_z = out.other_roll = out.other_pitch = out.other_clearance = NAN
    out.grounded_z = out.grounded_roll = out.grounded_pitch = NAN
    out.upright_friction = out.hold_friction = out.drive_friction = out.drive_torque = NAN
    for i in range(4):
        out.tip[i] = out.grounded_load[i] = out.hold_wheel[i] = out.drive_wheel[i] = NAN
    for i in range(TC_LOCKINGS):
        out.drive_locked[i] = NAN
    for i in range(TC_MAX_PARTS):
        out.part_load[i] = NAN
    out.approach_part = out.breakover_part = out.departure_part = out.carrying_part = out.spins_first = -1
    out.gear_range = TC_RANGE_UNKNOWN


cdef void stance_examine(const stance_model *m, const tc_grid *grid, const tc_footing *footing, const tc_stance *s,
                         tc_margins *out) noexcept nogil:
    """The margins of a stance that was solved on this grid."""
    cdef grid_view g
    cdef rest_point p
    margins_unknown(out)
    if s.status != TC_STANCE_OK:
        return
    bounds_on(m.bounds, grid)
    grid_look(grid, m.bounds, s.x, s.y, s.yaw, &g)
    if not start_warm(m, s, &p):
        return
    rest_geometry(m, &p)
    if rest_contacts(m, &g, 0.0, &p) != GROUND_OK:
        return
    tip_turns(m, &p, out.tip)
    ramps(m, &p, &g, out)
    other_rests(m, grid, &g, &p, s, out)
    grounding(m, &g, &p, s, out)
    traction(m, &p, footing, out)


cdef public tc_status tc_examine(tc_engine *engine, const tc_footing *footing, const double *poses, size_t n,
                                 tc_stance *stances, tc_margins *out) noexcept nogil:
    cdef engine_memory *e = <engine_memory *> engine
    cdef tc_footing f
    cdef tc_status st
    cdef size_t i
    if n > 0 and out is NULL:
        return TC_E_NULL
    tc_footing_default(&f)
    if footing is not NULL:
        st = footing_check(footing)
        if st != TC_OK:
            return st
        f = footing[0]
    st = tc_settle(engine, poses, n, stances)
    if st != TC_OK:
        return st
    for i in range(n):
        stance_examine(&e.model, &e.grid, &f, &stances[i], &out[i])
    return TC_OK
