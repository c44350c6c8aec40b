# How far gravity may turn before the vehicle tips, with springs, stops and tyres that give way.
#
# Gravity that turns about an edge of the footprint is the world that turns the other way. Each wheel keeps the place on
# its tread and the plane of the ground it stands on; all seven unknowns find their balance anew, a little further each
# time, until there is none. A wheel that hangs has its plane where it would touch the ground.

cdef enum:
    TURN_ITERATIONS = 40
    TURN_HALVINGS = 4

cdef extern from *:
    """
    static const double TC_TURN_STEP = 0.035;        /* rad (4 deg), halved TURN_HALVINGS times: 0.25 deg */
    static const double TC_TURN_MOST = 1.3;         /* rad, no vehicle is looked at further */
    static const double TC_OVER = 1.25;             /* rad of chassis roll or pitch: it has gone over */
    static const double TC_STEEPEST = 0.1;          /* vertical part of a ground's normal that can still carry */
    """
    const double TC_TURN_STEP, TC_TURN_MOST, TC_OVER, TC_STEEPEST

cdef struct foot_plane:
    double at[3]                        # where the wheel stands, heading frame about the body origin of the rest
    double normal[3]
    double arm[2]                       # from wheel centre to tread in the wheel's plane: against the normal, along it
    double offset                       # of the load from the middle of the tread, to the left, m
    double rise                         # of the wheel over what arm and plane alone ask for, m

cdef struct turned_rest:
    rest_point p
    double yaw                          # of the heading frame of p against that of the rest, turned


cdef void turn_about(const double *axis, double angle, const double *v, double *out) noexcept nogil:
    """v turned about a unit axis (Rodrigues); the two must not overlap."""
    cdef double c = cos(angle), s = sin(angle)
    cdef double along = (axis[0] * v[0] + axis[1] * v[1] + axis[2] * v[2]) * (1.0 - c)
    cdef double a[3]
    cdef int32_t k
    cross(axis, v, a)
    for k in range(3):
        out[k] = c * v[k] + s * a[k] + along * axis[k]


cdef inline double lean_offset(const tread_shape *t, const footprint *f, const double *normal,
                               double load) noexcept nogil:
    """Where the load acts on a tread that lies flat on a plane against its camber spring, m left of the middle."""
    cdef double lean = -(f.axle[0] * normal[0] + f.axle[1] * normal[1] + f.axle[2] * normal[2])
    cdef double most = t.across[STRIPS - 1], y = camber_moment(fabs(lean)) / larger(load, TC_LIFTED_LOAD)
    y = y if y < most else most
    return y if lean > 0.0 else -y


cdef inline void normal_in_wheel(const footprint *f, const double *normal, double *ahead, double *up) noexcept nogil:
    """Unit projection of a plane's normal on the wheel's plane."""
    cdef double n
    ahead[0] = f.ahead[0] * normal[0] + f.ahead[1] * normal[1]
    up[0] = f.up[0] * normal[0] + f.up[1] * normal[1] + f.up[2] * normal[2]
    n = sqrt(ahead[0] * ahead[0] + up[0] * up[0])
    ahead[0] /= n
    up[0] /= n


cdef inline double wheel_rate(const tread_shape *t, const footprint *f) noexcept nogil:
    """Vertical rate of a tyre that leans, as tyre_press has it."""
    return t.rate / (1.0 + f.axle[2] * f.axle[2] * (1.0 / TC_LATERAL_SHARE - 1.0))


cdef inline double wheel_slide(const tread_shape *t, const footprint *f, double load) noexcept nogil:
    """How far a leaning wheel slides along its axle, as rest_contacts has it."""
    return (load - t.weight) / t.rate * (1.0 / TC_LATERAL_SHARE - 1.0) * f.axle[2]


cdef double height_on_plane(const stance_model *m, const foot_plane *plane, int32_t w, double load, const rest_point *p,
                            double *foot) noexcept nogil:
    """Height of the wheel centre over the body origin of the rest as the tread touches its plane; foot: x, y of it."""
    cdef const footprint *f = &p.foot[w]
    cdef double slide = wheel_slide(&m.tread, f, load), na, nu, ahead, up
    cdef int32_t k
    normal_in_wheel(f, plane.normal, &na, &nu)
    ahead = -plane.arm[0] * na + plane.arm[1] * nu
    up = -plane.arm[0] * nu - plane.arm[1] * na
    for k in range(2):
        foot[k] = p.hub[w][k] + slide * f.axle[k] + ahead * f.ahead[k] + up * f.up[k]
    return (plane.at[2] - (plane.normal[0] * (foot[0] - plane.at[0]) + plane.normal[1] * (foot[1] - plane.at[1]))
            / plane.normal[2] - up * f.up[2])


cdef void foot_planes(const stance_model *m, const rest_point *p, foot_plane *planes) noexcept nogil:
    """Where the wheels of a rest stand, and with what place of their treads."""
    cdef const footprint *f
    cdef const tyre_contact *t
    cdef double slide, gap, length, highest, na, nu, ahead, up, wanted
    cdef double arm[3]
    cdef double foot[2]
    cdef int32_t w, k
    for w in range(4):
        f = &p.foot[w]
        t = &p.tyre[w]
        wanted = p.hub[w][2] + (t.load - m.tread.weight) / wheel_rate(&m.tread, f)
        slide = wheel_slide(&m.tread, f, t.load)
        arm[0] = t.point[0] - p.hub[w][0] - slide * f.axle[0]
        arm[1] = t.point[1] - p.hub[w][1] - slide * f.axle[1]
        arm[2] = t.point[2] - wanted
        length = sqrt(1.0 + t.slope[0] * t.slope[0] + t.slope[1] * t.slope[1])
        planes[w].normal[0] = -t.slope[0] / length
        planes[w].normal[1] = -t.slope[1] / length
        planes[w].normal[2] = 1.0 / length
        normal_in_wheel(f, planes[w].normal, &na, &nu)
        ahead = arm[0] * f.ahead[0] + arm[1] * f.ahead[1]
        up = arm[0] * f.up[0] + arm[1] * f.up[1] + arm[2] * f.up[2]
        planes[w].arm[0] = -(ahead * na + up * nu)
        planes[w].arm[1] = ahead * nu - up * na
        planes[w].offset = (arm[0] * f.axle[0] + arm[1] * f.axle[1] + arm[2] * f.axle[2]
                            - lean_offset(&m.tread, f, planes[w].normal, t.load))
        gap = 0.0
        if t.load == 0.0:               # it hangs: the plane is where it would touch
            highest = f.height[0]
            for k in range(1, STRIPS):
                highest = larger(highest, f.height[k])
            gap = larger(p.z + wanted - highest, 0.0)
        for k in range(3):
            planes[w].at[k] = t.point[k]
        planes[w].at[2] -= gap
        planes[w].rise = 0.0
        planes[w].rise = wanted - gap - height_on_plane(m, &planes[w], w, t.load, p, foot)


cdef void press_on_plane(const stance_model *m, const foot_plane *plane, int32_t w, double z0,
                         rest_point *p) noexcept nogil:
    """Load of a wheel on its plane, as tyre_press has it on the ground."""
    cdef const footprint *f = &p.foot[w]
    cdef tyre_contact *t = &p.tyre[w]
    cdef double rate = wheel_rate(&m.tread, f), most = m.tread.across[STRIPS - 1], height, lean, offset, slide
    cdef double foot[2]
    cdef int32_t k
    t.rate = t.slope[0] = t.slope[1] = t.shift[0] = t.shift[1] = 0.0
    if plane.normal[2] < TC_STEEPEST:
        t.load = 0.0
        memcpy(t.point, p.hub[w], sizeof(t.point))
        return
    t.slope[0] = -plane.normal[0] / plane.normal[2]
    t.slope[1] = -plane.normal[1] / plane.normal[2]
    # the wheel slides with its load, and with it along the slope: on a plane the two are solved at once
    height = z0 + plane.rise + height_on_plane(m, plane, w, m.tread.weight, p, foot)
    slide = wheel_slide(&m.tread, f, m.tread.weight + 1.0)      # m per N
    rate /= 1.0 - rate * slide * (t.slope[0] * f.axle[0] + t.slope[1] * f.axle[1])
    t.load = larger(rate * (height - p.z - p.hub[w][2]) + m.tread.weight, 0.0)
    height_on_plane(m, plane, w, t.load, p, foot)
    lean = lean_offset(&m.tread, f, plane.normal, t.load)
    offset = plane.offset + lean
    if fabs(offset) > most:
        offset = most if offset > 0.0 else -most
        lean = 0.0
    for k in range(2):                  # more load slides the wheel, and is not leant on
        t.shift[k] = (t.load * slide - lean) * f.axle[k]
    t.point[0] = foot[0] + offset * f.axle[0]
    t.point[1] = foot[1] + offset * f.axle[1]
    t.point[2] = (z0 - p.z + plane.at[2] + t.slope[0] * (t.point[0] - plane.at[0])
                  + t.slope[1] * (t.point[1] - plane.at[1]))
    if t.load > 0.0:
        t.rate = rate


cdef int rests_on_planes(const stance_model *m, const foot_plane *planes, double z0, rest_point *p) noexcept nogil:
    """From the state in p to a stable rest, step by step as settle_from; 0 where it finds none."""
    cdef balance b
    cdef rest_point start = p[0]
    cdef double chassis[3]
    cdef double axle[2][2]
    cdef double newton[3]
    cdef double newton_axle[2][2]
    cdef double size, firm, part = 1.0, before = 0.0, after, shorter
    cdef int32_t it, w, cuts = 0
    cdef int stable
    memset(chassis, 0, sizeof(chassis))
    memset(axle, 0, sizeof(axle))
    for it in range(TURN_ITERATIONS):
        rest_geometry(m, p)
        for w in range(4):
            press_on_plane(m, &planes[w], w, z0, p)
        rest_balance(m, p, &b)
        size = residual_size(m, &b)
        stable = solve_rest(m, &b, 0.0, newton, newton_axle)
        if stable and size < TC_REST_FORCE:
            return 1
        if not isfinite(size) or fabs(p.roll) > TC_OVER or fabs(p.pitch) > TC_OVER:
            return 0
        after = step_work(&b, chassis, axle)
        if after < -0.3 * before and cuts < MAX_CUTS:
            cuts += 1
            shorter = before / (before - after)
            part *= 0.1 if shorter < 0.1 else 0.7 if shorter > 0.7 else shorter
            step_to(p, &start, part, chassis, axle)
            continue
        firm = 0.01
        while not stable and firm < TC_FIRMEST:
            stable = solve_rest(m, &b, firm, newton, newton_axle)
            firm *= 3.0
        memcpy(chassis, newton, sizeof(newton))
        memcpy(axle, newton_axle, sizeof(newton_axle))
        limit_step(chassis, axle)
        before = step_work(&b, chassis, axle)
        part = 1.0
        cuts = 0
        start = p[0]
        step_to(p, &start, part, chassis, axle)
    return 0


cdef void turn_planes(const foot_plane *planes, const double *axis, double angle, double yaw,
                      foot_plane *turned) noexcept nogil:
    """The planes of a rest with the world turned about an axis through the body origin, seen from a heading."""
    cdef double v[3]
    cdef double c = cos(yaw), s = sin(yaw)
    cdef int32_t w
    for w in range(4):
        turned[w] = planes[w]
        turn_about(axis, angle, planes[w].at, v)
        turned[w].at[0] = c * v[0] + s * v[1]
        turned[w].at[1] = c * v[1] - s * v[0]
        turned[w].at[2] = v[2]
        turn_about(axis, angle, planes[w].normal, v)
        turned[w].normal[0] = c * v[0] + s * v[1]
        turned[w].normal[1] = c * v[1] - s * v[0]
        turned[w].normal[2] = v[2]


cdef int turn_further(const stance_model *m, const foot_plane *planes, const double *axis, double by, double angle,
                      double z0, turned_rest *t) noexcept nogil:
    """From the balance in t a step `by` further, to `angle` in all; 0 where there is no balance."""
    cdef foot_plane turned[4]
    cdef double R[9]
    cdef double yawed[9]
    cdef double column[3]
    cdef double out[3]
    cdef double turn
    cdef int32_t i, k
    rotation_from_rpy(t.p.roll, t.p.pitch, t.yaw, R)
    for i in range(3):
        for k in range(3):
            column[k] = R[3 * k + i]
        turn_about(axis, by, column, out)
        for k in range(3):
            yawed[3 * k + i] = out[k]
    rpy_from_rotation(yawed, &t.p.roll, &t.p.pitch, &turn)
    t.yaw = turn
    turn_planes(planes, axis, angle, t.yaw, turned)
    return rests_on_planes(m, turned, z0, &t.p)


cdef double tip_turn(const stance_model *m, const foot_plane *planes, const rest_point *rest, const double *a,
                     const double *b) noexcept nogil:
    """Angle gravity may turn about the edge from a to b, footprint to its right, until there is no balance."""
    cdef turned_rest t, ahead
    cdef double axis[3]
    cdef double length = 0.0, angle = 0.0, step = TC_TURN_STEP
    cdef int32_t halvings = 0, k
    for k in range(3):
        axis[k] = b[k] - a[k]
        length += axis[k] * axis[k]
    for k in range(3):
        axis[k] /= sqrt(length)
    t.p = rest[0]
    t.yaw = 0.0
    while angle < TC_TURN_MOST:
        ahead = t
        if turn_further(m, planes, axis, -step, -angle - step, rest.z, &ahead):
            t = ahead
            angle += step
        elif halvings < TURN_HALVINGS:
            halvings += 1
            step *= 0.5
        else:
            break
    return angle


cdef void tip_turns(const stance_model *m, const rest_point *p, double *out) noexcept nogil:
    """Margins (left, right, front, rear) of a rest with all that gives way."""
    cdef foot_plane planes[4]
    foot_planes(m, p, planes)
    out[0] = tip_turn(m, planes, p, planes[2].at, planes[0].at)
    out[1] = tip_turn(m, planes, p, planes[1].at, planes[3].at)
    out[2] = tip_turn(m, planes, p, planes[0].at, planes[1].at)
    out[3] = tip_turn(m, planes, p, planes[3].at, planes[2].at)
