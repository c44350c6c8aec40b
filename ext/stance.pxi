# How the vehicle rests on the ground, and what its underbody meets.

cdef struct stance_model:
    tc_vehicle vehicle


cdef tc_status stance_init(stance_model *m, const tc_vehicle *v) noexcept nogil:
    """Derive from the vehicle what the solver needs. TC_E_RANGE where no such vehicle can be."""
    m.vehicle = v[0]
    return TC_OK


cdef void stance_solve(const stance_model *m, const tc_grid *g, double x, double y, double yaw,
                       const tc_stance *warm, tc_stance *out) noexcept nogil:
    """Rest at (x, y, yaw) into out, always with a status. warm: a stance nearby to start from, or NULL."""
    out.status = TC_STANCE_UNSOLVED
