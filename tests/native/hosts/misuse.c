/* Every function is called with null pointers, with structs of another header and out of order. None may crash, each
 * has to say what was wrong, and outputs may be written only with TC_OK. argv[1]: a tc_config with a vehicle. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <trailcoach.h>

static int failures;

static void expect(tc_status got, tc_status wanted, const char *call, int line)
{
    if (got != wanted) {
        printf("line %d: %s = %d (%s), expected %d\n", line, call, (int)got, tc_strerror(got), (int)wanted);
        failures++;
    }
}

#define EXPECT(wanted, call) expect((call), (wanted), #call, __LINE__)

static float heights[4] = { 0, 0, 0, 0 };
static tc_config config;
static double xy[2 * (TC_MAX_TRAIL + 1)];
static tc_line_point points[TC_MAX_LINE];
static tc_stance stances[2];

static int untouched(const void *memory, size_t size)
{
    const unsigned char *byte = memory;
    size_t i;

    for (i = 0; i < size; i++)
        if (byte[i] != 0xA5) return 0;
    return 1;
}

static void before_creation(void)
{
    tc_grid grid = { sizeof grid, 2, 2, 0, 0.0, 0.0, 1.0, 0.0, NULL, 0.0, NULL, NULL, NULL, NULL };
    tc_surface_point out[1];
    tc_config other = config;
    tc_engine *engine = NULL;
    size_t bytes = 42;

    EXPECT(TC_E_NULL, tc_config_default(NULL));
    EXPECT(TC_E_NULL, tc_memory_size(NULL, &bytes));
    EXPECT(TC_E_NULL, tc_memory_size(&config, NULL));
    EXPECT(TC_E_NULL, tc_create(NULL, &engine));
    EXPECT(TC_E_NULL, tc_create(&config, NULL));
    tc_destroy(NULL);

    other.struct_size = sizeof other - 1;
    EXPECT(TC_E_ABI, tc_memory_size(&other, &bytes));
    EXPECT(TC_E_ABI, tc_create(&other, &engine));
    other = config;
    other.abi_version = TC_ABI_VERSION + 1;
    EXPECT(TC_E_ABI, tc_memory_size(&other, &bytes));
    EXPECT(TC_E_ABI, tc_create(&other, &engine));
    other = config;
    other.vehicle.struct_size = 0;
    EXPECT(TC_E_ABI, tc_create(&other, &engine));
    if (engine != NULL || bytes != 42) { puts("outputs were written without TC_OK"); failures++; }

    EXPECT(TC_E_NULL, tc_surface(NULL, xy, 1, out));
    EXPECT(TC_E_NULL, tc_surface(&grid, xy, 1, out));           /* no heights */
    grid.height = heights;
    EXPECT(TC_E_NULL, tc_surface(&grid, NULL, 1, out));
    EXPECT(TC_E_NULL, tc_surface(&grid, xy, 1, NULL));
    EXPECT(TC_OK, tc_surface(&grid, NULL, 0, NULL));
    grid.struct_size = sizeof grid - 1;
    EXPECT(TC_E_ABI, tc_surface(&grid, xy, 1, out));
}

static void without_engine(void)
{
    tc_grid grid = { sizeof grid, 2, 2, 0, 0.0, 0.0, 1.0, 0.0, NULL, 0.0, NULL, NULL, NULL, NULL };
    tc_imu imu = { .struct_size = sizeof imu };
    tc_wheels wheels = { .struct_size = sizeof wheels };
    tc_inclination inclination = { .struct_size = sizeof inclination };
    tc_steering steering = { .struct_size = sizeof steering };
    tc_speed speed = { .struct_size = sizeof speed };
    tc_gnss gnss = { .struct_size = sizeof gnss };
    tc_state state = { .struct_size = sizeof state };
    tc_step step = { .struct_size = sizeof step };
    tc_line_info info = { .struct_size = sizeof info };
    double pose[3] = { 0, 0, 0 };
    size_t n;

    grid.height = heights;
    EXPECT(TC_E_NULL, tc_set_terrain(NULL, &grid));
    EXPECT(TC_E_NULL, tc_set_trail(NULL, xy, 2, 3.0));
    EXPECT(TC_E_NULL, tc_set_start(NULL, 0, 0, 0, 0, 0, 0));
    EXPECT(TC_E_NULL, tc_push_imu(NULL, &imu));
    EXPECT(TC_E_NULL, tc_push_wheels(NULL, &wheels));
    EXPECT(TC_E_NULL, tc_push_inclination(NULL, &inclination));
    EXPECT(TC_E_NULL, tc_push_steering(NULL, &steering));
    EXPECT(TC_E_NULL, tc_push_speed(NULL, &speed));
    EXPECT(TC_E_NULL, tc_push_gnss(NULL, &gnss));
    EXPECT(TC_E_NULL, tc_tick(NULL, 0));
    EXPECT(TC_E_NULL, tc_reset(NULL));
    EXPECT(TC_E_NULL, tc_get_state(NULL, &state));
    EXPECT(TC_E_NULL, tc_get_stance(NULL, stances));
    EXPECT(TC_E_NULL, tc_get_line(NULL, &info, points, TC_MAX_LINE, &n));
    EXPECT(TC_E_NULL, tc_next_step(NULL, &step));
    EXPECT(TC_E_NULL, tc_settle(NULL, pose, 1, stances));
    EXPECT(TC_E_NULL, tc_plan(NULL, pose, pose, &info, points, TC_MAX_LINE, &n));
}

static void null_arguments(tc_engine *engine)
{
    tc_grid grid = { sizeof grid, 2, 2, 0, 0.0, 0.0, 1.0, 0.0, NULL, 0.0, NULL, NULL, NULL, NULL };
    tc_line_info info = { .struct_size = sizeof info };
    double pose[3] = { 0, 0, 0 };
    size_t n;

    EXPECT(TC_E_NULL, tc_set_terrain(engine, NULL));
    EXPECT(TC_E_NULL, tc_set_terrain(engine, &grid));           /* no heights */
    EXPECT(TC_E_NULL, tc_set_trail(engine, NULL, 2, 3.0));
    EXPECT(TC_E_NULL, tc_push_imu(engine, NULL));
    EXPECT(TC_E_NULL, tc_push_wheels(engine, NULL));
    EXPECT(TC_E_NULL, tc_push_inclination(engine, NULL));
    EXPECT(TC_E_NULL, tc_push_steering(engine, NULL));
    EXPECT(TC_E_NULL, tc_push_speed(engine, NULL));
    EXPECT(TC_E_NULL, tc_push_gnss(engine, NULL));
    EXPECT(TC_E_NULL, tc_get_state(engine, NULL));
    EXPECT(TC_E_NULL, tc_get_stance(engine, NULL));
    EXPECT(TC_E_NULL, tc_get_line(engine, NULL, points, TC_MAX_LINE, &n));
    EXPECT(TC_E_NULL, tc_get_line(engine, &info, NULL, TC_MAX_LINE, &n));
    EXPECT(TC_E_NULL, tc_get_line(engine, &info, points, TC_MAX_LINE, NULL));
    EXPECT(TC_E_NULL, tc_next_step(engine, NULL));
    EXPECT(TC_E_NULL, tc_settle(engine, NULL, 1, stances));
    EXPECT(TC_E_NULL, tc_settle(engine, pose, 1, NULL));
    EXPECT(TC_E_NULL, tc_plan(engine, NULL, pose, &info, points, TC_MAX_LINE, &n));
    EXPECT(TC_E_NULL, tc_plan(engine, pose, NULL, &info, points, TC_MAX_LINE, &n));
    EXPECT(TC_E_NULL, tc_plan(engine, pose, pose, NULL, points, TC_MAX_LINE, &n));
    EXPECT(TC_E_NULL, tc_plan(engine, pose, pose, &info, NULL, TC_MAX_LINE, &n));
    EXPECT(TC_E_NULL, tc_plan(engine, pose, pose, &info, points, TC_MAX_LINE, NULL));
}

#define SHORT(type, name) type name = { .struct_size = sizeof name - 1 }

static void structs_of_another_header(tc_engine *engine)
{
    tc_grid grid = { sizeof grid - 1, 2, 2, 0, 0.0, 0.0, 1.0, 0.0, NULL, 0.0, NULL, NULL, NULL, NULL };
    SHORT(tc_imu, imu);
    SHORT(tc_wheels, wheels);
    SHORT(tc_inclination, inclination);
    SHORT(tc_steering, steering);
    SHORT(tc_speed, speed);
    SHORT(tc_gnss, gnss);
    tc_state state;
    tc_step step;
    tc_line_info info;
    double pose[3] = { 0, 0, 0 };
    size_t n;

    grid.height = heights;
    EXPECT(TC_E_ABI, tc_set_terrain(engine, &grid));
    EXPECT(TC_E_ABI, tc_push_imu(engine, &imu));
    EXPECT(TC_E_ABI, tc_push_wheels(engine, &wheels));
    EXPECT(TC_E_ABI, tc_push_inclination(engine, &inclination));
    EXPECT(TC_E_ABI, tc_push_steering(engine, &steering));
    EXPECT(TC_E_ABI, tc_push_speed(engine, &speed));
    EXPECT(TC_E_ABI, tc_push_gnss(engine, &gnss));

    memset(&state, 0xA5, sizeof state);
    memset(&step, 0xA5, sizeof step);
    memset(&info, 0xA5, sizeof info);
    memset(stances, 0xA5, sizeof stances);
    state.struct_size = step.struct_size = info.struct_size = stances[0].struct_size = 0;
    EXPECT(TC_E_ABI, tc_get_state(engine, &state));
    EXPECT(TC_E_ABI, tc_get_stance(engine, stances));
    EXPECT(TC_E_ABI, tc_next_step(engine, &step));
    EXPECT(TC_E_ABI, tc_get_line(engine, &info, points, TC_MAX_LINE, &n));
    EXPECT(TC_E_ABI, tc_plan(engine, pose, pose, &info, points, TC_MAX_LINE, &n));
    if (!untouched((char *)&state + 4, sizeof state - 4) || !untouched((char *)&step + 4, sizeof step - 4)
        || !untouched((char *)&info + 4, sizeof info - 4) || !untouched((char *)stances + 4, sizeof stances[0] - 4)) {
        puts("outputs were written without TC_OK");
        failures++;
    }
}

static void values_that_cannot_be(tc_engine *engine)
{
    tc_grid grid = { sizeof grid, 1, 2, 0, 0.0, 0.0, 1.0, 0.0, NULL, 0.0, NULL, NULL, NULL, NULL };

    grid.height = heights;
    EXPECT(TC_E_RANGE, tc_set_terrain(engine, &grid));          /* one column */
    grid.nx = 2;
    grid.dx = 0.0;
    EXPECT(TC_E_RANGE, tc_set_terrain(engine, &grid));
    grid.dx = 1.0;
    grid.sigma = -1.0;
    EXPECT(TC_E_RANGE, tc_set_terrain(engine, &grid));
    grid.sigma = 0.0;
    grid.x0 = INFINITY;
    EXPECT(TC_E_RANGE, tc_set_terrain(engine, &grid));

    EXPECT(TC_E_RANGE, tc_set_trail(engine, xy, 1, 3.0));
    EXPECT(TC_E_RANGE, tc_set_trail(engine, xy, 2, 0.0));
    EXPECT(TC_E_RANGE, tc_set_trail(engine, xy, 2, NAN));
    EXPECT(TC_E_FULL, tc_set_trail(engine, xy, TC_MAX_TRAIL + 1, 3.0));
    xy[3] = NAN;
    EXPECT(TC_E_RANGE, tc_set_trail(engine, xy, 2, 3.0));
    xy[3] = 0.0;
    EXPECT(TC_E_RANGE, tc_set_start(engine, NAN, 0, 0, 0, 0.1, 0.1));
    EXPECT(TC_E_RANGE, tc_set_start(engine, 0, 0, 0, 0, -0.1, 0.1));
}

static void too_early(tc_engine *engine)
{
    tc_line_info info = { .struct_size = sizeof info };
    tc_step step = { .struct_size = sizeof step };
    double pose[3] = { 0, 0, 0 };
    size_t n;

    stances[0].struct_size = sizeof stances[0];
    EXPECT(TC_NONE, tc_get_stance(engine, stances));
    EXPECT(TC_NONE, tc_get_line(engine, &info, points, TC_MAX_LINE, &n));
    EXPECT(TC_NONE, tc_next_step(engine, &step));
    EXPECT(TC_E_STATE, tc_settle(engine, pose, 1, stances));
    EXPECT(TC_E_STATE, tc_plan(engine, pose, pose, &info, points, TC_MAX_LINE, &n));
    EXPECT(TC_OK, tc_tick(engine, 0));
    EXPECT(TC_E_TIME, tc_tick(engine, -1));                     /* back in time */
    EXPECT(TC_OK, tc_reset(engine));
    EXPECT(TC_OK, tc_tick(engine, -1));
}

static void samples_that_come_late(tc_engine *engine)
{
    tc_wheels wheels = { .struct_size = sizeof wheels, .t_ns = 10000000000 };
    tc_imu imu = { .struct_size = sizeof imu, .t_ns = 10000000000, .accelerometer = { 0.0, 0.0, 9.81 } };

    EXPECT(TC_OK, tc_push_imu(engine, &imu));
    EXPECT(TC_DUPLICATE, tc_push_imu(engine, &imu));
    EXPECT(TC_OK, tc_push_wheels(engine, &wheels));
    wheels.t_ns -= 400000000;                                   /* within the lag */
    EXPECT(TC_OK, tc_push_wheels(engine, &wheels));
    wheels.t_ns -= 200000000;
    EXPECT(TC_E_TIME, tc_push_wheels(engine, &wheels));
    wheels.t_ns = 20000000000;                                  /* ahead of all */
    EXPECT(TC_E_TIME, tc_push_wheels(engine, &wheels));
}

int main(int argc, char **argv)
{
    tc_engine *engine = NULL;
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;

    if (file == NULL || fread(&config, sizeof config, 1, file) != 1 || fclose(file) != 0) {
        puts("usage: misuse CONFIG");
        return 2;
    }
    before_creation();
    without_engine();
    EXPECT(TC_OK, tc_create(&config, &engine));
    if (engine == NULL) return 1;
    null_arguments(engine);
    structs_of_another_header(engine);
    values_that_cannot_be(engine);
    too_early(engine);
    samples_that_come_late(engine);
    tc_destroy(engine);
    if (strcmp(tc_strerror(-1000), tc_strerror(TC_OK)) == 0) { puts("an unknown status is not ok"); failures++; }
    return failures != 0;
}
