# What the vehicle meets if nothing is changed: stances along its present course, the wheels held as they are.

cdef enum:
    COURSE_POINTS = 40

cdef extern from *:
    """
    static const double TC_COURSE_STEP = 0.2;           /* m between stances */
    static const double TC_COURSE_LENGTH = 3.0;         /* m looked ahead at least; COURSE_POINTS steps at most */
    static const double TC_COURSE_ROLLING = 0.2;        /* m/s, slower the rate of turn tells no curvature */
    static const double TC_COURSE_STILL = 0.05;         /* m/s, slower is standing: no need to look at every tick, */
    static const double TC_COURSE_AGAIN = 1.0;          /* s, this is often enough, */
    static const double TC_COURSE_STEERED = 0.035;      /* rad (2 deg), and when the wheels have been turned by this */
    """
    const double TC_COURSE_STEP, TC_COURSE_LENGTH, TC_COURSE_ROLLING, TC_COURSE_STILL, TC_COURSE_AGAIN
    const double TC_COURSE_STEERED

cdef struct vehicle_course:
    tc_line_point points[COURSE_POINTS]     # the first is one step ahead; s is the wheel travel to it
    int32_t n                               # 0 = not known
    # of the last look
    int64_t t_ns
    double steer                            # rad
    int32_t still
    tc_stance work


cdef inline double speed_along(const tc_state *state) noexcept nogil:
    """Velocity along the body's x axis, m/s."""
    cdef const double *v = state.velocity
    return (cos(state.pitch) * (v[0] * cos(state.yaw) + v[1] * sin(state.yaw))
            - sin(state.pitch) * v[2])


cdef double course_steer(const tc_state *state, double wheelbase, double along) noexcept nogil:
    """Road-wheel angle of the present course, rad: as measured, else as the vehicle turns. NaN = not known."""
    if isfinite(state.steer):
        return state.steer
    if fabs(along) < TC_COURSE_ROLLING:
        return NAN
    return atan(wheelbase * state.rate[2] / along)


cdef bint course_due(const vehicle_course *c, int64_t t_ns, bint still, double steer) noexcept nogil:
    """Whether a standing vehicle has to look again; a rolling one always has."""
    if not still or not c.still:
        return True
    if <double> (t_ns - c.t_ns) * 1e-9 >= TC_COURSE_AGAIN:
        return True
    return not fabs(steer - c.steer) <= TC_COURSE_STEERED


cdef bint course_point(vehicle_course *c, const tc_stance *st, const stance_model *model, double way, double steer,
                       int32_t gear) noexcept nogil:
    """Append a stance. False where the way ahead cannot be judged any further."""
    cdef tc_line_point *q = &c.points[c.n]
    if st.status == TC_STANCE_OFF_MAP or st.status == TC_STANCE_UNKNOWN or st.status == TC_STANCE_BAD_POSE:
        return False
    q.s = way
    q.x, q.y, q.yaw = st.x, st.y, st.yaw
    q.steer = steer
    q.z, q.roll, q.pitch = st.z, st.roll, st.pitch
    q.clearance = least_clearance(st, <int32_t> model.vehicle.n_parts) if st.status == TC_STANCE_OK else NAN
    q.tip_margin = least_margin(st)
    q.gear = gear
    q.part = st.least_part
    q.stance_status = st.status
    q.lifted = st.lifted
    c.n += 1
    return st.status != TC_STANCE_TIPS


cdef void course_look(vehicle_course *c, const stance_model *model, const tc_grid *grid, const tc_state *state,
                      const tc_stance *now, int64_t t_ns, double length) noexcept nogil:
    """Stances ahead on the arc of the present steering, or behind where the vehicle rolls back.

    now is the stance of the present pose, length how far to look, m. A standing vehicle may roll on: forward."""
    cdef double along = speed_along(state), wheelbase = model.vehicle.wheelbase
    cdef double steer = course_steer(state, wheelbase, along), curvature, x, y, yaw, ds, z, way = 0.0
    cdef bint still = fabs(along) < TC_COURSE_STILL
    cdef int32_t i, n, gear = -1 if along <= -TC_COURSE_STILL else 1
    if not course_due(c, t_ns, still, steer):
        return
    c.t_ns = t_ns
    c.steer = steer
    c.still = still
    c.n = 0
    if not isfinite(steer) or not isfinite(along):
        return
    length = length if length > TC_COURSE_LENGTH else TC_COURSE_LENGTH
    n = COURSE_POINTS if length >= COURSE_POINTS * TC_COURSE_STEP else <int32_t> (length / TC_COURSE_STEP)
    ds = gear * TC_COURSE_STEP
    curvature = tan(steer) / wheelbase
    x, y, yaw = state.position[0], state.position[1], state.yaw
    c.work = now[0]
    for i in range(n):
        yaw += 0.5 * curvature * ds     # the chord of an arc has the heading of its middle
        x += ds * cos(yaw)
        y += ds * sin(yaw)
        yaw += 0.5 * curvature * ds
        z = c.work.z
        stance_solve(model, grid, x, y, yaw, &c.work if c.work.status == TC_STANCE_OK else NULL, &c.work)
        way += TC_COURSE_STEP if not isfinite(c.work.z - z) else sqrt(ds * ds + (c.work.z - z) * (c.work.z - z))
        if not course_point(c, &c.work, model, way, steer, gear):
            return
