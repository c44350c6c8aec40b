/* An engine is fed what no sensor, map or driver would send: the answer may be a refusal, never a crash. Run it under
 * sanitizers. argv[1]: a tc_config with a vehicle. The numbers are the same in every run. */
#include <math.h>
#include <stdio.h>
#include <stdint.h>
#include <trailcoach.h>

enum { NX = 120, NY = 80, ENGINES = 40, ROUNDS = 800 };
static uint64_t seed = 88172645463325252u;
static float heights[NX * NY];
static tc_config config;
static tc_stance stances[4];
static tc_line_point points[TC_MAX_LINE];

static uint64_t next(void)                  /* xorshift64, Marsaglia 2003 */
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static double usual(double scale) { return scale * ((double)(next() >> 11) / 4503599627370496.0 - 1.0); }

static double strange(double scale)
{
    switch (next() % 40) {
    case 0: return NAN;
    case 1: return INFINITY;
    case 2: return -INFINITY;
    case 3: return usual(1e300);
    case 4: return usual(1e10);
    case 5: return 5e-324;
    case 6: return 0.0;
    default: return usual(scale);
    }
}

static int64_t strange_time(long i)
{
    switch (next() % 1000) {
    case 0: return INT64_MIN;
    case 1: return INT64_MAX;
    case 2: return -1;
    case 3: return (int64_t)i * 5000000 + 10000000000;      /* the clock jumps by 10 s */
    case 4: return (int64_t)i * 5000000 - 400000000;        /* late */
    default: return (int64_t)i * 5000000;
    }
}

static void fill(double *out, int n, double scale)
{
    int i;

    for (i = 0; i < n; i++) out[i] = strange(scale);
}

static void make_ground(void)
{
    int i;

    for (i = 0; i < NX * NY; i++) heights[i] = next() % 50 == 0 ? NAN : (float)usual(next() % 1000 == 0 ? 1e30 : 0.3);
}

static tc_status push_one(tc_engine *engine, long i)
{
    tc_imu imu = { .struct_size = sizeof imu, .t_ns = strange_time(i) };
    tc_wheels wheels = { .struct_size = sizeof wheels, .t_ns = strange_time(i) };
    tc_inclination inclination = { sizeof inclination, 0, strange_time(i), strange(0.5), strange(0.5) };
    tc_steering steering = { sizeof steering, 0, strange_time(i), strange(0.6) };
    tc_speed speed = { sizeof speed, 0, strange_time(i), strange(3.0) };
    tc_gnss gnss = { .struct_size = sizeof gnss, .flags = (uint32_t)next(), .t_ns = strange_time(i) };

    switch (next() % 8) {
    case 0: fill(wheels.speed, 4, 3.0); return tc_push_wheels(engine, &wheels);
    case 1: return tc_push_inclination(engine, &inclination);
    case 2: return tc_push_steering(engine, &steering);
    case 3: return tc_push_speed(engine, &speed);
    case 4:
        fill(gnss.position, 3, 20.0);
        fill(gnss.velocity, 3, 3.0);
        fill(gnss.sd_position, 3, 1.0);
        fill(gnss.sd_velocity, 3, 1.0);
        return tc_push_gnss(engine, &gnss);
    default:
        fill(imu.gyro, 3, 1.0);
        fill(imu.accelerometer, 3, 5.0);
        imu.accelerometer[2] += 9.8;
        return tc_push_imu(engine, &imu);
    }
}

static void tick_and_read(tc_engine *engine, long i)
{
    tc_state state = { .struct_size = sizeof state };
    tc_line_info info = { .struct_size = sizeof info };
    tc_step step = { .struct_size = sizeof step };
    size_t n;

    stances[0].struct_size = sizeof stances[0];
    tc_tick(engine, strange_time(i));
    tc_get_state(engine, &state);
    tc_get_stance(engine, stances);
    tc_get_line(engine, &info, points, next() % (TC_MAX_LINE + 1), &n);
    tc_next_step(engine, &step);
}

static void ask_the_stations(tc_engine *engine)
{
    double poses[12], trail[8];
    tc_line_info info = { .struct_size = sizeof info };
    size_t n;

    fill(poses, 12, 4.0);
    tc_settle(engine, poses, 4, stances);
    tc_plan(engine, poses, poses + 3, &info, points, TC_MAX_LINE, &n);
    fill(trail, 8, 4.0);
    tc_set_trail(engine, trail, 4, strange(3.0));
    tc_set_start(engine, strange(3.0), strange(3.0), strange(1.0), strange(3.0), strange(0.5), strange(0.5));
}

/* Samples taken in the life of one engine. */
static long live(const tc_grid *grid)
{
    tc_engine *engine;
    long i, taken = 0;

    if (tc_create(&config, &engine) != TC_OK || tc_set_terrain(engine, grid) != TC_OK
        || tc_set_start(engine, 0.0, 0.0, 0.0, 0.3, 0.05, 0.01) != TC_OK)
        return -1;
    for (i = 0; i < ROUNDS; i++) {
        taken += push_one(engine, i) == TC_OK;
        if (i % 20 == 0) tick_and_read(engine, i);
        if (i % 200 == 0) ask_the_stations(engine);
    }
    tc_destroy(engine);
    return taken;
}

int main(int argc, char **argv)
{
    tc_grid grid = { sizeof grid, NX, NY, 0, -3.0, -2.0, 0.05, 0.02, heights, 0.0, NULL, NULL, NULL, NULL };
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    long taken, all = 0;
    int i;

    if (file == NULL || fread(&config, sizeof config, 1, file) != 1 || fclose(file) != 0) {
        fputs("usage: garbage CONFIG\n", stderr);
        return 2;
    }
    config.line.max_nodes = config.line.max_stances = 500;
    make_ground();
    for (i = 0; i < ENGINES; i++) {
        taken = live(&grid);
        if (taken < 0) return 3;
        all += taken;
    }
    printf("%ld of %d samples taken\n", all, ENGINES * ROUNDS);
    return all > 0 ? 0 : 4;
}
