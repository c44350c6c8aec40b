# Packed tiles: one file a host maps into memory, read without GDAL, heap or copy.
#
#     offset  bytes  what (little-endian, IEEE 754)
#          0      8  "TCPACK\r\n": a conversion of line ends is seen at once
#          8      4  uint32 version, 2; version 1 has no layers beside the heights and is still read
#         12      4  uint32 0x01020304: byte order
#         16      8  uint64 size of the file
#         24      8  int32 posts west to east, int32 south to north, of the whole lattice
#         32      4  int32 cells along a side of a tile; a tile has one post more, shared with its neighbour
#         36      4  uint32 number of tiles; a tile without a known height is left out
#         40     32  double x0, y0 of the south-west post, dx, largest sigma, m
#         72      4  uint32 bytes of the name of the system (UTF-8, code or WKT; 0 = local metres)
#         76      4  uint32 CRC-32 of bytes 256 to the end of the index
#         80      8  uint64 offset of the index
#         88    164  0
#        252      4  uint32 CRC-32 of bytes 0 to 251
#        256      .  the name of the system, zeros to a multiple of 8
#     index       .  32 bytes a tile, by row from the south, then by column from the west: int32 column, int32 row,
#                    uint64 offset of its first layer (a multiple of 64), double sigma (the largest of its posts),
#                    uint32 CRC-32 of all its layers, uint32 which layers follow its heights
#                 .  layers of a tile, one after the other, float32, south to north, west to east in a row: the heights,
#                    NaN = unknown; if bit 0 is set sigma of each post; if bit 1 is set what the cells hide: highest,
#                    highest_rare and spread of tc_grid. All in m
#
# CRC-32 is that of zlib and IEEE 802.3. Nothing read here is believed before it is checked.

cdef enum:
    PACK_HEAD = 256
    PACK_ENTRY = 32
    PACK_VERSION = 2
    PACK_WITHOUT_LAYERS = 1             # the version before, whose entries end with 0
    PACK_SIGMA = 1                      # bits of an entry's layers
    PACK_HIDDEN = 2
    PACK_ORDER = 0x01020304
    PACK_MAX_CELLS = 8192
    PACK_MAX_SIDE = 1 << 30

cdef extern from *:
    """
    static const uint32_t TC_CRC[256] = {           /* of the reflected polynomial 0xEDB88320 */
        0x00000000, 0x77073096, 0xee0e612c, 0x990951ba, 0x076dc419, 0x706af48f, 0xe963a535, 0x9e6495a3,
        0x0edb8832, 0x79dcb8a4, 0xe0d5e91e, 0x97d2d988, 0x09b64c2b, 0x7eb17cbd, 0xe7b82d07, 0x90bf1d91,
        0x1db71064, 0x6ab020f2, 0xf3b97148, 0x84be41de, 0x1adad47d, 0x6ddde4eb, 0xf4d4b551, 0x83d385c7,
        0x136c9856, 0x646ba8c0, 0xfd62f97a, 0x8a65c9ec, 0x14015c4f, 0x63066cd9, 0xfa0f3d63, 0x8d080df5,
        0x3b6e20c8, 0x4c69105e, 0xd56041e4, 0xa2677172, 0x3c03e4d1, 0x4b04d447, 0xd20d85fd, 0xa50ab56b,
        0x35b5a8fa, 0x42b2986c, 0xdbbbc9d6, 0xacbcf940, 0x32d86ce3, 0x45df5c75, 0xdcd60dcf, 0xabd13d59,
        0x26d930ac, 0x51de003a, 0xc8d75180, 0xbfd06116, 0x21b4f4b5, 0x56b3c423, 0xcfba9599, 0xb8bda50f,
        0x2802b89e, 0x5f058808, 0xc60cd9b2, 0xb10be924, 0x2f6f7c87, 0x58684c11, 0xc1611dab, 0xb6662d3d,
        0x76dc4190, 0x01db7106, 0x98d220bc, 0xefd5102a, 0x71b18589, 0x06b6b51f, 0x9fbfe4a5, 0xe8b8d433,
        0x7807c9a2, 0x0f00f934, 0x9609a88e, 0xe10e9818, 0x7f6a0dbb, 0x086d3d2d, 0x91646c97, 0xe6635c01,
        0x6b6b51f4, 0x1c6c6162, 0x856530d8, 0xf262004e, 0x6c0695ed, 0x1b01a57b, 0x8208f4c1, 0xf50fc457,
        0x65b0d9c6, 0x12b7e950, 0x8bbeb8ea, 0xfcb9887c, 0x62dd1ddf, 0x15da2d49, 0x8cd37cf3, 0xfbd44c65,
        0x4db26158, 0x3ab551ce, 0xa3bc0074, 0xd4bb30e2, 0x4adfa541, 0x3dd895d7, 0xa4d1c46d, 0xd3d6f4fb,
        0x4369e96a, 0x346ed9fc, 0xad678846, 0xda60b8d0, 0x44042d73, 0x33031de5, 0xaa0a4c5f, 0xdd0d7cc9,
        0x5005713c, 0x270241aa, 0xbe0b1010, 0xc90c2086, 0x5768b525, 0x206f85b3, 0xb966d409, 0xce61e49f,
        0x5edef90e, 0x29d9c998, 0xb0d09822, 0xc7d7a8b4, 0x59b33d17, 0x2eb40d81, 0xb7bd5c3b, 0xc0ba6cad,
        0xedb88320, 0x9abfb3b6, 0x03b6e20c, 0x74b1d29a, 0xead54739, 0x9dd277af, 0x04db2615, 0x73dc1683,
        0xe3630b12, 0x94643b84, 0x0d6d6a3e, 0x7a6a5aa8, 0xe40ecf0b, 0x9309ff9d, 0x0a00ae27, 0x7d079eb1,
        0xf00f9344, 0x8708a3d2, 0x1e01f268, 0x6906c2fe, 0xf762575d, 0x806567cb, 0x196c3671, 0x6e6b06e7,
        0xfed41b76, 0x89d32be0, 0x10da7a5a, 0x67dd4acc, 0xf9b9df6f, 0x8ebeeff9, 0x17b7be43, 0x60b08ed5,
        0xd6d6a3e8, 0xa1d1937e, 0x38d8c2c4, 0x4fdff252, 0xd1bb67f1, 0xa6bc5767, 0x3fb506dd, 0x48b2364b,
        0xd80d2bda, 0xaf0a1b4c, 0x36034af6, 0x41047a60, 0xdf60efc3, 0xa867df55, 0x316e8eef, 0x4669be79,
        0xcb61b38c, 0xbc66831a, 0x256fd2a0, 0x5268e236, 0xcc0c7795, 0xbb0b4703, 0x220216b9, 0x5505262f,
        0xc5ba3bbe, 0xb2bd0b28, 0x2bb45a92, 0x5cb36a04, 0xc2d7ffa7, 0xb5d0cf31, 0x2cd99e8b, 0x5bdeae1d,
        0x9b64c2b0, 0xec63f226, 0x756aa39c, 0x026d930a, 0x9c0906a9, 0xeb0e363f, 0x72076785, 0x05005713,
        0x95bf4a82, 0xe2b87a14, 0x7bb12bae, 0x0cb61b38, 0x92d28e9b, 0xe5d5be0d, 0x7cdcefb7, 0x0bdbdf21,
        0x86d3d2d4, 0xf1d4e242, 0x68ddb3f8, 0x1fda836e, 0x81be16cd, 0xf6b9265b, 0x6fb077e1, 0x18b74777,
        0x88085ae6, 0xff0f6a70, 0x66063bca, 0x11010b5c, 0x8f659eff, 0xf862ae69, 0x616bffd3, 0x166ccf45,
        0xa00ae278, 0xd70dd2ee, 0x4e048354, 0x3903b3c2, 0xa7672661, 0xd06016f7, 0x4969474d, 0x3e6e77db,
        0xaed16a4a, 0xd9d65adc, 0x40df0b66, 0x37d83bf0, 0xa9bcae53, 0xdebb9ec5, 0x47b2cf7f, 0x30b5ffe9,
        0xbdbdf21c, 0xcabac28a, 0x53b39330, 0x24b4a3a6, 0xbad03605, 0xcdd70693, 0x54de5729, 0x23d967bf,
        0xb3667a2e, 0xc4614ab8, 0x5d681b02, 0x2a6f2b94, 0xb40bbe37, 0xc30c8ea1, 0x5a05df1b, 0x2d02ef8d
    };
    static const char TC_PACK_MAGIC[9] = "TCPACK\\r\\n";
    """
    const uint32_t TC_CRC[256]
    const char PACK_MAGIC "TC_PACK_MAGIC"[9]

cdef struct pack_head:
    # the first 88 bytes of a file as they lie
    char magic[8]
    uint32_t version, order
    uint64_t size
    int32_t nx, ny, cells
    uint32_t n_tiles
    double x0, y0, dx, sigma
    uint32_t crs_size, index_crc
    uint64_t index

cdef struct pack_entry:
    int32_t tx, ty
    uint64_t offset
    double sigma
    uint32_t crc, layers


cdef uint32_t crc32(const uint8_t *bytes, uint64_t n) noexcept nogil:
    cdef uint32_t c = 0xFFFFFFFFu
    cdef uint64_t i
    for i in range(n):
        c = TC_CRC[(c ^ bytes[i]) & 0xFF] ^ (c >> 8)
    return c ^ 0xFFFFFFFFu


cdef inline uint64_t pack_layer_posts(int32_t cells) noexcept nogil:
    return <uint64_t> (cells + 1) * <uint64_t> (cells + 1)


cdef inline uint64_t pack_tile_bytes(int32_t cells, uint32_t layers) noexcept nogil:
    cdef uint64_t n = 1 + (1 if layers & PACK_SIGMA else 0) + (3 if layers & PACK_HIDDEN else 0)
    return sizeof(float) * n * pack_layer_posts(cells)


cdef bint pack_head_fits(const pack_head *h, uint64_t size) noexcept nogil:
    """Whether a head, its checksum right, describes a file of this size."""
    if h.version != PACK_VERSION and h.version != PACK_WITHOUT_LAYERS:
        return False
    if h.order != PACK_ORDER or h.size != size:
        return False
    if h.nx < 2 or h.ny < 2 or h.nx > PACK_MAX_SIDE or h.ny > PACK_MAX_SIDE or h.cells < 1 or h.cells > PACK_MAX_CELLS:
        return False
    if not (h.dx > 0.0 and isfinite(h.dx) and fabs(h.x0) <= 1e8 and fabs(h.y0) <= 1e8):
        return False
    if not (h.sigma >= 0.0 and isfinite(h.sigma)):
        return False
    if h.index % 8 != 0 or h.index < PACK_HEAD + <uint64_t> h.crs_size or h.index > size:
        return False
    return PACK_ENTRY * <uint64_t> h.n_tiles <= size - h.index


cdef bint pack_index_fits(const tc_pack *p, uint32_t allowed) noexcept nogil:
    """Whether every tile lies in the file and on the lattice, in order, and has no layers but those allowed."""
    cdef const pack_entry *e = <const pack_entry *> p.index
    cdef uint64_t tile, size = p.size, here, last = 0
    cdef uint32_t k
    for k in range(p.n_tiles):
        if e[k].layers & ~allowed:
            return False
        tile = pack_tile_bytes(p.cells, e[k].layers)
        if e[k].tx < 0 or e[k].ty < 0 or e[k].tx > (p.nx - 2) // p.cells or e[k].ty > (p.ny - 2) // p.cells:
            return False
        if e[k].offset % 64 != 0 or e[k].offset > size or tile > size - e[k].offset:
            return False
        if not (e[k].sigma >= 0.0 and isfinite(e[k].sigma)):
            return False
        here = ((<uint64_t> e[k].ty) << 32) + <uint64_t> e[k].tx + 1
        if here <= last:
            return False
        last = here
    return True


cdef public tc_status tc_pack_open(const void *bytes, size_t size, tc_pack *out) noexcept nogil:
    cdef const uint8_t *b = <const uint8_t *> bytes
    cdef pack_head h
    cdef uint32_t head_crc
    cdef int32_t k
    cdef tc_pack p
    if bytes is NULL or out is NULL:
        return TC_E_NULL
    if out.struct_size < sizeof(tc_pack):
        return TC_E_ABI
    if <size_t> bytes % 8 != 0:
        return TC_E_RANGE               # the heights are read where they lie
    if size < PACK_HEAD:
        return TC_E_FORMAT
    memcpy(&h, b, sizeof(pack_head))
    memcpy(&head_crc, b + PACK_HEAD - 4, 4)
    for k in range(8):
        if h.magic[k] != PACK_MAGIC[k]:
            return TC_E_FORMAT
    if head_crc != crc32(b, PACK_HEAD - 4) or not pack_head_fits(&h, size):
        return TC_E_FORMAT
    if crc32(b + PACK_HEAD, h.index - PACK_HEAD + PACK_ENTRY * <uint64_t> h.n_tiles) != h.index_crc:
        return TC_E_FORMAT
    memset(&p, 0, sizeof(p))
    p.struct_size = sizeof(tc_pack)
    p.nx, p.ny, p.cells = h.nx, h.ny, h.cells
    p.n_tiles, p.crs_size = h.n_tiles, h.crs_size
    p.x0, p.y0, p.dx, p.sigma = h.x0, h.y0, h.dx, h.sigma
    p.crs = <const char *> (b + PACK_HEAD)
    p.bytes = bytes
    p.size = size
    p.index = b + h.index
    if not pack_index_fits(&p, 0 if h.version == PACK_WITHOUT_LAYERS else PACK_SIGMA | PACK_HIDDEN):
        return TC_E_FORMAT
    out[0] = p
    return TC_OK


cdef tc_status pack_check(const tc_pack *pack) noexcept nogil:
    if pack is NULL:
        return TC_E_NULL
    if pack.struct_size < sizeof(tc_pack):
        return TC_E_ABI
    return TC_OK if pack.bytes is not NULL else TC_E_STATE


cdef const pack_entry *pack_find(const tc_pack *p, int32_t tx, int32_t ty) noexcept nogil:
    """The entry of a tile, NULL where it is left out."""
    cdef const pack_entry *e = <const pack_entry *> p.index
    cdef int64_t low = 0, high = <int64_t> p.n_tiles - 1, middle
    while low <= high:
        middle = (low + high) >> 1
        if e[middle].ty == ty and e[middle].tx == tx:
            return &e[middle]
        if e[middle].ty < ty or (e[middle].ty == ty and e[middle].tx < tx):
            low = middle + 1
        else:
            high = middle - 1
    return NULL


cdef const float *pack_heights(const tc_pack *p, const pack_entry *e) noexcept nogil:
    """The heights of a tile where they lie, NULL where their checksum is wrong."""
    cdef const uint8_t *there = <const uint8_t *> p.bytes + e.offset
    if crc32(there, pack_tile_bytes(p.cells, e.layers)) != e.crc:
        return NULL
    return <const float *> there


cdef void pack_layers(const tc_pack *p, const pack_entry *e, const float *heights, const float **at) noexcept nogil:
    """Where the layers of a tile begin, in the order of a file; NULL = it has none."""
    cdef uint64_t n = pack_layer_posts(p.cells)
    cdef const float *hidden = heights + (2 * n if e.layers & PACK_SIGMA else n)
    cdef int32_t k
    at[0] = heights
    at[1] = heights + n if e.layers & PACK_SIGMA else NULL
    for k in range(3):
        at[2 + k] = hidden + k * n if e.layers & PACK_HIDDEN else NULL


cdef public tc_status tc_pack_verify(const tc_pack *pack) noexcept nogil:
    cdef tc_status st = pack_check(pack)
    cdef uint32_t k
    if st != TC_OK:
        return st
    for k in range(pack.n_tiles):
        if pack_heights(pack, &(<const pack_entry *> pack.index)[k]) is NULL:
            return TC_E_FORMAT
    return TC_OK


cdef public tc_status tc_pack_tile(const tc_pack *pack, double x, double y, tc_grid *out) noexcept nogil:
    cdef tc_status st = pack_check(pack)
    cdef double u, v
    cdef int32_t tx, ty
    cdef const pack_entry *e
    cdef const float *heights
    cdef const float *layer[TC_PACK_LAYERS]
    if st != TC_OK:
        return st
    if out is NULL:
        return TC_E_NULL
    if out.struct_size < sizeof(tc_grid):
        return TC_E_ABI
    u = (x - pack.x0) / pack.dx
    v = (y - pack.y0) / pack.dx
    if not (u >= 0.0 and v >= 0.0 and u <= pack.nx - 1 and v <= pack.ny - 1):
        return TC_NONE
    tx = (<int32_t> u if u < pack.nx - 1 else pack.nx - 2) // pack.cells
    ty = (<int32_t> v if v < pack.ny - 1 else pack.ny - 2) // pack.cells
    e = pack_find(pack, tx, ty)
    if e is NULL:
        return TC_NONE
    heights = pack_heights(pack, e)
    if heights is NULL:
        return TC_E_FORMAT
    memset(out, 0, sizeof(tc_grid))
    out.struct_size = sizeof(tc_grid)
    out.nx = out.ny = pack.cells + 1
    out.x0 = pack.x0 + <double> (<int64_t> tx * pack.cells) * pack.dx
    out.y0 = pack.y0 + <double> (<int64_t> ty * pack.cells) * pack.dx
    out.dx = pack.dx
    out.sigma = e.sigma
    pack_layers(pack, e, heights, layer)
    out.height, out.post_sigma = layer[0], layer[1]
    out.highest, out.highest_rare, out.spread = layer[2], layer[3], layer[4]
    return TC_OK


cdef void part_copy(const float *layer, int64_t stride, float missing, float *out, int64_t out_stride, int32_t across,
                    int32_t up) noexcept nogil:
    """A rectangle of a layer; a layer that is not there has one value."""
    cdef int32_t row, k
    for row in range(up):
        if layer is not NULL:
            memcpy(out + row * out_stride, layer + row * stride, across * sizeof(float))
        else:
            for k in range(across):
                out[row * out_stride + k] = missing


cdef tc_status pack_copy(const tc_pack *pack, int32_t i, int32_t j, int32_t ni, int32_t nj, int32_t n_layers,
                         float *out, double *sigma, uint32_t *found) noexcept nogil:
    """Posts of the lattice, which must lie on it: the first layers of a file, one after the other; the largest standard
    deviation of their tiles (0 = none known), and the layers that are worth reading. Tiles without the layer of
    standard deviations have one for all their posts."""
    cdef int32_t cells = pack.cells, tx, ty, west, east, south, north, k
    cdef int64_t posts = <int64_t> ni * nj, at, inside
    cdef const pack_entry *e
    cdef const float *heights
    cdef const float *layer[TC_PACK_LAYERS]
    cdef float missing
    cdef double least = INFINITY
    sigma[0] = 0.0
    found[0] = 0
    for ty in range(j // cells, (j + nj - 1) // cells + 1):
        south = ty * cells if ty * cells > j else j
        north = (ty + 1) * cells if (ty + 1) * cells < j + nj else j + nj
        for tx in range(i // cells, (i + ni - 1) // cells + 1):
            west = tx * cells if tx * cells > i else i
            east = (tx + 1) * cells if (tx + 1) * cells < i + ni else i + ni
            e = pack_find(pack, tx, ty)
            for k in range(TC_PACK_LAYERS):
                layer[k] = NULL
            if e is not NULL:
                heights = pack_heights(pack, e)
                if heights is NULL:
                    return TC_E_FORMAT
                pack_layers(pack, e, heights, layer)
                sigma[0] = larger(sigma[0], e.sigma)
                least = e.sigma if e.sigma < least else least
                found[0] |= e.layers
            at = <int64_t> (south - j) * ni + (west - i)
            inside = <int64_t> (south - ty * cells) * (cells + 1) + (west - tx * cells)
            for k in range(n_layers):
                missing = <float> e.sigma if k == 1 and e is not NULL else <float> NAN
                part_copy(layer[k] + inside if layer[k] is not NULL else NULL, cells + 1, missing,
                          out + k * posts + at, ni, east - west, north - south)
    if least < sigma[0]:
        found[0] |= PACK_SIGMA
    return TC_OK


cdef inline bint on_lattice(const tc_pack *p, int32_t i, int32_t j, int32_t ni, int32_t nj) noexcept nogil:
    return i >= 0 and j >= 0 and ni >= 1 and nj >= 1 and ni <= p.nx - i and nj <= p.ny - j


cdef public tc_status tc_pack_posts(const tc_pack *pack, int32_t i, int32_t j, int32_t ni, int32_t nj, float *out,
                                    double *sigma) noexcept nogil:
    cdef tc_status st = pack_check(pack)
    cdef uint32_t found
    if st != TC_OK:
        return st
    if out is NULL or sigma is NULL:
        return TC_E_NULL
    if not on_lattice(pack, i, j, ni, nj):
        return TC_E_RANGE
    return pack_copy(pack, i, j, ni, nj, 1, out, sigma, &found)


cdef tc_status pack_ground(const tc_pack *pack, int32_t i, int32_t j, int32_t ni, int32_t nj, int32_t n_layers,
                           float *room, tc_grid *out) noexcept nogil:
    """Posts of the lattice, which must lie on it, as a grid."""
    cdef int64_t posts = <int64_t> ni * nj
    cdef double sigma = 0.0
    cdef uint32_t found = 0
    cdef tc_status st = pack_copy(pack, i, j, ni, nj, n_layers, room, &sigma, &found)
    if st != TC_OK:
        return st
    memset(out, 0, sizeof(tc_grid))
    out.struct_size = sizeof(tc_grid)
    out.nx, out.ny = ni, nj
    out.x0 = pack.x0 + i * pack.dx
    out.y0 = pack.y0 + j * pack.dx
    out.dx = pack.dx
    out.sigma = sigma if sigma > 0.0 else pack.sigma
    out.height = room
    if n_layers == TC_PACK_LAYERS and found & PACK_SIGMA:
        out.post_sigma = room + posts
    if n_layers == TC_PACK_LAYERS and found & PACK_HIDDEN:
        out.highest = room + 2 * posts
        out.highest_rare = room + 3 * posts
        out.spread = room + 4 * posts
    return TC_OK


cdef public tc_status tc_pack_cut(const tc_pack *pack, int32_t i, int32_t j, int32_t ni, int32_t nj, float *room,
                                  size_t capacity, tc_grid *out) noexcept nogil:
    cdef tc_status st = pack_check(pack)
    if st != TC_OK:
        return st
    if room is NULL or out is NULL:
        return TC_E_NULL
    if out.struct_size < sizeof(tc_grid):
        return TC_E_ABI
    if not on_lattice(pack, i, j, ni, nj):
        return TC_E_RANGE
    if TC_PACK_LAYERS * <uint64_t> ni * <uint64_t> nj > capacity:
        return TC_E_FULL
    return pack_ground(pack, i, j, ni, nj, TC_PACK_LAYERS, room, out)


cdef inline void window_span(double low, double high, double first, double dx, int32_t n, int32_t *a,
                             int32_t *count) noexcept nogil:
    """First post and number of posts of a stretch, on the lattice, at least two."""
    cdef double p = floor((low - first) / dx), q = -floor(-((high - first) / dx))
    p = 0.0 if p < 0.0 else n - 2.0 if p > n - 2.0 else p
    q = p + 1.0 if q < p + 1.0 else n - 1.0 if q > n - 1.0 else q
    a[0] = <int32_t> p
    count[0] = <int32_t> (q - p) + 1


cdef tc_status pack_about(const tc_pack *pack, double x, double y, double half_size, int32_t n_layers, float *room,
                          size_t capacity, tc_grid *out) noexcept nogil:
    """The ground about a place with so many layers."""
    cdef tc_status st = pack_check(pack)
    cdef int32_t i = 0, j = 0, ni = 0, nj = 0
    if st != TC_OK:
        return st
    if room is NULL or out is NULL:
        return TC_E_NULL
    if out.struct_size < sizeof(tc_grid):
        return TC_E_ABI
    if not (isfinite(x) and isfinite(y) and half_size > 0.0 and isfinite(half_size)):
        return TC_E_RANGE
    window_span(x - half_size, x + half_size, pack.x0, pack.dx, pack.nx, &i, &ni)
    window_span(y - half_size, y + half_size, pack.y0, pack.dx, pack.ny, &j, &nj)
    if <uint64_t> n_layers * <uint64_t> ni * <uint64_t> nj > capacity:
        return TC_E_FULL
    return pack_ground(pack, i, j, ni, nj, n_layers, room, out)


cdef public tc_status tc_pack_window(const tc_pack *pack, double x, double y, double half_size, float *heights,
                                     size_t capacity, tc_grid *out) noexcept nogil:
    return pack_about(pack, x, y, half_size, 1, heights, capacity, out)


cdef public tc_status tc_pack_ground(const tc_pack *pack, double x, double y, double half_size, float *room,
                                     size_t capacity, tc_grid *out) noexcept nogil:
    return pack_about(pack, x, y, half_size, TC_PACK_LAYERS, room, capacity, out)
