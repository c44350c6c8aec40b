# The nearest known post, for posts a few spacings beside known ground: what the blend of two resolutions asks for.
#
# Exact, in a time that does not grow with the reach: along columns first, then across by the lower envelope of the
# columns' parabolas (Meijster, Roerdink & Hesselink 2000). Of several as near the western column counts, and in one
# column the southern post: the same one wherever a tile is cut.

cdef void nearest_along(const uint8_t *known, int32_t nx, int32_t ny, int32_t reach, int32_t *row,
                        int32_t *north) noexcept nogil:
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
        north[at + i] = ny - 1 if known[at + i] else ny + reach
    for j in range(ny - 2, -1, -1):
        at = <int64_t> j * nx
        for i in range(nx):
            north[at + i] = j if known[at + i] else north[at + i + nx]
    for j in range(ny):
        at = <int64_t> j * nx
        for i in range(nx):
            if north[at + i] - j < j - row[at + i]:
                row[at + i] = north[at + i]
            if row[at + i] - j > reach or j - row[at + i] > reach:
                row[at + i] = -1


cdef inline int64_t apart_squared(const int32_t *row, int64_t j, int64_t i, int64_t column) noexcept nogil:
    """From post (i, j) to the nearest known of a column, posts^2."""
    return (i - column) * (i - column) + (j - row[column]) * (j - row[column])


cdef void nearest_across(const int32_t *row, int32_t nx, int32_t j, int32_t rim, int32_t reach, int32_t *room,
                         int64_t *out) noexcept nogil:
    """Places of the nearest known posts of row j between the rims, from those of its columns (`row` begins there)."""
    cdef int32_t *column = room                 # columns that are the nearest somewhere, from the west,
    cdef int32_t *begins = room + nx            # and the first post where each of them is
    cdef int32_t u, q = -1, i
    cdef int64_t past
    for u in range(nx):
        if row[u] < 0:
            continue
        while q >= 0 and apart_squared(row, j, begins[q], column[q]) > apart_squared(row, j, begins[q], u):
            q -= 1
        past = 0
        if q >= 0:
            i = column[q]
            past = apart_squared(row, j, 0, u) - apart_squared(row, j, 0, i)
            past = past // (2 * (<int64_t> u - i)) + 1
        if past < nx:
            q += 1
            column[q] = u
            begins[q] = <int32_t> past
    for i in range(nx - rim - 1, rim - 1, -1):
        while q > 0 and begins[q] > i:
            q -= 1
        out[i - rim] = -1
        if q >= 0 and apart_squared(row, j, i, column[q]) <= <int64_t> reach * reach:
            out[i - rim] = <int64_t> row[column[q]] * nx + column[q]


cdef void nearest_known(const uint8_t *known, int32_t nx, int32_t ny, int32_t reach, int32_t rim, int32_t *room,
                        int64_t *out) noexcept nogil:
    """Place of the nearest known post of each post but those of a rim, -1 = none within reach; room is room for two
    numbers a post and two a column."""
    cdef int64_t n = <int64_t> nx * ny
    cdef int32_t j
    nearest_along(known, nx, ny, reach, room, room + n)
    for j in range(rim, ny - rim):
        nearest_across(room + <int64_t> j * nx, nx, j, rim, reach, room + 2 * n,
                       out + <int64_t> (j - rim) * (nx - 2 * rim))
