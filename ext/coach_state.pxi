# What the coach remembers, and what it sees at a tick.

cdef extern from *:
    """
    /* when: the driver */
    static const double TC_COACH_BRAKING = 2.0;         /* m/s^2, an unhurried stop on loose ground */
    static const double TC_COACH_STOP_ROOM = 0.5;       /* m between the stop and what it is for */
    static const double TC_COACH_ROUNDING = 0.2;        /* m a "now" may come earlier than the reaction needs */
    static const double TC_COACH_HEARING = 1.0;         /* s until a turn has been said, before anybody can react */
    static const double TC_COACH_PREPARE_TIME = 9.0;    /* s ahead that advice is prepared, */
    static const double TC_COACH_PREPARE_LEAST = 3.0;   /* and at least this far, m */
    static const double TC_COACH_PREPARE_GAP = 4.5;     /* s from "prepare" to "now" at least */
    static const double TC_COACH_STALE_LEAST = 1.5;     /* s that a distance in words holds at least */
    static const double TC_COACH_CRAWL = 0.2;           /* m/s, slower counts as this where time is told from way */
    static const double TC_COACH_LATEST = 1.1;          /* s before it must be acted on: no advice comes later */
    static const double TC_COACH_STILL = 0.05;          /* m/s, slower is standing */
    /* when: speech (150 words a minute) and silence */
    static const double TC_COACH_PAUSE[4] = {0.0, 4.5, 3.0, 2.5};   /* s a step leaves the one before, by priority */
    static const double TC_COACH_AGAIN_AFTER = 8.0;     /* s */
    static const double TC_COACH_SAME_PLACE = 3.0;      /* m */
    static const double TC_COACH_SAME_DANGER = 1.5;     /* m of way */
    static const double TC_COACH_NEAR = 3.2;            /* m: ways below are said in feet or half metres, */
    static const double TC_COACH_NEAR_ROUND = 0.3;      /* m */
    static const double TC_COACH_FAR_ROUND = 1.5;       /* m, ways above in fives of feet */
    static const double TC_COACH_HALVES = 1.75;         /* m: metric ways below are said in half metres, */
    static const double TC_COACH_HALF_METRE = 0.5;      /* m */
    static const double TC_COACH_ONES = 10.5;           /* m, ways below in metres, */
    static const double TC_COACH_METRE = 1.0;           /* m */
    static const double TC_COACH_FIVE_METRES = 5.0;     /* m, ways above in fives of them */
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
    static const double TC_COACH_EASE_ROOM = 0.03;      /* m of clearance to ease through where a stop was said */
    static const double TC_COACH_ASIDE = 0.3;           /* m of clearance gained or lost by 1 m aside, rms on rock */
    static const double TC_COACH_COURSE_ROOM = 0.3;     /* m in which a stop is said before it would be too late */
    static const double TC_COACH_BESIDE = 0.3;          /* m of way: the same place on course and line */
    static const double TC_COACH_TURN_ROOM = 0.2;       /* m of way between a turn and what it avoids */
    /* what: legs */
    static const double TC_COACH_LEG_HERE = 0.35;       /* m: a turn so near is made where the vehicle stands */
    static const double TC_COACH_LEG_LONG = 3.0;        /* m: with so much way behind it a turn needs no stop, */
    static const double TC_COACH_LEG_TURN = 0.55;       /* up to so many turns of the wheel */
    static const double TC_COACH_STOPPING = 4.0;        /* s from "stop" until a driver at walking pace stands */
    static const double TC_COACH_LEG_OVER = 0.25;       /* m a driver may come too far */
    /* what: slip */
    static const double TC_COACH_SLIP = 0.5;            /* on, */
    static const double TC_COACH_SLIP_OFF = 0.25;       /* off */
    static const double TC_COACH_SLIP_TIME = 0.5;       /* s */
    static const double TC_COACH_STUCK_SPEED = 0.1;     /* m/s */
    static const double TC_COACH_STUCK_TIME = 4.0;      /* s */
    static const double TC_COACH_FREE_SPEED = 0.25;     /* m/s, it comes on again */
    static const double TC_COACH_HUNG = 0.03;           /* m of clearance: spinning so near the ground hangs on it */
    /* what: rolling back on a climb */
    static const double TC_COACH_CLIMB = 0.1;           /* rad nose up */
    static const double TC_COACH_BACK_SPEED = 0.15;     /* m/s */
    static const double TC_COACH_BACK_TIME = 0.4;       /* s of it, */
    static const double TC_COACH_BACK_AFTER = 2.0;      /* s after it last went forward: later it is meant */
    /* what: how well the place must be known */
    static const double TC_COACH_SD_LOST = 1.0;         /* m, horizontal standard deviation: no guidance above, */
    static const double TC_COACH_SD_BACK = 0.7;         /* m, again below */
    """
    const double TC_COACH_BRAKING, TC_COACH_STOP_ROOM, TC_COACH_ROUNDING, TC_COACH_PREPARE_TIME, TC_COACH_HEARING
    const double TC_COACH_PREPARE_LEAST, TC_COACH_PREPARE_GAP, TC_COACH_CRAWL, TC_COACH_STILL, TC_COACH_LATEST
    const double TC_COACH_PAUSE[4]
    const double TC_COACH_AGAIN_AFTER, TC_COACH_SAME_PLACE, TC_COACH_SAME_DANGER, TC_COACH_FORGET
    const double TC_COACH_SETUP_AGAIN, TC_COACH_BACK, TC_COACH_STALE_LEAST
    const double TC_COACH_NEAR, TC_COACH_NEAR_ROUND, TC_COACH_FAR_ROUND
    const double TC_COACH_HALVES, TC_COACH_HALF_METRE, TC_COACH_ONES, TC_COACH_METRE, TC_COACH_FIVE_METRES
    const double TC_COACH_HUNG, TC_COACH_CLIMB, TC_COACH_BACK_SPEED, TC_COACH_BACK_TIME, TC_COACH_BACK_AFTER
    const double TC_COACH_START, TC_COACH_STEP_CLEARANCE, TC_COACH_STEP_TILT, TC_COACH_QUARTER, TC_COACH_LEAST_TURN
    const double TC_COACH_WINDOW, TC_COACH_WORTH, TC_COACH_JOIN, TC_COACH_EASE_LEAST, TC_COACH_PASSED
    const double TC_COACH_LIFT_LEAST, TC_COACH_STEEP, TC_COACH_FLUTTER
    const double TC_COACH_EASE_ROOM, TC_COACH_TOUCHES, TC_COACH_ASIDE, TC_COACH_COURSE_GAP, TC_COACH_COURSE_TIME
    const double TC_COACH_COURSE_ROOM, TC_COACH_BESIDE, TC_COACH_TURN_ROOM
    const double TC_COACH_STOPPING, TC_COACH_LEG_HERE, TC_COACH_LEG_LONG, TC_COACH_LEG_TURN, TC_COACH_LEG_OVER
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
    tc_step last                        # the last step given; id 0 = none was
    double last_place                   # distance travelled where it is to be done, m
    int64_t last_ns                     # when the last step was given
    int32_t last_priority               # 0 = none was
    double prepared_steer               # the steer prepared last, rad
    double told_steer                   # the steer advised last, rad
    double told_at                      # distance travelled then, m
    int64_t told_ns
    int32_t told_priority
    int32_t told_side                   # it led to: 1 left, -1 right, 0 = none was
    double told_end                     # distance travelled where it was to be held to, m
    int32_t leading                     # the wheel is where it was told to be: it must be told back
    int32_t waits                       # the driver was told to stop, or how far to come: a word is waited for
    int32_t leg_told                    # the leg was told with its length,
    double leg_end                      # distance travelled at its end, m
    int64_t leg_ns                      # when it was told
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
    int64_t forward_ns                  # when the vehicle last went forward
    int64_t back_since_ns               # rolling back; 0 = not
    int32_t backing                     # the way back was told: no roll back
    coach_sight touching, close         # of the present course
    int32_t rock_wheel                  # front wheel that was led onto a rock, -1 = none; and by the turn at hand
    int32_t rock_next
    double rock_at, rock_next_at        # distance travelled there, m
    # of the vehicle
    int32_t n_parts
    int32_t part_side[TC_MAX_PARTS]     # 1 left, -1 right, 0 neither
    touch_place part_place[TC_MAX_PARTS]    # of its middle
    int32_t locked                      # both axles are
    int32_t front_bar                   # there is an anti-roll bar in front
    double wheelbase, half_track        # m, the track in front
    # of this tick
    double roll_to[TC_MAX_LINE]         # wheel travel from the vehicle to every point ahead, m
    int32_t at                          # first point ahead
    double course_to[COURSE_POINTS]     # wheel travel to every point of the present course, m
    double course_end_to                # and to where it ends, m
    double speed, sd

cdef struct coach_view:
    # what the coach sees at a tick
    int64_t t_ns
    const tc_state *state
    const tc_stance *stance             # where the vehicle is; NULL = no terrain
    const line_planner *line            # the line advised; NULL = none
    int32_t legs                        # the line is one of legs, to be told one by one
    double s                            # place of the vehicle on the line, m
    double off_line                     # vehicle left (+) of the line, m
    double to_end                       # along the trail, m
    const tc_line_point *course         # the present course, n_course points
    int32_t n_course
    int32_t course_end                  # TC_STANCE_ of the pose it ends at, TC_STANCE_OK = it goes on
    double course_end_way               # wheel travel from where it was looked at to there, m
    double course_rolled                # since it was looked at, m
    const tc_line_point *aside          # the line as the vehicle is going to follow it, off by what it is off now
    int32_t n_aside                     # 0 = not off the line
    const tc_contact *contact           # felt just now; NULL = none
    double sigma                        # of the terrain's heights, m
    const tc_grid *grid                 # ground about the vehicle, for what it hides; NULL = only sigma is known
    const tc_vehicle *vehicle           # NULL = the ground under it is not asked for its relief

cdef struct coach_place:
    # a stretch of line or course with too little clearance
    int32_t first, last, worst          # points; first = -1: none
