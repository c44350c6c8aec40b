# The engine for Python.

SAMPLE_KINDS = [abi.IMU, abi.WHEELS, abi.INCLINATION, abi.STEERING, abi.SPEED, abi.GNSS]
SAMPLE_NAMES = ["imu", "wheels", "inclination", "steering", "speed", "gnss"]


cdef inline tc_status push_one(tc_engine *e, int kind, const uint8_t *sample) noexcept nogil:
    if kind == 0:
        return tc_push_imu(e, <const tc_imu *> sample)
    if kind == 1:
        return tc_push_wheels(e, <const tc_wheels *> sample)
    if kind == 2:
        return tc_push_inclination(e, <const tc_inclination *> sample)
    if kind == 3:
        return tc_push_steering(e, <const tc_steering *> sample)
    if kind == 4:
        return tc_push_speed(e, <const tc_speed *> sample)
    return tc_push_gnss(e, <const tc_gnss *> sample)


cdef class Engine:
    """Python owner of one tc_engine; see trailcoach.h for what each call does."""
    cdef tc_engine *_e
    cdef readonly object grid
    cdef object _ring
    cdef fusion_clone *_clone

    def __cinit__(self, config):
        cdef const uint8_t[::1] c = bytes_of(config, abi.CONFIG)
        check(tc_create(<const tc_config *> &c[0], &self._e), "engine")

    def __dealloc__(self):
        tc_destroy(self._e)
        free(self._clone)

    @property
    def front_roll_share(self) -> float:
        """Share of the roll stiffness that the front axle has."""
        return (<engine_memory *> self._e).window.front_share

    def set_terrain(self, Grid grid not None) -> None:
        check(tc_set_terrain(self._e, &grid.g), "terrain")
        self.grid = grid                # the engine borrows its heights

    def move_terrain(self, Grid grid not None) -> None:
        check(tc_move_terrain(self._e, &grid.g), "terrain")
        self.grid = grid

    def reset(self) -> None:
        """As newly made, but for terrain and trail."""
        check(tc_reset(self._e), "reset")

    def set_trail(self, const double[:, ::1] xy, double half_width) -> None:
        check(tc_set_trail(self._e, &xy[0, 0] if xy.shape[0] else NULL, xy.shape[0], half_width), "trail")

    def set_start(self, double x, double y, double z, double yaw, double sd_xy, double sd_yaw) -> None:
        check(tc_set_start(self._e, x, y, z, yaw, sd_xy, sd_yaw), "start pose")

    def push(self, samples) -> None:
        """Samples of one sensor, an array of its dtype. One that is left out for its stamp is counted in the state."""
        cdef const uint8_t[::1] b = bytes_of(samples, samples.dtype)
        cdef tc_status st = TC_OK
        cdef size_t i, n = samples.size, step = samples.dtype.itemsize
        cdef int kind = SAMPLE_KINDS.index(samples.dtype)
        with nogil:
            for i in range(n):
                st = push_one(self._e, kind, &b[i * step])
                if st < 0 and st != TC_E_TIME:
                    break
        if st < 0 and st != TC_E_TIME:
            check(st, f"{SAMPLE_NAMES[kind]} sample {i}")

    def push_merged(self, const uint8_t[::1] kinds, const int64_t[::1] rows, list arrays) -> None:
        """Samples of several sensors in the order given: sample j is arrays[kinds[j]][rows[j]]. As in push."""
        cdef const uint8_t *base[6]
        cdef size_t step[6]
        cdef const uint8_t[::1] b
        cdef tc_status st = TC_OK
        cdef Py_ssize_t j
        keep = []
        for j, (array, dtype) in enumerate(zip(arrays, SAMPLE_KINDS, strict=True)):
            step[j] = dtype.itemsize
            base[j] = NULL
            if array is not None and array.size:
                b = bytes_of(array, dtype)
                keep.append(b)
                base[j] = &b[0]
        with nogil:
            for j in range(kinds.shape[0]):
                st = push_one(self._e, kinds[j], base[kinds[j]] + rows[j] * step[kinds[j]])
                if st < 0 and st != TC_E_TIME:
                    break
        if st < 0 and st != TC_E_TIME:
            check(st, f"{SAMPLE_NAMES[kinds[j]]} sample {rows[j]}")

    def tick(self, int64_t t_ns) -> None:
        cdef tc_status st
        with nogil:
            st = tc_tick(self._e, t_ns)
        check(st, "tick")

    def state(self) -> np.ndarray:
        out = np.zeros((), abi.STATE)
        self.state_into(out)
        return out

    def state_into(self, out) -> None:
        """The state into one element of an array of abi.STATE."""
        cdef uint8_t[::1] o = out.reshape(1).view(np.uint8)
        (<tc_state *> &o[0]).struct_size = sizeof(tc_state)
        check(tc_get_state(self._e, <tc_state *> &o[0]), "state")

    def checkpoint(self, uint8_t[::1] snapshot, double[:, ::1] C, double[:, ::1] P, double[::1] moved) -> bool:
        """The filter into a snapshot, one of smoother_layout; C, P and moved of the clone of the last checkpoint.

        False = there is no clone of it that is still true: C is zero, P and moved are left alone.
        """
        cdef fusion_filter *f = &(<engine_memory *> self._e).fusion
        cdef bint whole = f.clone is not NULL and not f.clone.torn
        cdef int32_t i, j
        if snapshot.shape[0] != sizeof(fusion_filter) or C.size != N_X * N_X or P.size != C.size or moved.size != N_X:
            raise ValueError("arrays as smoother_layout tells are needed")
        covariance_step(f)
        if whole:
            for i in range(N_X):
                for j in range(N_X):
                    C[i, j] = f.clone.C[j * N_X + i]
            memcpy(&P[0, 0], f.clone.P, sizeof(f.clone.P))
            memcpy(&moved[0], f.clone.moved, sizeof(f.clone.moved))
        else:
            C[:, :] = 0.0
        memcpy(&snapshot[0], f, sizeof(fusion_filter))
        if self._clone is NULL:
            self._clone = <fusion_clone *> calloc(1, sizeof(fusion_clone))
            if self._clone is NULL:
                raise MemoryError
        f.clone = self._clone
        clone_make(f.clone, f)
        return whole

    def watch_innovations(self, uint8_t[::1] ring) -> None:
        """Innovations into the bytes of an array (n,) of abi.INNOVATION from now on; it stays the caller's."""
        cdef size_t n = ring.shape[0] // sizeof(tc_innovation)
        check(tc_watch_innovations(self._e, <tc_innovation *> &ring[0] if n else NULL, n), "watching innovations")
        self._ring = ring               # the engine borrows it

    @property
    def innovation_count(self) -> int:
        """How many there were since watching began."""
        return tc_innovation_count(self._e)

    def stance(self) -> np.ndarray | None:
        """Where the vehicle stands on the terrain, or None as long as that is not known."""
        out = np.zeros(1, abi.STANCE)
        cdef uint8_t[::1] o = out.view(np.uint8)
        (<tc_stance *> &o[0]).struct_size = sizeof(tc_stance)
        cdef tc_status st = tc_get_stance(self._e, <tc_stance *> &o[0])
        if st == TC_NONE:
            return None
        check(st, "stance")
        return out.reshape(())

    def next_step(self) -> np.ndarray | None:
        """The oldest step not yet read, or None."""
        out = np.zeros(1, abi.STEP)
        cdef uint8_t[::1] o = out.view(np.uint8)
        (<tc_step *> &o[0]).struct_size = sizeof(tc_step)
        cdef tc_status st = tc_next_step(self._e, <tc_step *> &o[0])
        if st == TC_NONE:
            return None
        check(st, "step")
        return out.reshape(())

    def contact(self) -> np.ndarray | None:
        """The contact felt that is not over, or None."""
        out = np.zeros((), abi.CONTACT)
        cdef uint8_t[::1] o = out.reshape(1).view(np.uint8)
        (<tc_contact *> &o[0]).struct_size = sizeof(tc_contact)
        cdef tc_status st = tc_get_contact(self._e, <tc_contact *> &o[0])
        if st == TC_NONE:
            return None
        check(st, "contact")
        return out

    def next_contact(self) -> np.ndarray | None:
        """The oldest contact felt and not yet read, or None."""
        out = np.zeros(1, abi.CONTACT)
        cdef uint8_t[::1] o = out.view(np.uint8)
        (<tc_contact *> &o[0]).struct_size = sizeof(tc_contact)
        cdef tc_status st = tc_next_contact(self._e, <tc_contact *> &o[0])
        if st == TC_NONE:
            return None
        check(st, "contact")
        return out.reshape(())

    def ask(self, int32_t question) -> np.ndarray:
        """The answer to a question (TC_ASK_): array of abi.ANSWER with shape ()."""
        out = np.zeros(1, abi.ANSWER)
        cdef uint8_t[::1] o = out.view(np.uint8)
        (<tc_answer *> &o[0]).struct_size = sizeof(tc_answer)
        check(tc_ask(self._e, question, <tc_answer *> &o[0]), "question")
        return out.reshape(())

    def line(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The line advised now: its tc_line_info and its points, or None."""
        info = np.zeros(1, abi.LINE_INFO)
        points = np.zeros(TC_MAX_LINE, abi.LINE_POINT)
        cdef uint8_t[::1] i = info.view(np.uint8)
        cdef uint8_t[::1] p = points.view(np.uint8)
        cdef size_t n = 0
        (<tc_line_info *> &i[0]).struct_size = sizeof(tc_line_info)
        cdef tc_status st = tc_get_line(self._e, <tc_line_info *> &i[0], <tc_line_point *> &p[0], TC_MAX_LINE, &n)
        if st == TC_NONE:
            return None
        check(st, "line")
        return info.reshape(()), points[:n].copy()

    def window(self) -> dict[str, object] | None:
        """The ground around the vehicle as the engine knows it, or None where the terrain is read in place.

        x0, y0, dx (m), offset and sd_offset (m), t0_ns, and arrays (ny, nx), south to north: height, sigma, taught (s
        after t0_ns), origin, and highest, highest_rare, spread where the terrain tells what it hides.
        """
        cdef tc_window w
        cdef tc_status st
        cdef int64_t n
        w.struct_size = sizeof(tc_window)
        st = tc_get_window(self._e, &w)
        if st == TC_NONE:
            return None
        check(st, "window")
        n = <int64_t> w.grid.nx * w.grid.ny
        shape = w.grid.ny, w.grid.nx
        out = {"x0": w.grid.x0, "y0": w.grid.y0, "dx": w.grid.dx, "cell": w.grid.cell, "offset": w.offset,
               "sd_offset": w.sd_offset, "t0_ns": w.t0_ns, "taught_posts": w.taught_posts,
               "height": floats_of(w.grid.height, n).reshape(shape),
               "sigma": floats_of(w.grid.post_sigma, n).reshape(shape),
               "taught": floats_of(w.taught, n).reshape(shape),
               "origin": np.frombuffer((<const char *> w.origin)[:n], np.uint8).reshape(shape)}
        if w.grid.highest is not NULL:
            out["highest"] = floats_of(w.grid.highest, n).reshape(shape)
            out["highest_rare"] = floats_of(w.grid.highest_rare, n).reshape(shape)
            out["spread"] = floats_of(w.grid.spread, n).reshape(shape)
        return out

    def settle(self, const double[:, ::1] poses) -> np.ndarray:
        """Rest at poses (n, 3) of x, y, yaw: array (n,) of abi.STANCE."""
        out = np.zeros(poses.shape[0], abi.STANCE)
        cdef uint8_t[::1] o = out.view(np.uint8)
        cdef tc_status st = TC_OK
        cdef size_t n = poses.shape[0]
        if n:
            with nogil:
                st = tc_settle(self._e, &poses[0, 0], n, <tc_stance *> &o[0])
        check(st, "settle")
        return out

    def assure(self, const double[:, ::1] poses) -> np.ndarray:
        """The least clearance that is sure at poses (n, 3) of x, y, yaw without a stance: array (n,)."""
        out = np.zeros(poses.shape[0])
        cdef double[::1] o = out
        cdef tc_status st = TC_OK
        cdef size_t n = poses.shape[0]
        if n:
            with nogil:
                st = tc_assure(self._e, &poses[0, 0], n, &o[0])
        check(st, "assure")
        return out

    def examine(self, footing, const double[:, ::1] poses) -> tuple[np.ndarray, np.ndarray]:
        """Rest at poses (n, 3) with all margins on a footing (array of abi.FOOTING with shape ()): arrays (n,) of
        abi.STANCE and abi.MARGINS."""
        stances = np.zeros(poses.shape[0], abi.STANCE)
        margins = np.zeros(poses.shape[0], abi.MARGINS)
        cdef const uint8_t[::1] f = bytes_of(footing, abi.FOOTING)
        cdef uint8_t[::1] s = stances.view(np.uint8)
        cdef uint8_t[::1] m = margins.view(np.uint8)
        cdef tc_status st = TC_OK
        cdef size_t n = poses.shape[0]
        if n:
            with nogil:
                st = tc_examine(self._e, <const tc_footing *> &f[0], &poses[0, 0], n, <tc_stance *> &s[0],
                                <tc_margins *> &m[0])
        check(st, "examine")
        return stances, margins

    def plan(self, const double[::1] start, const double[::1] goal) -> tuple[np.ndarray, np.ndarray]:
        """A line from start (x, y, yaw) to goal (x, y, yaw; NaN yaw = free): its tc_line_info and its points."""
        info = np.zeros(1, abi.LINE_INFO)
        points = np.zeros(TC_MAX_LINE, abi.LINE_POINT)
        cdef uint8_t[::1] i = info.view(np.uint8)
        cdef uint8_t[::1] p = points.view(np.uint8)
        cdef size_t n = 0
        cdef tc_status st
        if start.shape[0] != 3 or goal.shape[0] != 3:
            raise ValueError("start and goal are x, y, yaw")
        (<tc_line_info *> &i[0]).struct_size = sizeof(tc_line_info)
        with nogil:
            st = tc_plan(self._e, &start[0], &goal[0], <tc_line_info *> &i[0], <tc_line_point *> &p[0], TC_MAX_LINE, &n)
        check(st, "plan")
        return info.reshape(()), points[:n].copy()

    def line_risk(self, points, double wander_sd) -> np.ndarray:
        """How likely a line (array (n,) of abi.LINE_POINT) touches: array of abi.RISK with shape ()."""
        out = np.zeros(1, abi.RISK)
        cdef const uint8_t[::1] p = bytes_of(points, abi.LINE_POINT)
        cdef uint8_t[::1] o = out.view(np.uint8)
        cdef size_t n = points.size
        cdef tc_status st
        (<tc_risk *> &o[0]).struct_size = sizeof(tc_risk)
        with nogil:
            st = tc_line_risk(self._e, <const tc_line_point *> &p[0] if n > 0 else NULL, n, wander_sd,
                              <tc_risk *> &o[0])
        check(st, "line risk")
        return out.reshape(())
