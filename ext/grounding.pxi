# Which parts carry, where the rest on the wheels alone would press them into the ground.
#
# Each part that reaches the ground stands on it at its deepest point, by a spring so stiff that the ground gives way
# by centimetres at most under the whole weight. The seven unknowns find their balance with these contacts among the
# wheels'. Forces are vertical, as those of the wheels.

cdef enum:
    GROUNDING_ITERATIONS = 60

cdef extern from *:
    """
    static const double TC_PART_RATE = 1e6;         /* N/m, part and rock; estimate, four tyres' worth */
    static const double TC_CARRIES = 0.01;          /* of the weight */
    static const double TC_CARRIES_MOST = 0.333;    /* of the weight: with so little left on the wheels it is stuck */
    """
    const double TC_PART_RATE, TC_CARRIES, TC_CARRIES_MOST

cdef struct part_contact:
    double load                         # N
    double point[3]                     # heading frame about the body origin


cdef void part_touch(const stance_model *m, const grid_view *g, const rest_point *p, int32_t part,
                     part_contact *c) noexcept nogil:
    """How a part presses on the ground at its deepest point."""
    cdef double R_gp[9]
    cdef double origin[3]
    cdef double nearest[3]
    cdef double gap
    c.load = 0.0
    part_frame(m, g, p, m.underbody.fixed_to[part], R_gp, origin)
    if part_clearance(&m.underbody, g, part, R_gp, origin, &gap, nearest) != GROUND_OK or not gap < 0.0:
        return
    c.load = -gap * TC_PART_RATE
    nearest[0] -= g.x
    nearest[1] -= g.y
    c.point[0] = g.c * nearest[0] + g.s * nearest[1]
    c.point[1] = g.c * nearest[1] - g.s * nearest[0]
    c.point[2] = nearest[2] + gap - p.z


cdef void part_balance(const stance_model *m, const rest_point *p, int32_t part, const part_contact *c,
                       balance *b) noexcept nogil:
    """A part's load by virtual work, as wheel_balance."""
    cdef int32_t on = m.underbody.fixed_to[part], ax = -1, side = 0, i, j
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


cdef int rests_on_parts(const stance_model *m, const grid_view *g, const int32_t *reaches, rest_point *p,
                        part_contact *contact) noexcept nogil:
    """Newton from the rest on the wheels in p; 0 where it finds no rest. The best state it comes by is taken: a
    flat part on a round stone has its deepest point now here, now there."""
    cdef balance b
    cdef rest_point start, best
    cdef part_contact best_contact[TC_MAX_PARTS]
    cdef double chassis[3]
    cdef double axle[2][2]
    cdef double size, firm, least = TC_EDGE_FORCE, before = 1e300, part
    cdef int32_t it, i, found = 0
    cdef int stable
    for it in range(GROUNDING_ITERATIONS):
        rest_geometry(m, p)
        if rest_contacts(m, g, 0.0, p) != GROUND_OK:
            break
        rest_balance(m, p, &b)
        for i in range(m.underbody.n_parts):
            contact[i].load = 0.0
            if reaches[i]:
                part_touch(m, g, p, i, &contact[i])
                if contact[i].load > 0.0:
                    part_balance(m, p, i, &contact[i], &b)
        size = residual_size(m, &b)
        if not isfinite(size) or fabs(p.roll) > TC_TIPPED or fabs(p.pitch) > TC_TIPPED:
            break
        stable = solve_rest(m, &b, 0.0, chassis, axle)
        if stable and size < least:
            least = size
            best = p[0]
            memcpy(best_contact, contact, sizeof(best_contact))
            found = 1
            if size < TC_REST_FORCE:
                break
        firm = 0.01
        while not stable and firm < TC_FIRMEST:
            stable = solve_rest(m, &b, firm, chassis, axle)
            firm *= 3.0
        part = 0.4 if size > 0.7 * before else 1.0
        before = size
        limit_step(chassis, axle)
        start = p[0]
        step_to(p, &start, part, chassis, axle)
    if found:
        p[0] = best
        memcpy(contact, best_contact, sizeof(best_contact))
    return found


cdef void grounding(const stance_model *m, const grid_view *g, const rest_point *rest, const tc_stance *s,
                    tc_margins *out) noexcept nogil:
    """Loads of parts, and how the vehicle rests with them."""
    cdef rest_point p = rest[0]
    cdef part_contact contact[TC_MAX_PARTS]
    cdef int32_t reaches[TC_MAX_PARTS]
    cdef double weight = m.vehicle.mass * TC_GRAVITY, total = 0.0
    cdef int32_t i, w, any_reaches = 0
    for i in range(m.underbody.n_parts):
        reaches[i] = s.clearance[i] < 0.1       # others may come down as the one lifts
        any_reaches |= s.clearance[i] < 0.0
        out.part_load[i] = 0.0
    out.grounded_z = rest.z
    out.grounded_roll = rest.roll
    out.grounded_pitch = rest.pitch
    for w in range(4):
        out.grounded_load[w] = rest.tyre[w].load
    if not any_reaches:
        return
    if not rests_on_parts(m, g, reaches, &p, contact):
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
    for i in range(m.underbody.n_parts):
        out.part_load[i] = contact[i].load
        total += contact[i].load
        if contact[i].load > 0.0 and (out.carrying_part < 0 or contact[i].load > out.part_load[out.carrying_part]):
            out.carrying_part = i
    for w in range(4):
        out.grounded_load[w] = p.tyre[w].load
        if p.tyre[w].load < TC_LIFTED_LOAD and rest.tyre[w].load >= TC_LIFTED_LOAD:
            out.lifted_by_part |= 1 << w
    if total > TC_CARRIES * weight:
        out.flags |= TC_PART_CARRIES
        if out.lifted_by_part or total > TC_CARRIES_MOST * weight:
            out.flags |= TC_HIGH_CENTRED
