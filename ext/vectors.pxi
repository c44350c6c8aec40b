# Four floats at a time, as every C compiler with vector_size makes of it: SSE2 on x86-64, NEON on aarch64, the same
# bits.

cdef extern from *:
    """
    typedef float tc_four __attribute__((vector_size(16)));
    typedef int32_t tc_four_bits __attribute__((vector_size(16)));

    static inline tc_four tc_select(tc_four_bits mask, tc_four a, tc_four b) {
        return (tc_four)(((tc_four_bits)a & mask) | ((tc_four_bits)b & ~mask));
    }
    static inline tc_four tc_lesser(tc_four a, tc_four b) { return tc_select(a < b, a, b); }
    static inline tc_four tc_load(const float *p) { tc_four v; memcpy(&v, p, sizeof v); return v; }
    static inline tc_four_bits tc_within(tc_four v, float limit) {
        return (tc_four)((tc_four_bits)v & 0x7fffffff) <= limit;
    }
    """
