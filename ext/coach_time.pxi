# Time, way and the driver: what rolls by until a step is heard and done.

cdef inline int64_t nanoseconds(double seconds) noexcept nogil:
    return <int64_t> (seconds * 1e9)


cdef inline double seconds_since(int64_t now_ns, int64_t then_ns) noexcept nogil:
    return <double> (now_ns - then_ns) * 1e-9


cdef inline double reaction_way(const coach_state *c) noexcept nogil:
    """What rolls by until the driver acts, m."""
    return c.speed * c.config.reaction_time


cdef inline double stopping(const tc_coach_config *config, double speed) noexcept nogil:
    """From hearing "stop" to standing in front of it, m."""
    return speed * config.reaction_time + speed * speed / (2.0 * TC_COACH_BRAKING) + TC_COACH_STOP_ROOM


cdef inline double stop_way(const coach_state *c) noexcept nogil:
    return stopping(&c.config, c.speed)


cdef inline double speed_of(const tc_state *state) noexcept nogil:
    cdef const double *v = state.velocity
    return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2])


cdef inline double foresight(const tc_coach_config *config, const tc_state *state) noexcept nogil:
    """How far the present course must be known to stop in front of what it meets, m."""
    return stopping(config, speed_of(state)) + 2.0 * TC_COACH_COURSE_ROOM


cdef inline double least_turn(const coach_state *c) noexcept nogil:
    """The least change of the road-wheel angle that is worth speaking of, rad."""
    return TC_COACH_LEAST_TURN * TC_COACH_QUARTER / c.config.steering_ratio


cdef inline double prepare_way(const coach_state *c) noexcept nogil:
    cdef double way = c.speed * TC_COACH_PREPARE_TIME
    return way if way > TC_COACH_PREPARE_LEAST else TC_COACH_PREPARE_LEAST
