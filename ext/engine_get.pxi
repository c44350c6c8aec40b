# What a host reads of the engine after a tick.

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
