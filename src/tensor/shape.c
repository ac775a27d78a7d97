/* Shapes, and the three numbers that a normalizer sees of one. */
#include "tensor.h"
#include "text.h"

size_t shape_count(Shape shape) {
    size_t count = 1;
    for (size_t i = 0; i < shape.rank; i++)
        REQUIRE(!__builtin_mul_overflow(count, shape.size[i], &count), "shape overflows");
    return count;
}

bool shape_equal(Shape a, Shape b) {
    if (a.rank != b.rank) return false;
    for (size_t i = 0; i < a.rank; i++)
        if (a.size[i] != b.size[i]) return false;
    return true;
}

const char *shape_text(Arena *arena, Shape shape) {
    Text text = text_new(arena);
    for (size_t i = 0; i < shape.rank; i++)
        text_add(&text, "%s%zu", i ? ", " : "", shape.size[i]);
    return text_print(arena, "[%s]", text.data);
}

ShapeLattice shape_lattice(Shape shape) {
    REQUIRE(shape.rank >= 2, "a normalizer sees [N, C, ...], not rank %zu", shape.rank);
    ShapeLattice x = {shape.size[0], shape.size[1], 1};
    for (size_t i = 2; i < shape.rank; i++) x.L *= shape.size[i];
    return x;
}
