/* A host with a raw tile: asks what its posts hide, and prints it.
 *
 *     hidden FILE nx ny dx
 *
 * FILE holds nx * ny float32, south to north. Exit status 3: the tile was refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <trailcoach.h>

int main(int argc, char **argv)
{
    tc_grid grid = { .struct_size = sizeof grid };
    size_t n, k, room_size = tc_hidden_room();
    float *heights, *layers;
    tc_status status;
    void *room;
    FILE *file;

    if (argc != 5 || !(file = fopen(argv[1], "rb")))
        return 2;
    grid.nx = atoi(argv[2]);
    grid.ny = atoi(argv[3]);
    grid.dx = strtod(argv[4], NULL);
    n = (size_t)grid.nx * (size_t)grid.ny;
    heights = malloc(n * sizeof *heights);
    layers = malloc(3 * n * sizeof *layers);
    room = malloc(room_size);
    if (!heights || !layers || !room || fread(heights, sizeof *heights, n, file) != n)
        return 1;
    fclose(file);
    grid.height = heights;
    if ((status = tc_tell_hidden(&grid, layers, room, room_size)) != TC_OK) {
        fprintf(stderr, "%s\n", tc_strerror(status));
        return 3;
    }
    grid.highest = grid.highest_rare = grid.spread = NULL;
    if (tc_tell_hidden(&grid, layers, room, room_size - 1) != TC_E_RANGE
        || tc_tell_hidden(&grid, NULL, room, room_size) != TC_E_NULL || grid.highest)
        return 1;
    tc_tell_hidden(&grid, layers, room, room_size);
    for (k = 0; k < n; k++)
        printf("%a %a %a\n", grid.highest[k], grid.highest_rare[k], grid.spread[k]);
    free(heights);
    free(layers);
    free(room);
    return 0;
}
