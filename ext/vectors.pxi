# Four floats at a time, as every C compiler with vector_size makes of it: SSE2 on x86-64, NEON on aarch64, the same
# bits.

cdef extern from *:
    """
    typedef float tc_four __attribute__((vector_size(16)));
    typedef int32_t tc_four_bits __attribute__((vector_size(16)));

    static inline tc_four tc_select(tc_four_bits mask, tc_four a, tc_four b) {
        return (tc_four)(((tc_four_bits)a & mask) | ((tc_four_bits)b & ~mask));
    }
    #if defined(__SSE2__)
    #include <emmintrin.h>
    static inline tc_four tc_lesser(tc_four a, tc_four b) { return _mm_min_ps(a, b); }
    static inline tc_four tc_greater(tc_four a, tc_four b) { return _mm_max_ps(a, b); }
    static inline tc_four tc_root(tc_four a) { return _mm_sqrt_ps(a); }
    static inline __m128 tc_two_pairs(const float *a, const float *b) {
        double low, high;
        memcpy(&low, a, sizeof low);
        memcpy(&high, b, sizeof high);
        return _mm_castpd_ps(_mm_set_pd(high, low));
    }
    /* Four floats and the one after each of them. */
    static inline void tc_load_pairs(const float *a, const float *b, const float *c, const float *d, tc_four *first,
                                     tc_four *next) {
        const __m128 low = tc_two_pairs(a, b), high = tc_two_pairs(c, d);
        *first = _mm_shuffle_ps(low, high, 0x88);
        *next = _mm_shuffle_ps(low, high, 0xdd);
    }
    #else
    static inline tc_four tc_lesser(tc_four a, tc_four b) { return tc_select(a < b, a, b); }
    static inline tc_four tc_greater(tc_four a, tc_four b) { return tc_select(a > b, a, b); }
    static inline tc_four tc_root(tc_four a) { return (tc_four){sqrtf(a[0]), sqrtf(a[1]), sqrtf(a[2]), sqrtf(a[3])}; }
    static inline void tc_load_pairs(const float *a, const float *b, const float *c, const float *d, tc_four *first,
                                     tc_four *next) {
        *first = (tc_four){a[0], b[0], c[0], d[0]};
        *next = (tc_four){a[1], b[1], c[1], d[1]};
    }
    #endif
    /* Which of four are not above the limit, as bits: NaN is not. */
    static inline int tc_not_above(tc_four a, float limit) {
    #if defined(__SSE2__)
        return _mm_movemask_ps(_mm_cmpngt_ps(a, _mm_set1_ps(limit)));
    #else
        return (a[0] > limit ? 0 : 1) | (a[1] > limit ? 0 : 2) | (a[2] > limit ? 0 : 4) | (a[3] > limit ? 0 : 8);
    #endif
    }
    static inline float tc_least(tc_four a) {
        const float b = a[0] < a[1] ? a[0] : a[1], c = a[2] < a[3] ? a[2] : a[3];
        return b < c ? b : c;
    }
    static inline tc_four tc_load(const float *p) { tc_four v; memcpy(&v, p, sizeof v); return v; }
    static inline tc_four_bits tc_within(tc_four v, float limit) {
        return (tc_four)((tc_four_bits)v & 0x7fffffff) <= limit;
    }
    """
