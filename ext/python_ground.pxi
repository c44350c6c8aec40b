# Height grids and packs for Python.


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
