# What the vehicle meets if it goes on beside the line by what it is off it now: stances on the line moved aside.

cdef enum:
    ASIDE_POINTS = 20

cdef extern from *:
    """
    static const double TC_ASIDE_LENGTH = 4.0;          /* m of line looked at: a wheelbase and a reaction */
    static const double TC_ASIDE_MOVED = 0.25;          /* m rolled until it is looked at again, */
    static const double TC_ASIDE_SHIFT = 0.05;          /* or m farther aside */
    """
    const double TC_ASIDE_LENGTH, TC_ASIDE_MOVED, TC_ASIDE_SHIFT

cdef struct line_aside:
    tc_line_point points[ASIDE_POINTS]      # s is along the line
    int32_t n
    # of the last look
    int32_t looked                          # there was one, at this line
    double rolled                           # distance travelled, m
    double off                              # left of the line, m
    tc_stance work


cdef bint aside_due(const line_aside *a, double rolled, double off) noexcept nogil:
    return (not a.looked or not rolled - a.rolled < TC_ASIDE_MOVED or not fabs(off - a.off) < TC_ASIDE_SHIFT)


cdef void aside_look(line_aside *a, const stance_model *model, const tc_grid *grid, const tc_line_point *line,
                     int32_t n, double s, double off, double rolled) noexcept nogil:
    """Stances along the line from s on, each moved left by off, m. It ends where the ground is unknown."""
    cdef const tc_line_point *p
    cdef tc_line_point *q
    cdef double spacing = TC_ASIDE_LENGTH / ASIDE_POINTS, next_s = s
    cdef int32_t i
    if not aside_due(a, rolled, off):
        return
    a.looked = 1
    a.rolled = rolled
    a.off = off
    a.n = 0
    a.work.status = TC_STANCE_UNSOLVED
    for i in range(n):
        p = &line[i]
        if p.s < next_s:
            continue
        if p.s > s + TC_ASIDE_LENGTH or a.n == ASIDE_POINTS:
            return
        next_s = p.s + spacing
        stance_solve_least(model, grid, p.x - off * sin(p.yaw), p.y + off * cos(p.yaw), p.yaw,
                           &a.work if a.work.status == TC_STANCE_OK else NULL, &a.work)
        if (a.work.status == TC_STANCE_OFF_MAP or a.work.status == TC_STANCE_UNKNOWN
                or a.work.status == TC_STANCE_BAD_POSE):
            return
        q = &a.points[a.n]
        q[0] = p[0]
        q.x, q.y = a.work.x, a.work.y
        q.z, q.roll, q.pitch = a.work.z, a.work.roll, a.work.pitch
        q.clearance = (least_clearance(&a.work, <int32_t> model.vehicle.n_parts) if a.work.status == TC_STANCE_OK
                       else NAN)
        q.tip_margin = least_margin(&a.work)
        q.part = a.work.least_part
        q.stance_status = a.work.status
        q.lifted = a.work.lifted
        a.n += 1
