/* Two runs, or two studies, side by side. */
#include "compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- a list ------------------------------------------------------------------------- */

static void add(Differences *to, const char *what, const char *a, const char *b) {
    if (to->count == to->room) {
        const size_t room = to->room ? 2 * to->room : 16;
        Difference *more = TAKE(to->arena, Difference, room);
        if (to->count) memcpy(more, to->of, to->count * sizeof *more);
        to->of = more, to->room = room;
    }
    to->of[to->count++] = (Difference){what, a, b};
}

static void add_texts(Differences *to, const char *what, const char *a, const char *b) {
    if (strcmp(a, b) != 0) add(to, what, a, b);
}

/* ---- tables --------------------------------------------------------------------------- */

static void compare_facts(Differences *to, const Table *a, const Table *b,
                          const char *const *but) {
    for (size_t side = 0; side < 2; side++) {
        const Table *from = side == 0 ? a : b;
        for (size_t i = 0; i < from->facts; i++) {
            const char *name = from->fact[i].name;
            bool left = side == 1 && table_fact(a, name, NULL); /* was told before */
            for (const char *const *k = but; *k; k++) left |= strcmp(*k, name) == 0;
            if (!left)
                add_texts(to, name, table_fact(a, name, ""), table_fact(b, name, ""));
        }
    }
}

static bool same_bits(double a, double b) {
    return isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof a) == 0;
}

static const char *size_of(Arena *arena, const Field *f) {
    return f ? text_print(arena, "%zu numbers", field_count(f)) : "";
}

/* One number as it is; of several how many differ, and where the first is. */
static void compare_numbers(Differences *to, const char *what, const Field *a,
                            const Field *b) {
    Arena *arena = to->arena;
    const size_t count = field_count(a);
    size_t differ = 0, first = 0;
    for (size_t i = count; i-- > 0;)
        if (!same_bits(a->number[i], b->number[i])) differ++, first = i;
    if (differ == 0) return;
    if (count > 1)
        what = text_print(arena, "%s, %zu of %zu differ, the first at %zu", what, differ,
                          count, first + 1);
    add(to, what, text_print(arena, "%.17g", a->number[first]),
        text_print(arena, "%.17g", b->number[first]));
}

void compare_field(Differences *to, const char *what, const Field *one,
                   const Field *two) {
    if (one && two && one->number && two->number && field_count(one) == field_count(two))
        compare_numbers(to, what, one, two);
    else if (!(one && two && one->text && two->text))
        add(to, what, size_of(to->arena, one), size_of(to->arena, two));
}

static void compare_fields(Differences *to, const Table *a, const Table *b) {
    for (size_t i = 0; i < a->fields + b->fields; i++) {
        const char *name =
            i < a->fields ? a->field[i].name : b->field[i - a->fields].name;
        const Field *one = table_find(a, name), *two = table_find(b, name);
        const char *what = text_print(to->arena, "%s/%s", a->group, name);
        if (i < a->fields || one == NULL) compare_field(to, what, one, two);
    }
}

/* ---- runs ------------------------------------------------------------------------------- */

void compare_settings(Differences *to, const Record *a, const Record *b) {
    static const char *const but[] = {"canonical", "description", NULL};
    compare_facts(to, &a->config, &b->config, but);
}

/* Tables of so many names, those of one name beside each other. */
static void compare_named(Differences *to, const Table *a, const char *const *of_a,
                          size_t count, const Table *b, const char *const *of_b,
                          size_t others) {
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < others && strcmp(of_a[i], of_b[k]) != 0) k++;
        if (k < others) compare_fields(to, &a[i], &b[k]);
    }
}

bool compare_is_probed(const Record *record, const char *name) {
    for (size_t i = 0; i < record->probes; i++) {
        const size_t length = strlen(record->probe_name[i]);
        if (strncmp(name, record->probe_name[i], length) == 0 && name[length] == '_')
            return true;
    }
    return false;
}

static Table without_probes(Arena *arena, const Record *r) {
    Table t = r->summary;
    t.field = TAKE(arena, Field, t.fields + 1), t.fields = 0;
    for (size_t i = 0; i < r->summary.fields; i++)
        if (!compare_is_probed(r, r->summary.field[i].name))
            t.field[t.fields++] = r->summary.field[i];
    return t;
}

void compare_results(Differences *to, const Record *a, const Record *b, bool probes) {
    static const char *const but[] = {"description", NULL};
    const Table one = probes ? a->summary : without_probes(to->arena, a),
                two = probes ? b->summary : without_probes(to->arena, b);
    add_texts(to, "status", table_fact(&a->head, "status", ""),
              table_fact(&b->head, "status", ""));
    compare_facts(to, &a->summary, &b->summary, but);
    compare_fields(to, &one, &two);
    compare_fields(to, &a->metrics, &b->metrics);
    compare_fields(to, &a->blocks, &b->blocks);
    compare_fields(to, &a->pictures, &b->pictures);
    compare_named(to, a->layer, a->name, a->layers, b->layer, b->name, b->layers);
    if (probes)
        compare_named(to, a->probe, a->probe_name, a->probes, b->probe, b->probe_name,
                      b->probes);
}

void compare_origins(Differences *to, const Record *a, const Record *b) {
    static const char *const but[] = {"description", NULL};
    compare_facts(to, &a->provenance, &b->provenance, but);
    add_texts(to, "seconds", table_fact(&a->times, "seconds", ""),
              table_fact(&b->times, "seconds", ""));
}

/* Of what else is not the same here one may be why. */
void compare_arithmetic(Differences *to, const Table *provenance) {
    static const char *const whys[] = {"compiler", "flags", "processor", "libc"};
    const char *there = table_fact(provenance, "bits", "");
    size_t count;
    if (strcmp(there, store_bits(to->arena)) == 0) return;
    add(to, "bits", there, store_bits(to->arena));
    const Fact *here = store_provenance(to->arena, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < COUNT_OF(whys); k++)
            if (strcmp(here[i].name, whys[k]) == 0)
                add_texts(to, whys[k], table_fact(provenance, whys[k], ""),
                          here[i].value);
}

bool compare_has_probes(const Table *provenance) {
    const char *there = table_fact(provenance, "probe_numerics", "1");
    return strtol(there, NULL, 10) == PROBE_NUMERICS;
}

/* ---- studies ------------------------------------------------------------------------------ */

static const char *line_value(Arena *arena, const Grid *g, const char *key) {
    const char *value = grid_setting(arena, g, key);
    return value ? value : "";
}

void compare_recipes(Differences *to, const Grid *a, const Grid *b) {
    add_texts(to, "score", a->rule, b->rule);
    for (size_t side = 0; side < 2; side++)
        for (const char *line = side == 0 ? a->recipe : b->recipe; *line;) {
            const char *key = text_copy(to->arena, line, strcspn(line, "=\n"));
            line += strcspn(line, "\n");
            line += *line == '\n';
            if (strcmp(key, "score") == 0 ||
                (side == 1 && grid_setting(to->arena, a, key)))
                continue;
            add_texts(to, key, line_value(to->arena, a, key),
                      line_value(to->arena, b, key));
        }
}

static size_t place_of(const char *const *names, size_t count, const char *name) {
    size_t i = 0;
    while (i < count && strcmp(names[i], name) != 0) i++;
    return i;
}

/* "21.53 ± 0.40, 6 seeds", as tables have it. */
static const char *cell_text(Arena *arena, const Grid *g, size_t series, size_t point) {
    const Interval own = grid_error(g, series, point);
    const double scale = grid_scale(g);
    if (own.count == 0) return "-";
    return isfinite(own.half) ? text_print(arena, "%.2f ± %.2f, %zu seeds",
                                           scale * own.mean, scale * own.half, own.count)
                              : text_print(arena, "%.2f, %zu seed%s", scale * own.mean,
                                           own.count, own.count == 1 ? "" : "s");
}

/* The runs of a cell, by which it is the same or another. */
static bool same_runs(const Grid *a, size_t at_a, const Grid *b, size_t at_b) {
    bool same = a->seeds == b->seeds;
    for (size_t k = 0; same && k < a->seeds; k++)
        same = strcmp(a->run[at_a * a->seeds + k], b->run[at_b * b->seeds + k]) == 0 &&
               same_bits(a->score[at_a * a->seeds + k], b->score[at_b * b->seeds + k]) &&
               same_bits(a->test[at_a * a->seeds + k], b->test[at_b * b->seeds + k]);
    return same;
}

static void compare_one(Differences *to, const Grid *a, const Grid *b, const char *name,
                        const char *along) {
    const size_t i = place_of(a->name, a->series, name),
                 j = place_of(a->along_text, a->points, along),
                 k = place_of(b->name, b->series, name),
                 l = place_of(b->along_text, b->points, along);
    const bool in_a = i < a->series && j < a->points,
               in_b = k < b->series && l < b->points;
    if (!in_a && !in_b) return;
    if (in_a && in_b && same_runs(a, i * a->points + j, b, k * b->points + l)) return;
    add(to, text_print(to->arena, "%s@%s", name, along),
        in_a ? cell_text(to->arena, a, i, j) : "",
        in_b ? cell_text(to->arena, b, k, l) : "");
}

void compare_cells(Differences *to, const Grid *a, const Grid *b) {
    for (size_t i = 0; i < a->series + b->series; i++) {
        const char *name = i < a->series ? a->name[i] : b->name[i - a->series];
        if (i >= a->series && place_of(a->name, a->series, name) < a->series) continue;
        for (size_t j = 0; j < a->points + b->points; j++) {
            const char *along =
                j < a->points ? a->along_text[j] : b->along_text[j - a->points];
            if (j < a->points || place_of(a->along_text, a->points, along) == a->points)
                compare_one(to, a, b, name, along);
        }
    }
}
