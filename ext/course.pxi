# What the vehicle meets if nothing is changed: stances along its present course, the wheels held as they are.

cdef enum:
    COURSE_POINTS = 20

cdef extern from *:
    """
    static const double TC_COURSE_LENGTH = 3.0;         /* m looked ahead at least, */
    static const double TC_COURSE_LONGEST = 8.0;        /* and at most: farther on nobody holds the wheel still */
    static const double TC_COURSE_ROLLING = 0.2;        /* m/s, slower the rate of turn tells no curvature */
    static const double TC_COURSE_BACK = 0.05;          /* m/s backwards that count as rolling back */
    /* when to look again */
    static const double TC_COURSE_MOVED = 0.25;         /* m rolled, */
    static const double TC_COURSE_STEERED = 0.035;      /* rad (2 deg) steered, */
    static const double TC_COURSE_AGAIN = 1.0;          /* or s gone by */
    """
    const double TC_COURSE_LENGTH, TC_COURSE_LONGEST, TC_COURSE_ROLLING, TC_COURSE_BACK, TC_COURSE_MOVED
    const double TC_COURSE_STEERED, TC_COURSE_AGAIN

cdef struct vehicle_course:
    tc_line_point points[COURSE_POINTS]     # the first is one step ahead; s is the wheel travel to it
    int32_t n                               # 0 = not known
    int32_t end                             # TC_STANCE_ of the pose behind the last point, OK = none was asked
    double end_way                          # wheel travel to it, m
    # of the last look
    int32_t looked                          # there was one, on this ground
    int64_t t_ns
    double rolled                           # distance travelled, m
    double steer                            # rad
    int32_t gear
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


cdef bint course_due(const vehicle_course *c, const tc_state *state, int64_t t_ns, int32_t gear,
                     double steer) noexcept nogil:
    """Whether the last look does not tell enough any more."""
    return (not c.looked or gear != c.gear or not fabs(steer - c.steer) <= TC_COURSE_STEERED
            or not state.distance - c.rolled < TC_COURSE_MOVED or <double> (t_ns - c.t_ns) * 1e-9 >= TC_COURSE_AGAIN)


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
    cdef int32_t i, gear = -1 if along <= -TC_COURSE_BACK else 1
    if not course_due(c, state, t_ns, gear, steer):
        return
    c.t_ns = t_ns
    c.steer = steer
    c.rolled = state.distance
    c.gear = gear
    c.looked = 1
    c.n = 0
    c.end = TC_STANCE_OK
    if not isfinite(steer) or not isfinite(along):
        return
    length = (TC_COURSE_LENGTH if length < TC_COURSE_LENGTH else TC_COURSE_LONGEST if length > TC_COURSE_LONGEST
              else length)
    ds = gear * length / COURSE_POINTS
    curvature = tan(steer) / wheelbase
    x, y, yaw = state.position[0], state.position[1], state.yaw
    c.work = now[0]
    for i in range(COURSE_POINTS):
        yaw += 0.5 * curvature * ds     # the chord of an arc has the heading of its middle
        x += ds * cos(yaw)
        y += ds * sin(yaw)
        yaw += 0.5 * curvature * ds
        z = c.work.z
        stance_solve_least(model, grid, x, y, yaw, &c.work if c.work.status == TC_STANCE_OK else NULL, &c.work)
        z = c.work.z - z
        way += sqrt(ds * ds + z * z) if isfinite(z) else fabs(ds)
        if not course_point(c, &c.work, model, way, steer, gear):
            c.end = c.work.status
            c.end_way = way
            return
