# What is known of the ground block by block: a plane that no post of the block, and so no ground between its posts, is
# above. On smooth ground it lies on it; a search for the least gap leaves out a block whose plane is too low.
#
# The memory is a window of fixed size that wraps around the map. A block is measured when it is first asked for, so
# that maps of any size need no time at their creation, and it may push another one out: that costs time, and changes
# no result, because a bound only says where not to look. Heights must stay as they are until bounds_forget; where
# others are asked for, what was known is forgotten.

cdef enum:
    BLOCK = 4                           # cells along a side
    BLOCKS_BITS = 8
    BLOCKS = 1 << BLOCKS_BITS           # remembered along a side

cdef struct block_bound:
    float top                           # of the plane over the first post, m; NaN where a post is unknown
    float along, across                 # its rise per cell of u and v, m
    uint32_t key                        # of the block that is here, 0 = none
    uint32_t epoch                      # in which it was measured

cdef struct ground_bounds:
    block_bound block[BLOCKS * BLOCKS]
    const float *height                 # of the grid that the blocks are of
    uint32_t epoch


cdef void bounds_forget(ground_bounds *b) noexcept nogil:
    b.epoch += 1
    if b.epoch == 0:                    # what was measured so long ago must not seem new
        memset(b, 0, sizeof(ground_bounds))


cdef inline void bounds_on(ground_bounds *b, const tc_grid *g) noexcept nogil:
    """Make the bounds those of a grid."""
    if b.height != g.height:
        bounds_forget(b)
        b.height = g.height


cdef inline float round_up(double value) noexcept nogil:
    """A float that is not below the value."""
    cdef float f = <float> value
    return f if f >= value else f + <float> (fabs(value) * 1.2e-7 + 1e-30)


cdef void block_measure(const float *h, int64_t row, block_bound *b) noexcept nogil:
    """The plane over a whole block: least squares for its slope, raised until no post is above it."""
    cdef double along = 0.0, across = 0.0, top = -1e300, sum_h = 0.0, z
    cdef const float *r
    cdef int32_t i, j
    for j in range(BLOCK + 1):
        r = h + j * row
        along += 2.0 * (r[4] - r[0]) + (r[3] - r[1])
        z = <double> r[0] + r[1] + r[2] + r[3] + r[4]
        across += (j - 2) * z
        sum_h += z
    b.along = <float> (along / 50.0)
    b.across = <float> (across / 50.0)
    for j in range(BLOCK + 1):
        r = h + j * row
        for i in range(BLOCK + 1):
            z = r[i] - i * <double> b.along - j * <double> b.across
            top = z if z > top else top
    b.top = round_up(top) if sum_h == sum_h else <float> NAN


cdef void block_measure_rim(const float *h, int64_t row, int32_t nx, int32_t ny, block_bound *b) noexcept nogil:
    """The same for a block the map ends in after nx times ny posts: level."""
    cdef float top = h[0]
    cdef double sum_h = 0.0
    cdef int32_t i, j
    for j in range(ny):
        for i in range(nx):
            sum_h += h[j * row + i]
            top = h[j * row + i] if h[j * row + i] > top else top
    b.along = b.across = 0.0
    b.top = top if sum_h == sum_h else <float> NAN


cdef void block_fill(const tc_grid *g, int32_t bx, int32_t by, block_bound *b) noexcept nogil:
    cdef const float *h = g.height + <int64_t> BLOCK * by * g.nx + BLOCK * bx
    cdef int32_t nx = g.nx - BLOCK * bx, ny = g.ny - BLOCK * by
    if nx > BLOCK and ny > BLOCK:
        block_measure(h, g.nx, b)
        return
    block_measure_rim(h, g.nx, nx if nx < BLOCK + 1 else BLOCK + 1, ny if ny < BLOCK + 1 else BLOCK + 1, b)


cdef inline const block_bound *ground_block(const tc_grid *g, ground_bounds *b, int32_t bx, int32_t by) noexcept nogil:
    """What is known of the block whose first post is (BLOCK bx, BLOCK by), which must be on the map."""
    cdef block_bound *at = &b.block[((by & (BLOCKS - 1)) << BLOCKS_BITS) | (bx & (BLOCKS - 1))]
    cdef uint32_t key = 1 + (<uint32_t> (by >> BLOCKS_BITS) << 15 | <uint32_t> (bx >> BLOCKS_BITS))
    if at.key != key or at.epoch != b.epoch:
        block_fill(g, bx, by, at)
        at.key = key
        at.epoch = b.epoch
    return at
