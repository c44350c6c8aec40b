/* Smallest head-unit host: feeds a recording to the engine as a CAN and sensor loop would, and prints what it answers.
 *
 *     trailcoach replay terrain_data/drives/d01 --record drive.tcrec --out drive
 *     cc host.c $(trailcoach native --cflags --libs) -o host
 *     ./host drive.tcrec
 *
 * The format of a recording is told in trailcoach/recording.py. Floating point is printed in hexadecimal, exact.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trailcoach.h>

enum { CONFIG = 1, TERRAIN = 2, TRAIL = 3, START = 4, SAMPLE = 10, TICK = 20 };

static int fail(const char *what, tc_status status)
{
    fprintf(stderr, "host: %s: %s\n", what, tc_strerror(status));
    return 1;
}

static void print_state(const tc_state *s)
{
    printf("state %lld %a %a %a %a %a %a %a %a %a %u\n", (long long)s->t_ns, s->position[0], s->position[1],
           s->position[2], s->velocity[0], s->velocity[1], s->velocity[2], s->roll, s->pitch, s->yaw,
           (unsigned)s->status);
}

static void print_stance(const tc_stance *s)
{
    printf("stance %d %a %a %a %a %d\n", (int)s->status, s->z, s->roll, s->pitch, s->tip_margin[0],
           (int)s->least_part);
}

static void print_step(const tc_step *s)
{
    printf("step %u %d %d %d %d %d %d %lld %a %a %a %a %a %a\n", (unsigned)s->id, (int)s->kind, (int)s->cause,
           (int)s->priority, (int)s->side, (int)s->part, (int)s->wheel, (long long)s->t_ns, s->to_go, s->turns,
           s->distance, s->clearance, s->other_clearance, s->angle);
}

/* Whether a record of this kind holds all that will be read from it. */
static int complete(uint32_t kind, uint32_t size, const char *bytes)
{
    static const size_t samples[] = { sizeof(tc_imu), sizeof(tc_wheels), sizeof(tc_inclination), sizeof(tc_steering),
                                      sizeof(tc_speed), sizeof(tc_gnss) };
    tc_grid grid;
    uint32_t layers;

    switch (kind) {
    case CONFIG: return size == sizeof(tc_config);
    case TERRAIN:
        if (size < sizeof grid)
            return 0;
        memcpy(&grid, bytes, sizeof grid);
        layers = 1u + !!grid.post_sigma + !!grid.highest + !!grid.highest_rare + !!grid.spread;
        return grid.nx > 0 && grid.ny > 0
               && (size - sizeof grid) / sizeof(float) / layers / (uint32_t)grid.nx >= (uint32_t)grid.ny;
    case TRAIL: return size >= sizeof(double) && size % (2 * sizeof(double)) == sizeof(double);
    case START: return size == 6 * sizeof(double);
    case TICK: return size == sizeof(int64_t);
    default: return kind >= SAMPLE && kind < SAMPLE + sizeof samples / sizeof *samples && size == samples[kind - SAMPLE];
    }
}

/* The arrays of a recorded grid lie behind it, one after the other; 1 stands for those there are. */
static void find_arrays(tc_grid *grid, const char *bytes)
{
    const float **array[] = { &grid->height, &grid->post_sigma, &grid->highest, &grid->highest_rare, &grid->spread };
    const float *next = (const float *)(bytes + sizeof *grid);
    size_t i;

    for (i = 0; i < sizeof array / sizeof *array; i++)
        if (*array[i]) {
            *array[i] = next;
            next += (size_t)grid->nx * (size_t)grid->ny;
        }
}

/* What one record asks of the engine. A sample left out for its stamp is counted in tc_state, and no reason to stop. */
static tc_status dispatch(tc_engine **engine, uint32_t kind, uint32_t size, const char *bytes)
{
    double start[6], half_width;
    tc_grid grid;
    int64_t t_ns;

    if (!complete(kind, size, bytes))
        return TC_E_RANGE;
    if (kind == CONFIG)
        return *engine ? TC_E_STATE : tc_create((const tc_config *)bytes, engine);
    if (!*engine)
        return TC_E_STATE;
    switch (kind) {
    case TERRAIN:
        memcpy(&grid, bytes, sizeof grid);
        find_arrays(&grid, bytes);
        return tc_set_terrain(*engine, &grid);
    case TRAIL:
        memcpy(&half_width, bytes, sizeof half_width);
        return tc_set_trail(*engine, (const double *)bytes + 1, (size - sizeof(double)) / (2 * sizeof(double)),
                            half_width);
    case START:
        memcpy(start, bytes, sizeof start);
        return tc_set_start(*engine, start[0], start[1], start[2], start[3], start[4], start[5]);
    case SAMPLE + 0: return tc_push_imu(*engine, (const tc_imu *)bytes);
    case SAMPLE + 1: return tc_push_wheels(*engine, (const tc_wheels *)bytes);
    case SAMPLE + 2: return tc_push_inclination(*engine, (const tc_inclination *)bytes);
    case SAMPLE + 3: return tc_push_steering(*engine, (const tc_steering *)bytes);
    case SAMPLE + 4: return tc_push_speed(*engine, (const tc_speed *)bytes);
    case SAMPLE + 5: return tc_push_gnss(*engine, (const tc_gnss *)bytes);
    default:                            /* TICK */
        memcpy(&t_ns, bytes, sizeof t_ns);
        return tc_tick(*engine, t_ns);
    }
}

static void print_answers(tc_engine *engine)
{
    tc_state state = { .struct_size = sizeof state };
    tc_stance stance = { .struct_size = sizeof stance };
    tc_step step = { .struct_size = sizeof step };

    if (tc_get_state(engine, &state) == TC_OK)
        print_state(&state);
    if (tc_get_stance(engine, &stance) == TC_OK)
        print_stance(&stance);
    while (tc_next_step(engine, &step) == TC_OK)
        print_step(&step);
}

int main(int argc, char **argv)
{
    static const char magic[8] = { 'T', 'C', 'R', 'E', 'C', 0, 0, TC_ABI_VERSION };
    char head[8];
    uint32_t record[2];
    char *terrain = NULL;               /* the engine borrows the heights */
    tc_engine *engine = NULL;
    tc_status status = TC_OK;
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;

    if (!file || fread(head, 8, 1, file) != 1 || memcmp(head, magic, 8) != 0) {
        fprintf(stderr, "host: usage: host RECORDING (of ABI version %u)\n", (unsigned)TC_ABI_VERSION);
        return 2;
    }
    while (status >= 0) {
        char *bytes;
        size_t got = fread(record, 1, sizeof record, file);
        if (got != sizeof record) {
            status = got || ferror(file) ? TC_E_RANGE : TC_OK;  /* a head cut short, or the end */
            break;
        }
        bytes = malloc(record[1] ? record[1] : 1);
        if (!bytes) {
            status = TC_E_NOMEM;
            break;
        }
        status = fread(bytes, 1, record[1], file) == record[1] ? dispatch(&engine, record[0], record[1], bytes)
                                                                : TC_E_RANGE;
        if (status == TC_E_TIME && record[0] != TICK)
            status = TC_OK;
        if (status == TC_OK && record[0] == TICK)
            print_answers(engine);
        if (status >= 0 && record[0] == TERRAIN) {
            free(terrain);
            terrain = bytes;
        } else {
            free(bytes);
        }
    }
    tc_destroy(engine);
    free(terrain);
    fclose(file);
    return status < 0 ? fail(argv[1], status) : 0;
}
