# Search of the best line over stances.

cdef struct line_planner:
    const stance_model *stance
    tc_line_config config
    tc_line_info info                   # of the last plan
    tc_line_point points[TC_MAX_LINE]
    int32_t n_points


cdef size_t line_memory(const tc_line_config *c) noexcept nogil:
    """Bytes of working memory a planner with this budget needs."""
    return 0


cdef void line_init(line_planner *p, void *memory, const tc_line_config *c, const stance_model *m) noexcept nogil:
    """p is zeroed, memory holds line_memory(c) bytes."""
    p.config = c[0]
    p.stance = m


cdef void line_plan(line_planner *p, const tc_grid *g, const double *trail_xy, int32_t n_trail, double half_width,
                    const double *start, const double *goal) noexcept nogil:
    """Plan from start (x, y, yaw) to goal (x, y, yaw; NaN yaw = free) within half_width of the trail, a polyline
    of n_trail points; without one (n_trail = 0) of the straight way from start to goal."""
    p.n_points = 0
    p.info.outcome = TC_LINE_BLOCKED


cdef void line_default(tc_line_config *c) noexcept nogil:
    c.max_nodes = 20000
    c.max_stances = 20000
    c.horizon = 12.0
    c.half_width = 3.0
    c.clearance_wanted = 0.15
    c.clearance_least = 0.0
    c.max_tilt = 0.52
