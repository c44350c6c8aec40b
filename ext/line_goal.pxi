# How far a node is from the goal, and whether it can still be met.

cdef extern from *:
    """
    static const double TC_LINE_GOAL_RADIUS = 0.45;     /* m */
    static const double TC_LINE_GOAL_YAW = 0.25;        /* rad */
    static const double TC_LINE_GOAL_SIGHT = 8.0;       /* m before the goal from where it is checked to be in reach */
    """
    const double TC_LINE_GOAL_RADIUS, TC_LINE_GOAL_YAW, TC_LINE_GOAL_SIGHT


cdef double still_to_go(const line_planner *p, const line_node *n) noexcept nogil:
    """A length of the way to the goal that no line is much shorter than, m."""
    cdef double along = p.goal.s - n.s, dx, dy, beeline
    if p.goal.across:
        return along if along > 0.0 else 0.0
    dx = p.goal.x - n.x
    dy = p.goal.y - n.y
    beeline = sqrt(dx * dx + dy * dy)
    return beeline if beeline > along else along


cdef bint at_goal(const line_planner *p, const line_node *n) noexcept nogil:
    cdef double dx = p.goal.x - n.x, dy = p.goal.y - n.y
    if p.goal.across:
        return n.s >= p.goal.s
    if dx * dx + dy * dy > TC_LINE_GOAL_RADIUS * TC_LINE_GOAL_RADIUS:
        return False
    return p.goal.any_yaw or fabs(wrap_angle(n.yaw - p.goal.yaw)) <= TC_LINE_GOAL_YAW


cdef inline double beyond(double value, double slack) noexcept nogil:
    """What of the value lies outside +-slack."""
    return value - slack if value > slack else value + slack if value < -slack else 0.0


cdef bint out_of_reach(const line_planner *p, const line_node *n) noexcept nogil:
    """Whether the goal pose cannot be met any more. Near it lateral offset e and heading error are a double integrator
    of the curvature; the shortest way to bring both to nought is bang-bang (Bryson and Ho 1975, 3.9)."""
    cdef double c, s, dx, dy, along, e, turn, sum_, way
    if p.goal.across or p.both_gears:
        return False
    if p.goal.any_yaw:
        return n.s > p.goal.s + 2.0 * TC_LINE_GOAL_RADIUS
    c = cos(p.goal.yaw)
    s = sin(p.goal.yaw)
    dx = n.x - p.goal.x
    dy = n.y - p.goal.y
    along = -(dx * c + dy * s)
    turn = wrap_angle(n.yaw - p.goal.yaw)
    if along > TC_LINE_GOAL_SIGHT or fabs(turn) > 1.0:
        return along < -TC_LINE_GOAL_SIGHT
    if along < -TC_LINE_GOAL_RADIUS:
        return True
    e = dy * c - dx * s
    # as far as the goal's own width forgives
    e = beyond(e, TC_LINE_GOAL_RADIUS)
    turn = beyond(turn, TC_LINE_GOAL_YAW)
    sum_ = e + turn * fabs(turn) / (2.0 * p.k_max)
    if sum_ < 0.0:
        e = -e
        turn = -turn
    way = turn / p.k_max + 2.0 * sqrt(fabs(turn * turn / (2.0 * p.k_max * p.k_max) + e / p.k_max))
    return way > along + 2.0 * TC_LINE_GOAL_RADIUS + 0.1 * TC_LINE_GOAL_SIGHT * fabs(turn)
