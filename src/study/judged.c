/* Finished weights judged as the rows of a study ask: once for each run, kept beside the runs. */
#include "judged.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "evaluation.h"

/* ---- words ---------------------------------------------------------------------------- */

const ExperimentKey judged_keys[] = {
    {"mode", "", "rows: finished weights by other moments, as `normlab evaluate` says",
     NULL},
    {"input", "", "rows: finished weights at other sizes of the images, HxW", NULL},
    {NULL, NULL, NULL, NULL}};

bool judged_is_key(const char *key) {
    for (const ExperimentKey *k = judged_keys; k->name; k++)
        if (strcmp(k->name, key) == 0) return true;
    return false;
}

const char *judged_canonical(Arena *arena, const char *key, const char *value,
                             BaseError *error) {
    Mode mode;
    Input input;
    BaseError own = {.set = false};
    if (strcmp(key, "mode") == 0 ? evaluation_mode(arena, value, &mode, &own)
                                 : evaluation_input(arena, value, &input, &own))
        return strcmp(key, "mode") == 0 ? mode.text : input.text;
    base_fail(error, own.code, 0, "%s=%s: %s", key,
              text_plain(arena, text_clip(arena, value)), own.message);
    return NULL;
}

static bool same_word(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool judging_is_own(const Judging *judging) {
    return judging->mode == NULL && judging->input == NULL;
}

bool judging_same(const Judging *a, const Judging *b) {
    return same_word(a->mode, b->mode) && same_word(a->input, b->input);
}

/* ---- what is asked of each run ---------------------------------------------------------- */

bool judged_wanted(const Sweep *sweep) {
    return sweep->series > 0 && !judging_is_own(&sweep->judging[0]);
}

/* The words of all rows that a run is in, each once, "average,pooled"; NULL: the run's own. */
static const char *list_of(Arena *arena, const Sweep *sweep, const Run *run, bool modes) {
    Text text = text_new(arena);
    const size_t cells = sweep->series * sweep->points * sweep->seeds;
    const char **said = TAKE(arena, const char *, cells + 1);
    size_t count = 0;
    for (size_t i = 0; i < cells; i++) {
        const Judging *j = &sweep->judging[i / sweep->seeds];
        const char *word = modes ? j->mode : j->input;
        bool before = word == NULL || &sweep->run[sweep->run_of[i]] != run;
        for (size_t k = 0; k < count && !before; k++) before = same_word(word, said[k]);
        if (before) continue;
        said[count++] = word;
        text_add(&text, "%s%s", text.length ? "," : "", word);
    }
    return text.length ? text.data : NULL;
}

static const char *path_of(Arena *arena, const Sweep *sweep, const Run *run) {
    enum { DIGITS = 8 };
    char hex[DIGEST_LENGTH + 1];
    const char *modes = list_of(arena, sweep, run, true),
               *inputs = list_of(arena, sweep, run, false),
               *key = text_print(arena, "mode %s\ninput %s\n", modes ? modes : "",
                                 inputs ? inputs : "");
    digest_bytes(hex, key, strlen(key));
    return place_out(arena, text_print(arena, "judged/%s-%.*s.h5", run->id, DIGITS, hex));
}

/* What was said of the run's file as it is now; false: nobody asked yet. */
static bool read_judged(Arena *arena, const char *path, const Run *run, Table *to) {
    BaseError quiet = {.set = false};
    if (access(path, F_OK) != 0) return false;
    Store *store = store_open(path, &quiet);
    bool good = store && store_is_sealed(store);
    if (good) {
        const Table head = table_read(store, arena, "/", &quiet);
        *to = table_read(store, arena, "/evaluation", &quiet);
        good = !quiet.set && strcmp(table_fact(&head, "run_sha256", ""),
                                    evaluation_digest(arena, run->path)) == 0;
    }
    store_close(store);
    return good;
}

static bool has_diverged(const Record *record) {
    return strcmp(table_fact(&record->head, "status", ""), "finished") != 0;
}

static const Evaluation *judge(Arena *arena, const Sweep *sweep, const Run *run,
                               const char *path) {
    return evaluation_make(arena, path, list_of(arena, sweep, run, true),
                           list_of(arena, sweep, run, false), "train,val,test", false);
}

const Table *judged_now(Arena *arena, const Sweep *sweep, const Run *run,
                        const Record *record, const char *path) {
    if (!judged_wanted(sweep) || has_diverged(record)) return NULL;
    Table *t = TAKE(arena, Table, 1);
    *t = evaluation_table(judge(arena, sweep, run, path));
    return t;
}

static void judge_run(const Sweep *sweep, const Run *run) {
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    Table table;
    const char *path = path_of(arena, sweep, run);
    const Record *record = run_read(arena, run, &error);
    die_if(&error);
    if (!has_diverged(record) && !read_judged(arena, path, run, &table))
        evaluation_save(judge(arena, sweep, run, run->path), path, &error);
    arena_free(arena);
    die_if(&error);
}

void judged_make(const Sweep *sweep) {
    if (!judged_wanted(sweep)) return;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    place_folder(place_out(arena, "judged"), &error);
    arena_free(arena);
    die_if(&error);
    const double begin = seconds_now();
    const bool terminal = isatty(STDERR_FILENO);
    for (size_t i = 0; i < sweep->runs; i++) {
        judge_run(sweep, &sweep->run[i]);
        if (terminal) fprintf(stderr, "\r%zu/%zu runs judged\033[K", i + 1, sweep->runs);
    }
    if (terminal) fputs("\r\033[K", stderr);
    say("%zu runs judged as the rows ask, %.0f s", sweep->runs, seconds_now() - begin);
}

/* ---- a row's numbers ------------------------------------------------------------------------ */

/* The place of a word on a scale; that of the first where none is asked for. */
static size_t place_of(const Table *t, const char *scale, const char *word) {
    const Field *f = table_find(t, scale);
    size_t i = 0;
    while (word && f && f->text && i < f->size[0] && strcmp(f->text[i], word) != 0) i++;
    return i;
}

/* [mode, input, on] -> that of a judging; NULL: there is no such number. */
static const double *number_at(const Table *t, const char *name, const Judging *judging,
                               const char *on) {
    const Field *f = table_find(t, name);
    const size_t m = place_of(t, "mode", judging->mode),
                 i = place_of(t, "input", judging->input), p = place_of(t, "on", on);
    if (f == NULL || f->number == NULL || f->rank != 3 || m >= f->size[0] ||
        i >= f->size[1] || p >= f->size[2])
        return NULL;
    return f->number + (m * f->size[1] + i) * f->size[2] + p;
}

bool judged_has(const Table *judged, const Judging *judging) {
    const Field *mode = table_find(judged, "mode"), *input = table_find(judged, "input");
    return mode && input && place_of(judged, "mode", judging->mode) < mode->size[0] &&
           place_of(judged, "input", judging->input) < input->size[0];
}

/* The numbers of a summary that an end says, and what they are in an evaluation. */
static void put_metric(Arena *arena, Table *summary, const Table *t,
                       const Judging *judging, const char *metric, const char *score) {
    const struct {
        const char *name, *of, *on;
    } number[] = {{score, metric, "val"},
                  {text_print(arena, "test_%s", metric), metric, "test"},
                  {text_print(arena, "train_%s_evaluated", metric), metric, "train"},
                  {"test_loss", "loss", "test"},
                  {"train_loss_evaluated", "loss", "train"}};
    for (size_t i = 0; i < COUNT_OF(number); i++)
        for (size_t k = 0; k < summary->fields; k++)
            if (strcmp(summary->field[k].name, number[i].name) == 0)
                summary->field[k].number =
                    number_at(t, number[i].of, judging, number[i].on);
}

/* The errors in blocks of test samples, [mode, input, block]; NULL: not all modes have them. */
static const double *blocks_at(const Table *t, const Judging *judging, size_t count) {
    const Field *f = table_find(t, "test_block");
    const size_t m = place_of(t, "mode", judging->mode),
                 i = place_of(t, "input", judging->input);
    if (f == NULL || f->number == NULL || f->rank != 3 || f->size[2] != count ||
        m >= f->size[0] || i >= f->size[1])
        return NULL;
    return f->number + (m * f->size[1] + i) * count;
}

const Record *judged_as(Arena *arena, const Run *run, const Record *record,
                        const Judging *judging, const Table *judged) {
    if (judging_is_own(judging) || has_diverged(record)) return record;
    Record *own = TAKE(arena, Record, 1);
    *own = *record;
    own->summary.field = TAKE(arena, Field, record->summary.fields + 1);
    memcpy(own->summary.field, record->summary.field,
           record->summary.fields * sizeof *own->summary.field);
    const TaskKind *task = run->config.task;
    for (size_t m = 0; m < task->metrics; m++) {
        const char *metric = task->metric[m].name;
        put_metric(arena, &own->summary, judged, judging, metric,
                   m == 0 ? "score" : text_print(arena, "score_%s", metric));
    }
    own->blocks.field = TAKE(arena, Field, record->blocks.fields + 1);
    own->blocks.fields = 0;
    for (size_t k = 0; k < record->blocks.fields; k++) {
        Field f = record->blocks.field[k];
        if (strcmp(f.name, "test") == 0) f.number = blocks_at(judged, judging, f.size[0]);
        if (strcmp(f.name, "test") != 0 || f.number)
            own->blocks.field[own->blocks.fields++] = f;
    }
    return own;
}

const Record *judged_record(Arena *arena, const Sweep *sweep, const Run *run,
                            const Record *record, const Judging *judging) {
    Table t = {.fields = 0};
    const bool asked = !judging_is_own(judging) && !has_diverged(record);
    if (asked && !read_judged(arena, path_of(arena, sweep, run), run, &t)) return NULL;
    return judged_as(arena, run, record, judging, &t);
}
