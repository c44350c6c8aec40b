# What friction a rest asks of each wheel, to hold and to drive.
#
# The springs fix the force of a contact along the body's z axis; links and brakes carry what lies in the body's plane,
# so every contact force is  F_i = P_i z_b + u_i,  u_i free in that plane. Of all u_i in balance (no net force, no net
# turn about z_b; what they pitch and roll goes to the P_i as a rigid body's) the one is sought whose largest
# |tangential| / normal is least: the least friction with which the vehicle can stay. A differential takes freedom away:
# open, both sides have one torque; limited slip, the larger is at most bias times the smaller and the preload; locked
# and a brake on each wheel take none.
#
# The minimax is that of Lawson's algorithm: least squares in closed form, with weights multiplied by the ratios until
# the largest is least. Every iterate is in balance, so the friction returned suffices, whether it is quite the least or
# not. Source: Bretl & Lall, Testing static equilibrium for legged robots, IEEE T-RO 24 (2008), for the problem;
# Lawson, Contributions to the theory of linear least maximum approximation (1961), for the algorithm.

cdef enum:
    LAWSON = 40                         # iterations; the friction is then within 2 % of the least
    BALANCES = 3                        # forces along and across, turn
    MAX_ROWS = 6                        # and three differentials

cdef extern from *:
    """
    static const double TC_FRICTION = 0.8;          /* dry rock as dry concrete: Wong, Theory of Ground Vehicles, 1.3 */
    static const double TC_SLIP_BIAS = 2.5;         /* of a usual limited slip differential, estimate */
    static const double TC_SLIP_PRELOAD = 100.0;    /* N m, estimate */
    static const double TC_NEARLY = 0.8;            /* of the friction: what asks for more nearly slides */
    static const double TC_NO_GRIP = 0.02;          /* of |n| along body z: a contact that is a wall */
    static const double TC_UNMET = 2e-3;            /* of the weight; a balance missed by more cannot be met */
    static const double TC_OFF_GROUND = 1e3;        /* ratio of a wheel the balance would lift off: no answer */
    static const double TC_SPIN_TIE = 0.97;         /* of the largest ratio: spins with the first */
    """
    const double TC_FRICTION, TC_SLIP_BIAS, TC_SLIP_PRELOAD, TC_NEARLY, TC_NO_GRIP, TC_UNMET, TC_OFF_GROUND
    const double TC_SPIN_TIE

cdef struct grip_wheel:
    int32_t stands                      # carries something
    double at[3]                        # contact, body axes, m
    double normal[3]                    # body axes
    double roll[3]                      # unit tangent the wheel rolls along, body axes
    double load[3]                      # of the stance, body axes, N

cdef struct grip_problem:
    grip_wheel wheel[4]
    double weight                       # N
    double radius                       # m, torque over force
    double bias, preload                # of limited slip, 1 and N m

cdef struct grip_answer:
    double friction                     # least that suffices; inf = none
    double ratio[4]                     # of each wheel, NaN = carries nothing
    double normal[4]                    # N
    double drive[4]                     # along the rolling direction, N


cdef void grip_setup(const stance_model *m, const rest_point *p, const tc_footing *footing,
                     grip_problem *g) noexcept nogil:
    """Contacts of a rest in body axes."""
    cdef double normal[3]
    cdef double along[3]
    cdef double load[3]
    cdef double length, rise
    cdef int32_t w, k
    memset(g, 0, sizeof(grip_problem))
    g.weight = m.vehicle.mass * TC_GRAVITY
    g.radius = m.vehicle.tyre_radius
    g.bias = footing.limited_slip_bias
    g.preload = footing.limited_slip_preload
    load[0] = load[1] = 0.0
    for w in range(4):
        length = sqrt(1.0 + p.tyre[w].slope[0] * p.tyre[w].slope[0] + p.tyre[w].slope[1] * p.tyre[w].slope[1])
        normal[0] = -p.tyre[w].slope[0] / length
        normal[1] = -p.tyre[w].slope[1] / length
        normal[2] = 1.0 / length
        rise = p.foot[w].ahead[0] * p.tyre[w].slope[0] + p.foot[w].ahead[1] * p.tyre[w].slope[1]
        length = sqrt(1.0 + rise * rise)
        for k in range(2):
            along[k] = p.foot[w].ahead[k] / length
        along[2] = rise / length
        load[2] = p.tyre[w].load
        g.wheel[w].stands = p.tyre[w].load >= TC_LIFTED_LOAD
        rotate_back(p.R_hb, p.tyre[w].point, g.wheel[w].at)
        rotate_back(p.R_hb, normal, g.wheel[w].normal)
        rotate_back(p.R_hb, along, g.wheel[w].roll)
        rotate_back(p.R_hb, load, g.wheel[w].load)


cdef int solve_rows(double (*S)[MAX_ROWS], double *b, int32_t n) noexcept nogil:
    """S x = b for a symmetric S of n rows that may hang together (Cholesky with a little added); x into b."""
    cdef double size = 0.0, sum_
    cdef int32_t i, j, k
    for i in range(n):
        size = larger(size, S[i][i])
    if not size > 0.0:
        return 0
    for i in range(n):
        S[i][i] += 1e-12 * size + 1e-9 * S[i][i]
        for j in range(i + 1):
            sum_ = S[i][j]
            for k in range(j):
                sum_ -= S[i][k] * S[j][k]
            if i == j:
                if not sum_ > 0.0:
                    return 0
                S[i][i] = sqrt(sum_)
            else:
                S[i][j] = sum_ / S[j][j]
    for i in range(n):
        for k in range(i):
            b[i] -= S[i][k] * b[k]
        b[i] /= S[i][i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            b[i] -= S[k][i] * b[k]
        b[i] /= S[i][i]
    return 1


cdef void load_transfer(const grip_problem *g, const double (*u)[2], double *shift) noexcept nogil:
    """Change of the P_i of wheels that stand by what the forces u at their heights pitch and roll: the plane
    shift = a + b x + c y over the contacts that balances it."""
    cdef double S[MAX_ROWS][MAX_ROWS]
    cdef double b[3]
    cdef double row[3]
    cdef int32_t w, i, j
    memset(S, 0, sizeof(S))
    b[0] = b[1] = b[2] = 0.0
    for w in range(4):
        shift[w] = 0.0
        if not g.wheel[w].stands:
            continue
        row[0] = 1.0
        row[1] = g.wheel[w].at[0]
        row[2] = g.wheel[w].at[1]
        for i in range(3):
            for j in range(3):
                S[i][j] += row[i] * row[j]
        b[1] += g.wheel[w].at[2] * u[w][0]
        b[2] += g.wheel[w].at[2] * u[w][1]
    if solve_rows(S, b, 3):
        for w in range(4):
            if g.wheel[w].stands:
                shift[w] = b[0] + b[1] * g.wheel[w].at[0] + b[2] * g.wheel[w].at[1]


cdef void drive_row(const double *sign, int32_t row, double (*A)[4][2], double *d, const grip_problem *g,
                    const double *shift) noexcept nogil:
    """Row of the driveline: the sum of sign times the rolling force of each wheel is d already set."""
    cdef const grip_wheel *w
    cdef int32_t i
    for i in range(4):
        w = &g.wheel[i]
        A[row][i][0] = A[row][i][1] = 0.0
        if w.stands:
            A[row][i][0] = sign[i] * w.roll[0]
            A[row][i][1] = sign[i] * w.roll[1]
            d[row] -= sign[i] * (w.load[0] * w.roll[0] + w.load[1] * w.roll[1]
                                 + (w.load[2] + shift[i]) * w.roll[2])


cdef void grip_least(const grip_problem *g, const double (*split)[4], const double *extra, int32_t splits,
                     grip_answer *best) noexcept nogil:
    """Least friction with the rows of the driveline given: for each, split . rolling force = extra, N."""
    cdef double A[MAX_ROWS][4][2]
    cdef double S[MAX_ROWS][MAX_ROWS]
    cdef double d[MAX_ROWS]
    cdef double y[MAX_ROWS]
    cdef double u0[4][2]
    cdef double u[4][2]
    cdef double weight[4]
    cdef double normal[4]
    cdef double shift[4]
    cdef double ratio[4]
    cdef double drive[4]
    cdef double v[2]
    cdef double QA[2]
    cdef const grip_wheel *w
    cdef double up, soft, most, mm, along, force, tangential, total, unmet
    cdef int32_t it, i, j, k, n = BALANCES + splits
    best.friction = INFINITY
    for i in range(4):
        best.ratio[i] = best.normal[i] = best.drive[i] = NAN
        weight[i] = 1.0
        shift[i] = 0.0
        normal[i] = -1.0
    for it in range(LAWSON):
        memset(A, 0, sizeof(A))
        memset(S, 0, sizeof(S))
        for k in range(n):
            d[k] = extra[k - BALANCES] if k >= BALANCES else 0.0
        for i in range(4):
            w = &g.wheel[i]
            u0[i][0] = u0[i][1] = 0.0
            if not w.stands:
                continue
            up = w.normal[2]
            if not up > TC_NO_GRIP:
                return
            force = (w.load[2] + shift[i]) / up
            if normal[i] < 0.0:
                normal[i] = force
            u0[i][0] = force * w.normal[0] - w.load[0]
            u0[i][1] = force * w.normal[1] - w.load[1]
            A[0][i][0] = A[1][i][1] = 1.0
            A[2][i][0] = -w.at[1]
            A[2][i][1] = w.at[0]
        for k in range(splits):
            drive_row(split[k], BALANCES + k, A, d, g, shift)
        for k in range(n):
            y[k] = -d[k]
            for i in range(4):
                y[k] += A[k][i][0] * u0[i][0] + A[k][i][1] * u0[i][1]
        for i in range(4):
            w = &g.wheel[i]
            if not w.stands:
                continue
            soft = normal[i] * normal[i] / weight[i]
            mm = w.normal[2] * w.normal[2]
            for k in range(n):
                along = (A[k][i][0] * w.normal[0] + A[k][i][1] * w.normal[1]) / mm
                QA[0] = soft * (A[k][i][0] + along * w.normal[0])
                QA[1] = soft * (A[k][i][1] + along * w.normal[1])
                for j in range(k + 1):
                    S[k][j] += A[j][i][0] * QA[0] + A[j][i][1] * QA[1]
        for k in range(n):
            if not S[k][k] > 0.0:           # no wheel of this differential stands
                S[k][k] = 1.0
        if not solve_rows(S, y, n):
            return
        most = total = 0.0
        for i in range(4):
            w = &g.wheel[i]
            u[i][0] = u[i][1] = ratio[i] = drive[i] = 0.0
            if not w.stands:
                continue
            v[0] = v[1] = 0.0
            for k in range(n):
                v[0] += A[k][i][0] * y[k]
                v[1] += A[k][i][1] * y[k]
            soft = normal[i] * normal[i] / weight[i]
            along = (v[0] * w.normal[0] + v[1] * w.normal[1]) / (w.normal[2] * w.normal[2])
            u[i][0] = u0[i][0] - soft * (v[0] + along * w.normal[0])
            u[i][1] = u0[i][1] - soft * (v[1] + along * w.normal[1])
            v[0] = w.load[0] + u[i][0]
            v[1] = w.load[1] + u[i][1]
            up = w.load[2] + shift[i]
            force = v[0] * w.normal[0] + v[1] * w.normal[1] + up * w.normal[2]
            tangential = v[0] * v[0] + v[1] * v[1] + up * up - force * force
            tangential = sqrt(tangential) if tangential > 0.0 else 0.0
            drive[i] = v[0] * w.roll[0] + v[1] * w.roll[1] + up * w.roll[2]
            ratio[i] = tangential / force if force > TC_LIFTED_LOAD else TC_OFF_GROUND
            normal[i] = force if force > TC_LIFTED_LOAD else TC_LIFTED_LOAD
            most = larger(most, ratio[i])
        unmet = 0.0
        for k in range(n):
            total = -d[k]
            for i in range(4):
                total += A[k][i][0] * u[i][0] + A[k][i][1] * u[i][1]
            unmet = larger(unmet, fabs(total))
        if unmet > TC_UNMET * g.weight:
            return
        if it > 0 and most < best.friction and most < TC_OFF_GROUND:
            best.friction = most
            for i in range(4):
                if g.wheel[i].stands:
                    best.ratio[i] = ratio[i]
                    best.normal[i] = normal[i]
                    best.drive[i] = drive[i]
        if most < 1e-6 and it > 0:
            return
        total = 0.0
        for i in range(4):
            if g.wheel[i].stands:
                weight[i] = larger(weight[i] * ratio[i] / (most + 1e-12), 1e-6)
                total = larger(total, weight[i])
        for i in range(4):
            weight[i] /= total if total > 0.0 else 1.0
        load_transfer(g, u, shift)


cdef void side_rows(int32_t which, double *left, double *right) noexcept nogil:
    """The wheels on either side of a differential: 0 front, 1 centre, 2 rear."""
    cdef int32_t w
    for w in range(4):
        left[w] = right[w] = 0.0
    if which == 1:
        left[0] = left[1] = right[2] = right[3] = 1.0
    else:
        left[which] = right[which + 1] = 1.0


cdef inline double side_force(const double *side, const grip_answer *a) noexcept nogil:
    cdef double total = 0.0
    cdef int32_t w
    for w in range(4):
        if side[w] != 0.0 and a.drive[w] == a.drive[w]:
            total += side[w] * a.drive[w]
    return total


cdef void grip_drive(const grip_problem *g, const int32_t *differential, grip_answer *best) noexcept nogil:
    """Least friction to stand or creep on the engine: differential = kinds of front, centre, rear."""
    cdef double split[3][4]
    cdef double extra[3]
    cdef double left[4]
    cdef double right[4]
    cdef int32_t bound[3]
    cdef double a, b, spare = g.preload / g.radius
    cdef int32_t i, k, n, turn
    cdef bint more
    for i in range(3):
        bound[i] = 1 if differential[i] == TC_OPEN else 0
    for turn in range(4):
        n = 0
        for i in range(3):
            if bound[i] == 0:
                continue
            side_rows(i, left, right)
            a = 1.0 if bound[i] == 1 else g.bias if bound[i] == 3 else 1.0
            b = 1.0 if bound[i] == 1 else g.bias if bound[i] == 2 else 1.0
            extra[n] = 0.0
            if bound[i] == 2:               # the left has the larger part
                extra[n] = spare if side_force(left, best) > 0.0 else -spare
            elif bound[i] == 3:
                extra[n] = -spare if side_force(right, best) > 0.0 else spare
            for k in range(4):
                split[n][k] = a * left[k] - b * right[k]
            n += 1
        grip_least(g, split, extra, n, best)
        more = False
        for i in range(3):
            if differential[i] != TC_LIMITED_SLIP or bound[i] != 0 or not best.friction < INFINITY:
                continue
            side_rows(i, left, right)
            a = side_force(left, best)
            b = side_force(right, best)
            if fabs(a) > g.bias * fabs(b) + spare or (fabs(a) > spare and a * b < 0.0 and fabs(a) >= fabs(b)):
                bound[i] = 2
                more = True
            elif fabs(b) > g.bias * fabs(a) + spare or (fabs(b) > spare and a * b < 0.0):
                bound[i] = 3
                more = True
        if not more:
            return


cdef void traction(const stance_model *m, const rest_point *p, const tc_footing *footing,
                   tc_margins *out) noexcept nogil:
    """Friction a rest asks for, to hold and to drive."""
    cdef grip_problem g
    cdef grip_answer a
    cdef double nothing[1]
    cdef double none[1][4]
    cdef int32_t fitted[3]
    cdef int32_t kinds[3]
    cdef int32_t i, w
    cdef double steep
    grip_setup(m, p, footing, &g)
    fitted[0] = m.vehicle.axle[0].differential
    fitted[1] = m.vehicle.centre_differential
    fitted[2] = m.vehicle.axle[1].differential
    out.upright_friction = 0.0
    for w in range(4):
        if g.wheel[w].stands:
            steep = p.tyre[w].slope[0] * p.tyre[w].slope[0] + p.tyre[w].slope[1] * p.tyre[w].slope[1]
            out.upright_friction = larger(out.upright_friction, sqrt(steep))
    grip_least(&g, none, nothing, 0, &a)
    out.hold_friction = a.friction
    memcpy(out.hold_wheel, a.ratio, sizeof(a.ratio))
    if out.upright_friction < a.friction:       # straight up is a balance, too
        out.hold_friction = out.upright_friction
        for w in range(4):
            if g.wheel[w].stands:
                steep = p.tyre[w].slope[0] * p.tyre[w].slope[0] + p.tyre[w].slope[1] * p.tyre[w].slope[1]
                out.hold_wheel[w] = sqrt(steep)
    for i in range(TC_LOCKINGS):
        for w in range(3):
            kinds[w] = fitted[w]
            if i & (1 << w):
                kinds[w] = TC_LOCKED
            elif kinds[w] == TC_LOCKED:
                kinds[w] = TC_OPEN
        grip_drive(&g, kinds, &a)
        out.drive_locked[i] = a.friction
    grip_drive(&g, fitted, &a)
    out.drive_friction = a.friction
    memcpy(out.drive_wheel, a.ratio, sizeof(a.ratio))
    traction_verdict(m, &g, &a, footing.friction, out)


cdef void traction_verdict(const stance_model *m, const grip_problem *g, const grip_answer *a, double friction,
                           tc_margins *out) noexcept nogil:
    """Who spins, in which range it drives, and whether it slides."""
    cdef double torque = 0.0, low = m.vehicle.max_wheel_torque, ratio = m.vehicle.low_range_ratio
    cdef int32_t w
    for w in range(4):
        if a.ratio[w] == a.ratio[w] and a.ratio[w] > 1e-3:
            torque += a.drive[w] * g.radius
            if a.ratio[w] >= TC_SPIN_TIE * a.friction:
                out.spins |= 1 << w
                if out.spins_first < 0 or a.normal[w] < a.normal[out.spins_first]:
                    out.spins_first = w
    if a.friction < INFINITY:
        out.drive_torque = torque
        if fabs(torque) > low:
            out.gear_range = TC_RANGE_NONE
        elif not ratio >= 1.0:
            out.gear_range = TC_RANGE_UNKNOWN
        else:
            out.gear_range = TC_RANGE_HIGH if fabs(torque) <= low / ratio else TC_RANGE_LOW
    if not out.hold_friction <= friction:
        out.flags |= TC_SLIDES
    elif out.upright_friction > friction:
        out.flags |= TC_WHEEL_SLIDES
    if out.hold_friction <= friction and out.hold_friction > TC_NEARLY * friction:
        out.flags |= TC_NEARLY_SLIDES
