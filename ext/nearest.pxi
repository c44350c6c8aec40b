# The nearest known post, for posts a few spacings beside known ground: what the blend of two resolutions asks for.
#
# Exact within its reach, and no dearer than that: along columns first, then across (Saito & Toriwaki 1994, Pattern
# Recognition 27(11)). Of several as near the western column counts, and in one column the southern post: the same one
# wherever a tile is cut.

cdef void nearest_along(const uint8_t *known, int32_t nx, int32_t ny, int32_t reach, int32_t *row,
                        int64_t *north) noexcept nogil:
    """Row of the nearest known post of the same column, -1 = none within reach; north is room for all posts."""
    cdef int32_t i, j
    cdef int64_t at
    for i in range(nx):
        row[i] = 0 if known[i] else -reach - 1
    for j in range(1, ny):
        at = <int64_t> j * nx
        for i in range(nx):
            row[at + i] = j if known[at + i] else row[at + i - nx]
    at = <int64_t> (ny - 1) * nx
    for i in range(nx):
        north[at + i] = ny - 1 if known[at + i] else <int64_t> ny + reach
    for j in range(ny - 2, -1, -1):
        at = <int64_t> j * nx
        for i in range(nx):
            north[at + i] = j if known[at + i] else north[at + i + nx]
    for j in range(ny):
        at = <int64_t> j * nx
        for i in range(nx):
            if north[at + i] - j < j - row[at + i]:
                row[at + i] = <int32_t> north[at + i]
            if row[at + i] - j > reach or j - row[at + i] > reach:
                row[at + i] = -1


cdef int64_t nearest_across(const int32_t *row, int32_t nx, int32_t i, int32_t j, int32_t reach) noexcept nogil:
    """Place of the nearest known post from those of the columns (`row` begins at row j), -1 = none within reach."""
    cdef int64_t best = -1, least = <int64_t> reach * reach + 1, off, d, k
    for off in range(reach + 1):
        if off * off > least:
            break
        k = i - off
        if k >= 0 and row[k] >= 0:
            d = <int64_t> (j - row[k]) * (j - row[k]) + off * off
            if d < least or (d == least and best >= 0):
                least = d
                best = row[k] * nx + k
        k = i + off
        if k < nx and row[k] >= 0:
            d = <int64_t> (j - row[k]) * (j - row[k]) + off * off
            if d < least:
                least = d
                best = row[k] * nx + k
    return best


cdef void nearest_known(const uint8_t *known, int32_t nx, int32_t ny, int32_t reach, int32_t *row,
                        int64_t *out) noexcept nogil:
    """Place of the nearest known post of each post, -1 = none within reach; row is room for all posts."""
    cdef int32_t i, j, k, near
    cdef int64_t at
    cdef const int32_t *here
    nearest_along(known, nx, ny, reach, row, out)
    for j in range(ny):
        here = row + <int64_t> j * nx
        near = 0                                # columns within reach that know one
        for k in range(reach if reach < nx else nx):
            near += here[k] >= 0
        for i in range(nx):
            at = <int64_t> j * nx + i
            near += i + reach < nx and here[i + reach] >= 0
            near -= i > reach and here[i - reach - 1] >= 0
            out[at] = at if known[at] else nearest_across(here, nx, i, j, reach) if near > 0 else -1
