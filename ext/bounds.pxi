# What is known of the ground block by block: a plane that no post of the block, and so no ground between its posts, is
# above, and how steep it is. On smooth ground the plane lies on it; a search for the least gap leaves out a block whose
# plane is too low.
#
# The memory is a window of fixed size that wraps around the map. It is filled tile by tile as tiles are first asked
# for, so that maps of any size need no time at their creation, and a tile may push another one out: that costs time,
# and changes no result, because a bound only says where not to look. Heights must stay as they are until bounds_forget;
# where others are asked for, what was known is forgotten.

cdef enum:
    BLOCK = 4                           # cells along a side
    RING_BITS = 8
    RING = 1 << RING_BITS               # blocks remembered along a side
    FOURS = RING * RING >> 2
    TILE_BITS = 2                       # blocks along the side of a tile
    TILE_OF_BLOCKS = 1 << TILE_BITS
    TILES = RING >> TILE_BITS           # along a side

cdef struct block_four:
    # of four blocks side by side along u the plane at the middle, m, NaN where a post is unknown; its rise per cell of
    # u and v, m; the most two posts side by side differ by, m. One line of a cache
    float middle[4]
    float along[4]
    float across[4]
    float steep[4]

cdef struct ground_bounds:
    block_four four[FOURS]
    uint32_t key[TILES * TILES]         # of the tile that is here, 0 = none
    uint32_t epoch[TILES * TILES]       # in which it was measured
    const float *height                 # of the grid that the blocks are of
    uint32_t now


cdef inline block_four *four_of(ground_bounds *b, int32_t bx, int32_t by) noexcept nogil:
    """Where the block bx & ~3 and the three beside it are remembered."""
    return &b.four[((by & (RING - 1)) << (RING_BITS - 2)) | ((bx & (RING - 1)) >> 2)]


cdef void bounds_forget(ground_bounds *b) noexcept nogil:
    b.now += 1
    if b.now == 0:                      # what was measured so long ago must not seem new
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


cdef void block_measure(block_four *b, int32_t at, const float *h, int64_t row) noexcept nogil:
    """The plane over a whole block: least squares for its slope, raised until no post is above it."""
    cdef double along = 0.0, across = 0.0, top = -1e300, sum_h = 0.0, z
    cdef float steep = 0.0, step
    cdef const float *r
    cdef int32_t i, j
    for j in range(BLOCK + 1):
        r = h + j * row
        along += 2.0 * (r[4] - r[0]) + (r[3] - r[1])
        z = <double> r[0] + r[1] + r[2] + r[3] + r[4]
        across += (j - 2) * z
        sum_h += z
    b.along[at] = <float> (along / 50.0)
    b.across[at] = <float> (across / 50.0)
    for j in range(BLOCK + 1):
        r = h + j * row
        for i in range(BLOCK + 1):
            z = r[i] - (i - 2) * <double> b.along[at] - (j - 2) * <double> b.across[at]
            top = z if z > top else top
            step = r[i] - r[i - 1] if i > 0 else 0.0
            steep = step if step > steep else -step if -step > steep else steep
            step = r[i] - r[i - row] if j > 0 else 0.0
            steep = step if step > steep else -step if -step > steep else steep
    b.middle[at] = round_up(top) if sum_h == sum_h else <float> NAN
    b.steep[at] = steep


cdef void block_measure_rim(block_four *b, int32_t at, const float *h, int64_t row, int32_t nx,
                            int32_t ny) noexcept nogil:
    """The same for a block the map ends in after nx times ny posts: level, and as steep as can be."""
    cdef float top = h[0]
    cdef double sum_h = 0.0
    cdef int32_t i, j
    for j in range(ny):
        for i in range(nx):
            sum_h += h[j * row + i]
            top = h[j * row + i] if h[j * row + i] > top else top
    b.along[at] = b.across[at] = 0.0
    b.middle[at] = top if sum_h == sum_h else <float> NAN
    b.steep[at] = <float> INFINITY


cdef void tile_measure(ground_bounds *b, const tc_grid *g, int32_t tx, int32_t ty) noexcept nogil:
    """All blocks of a tile; those beyond the map are bottomless."""
    cdef block_four *four
    cdef const float *h
    cdef int32_t bx, by, nx, ny, at
    for by in range(ty << TILE_BITS, (ty + 1) << TILE_BITS):
        for bx in range(tx << TILE_BITS, (tx + 1) << TILE_BITS):
            four = four_of(b, bx, by)
            at = bx & 3
            nx = g.nx - BLOCK * bx
            ny = g.ny - BLOCK * by
            h = g.height + <int64_t> BLOCK * by * g.nx + BLOCK * bx
            if nx > BLOCK and ny > BLOCK:
                block_measure(four, at, h, g.nx)
            elif nx > 0 and ny > 0:
                block_measure_rim(four, at, h, g.nx, nx if nx < BLOCK + 1 else BLOCK + 1,
                                  ny if ny < BLOCK + 1 else BLOCK + 1)
            else:
                four.middle[at] = <float> -1e30
                four.along[at] = four.across[at] = four.steep[at] = 0.0


cdef inline const block_four *tile_ready(ground_bounds *b, const tc_grid *g, int32_t bx, int32_t by) noexcept nogil:
    """See to it that the tile of a block is measured, and return the four of the block."""
    cdef int32_t tx = bx >> TILE_BITS, ty = by >> TILE_BITS, at = (ty & (TILES - 1)) * TILES + (tx & (TILES - 1))
    cdef uint32_t key = 1 + (<uint32_t> ty << 16 | <uint32_t> tx)
    if b.key[at] != key or b.epoch[at] != b.now:
        tile_measure(b, g, tx, ty)
        b.key[at] = key
        b.epoch[at] = b.now
    return four_of(b, bx, by)
