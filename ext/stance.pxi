# How the vehicle rests on the ground, and what its underbody meets.
#
# Quasi-static balance with the brakes on: the ground pushes vertically at sticking contacts. Seven unknowns: height,
# roll, pitch of the chassis, two coordinates of each axle. Virtual work of the loads F_w at the contacts P_w, of
# springs and of weights gives seven equations; a damped Newton iteration with the axles condensed out solves them,
# and a rest counts only where the stiffness is positive definite: the others are balances no vehicle keeps.
#
# Heading frame: origin (x, y) of the body and z of the world, x along the heading, z up.

cdef enum:
    MAX_ITERATIONS = 80
    ROUGH_AFTER = 24                    # iterations
    MAX_CUTS = 5                        # of one step
    MAX_POLISHES = 2                    # whole steps from a rough rest, to an exact one
    NUDGE_LASTS = 4                     # iterations

cdef extern from *:
    """
    static const double TC_GRAVITY = 9.81;          /* m/s^2 */
    static const double TC_PI = 3.14159265358979323846;
    static const double TC_REST_FORCE = 20.0;       /* N; 0.1 mm on a tyre. A larger residual is no rest */
    static const double TC_ROUGH_FORCE = 80.0;      /* N; accepted where the ground's steps allow no better */
    static const double TC_EDGE_FORCE = 500.0;      /* N; accepted where a contact jumps at an edge it is on */
    static const double TC_MAX_TURN = 0.12;         /* rad a step */
    static const double TC_MAX_DROP = 0.15;         /* m a step */
    static const double TC_FIRMEST = 1e4;           /* damping over the stiffness of the tyres */
    static const double TC_COLD_PULL = 1.0;         /* of the weight: wheels hold on to the ground in a first step */
    static const double TC_MOST_SLIDE = 0.5;        /* of a change of load that sliding may add to it at once */
    static const double TC_NUDGE = 2e-3;            /* m, rad */
    static const double TC_TIPPED = 1.0;            /* rad; it will not come back from here */
    """
    const double TC_GRAVITY, TC_PI, TC_REST_FORCE, TC_ROUGH_FORCE, TC_EDGE_FORCE
    const double TC_MAX_TURN, TC_MAX_DROP, TC_FIRMEST, TC_COLD_PULL, TC_MOST_SLIDE, TC_NUDGE, TC_TIPPED

cdef struct grid_view:
    # the height grid from the heading frame: u, v count posts; peek() is for places known to be inside
    const tc_grid *grid
    ground_bounds *bounds
    const float *height
    int64_t row
    int32_t nx, ny
    double dx, inv_dx
    double u, v                         # of the body origin
    double cu, su                       # cos and sin of yaw, per dx
    double x, y                         # of the body origin, world, m
    double c, s                         # cos and sin of yaw


cdef inline void grid_look(const tc_grid *g, ground_bounds *bounds, double x, double y, double yaw,
                           grid_view *w) noexcept nogil:
    w.grid = g
    bounds_on(bounds, g)
    w.bounds = bounds
    w.height = g.height
    w.row = g.nx
    w.nx = g.nx
    w.ny = g.ny
    w.dx = g.dx
    w.inv_dx = 1.0 / g.dx
    w.x = x
    w.y = y
    w.c = cos(yaw)
    w.s = sin(yaw)
    w.u = (x - g.x0) * w.inv_dx
    w.v = (y - g.y0) * w.inv_dx
    w.cu = w.c * w.inv_dx
    w.su = w.s * w.inv_dx


cdef inline double peek(const grid_view *g, double u, double v) noexcept nogil:
    """Bilinear height at grid place (u, v), which must be in [0, nx - 1) x [0, ny - 1)."""
    cdef int32_t ix = <int32_t> u, iy = <int32_t> v
    cdef const float *h = g.height + iy * g.row + ix
    cdef double h00 = h[0], h10 = h[1], low, high
    u -= ix
    v -= iy
    low = h00 + u * (h10 - h00)
    h00 = h[g.row]
    h10 = h[g.row + 1]
    high = h00 + u * (h10 - h00)
    return low + v * (high - low)


cdef inline double peek_slope(const grid_view *g, double u, double v, double *gu, double *gv) noexcept nogil:
    """The same with its slope per metre along u and v, in grid units of direction: slope . (eu, ev) is dz/ds."""
    cdef int32_t ix = <int32_t> u, iy = <int32_t> v
    cdef const float *h = g.height + iy * g.row + ix
    cdef double h00 = h[0], ex = h[1] - h00, ey = h[g.row] - h00, twist = h[g.row + 1] - h00 - ex - ey
    u -= ix
    v -= iy
    gu[0] = ex + v * twist
    gv[0] = ey + u * twist
    return h00 + u * ex + v * ey + u * v * twist


cdef inline void turn_to_grid(const grid_view *g, double x, double y, double *u, double *v) noexcept nogil:
    u[0] = g.cu * x - g.su * y
    v[0] = g.su * x + g.cu * y


cdef inline void to_grid(const grid_view *g, double x, double y, double *u, double *v) noexcept nogil:
    turn_to_grid(g, x, y, u, v)
    u[0] += g.u
    v[0] += g.v


cdef inline void to_world(const grid_view *g, double x, double y, double *wx, double *wy) noexcept nogil:
    wx[0] = g.x + g.c * x - g.s * y
    wy[0] = g.y + g.s * x + g.c * y


cdef inline double larger(double a, double b) noexcept nogil:
    return a if a > b else b


include "vectors.pxi"         # four floats at a time
include "tyre.pxi"            # tread cylinder on the ground
include "suspension.pxi"      # springs, stops, anti-roll bars
include "underbody.pxi"       # clearance of the parts
include "hidden.pxi"          # what the grid does not show of the ground below them
include "touch.pxi"           # how likely a part touches
include "margins.pxi"         # tipping

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


cdef void limit_step(double *chassis, double (*axle)[2]) noexcept nogil:
    """Shorten a step where it leaves what the linear picture is good for."""
    cdef double turn = larger(fabs(chassis[1]), fabs(chassis[2])), drop = fabs(chassis[0]), short = 1.0
    cdef int32_t i, j
    for i in range(2):
        for j in range(2):
            drop = larger(drop, fabs(axle[i][j]))
    if turn > TC_MAX_TURN:
        short = TC_MAX_TURN / turn
    if drop * short > TC_MAX_DROP:
        short = TC_MAX_DROP / drop
    for i in range(3):
        chassis[i] *= short
    for i in range(2):
        for j in range(2):
            axle[i][j] *= short


cdef double step_work(const balance *b, const double *chassis, const double (*axle)[2]) noexcept nogil:
    """Work of the forces out of balance along a step, J."""
    return (b.chassis[0] * chassis[0] + b.chassis[1] * chassis[1] + b.chassis[2] * chassis[2]
            + b.axle[0][0] * axle[0][0] + b.axle[0][1] * axle[0][1]
            + b.axle[1][0] * axle[1][0] + b.axle[1][1] * axle[1][1])


cdef void step_to(rest_point *p, const rest_point *start, double part, const double *chassis,
                  const double (*axle)[2]) noexcept nogil:
    cdef int32_t i, j
    p.z = start.z + part * chassis[0]
    p.roll = start.roll + part * chassis[1]
    p.pitch = start.pitch + part * chassis[2]
    for i in range(2):
        for j in range(2):
            p.q[i][j] = start.q[i][j] + part * axle[i][j]


cdef int32_t wheels_loaded(const rest_point *p) noexcept nogil:
    cdef int32_t w, n = 0
    for w in range(4):
        n += p.tyre[w].load >= TC_LIFTED_LOAD
    return n


cdef double least_load(const rest_point *p) noexcept nogil:
    cdef double least = p.tyre[0].load
    cdef int32_t w
    for w in range(1, 4):
        least = p.tyre[w].load if p.tyre[w].load < least else least
    return least


cdef void nudge(rest_point *p) noexcept nogil:
    """Push the chassis out of a balance: a stable one draws it back."""
    p.z += TC_NUDGE
    p.roll += TC_NUDGE
    p.pitch -= 0.5 * TC_NUDGE


cdef int32_t settle_from(const stance_model *m, const grid_view *g, double pull, rest_point *p,
                         int32_t *iterations) noexcept nogil:
    """Iterate from the state in p to a stable rest. Returns a TC_STANCE_ status.

    Newton steps, made firm enough to lead downhill where the stiffness is not positive definite. A step that runs
    past the bottom, where the forces work against it, is shortened to where they would vanish (regula falsi).

    The stiffness leaves out how contacts wander, which counts near tipping. A balance it calls unstable is tried: it
    is nudged, and where firm steps lead back to a balance it is a rest (rough); from a true edge they lead away.
    """
    cdef balance b
    cdef rest_point start, rough
    cdef double chassis[3]
    cdef double axle[2][2]
    cdef double newton[3]
    cdef double newton_axle[2][2]
    cdef double size, firm, before = 0.0, after, part = 1.0, shorter, roughest = TC_ROUGH_FORCE
    cdef int32_t it, cuts = 0, nudged = -1, polished = 0
    cdef int known, stable
    cdef bint leap = False, polish, holds
    memset(chassis, 0, sizeof(chassis))
    memset(axle, 0, sizeof(axle))
    start = p[0]
    for it in range(MAX_ITERATIONS):
        iterations[0] += 1
        rest_geometry(m, p)
        known = rest_contacts(m, g, pull, p)
        if known != GROUND_OK:
            return TC_STANCE_OFF_MAP if known == GROUND_OFF_MAP else TC_STANCE_UNKNOWN
        rest_balance(m, p, &b)
        size = residual_size(m, &b)
        if not isfinite(size):          # a wheel was moved a little, to a post that is not known
            return TC_STANCE_UNKNOWN
        stable = solve_rest(m, &b, 0.0, newton, newton_axle)
        holds = pull > 0.0 and least_load(p) < 0.0
        if stable and size < TC_REST_FORCE and not holds:
            return TC_STANCE_OK
        if stable and size < roughest and not holds:
            roughest = size
            rough = p[0]
        if not stable and size < TC_REST_FORCE and not holds:
            if nudged >= 0 and it >= nudged + NUDGE_LASTS:
                p.quality = TC_REST_ROUGH
                return TC_STANCE_OK
            if nudged < 0:
                nudged = it
                nudge(p)
                memset(chassis, 0, sizeof(chassis))
                memset(axle, 0, sizeof(axle))
                before = 0.0
                start = p[0]
                continue
        pull = 0.0
        after = step_work(&b, chassis, axle)
        polish = after < -0.3 * before and roughest < TC_ROUGH_FORCE and polished < MAX_POLISHES
        if (after < -0.3 * before or it >= ROUGH_AFTER) and roughest < TC_ROUGH_FORCE and not polish:
            p[0] = rough
            p.quality = TC_REST_ROUGH
            return TC_STANCE_OK
        polished += polish
        if after < -0.3 * before and cuts == MAX_CUTS and stable and size < TC_EDGE_FORCE:
            p.quality = TC_REST_EDGE
            return TC_STANCE_OK
        if after < -0.3 * before and cuts < MAX_CUTS and not leap and not polish:
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
        leap = cuts == MAX_CUTS         # stuck before an edge far from rest: one step over it
        part = 1.0
        cuts = 0
        start = p[0]
        step_to(p, &start, part, chassis, axle)
        if fabs(p.roll) > TC_TIPPED or fabs(p.pitch) > TC_TIPPED:
            return TC_STANCE_TIPS
    return TC_STANCE_UNSOLVED if wheels_loaded(p) >= 3 else TC_STANCE_NO_SUPPORT


cdef void plane_start(const stance_model *m, const double *z, rest_point *p) noexcept nogil:
    """Design ride height on the plane nearest to four heights under the wheels, axles turned to them."""
    cdef double across = (z[0] + z[2] - z[1] - z[3]) / (2.0 * (m.axle[0].half_track + m.axle[1].half_track))
    cdef double along = 0.5 * (z[0] + z[1] - z[2] - z[3]) / m.axle[0].x, twist
    cdef const axle_model *a
    cdef int32_t i
    p.roll = atan(across)
    p.pitch = -atan(along)
    p.z = 0.25 * (z[0] + z[1] + z[2] + z[3]) - 0.5 * m.axle[0].x * along
    for i in range(2):
        a = &m.axle[i]
        twist = 0.25 * (z[0] - z[1] - z[2] + z[3]) * (1.0 if i == 0 else -1.0)
        twist = a.bump[0] if twist > a.bump[0] else -a.bump[0] if twist < -a.bump[0] else twist
        if a.solid:
            p.q[i][1] = twist / a.half_track
        else:
            p.q[i][0] = twist
            p.q[i][1] = -twist


cdef int32_t start_cold(const stance_model *m, const grid_view *g, rest_point *p) noexcept nogil:
    """Design ride height on the plane through the ground under the wheels."""
    cdef double z[4]
    cdef double x, y, u, v
    cdef int32_t w
    memset(p, 0, sizeof(rest_point))
    for w in range(4):
        x = m.axle[w // 2].x
        y = m.axle[w // 2].half_track * (1.0 if w % 2 == 0 else -1.0)
        to_grid(g, x, y, &u, &v)
        if not (u >= 0.0 and v >= 0.0 and u < g.nx - 1 and v < g.ny - 1):
            return TC_STANCE_OFF_MAP
        z[w] = peek(g, u, v)
        if z[w] != z[w]:
            return TC_STANCE_UNKNOWN
        p.tyre[w].load = m.tread.weight
    plane_start(m, z, p)
    return TC_STANCE_OK


cdef int start_warm(const stance_model *m, const tc_stance *warm, rest_point *p) noexcept nogil:
    """The state of a stance nearby; 0 where it holds none."""
    cdef double left, right
    cdef int32_t i, w
    if warm is NULL or warm.status != TC_STANCE_OK:
        return 0
    memset(p, 0, sizeof(rest_point))
    p.z = warm.z
    p.roll = warm.roll
    p.pitch = warm.pitch
    for i in range(2):
        left = p.q[i][0] = warm.travel[2 * i]
        right = p.q[i][1] = warm.travel[2 * i + 1]
        if m.axle[i].solid:
            p.q[i][0] = 0.5 * (left + right)
            p.q[i][1] = asin(0.5 * (left - right) / m.axle[i].half_track)
    for w in range(4):
        p.tyre[w].load = warm.wheel_load[w]
        if not (isfinite(warm.wheel_load[w]) and fabs(warm.travel[w]) < m.axle[w // 2].half_track):
            return 0
    return isfinite(p.z) and fabs(p.roll) < TC_TIPPED and fabs(p.pitch) < TC_TIPPED


cdef void stance_unknown(tc_stance *out) noexcept nogil:
    """Everything but the pose and the status is not known."""
    cdef int32_t i, k
    out.z = out.roll = out.pitch = NAN
    out.least_part = -1
    out.lifted = 0
    for i in range(4):
        out.wheel_load[i] = out.travel[i] = out.tip_margin[i] = NAN
        for k in range(3):
            out.contact[i][k] = NAN
    for i in range(TC_MAX_PARTS):
        out.clearance[i] = out.contact_probability[i] = NAN
        for k in range(3):
            out.nearest[i][k] = NAN


cdef void stance_report(const stance_model *m, const grid_view *g, const rest_point *p, tc_stance *out) noexcept nogil:
    """Attitude, loads, contacts and margins of a rest found."""
    cdef double cg[3]
    cdef double at[4][3]
    cdef int32_t i, k, w
    out.z = p.z
    out.roll = p.roll
    out.pitch = p.pitch
    out.quality = p.quality
    rotate(p.R_hb, m.sprung_cg, cg)
    for k in range(3):
        cg[k] *= m.sprung_mass
        for i in range(2):
            cg[k] += 0.5 * m.axle[i].mass * (p.hub[2 * i][k] + p.hub[2 * i + 1][k])
            cg[k] += m.vehicle.tyre_mass * (p.hub[2 * i][k] + p.hub[2 * i + 1][k])
        cg[k] /= m.vehicle.mass
    for w in range(4):
        i = w // 2
        if m.axle[i].solid:
            out.travel[w] = p.q[i][0] + m.axle[i].half_track * sin(p.q[i][1]) * (1.0 if w % 2 == 0 else -1.0)
        else:
            out.travel[w] = p.q[i][w % 2]
        out.wheel_load[w] = p.tyre[w].load
        if p.tyre[w].load < TC_LIFTED_LOAD:
            out.lifted |= 1 << w
        to_world(g, p.tyre[w].point[0], p.tyre[w].point[1], &out.contact[w][0], &out.contact[w][1])
        out.contact[w][2] = p.z + p.tyre[w].point[2]
        for k in range(3):
            at[w][k] = p.tyre[w].point[k]
    tip_margins(at, cg, out.tip_margin)


cdef void part_frame(const stance_model *m, const grid_view *g, const rest_point *p, int32_t fixed_to, double *R_gp,
                     double *origin) noexcept nogil:
    """Where the frame a part is fixed to has gone: a design-position body vector b is at origin + R_gp b,
    in grid places and metres of height."""
    cdef double column[3][3]
    cdef double at[3]
    cdef double shift[3]
    cdef int32_t i, k, w
    for k in range(3):
        for i in range(3):
            column[i][k] = p.R_hb[3 * k + i]
        at[k] = 0.0
    if fixed_to != TC_CHASSIS:
        w = fixed_to - TC_HUB_FL
        i = w // 2 if w >= 0 else fixed_to - TC_FRONT_AXLE
        if m.axle[i].solid:
            for k in range(3):
                column[1][k] = p.axle_y[i][k]
                column[2][k] = p.axle_z[i][k]
                at[k] = p.axle_origin[i][k] - m.axle[i].x * column[0][k] - m.axle[i].hub_z * column[2][k]
        elif w >= 0:
            for k in range(3):
                at[k] = p.q[i][w % 2] * column[2][k]
    for i in range(3):
        turn_to_grid(g, column[i][0], column[i][1], &R_gp[i], &R_gp[3 + i])
        R_gp[6 + i] = column[i][2]
    to_grid(g, at[0], at[1], &origin[0], &origin[1])
    origin[2] = p.z + at[2]


cdef void stance_clearance(const stance_model *m, const grid_view *g, const rest_point *p, const tc_grid *grid,
                           bint least_only, tc_stance *out) noexcept nogil:
    """Clearance of every part of a rest found. least_part stays -1 where one of them is unknown. With least_only parts
    that are not the nearest are only said to be farther: their clearance is infinite."""
    cdef double R_gp[9]
    cdef double origin[3]
    cdef int32_t i, frame = TC_CHASSIS, least = -1
    cdef int known
    cdef bint complete = True
    part_frame(m, g, p, frame, R_gp, origin)
    for i in range(m.underbody.n_parts):
        if m.underbody.fixed_to[i] != frame:
            frame = m.underbody.fixed_to[i]
            part_frame(m, g, p, frame, R_gp, origin)
        known = part_clearance(&m.underbody, g, i, R_gp, origin,
                               out.clearance[least] if least_only and least >= 0 else TC_FAR, &out.clearance[i],
                               out.nearest[i])
        if known != GROUND_OK:
            complete = False
            if known == GROUND_OFF_MAP:
                out.status = TC_STANCE_OFF_MAP
            continue
        if not least_only:
            out.contact_probability[i] = touch_of_part(&m.vehicle, grid, out, i)
        if least < 0 or out.clearance[i] < out.clearance[least]:
            least = i
    out.least_part = least if complete else -1


cdef int32_t stance_rest(const stance_model *m, const grid_view *g, const tc_stance *warm, rest_point *p,
                         int32_t *iterations) noexcept nogil:
    """Attitude only. A warm start that leads nowhere is followed by a cold one."""
    cdef int32_t status
    if start_warm(m, warm, p) and settle_from(m, g, 0.0, p, iterations) == TC_STANCE_OK:
        return TC_STANCE_OK
    status = start_cold(m, g, p)
    if status != TC_STANCE_OK:
        return status
    return settle_from(m, g, TC_COLD_PULL * m.vehicle.mass * TC_GRAVITY, p, iterations)


cdef void stance_find(const stance_model *m, const tc_grid *g, double x, double y, double yaw,
                      const tc_stance *warm, bint least_only, tc_stance *out) noexcept nogil:
    """Rest at (x, y, yaw) into out, always with a status. warm: a stance nearby to start from, or NULL; it may be out.

    A warm start ends within the solver's tolerance of the cold one where there is one rest, but not in its bits.
    With least_only the least clearance is exact, and parts farther from the ground are only said to be so.
    """
    cdef grid_view view
    cdef rest_point p
    cdef int32_t iterations = 0, status = TC_STANCE_BAD_POSE
    if isfinite(x) and isfinite(y) and isfinite(yaw):
        grid_look(g, m.bounds, x, y, yaw, &view)
        status = stance_rest(m, &view, warm, &p, &iterations)
    out.struct_size = sizeof(tc_stance)
    out.status = status
    out.x = x
    out.y = y
    out.yaw = yaw
    out.iterations = iterations
    out.quality = TC_REST_EXACT
    stance_unknown(out)
    if status == TC_STANCE_OK:
        stance_report(m, &view, &p, out)
        stance_clearance(m, &view, &p, g, least_only, out)


cdef inline void stance_solve(const stance_model *m, const tc_grid *g, double x, double y, double yaw,
                              const tc_stance *warm, tc_stance *out) noexcept nogil:
    """Rest at (x, y, yaw) into out with the clearance of all parts; see stance_find."""
    stance_find(m, g, x, y, yaw, warm, False, out)


cdef inline void stance_solve_least(const stance_model *m, const tc_grid *g, double x, double y, double yaw,
                                    const tc_stance *warm, tc_stance *out) noexcept nogil:
    """Rest at (x, y, yaw) into out with the least clearance, for who asks no more; see stance_find."""
    stance_find(m, g, x, y, yaw, warm, True, out)
