# A step: where it is about, and why.

cdef inline int32_t side_of(double left, double least) noexcept nogil:
    return 1 if left > least else -1 if left < -least else 0


cdef void step_new(const coach_state *c, const coach_view *view, int32_t kind, int32_t cause, int32_t priority,
                   int32_t phase, tc_step *step) noexcept nogil:
    """A step about here and now; the caller says the rest."""
    memset(step, 0, sizeof(tc_step))
    step.struct_size = sizeof(tc_step)
    step.kind = kind
    step.cause = cause
    step.priority = priority
    step.phase = phase
    step.part = step.other_part = step.wheel = -1
    step.t_ns = step.since_ns = view.t_ns
    step.x = view.state.position[0]
    step.y = view.state.position[1]
    step.steer = step.clearance = step.probability = step.other_clearance = step.angle = NAN


cdef void step_at(const coach_state *c, const coach_view *view, int32_t i, tc_step *step) noexcept nogil:
    """Where on the line the step is about."""
    step.to_go = c.roll_to[i] if c.roll_to[i] > 0.0 else 0.0
    step.x = view.line.points[i].x
    step.y = view.line.points[i].y


cdef double touch_probability(const coach_state *c, const coach_view *view, int32_t part, double x, double y,
                              double yaw, double clearance) noexcept nogil:
    """That a part touches in a pose that expects a clearance: it errs as ground and model do, and as the pose does."""
    cdef double sd = TC_COACH_ASIDE * c.sd, sigma = view.sigma
    cdef ground_shown shown
    cdef touch_place t
    if not 0 <= part < c.n_parts:
        return NAN
    t = c.part_place[part]
    if view.grid is NULL:
        return chance_of_touch(&t, clearance, t.spread * square(sigma) + square(sd), TC_REST_EXACT)
    sigma = sigma_at(view.grid, nearest_post(view.grid, x, y))
    if view.vehicle is not NULL:
        ground_under(view.vehicle, view.grid, x, y, yaw, &shown)
        touch_ground_at(&shown, &t)
    return touch_at(view.grid, x, y, clearance, t.spread * square(sigma) + square(sd), &t, TC_REST_EXACT)


cdef void step_part(const coach_state *c, int32_t part, tc_step *step) noexcept nogil:
    step.part = part if 0 <= part < c.n_parts else -1
    if step.part >= 0 and step.side == 0:
        step.side = c.part_side[step.part]


cdef inline void step_other(const coach_state *c, int32_t part, double clearance, tc_step *step) noexcept nogil:
    """The clearance on the way not advised, and the part it is of."""
    step.other_part = part if 0 <= part < c.n_parts else -1
    step.other_clearance = clearance


cdef void step_why(const coach_state *c, const coach_view *view, int32_t i, tc_step *step) noexcept nogil:
    """Part, clearance and probability at point i of the line, and the clearance on the way not taken."""
    cdef const tc_line_point *p = view.line.points
    step_part(c, p[i].part, step)
    step.clearance = p[i].clearance
    step.probability = touch_probability(c, view, p[i].part, p[i].x, p[i].y, p[i].yaw,
                                         p[i].clearance)
    step_other(c, view.line.info.straight_part, view.line.info.straight_clearance, step)


cdef void step_why_not(const coach_state *c, const coach_view *view, tc_step *step) noexcept nogil:
    """What comes near the ground on the way not steered, and what the line has instead."""
    cdef const tc_line_info *info = &view.line.info
    step_part(c, info.least_part, step)
    step.clearance = info.least_clearance
    step.probability = touch_probability(c, view, info.straight_part, view.state.position[0],
                                         view.state.position[1], view.state.yaw, info.straight_clearance)
    step_other(c, info.straight_part, info.straight_clearance, step)
