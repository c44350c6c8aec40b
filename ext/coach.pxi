# From line and state to steps.

cdef struct coach_state:
    tc_coach_config config
    tc_step queue[TC_MAX_STEPS]         # ring of steps not yet read
    int32_t first, count
    uint32_t next_id


cdef struct coach_view:
    # what the coach sees at a tick
    int64_t t_ns
    const tc_state *state
    const tc_stance *stance             # where the vehicle is; NULL = no terrain
    const line_planner *line            # the line advised; NULL = none
    double s                            # place of the vehicle on the line, m
    double off_line                     # vehicle left (+) of the line, m
    double to_end                       # along the trail, m


cdef void coach_init(coach_state *c, const tc_coach_config *config, const tc_vehicle *v) noexcept nogil:
    """c is zeroed."""
    c.config = config[0]
    c.next_id = 1


cdef void coach_tick(coach_state *c, const coach_view *view) noexcept nogil:
    """Look once; put what has to be said into the queue."""
    pass


cdef void coach_default(tc_coach_config *c) noexcept nogil:
    c.steering_ratio = 16.0
    c.reaction_time = 1.5
    c.clearance_warn = 0.05
    c.deviation_warn = 0.15
    c.tilt_warn = 0.15
