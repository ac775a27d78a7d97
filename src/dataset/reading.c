/* What a kind says of its data. */
#include "source.h"
#include "text.h"

void reading_classes(Reading *to, Shape image, size_t classes,
                     const char *const *class_name) {
    to->fields = 2;
    to->field[0] = (DataField){.name = "image",
                               .unit = "",
                               .type = DATA_BYTES,
                               .shape = image,
                               .standardized = true};
    to->field[1] = (DataField){.name = "label",
                               .unit = "",
                               .type = DATA_LABELS,
                               .shape = SHAPE_SCALAR,
                               .classes = classes,
                               .class_name = class_name};
}

static size_t classes_in(size_t classes, const uint8_t *label, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (label[i] != DATA_IGNORED && label[i] >= classes) classes = label[i] + 1u;
    return classes;
}

void reading_count_classes(Reading *to) {
    for (size_t k = 0; k < to->fields; k++) {
        DataField *field = &to->field[k];
        if (field->type != DATA_LABELS || field->classes > 0) continue;
        const size_t each = shape_count(field->shape);
        size_t n = classes_in(0, to->train.value[k], to->train.count * each);
        n = classes_in(n, to->val.value[k], to->val.count * each);
        n = classes_in(n, to->test.value[k], to->test.count * each);
        const char **name = TAKE(to->arena, const char *, n);
        for (size_t c = 0; c < n; c++) name[c] = text_print(to->arena, "%zu", c);
        field->classes = n, field->class_name = name;
    }
}

static size_t size_of(DataType type) {
    return type == DATA_REALS ? sizeof(double) : sizeof(uint8_t);
}

size_t field_bytes(const DataField *field) {
    return shape_count(field->shape) * size_of(field->type);
}

void pile_take(const Reading *to, Pile *pile) {
    for (size_t k = 0; k < to->fields; k++)
        pile->value[k] = arena_take(to->arena, pile->count, field_bytes(&to->field[k]));
}
