# Questions: answered from what the last tick saw. Nothing is said by itself, and nothing changes.

cdef void answer_unknown(const coach_state *c, const coach_view *view, int32_t cause, tc_answer *out) noexcept nogil:
    out.outcome = TC_ANSWER_UNKNOWN
    step_new(c, view, TC_STEP_WARN, cause, TC_PRIORITY_ADVICE, TC_PHASE_NOW, &out.step)


cdef void answer_end(const coach_state *c, const coach_view *view, tc_answer *out) noexcept nogil:
    """Nothing comes: as far as anything is known, and to the end of the trail if that is nearer."""
    cdef double known = 0.0
    out.outcome = TC_ANSWER_NOTHING
    step_new(c, view, TC_STEP_CLEAR, TC_CAUSE_NONE, TC_PRIORITY_ADVICE, TC_PHASE_NOW, &out.step)
    if view.line is not NULL and c.at < view.line.n_points:
        known = c.roll_to[view.line.n_points - 1]
    elif view.n_course > 0:
        known = c.course_to[view.n_course - 1]
    out.step.distance = known
    if view.line is not NULL and view.to_end <= known:
        step_new(c, view, TC_STEP_STOP, TC_CAUSE_END, TC_PRIORITY_ADVICE, TC_PHASE_PREPARE, &out.step)
        out.outcome = TC_ANSWER_STEP
        out.step.to_go = view.to_end if view.to_end > 0.0 else 0.0


cdef void answer_place(const coach_state *c, const coach_view *view, const coach_place *place, bint on_line,
                       tc_answer *out) noexcept nogil:
    """A place with little room, on the line or the present course: stop in front of it or ease through."""
    cdef const tc_line_point *p = view.course
    cdef double to = c.roll_to[place.first] if on_line else c.course_to[place.first]
    cdef double touches = view.line.config.clearance_least if on_line else TC_COACH_TOUCHES
    if on_line:
        p = view.line.points
    out.outcome = TC_ANSWER_STEP
    step_new(c, view, TC_STEP_STOP if p[place.worst].clearance < touches else TC_STEP_FORWARD, TC_CAUSE_CLEARANCE,
             TC_PRIORITY_ADVICE, TC_PHASE_PREPARE, &out.step)
    out.step.to_go = to if to > 0.0 else 0.0
    out.step.x, out.step.y = p[place.first].x, p[place.first].y
    step_part(c, p[place.worst].part, &out.step)
    out.step.probability = touch_probability(c, view, p[place.worst].part, p[place.worst].x, p[place.worst].y,
                                             p[place.worst].yaw, p[place.worst].clearance)
    if on_line:
        out.step.clearance = p[place.worst].clearance
    else:
        step_other(c, p[place.worst].part, p[place.worst].clearance, &out.step)


cdef void answer_next(const coach_state *c, const coach_view *view, tc_answer *out) noexcept nogil:
    """The turn or the tight place that comes first."""
    cdef coach_place place
    cdef int32_t turn = -1
    place.first = -1
    if view.line is not NULL and spotted(c) and not view.legs and not c.ended:
        answer_unknown(c, view, TC_CAUSE_NO_LINE, out)
        return
    if view.line is not NULL and c.at < view.line.n_points:
        find_place(c, view, c.config.clearance_warn, &place)
        if line_matters(c, view) or c.leading:
            turn = turn_in_reach(c, view, driver_steer(c, view))
        if turn >= 0 and (place.first < 0 or c.roll_to[turn] <= c.roll_to[place.first]):
            turn_step(c, view, turn, driver_steer(c, view), TC_PHASE_PREPARE, &out.step)
            out.outcome = TC_ANSWER_STEP
        elif place.first >= 0:
            answer_place(c, view, &place, True, out)
        else:
            answer_end(c, view, out)
        return
    find_on_course(c, view, c.config.clearance_warn, &place)
    if place.first >= 0:
        answer_place(c, view, &place, False, out)
    else:
        answer_end(c, view, out)


cdef void answer_last(const coach_state *c, const coach_view *view, bint as_given, tc_answer *out) noexcept nogil:
    """The last step: as it was given, or with the way still to go."""
    cdef double left = c.last_place - view.state.distance
    if c.last.id == 0:
        answer_end(c, view, out)
        out.outcome = TC_ANSWER_NOTHING
        return
    out.step = c.last
    out.outcome = TC_ANSWER_STEP
    if as_given:
        return
    if c.last.phase == TC_PHASE_NOW and c.last.distance > 0.0 and c.last.kind != TC_STEP_WARN:
        out.step.distance = left - c.last.to_go + c.last.distance
        if out.step.distance < 0.0:
            out.outcome = TC_ANSWER_PAST
            out.step.distance = 0.0
    elif left < -TC_COACH_PASSED:
        out.outcome = TC_ANSWER_PAST
    out.step.to_go = left if left > 0.0 else 0.0


cdef void answer_how_far(const coach_state *c, const coach_view *view, tc_answer *out) noexcept nogil:
    """To what was last said, or to what comes next."""
    answer_last(c, view, False, out)
    if out.outcome == TC_ANSWER_STEP and out.step.to_go > 0.0:
        return
    if what_is_unknown(c, view):
        answer_unknown(c, view, what_is_unknown(c, view), out)
    else:
        answer_next(c, view, out)


cdef void answer_why_not(const coach_state *c, const coach_view *view, int32_t outcome, tc_answer *out) noexcept nogil:
    """Yes or no, with what line and unsteered way keep clear."""
    out.outcome = outcome
    step_new(c, view, TC_STEP_HOLD, TC_CAUSE_CLEARANCE, TC_PRIORITY_ADVICE, TC_PHASE_NOW, &out.step)
    step_why_not(c, view, &out.step)
    out.step.distance = view.line.info.length


cdef void answer_another_way(const coach_state *c, const coach_view *view, tc_answer *out) noexcept nogil:
    """For who is on the line, straight on; for who has left it, the line."""
    cdef const tc_line_info *info
    cdef bint keeps
    if view.line is NULL or view.line.n_points == 0:
        answer_unknown(c, view, TC_CAUSE_NO_LINE, out)
        return
    info = &view.line.info
    if fabs(view.off_line) - c.sd <= c.config.deviation_warn:
        keeps = info.straight_clearance >= c.config.clearance_warn
    else:
        keeps = info.outcome == TC_LINE_CLEAR and info.least_clearance >= view.line.config.clearance_least
    answer_why_not(c, view, TC_ANSWER_YES if keeps else TC_ANSWER_NO, out)


cdef int32_t fits(const coach_state *c, double clearance, double touches) noexcept nogil:
    if isnan(clearance):
        return TC_ANSWER_UNKNOWN
    if clearance < touches:
        return TC_ANSWER_NO
    return TC_ANSWER_BARELY if clearance < c.config.clearance_warn else TC_ANSWER_YES


cdef void answer_fit(const coach_state *c, const coach_view *view, tc_answer *out) noexcept nogil:
    """Least clearance still ahead: of the line; without one, of the present course."""
    cdef const tc_line_point *p = view.course
    cdef const double *way = &c.course_to[0]
    cdef int32_t i, first = 0, n = view.n_course, worst = -1
    cdef bint on_line = view.line is not NULL and c.at < view.line.n_points
    cdef double touches = TC_COACH_TOUCHES
    if on_line:
        p = view.line.points
        way = &c.roll_to[0]
        first, n = c.at, view.line.n_points
        touches = view.line.config.clearance_least
    for i in range(first, n):
        if worst < 0 or p[i].clearance < p[worst].clearance or isnan(p[worst].clearance):
            worst = i
    if worst < 0:
        answer_unknown(c, view, TC_CAUSE_NO_LINE, out)
        return
    step_new(c, view, TC_STEP_HOLD, TC_CAUSE_CLEARANCE, TC_PRIORITY_ADVICE, TC_PHASE_NOW, &out.step)
    out.outcome = fits(c, p[worst].clearance, touches)
    if on_line and view.line.info.outcome == TC_LINE_BLOCKED:
        out.outcome = TC_ANSWER_NO
    out.step.to_go = way[worst] if way[worst] > 0.0 else 0.0
    out.step.x, out.step.y = p[worst].x, p[worst].y
    out.step.distance = way[n - 1]
    step_part(c, p[worst].part, &out.step)
    out.step.clearance = p[worst].clearance
    out.step.probability = touch_probability(c, view, p[worst].part, p[worst].x, p[worst].y, p[worst].yaw,
                                             p[worst].clearance)


cdef tc_status coach_ask(const coach_state *c, const coach_view *view, int32_t question, tc_answer *out) noexcept nogil:
    """out is zeroed but for its size."""
    cdef int32_t unknown
    out.question = question
    if question == TC_ASK_REPEAT:
        answer_last(c, view, False, out)
        return TC_OK
    if question == TC_ASK_WHY:
        answer_last(c, view, True, out)
        return TC_OK
    if question == TC_ASK_HOW_FAR:
        answer_how_far(c, view, out)
        return TC_OK
    if question != TC_ASK_NEXT and question != TC_ASK_ANOTHER_WAY and question != TC_ASK_WILL_IT_FIT:
        return TC_E_RANGE
    unknown = what_is_unknown(c, view)
    if unknown:
        answer_unknown(c, view, unknown, out)
    elif question == TC_ASK_NEXT:
        answer_next(c, view, out)
    elif question == TC_ASK_ANOTHER_WAY:
        answer_another_way(c, view, out)
    else:
        answer_fit(c, view, out)
    return TC_OK
