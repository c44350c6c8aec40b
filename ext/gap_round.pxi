# The least gap of a sphere or a tube.
#
# Seen from below both are the surface
#
#     z(u, v) = z_0 + m s - K sqrt(W^2 - |p|^2),   p = M (u - u_0, v - v_0),
#
# convex in (u, v): for a sphere M is the unit matrix and m = 0; for a tube M takes the part across the axis, s is the
# way along it, m its slope, and K = sqrt(1 + m^2) because the tube is met upright. A plane that touches it anywhere is
# nowhere above it; the one as steep as the ground of a cell bounds its gap over the cell. In cells that may hold less
# than what was found the surface is followed downhill: along u and along v, where the ground is straight, along a tube,
# which is straight itself, and across it where it ends.

cdef enum:
    ROUND_ROUNDS = 12                   # of moves, at most, to the least gap in a cell
    END_STARTS = 5                      # where a tube ends,
    END_CUTS = 8                        # of one move there

cdef extern from *:
    """
    static const double TC_ROUND_RIM = 0.97;        /* of W: planes touch no farther out, where they are too steep */
    static const double TC_TOUCH_FINE = 2e-3;       /* cells; what is left of the gap is of second order */
    static const double TC_NO_BEND = 1e-9;
    """
    const double TC_ROUND_RIM, TC_TOUCH_FINE, TC_NO_BEND

cdef extern from *:
    """
    struct tc_round_floats {
        float w, rim, k;                /* W, as far as planes touch, K */
        float n_u, n_v, reach;          /* of a tube: across its axis, half of a cell across */
        float along_u, along_v;         /* rise of m s */
        float s_u, s_v, s_end;          /* s, and where it ends for the middles of cells */
    };

    static inline tc_four tc_cell_gap(tc_four z, tc_four z_u, tc_four z_v, tc_four h00, tc_four h10, tc_four h01,
                                      tc_four h11) {
        const tc_four sum = 0.5f * (z_u + z_v), difference = 0.5f * (z_u - z_v);
        return tc_lesser(tc_lesser(z - sum - h00, z + difference - h10),
                         tc_lesser(z - difference - h01, z + sum - h11));
    }

    /* Bounds over 4 x 4 cells, the first of which has its middle at (du, dv) from that of the surface, which is `over`
       above the level: 1e30 where it is not over the cell. Returns the least. */
    static inline float tc_tube_gaps(const float *h, int64_t row, float level, float over_level, float du, float dv,
                                     const struct tc_round_floats *f, float *bound) {
        const tc_four step = {0.0f, 1.0f, 2.0f, 3.0f}, far = {1e30f, 1e30f, 1e30f, 1e30f}, none = {0};
        tc_four u = du + step, all = far, h01 = tc_load(h) - level, h11 = tc_load(h + 1) - level;
        for (int j = 0; j < 4; j++) {
            tc_four h00 = h01, h10 = h11;
            h += row;
            h01 = tc_load(h) - level;
            h11 = tc_load(h + 1) - level;
            tc_four away = f->n_u * u + f->n_v * dv, s = f->s_u * u + f->s_v * dv;
            tc_four rise = 0.5f * (f->n_u * (h10 + h11 - h00 - h01) + f->n_v * (h01 + h11 - h00 - h10));
            tc_four at = rise * f->w / tc_root(f->k * f->k + rise * rise), low = away - f->reach, slope, below, z;
            tc_four_bits over = tc_within(away, f->w + f->reach) & tc_within(s, f->s_end);
            at = tc_greater(tc_lesser(at, away + f->reach), low);
            at = tc_greater(tc_lesser(at, none + f->rim), none - f->rim);
            below = tc_root(f->w * f->w - at * at);
            slope = f->k * at / below;
            z = f->along_u * u + f->along_v * dv - f->k * below + slope * (away - at);
            z = tc_cell_gap(z, f->along_u + slope * f->n_u, f->along_v + slope * f->n_v, h00, h10, h01, h11);
            z = tc_select(over, z + over_level, far);
            memcpy(bound + 4 * j, &z, sizeof z);
            all = tc_lesser(all, z);
            dv += 1.0f;
        }
        return tc_least(all);
    }

    static inline float tc_ball_gaps(const float *h, int64_t row, float level, float over_level, float du, float dv,
                                     const struct tc_round_floats *f, float *bound) {
        const tc_four step = {0.0f, 1.0f, 2.0f, 3.0f}, far = {1e30f, 1e30f, 1e30f, 1e30f}, none = {0};
        tc_four u = du + step, all = far, h01 = tc_load(h) - level, h11 = tc_load(h + 1) - level;
        for (int j = 0; j < 4; j++) {
            tc_four h00 = h01, h10 = h11;
            h += row;
            h01 = tc_load(h) - level;
            h11 = tc_load(h + 1) - level;
            tc_four rise_u = 0.5f * (h10 + h11 - h00 - h01), rise_v = 0.5f * (h01 + h11 - h00 - h10);
            tc_four share = f->w / tc_root(f->k * f->k + rise_u * rise_u + rise_v * rise_v);
            tc_four pu = tc_greater(tc_lesser(share * rise_u, u + 0.5f), u - 0.5f);
            tc_four pv = tc_greater(tc_lesser(share * rise_v, none + (dv + 0.5f)), none + (dv - 0.5f));
            tc_four near_u = tc_greater(tc_lesser(none, u + 0.5f), u - 0.5f);
            tc_four near_v = tc_greater(tc_lesser(none, none + (dv + 0.5f)), none + (dv - 0.5f)), below, z;
            tc_four_bits over = near_u * near_u + near_v * near_v <= none + f->w * f->w;
            share = tc_lesser(f->rim / tc_root(pu * pu + pv * pv + 1e-12f), none + 1.0f);
            pu *= share;
            pv *= share;
            below = tc_root(f->w * f->w - pu * pu - pv * pv);
            share = f->k / below;
            z = share * (pu * (u - pu) + pv * (dv - pv)) - f->k * below;
            z = tc_cell_gap(z, share * pu, share * pv, h00, h10, h01, h11);
            z = tc_select(over, z + over_level, far);
            memcpy(bound + 4 * j, &z, sizeof z);
            all = tc_lesser(all, z);
            dv += 1.0f;
        }
        return tc_least(all);
    }
    """
    struct tc_round_floats:
        float w, rim, k, n_u, n_v, reach, along_u, along_v, s_u, s_v, s_end
    float tc_tube_gaps(const float *h, int64_t row, float level, float over_level, float du, float dv,
                       const tc_round_floats *f, float *bound) noexcept nogil
    float tc_ball_gaps(const float *h, int64_t row, float level, float over_level, float du, float dv,
                       const tc_round_floats *f, float *bound) noexcept nogil

cdef struct round_hull:
    # a sphere or a tube from below; places in cells, s in half lengths of the axis seen from above
    lower_hull hull
    int32_t tube
    double centre[3]
    double M[3]                         # uu, uv, vv
    double wide                         # W
    double k                            # K, m a cell
    double along[2]                     # rise of m s a cell of u and of v
    double axis[2]                      # (u, v) of one s; 0 for a sphere, which has no ends
    double s_of[2]                      # s of a cell of u and of v
    double s_lean                       # how far in s the lowest line of a leaning tube is moved
    tc_round_floats floats

cdef struct cell_ground:
    # bilinear ground of a cell, and the place of its first post from the middle of a surface, negative
    double h00, e_u, e_v, twist
    double cu, cv


cdef void round_floats(const round_hull *f, tc_round_floats *w) noexcept nogil:
    cdef double half = 0.5001 * (fabs(f.s_of[0]) + fabs(f.s_of[1]))
    w.w = <float> f.wide
    w.rim = <float> (TC_ROUND_RIM * f.wide)
    w.k = <float> f.k
    w.n_u = <float> sqrt(f.M[0])
    w.n_v = <float> (sqrt(f.M[2]) if f.M[1] >= 0.0 else -sqrt(f.M[2]))
    w.reach = <float> (0.5001 * (sqrt(f.M[0]) + sqrt(f.M[2])))
    w.along_u = <float> f.along[0]
    w.along_v = <float> f.along[1]
    w.s_u = <float> f.s_of[0]
    w.s_v = <float> f.s_of[1]
    w.s_end = <float> (1.0 + fabs(f.s_lean) + half)


cdef int round_place(round_hull *f, const grid_view *g, const double *a, const double *b) noexcept nogil:
    """The base below it, over the parallelogram of a and b, and where it is."""
    cdef double middle[3]
    cdef double lean = fabs(f.s_lean), reach
    cdef int32_t k
    for k in range(2):
        reach = f.wide * sqrt(f.M[2 * k]) + (1.0 + lean) * fabs(f.axis[k])
        f.hull.low[k] = f.centre[k] - reach
        f.hull.high[k] = f.centre[k] + reach
        middle[k] = f.centre[k]
    middle[2] = f.centre[2] - f.k * f.wide
    if not (place_on_map(g, f.hull.low) and place_on_map(g, f.hull.high)):
        return GROUND_OFF_MAP
    hull_base(&f.hull, middle, a, b)
    f.hull.s_low -= lean
    f.hull.s_high += lean
    round_floats(f, &f.floats)
    return GROUND_OK


cdef int ball_place(round_hull *f, const grid_view *g, const double *centre, double radius, const double *R_gp,
                    const double *origin) noexcept nogil:
    """A sphere looks the same however it is turned."""
    cdef double a[3]
    cdef double b[3]
    cdef int32_t i
    f.tube = 0
    rotate(R_gp, centre, f.centre)
    for i in range(3):
        f.centre[i] += origin[i]
    f.M[0] = f.M[2] = 1.0
    f.M[1] = f.along[0] = f.along[1] = f.axis[0] = f.axis[1] = f.s_of[0] = f.s_of[1] = f.s_lean = 0.0
    f.wide = radius * g.inv_dx
    f.k = g.dx
    a[0] = b[1] = f.wide
    a[1] = a[2] = b[0] = b[2] = 0.0
    return round_place(f, g, a, b)


cdef int tube_place(round_hull *f, const grid_view *g, const double *centre, double radius, double half,
                    const double *R_gp, const double *origin) noexcept nogil:
    """A tube along the part's y, which leans with the vehicle or the axle: it is never upright."""
    cdef double n = sqrt(R_gp[1] * R_gp[1] + R_gp[4] * R_gp[4]), slope = R_gp[7] / (n * g.dx)
    cdef double n_u = -R_gp[4] / n, n_v = R_gp[1] / n, per
    cdef double a[3]
    cdef double b[3]
    cdef int32_t i
    f.tube = 1
    rotate(R_gp, centre, f.centre)
    for i in range(3):
        f.centre[i] += origin[i]
        a[i] = half * R_gp[3 * i + 1]
    f.M[0] = n_u * n_u
    f.M[1] = n_u * n_v
    f.M[2] = n_v * n_v
    f.wide = radius * g.inv_dx
    f.k = g.dx * sqrt(1.0 + slope * slope)
    f.along[0] = slope * g.dx * n_v
    f.along[1] = -slope * g.dx * n_u
    f.axis[0] = a[0]
    f.axis[1] = a[1]
    per = 1.0 / (a[0] * a[0] + a[1] * a[1])
    f.s_of[0] = a[0] * per
    f.s_of[1] = a[1] * per
    f.s_lean = R_gp[7] * radius * g.inv_dx / (half * n)
    b[0] = f.wide * n_u
    b[1] = f.wide * n_v
    b[2] = 0.0
    return round_place(f, g, a, b)


cdef inline double round_below(const round_hull *f, double du, double dv) noexcept nogil:
    """How far the surface is below m s there, in cells of K; the place is on or beside it."""
    cdef double left = f.wide * f.wide - (f.M[0] * du * du + 2.0 * f.M[1] * du * dv + f.M[2] * dv * dv)
    return sqrt(left) if left > 0.0 else 0.0


cdef inline double round_gap(const round_hull *f, const cell_ground *c, double u, double v) noexcept nogil:
    cdef double du = u - c.cu, dv = v - c.cv
    return (f.centre[2] + f.along[0] * du + f.along[1] * dv - f.k * round_below(f, du, dv)
            - (c.h00 + u * c.e_u + v * c.e_v + u * v * c.twist))


cdef int round_move(const round_hull *f, const cell_ground *c, double to_u, double to_v, double *u,
                    double *v) noexcept nogil:
    """From (u, v) along (to_u, to_v) to the least gap within the cell and the surface. 0 where that is nowhere."""
    cdef double du = u[0] - c.cu, dv = v[0] - c.cv, low = -TC_FAR, high = TC_FAR
    cdef double bend = f.M[0] * to_u * to_u + 2.0 * f.M[1] * to_u * to_v + f.M[2] * to_v * to_v
    cdef double start = f.M[0] * du * to_u + f.M[1] * (du * to_v + dv * to_u) + f.M[2] * dv * to_v
    cdef double left = f.wide * f.wide - (f.M[0] * du * du + 2.0 * f.M[1] * du * dv + f.M[2] * dv * dv), lean, s, per
    cdef double rise = ((c.e_u + v[0] * c.twist - f.along[0]) * to_u + (c.e_v + u[0] * c.twist - f.along[1]) * to_v)
    cdef double curve = c.twist * to_u * to_v, steep, t
    span(u[0], to_u, 1.0 / to_u if to_u != 0.0 else 0.0, 0.0, 1.0, &low, &high)
    span(v[0], to_v, 1.0 / to_v if to_v != 0.0 else 0.0, 0.0, 1.0, &low, &high)
    s = f.s_of[0] * to_u + f.s_of[1] * to_v
    if s != 0.0:
        lean = f.s_lean * sqrt(left) / f.wide if left > 0.0 else 0.0
        span(f.s_of[0] * du + f.s_of[1] * dv, s, 1.0 / s, lean - 1.0, lean + 1.0, &low, &high)
    if bend > TC_NO_BEND:
        per = 1.0 / bend
        start = -start * per                            # where this line is lowest on the surface
        left = left * per + start * start
        if not left > 0.0:
            return 0
        left = sqrt(left)                               # how far the surface reaches along it
        low = larger(low, start - left)
        high = -larger(-high, -start - left)
        steep = rise / (f.k * sqrt(bend))
        t = start + left * steep / sqrt(1.0 + steep * steep)
    elif curve < 0.0:
        t = -0.5 * rise / curve
    else:                                               # least at an end
        t = low if rise * low + curve * low * low > rise * high + curve * high * high else high
    if low > high:
        return 0
    t = nearest_in(t, low, high)
    u[0] += t * to_u
    v[0] += t * to_v
    return 1


cdef int tube_start(const round_hull *f, const cell_ground *c, double *u, double *v) noexcept nogil:
    """A place in a cell below a tube: on the line along it that the ground's slope asks for, or is nearest to that."""
    cdef double n_u = sqrt(f.M[0]), n_v = sqrt(f.M[2]) if f.M[1] >= 0.0 else -sqrt(f.M[2]), rise, at, away, reach
    rise = n_u * (c.e_u + 0.5 * c.twist) + n_v * (c.e_v + 0.5 * c.twist)
    at = f.wide * rise / sqrt(f.k * f.k + rise * rise)
    away = n_u * (0.5 - c.cu) + n_v * (0.5 - c.cv)
    reach = 0.49 * (n_u + fabs(n_v))
    at = nearest_in(nearest_in(at, -0.999 * f.wide, 0.999 * f.wide), away - reach, away + reach)
    u[0] = 0.5 + (at - away) * n_u
    v[0] = 0.5 + (at - away) * n_v
    return round_move(f, c, f.axis[0], f.axis[1], u, v)


cdef int tube_end_start(const round_hull *f, const cell_ground *c, double share, double *u, double *v) noexcept nogil:
    """The same in a cell where a tube ends: on its way across the axis there, this share of it over the cell."""
    cdef double n_u = sqrt(f.M[0]), n_v = sqrt(f.M[2]) if f.M[1] >= 0.0 else -sqrt(f.M[2]), at
    cdef double low = -0.999 * f.wide, high = 0.999 * f.wide
    at = nearest_in(f.s_of[0] * (0.5 - c.cu) + f.s_of[1] * (0.5 - c.cv), -1.0, 1.0)
    u[0] = c.cu + at * f.axis[0]
    v[0] = c.cv + at * f.axis[1]
    span(u[0], n_u, 1.0 / n_u if n_u != 0.0 else 0.0, 0.0, 1.0, &low, &high)
    span(v[0], n_v, 1.0 / n_v if n_v != 0.0 else 0.0, 0.0, 1.0, &low, &high)
    if low > high:
        return 0
    at = low + share * (high - low)
    u[0] = nearest_in(u[0] + at * n_u, 0.0, 1.0)
    v[0] = nearest_in(v[0] + at * n_v, 0.0, 1.0)
    return round_move(f, c, f.axis[0], f.axis[1], u, v)


cdef int round_at_end(const round_hull *f, const cell_ground *c, double *u, double *v) noexcept nogil:
    """Where a tube ends: across it along the end, and back to where it is, as far as that leads down: the ground is not
    straight that way. 0 where the tube is nowhere."""
    cdef double s = f.s_of[0] * (u[0] - c.cu) + f.s_of[1] * (v[0] - c.cv), from_u = u[0], from_v = v[0], to_u, to_v
    cdef double gap = round_gap(f, c, u[0], v[0])
    cdef int32_t i
    if fabs(s) < 1.0 - fabs(f.s_lean) - TC_TOUCH_FINE:
        return 1
    if not round_move(f, c, -f.axis[1], f.axis[0], u, v):
        return 0
    to_u = u[0]
    to_v = v[0]
    for i in range(END_CUTS):
        if not round_move(f, c, f.axis[0], f.axis[1], u, v):
            return 0
        if round_gap(f, c, u[0], v[0]) <= gap:
            return 1
        to_u = 0.5 * (to_u + from_u)
        to_v = 0.5 * (to_v + from_v)
        u[0] = to_u
        v[0] = to_v
    u[0] = from_u
    v[0] = from_v
    return 1


cdef void round_descend(gap_search *s, const round_hull *f, const cell_ground *c, int32_t ix, int32_t iy, double u,
                        double v) noexcept nogil:
    """Downhill within a cell until no move leads farther."""
    cdef double was_u, was_v
    cdef int32_t i
    for i in range(ROUND_ROUNDS):
        was_u = u
        was_v = v
        # along a tube after each other move: where it leans its ends are elsewhere on another line
        if not (round_move(f, c, 1.0, 0.0, &u, &v)
                and (not f.tube or round_move(f, c, f.axis[0], f.axis[1], &u, &v))
                and round_move(f, c, 0.0, 1.0, &u, &v)
                and (not f.tube or round_move(f, c, f.axis[0], f.axis[1], &u, &v) and round_at_end(f, c, &u, &v))):
            break
        if fabs(u - was_u) + fabs(v - was_v) < TC_TOUCH_FINE:
            break
    gap_seen(s, ix + u, iy + v, c.h00 + u * c.e_u + v * c.e_v + u * v * c.twist, round_gap(f, c, u, v))


cdef void round_cell(gap_search *s, const grid_view *g, const round_hull *f, int32_t ix, int32_t iy) noexcept nogil:
    """The least gap over one cell. Where a tube ends there may be several lows: it begins at the
    lowest of several places."""
    cdef const float *h = g.height + iy * g.row + ix
    cdef cell_ground c
    cdef double u = 0.0, v = 0.0, end_u, end_v, least, gap
    cdef int32_t i
    c.h00 = h[0]
    c.e_u = h[1] - c.h00
    c.e_v = h[g.row] - c.h00
    c.twist = h[g.row + 1] - h[1] - c.e_v
    c.cu = f.centre[0] - ix
    c.cv = f.centre[1] - iy
    if f.tube:
        least = TC_FAR
        if tube_start(f, &c, &u, &v):
            least = round_gap(f, &c, u, v)
        if fabs(f.s_of[0] * (0.5 - c.cu) + f.s_of[1] * (0.5 - c.cv)) + f.hull.s_cell > 1.0 - fabs(f.s_lean):
            for i in range(END_STARTS):
                if tube_end_start(f, &c, (i + 0.02) / (END_STARTS - 0.96), &end_u, &end_v):
                    gap = round_gap(f, &c, end_u, end_v)
                    if not gap >= least:
                        least = gap
                        u = end_u
                        v = end_v
                    if gap != gap:                      # unknown ground must be seen
                        break
        if least < TC_FAR or least != least:
            round_descend(s, f, &c, ix, iy, u, v)
        return
    u = nearest_in(c.cu, 0.0, 1.0)
    v = nearest_in(c.cv, 0.0, 1.0)
    if (u - c.cu) * (u - c.cu) + (v - c.cv) * (v - c.cv) <= f.wide * f.wide:
        round_descend(s, f, &c, ix, iy, u, v)


cdef float round_block(const round_hull *f, const grid_view *g, int32_t ix, int32_t iy, float *least) noexcept nogil:
    """Bounds of the cells of a block that begins at (ix, iy); 1e30 for cells it is not over. Returns the least."""
    cdef float level = <float> f.centre[2], over = <float> (f.centre[2] - level)
    cdef float du = <float> (ix + 0.5 - f.centre[0]), dv = <float> (iy + 0.5 - f.centre[1])
    cdef const float *h = g.height + <int64_t> iy * g.row + ix
    if f.tube:
        return tc_tube_gaps(h, g.row, level, over, du, dv, &f.floats, least)
    return tc_ball_gaps(h, g.row, level, over, du, dv, &f.floats, least)
