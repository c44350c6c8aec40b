# Approach, breakover and departure as the vehicle stands: axles articulated, springs and tyres pressed in.
#
# In the vertical plane along the heading through a point of a part: the tyres are circles of loaded radius about hubs
# between the left and the right one, and a line that touches a tyre and the part rises by what vehicle/angles.py says
# for level ground. Angles count from the line on which the tyres of this plane stand; the room left counts from
# the line that touches the tyre and the ground below the part instead.

cdef enum:
    RAMP_ALONG = 9                      # points of a box's bottom along,
    RAMP_ACROSS = 5                     # and across; of a tube across

cdef struct ramp_limits:
    double angle[3]                     # approach, breakover, departure, rad
    double room[3]
    int32_t part[3]


cdef inline double ramp_rise(double cx, double cz, double radius, double x, double z, double q,
                             double towards) noexcept nogil:
    """Angle the line that touches the circles (c, radius) and ((x, z), q) from below rises by; inf where none does."""
    cdef double dx = (x - cx) * towards, dz = z - cz, d = sqrt(dx * dx + dz * dz)
    if d <= fabs(radius - q):
        return INFINITY
    return atan2(dz, dx) + asin((radius - q) / d)


cdef void ramp_point(const stance_model *m, const rest_point *p, const grid_view *g, int32_t part, const double *at,
                     double q, ramp_limits *out) noexcept nogil:
    """Limits one circle of a part sets: middle `at` in the heading frame about the body origin, radius q."""
    cdef double cx[2]
    cdef double cz[2]
    cdef double r[2]
    cdef double share, line, rise, below, u, v, ground_z
    cdef int32_t i, w, kind
    for i in range(2):
        w = 2 * i
        share = (p.hub[w][1] - at[1]) / (p.hub[w][1] - p.hub[w + 1][1])
        share = 0.0 if share < 0.0 else 1.0 if share > 1.0 else share
        cx[i] = p.hub[w][0] + share * (p.hub[w + 1][0] - p.hub[w][0])
        cz[i] = p.hub[w][2] + share * (p.hub[w + 1][2] - p.hub[w][2])
        r[i] = m.tread.radius - ((1.0 - share) * larger(p.tyre[w].load - m.tread.weight, 0.0)
                                 + share * larger(p.tyre[w + 1].load - m.tread.weight, 0.0)) / m.tread.rate
    line = atan2((cz[0] - r[0]) - (cz[1] - r[1]), cx[0] - cx[1])
    to_grid(g, at[0], at[1], &u, &v)
    ground_z = NAN
    if u >= 0.0 and v >= 0.0 and u < g.nx - 1 and v < g.ny - 1:
        ground_z = peek(g, u, v) - p.z
    if at[0] > cx[0]:
        kind = 0
        rise = ramp_rise(cx[0], cz[0], r[0], at[0], at[2], q, 1.0)
        below = ramp_rise(cx[0], cz[0], r[0], at[0], ground_z, 0.0, 1.0)
        line = rise - line
    elif at[0] < cx[1]:
        kind = 2
        rise = ramp_rise(cx[1], cz[1], r[1], at[0], at[2], q, -1.0)
        below = ramp_rise(cx[1], cz[1], r[1], at[0], ground_z, 0.0, -1.0)
        line = rise + line
    elif m.underbody.fixed_to[part] == TC_CHASSIS:
        kind = 1
        rise = (ramp_rise(cx[0], cz[0], r[0], at[0], at[2], q, -1.0)
                + ramp_rise(cx[1], cz[1], r[1], at[0], at[2], q, 1.0))
        below = (ramp_rise(cx[0], cz[0], r[0], at[0], ground_z, 0.0, -1.0)
                 + ramp_rise(cx[1], cz[1], r[1], at[0], ground_z, 0.0, 1.0))
        line = rise
    else:
        return
    if not rise < INFINITY:
        return
    if line < out.angle[kind]:
        out.angle[kind] = line
        out.part[kind] = part
    if below != below:
        out.room[kind] = NAN
    elif below < INFINITY and rise - below < out.room[kind]:
        out.room[kind] = rise - below


cdef void ramp_part(const stance_model *m, const rest_point *p, const grid_view *g, int32_t part,
                    ramp_limits *out) noexcept nogil:
    """Limits of one part."""
    cdef const underbody_model *b = &m.underbody
    cdef double R_gp[9]
    cdef double origin[3]
    cdef double body[3]
    cdef double on_grid[3]
    cdef double at[3]
    cdef double du, dv, q = 0.0
    cdef int32_t i, j, along = 1, across = 1
    part_frame(m, g, p, b.fixed_to[part], R_gp, origin)
    if b.shape[part] == TC_BOX:
        along = RAMP_ALONG
        across = RAMP_ACROSS
    elif b.shape[part] == TC_TUBE:
        across = RAMP_ACROSS
    if b.shape[part] != TC_BOX:
        q = b.half[part][0]
    for i in range(along):
        for j in range(across):
            body[0] = b.centre[part][0]
            body[1] = b.centre[part][1]
            body[2] = b.centre[part][2]
            if along > 1:
                body[0] += b.half[part][0] * (2.0 * i / (RAMP_ALONG - 1.0) - 1.0)
                body[2] -= b.half[part][2]
            if across > 1:
                body[1] += b.half[part][1] * (2.0 * j / (RAMP_ACROSS - 1.0) - 1.0)
            rotate(R_gp, body, on_grid)
            du = (on_grid[0] + origin[0] - g.u) / g.inv_dx
            dv = (on_grid[1] + origin[1] - g.v) / g.inv_dx
            at[0] = g.c * du + g.s * dv
            at[1] = g.c * dv - g.s * du
            at[2] = on_grid[2] + origin[2] - p.z
            ramp_point(m, p, g, part, at, q, out)


cdef inline double or_unknown(double value) noexcept nogil:
    return value if value < INFINITY else NAN


cdef void ramps(const stance_model *m, const rest_point *p, const grid_view *g, tc_margins *out) noexcept nogil:
    """Approach, breakover and departure angle of a rest, and the room left of them."""
    cdef ramp_limits limits
    cdef int32_t i
    for i in range(3):
        limits.angle[i] = limits.room[i] = INFINITY
        limits.part[i] = -1
    for i in range(m.underbody.n_parts):
        ramp_part(m, p, g, i, &limits)
    out.approach = or_unknown(limits.angle[0])
    out.breakover = or_unknown(limits.angle[1])
    out.departure = or_unknown(limits.angle[2])
    out.approach_room = or_unknown(limits.room[0])
    out.breakover_room = or_unknown(limits.room[1])
    out.departure_room = or_unknown(limits.room[2])
    out.approach_part = limits.part[0]
    out.breakover_part = limits.part[1]
    out.departure_part = limits.part[2]
