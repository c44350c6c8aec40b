# What the vehicle meets if nothing is changed: stances along its present course, the wheels held as they are.
#
# They are taken at stations that lie fixed along the distance travelled. While the vehicle keeps to its course the next
# look finds them where they were, and asks only for those that are new.

cdef enum:
    COURSE_POINTS = 40
    COURSE_STATIONS = 64                # remembered: more than the longest look has marks

cdef extern from *:
    """
    static const double TC_COURSE_SPACING = 0.15;       /* m between marks along the distance travelled */
    static const double TC_COURSE_LENGTH = 3.0;         /* m looked ahead at least, */
    static const double TC_COURSE_LONGEST = 8.0;        /* and at most: farther on nobody holds the wheel still */
    static const double TC_COURSE_ROLLING = 0.2;        /* m/s, slower the rate of turn tells no curvature */
    static const double TC_COURSE_BACK = 0.05;          /* m/s backwards that count as rolling back */
    /* when to look again */
    static const double TC_COURSE_MOVED = 0.25;         /* m rolled, */
    static const double TC_COURSE_STEERED = 0.035;      /* rad (2 deg) steered, */
    static const double TC_COURSE_AGAIN = 1.0;          /* or s gone by */
    /* when a station is still what it was */
    static const double TC_COURSE_SAME = 0.02;          /* m aside or along, a post's width on fine ground, */
    static const double TC_COURSE_SAME_YAW = 0.01;      /* rad: a part a wheelbase off the origin moves 3 cm, */
    static const double TC_COURSE_KEPT = 3.0;           /* and s: the wheels teach of the ground meanwhile */
    """
    const double TC_COURSE_SPACING, TC_COURSE_LENGTH, TC_COURSE_LONGEST, TC_COURSE_ROLLING, TC_COURSE_BACK
    const double TC_COURSE_MOVED, TC_COURSE_STEERED, TC_COURSE_AGAIN
    const double TC_COURSE_SAME, TC_COURSE_SAME_YAW, TC_COURSE_KEPT

cdef struct course_station:
    # a stance on the course, and where the solver may start from when it is asked again
    int64_t mark                        # distance travelled there, in spacings
    int64_t t_ns                        # when it was solved
    int32_t known
    double travel[4]                    # m
    double wheel_load[4]                # N
    tc_line_point point

cdef struct vehicle_course:
    tc_line_point points[COURSE_POINTS]     # the first is one spacing ahead at most; s is the wheel travel to it
    int32_t n                               # 0 = not known
    int32_t end                             # TC_STANCE_ of the pose behind the last point, OK = none was asked
    double end_way                          # wheel travel to it, m
    # of the last look
    int32_t looked                          # there was one, on this ground
    int64_t t_ns
    double rolled                           # distance travelled, m
    double steer                            # rad
    int32_t gear
    course_station station[COURSE_STATIONS]     # by mark
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


cdef bint is_same_station(const course_station *at, int64_t mark, int32_t gear, double x, double y, double yaw,
                          int64_t t_ns) noexcept nogil:
    """Whether a station remembered is that of a pose at a mark."""
    return (at.known and at.mark == mark and at.point.gear == gear
            and fabs(at.point.x - x) <= TC_COURSE_SAME and fabs(at.point.y - y) <= TC_COURSE_SAME
            and fabs(at.point.yaw - yaw) <= TC_COURSE_SAME_YAW
            and <double> (t_ns - at.t_ns) * 1e-9 < TC_COURSE_KEPT)


cdef void station_write(course_station *at, const tc_stance *st, const stance_model *model, int64_t mark, int32_t gear,
                        int64_t t_ns) noexcept nogil:
    """Remember a stance that can be judged."""
    cdef tc_line_point *q = &at.point
    at.known = 1
    at.mark = mark
    at.t_ns = t_ns
    memcpy(at.travel, st.travel, sizeof(at.travel))
    memcpy(at.wheel_load, st.wheel_load, sizeof(at.wheel_load))
    q.x, q.y, q.yaw = st.x, st.y, st.yaw
    q.z, q.roll, q.pitch = st.z, st.roll, st.pitch
    q.clearance = least_clearance(st, <int32_t> model.vehicle.n_parts) if st.status == TC_STANCE_OK else NAN
    q.tip_margin = least_margin(st)
    q.gear = gear
    q.part = st.least_part
    q.stance_status = st.status
    q.lifted = st.lifted


cdef void start_from_station(const course_station *at, tc_stance *out) noexcept nogil:
    """The stance of a station as far as a warm start asks for it."""
    out.status = at.point.stance_status
    out.z, out.roll, out.pitch = at.point.z, at.point.roll, at.point.pitch
    memcpy(out.travel, at.travel, sizeof(at.travel))
    memcpy(out.wheel_load, at.wheel_load, sizeof(at.wheel_load))


cdef bint station_solve(vehicle_course *c, const stance_model *model, const tc_grid *grid, int64_t mark, int32_t gear,
                        double x, double y, double yaw, const course_station *before) noexcept nogil:
    """Stance of a station not remembered, from itself as it was or else from the one before it (NULL: from c.work).
    False where it cannot be judged."""
    cdef course_station *at = &c.station[mark % COURSE_STATIONS]
    if at.known and at.mark == mark and at.point.gear == gear:
        start_from_station(at, &c.work)
    elif before is not NULL:
        start_from_station(before, &c.work)
    at.known = 0
    stance_solve_least(model, grid, x, y, yaw, &c.work if c.work.status == TC_STANCE_OK else NULL, &c.work)
    if (c.work.status == TC_STANCE_OFF_MAP or c.work.status == TC_STANCE_UNKNOWN
            or c.work.status == TC_STANCE_BAD_POSE):
        return False
    station_write(at, &c.work, model, mark, gear, c.t_ns)
    return True


cdef void course_arc(double curvature, double ds, double *x, double *y, double *yaw) noexcept nogil:
    """Roll on along an arc; its chord has the heading of its middle."""
    yaw[0] += 0.5 * curvature * ds
    x[0] += ds * cos(yaw[0])
    y[0] += ds * sin(yaw[0])
    yaw[0] += 0.5 * curvature * ds


cdef void course_walk(vehicle_course *c, const stance_model *model, const tc_grid *grid, const tc_state *state,
                      double length, double steer) noexcept nogil:
    """Stations on the arc of a steer, as far as the way ahead can be judged."""
    cdef double curvature = tan(steer) / model.vehicle.wheelbase, x = state.position[0], y = state.position[1]
    cdef double yaw = state.yaw, rolled = 0.0, ds, z = c.work.z, way = 0.0
    cdef int64_t every = <int64_t> (length / (COURSE_POINTS * TC_COURSE_SPACING) + 0.999)
    cdef int64_t mark = <int64_t> floor(state.distance / (every * TC_COURSE_SPACING)) * every
    cdef course_station *at
    cdef const course_station *before = NULL
    while c.n < COURSE_POINTS:
        mark += every
        ds = mark * TC_COURSE_SPACING - state.distance - rolled
        if rolled + ds > length:
            return
        rolled += ds
        course_arc(curvature, c.gear * ds, &x, &y, &yaw)
        at = &c.station[mark % COURSE_STATIONS]
        if (not is_same_station(at, mark, c.gear, x, y, yaw, c.t_ns)
                and not station_solve(c, model, grid, mark, c.gear, x, y, yaw, before)):
            c.end = c.work.status
            c.end_way = way + ds
            return
        z = at.point.z - z
        way += sqrt(ds * ds + z * z) if isfinite(z) else ds
        z = at.point.z
        c.points[c.n] = at.point
        c.points[c.n].s = way
        c.points[c.n].steer = steer
        c.n += 1
        if at.point.stance_status == TC_STANCE_TIPS:
            c.end = TC_STANCE_TIPS
            c.end_way = way
            return
        before = at


cdef void course_look(vehicle_course *c, const stance_model *model, const tc_grid *grid, const tc_state *state,
                      const tc_stance *now, int64_t t_ns, double length) noexcept nogil:
    """Stances ahead on the arc of the present steering, or behind where the vehicle rolls back.

    now is the stance of the present pose, length how far to look, m. A standing vehicle may roll on: forward."""
    cdef double along = speed_along(state), steer = course_steer(state, model.vehicle.wheelbase, along)
    cdef int32_t gear = -1 if along <= -TC_COURSE_BACK else 1
    if not course_due(c, state, t_ns, gear, steer):
        return
    if not c.looked:
        memset(c.station, 0, sizeof(c.station))
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
    c.work = now[0]
    course_walk(c, model, grid, state, length, steer)
