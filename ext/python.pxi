# The entry points of the C ABI for Python. Structs come and go as numpy arrays of the dtypes in trailcoach.abi.
import numpy as np

from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer  # no-cython-lint

from trailcoach import abi
from trailcoach.errors import CoreError


cdef int check(tc_status st, str what) except -1:
    if st != TC_OK:
        raise CoreError(st, f"{what}: {(<bytes> tc_strerror(st)).decode()}")
    return 0


cdef const uint8_t[::1] bytes_of(object array, object dtype):
    """The memory of a structured array, checked for its dtype."""
    if array.dtype != dtype:
        raise TypeError(f"expected an array of {dtype}, got {array.dtype}")
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


cdef object floats_of(const float *a, int64_t n):
    """A copy as an array (n,)."""
    return np.frombuffer((<const char *> a)[:n * sizeof(float)], np.float32)


def struct_sizes() -> dict[str, int]:
    """sizeof of every struct of the C ABI, by its name in trailcoach.abi."""
    return {"PART": sizeof(tc_part), "AXLE": sizeof(tc_axle), "VEHICLE": sizeof(tc_vehicle), "IMU": sizeof(tc_imu),
            "SURFACE_POINT": sizeof(tc_surface_point), "WHEELS": sizeof(tc_wheels), "SPEED": sizeof(tc_speed),
            "INCLINATION": sizeof(tc_inclination), "STEERING": sizeof(tc_steering), "GNSS": sizeof(tc_gnss),
            "FUSION_CONFIG": sizeof(tc_fusion_config), "LINE_CONFIG": sizeof(tc_line_config),
            "COACH_CONFIG": sizeof(tc_coach_config),
            "WINDOW_CONFIG": sizeof(tc_window_config), "CONFIG": sizeof(tc_config), "STATE": sizeof(tc_state),
            "INNOVATION": sizeof(tc_innovation),
            "STANCE": sizeof(tc_stance), "LINE_POINT": sizeof(tc_line_point), "LINE_INFO": sizeof(tc_line_info),
            "RISK": sizeof(tc_risk),
            "STEP": sizeof(tc_step), "CONTACT": sizeof(tc_contact), "ANSWER": sizeof(tc_answer),
            "FOOTING": sizeof(tc_footing), "MARGINS": sizeof(tc_margins)}


def default_config() -> np.ndarray:
    """A tc_config with everything but the vehicle, array of abi.CONFIG with shape ()."""
    cdef tc_config c
    tc_config_default(&c)
    return np.frombuffer((<char *> &c)[:sizeof(tc_config)], abi.CONFIG)[0:1].copy().reshape(())


def default_footing() -> np.ndarray:
    """A tc_footing, array of abi.FOOTING with shape ()."""
    cdef tc_footing f
    tc_footing_default(&f)
    return np.frombuffer((<char *> &f)[:sizeof(tc_footing)], abi.FOOTING)[0:1].copy().reshape(())


def smoother_layout() -> tuple[int, int, int]:
    """Bytes of a snapshot of the filter, where in it the covariance lies, and how many states that has."""
    cdef fusion_filter f
    return sizeof(fusion_filter), <char *> &f.P[0] - <char *> &f, N_X


def smoothed_into(const uint8_t[::1] snapshot, const double[::1] error, const double[:, ::1] P, out) -> None:
    """The state of a snapshot moved by its error, with covariance P, into one element of an array of abi.STATE."""
    cdef uint8_t[::1] o = out.reshape(1).view(np.uint8)
    smoothed_state(<const fusion_filter *> &snapshot[0], &error[0], &P[0, 0], <tc_state *> &o[0])


def at_rest(const int64_t[::1] t_ns, const double[:, ::1] pose) -> tuple[np.ndarray, np.ndarray]:
    """Height, roll and pitch (n, 3) a body on its springs would rest at, from what they were at times evenly spaced,
    and the variance of that; NaN where there are too few times about."""
    cdef pose_past past
    cdef Py_ssize_t i, k, j, n = t_ns.shape[0]
    rest, variance = np.full((n, N_REST), np.nan), np.full((n, N_REST), np.nan)
    cdef double[:, ::1] r = rest
    cdef double[:, ::1] v = variance
    memset(&past, 0, sizeof(past))
    past.n = N_PAST
    for i in range(N_PAST // 2, n - N_PAST // 2):
        for k in range(N_PAST):
            past.t_ns[k] = t_ns[i - N_PAST // 2 + k]
            for j in range(N_REST):
                past.pose[k][2 + j] = pose[i - N_PAST // 2 + k, j]
        if past.t_ns[N_PAST - 1] > past.t_ns[0]:
            past_rest(&past, &r[i, 0], &v[i, 0])
    return rest, variance


def rough_look(const float[:, ::1] heights, double dx) -> tuple[np.ndarray, np.ndarray]:
    """Features (ny, nx, n) float32 of the posts of a grid and their own roughness (ny, nx), m; see roughness.pxi."""
    cdef int32_t ny = heights.shape[0], nx = heights.shape[1]
    features, scale = np.empty((ny, nx, ROUGH_FEATURES), np.float32), np.empty((ny, nx))
    cdef float[:, :, ::1] f = features
    cdef double[:, ::1] s = scale
    cdef double[::1] room = np.empty(ROUGH_ROOM * (nx + 2 * ROUGH_RIM) * (ny + 2 * ROUGH_RIM))
    cdef double[::1] means = np.empty(ROUGH_MEANS * <int64_t> nx * ny)
    if nx < 2 or ny < 2:
        raise ValueError(f"a grid of {nx} x {ny} posts; at least 2 x 2 are needed")
    with nogil:
        rough_features(&heights[0, 0], nx, ny, dx, &room[0], &means[0], &f[0, 0, 0], &s[0, 0])
    return features, scale


def rough_curves(const float[:, ::1] seen) -> np.ndarray:
    """What the network says of features (n, ROUGH_FEATURES): logarithms (n, 10) of nine quantiles and of the rms."""
    cdef Py_ssize_t i = 0, n = seen.shape[0]
    out = np.empty((n, ROUGH_OUT), np.float32)
    cdef float[:, ::1] o = out
    if seen.shape[1] != ROUGH_FEATURES:
        raise ValueError(f"{seen.shape[1]} features; {ROUGH_FEATURES} are needed")
    with nogil:
        while i < n:
            rough_tell(&seen[i, 0], <int32_t> (n - i if n - i < ROUGH_LANES else ROUGH_LANES), &o[i, 0])
            i += ROUGH_LANES
    return out


def rough_model() -> dict[str, np.ndarray]:
    """The network the core is compiled with, see trailcoach.roughness.Model."""
    return {
        "mean": floats_of(TC_ROUGH_MEAN, ROUGH_FEATURES), "deviation": floats_of(TC_ROUGH_DEVIATION, ROUGH_FEATURES),
        "weight1": floats_of(TC_ROUGH_WEIGHT1, ROUGH_WEIGHTS1).reshape(ROUGH_FEATURES, ROUGH_UNITS),
        "bias1": floats_of(TC_ROUGH_BIAS1, ROUGH_UNITS),
        "weight2": floats_of(TC_ROUGH_WEIGHT2, ROUGH_WEIGHTS2).reshape(ROUGH_UNITS, ROUGH_UNITS),
        "bias2": floats_of(TC_ROUGH_BIAS2, ROUGH_UNITS),
        "weight3": floats_of(TC_ROUGH_WEIGHT3, ROUGH_WEIGHTS3).reshape(ROUGH_UNITS, ROUGH_OUT),
        "bias3": floats_of(TC_ROUGH_BIAS3, ROUGH_OUT),
        "probability": floats_of(TC_ROUGH_PROBABILITY, ROUGH_QUANTILES),
        "shift": floats_of(TC_ROUGH_SHIFT, ROUGH_QUANTILES),
    }


def nearest(known, int32_t reach, int32_t rim=0) -> np.ndarray:
    """Place in the flattened array of the nearest post that is known, -1 = none within reach posts: int64, (ny, nx)
    less a rim of posts that are looked at and not told of."""
    cdef const uint8_t[:, ::1] k = np.ascontiguousarray(known, np.uint8)
    cdef int32_t ny = k.shape[0], nx = k.shape[1]
    if reach < 0 or rim < 0:
        raise ValueError(f"reach = {reach}, rim = {rim}; 0 posts or more are needed")
    out = np.empty((max(ny - 2 * rim, 0), max(nx - 2 * rim, 0)), np.int64)
    if out.size == 0:
        return out
    cdef int64_t[:, ::1] o = out
    cdef int32_t[::1] room = np.empty(2 * <int64_t> nx * ny + 2 * nx, np.int32)
    with nogil:
        nearest_known(&k[0, 0], nx, ny, reach, rim, &room[0], &o[0, 0])
    return out
