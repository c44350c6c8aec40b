# Whether there is another rest within reach of a small push, and how far apart the rests are.
#
# Friction holds tyres where they came down, and a vehicle on the edge of a rock has two rests: which one it takes
# depends on how it came there. The rest is sought again from chassis attitudes pushed to either side, and a little
# beside the place, as nobody stops to the centimetre. Large pushes look for a rest on the other diagonal; the spread
# is that of the small ones.

cdef enum:
    SMALL = 4
    PUSHES = 8                          # small to either side, then large over the corners
    ASIDES = 4

cdef extern from *:
    """
    static const double TC_PUSH_ROLL = 0.06;        /* rad (3.4 deg), about what a wheel's step over a stone does */
    static const double TC_PUSH_PITCH = 0.05;       /* rad */
    static const double TC_PUSH_FAR = 0.2;          /* rad (11 deg), roll of a turn to the other diagonal */
    static const double TC_ASIDE = 0.02;            /* m */
    static const double TC_OTHER_ANGLE = 0.0087;    /* rad (0.5 deg): rests that differ by more are two, */
    static const double TC_OTHER_HEIGHT = 0.01;     /* m */
    """
    const double TC_PUSH_ROLL, TC_PUSH_PITCH, TC_PUSH_FAR, TC_ASIDE, TC_OTHER_ANGLE, TC_OTHER_HEIGHT


cdef inline double rest_distance(double z, double roll, double pitch) noexcept nogil:
    """How far rests are apart, 1 = as far as two must be."""
    return larger(fabs(z) / TC_OTHER_HEIGHT, larger(fabs(roll), fabs(pitch)) / TC_OTHER_ANGLE)


cdef double clearance_at_rest(const stance_model *m, const grid_view *g, const rest_point *p) noexcept nogil:
    """Of all parts of a rest, m; NaN where one of them is unknown."""
    cdef double R_gp[9]
    cdef double origin[3]
    cdef double nearest[3]
    cdef double gap, least = INFINITY
    cdef int32_t i, frame = -1
    for i in range(m.underbody.n_parts):
        if m.underbody.fixed_to[i] != frame:
            frame = m.underbody.fixed_to[i]
            part_frame(m, g, p, frame, R_gp, origin)
        if part_clearance(&m.underbody, g, i, R_gp, origin, TC_FAR, &gap, nearest) != GROUND_OK:
            return NAN
        least = gap if gap < least else least
    return least if least < INFINITY else NAN


cdef void other_rests(const stance_model *m, const tc_grid *grid, const grid_view *here, const rest_point *rest,
                      const tc_stance *s, tc_margins *out) noexcept nogil:
    """Rests from pushed starts: how many there are, the farthest, and the spread."""
    cdef rest_point p
    cdef grid_view aside
    cdef double z[PUSHES]
    cdef double roll[PUSHES]
    cdef double pitch[PUSHES]
    cdef double far = 1.0, turn, dz, droll, dpitch, clearance, along, left, way
    cdef double pull = TC_COLD_PULL * m.vehicle.mass * TC_GRAVITY
    cdef double least = s.clearance[s.least_part] if s.least_part >= 0 else NAN
    cdef int32_t i, j, iterations = 0, found = 0
    cdef bint fresh
    out.spread_z = out.spread_roll = out.spread_pitch = 0.0
    out.spread_clearance = 0.0 if s.least_part >= 0 else NAN
    out.rests = 1
    for i in range(PUSHES + ASIDES):
        p = rest[0]
        way = 1.0 if i % 2 == 0 else -1.0
        if i < PUSHES:
            if i < 2:
                p.roll += way * TC_PUSH_ROLL
            elif i < SMALL:
                p.pitch += way * TC_PUSH_PITCH
            else:
                turn = way if i < 6 else -way           # about the line through two opposite wheels
                p.roll += way * TC_PUSH_FAR
                p.pitch += turn * TC_PUSH_FAR * 2.0 * m.axle[1].half_track / m.vehicle.wheelbase
                p.z += turn * TC_PUSH_FAR * m.axle[1].half_track
            aside = here[0]
        else:
            j = i - PUSHES
            grid_look(grid, m.bounds, s.x + (way * TC_ASIDE if j < 2 else 0.0),
                      s.y + (way * TC_ASIDE if j >= 2 else 0.0), s.yaw, &aside)
        p.quality = TC_REST_EXACT
        if settle_from(m, &aside, pull if i < PUSHES else 0.0, &p, &iterations) != TC_STANCE_OK:
            out.flags |= TC_UNSTEADY
            continue
        dz = p.z - rest.z               # less what the lie of the vehicle makes of a place aside
        if i >= PUSHES:
            along = way * TC_ASIDE * (here.c if j < 2 else here.s)
            left = way * TC_ASIDE * (-here.s if j < 2 else here.c)
            dz += along * tan(rest.pitch) - left * tan(rest.roll)
        droll = p.roll - rest.roll
        dpitch = p.pitch - rest.pitch
        clearance = clearance_at_rest(m, &aside, &p)
        if i < SMALL or i >= PUSHES:
            out.spread_z = larger(out.spread_z, fabs(dz))
            out.spread_roll = larger(out.spread_roll, fabs(droll))
            out.spread_pitch = larger(out.spread_pitch, fabs(dpitch))
            if fabs(clearance - least) > out.spread_clearance:
                out.spread_clearance = fabs(clearance - least)
        if i >= PUSHES or rest_distance(dz, droll, dpitch) <= 1.0:
            continue
        out.flags |= TC_RESTS_ELSEWHERE
        fresh = True
        for j in range(found):
            fresh = fresh and rest_distance(p.z - z[j], p.roll - roll[j], p.pitch - pitch[j]) > 1.0
        if fresh:
            z[found] = p.z
            roll[found] = p.roll
            pitch[found] = p.pitch
            found += 1
        if rest_distance(dz, droll, dpitch) > far:
            far = rest_distance(dz, droll, dpitch)
            out.other_z = p.z
            out.other_roll = p.roll
            out.other_pitch = p.pitch
            out.other_clearance = clearance
    out.rests += found
