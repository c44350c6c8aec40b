# Which parts carry, where the rest on the wheels alone would press them into the ground.
#
# A part stands on the ground at points of its own, by springs so stiff that they give way by centimetres at most under
# the whole weight. The seven unknowns find their balance with these contacts among the wheels'; then the deepest point
# of every part is looked for, and where it is deeper than the balance knows it joins the points. Forces are vertical,
# as those of the wheels.

cdef enum:
    GROUNDING_ITERATIONS = 40           # of one balance
    GROUNDING_POINTS = 24

cdef extern from *:
    """
    static const double TC_PART_RATE = 1e6;         /* N/m, part and rock; estimate, four tyres' worth */
    static const double TC_PART_DEEPER = 0.002;     /* m; less is as good as known */
    static const double TC_CARRIES = 0.01;          /* of the weight */
    static const double TC_CARRIES_MOST = 0.333;    /* of the weight: with so little left on the wheels it is stuck */
    """
    const double TC_PART_RATE, TC_PART_DEEPER, TC_CARRIES, TC_CARRIES_MOST

cdef struct part_contact:
    int32_t part
    double on_part[3]                   # body frame at design ride height, m
    double point[3]                     # heading frame about the body origin
    double load                         # N

cdef struct part_contacts:
    int32_t n
    part_contact of[GROUNDING_POINTS]


cdef void part_press(const stance_model *m, const grid_view *g, const rest_point *p, part_contact *c) noexcept nogil:
    """Where a point of a part is, and how it presses on the ground there."""
    cdef double R_gp[9]
    cdef double origin[3]
    cdef double at[3]
    cdef double gap
    cdef int32_t k
    part_frame(m, g, p, m.underbody.fixed_to[c.part], R_gp, origin)
    rotate(R_gp, c.on_part, at)
    for k in range(3):
        at[k] += origin[k]
    c.load = 0.0
    if not (at[0] >= 0.0 and at[1] >= 0.0 and at[0] < g.nx - 1 and at[1] < g.ny - 1):
        return
    gap = at[2] - peek(g, at[0], at[1])
    if gap < 0.0:                       # not where the ground is unknown
        c.load = -gap * TC_PART_RATE
    at[0] = (at[0] - g.u) / g.inv_dx
    at[1] = (at[1] - g.v) / g.inv_dx
    c.point[0] = g.c * at[0] + g.s * at[1]
    c.point[1] = g.c * at[1] - g.s * at[0]
    c.point[2] = at[2] - p.z


cdef int part_deepest(const stance_model *m, const grid_view *g, const rest_point *p, int32_t part,
                      part_contacts *all_) noexcept nogil:
    """Add the deepest point of a part where it is deeper than its points known; 1 where it was added."""
    cdef double R_gp[9]
    cdef double origin[3]
    cdef double nearest[3]
    cdef double at[3]
    cdef double gap, known = 0.0, det
    cdef part_contact *c
    cdef int32_t i, k
    part_frame(m, g, p, m.underbody.fixed_to[part], R_gp, origin)
    if part_clearance(&m.underbody, g, part, R_gp, origin, TC_FAR, &gap, nearest) != GROUND_OK:
        return 0
    for i in range(all_.n):
        if all_.of[i].part == part:
            known = larger(known, all_.of[i].load / TC_PART_RATE)
    if not -gap > known + TC_PART_DEEPER or all_.n >= GROUNDING_POINTS:
        return 0
    at[0] = g.u + (nearest[0] - g.x) * g.inv_dx - origin[0]
    at[1] = g.v + (nearest[1] - g.y) * g.inv_dx - origin[1]
    at[2] = nearest[2] + gap - origin[2]
    c = &all_.of[all_.n]
    all_.n += 1
    c.part = part
    det = g.inv_dx * g.inv_dx           # rows of R_gp are those of a rotation, the first two in posts instead of metres
    for k in range(3):
        c.on_part[k] = (R_gp[k] * at[0] + R_gp[3 + k] * at[1]) / det + R_gp[6 + k] * at[2]
    return 1


cdef void part_balance(const stance_model *m, const rest_point *p, const part_contact *c, balance *b) noexcept nogil:
    """A part's load by virtual work, as wheel_balance."""
    cdef int32_t on = m.underbody.fixed_to[c.part], ax = -1, side = 0, i, j
    cdef double cp = cos(p.pitch), up = p.R_hb[8]
    cdef double lift[5]
    lift[0] = 1.0
    lift[1] = cp * c.point[1]
    lift[2] = -c.point[0]
    lift[3] = lift[4] = 0.0
    if on != TC_CHASSIS:
        ax = (on - TC_HUB_FL) // 2 if on >= TC_HUB_FL else on - TC_FRONT_AXLE
        side = (on - TC_HUB_FL) % 2
        lift[3 if m.axle[ax].solid or side == 0 else 4] = up
        if m.axle[ax].solid:
            lift[4] = cp * (c.point[1] - p.axle_origin[ax][1])
    for i in range(3):
        b.chassis[i] += c.load * lift[i]
        for j in range(3):
            b.D[i][j] += TC_PART_RATE * lift[i] * lift[j]
    b.D[1][1] += c.load * cp * cp * c.point[2]
    b.D[2][2] += c.load * c.point[2]
    if ax < 0:
        return
    for j in range(2):
        b.axle[ax][j] += c.load * lift[3 + j]
        for i in range(3):
            b.B[ax][i][j] += TC_PART_RATE * lift[i] * lift[3 + j]
            b.C[ax][j][i] += TC_PART_RATE * lift[3 + j] * lift[i]
        for i in range(2):
            b.A[ax][i][j] += TC_PART_RATE * lift[3 + i] * lift[3 + j]


cdef int rests_on_points(const stance_model *m, const grid_view *g, rest_point *p, part_contacts *all_) noexcept nogil:
    """From the state in p to a stable rest on wheels and points, step by step as settle_from; 0 where it finds none.
    The best state it comes by is taken."""
    cdef balance b
    cdef rest_point start = p[0], best
    cdef part_contacts best_contacts
    cdef double chassis[3]
    cdef double axle[2][2]
    cdef double newton[3]
    cdef double newton_axle[2][2]
    cdef double size, firm, least = TC_EDGE_FORCE, part = 1.0, before = 0.0, after, shorter
    cdef int32_t it, i, cuts = 0, found = 0
    cdef int stable
    memset(chassis, 0, sizeof(chassis))
    memset(axle, 0, sizeof(axle))
    for it in range(GROUNDING_ITERATIONS):
        rest_geometry(m, p)
        if rest_contacts(m, g, 0.0, p) != GROUND_OK:
            break
        rest_balance(m, p, &b)
        for i in range(all_.n):
            part_press(m, g, p, &all_.of[i])
            if all_.of[i].load > 0.0:
                part_balance(m, p, &all_.of[i], &b)
        size = residual_size(m, &b)
        if not isfinite(size) or fabs(p.roll) > TC_TIPPED or fabs(p.pitch) > TC_TIPPED:
            break
        stable = solve_rest(m, &b, 0.0, newton, newton_axle)
        if stable and size < least:
            least = size
            best = p[0]
            best_contacts = all_[0]
            found = 1
            if size < TC_REST_FORCE:
                break
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
    if found:
        p[0] = best
        all_[0] = best_contacts
    return found


cdef int rests_on_parts(const stance_model *m, const grid_view *g, rest_point *p, part_contacts *all_) noexcept nogil:
    """From the rest on the wheels in p to that on wheels and parts; 0 where it finds none."""
    cdef int32_t i, turn, added
    all_.n = 0
    for turn in range(GROUNDING_POINTS):
        added = 0
        for i in range(m.underbody.n_parts):
            added |= part_deepest(m, g, p, i, all_)
        if not added:
            return 1
        if not rests_on_points(m, g, p, all_):
            return 0
    return 1


cdef void grounding(const stance_model *m, const grid_view *g, const rest_point *rest, const tc_stance *s,
                    tc_margins *out) noexcept nogil:
    """Loads of parts, and how the vehicle rests with them."""
    cdef rest_point p = rest[0]
    cdef part_contacts all_
    cdef double weight = m.vehicle.mass * TC_GRAVITY, total = 0.0
    cdef int32_t i, w, reaches = 0
    for i in range(m.underbody.n_parts):
        reaches |= s.clearance[i] < 0.0
        out.part_load[i] = 0.0
    out.grounded_z = rest.z
    out.grounded_roll = rest.roll
    out.grounded_pitch = rest.pitch
    for w in range(4):
        out.grounded_load[w] = rest.tyre[w].load
    if not reaches:
        return
    if not rests_on_parts(m, g, &p, &all_):
        out.flags |= TC_PART_CARRIES | TC_PART_UNSOLVED
        out.grounded_z = out.grounded_roll = out.grounded_pitch = NAN
        for w in range(4):
            out.grounded_load[w] = NAN
        for i in range(m.underbody.n_parts):
            out.part_load[i] = NAN
        out.carrying_part = s.least_part
        return
    out.grounded_z = p.z
    out.grounded_roll = p.roll
    out.grounded_pitch = p.pitch
    for i in range(all_.n):
        out.part_load[all_.of[i].part] += all_.of[i].load
        total += all_.of[i].load
    for i in range(m.underbody.n_parts):
        if out.part_load[i] > 0.0 and (out.carrying_part < 0 or out.part_load[i] > out.part_load[out.carrying_part]):
            out.carrying_part = i
    for w in range(4):
        out.grounded_load[w] = p.tyre[w].load
        if p.tyre[w].load < TC_LIFTED_LOAD and rest.tyre[w].load >= TC_LIFTED_LOAD:
            out.lifted_by_part |= 1 << w
    if total > TC_CARRIES * weight:
        out.flags |= TC_PART_CARRIES
        if out.lifted_by_part or total > TC_CARRIES_MOST * weight:
            out.flags |= TC_HIGH_CENTRED
