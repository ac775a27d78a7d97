/* Tables of a saved measurement, as Markdown for the book: medians, and quartiles where a bar is
 * asked for. */
#include "bench.h"

#include "table.h"

#include <math.h>
#include <string.h>

enum { LOW, MIDDLE, HIGH, QUARTILES };

/* A group of the file: names of its axes, and medians and quartiles over them. */
typedef struct Part {
    Arena *arena;
    Table table;
    bool there;
} Part;

typedef struct Names {
    size_t count;
    const char *const *name;
} Names;

static Part part_of(const Store *store, Arena *arena, const char *group) {
    BaseError error = {.set = false};
    Part part = {arena, table_read(store, arena, group, &error), false};
    die_if(&error);
    part.there = part.table.fields > 0;
    return part;
}

static Names names_of(const Part *part, const char *name) {
    BaseError error = {.set = false};
    Names names;
    names.name = table_names(&part->table, name, &names.count, &error);
    die_if(&error);
    return names;
}

static const Field *field_of(const Part *part, const char *name) {
    const Field *f = table_find(&part->table, name);
    if (f == NULL || f->number == NULL)
        die(EX_DATAERR, "%s: %s has no numbers '%s'", part->table.file, part->table.group,
            name);
    return f;
}

/* ---- cells ------------------------------------------------------------------------------ */

/* Three digits that count. */
static const char *number(Arena *arena, double value) {
    const int digits = value < 10 ? 2 : value < 100 ? 1 : 0;
    return isnan(value) ? "" : text_print(arena, "%.*f", digits, value);
}

static const char *spread(Arena *arena, const double *quartiles) {
    return text_print(arena, "%s (%s to %s)", number(arena, quartiles[MIDDLE]),
                      number(arena, quartiles[LOW]), number(arena, quartiles[HIGH]));
}

/* "[32, 64, 56, 56]" as "32 x 64 x 56 x 56". */
static const char *sizes_text(Arena *arena, const char *shape) {
    Text text = text_new(arena);
    for (; *shape; shape++) {
        if (*shape == ',') text_add(&text, " x");
        if (strchr("[],", *shape) == NULL) text_add(&text, "%c", *shape);
    }
    return text.data;
}

static void print_head(const char *first, const Names *names) {
    printf("| %s |", first);
    for (size_t k = 0; k < names->count; k++) printf(" %s |", names->name[k]);
    fputs("\n|---|", stdout);
    for (size_t k = 0; k < names->count; k++) fputs("---|", stdout);
    fputs("\n", stdout);
}

/* ---- tables ------------------------------------------------------------------------------ */

/* In one sentence how it was. */
static void print_measured(const Store *store, Arena *arena) {
    const Part kernels = part_of(store, arena, "/kernels"),
               peer = part_of(store, arena, "/peer"),
               provenance = part_of(store, arena, "/provenance");
    double load = 0;
    text_to_double(table_fact(&kernels.table, "load_average", "0"), &load);
    printf("Measured on %s, %s threads, medians of %s turns, at a load average of %.1f",
           table_fact(&provenance.table, "processor", "an unknown processor"),
           table_fact(&kernels.table, "most_threads", "?"),
           table_fact(&kernels.table, "turns", "?"), load);
    const char *torch = table_fact(&peer.table, "torch", NULL);
    if (torch) {
        text_to_double(table_fact(&peer.table, "load_average", "0"), &load);
        printf("; beside PyTorch %s in %s turns, at %.1f when they began", torch,
               table_fact(&peer.table, "turns", "?"), load);
    }
    puts(".");
}

/* Over shapes and normalizers, forward / backward: values are [shape, norm, pass, quartile]. */
static void print_passes(const Part *part, const double *value) {
    const Names shapes = names_of(part, "shape"), norms = names_of(part, "norm");
    print_head("N x C x H x W", &norms);
    for (size_t s = 0; s < shapes.count; s++) {
        printf("| %s |", sizes_text(part->arena, shapes.name[s]));
        for (size_t k = 0; k < norms.count; k++, value += 2 * QUARTILES)
            printf(" %s / %s |", number(part->arena, value[MIDDLE]),
                   number(part->arena, value[QUARTILES + MIDDLE]));
        fputs("\n", stdout);
    }
}

/* The last block of the first axis: all threads. */
static const double *last_of(const Field *f) {
    return f->number + field_count(f) / f->size[0] * (f->size[0] - 1);
}

static void print_kernels(const Store *store, Arena *arena) {
    const Part part = part_of(store, arena, "/kernels");
    print_passes(&part, last_of(field_of(&part, "of_limit")));
}

static void print_peer(const Store *store, Arena *arena) {
    const Part part = part_of(store, arena, "/peer/kernels");
    if (part.there) print_passes(&part, field_of(&part, "of_torch")->number);
}

static void print_training(const Store *store, Arena *arena) {
    const Part part = part_of(store, arena, "/training"),
               peer = part_of(store, arena, "/peer/training");
    const Names cases = names_of(&part, "case"), norms = names_of(&part, "norm");
    const Field *threads = field_of(&part, "threads");
    const double *rate = field_of(&part, "samples_per_second")->number,
                 *of_dgemm = last_of(field_of(&part, "of_dgemm")),
                 *torch = peer.there ? field_of(&peer, "of_torch")->number : NULL;
    const size_t cells = cases.count * norms.count, counts = field_count(threads);
    Names heads = {.count = 0};
    const char **head = TAKE(arena, const char *, counts + 4);
    head[heads.count++] = "normalizer";
    for (size_t t = 0; t < counts; t++)
        head[heads.count++] =
            text_print(arena, "samples/s, %.0f thread%s", threads->number[t],
                       threads->number[t] > 1 ? "s" : "");
    head[heads.count++] = "of dgemm", head[heads.count++] = "times PyTorch f64",
    head[heads.count++] = "times PyTorch f32";
    heads.name = head;
    print_head("network", &heads);
    for (size_t i = 0; i < cells; i++) {
        printf("| %s | `%s` |", cases.name[i / norms.count], norms.name[i % norms.count]);
        for (size_t t = 0; t < counts; t++)
            printf(" %.0f |", rate[(t * cells + i) * QUARTILES + MIDDLE]);
        printf(" %s |", number(arena, of_dgemm[i * QUARTILES + MIDDLE]));
        for (size_t a = 0; a < 2; a++)
            printf(" %s |",
                   torch ? number(arena, torch[(a * cells + i) * QUARTILES + MIDDLE])
                         : "");
        fputs("\n", stdout);
    }
}

/* ---- bars -------------------------------------------------------------------------------- */

/* Cells that one bar is for: the one with the smallest median is shown. */
typedef struct Worst {
    double least, found[QUARTILES];
    const char *where;
} Worst;

static void worst_see(Worst *w, double least, const double *quartiles,
                      const char *where) {
    if (isnan(least) || isnan(quartiles[MIDDLE])) return;
    if (w->where && quartiles[MIDDLE] >= w->found[MIDDLE]) return;
    w->least = least, w->where = where;
    memcpy(w->found, quartiles, sizeof w->found);
}

static void worst_print(Arena *arena, const Worst *w, const char *what) {
    if (w->where == NULL) return;
    printf("| %s | %g | %s | %s | %s |\n", what, w->least, spread(arena, w->found),
           w->where, w->found[MIDDLE] >= w->least ? "yes" : "no");
}

static void kernel_bars(const Store *store, Arena *arena) {
    static const char *const pass[][2] = {{"forward", "copy"}, {"backward", "sum"}};
    const Part part = part_of(store, arena, "/kernels");
    const Names shapes = names_of(&part, "shape"), norms = names_of(&part, "norm");
    const double *of_limit = last_of(field_of(&part, "of_limit")),
                 *bar = field_of(&part, "bar")->number;
    for (size_t k = 0; k < norms.count; k++)
        for (size_t p = 0; p < COUNT_OF(pass); p++) {
            Worst w = {.where = NULL};
            for (size_t s = 0; s < shapes.count; s++) {
                const size_t cell = (s * norms.count + k) * 2 + p;
                worst_see(&w, bar[cell], of_limit + cell * QUARTILES,
                          sizes_text(arena, shapes.name[s]));
            }
            worst_print(arena, &w,
                        text_print(arena, "`%s` %s, of the %s", norms.name[k], pass[p][0],
                                   pass[p][1]));
        }
}

static void dgemm_bars(const Store *store, Arena *arena) {
    const Part part = part_of(store, arena, "/training");
    const Names cases = names_of(&part, "case"), norms = names_of(&part, "norm");
    const double *of = last_of(field_of(&part, "of_dgemm")),
                 *bar = field_of(&part, "bar")->number;
    Worst w = {.where = NULL};
    for (size_t i = 0; i < cases.count * norms.count; i++)
        worst_see(&w, bar[i / norms.count], of + i * QUARTILES,
                  text_print(arena, "%s, `%s`", cases.name[i / norms.count],
                             norms.name[i % norms.count]));
    worst_print(arena, &w, "training, of dgemm");
}

static void combination_bars(const Store *store, Arena *arena) {
    const Part part = part_of(store, arena, "/combinations");
    const Names norms = names_of(&part, "norm");
    const Field *batch = field_of(&part, "batch"), *of = field_of(&part, "of_batch");
    const double least = *field_of(&part, "bar")->number;
    for (size_t k = 0; k < norms.count; k++) {
        Worst w = {.where = NULL};
        if (strcmp(norms.name[k], "batch") == 0) continue;
        for (size_t b = 0; b < field_count(batch); b++)
            worst_see(&w, least, of->number + (b * norms.count + k) * QUARTILES,
                      text_print(arena, "ResNet-8 x 16, b = %g", batch->number[b]));
        worst_print(arena, &w, text_print(arena, "`%s`, of `batch`", norms.name[k]));
    }
}

/* Of group alone, by what is asked for: the smaller bar, then the larger, which is of tensors past
 * the last cache. */
static void peer_kernel_bars(const Store *store, Arena *arena) {
    static const char *const pass[] = {"forward", "backward"};
    const Part part = part_of(store, arena, "/peer/kernels");
    const Names shapes = names_of(&part, "shape"), norms = names_of(&part, "norm");
    const double *of = field_of(&part, "of_torch")->number,
                 *bar = field_of(&part, "bar")->number;
    size_t group = 0;
    while (group < norms.count && strcmp(norms.name[group], "group") != 0) group++;
    for (double least = 0;;) {
        double next = INFINITY;
        for (size_t s = 0; group < norms.count && s < shapes.count; s++) {
            const double own = bar[s * norms.count + group];
            if (own > least && own < next) next = own;
        }
        if (isinf(next)) return;
        least = next;
        for (size_t p = 0; p < COUNT_OF(pass); p++) {
            Worst w = {.where = NULL};
            for (size_t s = 0; s < shapes.count; s++)
                if (bar[s * norms.count + group] >= least &&
                    bar[s * norms.count + group] <= least)
                    worst_see(&w, least,
                              of + ((s * norms.count + group) * 2 + p) * QUARTILES,
                              sizes_text(arena, shapes.name[s]));
            worst_print(arena, &w,
                        text_print(arena, "`group` %s, times PyTorch f64%s", pass[p],
                                   least > 2 ? ", past the last cache" : ""));
        }
    }
}

static void peer_training_bars(const Store *store, Arena *arena) {
    const Part part = part_of(store, arena, "/peer/training");
    const Names cases = names_of(&part, "case"), norms = names_of(&part, "norm"),
                kinds = names_of(&part, "arithmetic");
    const double *of = field_of(&part, "of_torch")->number,
                 *bar = field_of(&part, "bar")->number;
    const size_t cells = cases.count * norms.count;
    for (size_t a = 0; a < kinds.count; a++) {
        Worst w = {.where = NULL};
        for (size_t i = 0; i < cells; i++)
            worst_see(&w, bar[a * cases.count + i / norms.count],
                      of + (a * cells + i) * QUARTILES,
                      text_print(arena, "%s, `%s`", cases.name[i / norms.count],
                                 norms.name[i % norms.count]));
        worst_print(arena, &w,
                    text_print(arena, "training, times PyTorch %s", kinds.name[a]));
    }
}

/* The worst of each, by its median. */
static void print_bars(const Store *store, Arena *arena) {
    puts("| what | at least | measured (quartiles) | where it is worst | met "
         "|\n|---|---|---|---|---|");
    kernel_bars(store, arena);
    dgemm_bars(store, arena);
    combination_bars(store, arena);
    if (part_of(store, arena, "/peer/kernels").there) {
        peer_kernel_bars(store, arena);
        peer_training_bars(store, arena);
    }
}

void bench_table(const Call *call, const char *name) {
    static const struct {
        const char *name;
        void (*print)(const Store *store, Arena *arena);
    } tables[] = {{"measured", print_measured},
                  {"bars", print_bars},
                  {"kernels", print_kernels},
                  {"peer", print_peer},
                  {"training", print_training}};
    const Choice names = CHOICE(tables);
    const size_t which = word_choice(call, "--table", name, &names);
    const char *from = call_option(call, "--from");
    BaseError error = {.set = false};
    Store *store =
        store_open(from ? from : place_home(call->arena, "data/speed.h5"), &error);
    die_if(&error);
    tables[which].print(store, call->arena);
    store_close(store);
}
