# The coach and the watch for contacts by themselves, for Python.


cdef class Coach:
    """The coach by itself: what it says of states, stances and lines that come from anywhere.

    Parameters are arrays of abi.CONFIG (its coach, vehicle and line part count) with shape ().
    """
    cdef coach_state *_c
    cdef line_planner *_line
    cdef tc_vehicle _vehicle

    def __cinit__(self, config):
        cdef const uint8_t[::1] b = bytes_of(config, abi.CONFIG)
        cdef const tc_config *c = <const tc_config *> &b[0]
        self._c = <coach_state *> calloc(1, sizeof(coach_state))
        self._line = <line_planner *> calloc(1, sizeof(line_planner))
        if self._c is NULL or self._line is NULL:
            raise MemoryError("coach")
        self._line.config = c.line
        self._vehicle = c.vehicle
        coach_init(self._c, &c.coach, &c.vehicle)

    def __dealloc__(self):
        free(self._c)
        free(self._line)

    def tick(self, state, stance=None, line_info=None, line_points=None, double s=0.0, double off_line=0.0,
             double to_end=1e9, course=None, double sigma=0.0, aside=None, contact=None,
             course_end=None, bint legs=False, Grid grid=None) -> list[np.ndarray]:
        """Look once, at the time of the state: the steps it gives, a list of arrays of abi.STEP with shape ().

        state, stance (None = no terrain) and line_info (None = no line) are arrays of abi.STATE, abi.STANCE and
        abi.LINE_INFO with shape (); line_points is (n,) of abi.LINE_POINT. s, off_line (left positive) and to_end
        place the vehicle on line and trail, m. course is the present course, (n,) of abi.LINE_POINT, the first a step
        ahead (None = not known); sigma the standard deviation of the terrain's heights, m. aside is what going on
        beside the line meets, (n,) of abi.LINE_POINT; contact one felt just now, of abi.CONTACT with shape ();
        course_end the TC_STANCE_ status the course ends at and the way to there, m; legs whether the line is one of
        legs, to be told one by one; grid the ground about the vehicle.
        """
        cdef const uint8_t[::1] state_bytes = bytes_of(state, abi.STATE)
        cdef const uint8_t[::1] stance_bytes, info_bytes, point_bytes, course_bytes, aside_bytes, contact_bytes
        cdef uint8_t[::1] out
        cdef coach_view view
        memset(&view, 0, sizeof(view))
        view.state = <const tc_state *> &state_bytes[0]
        view.t_ns = view.state.t_ns
        if stance is not None:
            stance_bytes = bytes_of(stance, abi.STANCE)
            view.stance = <const tc_stance *> &stance_bytes[0]
        if line_info is not None:
            if line_points is None or len(line_points) > TC_MAX_LINE:
                raise ValueError(f"a line has at most {TC_MAX_LINE} points")
            info_bytes = bytes_of(line_info, abi.LINE_INFO)
            memcpy(&self._line.info, &info_bytes[0], sizeof(tc_line_info))
            self._line.n_points = len(line_points)
            if self._line.n_points:
                point_bytes = bytes_of(line_points, abi.LINE_POINT)
                memcpy(self._line.points, &point_bytes[0], self._line.n_points * sizeof(tc_line_point))
            view.line = self._line
        if course is not None:
            if len(course) > COURSE_POINTS:
                raise ValueError(f"a course has at most {COURSE_POINTS} points")
            view.n_course = len(course)
            if view.n_course:
                course_bytes = bytes_of(course, abi.LINE_POINT)
                view.course = <const tc_line_point *> &course_bytes[0]
        if aside is not None and len(aside):
            aside_bytes = bytes_of(aside, abi.LINE_POINT)
            view.aside = <const tc_line_point *> &aside_bytes[0]
            view.n_aside = len(aside)
        if contact is not None:
            contact_bytes = bytes_of(contact, abi.CONTACT)
            view.contact = <const tc_contact *> &contact_bytes[0]
        if course_end is not None:
            view.course_end, view.course_end_way = course_end
        view.s, view.off_line, view.to_end, view.sigma = s, off_line, to_end, sigma
        view.legs = legs
        if grid is not None:
            view.grid = &grid.g
            view.vehicle = &self._vehicle
        with nogil:
            coach_tick(self._c, &view)
        steps = np.zeros(self._c.count, abi.STEP)
        if steps.size:
            out = steps.view(np.uint8)
        for i in range(steps.size):
            memcpy(&out[i * sizeof(tc_step)], &self._c.queue[(self._c.first + i) % TC_MAX_STEPS], sizeof(tc_step))
        self._c.first = self._c.count = 0
        return [step.reshape(()) for step in steps.reshape(-1, 1)]


cdef class ContactWatch:
    """The recognition of contacts by itself: IMU samples, states and stances from anywhere."""
    cdef contact_watch *_w
    cdef load_shift _shift

    def __cinit__(self):
        self._w = <contact_watch *> calloc(1, sizeof(contact_watch))
        if self._w is NULL:
            raise MemoryError("contact watch")
        contact_init(self._w)
        memset(&self._shift, 0, sizeof(self._shift))

    def __dealloc__(self):
        free(self._w)

    def push(self, samples) -> None:
        """IMU samples in time order, an array of abi.IMU."""
        cdef const uint8_t[::1] b = bytes_of(samples, abi.IMU)
        cdef size_t i
        for i in range(samples.size):
            contact_sample(self._w, <const tc_imu *> &b[i * sizeof(tc_imu)])

    def tick(self, state, stance, int64_t t_ns) -> np.ndarray | None:
        """The contact that is felt now and was not told yet, of abi.CONTACT with shape (), or None."""
        cdef const uint8_t[::1] s = bytes_of(state, abi.STATE)
        cdef const uint8_t[::1] q = bytes_of(stance, abi.STANCE)
        shift_tick(&self._shift, <const tc_state *> &s[0], <const tc_stance *> &q[0], TC_MAX_PARTS, t_ns)
        if not contact_tick(self._w, <const tc_state *> &s[0], <const tc_stance *> &q[0], &self._shift, t_ns):
            return None
        return np.frombuffer((<char *> &self._w.now)[:sizeof(tc_contact)], abi.CONTACT)[0:1].copy().reshape(())

    def over(self) -> list[np.ndarray]:
        """Contacts that are over and were not read yet."""
        cdef int32_t i
        found = [np.frombuffer((<char *> &self._w.queue[(self._w.first + i) % TC_MAX_CONTACTS])[:sizeof(tc_contact)],
                               abi.CONTACT)[0:1].copy().reshape(()) for i in range(self._w.count)]
        self._w.first = self._w.count = 0
        return found
