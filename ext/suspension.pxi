# Springs, stops and anti-roll bars of one axle, and how its two coordinates move its wheels.
#
#   solid          q = (heave u, roll alpha of the axle against the chassis)   travel at a spring = u +- alpha base / 2
#   independent    q = (travel of the left corner, of the right corner)

cdef struct axle_model:
    int32_t solid
    double x                            # of the axle, body frame, m
    double hub_z                        # of the hubs at design ride height, body frame, m
    double half_track
    double half_base                    # solid: half the spring base, m
    double mass                         # without wheels, kg
    double preload                      # of one spring at design ride height, N
    double rate, anti_roll
    double bump[2]                      # travel where the stops begin, m
    double bump_rate[2]
    double rebound, rebound_rate


cdef tc_status axle_init(axle_model *a, const tc_vehicle *v, int32_t i) noexcept nogil:
    """Springs and tyres carry the static axle load at design ride height."""
    cdef const tc_axle *s = &v.axle[i]
    cdef double share = v.cg[0] / v.wheelbase if i == 0 else 1.0 - v.cg[0] / v.wheelbase
    cdef double load = v.mass * TC_GRAVITY * share
    a.solid = s.suspension == TC_SOLID
    a.x = v.wheelbase if i == 0 else 0.0
    a.half_track = 0.5 * s.track
    a.half_base = 0.5 * s.spring_base
    a.mass = s.mass
    a.preload = 0.5 * (load - TC_GRAVITY * (s.mass + 2.0 * v.tyre_mass))
    a.hub_z = v.tyre_radius - (0.5 * load - v.tyre_mass * TC_GRAVITY) / v.tyre_stiffness
    a.rate = s.spring_rate
    a.anti_roll = s.anti_roll_rate
    a.bump[0] = s.bump_travel
    a.bump[1] = s.bump_travel + s.bump_stop_gap
    a.bump_rate[0] = s.bump_stop_rates[0]
    a.bump_rate[1] = s.bump_stop_rates[1]
    a.rebound = s.rebound_travel
    a.rebound_rate = s.rebound_stop_rate
    if not (a.preload > 0.0 and a.hub_z > 0.0 and a.rate > 0.0 and a.half_track > 0.0):
        return TC_E_RANGE
    if a.solid and not a.half_base > 0.0:
        return TC_E_RANGE
    return TC_OK


cdef inline double spring_force(const axle_model *a, double travel, double *rate) noexcept nogil:
    """Force of one side's spring with its stops at this travel (positive = compressed), and its rate."""
    cdef double force = a.preload + a.rate * travel
    cdef int32_t i
    rate[0] = a.rate
    for i in range(2):
        if travel > a.bump[i]:
            force += a.bump_rate[i] * (travel - a.bump[i])
            rate[0] += a.bump_rate[i]
    if travel < -a.rebound:
        force += a.rebound_rate * (travel + a.rebound)
        rate[0] += a.rebound_rate
    return force


cdef inline void axle_forces(const axle_model *a, const double *q, double *force, double *rate) noexcept nogil:
    """Generalised forces (2) of springs and anti-roll bar against q, and their stiffness (2 x 2)."""
    cdef double k_l, k_r, f_l, f_r, b = a.half_base
    if a.solid:
        f_l = spring_force(a, q[0] + b * q[1], &k_l)
        f_r = spring_force(a, q[0] - b * q[1], &k_r)
        force[0] = f_l + f_r
        force[1] = b * (f_l - f_r) + a.anti_roll * q[1]
        rate[0] = k_l + k_r
        rate[1] = rate[2] = b * (k_l - k_r)
        rate[3] = b * b * (k_l + k_r) + a.anti_roll
        return
    force[0] = spring_force(a, q[0], &k_l) + a.anti_roll * (q[0] - q[1])
    force[1] = spring_force(a, q[1], &k_r) - a.anti_roll * (q[0] - q[1])
    rate[0] = k_l + a.anti_roll
    rate[1] = rate[2] = -a.anti_roll
    rate[3] = k_r + a.anti_roll
