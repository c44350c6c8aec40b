# The balance of a vehicle that stands with its brakes on: the ground pushes vertically at sticking contacts. Seven
# unknowns: height, roll, pitch of the chassis, two coordinates of each axle. Virtual work of the loads F_w at the
# contacts P_w, of springs and of weights gives seven equations; a Newton step has the axles condensed out.
#
# Heading frame: origin (x, y) of the body and z of the world, x along the heading, z up.

cdef extern from *:
    """
    static const double TC_GRAVITY = 9.81;          /* m/s^2 */
    static const double TC_MOST_SLIDE = 0.5;        /* of a change of load that sliding may add to it at once */
    """
    const double TC_GRAVITY, TC_MOST_SLIDE

cdef struct stance_model:
    tc_vehicle vehicle
    axle_model axle[2]
    tread_shape tread
    double sprung_mass
    double sprung_cg[3]                 # body frame, m
    double scale[3]                     # N, N m, N m of a residual that counts as one newton
    double stiff[3]                     # stiffness of the whole on its tyres, measure of damping
    underbody_model underbody
    ground_bounds *bounds               # of the grid the stances are on, the owner's memory

cdef struct rest_point:
    # a state of the seven unknowns and all that follows from it
    double z, roll, pitch
    double q[2][2]                      # axles
    int32_t quality                     # TC_REST_
    double R_hb[9]                      # body to heading frame
    double axle_origin[2][3]            # middle of the axle, heading frame about the body origin
    double axle_y[2][3]                 # a solid axle's own y and z
    double axle_z[2][3]
    double hub[4][3]                    # unloaded wheel centres
    footprint foot[4]
    tyre_contact tyre[4]

cdef struct balance:
    # residual (generalised force upwards) and stiffness, chassis and axles
    double chassis[3]
    double axle[2][2]
    double D[3][3]
    double B[2][3][2]                   # chassis rows, axle columns
    double C[2][2][3]                   # axle rows, chassis columns
    double A[2][2][2]


cdef tc_status stance_init(stance_model *m, const tc_vehicle *v, ground_bounds *bounds) noexcept nogil:
    """Derive from the vehicle what the solver needs. TC_E_RANGE where no such vehicle can be."""
    cdef double unsprung
    cdef double moment[3]
    cdef tc_status st
    cdef int32_t i
    m.vehicle = v[0]
    m.bounds = bounds
    if not (v.wheelbase > 0.0 and v.mass > 0.0 and v.tyre_radius > 0.0 and v.tyre_tread > 0.0
            and v.tyre_stiffness > 0.0 and v.tyre_mass >= 0.0 and v.cg[2] > 0.0 and isfinite(v.cg[1])):
        return TC_E_RANGE
    tread_init(&m.tread, v)
    m.sprung_mass = v.mass
    for i in range(3):
        moment[i] = v.mass * v.cg[i]
    for i in range(2):
        st = axle_init(&m.axle[i], v, i)
        if st != TC_OK:
            return st
        unsprung = m.axle[i].mass + 2.0 * v.tyre_mass
        m.sprung_mass -= unsprung
        moment[0] -= unsprung * m.axle[i].x
        moment[2] -= m.axle[i].mass * m.axle[i].hub_z + 2.0 * v.tyre_mass * v.tyre_radius
    if not m.sprung_mass > 0.0:
        return TC_E_RANGE
    for i in range(3):
        m.sprung_cg[i] = moment[i] / m.sprung_mass
    m.scale[0] = 1.0
    m.scale[1] = m.axle[0].half_track
    m.scale[2] = 0.5 * v.wheelbase
    for i in range(3):
        m.stiff[i] = 4.0 * v.tyre_stiffness * m.scale[i] * m.scale[i]
    return underbody_init(&m.underbody, v)


cdef void rest_geometry(const stance_model *m, rest_point *p) noexcept nogil:
    """Axles and wheel centres from the seven unknowns."""
    cdef const axle_model *a
    cdef double b[3]
    cdef double ca, sa, side
    cdef int32_t i, j, k, w
    rotation_from_rpy(p.roll, p.pitch, 0.0, p.R_hb)
    for i in range(2):
        a = &m.axle[i]
        ca = cos(p.q[i][1]) if a.solid else 1.0
        sa = sin(p.q[i][1]) if a.solid else 0.0
        b[0] = a.x
        b[1] = 0.0
        b[2] = a.hub_z + (p.q[i][0] if a.solid else 0.0)
        rotate(p.R_hb, b, p.axle_origin[i])
        for k in range(3):
            p.axle_y[i][k] = p.R_hb[3 * k + 1] * ca + p.R_hb[3 * k + 2] * sa
            p.axle_z[i][k] = p.R_hb[3 * k + 2] * ca - p.R_hb[3 * k + 1] * sa
        for j in range(2):
            w = 2 * i + j
            side = a.half_track if j == 0 else -a.half_track
            for k in range(3):
                p.hub[w][k] = p.axle_origin[i][k] + side * p.axle_y[i][k]
                if not a.solid:
                    p.hub[w][k] += p.q[i][j] * p.R_hb[3 * k + 2]
                p.foot[w].axle[k] = p.axle_y[i][k]
            footprint_axes(&p.foot[w])


cdef int rest_contacts(const stance_model *m, const grid_view *g, double pull, rest_point *p) noexcept nogil:
    """Ground under the four wheels and how they press on it; with up to pull, N, a wheel also holds on to it.

    A leaning wheel slides along its axle as the lateral spring is softer than the radial one, and meets other ground
    there. It is looked at where the load of the last iteration lets it slide; what the change of load adds is linear.
    """
    cdef double slide, before, x, y, more
    cdef tyre_contact *t
    cdef const footprint *f
    cdef int32_t w
    cdef int known
    for w in range(4):
        t = &p.tyre[w]
        f = &p.foot[w]
        before = t.load
        slide = (1.0 / TC_LATERAL_SHARE - 1.0) * f.axle[2] / m.tread.rate           # m/N
        x = p.hub[w][0] + slide * (before - m.tread.weight) * f.axle[0]
        y = p.hub[w][1] + slide * (before - m.tread.weight) * f.axle[1]
        known = footprint_sample(&m.tread, g, x, y, &p.foot[w])
        if known != GROUND_OK:
            return known
        tyre_press(&m.tread, f, x, y, p.z + p.hub[w][2], pull, t)
        t.point[2] -= p.z
        t.shift[0] += t.load * slide * f.axle[0]
        t.shift[1] += t.load * slide * f.axle[1]
        more = t.rate * slide * (t.slope[0] * f.axle[0] + t.slope[1] * f.axle[1])
        if t.load > 0.0 and more != 0.0:
            more = more if more < TC_MOST_SLIDE else TC_MOST_SLIDE
            t.load = larger((t.load - more * before) / (1.0 - more), 0.0)
            t.rate /= 1.0 - more
    return GROUND_OK


cdef inline void add_weight(balance *b, double weight, const double *at, double cp) noexcept nogil:
    """A weight on the chassis coordinates: force and its change with attitude."""
    b.chassis[0] -= weight
    b.chassis[1] -= weight * cp * at[1]
    b.chassis[2] += weight * at[0]
    b.D[1][1] -= weight * cp * cp * at[2]
    b.D[2][2] -= weight * at[2]


cdef inline void lean_axle(balance *b, const rest_point *p, int32_t ax, int32_t j, double force,
                           double cp) noexcept nogil:
    """What a vertical force that rides on axle coordinate j adds to the stiffness as the chassis leans."""
    cdef double roll = -force * cp * p.R_hb[5], pitch = force * p.R_hb[2]
    b.B[ax][1][j] += roll
    b.B[ax][2][j] += pitch
    b.C[ax][j][1] += roll
    b.C[ax][j][2] += pitch


cdef void wheel_balance(const stance_model *m, const rest_point *p, int32_t w, balance *b) noexcept nogil:
    """Load of one wheel by virtual work: lift[j] = d z_P / d q_j, more[j] the same where a change of load acts;
    press[j] = - d load / d q_j / rate."""
    cdef const tyre_contact *t = &p.tyre[w]
    cdef int32_t ax = w // 2, i, j
    cdef bint solid = m.axle[ax].solid
    cdef double cp = cos(p.pitch), sp = sin(p.pitch), up = p.R_hb[8], own = m.tread.weight
    cdef double lift[5]
    cdef double more[5]
    cdef double press[5]
    cdef double arm_y = t.point[1] - p.axle_origin[ax][1], arm_z = t.point[2] - p.axle_origin[ax][2]
    cdef double arm_x = t.point[0] - p.axle_origin[ax][0]
    cdef double gx = t.slope[0], gy = t.slope[1]
    lift[0] = 1.0
    lift[1] = cp * t.point[1]
    lift[2] = -t.point[0]
    press[0] = 1.0
    press[1] = lift[1] + gy * (sp * t.point[0] + cp * t.point[2]) - gx * sp * t.point[1]
    press[2] = -p.hub[w][0] - gx * p.hub[w][2]
    lift[3] = lift[4] = press[3] = press[4] = 0.0
    i = 3 if solid or w % 2 == 0 else 4
    lift[i] = up
    press[i] = up - gx * p.R_hb[2] - gy * p.R_hb[5]
    if solid:
        lift[4] = cp * arm_y
        press[4] = lift[4] + gy * (sp * arm_x + cp * arm_z) - gx * sp * arm_y
    more[0] = 1.0
    more[1] = lift[1] + cp * t.shift[1]
    more[2] = lift[2] - t.shift[0]
    more[3] = lift[3]
    more[4] = lift[4] + (cp * t.shift[1] if solid else 0.0)
    b.chassis[0] += t.load
    b.chassis[1] += t.load * lift[1]
    b.chassis[2] += t.load * lift[2]
    b.axle[ax][0] += t.load * lift[3]
    b.axle[ax][1] += t.load * lift[4]
    add_weight(b, own, p.hub[w], cp)
    b.axle[ax][i - 3] -= own * up
    lean_axle(b, p, ax, i - 3, t.load - own, cp)
    if solid:
        b.B[ax][1][1] += cp * cp * t.load * arm_z
        b.C[ax][1][1] += cp * cp * t.load * arm_z
        b.axle[ax][1] -= own * cp * (p.hub[w][1] - p.axle_origin[ax][1])
        b.A[ax][1][1] += cp * cp * (t.load * arm_z)
    b.D[1][1] += t.load * cp * cp * t.point[2]
    b.D[2][2] += t.load * p.hub[w][2]
    for i in range(3):
        for j in range(3):
            b.D[i][j] += t.rate * more[i] * press[j]
        for j in range(2):
            b.B[ax][i][j] += t.rate * more[i] * press[3 + j]
            b.C[ax][j][i] += t.rate * more[3 + j] * press[i]
    for i in range(2):
        for j in range(2):
            b.A[ax][i][j] += t.rate * more[3 + i] * press[3 + j]


cdef void rest_balance(const stance_model *m, const rest_point *p, balance *b) noexcept nogil:
    """All forces on the seven coordinates, and their stiffness."""
    cdef double cp = cos(p.pitch), weight
    cdef double at[3]
    cdef double force[2]
    cdef double rate[4]
    cdef int32_t i, j, k
    memset(b, 0, sizeof(balance))
    rotate(p.R_hb, m.sprung_cg, at)
    add_weight(b, m.sprung_mass * TC_GRAVITY, at, cp)
    for i in range(2):
        weight = m.axle[i].mass * TC_GRAVITY
        if m.axle[i].solid:
            add_weight(b, weight, p.axle_origin[i], cp)
            b.axle[i][0] -= weight * p.R_hb[8]
            lean_axle(b, p, i, 0, -weight, cp)
        else:
            for j in range(2):
                add_weight(b, 0.5 * weight, p.hub[2 * i + j], cp)
                b.axle[i][j] -= 0.5 * weight * p.R_hb[8]
                lean_axle(b, p, i, j, -0.5 * weight, cp)
        axle_forces(&m.axle[i], p.q[i], force, rate)
        for j in range(2):
            b.axle[i][j] -= force[j]
            for k in range(2):
                b.A[i][j][k] += rate[2 * j + k]
    for i in range(4):
        wheel_balance(m, p, i, b)


cdef int solve_rest(const stance_model *m, const balance *b, double damping, double *chassis,
                    double (*axle)[2]) noexcept nogil:
    """Newton step with the axles condensed: (D - B A^-1 C) d = r - B A^-1 r_axle. 0 where it is not stable."""
    cdef double S[3][3]
    cdef double Ai[2][2][2]
    cdef double r[3]
    cdef double u[2]
    cdef double det, a00, a01, a10, a11, soft, f1, f2
    cdef int32_t i, j, k, n
    for i in range(3):
        r[i] = b.chassis[i]
        for j in range(3):
            S[i][j] = b.D[i][j]
        S[i][i] += damping * m.stiff[i]
    for n in range(2):
        soft = damping * m.vehicle.tyre_stiffness
        a00 = b.A[n][0][0] + soft
        a01 = b.A[n][0][1]
        a10 = b.A[n][1][0]
        a11 = b.A[n][1][1] + soft
        det = a00 * a11 - a01 * a10
        if not (a00 > 0.0 and det > 0.0):
            return 0
        Ai[n][0][0] = a11 / det
        Ai[n][0][1] = -a01 / det
        Ai[n][1][0] = -a10 / det
        Ai[n][1][1] = a00 / det
        for i in range(3):
            for k in range(2):
                u[k] = b.B[n][i][0] * Ai[n][0][k] + b.B[n][i][1] * Ai[n][1][k]
            r[i] -= u[0] * b.axle[n][0] + u[1] * b.axle[n][1]
            for j in range(3):
                S[i][j] -= u[0] * b.C[n][0][j] + u[1] * b.C[n][1][j]
    if not S[0][0] > 0.0:
        return 0
    f1 = S[1][0] / S[0][0]
    f2 = S[2][0] / S[0][0]
    for j in range(1, 3):
        S[1][j] -= f1 * S[0][j]
        S[2][j] -= f2 * S[0][j]
    r[1] -= f1 * r[0]
    r[2] -= f2 * r[0]
    if not S[1][1] > 0.0:
        return 0
    f2 = S[2][1] / S[1][1]
    S[2][2] -= f2 * S[1][2]
    r[2] -= f2 * r[1]
    if not S[2][2] > 0.0:
        return 0
    chassis[2] = r[2] / S[2][2]
    chassis[1] = (r[1] - S[1][2] * chassis[2]) / S[1][1]
    chassis[0] = (r[0] - S[0][1] * chassis[1] - S[0][2] * chassis[2]) / S[0][0]
    for n in range(2):
        for k in range(2):
            u[k] = b.axle[n][k]
            for j in range(3):
                u[k] -= b.C[n][k][j] * chassis[j]
        axle[n][0] = Ai[n][0][0] * u[0] + Ai[n][0][1] * u[1]
        axle[n][1] = Ai[n][1][0] * u[0] + Ai[n][1][1] * u[1]
    return 1


cdef double residual_size(const stance_model *m, const balance *b) noexcept nogil:
    """Largest force out of balance, moments by the arm of the wheels, N."""
    cdef double size = 0.0
    cdef int32_t i
    for i in range(3):
        size = larger(size, fabs(b.chassis[i]) / m.scale[i])
    for i in range(2):
        size = larger(size, larger(fabs(b.axle[i][0]), fabs(b.axle[i][1])))
    return size
