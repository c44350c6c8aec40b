# How the vehicle rests on the ground, and what its underbody meets.

include "grid_view.pxi"       # the height grid from the heading frame
include "vectors.pxi"         # four floats at a time
include "tyre.pxi"            # tread cylinder on the ground
include "suspension.pxi"      # springs, stops, anti-roll bars
include "underbody.pxi"       # clearance of the parts
include "hidden.pxi"          # what the grid does not show of the ground below them
include "touch.pxi"           # how likely a part touches
include "margins.pxi"         # tipping
include "balance.pxi"         # forces of a state of the vehicle, and their stiffness
include "settle.pxi"          # from a state to a rest


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
    cdef ground_shown shown
    cdef bint complete = True
    shown.relief = NAN
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
            out.contact_probability[i] = touch_of_part(&m.vehicle, grid, out, i, &shown)
        if least < 0 or out.clearance[i] < out.clearance[least]:
            least = i
    out.least_part = least if complete else -1


cdef int32_t stance_rest(const stance_model *m, const grid_view *g, const tc_stance *warm, rest_point *p,
                         int32_t *iterations) noexcept nogil:
    """Attitude only. A warm start that leads nowhere is followed by a cold one."""
    cdef int32_t status
    cdef double pull = TC_COLD_PULL * m.vehicle.mass * TC_GRAVITY
    if start_warm(m, warm, p):
        start_moved(m, g, warm, p)
        if settle_from(m, g, pull, p, iterations) == TC_STANCE_OK:
            return TC_STANCE_OK
    status = start_cold(m, g, p)
    if status != TC_STANCE_OK:
        return status
    return settle_from(m, g, pull, p, iterations)


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
