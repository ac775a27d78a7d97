/* What a check found, and what the chapter on checking shows, in one file with two
 * figures. */
#include "figure.h"

#include <string.h>

static void put_cases(Store *store, const CheckRows *row, uint64_t seed) {
    static const char *const axes[] = {"case"};
    const char *group = "/cases";
    store_group(store, group, "normalizers and networks before every check");
    store_integer(store, group, "seed", (int64_t)seed);
    store_scale_text(store, group, "case", row->name, row->count,
                     "what was judged, on what, by which check");
    store_array_text(store, group, "verdict", row->verdict, 1, axes,
                     "pass, FAIL or inconclusive");
    store_array(store, group, "worst", row->worst, 1, axes, "1",
                "worst error, in the check's unit (eps of a scale, or a part of a norm)");
    store_array(store, group, "allowed", row->allowed, 1, axes, "1",
                "allowed, in the same unit");
    store_array(store, group, "compared", row->compared, 1, axes, "1",
                "numbers compared");
    store_array_text(store, group, "reason", row->reason, 1, axes,
                     "where and why, if it did not pass");
}

void check_save(Arena *arena, const CheckRows *rows, uint64_t seed, bool published) {
    Error error = {.set = false};
    const char *file = published ? place_home(arena, "data/checking.h5")
                                 : place_out(arena, "checking.h5");
    const char *stem =
        published ? place_home(arena, "figures/checking") : place_out(arena, "checking");
    place_folder(published ? place_home(arena, "figures") : place_out(arena, "."),
                 &error);
    die_if(&error);
    Store *store = store_new("how the derivatives of normalizers are proved");
    put_cases(store, rows, seed);
    curves_save(arena, store, seed);
    put_provenance(store, arena);
    if (!store_save(store, file, &error)) die_if(&error);
    const char *path = text_print(arena, "%s.svg", stem);
    const bool drawn =
        curves_draw(arena, store, figure_form(arena, "svg", NULL), path, &error);
    store_close(store);
    say("saved %s%s", file,
        drawn ? text_print(arena, ", %s-steps.svg, %s-variance.svg", stem, stem) : "");
    die_if(&error);
}
