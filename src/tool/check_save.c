/* What a check found, and what the chapter on checking shows, in one file with two
 * figures. */
#include "tool.h"

#include <string.h>

static double *column(Arena *arena, const CheckRow *row, size_t rows,
                      double (*of)(const CheckRow *row)) {
    double *value = TAKE(arena, double, rows);
    for (size_t i = 0; i < rows; i++) value[i] = of(&row[i]);
    return value;
}

static double worst_of(const CheckRow *row) {
    return row->worst;
}

static double allowed_of(const CheckRow *row) {
    return row->allowed;
}

static double compared_of(const CheckRow *row) {
    return (double)row->compared;
}

static const char **words(Arena *arena, const CheckRow *row, size_t rows,
                          const char *(*of)(const CheckRow *row)) {
    const char **word = TAKE(arena, const char *, rows);
    for (size_t i = 0; i < rows; i++) word[i] = of(&row[i]);
    return word;
}

static const char *name_of(const CheckRow *row) {
    return row->name;
}

static const char *verdict_of(const CheckRow *row) {
    return row->verdict;
}

static const char *reason_of(const CheckRow *row) {
    return row->reason;
}

static void put_cases(Arena *arena, Store *store, const CheckRow *row, size_t rows,
                      uint64_t seed) {
    static const char *const axes[] = {"case"};
    const char *group = "/cases";
    store_group(store, group, "normalizers and networks before every check");
    store_integer(store, group, "seed", (int64_t)seed);
    store_scale_text(store, group, "case", words(arena, row, rows, name_of), rows,
                     "what was judged, on what, by which check");
    store_array_text(store, group, "verdict", words(arena, row, rows, verdict_of), 1,
                     axes, "pass, FAIL or inconclusive");
    store_array(store, group, "worst", column(arena, row, rows, worst_of), 1, axes, "1",
                "worst error, in the check's unit (eps of a scale, or a part of a norm)");
    store_array(store, group, "allowed", column(arena, row, rows, allowed_of), 1, axes,
                "1", "allowed, in the same unit");
    store_array(store, group, "compared", column(arena, row, rows, compared_of), 1, axes,
                "1", "numbers compared");
    store_array_text(store, group, "reason", words(arena, row, rows, reason_of), 1, axes,
                     "where and why, if it did not pass");
}

void check_save(Arena *arena, const CheckRow *row, size_t rows, uint64_t seed,
                bool published) {
    Error error = {.set = false};
    const char *file = published ? place_home(arena, "data/checking.h5")
                                 : place_out(arena, "checking.h5");
    const char *stem =
        published ? place_home(arena, "figures/checking") : place_out(arena, "checking");
    place_folder(published ? place_home(arena, "figures") : place_out(arena, "."),
                 &error);
    die_if(&error);
    Store *store = store_new("how the derivatives of normalizers are proved");
    put_cases(arena, store, row, rows, seed);
    curves_save(arena, store, seed);
    put_provenance(store, arena);
    if (!store_save(store, file, &error)) die_if(&error);
    curves_draw(arena, store, "svg", stem);
    store_close(store);
    say("saved %s, %s-steps.svg, %s-variance.svg", file, stem, stem);
}
