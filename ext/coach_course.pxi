# The present course: what is met if nothing is changed.

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
            or fabs(view.off_line) > c.config.deviation_warn    # from beside the line its turns lead elsewhere
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
    step.probability = touch_probability(c, view, worst.part, worst.x, worst.y, worst.yaw, worst.clearance)
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
    turn_onto_rock(c, view, turn, &step)
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
    if turn >= 0 and view.legs:
        return                          # told as a leg
    if turn >= 0:
        course_turn(c, view, touch, beside, part, turn, TC_PRIORITY_CAUTION)
    elif not on_leg(c, view):
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
    if turn >= 0 and view.legs:
        return                          # told as a leg
    if turn >= 0 and beside < (view.course[tight.worst].clearance + TC_COACH_WORTH
                               + TC_COACH_ASIDE * c.config.deviation_warn):
        turn = -1                       # what a hand aside costs is not gained: it passes as it is
    if turn >= 0:
        course_turn(c, view, tight, beside, part, turn, TC_PRIORITY_ADVICE)
    elif (view.course[tight.worst].clearance >= TC_COACH_EASE_ROOM
          or not stopped_for(c, view.state.distance + c.course_to[tight.first])):
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
    if touch.first >= 0 and c.course_to[touch.first] > leg_left(c, view) + TC_COACH_ROUNDING:
        return                          # behind the place where the driver stops
    if on_leg(c, view) and (touch.first < 0 or c.speed < TC_COACH_BACK_SPEED):
        return                          # as it was told, or the wheel is still being turned
    if touches:
        name_first(view.course, &touch)
        watch_course_touch(c, view, &touch)
    elif close and touch.first < 0:
        watch_course_close(c, view, &tight)
