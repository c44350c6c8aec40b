# Near tipping.

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
