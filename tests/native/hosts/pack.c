/* A host with a pack: maps it, follows a drive window by window, and prints the ground it looks up.
 *
 *     pack FILE x0 y0 step_x step_y n half_size ahead
 *
 * The file is read into memory here; a head unit would mmap() it. Exit status 3: the pack was refused.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <trailcoach.h>

enum { ROOM = 130 * 130 };

static void *slurp(const char *name, size_t *size)
{
    FILE *file = fopen(name, "rb");
    char *bytes;
    long end;

    if (!file || fseek(file, 0, SEEK_END) != 0 || (end = ftell(file)) < 0)
        exit(1);
    rewind(file);
    *size = (size_t)end;
    bytes = malloc(*size + 1);
    if (!bytes || fread(bytes, 1, *size, file) != *size)
        exit(1);
    fclose(file);
    return bytes;
}

static void refuse(const char *what, tc_status status)
{
    fprintf(stderr, "%s: %s\n", what, tc_strerror(status));
    exit(3);
}

/* What the grid knows at its nearest post beside the height. */
static void print_beside(const tc_grid *g, const double *at)
{
    const float *layer[] = { g->post_sigma, g->highest, g->highest_rare, g->spread };
    long i = (long)floor((at[0] - g->x0) / g->dx + 0.5), j = (long)floor((at[1] - g->y0) / g->dx + 0.5);
    int k;

    for (k = 0; k < 4; k++)
        printf(" %a", layer[k] ? layer[k][j * g->nx + i] : -1.0);
    printf("\n");
}

int main(int argc, char **argv)
{
    static float room[TC_PACK_LAYERS * ROOM];
    double at[2], middle[2] = { INFINITY, INFINITY }, v[7];
    tc_pack pack = { .struct_size = sizeof pack };
    tc_grid window = { .struct_size = sizeof window }, tile = { .struct_size = sizeof tile };
    tc_status status;
    size_t size;
    void *bytes;
    int i, windows = 0;

    if (argc != 9)
        return 2;
    for (i = 0; i < 7; i++)
        v[i] = strtod(argv[i + 2], NULL);
    bytes = slurp(argv[1], &size);
    if ((status = tc_pack_open(bytes, size, &pack)) != TC_OK || (status = tc_pack_verify(&pack)) != TC_OK)
        refuse(argv[1], status);
    for (i = 0; i < (int)v[4]; i++) {
        tc_surface_point p, q = { NAN, NAN, NAN };
        at[0] = v[0] + i * v[2];
        at[1] = v[1] + i * v[3];
        if (!(fmax(fabs(at[0] - middle[0]), fabs(at[1] - middle[1])) <= v[5] - v[6])) {
            middle[0] = at[0];
            middle[1] = at[1];
            if ((status = tc_pack_ground(&pack, at[0], at[1], v[5], room, TC_PACK_LAYERS * ROOM, &window)) != TC_OK)
                refuse("window", status);
            windows++;
        }
        if (tc_surface(&window, at, 1, &p) != TC_OK)
            return 1;
        status = tc_pack_tile(&pack, at[0], at[1], &tile);
        if (status < 0)
            refuse("tile", status);
        if (status == TC_OK && tc_surface(&tile, at, 1, &q) != TC_OK)
            return 1;
        printf("at %a %a %a %a %a", p.height, p.dz_dx, p.dz_dy, q.height, window.sigma);
        print_beside(&window, at);
    }
    printf("windows %d\n", windows);
    free(bytes);
    return 0;
}
