# Stances and lines a host asks for itself, anywhere.

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


cdef public tc_status tc_assure(tc_engine *engine, const double *poses, size_t n, double *clearance) noexcept nogil:
    cdef engine_memory *e = <engine_memory *> engine
    cdef size_t i
    if e is NULL or (n > 0 and (poses is NULL or clearance is NULL)):
        return TC_E_NULL
    if not e.has_grid:
        return TC_E_STATE
    for i in range(n):
        clearance[i] = assured_clearance(&e.model, ground_at(e, poses[3 * i], poses[3 * i + 1], TC_VEHICLE_ROOM),
                                         poses[3 * i], poses[3 * i + 1], poses[3 * i + 2])
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
