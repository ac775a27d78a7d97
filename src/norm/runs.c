/* Which of an equation's terms a mode computes: the others ask nothing of x. */
#include "written.h"

static void run(const Written *w, NormMode mode, const Term *term, WrittenRuns *runs) {
    if (term->kind == TERM_WHEN) {
        run(w, mode, equation_chosen(w->equation, &w->settings, term, mode == NORM_TRAIN),
            runs);
        return;
    }
    runs->term[term->number_of] = true;
    if (term->kind == TERM_APPLY) runs->part[w->part[term->number_of]] = true;
    for (size_t i = 0; i < term->arity; i++) run(w, mode, term->in[i], runs);
    if (term->kind != TERM_NAME || term->meaning != NAME_LINE || runs->line[term->place])
        return;
    const EquationLine *line = &w->equation->line[term->place];
    runs->line[term->place] = true;
    if (line->kind == LINE_VALUE) run(w, mode, line->value, runs);
}

WrittenRuns written_runs(const Written *w, NormMode mode) {
    const Equation *equation = w->equation;
    WrittenRuns runs = {.line = {false}};
    run(w, mode, equation->line[equation->y].value, &runs);
    for (size_t i = 0; i < equation->lines && mode == NORM_TRAIN; i++)
        if (w->reached[i] && equation->line[i].kind == LINE_STATE)
            run(w, mode, equation->line[i].value, &runs);
    return runs;
}

bool written_fits(Arena *arena, const Norm *norm, ShapeLattice x, NormMode mode,
                  BaseError *error) {
    const Written *w = norm->detail;
    const WrittenRuns runs = written_runs(w, mode);
    for (size_t i = 0; i < w->equation->terms; i++)
        if (w->cell[i] && (mode == NORM_TRAIN || runs.term[i]) &&
            !norm_fits(arena, w->cell[i], x, NORM_TRAIN, error))
            return false;
    return true;
}
