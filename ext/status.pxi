# Status codes of the C ABI in words.

cdef public const char *tc_strerror(tc_status status) noexcept nogil:
    if status == TC_OK:
        return b"ok"
    if status == TC_NONE:
        return b"nothing to read"
    if status == TC_DUPLICATE:
        return b"a sample of this sensor and time has come before"
    if status == TC_E_NULL:
        return b"null pointer"
    if status == TC_E_ABI:
        return b"struct_size or abi_version of another header"
    if status == TC_E_RANGE:
        return b"value not finite or outside what is allowed"
    if status == TC_E_TIME:
        return b"time stamp too old, or jumped"
    if status == TC_E_NOMEM:
        return b"out of memory"
    if status == TC_E_FULL:
        return b"more than the memory given at creation holds"
    if status == TC_E_STATE:
        return b"called before what it needs (terrain, start pose or planner)"
    return b"unknown status"


cdef public uint32_t tc_abi_version() noexcept nogil:
    return TC_ABI_VERSION
