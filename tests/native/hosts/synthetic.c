/* Drives an engine over bumps with samples made here, and counts the heap calls inside each function of the ABI.
 * argv[1]: a tc_config with a vehicle. Prints "function calls heap_calls" a line; a call that had nothing to give
 * (TC_NONE) is not counted as a call.
 * With -DNO_COUNT the heap is left to the sanitizers. */
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <trailcoach.h>

static long heap_calls;

#ifndef NO_COUNT
/* glibc lets a program put its own malloc family before the library's */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void __libc_free(void *memory);
void *malloc(size_t size) { heap_calls++; return __libc_malloc(size); }
void *calloc(size_t n, size_t size) { heap_calls++; return __libc_calloc(n, size); }
void *realloc(void *memory, size_t size) { heap_calls++; return __libc_realloc(memory, size); }
void free(void *memory) { heap_calls++; __libc_free(memory); }
#endif

enum { CREATE, RESET, PUSH_IMU, PUSH_WHEELS, PUSH_INCLINATION, PUSH_STEERING, PUSH_SPEED, PUSH_GNSS, TICK, GET_STATE, GET_STANCE,
       GET_LINE, NEXT_STEP, SURFACE, SETTLE, PLAN, FUNCTIONS };
static const char *const name[FUNCTIONS] = {
    "tc_create", "tc_reset", "tc_push_imu", "tc_push_wheels", "tc_push_inclination", "tc_push_steering", "tc_push_speed",
    "tc_push_gnss", "tc_tick", "tc_get_state", "tc_get_stance", "tc_get_line", "tc_next_step", "tc_surface", "tc_settle",
    "tc_plan" };
static long calls[FUNCTIONS], heap_calls_in[FUNCTIONS];

#define COUNT(function, call) do {                                                          \
        long before = heap_calls;                                                           \
        tc_status status = (call);                                                          \
        heap_calls_in[function] += heap_calls - before;                                     \
        calls[function] += status == TC_OK;                                                 \
        if (status < 0) {                                                                   \
            fprintf(stderr, "%s: %s\n", name[function], tc_strerror(status));               \
            exit(1);                                                                        \
        }                                                                                   \
    } while (0)

enum { NX = 600, NY = 200, IMU_HZ = 200, SECONDS = 20, LATE_NS = 300000001 };
static const double POST = 0.05;            /* m */
static const double START_X = 4.0, START_Y = 5.0;
static const double SPEED = 1.0;            /* m/s */
static const double REST = 3.0;             /* s before it rolls */
static float heights[NX * NY];
static tc_config config;
static tc_stance stances[16];
static tc_line_point points[TC_MAX_LINE];

/* Square of the distance to a boulder on the trail, so that there is something to say, m^2 */
static double boulder(double x, double y) { return (x - 12.0) * (x - 12.0) + (y - 5.2) * (y - 5.2); }

static void make_bumps(void)
{
    int ix, iy;

    for (iy = 0; iy < NY; iy++)
        for (ix = 0; ix < NX; ix++)
            heights[iy * NX + ix] = (float)(0.08 * sin(1.7 * ix * POST) * cos(2.3 * iy * POST)
                                            + 0.05 * sin(6.1 * ix * POST + 1.0) * sin(5.3 * iy * POST)
                                            + 0.6 * exp(-boulder(ix * POST, iy * POST) / 0.3));
}

static double rolled(double t) { return t < REST ? 0.0 : SPEED * (t - REST); }

static void push_samples(tc_engine *engine, long i)
{
    double t = (double)i / IMU_HZ, v = t < REST ? 0.0 : SPEED;
    int64_t t_ns = (int64_t)i * (1000000000 / IMU_HZ);
    tc_imu imu = { .struct_size = sizeof imu, .t_ns = t_ns, .accelerometer = { 0.0, 0.0, 9.80665 } };
    tc_wheels wheels = { .struct_size = sizeof wheels, .t_ns = t_ns, .speed = { v, v, v, v } };
    tc_inclination inclination = { .struct_size = sizeof inclination, .t_ns = t_ns };
    tc_steering steering = { .struct_size = sizeof steering, .t_ns = t_ns };
    tc_speed speed = { .struct_size = sizeof speed, .t_ns = t_ns, .speed = v };
    tc_gnss gnss = { .struct_size = sizeof gnss, .flags = TC_GNSS_VELOCITY, .t_ns = t_ns,
                     .position = { START_X + rolled(t), START_Y, 1.5 }, .velocity = { v, 0.0, 0.0 },
                     .sd_position = { 0.05, 0.05, 0.1 }, .sd_velocity = { 0.05, 0.05, 0.1 } };

    if (i % 8 == 1) wheels.t_ns -= LATE_NS;     /* every other one takes the filter back */
    COUNT(PUSH_IMU, tc_push_imu(engine, &imu));
    if (i % 4 == 1) COUNT(PUSH_WHEELS, tc_push_wheels(engine, &wheels));
    if (i % 10 == 2) COUNT(PUSH_INCLINATION, tc_push_inclination(engine, &inclination));
    if (i % 10 == 3) COUNT(PUSH_STEERING, tc_push_steering(engine, &steering));
    if (i % 20 == 4) COUNT(PUSH_SPEED, tc_push_speed(engine, &speed));
    if (i % 40 == 5) COUNT(PUSH_GNSS, tc_push_gnss(engine, &gnss));
}

static void tick_and_read(tc_engine *engine, int64_t t_ns)
{
    tc_state state = { .struct_size = sizeof state };
    tc_line_info info = { .struct_size = sizeof info };
    tc_step step = { .struct_size = sizeof step };
    size_t n;

    stances[0].struct_size = sizeof stances[0];
    COUNT(TICK, tc_tick(engine, t_ns));
    COUNT(GET_STATE, tc_get_state(engine, &state));
    COUNT(GET_STANCE, tc_get_stance(engine, stances));
    COUNT(GET_LINE, tc_get_line(engine, &info, points, TC_MAX_LINE, &n));
    COUNT(NEXT_STEP, tc_next_step(engine, &step));
}

static unsigned state_rewinds(const tc_engine *engine)
{
    tc_state state = { .struct_size = sizeof state };

    return tc_get_state(engine, &state) == TC_OK ? (unsigned)state.rewinds : 0;
}

static void stations_by_themselves(tc_engine *engine, const tc_grid *grid)
{
    double poses[3 * 16], xy[2 * 16], start[3] = { 6.0, 5.0, 0.0 }, goal[3] = { 16.0, 5.0, NAN };
    tc_surface_point ground[16];
    tc_line_info info = { .struct_size = sizeof info };
    size_t n;
    int i;

    for (i = 0; i < 16; i++) {
        poses[3 * i] = xy[2 * i] = 4.0 + i;
        poses[3 * i + 1] = xy[2 * i + 1] = 5.0;
        poses[3 * i + 2] = 0.4 * i;
    }
    poses[0] = -100.0;                      /* off the map */
    poses[3] = NAN;
    COUNT(SURFACE, tc_surface(grid, xy, 16, ground));
    COUNT(SETTLE, tc_settle(engine, poses, 16, stances));
    COUNT(PLAN, tc_plan(engine, start, goal, &info, points, TC_MAX_LINE, &n));
}

int main(int argc, char **argv)
{
    static const double trail[] = { 4.0, 5.0, 14.0, 5.5, 26.0, 5.0 };
    tc_grid grid = { sizeof grid, NX, NY, 0, 0.0, 0.0, POST, 0.01, heights, 0.0, NULL, NULL, NULL, NULL };
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    tc_engine *engine;
    long i;

    if (file == NULL || fread(&config, sizeof config, 1, file) != 1 || fclose(file) != 0) {
        fputs("usage: synthetic CONFIG\n", stderr);
        return 2;
    }
    make_bumps();
    COUNT(CREATE, tc_create(&config, &engine));
    if (tc_set_terrain(engine, &grid) != TC_OK || tc_set_trail(engine, trail, 3, 3.0) != TC_OK
        || tc_set_start(engine, START_X, START_Y, 0.0, 0.0, 0.05, 0.01) != TC_OK)
        return 3;
    for (i = 0; i < (long)SECONDS * IMU_HZ; i++) {
        push_samples(engine, i);
        if (i % 20 == 19) tick_and_read(engine, (int64_t)i * (1000000000 / IMU_HZ));
    }
    if (state_rewinds(engine) == 0)
        return 4;
    stations_by_themselves(engine, &grid);
    COUNT(RESET, tc_reset(engine));
    tc_destroy(engine);
    for (i = 0; i < FUNCTIONS; i++) printf("%s %ld %ld\n", name[i], calls[i], heap_calls_in[i]);
    return 0;
}
