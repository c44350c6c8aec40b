# What the search keeps in order: open nodes by price in a binary heap, closed states in a hash table. Both live in
# memory given once; ties go to the smaller node index, so that the same input gives the same line.

cdef struct heap_entry:
    double price
    int32_t node

cdef struct search_heap:
    heap_entry *entry
    int32_t n, capacity

cdef struct closed_state:
    uint64_t key
    uint32_t plan                       # the plan that closed it; of another one = free

cdef struct search_table:
    closed_state *state
    uint32_t mask                       # size - 1, the size is a power of two
    uint32_t plan


cdef inline bint heap_before(const heap_entry *a, const heap_entry *b) noexcept nogil:
    return a.price < b.price or (a.price == b.price and a.node < b.node)


cdef void heap_push(search_heap *h, double price, int32_t node) noexcept nogil:
    """The caller keeps every node at most once in the heap, so that it cannot overflow."""
    cdef heap_entry new
    cdef int32_t i = h.n, up
    new.price = price
    new.node = node
    h.n += 1
    while i > 0:
        up = (i - 1) >> 1
        if not heap_before(&new, &h.entry[up]):
            break
        h.entry[i] = h.entry[up]
        i = up
    h.entry[i] = new


cdef int32_t heap_pop(search_heap *h) noexcept nogil:
    """The cheapest node; the heap must not be empty."""
    cdef int32_t best = h.entry[0].node, i = 0, child
    cdef heap_entry last
    h.n -= 1
    last = h.entry[h.n]
    while True:
        child = 2 * i + 1
        if child >= h.n:
            break
        if child + 1 < h.n and heap_before(&h.entry[child + 1], &h.entry[child]):
            child += 1
        if not heap_before(&h.entry[child], &last):
            break
        h.entry[i] = h.entry[child]
        i = child
    h.entry[i] = last
    return best


cdef void heap_drop(search_heap *h, int32_t node) noexcept nogil:
    """Take a node out again, wherever it is: built anew without it."""
    cdef int32_t i, n = h.n
    cdef heap_entry entry
    h.n = 0
    for i in range(n):
        entry = h.entry[i]
        if entry.node != node:
            heap_push(h, entry.price, entry.node)


cdef uint32_t table_size(uint32_t n) noexcept nogil:
    """Slots for n states at a load of a half at most."""
    cdef uint32_t size = 64
    while size < 2 * <uint64_t> n and size < 0x80000000u:
        size <<= 1
    return size


cdef void table_clear(search_table *t) noexcept nogil:
    """Forget all states: by a new plan number, and by writing only when the numbers have run out."""
    cdef uint32_t i
    t.plan += 1
    if t.plan == 0:
        for i in range(t.mask + 1):
            t.state[i].plan = 0
        t.plan = 1


cdef inline closed_state *table_slot(const search_table *t, uint64_t key) noexcept nogil:
    """The slot of the key, or the free one where it would go. Linear probing after Fibonacci hashing (Knuth 6.4)."""
    cdef uint32_t i = <uint32_t> ((key * <uint64_t> 0x9E3779B97F4A7C15u) >> 32) & t.mask
    while t.state[i].plan == t.plan and t.state[i].key != key:
        i = (i + 1) & t.mask
    return &t.state[i]


cdef inline bint table_has(const search_table *t, uint64_t key) noexcept nogil:
    return table_slot(t, key).plan == t.plan


cdef inline void table_add(search_table *t, uint64_t key) noexcept nogil:
    cdef closed_state *slot = table_slot(t, key)
    slot.key = key
    slot.plan = t.plan
