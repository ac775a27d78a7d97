/* The file and the figures of an experiment that a command measures. */
#include "tool.h"

void measured_save(Arena *arena, Store *store, const Experiment *e, const Measure *how,
                   bool published) {
    BaseError error = {.set = false};
    const char *stem = e->name,
               *file = published
                           ? place_home(arena, text_print(arena, "data/%s.h5", stem))
                           : place_out(arena, text_print(arena, "%s.h5", stem)),
               *figure = published ? place_home(arena,
                                                text_print(arena, "figures/%s.svg", stem))
                                   : place_out(arena, text_print(arena, "%s.svg", stem));
    place_folder(published ? place_home(arena, "figures") : place_out(arena, "."),
                 &error);
    die_if(&error);
    e->measure(store, arena, how);
    study_provenance(store, arena);
    if (!store_save(store, file, &error)) die_if(&error);
    store_close(store);
    Text saved = text_new(arena);
    const Grid *grid = grid_measured(arena, e, file);
    for (const ExperimentFigure *f = e->figures; f->name && !error.set; f++) {
        const char *to = study_draw_figure(
            arena, grid, f, figure_form(arena, "svg", NULL), figure, &error);
        if (to) text_add(&saved, ", %s", to);
    }
    say("saved %s%s", file, saved.data);
    die_if(&error);
}
