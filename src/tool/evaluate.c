/* A finished run's weights, judged by other moments, at other sizes and on other parts of its data. */
#include "evaluation.h"
#include "sweep.h"
#include "tool.h"

#include <string.h>

enum { DIGITS = 6, WIDTH = 14 };

static const char *title_of(Arena *arena, const TaskMetric *metric) {
    const char *unit = metric->share ? "%" : metric->unit;
    return strcmp(unit, "1") == 0 ? metric->name
                                  : text_print(arena, "%s, %s", metric->name, unit);
}

/* One of [modes, inputs, parts]. */
typedef struct Row {
    const char *mode, *input, *on;
    const TrainJudged *judged;
} Row;

static Row row_of(const Evaluation *e, size_t i) {
    return (Row){e->mode[i / e->parts / e->inputs].text,
                 e->input[i / e->parts % e->inputs].text, e->part[i % e->parts],
                 &e->judged[i]};
}

static void print_text(const Evaluation *e) {
    const Task *task = e->task;
    printf("%s: %s\n\n%-12s %-9s %-6s %8s %*s", e->run, e->says, "mode", "input", "on",
           "samples", WIDTH, "loss");
    for (size_t m = 0; m < task->metrics; m++)
        printf(" %*s", WIDTH, title_of(e->arena, &task->metric[m]));
    putchar('\n');
    for (size_t i = 0; i < e->modes * e->inputs * e->parts; i++) {
        const Row row = row_of(e, i);
        const TrainJudged *j = row.judged;
        printf("%-12s %-9s %-6s %8zu %*.*g", row.mode, row.input, row.on, j->samples,
               WIDTH, DIGITS, j->loss);
        for (size_t m = 0; m < task->metrics; m++)
            printf(" %*.*g", WIDTH, DIGITS,
                   j->metric[m] * (task->metric[m].share ? 100 : 1));
        putchar('\n');
    }
    printf("\nloss: %s", task->kind->loss);
    for (size_t m = 0; m < task->metrics; m++)
        printf("; %s: %s", task->metric[m].name, task->metric[m].title);
    putchar('\n');
}

/* Where it was asked for: how far moments that are read are from those of batches, by layer. */
static void print_apart(const Evaluation *e) {
    for (size_t i = 0; e->apart && i < e->modes * e->inputs * e->parts; i++) {
        const Row row = row_of(e, i);
        const TrainDiscrepancy *one = e->apart[i];
        if (one == NULL || e->places == 0) continue;
        printf("\n%s %s %s: discrepancy from batches of %s, %zu of them\n%-32s %*s %*s\n",
               row.mode, row.input, row.on,
               config_text(&e->of->config, e->arena, "batch"), one->batches, "layer",
               WIDTH, "mean", WIDTH, "deviation");
        for (size_t k = 0; k < e->places; k++)
            printf("%-32s %*.*g %*.*g\n", one[k].layer, WIDTH, DIGITS, one[k].mean, WIDTH,
                   DIGITS, one[k].deviation);
    }
    if (e->apart && e->places == 0)
        puts("\nno normalizer of it keeps means and variances: nothing to be apart");
}

static void print_json_apart(const Evaluation *e, const TrainDiscrepancy *one) {
    printf(", \"discrepancy\": [");
    for (size_t k = 0; one && k < e->places; k++)
        printf("%s{\"layer\": %s, \"mean\": %s, \"deviation\": %s}", k ? ", " : "",
               json_text(e->arena, one[k].layer), json_number(e->arena, one[k].mean),
               json_number(e->arena, one[k].deviation));
    putchar(']');
}

static void print_json(const Evaluation *e) {
    Arena *arena = e->arena;
    const Task *task = e->task;
    printf("{\"schema\": 1, \"run\": %s, \"file\": %s, \"sha256\": %s,\n \"says\": %s, "
           "\"task\": %s, \"loss\": %s,\n \"metrics\": [",
           json_text(arena, e->run), json_text(arena, e->file),
           json_text(arena, e->sha256), json_text(arena, e->says),
           json_text(arena, task->kind->name), json_text(arena, task->kind->loss));
    for (size_t m = 0; m < task->metrics; m++)
        printf("%s{\"name\": %s, \"title\": %s, \"unit\": %s, \"rises\": %s}",
               m ? ", " : "", json_text(arena, task->metric[m].name),
               json_text(arena, task->metric[m].title),
               json_text(arena, task->metric[m].unit),
               task->metric[m].rises ? "true" : "false");
    printf("],\n \"results\": [");
    for (size_t i = 0; i < e->modes * e->inputs * e->parts; i++) {
        const Row row = row_of(e, i);
        const TrainJudged *j = row.judged;
        printf("%s\n  {\"mode\": %s, \"input\": %s, \"on\": %s, \"samples\": %zu, "
               "\"loss\": %s",
               i ? "," : "", json_text(arena, row.mode), json_text(arena, row.input),
               json_text(arena, row.on), j->samples, json_number(arena, j->loss));
        for (size_t m = 0; m < task->metrics; m++)
            printf(", %s: %s", json_text(arena, task->metric[m].name),
                   json_number(arena, j->metric[m]));
        if (e->apart) print_json_apart(e, e->apart[i]);
        putchar('}');
    }
    puts("]}");
}

static int run_evaluate(const Call *call) {
    BaseError error = {.set = false};
    const char *to = call_option(call, "--out");
    if (to) place_may_write(to, &error);
    die_if(&error);
    const Evaluation *e = evaluation_make(
        call->arena, call->word[0], call_key(call, "mode"), call_key(call, "input"),
        call_key(call, "on"), call_option(call, "--discrepancy") != NULL);
    if (to) evaluation_save(e, to, &error);
    die_if(&error);
    if (call_option(call, "--json"))
        print_json(e);
    else
        print_text(e), print_apart(e);
    return EX_OK;
}

const Command command_evaluate = {
    .name = "evaluate",
    .usage =
        "RUN [mode=LIST] [input=LIST] [on=LIST] [--discrepancy] [--json] [--out FILE.h5]",
    .summary = "Judges a finished run's weights by other moments, at other sizes, on "
               "other samples",
    .keys =
        (const Option[]){
            {"mode", "LIST",
             "average, precise, pooled, batch(B) (default: the run's own)"},
            {"input", "LIST", "HxW: the images made so large (default: as they are)"},
            {"on", "LIST", "train, val, test (default: val,test)"},
            {NULL, NULL, NULL}},
    .options =
        (const Option[]){
            {"--discrepancy", NULL,
             "also how far running moments are from batches', by layer"},
            {"--json", NULL, "for programs, with all digits"},
            {"--out", "FILE.h5", "the same as a file, with where it comes from"},
            {NULL, NULL, NULL}},
    .least = 1,
    .most = 1,
    .run = run_evaluate,
    .more =
        "RUN is the file of a finished run that keeps its weights (`normlab run ... "
        "weights=yes`), or its name of\n"
        "sixteen digits. A mode says which moments normalizers with a memory read:\n"
        "  average    those that training averaged over its steps\n"
        "  precise    of the training samples again, the mean over workers of a whole "
        "epoch\n"
        "  pooled     the same, and what lies between the workers' means\n"
        "  batch(B)   those of each B samples that are judged together (batch:32 for a "
        "shell), of which a ragged\n"
        "             last batch is dropped\n"
        "An input is larger by linear interpolation, smaller by area averaging; precise "
        "and pooled moments are those\n"
        "of training samples as large; a network whose weights depend on the size is "
        "refused.\n"
        "What the run says of its own end is found again to the last bit.\n"
        "The discrepancy of a layer (Wang et al. 2022: training inference discrepancy) "
        "is the mean over "
        "batches of the\n"
        "size of a worker's, and over channels, of |mean that is read - batch's| / "
        "batch's "
        "deviation and of\n"
        "|deviation that is read / batch's - 1|.",
};
