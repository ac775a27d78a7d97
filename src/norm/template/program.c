/* A program that links the library: layer normalization of four numbers, its gradient, and the
 * gradient's gradient. After `cmake --install`, with PKG_CONFIG_PATH at lib/pkgconfig,
 *     cc program.c $(pkg-config --cflags --libs normlab) -o program
 * or by CMake: find_package(normlab CONFIG REQUIRED), then target_link_libraries(program
 * PRIVATE normlab::normlab m).
 */
#include <normlab/norm.h>
#include <stdio.h>

static void print(const char *name, const TapeNode *node) {
    printf("%-4s", name);
    for (size_t i = 0; i < shape_count(node->shape); i++)
        printf(" %8.5f", node->value[i]);
    putchar('\n');
}

int main(void) {
    const double x[] = {1, 3, 5, 7}, dy[] = {1, 0, 0, 0}, one[] = {1}, zero[] = {0};
    Arena *arena = arena_new(); /* all memory; one call gives it back */
    Tape *tape = tape_new(arena);
    BaseError error = {.set = false};
    const Norm *norm = norm_new(arena, "layer(eps=4)", 1, &error); /* of one channel */
    if (norm == NULL) {
        fprintf(stderr, "%s\n", error.message);
        return error.code;
    }

    TapeNode *gamma = tape_parameter(tape, SHAPE_OF(1), one, NULL),
             *beta = tape_parameter(tape, SHAPE_OF(1), zero, NULL),
             *in = tape_parameter(tape, SHAPE_OF(1, 1, 4), x, NULL),
             *seed = tape_parameter(tape, SHAPE_OF(1, 1, 4), dy, NULL);
    TapeNode *param[] = {gamma, beta};
    NormContext context = {
        .tape = tape, .norm = norm, .mode = NORM_TRAIN, .param = param};
    TapeNode *y = norm_define(&context, in); /* norm_apply would use the kernel */
    print("y", y);

    TapeNode *dx, *second;
    tape_gradient(tape, y, seed, &in, 1, &dx);
    print("dx", dx);
    TapeNode *norm_of_dx = tape_sum_all(tape, tape_mul(tape, dx, dx));
    tape_gradient(tape, norm_of_dx, NULL, &in, 1, &second);
    print("d2x", second);
    arena_free(arena);
    return 0;
}
