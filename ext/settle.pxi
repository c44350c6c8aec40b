# From a state of the vehicle to a rest: a damped Newton iteration. A rest counts only where the stiffness is positive
# definite: the others are balances no vehicle keeps.

cdef enum:
    MAX_ITERATIONS = 80
    ROUGH_AFTER = 24                    # iterations
    MAX_CUTS = 5                        # of one step
    MAX_POLISHES = 2                    # whole steps from a rough rest, to an exact one
    NUDGE_LASTS = 4                     # iterations

cdef extern from *:
    """
    static const double TC_REST_FORCE = 20.0;       /* N; 0.1 mm on a tyre. A larger residual is no rest */
    static const double TC_ROUGH_FORCE = 80.0;      /* N; accepted where the ground's steps allow no better */
    static const double TC_EDGE_FORCE = 500.0;      /* N; accepted where a contact jumps at an edge it is on */
    static const double TC_MAX_TURN = 0.12;         /* rad a step */
    static const double TC_MAX_DROP = 0.15;         /* m a step */
    static const double TC_FIRMEST = 1e4;           /* damping over the stiffness of the tyres */
    static const double TC_COLD_PULL = 1.0;         /* of the weight: wheels hold on to the ground in a first step */
    static const double TC_NUDGE = 2e-3;            /* m, rad */
    static const double TC_TIPPED = 1.0;            /* rad; it will not come back from here */
    """
    const double TC_REST_FORCE, TC_ROUGH_FORCE, TC_EDGE_FORCE, TC_MAX_TURN, TC_MAX_DROP, TC_FIRMEST, TC_COLD_PULL
    const double TC_NUDGE, TC_TIPPED


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


cdef int feet_of(const stance_model *m, const tc_grid *grid, ground_bounds *bounds, double x, double y, double yaw,
                 double *z) noexcept nogil:
    """How high upright wheels have their feet at a pose, m. 0 where one of them is not known."""
    cdef grid_view g
    cdef double u, v
    cdef int32_t w
    grid_look(grid, bounds, x, y, yaw, &g)
    for w in range(4):
        to_grid(&g, m.axle[w // 2].x, m.axle[w // 2].half_track * (1.0 if w % 2 == 0 else -1.0), &u, &v)
        z[w] = upright_foot(&m.tread, &g, u, v)
        if not z[w] > -TC_FAR:
            return 0
    return 1


cdef void start_moved(const stance_model *m, const grid_view *g, const tc_stance *warm, rest_point *p) noexcept nogil:
    """Move the state of a stance nearby as the ground under its wheels moves from there to here."""
    cdef double z[4]
    cdef double before[4]
    cdef double twist
    cdef rest_point by
    cdef int32_t i, j, w
    if not (feet_of(m, g.grid, g.bounds, warm.x, warm.y, warm.yaw, before)
            and feet_of(m, g.grid, g.bounds, g.x, g.y, atan2(g.s, g.c), z)):
        return
    for w in range(4):
        z[w] -= before[w]
    twist = z[0] - z[1] - z[2] + z[3]
    for w in range(4):                  # what is below a wheel that hangs counts no more than the others say
        if p.tyre[w].load <= 0.0:
            z[w] -= twist if w == 0 or w == 3 else -twist
            break
    memset(&by, 0, sizeof(by))
    plane_start(m, z, &by)
    p.z += by.z
    p.roll += by.roll
    p.pitch += by.pitch
    for i in range(2):
        for j in range(2):
            p.q[i][j] += by.q[i][j]


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
