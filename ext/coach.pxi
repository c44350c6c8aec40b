# From line and state to steps. Every tick looks afresh: what is said depends on what is true now and on what has
# been said before, so that a step that had to wait is given as it is then, or not at all.

cdef extern from *:
    """
    /* when: the driver */
    static const double TC_COACH_BRAKING = 2.0;         /* m/s^2, an unhurried stop on loose ground */
    static const double TC_COACH_STOP_ROOM = 0.5;       /* m between the stop and what it is for */
    static const double TC_COACH_ROUNDING = 0.2;        /* m a "now" may come earlier than the reaction needs */
    static const double TC_COACH_PREPARE_TIME = 9.0;    /* s ahead that advice is prepared, */
    static const double TC_COACH_PREPARE_LEAST = 3.0;   /* and at least this far, m */
    static const double TC_COACH_PREPARE_GAP = 4.5;     /* s from "prepare" to "now" at least */
    static const double TC_COACH_STALE_LEAST = 1.5;     /* s that a distance in words holds at least */
    static const double TC_COACH_CRAWL = 0.2;           /* m/s, slower counts as this where time is told from way */
    static const double TC_COACH_STILL = 0.05;          /* m/s, slower is standing */
    /* when: speech (150 words a minute) and silence */
    static const double TC_COACH_PAUSE[4] = {0.0, 4.5, 3.0, 2.5};   /* s a step leaves the one before, by priority */
    static const double TC_COACH_AGAIN_AFTER = 8.0;     /* s */
    static const double TC_COACH_SAME_PLACE = 3.0;      /* m */
    static const double TC_COACH_SAME_DANGER = 1.5;     /* m of way */
    static const double TC_COACH_NEAR = 3.2;            /* m: ways below are said in feet or half metres, */
    static const double TC_COACH_NEAR_ROUND = 0.3;      /* m */
    static const double TC_COACH_FAR_ROUND = 1.5;       /* m, ways above in fives of feet */
    static const double TC_COACH_FORGET = 15.0;         /* m rolled */
    static const double TC_COACH_SETUP_AGAIN = 100.0;   /* m rolled */
    static const double TC_COACH_BACK = 2.0;            /* s that what was lost must be back */
    static const double TC_COACH_START = 10.0;          /* s on the move until a missing position is told */
    /* what: a step of severity that is worth saying again */
    static const double TC_COACH_STEP_CLEARANCE = 0.03; /* m */
    static const double TC_COACH_STEP_TILT = 0.05;      /* rad */
    /* what: steering */
    static const double TC_COACH_QUARTER = 1.5707963267948966;  /* rad of the steering wheel */
    static const double TC_COACH_LEAST_TURN = 0.8;      /* of a quarter turn: less is the driver's own affair */
    static const double TC_COACH_WINDOW = 0.8;          /* m over which the steer of a line is averaged */
    static const double TC_COACH_WORTH = 0.02;          /* m of clearance that make another line worth speaking of */
    /* what: places */
    static const double TC_COACH_JOIN = 1.0;            /* m between tight places that are one */
    static const double TC_COACH_EASE_LEAST = 0.3;      /* m to ease forward, less is not worth a word */
    static const double TC_COACH_PASSED = 0.5;          /* m behind a tight place until it is passed */
    static const double TC_COACH_LIFT_LEAST = 0.6;      /* m of way with a wheel in the air, or */
    static const double TC_COACH_LIFT_TIME = 1.5;       /* s of it, or */
    static const double TC_COACH_LIFT_MARGIN = 2.0;     /* times tilt_warn: with less tip margin any lift counts */
    static const double TC_COACH_SETUP_ROOM = 1.5;      /* m of way to stop and shift in */
    static const double TC_COACH_STEEP = 0.21;          /* rad (12 deg), asks for low range */
    static const double TC_COACH_FLUTTER = 1.0;         /* m within which a turn taken back need not be made */
    /* what: the present course */
    static const double TC_COACH_COURSE_TIME = 0.15;    /* s it must have shown what is told of it */
    static const double TC_COACH_COURSE_GAP = 0.35;     /* s it may be missed meanwhile */
    static const double TC_COACH_TOUCHES = 0.008;       /* m: at one sd of the model one in six touches */
    static const double TC_COACH_ASIDE = 0.3;           /* m of clearance gained or lost by 1 m aside, rms on rock */
    static const double TC_COACH_COURSE_ROOM = 0.3;     /* m in which a stop is said before it would be too late */
    static const double TC_COACH_BESIDE = 0.3;          /* m of way: the same place on course and line */
    static const double TC_COACH_TURN_ROOM = 0.2;       /* m of way between a turn and what it avoids */
    /* what: slip */
    static const double TC_COACH_SLIP = 0.5;            /* on, */
    static const double TC_COACH_SLIP_OFF = 0.25;       /* off */
    static const double TC_COACH_SLIP_TIME = 0.5;       /* s */
    static const double TC_COACH_STUCK_SPEED = 0.1;     /* m/s */
    static const double TC_COACH_STUCK_TIME = 4.0;      /* s */
    static const double TC_COACH_FREE_SPEED = 0.25;     /* m/s, it comes on again */
    /* what: how well the place must be known */
    static const double TC_COACH_SD_LOST = 1.0;         /* m, horizontal standard deviation: no guidance above, */
    static const double TC_COACH_SD_BACK = 0.7;         /* m, again below */
    """
    const double TC_COACH_BRAKING, TC_COACH_STOP_ROOM, TC_COACH_ROUNDING, TC_COACH_PREPARE_TIME
    const double TC_COACH_PREPARE_LEAST, TC_COACH_PREPARE_GAP, TC_COACH_CRAWL, TC_COACH_STILL
    const double TC_COACH_PAUSE[4]
    const double TC_COACH_AGAIN_AFTER, TC_COACH_SAME_PLACE, TC_COACH_SAME_DANGER, TC_COACH_FORGET
    const double TC_COACH_SETUP_AGAIN, TC_COACH_BACK, TC_COACH_STALE_LEAST
    const double TC_COACH_NEAR, TC_COACH_NEAR_ROUND, TC_COACH_FAR_ROUND
    const double TC_COACH_START, TC_COACH_STEP_CLEARANCE, TC_COACH_STEP_TILT, TC_COACH_QUARTER, TC_COACH_LEAST_TURN
    const double TC_COACH_WINDOW, TC_COACH_WORTH, TC_COACH_JOIN, TC_COACH_EASE_LEAST, TC_COACH_PASSED
    const double TC_COACH_LIFT_LEAST, TC_COACH_STEEP, TC_COACH_FLUTTER
    const double TC_COACH_TOUCHES, TC_COACH_ASIDE, TC_COACH_COURSE_GAP, TC_COACH_COURSE_TIME
    const double TC_COACH_COURSE_ROOM, TC_COACH_BESIDE, TC_COACH_TURN_ROOM
    const double TC_COACH_SLIP, TC_COACH_SLIP_OFF, TC_COACH_SLIP_TIME, TC_COACH_STUCK_SPEED, TC_COACH_STUCK_TIME
    const double TC_COACH_FREE_SPEED, TC_COACH_LIFT_TIME, TC_COACH_LIFT_MARGIN, TC_COACH_SETUP_ROOM
    const double TC_COACH_SD_LOST, TC_COACH_SD_BACK

cdef enum:
    COACH_SAID = 32                     # steps remembered against repetition
    COACH_POSE = 7                      # TC_FUSION_LEVELLED | TC_FUSION_HEADING | TC_FUSION_POSITION

cdef struct coach_said:
    int32_t kind, cause, phase
    int32_t subject                     # part, wheel or side
    int64_t t_ns
    double rolled                       # distance travelled when it was said, m
    double place                        # and where it is done, m
    double x, y
    double severity                     # in clear steps

cdef struct coach_sight:
    # something seen on the present course
    int32_t once
    int64_t since_ns, last_ns

cdef struct coach_state:
    tc_coach_config config
    tc_step queue[TC_MAX_STEPS]         # ring of steps not yet read
    int32_t first, count
    uint32_t next_id
    # what has been said
    coach_said said[COACH_SAID]
    uint32_t n_said
    int64_t last_ns                     # when the last step was given
    int32_t last_priority               # 0 = none was
    double prepared_steer               # the steer prepared last, rad
    double told_steer                   # the steer advised last, rad
    double told_at                      # distance travelled then, m
    int64_t told_ns
    int32_t told_priority
    # what is going on
    int32_t guided                      # a line has been seen
    int32_t ended
    int32_t lost                        # TC_CAUSE_ why nothing is advised, 0 = all is known
    int64_t known_since_ns
    int64_t unknown_since_ns            # on the move without a position; 0 = not
    int32_t tight                       # TC_CAUSE_ of a place that was announced and is not passed
    int32_t tight_part                  # that it was announced for, -1 = none
    double tight_end                    # distance travelled when it will be, m
    double setup_at                     # distance travelled when the set-up was told, m
    int32_t setup_told
    int64_t slip_since_ns[TC_WHEELS]    # 0 = no slip
    int64_t stuck_since_ns
    int32_t stuck                       # told, and not moved since
    int64_t lift_since_ns               # a wheel in the air now; 0 = none
    coach_sight touching, close         # of the present course
    # of the vehicle
    int32_t n_parts
    int32_t part_side[TC_MAX_PARTS]     # 1 left, -1 right, 0 neither
    double part_area[TC_MAX_PARTS]      # seen from below, m^2
    int32_t rear_locked
    # of this tick
    double roll_to[TC_MAX_LINE]         # wheel travel from the vehicle to every point ahead, m
    int32_t at                          # first point ahead
    double course_to[COURSE_POINTS]     # wheel travel to every point of the present course, m
    double speed, sd

cdef struct coach_view:
    # what the coach sees at a tick
    int64_t t_ns
    const tc_state *state
    const tc_stance *stance             # where the vehicle is; NULL = no terrain
    const line_planner *line            # the line advised; NULL = none
    double s                            # place of the vehicle on the line, m
    double off_line                     # vehicle left (+) of the line, m
    double to_end                       # along the trail, m
    const tc_line_point *course         # the present course, n_course points
    int32_t n_course
    double course_rolled                # since it was looked at, m
    double sigma                        # of the terrain's heights, m
    const tc_grid *grid                 # ground about the vehicle, for what it hides; NULL = only sigma is known

cdef struct coach_place:
    # a stretch of line or course with too little clearance
    int32_t first, last, worst          # points; first = -1: none


cdef void coach_init(coach_state *c, const tc_coach_config *config, const tc_vehicle *v) noexcept nogil:
    """c is zeroed."""
    cdef int32_t i
    c.config = config[0]
    c.next_id = 1
    c.told_steer = c.prepared_steer = NAN
    c.n_parts = <int32_t> v.n_parts if v.n_parts <= TC_MAX_PARTS else TC_MAX_PARTS
    for i in range(c.n_parts):
        c.part_side[i] = side_of(v.part[i].centre[1], 0.25 * v.axle[1].track)
        c.part_area[i] = part_area(&v.part[i])
    c.rear_locked = v.axle[1].differential == TC_LOCKED


cdef void queue_keep(coach_state *c, int64_t t_ns, int32_t above) noexcept nogil:
    """Drop steps out of date at t_ns and steps of a priority not above the one given."""
    cdef int32_t i, kept = 0
    cdef tc_step *q
    for i in range(c.count):
        q = &c.queue[(c.first + i) % TC_MAX_STEPS]
        if q.valid_until_ns >= t_ns and q.priority > above:
            c.queue[(c.first + kept) % TC_MAX_STEPS] = q[0]
            kept += 1
    c.count = kept


cdef int32_t queue_weakest(const coach_state *c) noexcept nogil:
    """Place in the queue of the oldest step of the lowest priority."""
    cdef int32_t i, weakest = 0
    for i in range(1, c.count):
        if (c.queue[(c.first + i) % TC_MAX_STEPS].priority
                < c.queue[(c.first + weakest) % TC_MAX_STEPS].priority):
            weakest = i
    return weakest


cdef void queue_push(coach_state *c, const tc_step *step) noexcept nogil:
    """Append; a full queue gives up its oldest step of the lowest priority, which may be the new one."""
    cdef int32_t i, out
    if c.count == TC_MAX_STEPS:
        out = queue_weakest(c)
        if c.queue[(c.first + out) % TC_MAX_STEPS].priority > step.priority:
            return
        for i in range(out, c.count - 1):
            c.queue[(c.first + i) % TC_MAX_STEPS] = c.queue[(c.first + i + 1) % TC_MAX_STEPS]
        c.count -= 1
    c.queue[(c.first + c.count) % TC_MAX_STEPS] = step[0]
    c.count += 1


cdef inline int32_t side_of(double left, double least) noexcept nogil:
    return 1 if left > least else -1 if left < -least else 0


cdef inline int64_t nanoseconds(double seconds) noexcept nogil:
    return <int64_t> (seconds * 1e9)


cdef inline double seconds_since(int64_t now_ns, int64_t then_ns) noexcept nogil:
    return <double> (now_ns - then_ns) * 1e-9


cdef inline double reaction_way(const coach_state *c) noexcept nogil:
    """What rolls by until the driver acts, m."""
    return c.speed * c.config.reaction_time


cdef inline double stopping(const tc_coach_config *config, double speed) noexcept nogil:
    """From hearing "stop" to standing in front of it, m."""
    return speed * config.reaction_time + speed * speed / (2.0 * TC_COACH_BRAKING) + TC_COACH_STOP_ROOM


cdef inline double stop_way(const coach_state *c) noexcept nogil:
    return stopping(&c.config, c.speed)


cdef inline double speed_of(const tc_state *state) noexcept nogil:
    cdef const double *v = state.velocity
    return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2])


cdef inline double foresight(const tc_coach_config *config, const tc_state *state) noexcept nogil:
    """How far the present course must be known to stop in front of what it meets, m."""
    return stopping(config, speed_of(state)) + 2.0 * TC_COACH_COURSE_ROOM


cdef inline double least_turn(const coach_state *c) noexcept nogil:
    """The least change of the road-wheel angle that is worth speaking of, rad."""
    return TC_COACH_LEAST_TURN * TC_COACH_QUARTER / c.config.steering_ratio


cdef inline double prepare_way(const coach_state *c) noexcept nogil:
    cdef double way = c.speed * TC_COACH_PREPARE_TIME
    return way if way > TC_COACH_PREPARE_LEAST else TC_COACH_PREPARE_LEAST


cdef void step_new(coach_state *c, const coach_view *view, int32_t kind, int32_t cause, int32_t priority,
                   int32_t phase, tc_step *step) noexcept nogil:
    """A step about here and now; the caller says the rest."""
    memset(step, 0, sizeof(tc_step))
    step.struct_size = sizeof(tc_step)
    step.kind = kind
    step.cause = cause
    step.priority = priority
    step.phase = phase
    step.part = step.other_part = step.wheel = -1
    step.t_ns = view.t_ns
    step.x = view.state.position[0]
    step.y = view.state.position[1]
    step.steer = step.clearance = step.probability = step.other_clearance = step.angle = NAN


cdef void step_at(const coach_state *c, const coach_view *view, int32_t i, tc_step *step) noexcept nogil:
    """Where on the line the step is about."""
    step.to_go = c.roll_to[i] if c.roll_to[i] > 0.0 else 0.0
    step.x = view.line.points[i].x
    step.y = view.line.points[i].y


cdef inline double touch_probability(const coach_state *c, const coach_view *view, int32_t part, double x, double y,
                                     double clearance) noexcept nogil:
    """That a part touches where a clearance is expected: it errs as ground and model do, and as the place does."""
    cdef double sd = TC_COACH_ASIDE * c.sd
    if view.grid is not NULL and 0 <= part < c.n_parts:
        return touch_at(view.grid, x, y, clearance, sd, c.part_area[part])
    return probability_of_contact(clearance, sqrt(view.sigma * view.sigma + sd * sd))


cdef void step_part(const coach_state *c, int32_t part, tc_step *step) noexcept nogil:
    step.part = part if 0 <= part < c.n_parts else -1
    if step.part >= 0 and step.side == 0:
        step.side = c.part_side[step.part]


cdef inline void step_other(const coach_state *c, int32_t part, double clearance, tc_step *step) noexcept nogil:
    """The clearance on the way not advised, and the part it is of."""
    step.other_part = part if 0 <= part < c.n_parts else -1
    step.other_clearance = clearance


cdef void step_why(const coach_state *c, const coach_view *view, int32_t i, tc_step *step) noexcept nogil:
    """Part, clearance and probability at point i of the line, and the clearance on the way not taken."""
    cdef const tc_line_point *p = view.line.points
    step_part(c, p[i].part, step)
    step.clearance = p[i].clearance
    step.probability = touch_probability(c, view, p[i].part, p[i].x, p[i].y, p[i].clearance)
    step_other(c, view.line.info.straight_part, view.line.info.straight_clearance, step)


cdef void step_why_not(const coach_state *c, const coach_view *view, tc_step *step) noexcept nogil:
    """What comes near the ground on the way not steered, and what the line has instead."""
    cdef const tc_line_info *info = &view.line.info
    step_part(c, info.least_part, step)
    step.clearance = info.least_clearance
    step.probability = touch_probability(c, view, info.straight_part, view.state.position[0],
                                         view.state.position[1], info.straight_clearance)
    step_other(c, info.straight_part, info.straight_clearance, step)


cdef inline int32_t step_subject(const tc_step *step) noexcept nogil:
    if step.kind == TC_STEP_STEER:
        return step.side
    if step.cause == TC_CAUSE_SLIP:
        return -1                       # which wheel spins changes, that it spins is the point
    if step.cause == TC_CAUSE_OFF_LINE:
        return step.other_part          # what it would bring near the ground
    return step.wheel if step.wheel >= 0 else step.part if step.part >= 0 else step.side


cdef bint said_before(const coach_state *c, const tc_step *step, double rolled, double severity) noexcept nogil:
    """Whether the same was said of this place, not long ago, and it has not become worse by a clear step.
    Danger is told by its place alone: which of two parts touches first changes from plan to plan, and behind one danger
    there may be the next. A turn of the wheel that is due is told by the steer it leads to, see give_turn."""
    cdef uint32_t i, n = c.n_said if c.n_said < COACH_SAID else COACH_SAID
    cdef const coach_said *e
    cdef double dx, dy
    if step.kind == TC_STEP_STEER and (step.phase == TC_PHASE_NOW
                                       or fabs(step.steer - c.prepared_steer) > 2.0 * least_turn(c)):
        return False                    # a turn that was prepared otherwise is prepared again
    for i in range(n):
        e = &c.said[i]
        if e.kind != step.kind or e.cause != step.cause or e.phase != step.phase:
            continue
        if step.priority < TC_PRIORITY_DANGER and e.subject != step_subject(step):
            continue
        if severity >= e.severity + 1.0:
            continue
        if step.priority == TC_PRIORITY_DANGER and fabs(rolled + step.to_go - e.place) > TC_COACH_SAME_DANGER:
            continue
        if seconds_since(step.t_ns, e.t_ns) < TC_COACH_AGAIN_AFTER:
            return True
        dx = step.x - e.x
        dy = step.y - e.y
        if (dx * dx + dy * dy < TC_COACH_SAME_PLACE * TC_COACH_SAME_PLACE
                and rolled - e.rolled < TC_COACH_FORGET):
            return True
    return False


cdef void remember(coach_state *c, const tc_step *step, double rolled, double severity) noexcept nogil:
    cdef coach_said *e = &c.said[c.n_said % COACH_SAID]
    e.kind, e.cause, e.phase = step.kind, step.cause, step.phase
    e.subject = step_subject(step)
    e.t_ns = step.t_ns
    e.rolled = rolled
    e.place = rolled + step.to_go
    e.x, e.y = step.x, step.y
    e.severity = severity
    c.n_said += 1
    if c.n_said == 2 * COACH_SAID:      # keeps the place in the ring, never overflows
        c.n_said = COACH_SAID


cdef inline double way_spoken(const tc_step *step) noexcept nogil:
    """The way that the words of a step name, m; 0 = none."""
    if step.phase == TC_PHASE_NOW and (step.kind == TC_STEP_HOLD or step.kind == TC_STEP_FORWARD
                                       or step.kind == TC_STEP_REVERSE):
        return step.distance
    return 0.0 if step.phase == TC_PHASE_NOW and step.kind == TC_STEP_STEER else step.to_go


cdef double valid_for(const coach_state *c, const tc_step *step) noexcept nogil:
    """Until it is done, or until the way it names is another one in words, s."""
    cdef double speed = c.speed if c.speed > TC_COACH_CRAWL else TC_COACH_CRAWL
    cdef double until_done = step.to_go / speed + c.config.reaction_time, way = way_spoken(step), stale
    if way == 0.0:
        return until_done
    stale = (TC_COACH_NEAR_ROUND if way < TC_COACH_NEAR else TC_COACH_FAR_ROUND) / speed
    if stale < TC_COACH_STALE_LEAST:
        stale = TC_COACH_STALE_LEAST
    return stale if stale < until_done else until_done


cdef void queue_drop_turns(coach_state *c) noexcept nogil:
    """A new turn takes the place of those not yet read."""
    cdef int32_t i, kept = 0
    cdef tc_step *q
    for i in range(c.count):
        q = &c.queue[(c.first + i) % TC_MAX_STEPS]
        if q.kind != TC_STEP_STEER:
            c.queue[(c.first + kept) % TC_MAX_STEPS] = q[0]
            kept += 1
    c.count = kept


cdef bint step_give(coach_state *c, const coach_view *view, tc_step *step, double severity) noexcept nogil:
    """Into the queue, unless it was said before or somebody is still listening to the last one: danger alone
    interrupts, and not another danger."""
    cdef double rolled = view.state.distance
    cdef bint interrupts = step.priority == TC_PRIORITY_DANGER and c.last_priority < TC_PRIORITY_DANGER
    if (c.last_priority != 0 and not interrupts
            and seconds_since(view.t_ns, c.last_ns) < TC_COACH_PAUSE[step.priority]):
        return False
    if said_before(c, step, rolled, severity):
        return False
    step.id = c.next_id
    step.valid_until_ns = view.t_ns + nanoseconds(valid_for(c, step))
    c.next_id += 1
    if step.priority == TC_PRIORITY_DANGER:
        queue_keep(c, view.t_ns, TC_PRIORITY_ADVICE)
    if step.kind == TC_STEP_STEER:
        queue_drop_turns(c)
    queue_push(c, step)
    remember(c, step, rolled, severity)
    c.last_ns = view.t_ns
    c.last_priority = step.priority
    return True


cdef void look_ahead(coach_state *c, const coach_view *view) noexcept nogil:
    """Speed, how well the place is known, and the wheel travel (on the slope) to every point ahead."""
    cdef const double *sd = view.state.sd_position
    cdef const tc_line_point *p
    cdef double ds, dz
    cdef int32_t i, n
    c.speed = speed_of(view.state)
    c.sd = sqrt(sd[0] * sd[0] + sd[1] * sd[1])
    c.at = 0
    for i in range(view.n_course):
        c.course_to[i] = view.course[i].s - view.course_rolled
    if view.line is NULL:
        return
    p = view.line.points
    n = view.line.n_points
    while c.at < n and p[c.at].s < view.s:
        c.at += 1
    if c.at < n:
        c.roll_to[c.at] = p[c.at].s - view.s
    for i in range(c.at + 1, n):
        ds = p[i].s - p[i - 1].s
        dz = p[i].z - p[i - 1].z
        c.roll_to[i] = c.roll_to[i - 1] + (sqrt(ds * ds + dz * dz) if isfinite(dz) else ds)


cdef void find_among(const tc_line_point *p, const double *roll_to, int32_t at, int32_t n, double below,
                     coach_place *out) noexcept nogil:
    """The next stretch of points with a clearance below the one given; short gaps belong to it."""
    cdef int32_t i
    out.first = out.last = out.worst = -1
    for i in range(at, n):
        if p[i].clearance < below:
            if out.first < 0:
                out.first = out.worst = i
            out.last = i
            if p[i].clearance < p[out.worst].clearance:
                out.worst = i
        elif out.first >= 0 and roll_to[i] - roll_to[out.last] > TC_COACH_JOIN:
            break


cdef void find_place(const coach_state *c, const coach_view *view, double below, coach_place *out) noexcept nogil:
    """The next tight stretch of the line."""
    find_among(view.line.points, c.roll_to, c.at, view.line.n_points, below, out)


cdef void name_first(const tc_line_point *p, coach_place *place) noexcept nogil:
    """Let the worst point be one of the part that is met first: that is the one to speak of."""
    cdef int32_t i
    place.worst = place.first
    for i in range(place.first, place.last + 1):
        if p[i].part == p[place.first].part and p[i].clearance < p[place.worst].clearance:
            place.worst = i


cdef void find_on_course(const coach_state *c, const coach_view *view, double below, coach_place *out) noexcept nogil:
    """The next tight stretch of the present course."""
    find_among(view.course, c.course_to, 0, view.n_course, below, out)


cdef double steer_mean(const coach_view *view, int32_t i, double length) noexcept nogil:
    """Mean steer of the line from point i over a length, rad."""
    cdef const tc_line_point *p = view.line.points
    cdef double total = p[i].steer, n = 1.0
    cdef int32_t j = i + 1
    while j < view.line.n_points and p[j].s - p[i].s < length:
        total += p[j].steer
        n += 1.0
        j += 1
    return total / n


cdef int32_t next_turn(const coach_state *c, const coach_view *view, int32_t i, double steer) noexcept nogil:
    """First point from i on where a driver who holds this steer has to turn the wheel, -1 = none."""
    cdef double least = least_turn(c)
    cdef int32_t j
    for j in range(i, view.line.n_points):
        if (fabs(steer_mean(view, j, TC_COACH_WINDOW) - steer) > least
                and fabs(view.line.points[j].steer - steer) > 0.5 * least):
            return j
    return -1


cdef int32_t steer_run(const coach_state *c, const coach_view *view, int32_t i) noexcept nogil:
    """Last point of the run of nearly constant steer that starts at point i."""
    cdef int32_t turn = next_turn(c, view, i, steer_mean(view, i, TC_COACH_WINDOW))
    return turn - 1 if turn > i else view.line.n_points - 1


cdef bint course_keeps(const coach_state *c, const coach_view *view, double way) noexcept nogil:
    """Whether the present course is known to keep its clearance over a way."""
    cdef int32_t i
    for i in range(view.n_course):
        if not view.course[i].clearance >= c.config.clearance_warn:
            return False
        if c.course_to[i] >= way:
            return True
    return False


cdef int32_t turn_to_make(const coach_state *c, const coach_view *view, int32_t i, double steer) noexcept nogil:
    """The next turn but for those soon taken back that the present course does not need, -1 = none."""
    cdef int32_t end
    while True:
        i = next_turn(c, view, i, steer)
        if i < 0:
            return -1
        end = steer_run(c, view, i) + 1
        if (end >= view.line.n_points or c.roll_to[end] - c.roll_to[i] >= TC_COACH_FLUTTER
                or fabs(steer_mean(view, end, TC_COACH_WINDOW) - steer) > least_turn(c)
                or not course_keeps(c, view, c.roll_to[end])):
            return i
        i = end


cdef double driver_steer(const coach_state *c, const coach_view *view) noexcept nogil:
    """Where the steering is, as measured; else where the driver was told to turn it; else as the line has it."""
    if isfinite(view.state.steer):
        return view.state.steer
    if isfinite(c.told_steer) and view.state.distance - c.told_at < TC_COACH_FORGET:
        return c.told_steer
    return view.line.points[c.at].steer


cdef bint line_matters(const coach_state *c, const coach_view *view) noexcept nogil:
    """Whether the advised line keeps a part from the ground that the unsteered way would bring near it."""
    cdef const tc_line_info *info = &view.line.info
    cdef coach_place tight
    if info.straight_clearance < c.config.clearance_warn:
        return view.s < info.straight_s and info.least_clearance > info.straight_clearance + TC_COACH_WORTH
    find_place(c, view, c.config.clearance_warn, &tight)
    return isnan(info.straight_clearance) and tight.first >= 0


cdef void give_tip(coach_state *c, const coach_view *view, double margin, double roll, double pitch,
                   tc_step *step) noexcept nogil:
    step.angle = margin
    step.side = 0 if fabs(roll) < fabs(pitch) else -1 if roll > 0.0 else 1
    if step_give(c, view, step, (c.config.tilt_warn - margin) / TC_COACH_STEP_TILT):
        c.tight = TC_CAUSE_TIP
        c.tight_part = -1
        c.tight_end = view.state.distance + step.to_go


cdef double stance_margin(const double *margin) noexcept nogil:
    """Tip margin of the side that goes first, rad."""
    cdef double least = margin[0]
    cdef int32_t i
    for i in range(1, 4):
        if margin[i] < least:
            least = margin[i]
    return least


cdef bint tip_ahead(coach_state *c, const coach_view *view, const tc_line_point *p, const double *roll_to, int32_t at,
                    int32_t n, tc_step *step) noexcept nogil:
    """Whether the vehicle would be near tipping on these points before it can stop; if so, say it."""
    cdef int32_t i
    for i in range(at, n):
        if roll_to[i] > stop_way(c):
            return False
        if p[i].stance_status == TC_STANCE_TIPS or p[i].tip_margin < c.config.tilt_warn:
            step.to_go = roll_to[i] if roll_to[i] > 0.0 else 0.0
            step.x, step.y = p[i].x, p[i].y
            give_tip(c, view, 0.0 if p[i].stance_status == TC_STANCE_TIPS else p[i].tip_margin, p[i].roll, p[i].pitch,
                     step)
            return True
    return False


cdef void watch_tip(coach_state *c, const coach_view *view) noexcept nogil:
    """Near tipping now, or on line or course within the way it takes to stop."""
    cdef const tc_stance *now = view.stance
    cdef tc_step step
    cdef double margin
    step_new(c, view, TC_STEP_STOP, TC_CAUSE_TIP, TC_PRIORITY_DANGER, TC_PHASE_NOW, &step)
    if now.status == TC_STANCE_OK or now.status == TC_STANCE_TIPS:
        margin = stance_margin(now.tip_margin) if now.status == TC_STANCE_OK else 0.0
        if margin < c.config.tilt_warn:
            give_tip(c, view, margin, view.state.roll, view.state.pitch, &step)
            return
    if (view.line is not NULL
            and tip_ahead(c, view, view.line.points, c.roll_to, c.at, view.line.n_points, &step)):
        return
    tip_ahead(c, view, view.course, c.course_to, 0, view.n_course, &step)


cdef void watch_touch(coach_state *c, const coach_view *view) noexcept nogil:
    """The line itself touches: stop in front of it, and say before that there is no clear line."""
    cdef const tc_line_point *worst
    cdef coach_place touch
    cdef tc_step step
    cdef bint near
    find_place(c, view, view.line.config.clearance_least, &touch)
    if touch.first < 0 or c.roll_to[touch.first] > stop_way(c) + prepare_way(c):
        return
    name_first(view.line.points, &touch)
    near = c.roll_to[touch.first] <= stop_way(c)
    worst = &view.line.points[touch.worst]
    if near:
        step_new(c, view, TC_STEP_STOP, TC_CAUSE_CLEARANCE, TC_PRIORITY_DANGER, TC_PHASE_NOW, &step)
    else:
        step_new(c, view, TC_STEP_WARN, TC_CAUSE_NO_LINE, TC_PRIORITY_CAUTION, TC_PHASE_PREPARE, &step)
    step_at(c, view, touch.first, &step)
    step_why(c, view, touch.worst, &step)
    if step_give(c, view, &step, -worst.clearance / TC_COACH_STEP_CLEARANCE):
        c.tight = TC_CAUSE_CLEARANCE
        c.tight_part = step.part
        c.tight_end = view.state.distance + c.roll_to[touch.last]


cdef void watch_no_line(coach_state *c, const coach_view *view) noexcept nogil:
    """No line reaches the goal: stop in front of where the last one ends."""
    cdef int32_t last = view.line.n_points - 1
    cdef double left
    cdef tc_step step
    if view.line.info.outcome != TC_LINE_BLOCKED:
        return
    left = c.roll_to[last] if last >= c.at else 0.0
    if left > stop_way(c) + prepare_way(c):
        return
    if left <= stop_way(c):
        step_new(c, view, TC_STEP_STOP, TC_CAUSE_NO_LINE, TC_PRIORITY_DANGER, TC_PHASE_NOW, &step)
    else:
        step_new(c, view, TC_STEP_WARN, TC_CAUSE_NO_LINE, TC_PRIORITY_CAUTION, TC_PHASE_PREPARE, &step)
    if last >= c.at:
        step_at(c, view, last, &step)
    step_other(c, view.line.info.straight_part, view.line.info.straight_clearance, &step)
    step_give(c, view, &step, 0.0)


cdef void watch_stuck(coach_state *c, const coach_view *view) noexcept nogil:
    """Wheels spin and the vehicle does not come on."""
    cdef tc_step step
    cdef int32_t i
    cdef bint spins = False
    for i in range(TC_WHEELS):
        spins = spins or view.state.slip[i] > TC_COACH_SLIP
    if c.speed > TC_COACH_FREE_SPEED:
        c.stuck = 0
    if not spins or c.speed > TC_COACH_STUCK_SPEED:
        c.stuck_since_ns = 0
        return
    if c.stuck_since_ns == 0:
        c.stuck_since_ns = view.t_ns
    if seconds_since(view.t_ns, c.stuck_since_ns) >= TC_COACH_STUCK_TIME:
        step_new(c, view, TC_STEP_STOP, TC_CAUSE_SLIP, TC_PRIORITY_DANGER, TC_PHASE_NOW, &step)
        c.stuck = c.stuck or step_give(c, view, &step, 0.0)


cdef int32_t what_is_unknown(const coach_state *c, const coach_view *view) noexcept nogil:
    """TC_CAUSE_POSITION, TC_CAUSE_NO_GROUND, or 0 where there is enough to advise."""
    cdef double limit = TC_COACH_SD_BACK if c.lost == TC_CAUSE_POSITION else TC_COACH_SD_LOST
    if (view.state.status & COACH_POSE) != COACH_POSE or not c.sd <= limit:
        return TC_CAUSE_POSITION
    if (view.stance is NULL or view.stance.status == TC_STANCE_OFF_MAP
            or view.stance.status == TC_STANCE_UNKNOWN or view.stance.status == TC_STANCE_BAD_POSE):
        return TC_CAUSE_NO_GROUND
    return 0


cdef bint unknown_counts(coach_state *c, const coach_view *view) noexcept nogil:
    """A position that has not been found yet is worth a word only after a while on the move."""
    if c.guided:
        return True
    if not c.speed > TC_COACH_STILL:    # nor where even the speed is unknown
        c.unknown_since_ns = 0
        return False
    if c.unknown_since_ns == 0:
        c.unknown_since_ns = view.t_ns
    return seconds_since(view.t_ns, c.unknown_since_ns) > TC_COACH_START


cdef bint watch_knowledge(coach_state *c, const coach_view *view) noexcept nogil:
    """Say once that place or ground are unknown, and once that they are back. True where there is enough to advise."""
    cdef int32_t unknown = what_is_unknown(c, view)
    cdef tc_step step
    if unknown:
        c.known_since_ns = 0
        if c.lost == 0 and unknown_counts(c, view):
            step_new(c, view, TC_STEP_WARN, unknown, TC_PRIORITY_CAUTION, TC_PHASE_NOW, &step)
            if step_give(c, view, &step, 0.0):
                c.lost = unknown
                c.tight = 0
        return False
    c.unknown_since_ns = 0
    if c.lost == 0:
        return True
    if c.known_since_ns == 0:
        c.known_since_ns = view.t_ns
    if seconds_since(view.t_ns, c.known_since_ns) >= TC_COACH_BACK:
        step_new(c, view, TC_STEP_CLEAR, c.lost, TC_PRIORITY_ADVICE, TC_PHASE_CLEAR, &step)
        step_give(c, view, &step, 0.0)
        c.lost = 0
    return c.lost == 0


cdef void watch_slip(coach_state *c, const coach_view *view) noexcept nogil:
    """Wheels that spin for more than a moment; the worst is named."""
    cdef const double *slip = view.state.slip
    cdef tc_step step
    cdef int32_t i, worst = -1
    for i in range(TC_WHEELS):
        if slip[i] > TC_COACH_SLIP and c.slip_since_ns[i] == 0:
            c.slip_since_ns[i] = view.t_ns
        elif not slip[i] > TC_COACH_SLIP_OFF:
            c.slip_since_ns[i] = 0
        if (c.slip_since_ns[i] != 0 and seconds_since(view.t_ns, c.slip_since_ns[i]) >= TC_COACH_SLIP_TIME
                and (worst < 0 or slip[i] > slip[worst])):
            worst = i
    if worst >= 0 and not c.stuck:
        step_new(c, view, TC_STEP_WARN, TC_CAUSE_SLIP, TC_PRIORITY_CAUTION, TC_PHASE_NOW, &step)
        step.wheel = worst
        step.side = 1 if worst % 2 == 0 else -1
        step_give(c, view, &step, 0.0)


cdef int32_t first_bit(int32_t bits) noexcept nogil:
    cdef int32_t i
    for i in range(TC_WHEELS):
        if bits & (1 << i):
            return i
    return -1


cdef int32_t lifted_now(coach_state *c, const coach_view *view) noexcept nogil:
    """The wheel that has been in the air for a while, or with little tip margin, -1 = none."""
    cdef const tc_stance *now = view.stance
    cdef int32_t wheel = first_bit(now.lifted) if now.status == TC_STANCE_OK else -1
    if wheel < 0:
        c.lift_since_ns = 0
        return -1
    if c.lift_since_ns == 0:
        c.lift_since_ns = view.t_ns
    if (seconds_since(view.t_ns, c.lift_since_ns) >= TC_COACH_LIFT_TIME
            or stance_margin(now.tip_margin) < TC_COACH_LIFT_MARGIN * c.config.tilt_warn):
        return wheel
    return -1


cdef int32_t lifted_ahead(const coach_state *c, const coach_view *view, int32_t *wheel) noexcept nogil:
    """First point within the driver's reaction where a wheel lifts for some way, or with little tip margin; or -1."""
    cdef const tc_line_point *p = view.line.points
    cdef int32_t i, j
    for i in range(c.at, view.line.n_points):
        if c.roll_to[i] > reaction_way(c) + TC_COACH_STOP_ROOM:
            return -1
        wheel[0] = first_bit(p[i].lifted)
        if wheel[0] < 0:
            continue
        if p[i].tip_margin < TC_COACH_LIFT_MARGIN * c.config.tilt_warn:
            return i
        j = i
        while j + 1 < view.line.n_points and p[j + 1].lifted & (1 << wheel[0]):
            j += 1
        if c.roll_to[j] - c.roll_to[i] >= TC_COACH_LIFT_LEAST:
            return i
    return -1


cdef void watch_lift(coach_state *c, const coach_view *view) noexcept nogil:
    """A wheel in the air now, or soon, and for more than a moment."""
    cdef tc_step step
    cdef int32_t i
    step_new(c, view, TC_STEP_WARN, TC_CAUSE_WHEEL_LIFT, TC_PRIORITY_CAUTION, TC_PHASE_NOW, &step)
    step.wheel = lifted_now(c, view)
    if step.wheel < 0 and view.line is not NULL:
        i = lifted_ahead(c, view, &step.wheel)
        if i < 0:
            return
        step_at(c, view, i, &step)
    if step.wheel >= 0:
        step.side = 1 if step.wheel % 2 == 0 else -1
        step_give(c, view, &step, 0.0)


cdef void watch_off_line(coach_state *c, const coach_view *view) noexcept nogil:
    """Off the line by more than the place may be wrong, where the line keeps a part from the ground."""
    cdef tc_step step
    if fabs(view.off_line) - c.sd <= c.config.deviation_warn or not line_matters(c, view):
        return
    step_new(c, view, TC_STEP_WARN, TC_CAUSE_OFF_LINE, TC_PRIORITY_CAUTION, TC_PHASE_NOW, &step)
    step.side = side_of(view.off_line, 0.0)
    step.distance = fabs(view.off_line)
    step_why_not(c, view, &step)
    step_give(c, view, &step, fabs(view.off_line) / c.config.deviation_warn)


cdef void watch_tight(coach_state *c, const coach_view *view) noexcept nogil:
    """Little room ahead: ease through with the wheel as it is, as far as it may stay so."""
    cdef const tc_line_point *worst
    cdef coach_place tight
    cdef tc_step step
    cdef double steer, way
    cdef int32_t turn
    find_place(c, view, c.config.clearance_warn, &tight)
    if tight.first < 0 or c.roll_to[tight.first] > reaction_way(c) + TC_COACH_PREPARE_LEAST:
        return
    if c.tight != 0:
        c.tight_end = view.state.distance + c.roll_to[tight.last]
    worst = &view.line.points[tight.worst]
    if worst.clearance < view.line.config.clearance_least:
        return                          # said by watch_touch
    steer = driver_steer(c, view)
    way = c.roll_to[tight.last] + TC_COACH_PASSED
    turn = turn_to_make(c, view, c.at, steer) if line_matters(c, view) else -1
    if turn >= 0 and c.roll_to[turn] < way:
        way = c.roll_to[turn]
        if way - reaction_way(c) < c.speed * TC_COACH_PAUSE[TC_PRIORITY_ADVICE]:
            return                      # else nobody would listen when the turn is due
    if way < c.roll_to[tight.first] + TC_COACH_PASSED or way < reaction_way(c) + TC_COACH_EASE_LEAST:
        return                          # the wheel has to be turned first, which is said by advise_turn
    step_new(c, view, TC_STEP_FORWARD if fabs(steer) < least_turn(c) else TC_STEP_HOLD, TC_CAUSE_CLEARANCE,
             TC_PRIORITY_CAUTION, TC_PHASE_NOW, &step)
    step_at(c, view, tight.first, &step)
    step_why(c, view, tight.worst, &step)
    step.steer = steer
    step.distance = way
    if step_give(c, view, &step, -worst.clearance / TC_COACH_STEP_CLEARANCE):
        c.tight = TC_CAUSE_CLEARANCE
        c.tight_part = step.part
        c.tight_end = view.state.distance + c.roll_to[tight.last]


cdef void turn_step(coach_state *c, const coach_view *view, int32_t i, double from_steer, int32_t phase,
                    tc_step *step) noexcept nogil:
    """Turn the wheel at point i, and hold it to the end of the run: more than advice where a part would touch."""
    cdef const tc_line_info *info = &view.line.info
    cdef int32_t end = steer_run(c, view, i)
    step_new(c, view, TC_STEP_STEER, TC_CAUSE_CLEARANCE,
             TC_PRIORITY_CAUTION if info.straight_clearance < 0.0 and phase == TC_PHASE_NOW else TC_PRIORITY_ADVICE,
             phase, step)
    step_at(c, view, i, step)
    step.steer = steer_mean(view, i, view.line.points[end].s - view.line.points[i].s)
    step.turns = (step.steer - from_steer) * c.config.steering_ratio / (4.0 * TC_COACH_QUARTER)
    step.side = side_of(step.turns, 0.0)
    step.distance = c.roll_to[end] - c.roll_to[i]
    step_why_not(c, view, step)


cdef int32_t turn_in_reach(const coach_state *c, const coach_view *view, double steer) noexcept nogil:
    """The next turn that the driver still hears in time, -1 = none."""
    cdef int32_t i = c.at
    while i < view.line.n_points and c.roll_to[i] < reaction_way(c):
        i += 1
    return turn_to_make(c, view, i, steer) if i < view.line.n_points else -1


cdef inline bint turn_due(const coach_state *c, int32_t i) noexcept nogil:
    return c.roll_to[i] - reaction_way(c) <= TC_COACH_ROUNDING


cdef void give_turn(coach_state *c, const coach_view *view, tc_step *step) noexcept nogil:
    """Unless it was told: the driver is at it or chose not to. What was advice may be told again as a caution."""
    if (fabs(step.steer - c.told_steer) <= least_turn(c) and step.priority <= c.told_priority
            and (seconds_since(view.t_ns, c.told_ns) < TC_COACH_AGAIN_AFTER
                 or view.state.distance - c.told_at < TC_COACH_SAME_PLACE)):
        return
    if step_give(c, view, step, fabs(step.turns)):
        c.told_steer = step.steer
        c.told_at = view.state.distance
        c.told_ns = view.t_ns
        c.told_priority = step.priority


cdef void advise_turn(coach_state *c, const coach_view *view) noexcept nogil:
    """Where the wheel has to be turned: prepare it in time, say it when the reaction time begins."""
    cdef double steer = driver_steer(c, view)
    cdef int32_t i
    cdef tc_step step
    if not line_matters(c, view):
        return
    i = turn_in_reach(c, view, steer)
    if i < 0:
        return
    if turn_due(c, i):
        turn_step(c, view, i, steer, TC_PHASE_NOW, &step)
        give_turn(c, view, &step)
    elif c.roll_to[i] <= prepare_way(c) and c.roll_to[i] - reaction_way(c) >= c.speed * TC_COACH_PREPARE_GAP:
        turn_step(c, view, i, steer, TC_PHASE_PREPARE, &step)
        if fabs(step.steer - steer) >= least_turn(c) and step_give(c, view, &step, 0.0):
            c.prepared_steer = step.steer


cdef void advise_reverse(coach_state *c, const coach_view *view) noexcept nogil:
    """The line goes back from here."""
    cdef const tc_line_point *p = view.line.points
    cdef int32_t i = c.at, j
    cdef tc_step step
    while i < view.line.n_points and p[i].gear > 0:
        i += 1
    if i >= view.line.n_points or c.roll_to[i] > reaction_way(c) + TC_COACH_STOP_ROOM:
        return
    j = i
    while j + 1 < view.line.n_points and p[j + 1].gear < 0:
        j += 1
    step_new(c, view, TC_STEP_REVERSE, TC_CAUSE_NO_LINE, TC_PRIORITY_ADVICE, TC_PHASE_NOW, &step)
    step_at(c, view, i, &step)
    step.steer = p[i].steer
    step.distance = c.roll_to[j] - c.roll_to[i]
    step_give(c, view, &step, 0.0)


cdef void advise_setup(coach_state *c, const coach_view *view) noexcept nogil:
    """Low range before it is steep or tight, lockers before a wheel hangs."""
    cdef const tc_line_point *p = view.line.points
    cdef double steepest = 0.0, far = 0.0
    cdef int32_t i, wheel = -1, setup = 0, before = -1
    cdef tc_step step
    if c.setup_told and view.state.distance - c.setup_at < TC_COACH_SETUP_AGAIN:
        return
    for i in range(c.at, view.line.n_points):
        if fabs(p[i].pitch) > fabs(steepest):
            steepest = p[i].pitch
        if p[i].lifted and not c.rear_locked:
            setup |= TC_SETUP_LOCKERS
            wheel = first_bit(p[i].lifted) if wheel < 0 else wheel
        if setup == 0 and fabs(steepest) < TC_COACH_STEEP:
            far = c.roll_to[i]
            before = i
    if fabs(steepest) >= TC_COACH_STEEP:
        setup |= TC_SETUP_LOW_RANGE
    if setup == 0 or (c.speed > TC_COACH_STILL and far < reaction_way(c) + TC_COACH_SETUP_ROOM):
        return                          # too late to stop and shift
    step_new(c, view, TC_STEP_SETUP, TC_CAUSE_WHEEL_LIFT if setup == TC_SETUP_LOCKERS else TC_CAUSE_NONE,
             TC_PRIORITY_ADVICE, TC_PHASE_PREPARE, &step)
    step.setup = setup
    step.wheel = wheel
    if before >= 0:
        step_at(c, view, before, &step)
    if setup & TC_SETUP_LOW_RANGE:
        step.angle = -steepest
    if step_give(c, view, &step, 0.0):
        c.setup_told = 1
        c.setup_at = view.state.distance


cdef void advise_clear(coach_state *c, const coach_view *view) noexcept nogil:
    """A place that was announced is behind, and nothing of the kind follows at once."""
    cdef coach_place tight
    cdef tc_step step
    if c.tight == 0 or view.state.distance < c.tight_end + TC_COACH_PASSED:
        return
    find_on_course(c, view, c.config.clearance_warn, &tight)
    if tight.first >= 0:
        return
    if view.line is not NULL:
        find_place(c, view, c.config.clearance_warn, &tight)
        if tight.first >= 0 and c.roll_to[tight.first] < TC_COACH_PREPARE_LEAST:
            return
    step_new(c, view, TC_STEP_CLEAR, c.tight, TC_PRIORITY_ADVICE, TC_PHASE_CLEAR, &step)
    step_part(c, c.tight_part, &step)
    if step_give(c, view, &step, 0.0) or view.state.distance > c.tight_end + TC_COACH_SAME_PLACE:
        c.tight = 0


cdef void advise_end(coach_state *c, const coach_view *view) noexcept nogil:
    """The end of the trail, if the coach had anything to say on it."""
    cdef tc_step step
    cdef int32_t i = c.at
    if view.to_end > TC_COACH_SAME_PLACE:
        c.ended = 0
    if c.ended or c.next_id == 1 or view.to_end > reaction_way(c) + TC_COACH_STOP_ROOM:
        return
    step_new(c, view, TC_STEP_STOP, TC_CAUSE_END, TC_PRIORITY_ADVICE, TC_PHASE_NOW, &step)
    while i + 1 < view.line.n_points and c.roll_to[i] < view.to_end:
        i += 1
    if i < view.line.n_points:
        step_at(c, view, i, &step)
    step.to_go = view.to_end if view.to_end > 0.0 else 0.0
    if step_give(c, view, &step, 0.0):
        c.ended = 1


cdef double line_beside(const coach_state *c, const coach_view *view, const coach_place *place,
                        int32_t *part) noexcept nogil:
    """Least clearance of the line advised where the course has this place, m, and its part. NaN = there is none."""
    cdef double least = NAN, first = c.course_to[place.first] - TC_COACH_BESIDE
    cdef double last = c.course_to[place.last] + TC_COACH_BESIDE
    cdef int32_t i
    part[0] = -1
    if view.line is NULL:
        return NAN
    for i in range(c.at, view.line.n_points):
        if view.line.points[i].stance_status == TC_STANCE_UNSOLVED:
            continue                    # one the solver does not settle is as those beside it
        if c.roll_to[i] >= first and isnan(view.line.points[i].clearance):
            return NAN
        if c.roll_to[i] >= first and not view.line.points[i].clearance >= least:
            least = view.line.points[i].clearance
            part[0] = view.line.points[i].part
        if c.roll_to[i] >= last:
            return least
    return NAN


cdef int32_t turn_around(const coach_state *c, const coach_view *view, const coach_place *place,
                         double beside) noexcept nogil:
    """The turn of the line that still keeps the vehicle out of a place on its course, -1 = none."""
    cdef int32_t i
    if (view.line is NULL or view.course[0].gear < 0 or c.at >= view.line.n_points
            or not beside >= view.line.config.clearance_least
            or not beside >= view.course[place.worst].clearance + TC_COACH_WORTH):
        return -1
    i = turn_in_reach(c, view, driver_steer(c, view))
    return i if i >= 0 and c.roll_to[i] <= c.course_to[place.first] - TC_COACH_TURN_ROOM else -1


cdef void course_why(const coach_state *c, const coach_view *view, const coach_place *place,
                     tc_step *step) noexcept nogil:
    """What the present course meets there; the step is about the part that meets it."""
    cdef const tc_line_point *worst = &view.course[place.worst]
    step_part(c, worst.part, step)
    step.probability = touch_probability(c, view, worst.part, worst.x, worst.y, worst.clearance)
    step_other(c, worst.part, worst.clearance, step)


cdef void course_step(coach_state *c, const coach_view *view, const coach_place *place, int32_t kind,
                      int32_t priority, int32_t phase) noexcept nogil:
    """Give a step about a place on the present course."""
    cdef const tc_line_point *first = &view.course[place.first]
    cdef tc_step step
    step_new(c, view, kind, TC_CAUSE_CLEARANCE, priority, phase, &step)
    step.to_go = c.course_to[place.first] if c.course_to[place.first] > 0.0 else 0.0
    step.x, step.y = first.x, first.y
    if kind != TC_STEP_STOP:
        step.steer = first.steer
        step.distance = c.course_to[place.last] + TC_COACH_PASSED
    course_why(c, view, place, &step)
    if step_give(c, view, &step, -view.course[place.worst].clearance / TC_COACH_STEP_CLEARANCE):
        c.tight = TC_CAUSE_CLEARANCE
        c.tight_part = step.part
        c.tight_end = view.state.distance + c.course_to[place.last]


cdef void course_turn(coach_state *c, const coach_view *view, const coach_place *place, double beside, int32_t part,
                      int32_t turn, int32_t priority) noexcept nogil:
    """The turn of the line that avoids it, when it is due."""
    cdef tc_step step
    if not turn_due(c, turn):
        return
    turn_step(c, view, turn, driver_steer(c, view), TC_PHASE_NOW, &step)
    step.priority = priority
    course_why(c, view, place, &step)
    step_part(c, part, &step)
    step.clearance = beside
    give_turn(c, view, &step)


cdef bint lasts(coach_sight *seen, bint is_so, int64_t t_ns) noexcept nogil:
    """Whether it is so, and not for the first time just now. Points some way apart may miss it now and then."""
    if not is_so:
        return False
    if not seen.once or seconds_since(t_ns, seen.last_ns) > TC_COACH_COURSE_GAP:
        seen.since_ns = t_ns
    seen.once = 1
    seen.last_ns = t_ns
    return seconds_since(t_ns, seen.since_ns) >= TC_COACH_COURSE_TIME


cdef void watch_course_touch(coach_state *c, const coach_view *view, const coach_place *touch) noexcept nogil:
    """It touches: stop while that is in time; before, the turn that avoids it, or else a warning."""
    cdef int32_t part
    cdef double beside = line_beside(c, view, touch, &part)
    cdef int32_t turn
    if c.course_to[touch.first] <= stop_way(c) + TC_COACH_COURSE_ROOM:
        course_step(c, view, touch, TC_STEP_STOP, TC_PRIORITY_DANGER, TC_PHASE_NOW)
        return
    if view.line is not NULL and beside < view.line.config.clearance_least:
        return                          # said by watch_touch
    turn = turn_around(c, view, touch, beside)
    if turn >= 0:
        course_turn(c, view, touch, beside, part, turn, TC_PRIORITY_CAUTION)
    else:
        course_step(c, view, touch, TC_STEP_STOP, TC_PRIORITY_CAUTION, TC_PHASE_PREPARE)


cdef void watch_course_close(coach_state *c, const coach_view *view, const coach_place *tight) noexcept nogil:
    """It comes close: the turn that avoids it, or ease through."""
    cdef int32_t part
    cdef double beside = line_beside(c, view, tight, &part)
    cdef int32_t turn
    if (view.course[0].gear < 0 or beside < c.config.clearance_warn     # said by watch_tight
            or c.course_to[tight.first] > reaction_way(c) + TC_COACH_PREPARE_LEAST):
        return
    turn = turn_around(c, view, tight, beside)
    if turn >= 0:
        course_turn(c, view, tight, beside, part, turn, TC_PRIORITY_ADVICE)
    else:
        course_step(c, view, tight,
                    TC_STEP_FORWARD if fabs(view.course[0].steer) < least_turn(c) else TC_STEP_HOLD,
                    TC_PRIORITY_CAUTION, TC_PHASE_NOW)


cdef void watch_course(coach_state *c, const coach_view *view) noexcept nogil:
    """What the vehicle meets with the wheels held as they are, whether or not a line is advised."""
    cdef coach_place touch, tight
    cdef bint touches, close
    find_on_course(c, view, TC_COACH_TOUCHES, &touch)
    find_on_course(c, view, c.config.clearance_warn, &tight)
    touches = lasts(&c.touching, touch.first >= 0, view.t_ns)
    close = lasts(&c.close, tight.first >= 0, view.t_ns)
    if touches:
        name_first(view.course, &touch)
        watch_course_touch(c, view, &touch)
    elif close and touch.first < 0:
        watch_course_close(c, view, &tight)


cdef void coach_tick(coach_state *c, const coach_view *view) noexcept nogil:
    """Look once; put what has to be said into the queue."""
    queue_keep(c, view.t_ns, 0)
    look_ahead(c, view)
    watch_stuck(c, view)
    watch_slip(c, view)
    if not watch_knowledge(c, view):
        return
    watch_tip(c, view)
    if view.line is NULL:
        if not c.stuck and c.stuck_since_ns == 0:
            watch_course(c, view)
            advise_clear(c, view)
        watch_lift(c, view)
        return
    c.guided = 1
    if c.stuck or c.stuck_since_ns != 0:
        return                          # no line helps wheels that spin in place
    watch_no_line(c, view)
    watch_touch(c, view)
    watch_course(c, view)
    watch_off_line(c, view)
    if c.at < view.line.n_points:
        advise_reverse(c, view)
        advise_turn(c, view)
        watch_tight(c, view)
    watch_lift(c, view)
    if c.at < view.line.n_points:
        advise_setup(c, view)
        advise_clear(c, view)
    advise_end(c, view)


cdef void coach_default(tc_coach_config *c) noexcept nogil:
    c.steering_ratio = 16.0
    c.reaction_time = 1.5
    c.clearance_warn = 0.05
    c.deviation_warn = 0.15
    c.tilt_warn = 0.15
