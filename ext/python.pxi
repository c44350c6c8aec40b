# The entry points of the C ABI for Python. Structs come and go as numpy arrays of the dtypes in trailcoach.abi.
import numpy as np

from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer  # no-cython-lint

from trailcoach import abi
from trailcoach.errors import CoreError


cdef int check(tc_status st, str what) except -1:
    if st != TC_OK:
        raise CoreError(st, f"{what}: {(<bytes> tc_strerror(st)).decode()}")
    return 0


cdef const uint8_t[::1] bytes_of(object array, object dtype):
    """The memory of a structured array, checked for its dtype."""
    if array.dtype != dtype:
        raise TypeError(f"expected an array of {dtype}, got {array.dtype}")
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


cdef object floats_of(const float *a, int64_t n):
    """A copy as an array (n,)."""
    return np.frombuffer((<const char *> a)[:n * sizeof(float)], np.float32)


def struct_sizes() -> dict[str, int]:
    """sizeof of every struct of the C ABI, by its name in trailcoach.abi."""
    return {"PART": sizeof(tc_part), "AXLE": sizeof(tc_axle), "VEHICLE": sizeof(tc_vehicle), "IMU": sizeof(tc_imu),
            "SURFACE_POINT": sizeof(tc_surface_point), "WHEELS": sizeof(tc_wheels), "SPEED": sizeof(tc_speed),
            "INCLINATION": sizeof(tc_inclination), "STEERING": sizeof(tc_steering), "GNSS": sizeof(tc_gnss),
            "FUSION_CONFIG": sizeof(tc_fusion_config), "LINE_CONFIG": sizeof(tc_line_config),
            "COACH_CONFIG": sizeof(tc_coach_config),
            "WINDOW_CONFIG": sizeof(tc_window_config), "CONFIG": sizeof(tc_config), "STATE": sizeof(tc_state),
            "INNOVATION": sizeof(tc_innovation),
            "STANCE": sizeof(tc_stance), "LINE_POINT": sizeof(tc_line_point), "LINE_INFO": sizeof(tc_line_info),
            "STEP": sizeof(tc_step), "CONTACT": sizeof(tc_contact), "ANSWER": sizeof(tc_answer),
            "FOOTING": sizeof(tc_footing), "MARGINS": sizeof(tc_margins)}


def default_config() -> np.ndarray:
    """A tc_config with everything but the vehicle, array of abi.CONFIG with shape ()."""
    cdef tc_config c
    tc_config_default(&c)
    return np.frombuffer((<char *> &c)[:sizeof(tc_config)], abi.CONFIG)[0:1].copy().reshape(())


def default_footing() -> np.ndarray:
    """A tc_footing, array of abi.FOOTING with shape ()."""
    cdef tc_footing f
    tc_footing_default(&f)
    return np.frombuffer((<char *> &f)[:sizeof(tc_footing)], abi.FOOTING)[0:1].copy().reshape(())


def smoother_layout() -> tuple[int, int, int]:
    """Bytes of a snapshot of the filter, where in it the covariance lies, and how many states that has."""
    cdef fusion_filter f
    return sizeof(fusion_filter), <char *> &f.P[0] - <char *> &f, N_X


def smoothed_into(const uint8_t[::1] snapshot, const double[::1] error, const double[:, ::1] P, out) -> None:
    """The state of a snapshot moved by its error, with covariance P, into one element of an array of abi.STATE."""
    cdef uint8_t[::1] o = out.reshape(1).view(np.uint8)
    smoothed_state(<const fusion_filter *> &snapshot[0], &error[0], &P[0, 0], <tc_state *> &o[0])


def at_rest(const int64_t[::1] t_ns, const double[:, ::1] pose) -> tuple[np.ndarray, np.ndarray]:
    """Height, roll and pitch (n, 3) a body on its springs would rest at, from what they were at times evenly spaced,
    and the variance of that; NaN where there are too few times about."""
    cdef pose_past past
    cdef Py_ssize_t i, k, j, n = t_ns.shape[0]
    rest, variance = np.full((n, N_REST), np.nan), np.full((n, N_REST), np.nan)
    cdef double[:, ::1] r = rest
    cdef double[:, ::1] v = variance
    memset(&past, 0, sizeof(past))
    past.n = N_PAST
    for i in range(N_PAST // 2, n - N_PAST // 2):
        for k in range(N_PAST):
            past.t_ns[k] = t_ns[i - N_PAST // 2 + k]
            for j in range(N_REST):
                past.pose[k][2 + j] = pose[i - N_PAST // 2 + k, j]
        if past.t_ns[N_PAST - 1] > past.t_ns[0]:
            past_rest(&past, &r[i, 0], &v[i, 0])
    return rest, variance


def rough_look(const float[:, ::1] heights, double dx) -> tuple[np.ndarray, np.ndarray]:
    """Features (ny, nx, n) float32 of the posts of a grid and their own roughness (ny, nx), m; see roughness.pxi."""
    cdef int32_t ny = heights.shape[0], nx = heights.shape[1]
    features, scale = np.empty((ny, nx, ROUGH_FEATURES), np.float32), np.empty((ny, nx))
    cdef float[:, :, ::1] f = features
    cdef double[:, ::1] s = scale
    cdef double[::1] room = np.empty(ROUGH_ROOM * (nx + 2 * ROUGH_RIM) * (ny + 2 * ROUGH_RIM))
    cdef double[::1] means = np.empty(ROUGH_MEANS * <int64_t> nx * ny)
    if nx < 2 or ny < 2:
        raise ValueError(f"a grid of {nx} x {ny} posts; at least 2 x 2 are needed")
    with nogil:
        rough_features(&heights[0, 0], nx, ny, dx, &room[0], &means[0], &f[0, 0, 0], &s[0, 0])
    return features, scale


def rough_curves(const float[:, ::1] seen) -> np.ndarray:
    """What the network says of features (n, ROUGH_FEATURES): logarithms (n, 10) of nine quantiles and of the rms."""
    cdef Py_ssize_t i = 0, n = seen.shape[0]
    out = np.empty((n, ROUGH_OUT), np.float32)
    cdef float[:, ::1] o = out
    if seen.shape[1] != ROUGH_FEATURES:
        raise ValueError(f"{seen.shape[1]} features; {ROUGH_FEATURES} are needed")
    with nogil:
        while i < n:
            rough_tell(&seen[i, 0], <int32_t> (n - i if n - i < ROUGH_LANES else ROUGH_LANES), &o[i, 0])
            i += ROUGH_LANES
    return out


def rough_model() -> dict[str, np.ndarray]:
    """The network the core is compiled with, see trailcoach.roughness.Model."""
    return {
        "mean": floats_of(TC_ROUGH_MEAN, ROUGH_FEATURES), "deviation": floats_of(TC_ROUGH_DEVIATION, ROUGH_FEATURES),
        "weight1": floats_of(TC_ROUGH_WEIGHT1, ROUGH_WEIGHTS1).reshape(ROUGH_FEATURES, ROUGH_UNITS),
        "bias1": floats_of(TC_ROUGH_BIAS1, ROUGH_UNITS),
        "weight2": floats_of(TC_ROUGH_WEIGHT2, ROUGH_WEIGHTS2).reshape(ROUGH_UNITS, ROUGH_UNITS),
        "bias2": floats_of(TC_ROUGH_BIAS2, ROUGH_UNITS),
        "weight3": floats_of(TC_ROUGH_WEIGHT3, ROUGH_WEIGHTS3).reshape(ROUGH_UNITS, ROUGH_OUT),
        "bias3": floats_of(TC_ROUGH_BIAS3, ROUGH_OUT),
        "probability": floats_of(TC_ROUGH_PROBABILITY, ROUGH_QUANTILES),
        "shift": floats_of(TC_ROUGH_SHIFT, ROUGH_QUANTILES),
    }


def nearest(known, int32_t reach, int32_t rim=0) -> np.ndarray:
    """Place in the flattened array of the nearest post that is known, -1 = none within reach posts: int64, (ny, nx)
    less a rim of posts that are looked at and not told of."""
    cdef const uint8_t[:, ::1] k = np.ascontiguousarray(known, np.uint8)
    cdef int32_t ny = k.shape[0], nx = k.shape[1]
    if reach < 0 or rim < 0:
        raise ValueError(f"reach = {reach}, rim = {rim}; 0 posts or more are needed")
    out = np.empty((max(ny - 2 * rim, 0), max(nx - 2 * rim, 0)), np.int64)
    if out.size == 0:
        return out
    cdef int64_t[:, ::1] o = out
    cdef int32_t[::1] room = np.empty(2 * <int64_t> nx * ny + 2 * nx, np.int32)
    with nogil:
        nearest_known(&k[0, 0], nx, ny, reach, rim, &room[0], &o[0, 0])
    return out


cdef class Grid:
    """A height grid the core can read: heights (ny, nx) float32, south to north, NaN = unknown."""
    cdef tc_grid g
    cdef readonly object heights
    cdef readonly object beside

    def __cinit__(self, heights, double x0, double y0, double dx, double sigma=0.0):
        cdef const float[:, ::1] h
        self.heights = np.ascontiguousarray(heights, dtype=np.float32)
        h = self.heights
        self.g.struct_size = sizeof(tc_grid)
        self.g.nx = h.shape[1]
        self.g.ny = h.shape[0]
        self.g.x0, self.g.y0, self.g.dx, self.g.sigma = x0, y0, dx, sigma
        self.g.height = &h[0, 0]
        check(grid_check(&self.g), "height grid")
        self.beside = (None, None, None, None, 0.0)

    def tell(self, post_sigma=None, highest=None, highest_rare=None, spread=None, double cell=0.0) -> None:
        """What is known beside the heights, arrays of their shape (m): tc_grid says what each means. None = not told.

        An engine that has been given this grid must be given it again.
        """
        cdef const float[:, ::1] a
        arrays = [post_sigma, highest, highest_rare, spread]
        for i, array in enumerate(arrays):
            if array is not None:
                arrays[i] = np.ascontiguousarray(array, dtype=np.float32)
                if arrays[i].shape != self.heights.shape:
                    raise ValueError(f"an array of shape {arrays[i].shape} beside heights of {self.heights.shape}")
        cdef const float *at[4]
        for i in range(4):
            at[i] = NULL
            if arrays[i] is not None:
                a = arrays[i]
                at[i] = &a[0, 0]
        self.g.post_sigma, self.g.highest, self.g.highest_rare, self.g.spread = at[0], at[1], at[2], at[3]
        self.g.cell = cell
        self.beside = (*arrays, cell)
        check(grid_check(&self.g), "height grid")

    def surface(self, const double[:, ::1] xy) -> np.ndarray:
        """Height and gradient at points (n, 2): array (n,) of abi.SURFACE_POINT, NaN where unknown."""
        out = np.empty(xy.shape[0], abi.SURFACE_POINT)
        cdef uint8_t[::1] o = out.view(np.uint8)
        cdef size_t n = xy.shape[0]
        if n == 0:
            return out
        with nogil:
            tc_surface(&self.g, &xy[0, 0], n, <tc_surface_point *> &o[0])
        return out

    def surface_into(self, xy, out) -> None:
        """Height and gradient at points into an array: the cheap call, nothing is made.

        xy holds x, y, x, y, ... as float64, C-contiguous, out as many points of abi.SURFACE_POINT or 3 float64 each.
        """
        self._look(xy, out, 3)

    def heights_into(self, xy, out) -> None:
        """Heights at points into an array: the cheap call for the wheels of a vehicle.

        xy holds x, y, x, y, ... as float64, C-contiguous, out one float64 a point; NaN where unknown.
        """
        self._look(xy, out, 1)

    cdef int _look(self, xy, out, int each) except -1:
        cdef Py_buffer a, b
        cdef Py_ssize_t n
        PyObject_GetBuffer(xy, &a, PyBUF_SIMPLE)
        try:
            PyObject_GetBuffer(out, &b, PyBUF_SIMPLE | PyBUF_WRITABLE)
        except BaseException:
            PyBuffer_Release(&a)
            raise
        n = a.len // 16
        if a.len != 16 * n or b.len != 8 * each * n:
            PyBuffer_Release(&a)
            PyBuffer_Release(&b)
            raise ValueError(f"points of {a.len} bytes into {b.len}; 16 bytes a point into {8 * each} are needed")
        if each == 3:
            tc_surface(&self.g, <const double *> a.buf, n, <tc_surface_point *> b.buf)
        else:
            tc_heights(&self.g, <const double *> a.buf, n, <double *> b.buf)
        PyBuffer_Release(&a)
        PyBuffer_Release(&b)
        return 0

    def wheels(self, double x_fl, double y_fl, double x_fr, double y_fr, double x_rl, double y_rl, double x_rr,
               double y_rr) -> tuple[float, float, float, float]:
        """Heights at four places, in the order given; NaN where unknown."""
        cdef double[4] z
        ground(&self.g, x_fl, y_fl, &z[0])
        ground(&self.g, x_fr, y_fr, &z[1])
        ground(&self.g, x_rl, y_rl, &z[2])
        ground(&self.g, x_rr, y_rr, &z[3])
        return z[0], z[1], z[2], z[3]

    @property
    def x0(self) -> float:
        """East of the south-west post, m."""
        return self.g.x0

    @property
    def y0(self) -> float:
        """North of the south-west post, m."""
        return self.g.y0

    @property
    def dx(self) -> float:
        """Distance of posts, m."""
        return self.g.dx

    @property
    def sigma(self) -> float:
        """Standard deviation of a height, m."""
        return self.g.sigma


cdef int32_t layers_of(const tc_grid *g):
    """Arrays of a grid."""
    return 1 + (g.post_sigma is not NULL) + 3 * (g.highest is not NULL)


cdef object spaced(const tc_grid *g, room):
    """The arrays of a grid among all a pack may know, (n, ny, nx)."""
    layers = room[:TC_PACK_LAYERS * g.nx * g.ny].reshape(TC_PACK_LAYERS, g.ny, g.nx)
    return layers[[True, g.post_sigma is not NULL, *[g.highest is not NULL] * 3]]


cdef Grid grid_of(const tc_grid *g, layers):
    """A grid of arrays (n, ny, nx) in the order of a pack, those it has."""
    grid = Grid(layers[0], g.x0, g.y0, g.dx, g.sigma)
    beside = list(layers[1:])
    sigma = beside.pop(0) if g.post_sigma is not NULL else None
    grid.tell(sigma, *(beside or [None] * 3))
    return grid


cdef class Pack:
    """Packed tiles in memory: any object with the buffer protocol, such as a numpy.memmap. See ext/pack.pxi."""
    cdef tc_pack p
    cdef readonly object bytes

    def __cinit__(self, bytes):
        cdef const uint8_t[::1] b = bytes
        self.bytes = bytes
        self.p.struct_size = sizeof(tc_pack)
        check(tc_pack_open(&b[0] if b.shape[0] else NULL, b.shape[0], &self.p), "pack")

    def verify(self) -> None:
        """Check all heights."""
        cdef tc_status st
        with nogil:
            st = tc_pack_verify(&self.p)
        check(st, "pack")

    def tile(self, double x, double y) -> Grid | None:
        """The tile about a place, its heights as they lie in the pack, None where nothing is known."""
        cdef tc_grid g
        g.struct_size = sizeof(tc_grid)
        cdef tc_status st = tc_pack_tile(&self.p, x, y, &g)
        if st == TC_NONE:
            return None
        check(st, "pack")
        start = <const uint8_t *> g.height - <const uint8_t *> self.p.bytes
        layers = np.frombuffer(self.bytes, np.float32, layers_of(&g) * g.nx * g.ny, start).reshape(-1, g.ny, g.nx)
        return grid_of(&g, layers)

    def ground(self, double x, double y, double half_size, size_t posts) -> Grid:
        """The ground about a place as tc_pack_ground gives it, with at most so many posts."""
        cdef tc_grid g
        cdef float[::1] room = np.empty(TC_PACK_LAYERS * posts, np.float32)
        g.struct_size = sizeof(tc_grid)
        cdef tc_status st
        with nogil:
            st = tc_pack_ground(&self.p, x, y, half_size, &room[0], room.shape[0], &g)
        check(st, "pack")
        return grid_of(&g, spaced(&g, np.asarray(room)))

    def cut(self, int32_t i, int32_t j, int32_t ni, int32_t nj) -> Grid:
        """Posts of the lattice with all that is known beside their heights, as tc_pack_cut gives them."""
        cdef tc_grid g
        cdef float[::1] room = np.empty(TC_PACK_LAYERS * max(<int64_t> ni * nj, 1), np.float32)
        g.struct_size = sizeof(tc_grid)
        cdef tc_status st
        with nogil:
            st = tc_pack_cut(&self.p, i, j, ni, nj, &room[0], room.shape[0], &g)
        check(st, "pack")
        return grid_of(&g, spaced(&g, np.asarray(room)))

    @property
    def lattice(self) -> tuple[float, float, float, int, int]:
        """Place of the south-west post, distance of posts (m), posts west to east and south to north."""
        return self.p.x0, self.p.y0, self.p.dx, self.p.nx, self.p.ny

    @property
    def cells(self) -> int:
        """Along a side of a tile."""
        return self.p.cells

    @property
    def n_tiles(self) -> int:
        """Tiles with known heights."""
        return self.p.n_tiles

    @property
    def sigma(self) -> float:
        """The largest standard deviation of a height, m."""
        return self.p.sigma

    @property
    def crs(self) -> str | None:
        """Code or WKT of the world's system; None = local metres."""
        return self.p.crs[:self.p.crs_size].decode() if self.p.crs_size else None


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


cdef class Coach:
    """The coach by itself: what it says of states, stances and lines that come from anywhere.

    Parameters are arrays of abi.CONFIG (its coach, vehicle and line part count) with shape ().
    """
    cdef coach_state *_c
    cdef line_planner *_line

    def __cinit__(self, config):
        cdef const uint8_t[::1] b = bytes_of(config, abi.CONFIG)
        cdef const tc_config *c = <const tc_config *> &b[0]
        self._c = <coach_state *> calloc(1, sizeof(coach_state))
        self._line = <line_planner *> calloc(1, sizeof(line_planner))
        if self._c is NULL or self._line is NULL:
            raise MemoryError("coach")
        self._line.config = c.line
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
