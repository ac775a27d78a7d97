/* demo: the main job in a minute. */
#include "gates.h"
#include "evaluation.h"
#include "tool.h"

#include <unistd.h>

/* The ends of the quick recipe's axis, and seven times its training: 70,000 images a run, moved and
 * mirrored, in a network twice as wide, after which the arms that should work do (chosen on
 * validation images under another seed). */
static const char *const DEMO[] = {"norm=batch,group(4)",
                                   "batch=32,1",
                                   "seed=1",
                                   "images=2500",
                                   "epochs=28",
                                   "flip=yes",
                                   "shift=1",
                                   "network=resnet(depth=8, width=16, stem_stride=2)",
                                   "weights=yes"};

/* One run at its end, on the test images: shares of errors. */
typedef struct Judged {
    double average, own; /* by the averages of training, by the moments of each batch */
} Judged;

/* A column of the first row, batch; every run has one seed. */
static Judged judge(Arena *arena, const Grid *g, size_t point) {
    const char *own = text_print(arena, "batch(%s)", g->along_text[point]);
    const Evaluation *e = evaluation_make(arena, g->run[point], own, NULL, "test", false);
    return (Judged){g->test[point],
                    e->judged[0].metric[0]}; /* a study's metric is the first */
}

static void print_line(const char *who, const char *at, const Judged *j) {
    printf("%-20s  %-16s %14.1f", who, at, 100 * j->average);
    if (j->own >= 0) printf(" %14.1f", 100 * j->own);
    putchar('\n');
}

/* Where the error of the smallest batch lies: in what evaluation takes for the moments, or in the
 * weights. */
static void tell_statistics(const Judged *large, const Judged *small) {
    const double lost = 100 * (small->average - large->average),
                 found = 100 * (small->average - small->own);
    if (lost <= 0)
        fputs("Batch normalization has lost nothing at one image a worker, this time.\n",
              stdout);
    else if (found <= 0)
        printf(
            "Batch normalization loses %.1f points at one image a worker, and its own "
            "moments in evaluation do not\nbring them back: they lie in the weights.\n",
            lost);
    else
        printf("Batch normalization loses %.1f points at one image a worker. The very "
               "same weights, judged by the moments of\neach image instead of those "
               "averaged in training, err %.1f points less: so much of it lies in the "
               "evaluation.\n",
               lost, found);
}

static void tell_gate(const Grid *g, const Judged *batch, const Judged *group) {
    for (size_t i = 0; g->gate && i < g->gate->kinds; i++)
        if (batch->average >= gates_mean(g->gate, i) ||
            group->average >= gates_mean(g->gate, i)) {
            printf("An arm that should work does not beat %s: nothing follows from it.\n",
                   g->gate->score[i].title);
            return;
        }
    if (g->gate)
        fputs("Batch normalization at 32 and group normalization, the references, beat "
              "what is known without a network.\n",
              stdout);
}

/* All sentences follow from the numbers above them. */
static void tell(Arena *arena, const Grid *g) {
    const Judged large = judge(arena, g, 0), small = judge(arena, g, 1);
    const Judged group = {g->test[g->points], -1};
    printf("\n%-38s %14s %14s\n", "Errors on the held-out test images, %", "by averages",
           "by own moments");
    print_line("batch", "32 a worker", &large);
    print_line("batch", "1 a worker", &small);
    print_line("group(4)", "any number", &group);
    for (size_t i = 0; g->gate && i < g->gate->kinds; i++)
        print_line(g->gate->score[i].title, "no network",
                   &(Judged){gates_mean(g->gate, i), -1});
    puts("\nSeen here: mechanism, one seed, no verdict.");
    tell_gate(g, &large, &group);
    tell_statistics(&large, &small);
    fputs("Group normalization never looks at another image: it is one computation at "
          "every batch size.\n",
          stdout);
    print_commands(stdout, "The figure in README.md is of the full recipe: `normlab run "
                           "batch-size`.\n");
}

static int run_demo(const Call *call) {
    const Wish wish = {.experiment = experiment_find(call->arena, "batch-size"),
                       .quick = true,
                       .settings = COUNT_OF(DEMO),
                       .setting = DEMO,
                       .as = "demo"};
    const Sweep *sweep = study_plan(call->arena, &wish);
    say("training batch and group normalization at 32 images and at one a worker: %zu "
        "runs of 70,000 images",
        sweep->runs);
    const Grid *grid;
    int status = run_study(call, sweep, false, &grid);
    if (status != EX_OK) return status;
    if (isatty(STDOUT_FILENO))
        status =
            study_draw(call->arena, grid, figure_form(call->arena, "dumb", NULL), NULL);
    tell(call->arena, grid);
    return status;
}

const Command command_demo = {
    .name = "demo",
    .usage = "[--jobs N] [--restart]",
    .summary = "The main job in a minute: batch and group normalization over batch sizes "
               "on real images",
    .options = (const Option[]){STUDY_OPTIONS},
    .run = run_demo,
    .more = "Experiment batch-size on the embedded images, at 32 images a worker and at "
            "one: prints the table, judges\n"
            "the trained weights once more by the moments of each batch, writes "
            "out/batch-size-demo.h5 and draws\n"
            "out/batch-size-demo.svg.",
};
