/* Speed beside the machine's own limits, measured in one run: ratios travel, seconds do
 * not. */
#include "bench.h"
#include "bilinear.h"

#include <string.h>

typedef struct Part {
    const char *name;
    BenchPart *want, *bench; /* want NULL: nothing can be wrong */
    bool norms;              /* it is of normalizers */
} Part;

static const Part PARTS[] = {{"kernels", bench_want_kernels, bench_kernels, true},
                             {"products", NULL, bench_products, false},
                             {"training", bench_want_training, bench_training, true},
                             {"check", NULL, bench_check, false}};

/* Those that are asked for; all, where none is. */
static void find_parts(const Call *call, bool wanted[COUNT_OF(PARTS)]) {
    static const Choice parts = CHOICE(PARTS);
    for (size_t i = 0; i < parts.count; i++) wanted[i] = call->words == 0;
    for (size_t k = 0; k < call->words; k++) {
        const size_t i = choice_find(&parts, call->word[k]);
        if (i == parts.count)
            die(EX_USAGE, "bench has no part '%s'%s; there are %s", call->word[k],
                choice_hint(call->arena, &parts, call->word[k]),
                choice_words(call->arena, &parts, ", "));
        wanted[i] = true;
    }
}

/* "32,64,56,56" */
static Shape read_shape(Arena *arena, const char *text) {
    Shape shape = {.rank = 4};
    const char *at = text;
    for (size_t i = 0; i < shape.rank; i++) {
        const size_t length = strcspn(at, ",");
        const bool last = i + 1 == shape.rank;
        if (!text_to_count(text_copy(arena, at, length), &shape.size[i]) ||
            shape.size[i] == 0 || shape.size[i] > 1 << 20 || (at[length] == '\0') != last)
            die(EX_USAGE, "--shape %s: N,C,H,W, four whole numbers from 1 on", text);
        at += length + !last;
    }
    if (shape_count(shape) > (size_t)1 << 30)
        die(EX_USAGE, "--shape %s: more than 2^30 elements", text);
    return shape;
}

static const char *option(const Call *call, const char *name, const char *otherwise) {
    const char *text = call_option(call, name);
    return text ? text : otherwise;
}

/* An option says something of certain parts, one of which is asked for. */
static void want_part(const Call *call, const char *name, const bool *wanted, size_t a,
                      size_t b) {
    const char *text = call_option(call, name);
    if (text && !wanted[a] && !wanted[b])
        die(EX_USAGE, "%s %s: says something of `%s`%s, which is not asked for", name,
            text, PARTS[a].name,
            a == b ? "" : text_print(call->arena, " and `%s`", PARTS[b].name));
}

static Bench read_bench(const Call *call, const bool *wanted) {
    enum { KERNELS, PRODUCTS, TRAINING };
    want_part(call, "--norm", wanted, KERNELS, TRAINING);
    want_part(call, "--shape", wanted, KERNELS, KERNELS);
    want_part(call, "--network", wanted, TRAINING, TRAINING);
    want_part(call, "--dataset", wanted, TRAINING, TRAINING);
    want_part(call, "--batch", wanted, TRAINING, TRAINING);
    return (Bench){
        .arena = call->arena,
        .speed = {call->arena,
                  call_count(call, "--threads", bench_processors(), SPEED_THREADS),
                  call_count(call, "--turns", BENCH_TURNS, BENCH_MOST_TURNS)},
        .json = call_option(call, "--json") != NULL,
        .norms = call_option(call, "--norm"),
        .shape = read_shape(call->arena, option(call, "--shape", "32,64,56,56")),
        .network = option(call, "--network", "resnet(depth=20, width=16)"),
        .dataset = option(call, "--dataset", "fashion-mini"),
        .batches = option(call, "--batch", "8")};
}

const char *bench_ratio_text(const Bench *bench, SpeedQuartiles ratio) {
    return text_print(bench->arena, "%.2f (%.2f to %.2f)", ratio.middle, ratio.low,
                      ratio.high);
}

static int run_bench(const Call *call) {
    bool wanted[COUNT_OF(PARTS)];
    if (call_option(call, "--save")) return bench_save(call);
    if (call_option(call, "--table")) {
        bench_table(call, call_option(call, "--table"));
        return EX_OK;
    }
    if (call_option(call, "--from")) die(EX_USAGE, "--from is of --table");
    if (call_option(call, "--quick")) die(EX_USAGE, "--quick is of --save");
    find_parts(call, wanted);
    const Bench bench = read_bench(call, wanted);
    const char *blas = speed_blas(call->arena);
    for (size_t i = 0; i < COUNT_OF(PARTS); i++)
        if (wanted[i] && PARTS[i].want) PARTS[i].want(&bench);
    if (bench.json)
        printf("{\"schema\": 2, \"threads\": %zu, \"turns\": %zu, \"blas\": %s",
               bench.speed.threads, bench.speed.turns, json_text(call->arena, blas));
    else
        printf("%s, %zu thread%s, medians of %zu turns (and quartiles)\n", blas,
               bench.speed.threads, bench.speed.threads > 1 ? "s" : "",
               bench.speed.turns);
    for (size_t i = 0; i < COUNT_OF(PARTS); i++)
        if (wanted[i]) PARTS[i].bench(&bench);
    if (bench.json) puts("}");
    return EX_OK;
}

const Command command_bench = {
    .name = "bench",
    .usage = "[kernels] [products] [training] [check] [--norm LIST] [--shape N,C,H,W] "
             "[--json] | --save | --table NAME",
    .summary = "Measures kernels, convolutions, training and a full check, each beside "
               "its limit, in one run",
    .options =
        (const Option[]){{"--norm", "SPECS", "kernels and training of these normalizers"},
                         {"--shape", "N,C,H,W", "of the kernels' tensor: 32,64,56,56"},
                         {"--network", "NETWORK", "trained: resnet(depth=20, width=16)"},
                         {"--dataset", "DATASET", "trained on: fashion-mini"},
                         {"--batch", "LIST", "samples a worker, of 2 a thread: 8"},
                         {"--threads", "N", "default: all processors"},
                         {"--turns", "N", "of each, in rotation: 15"},
                         {"--json", NULL, "for programs"},
                         {"--save", NULL, "minutes of it: out/speed.h5 with its figures"},
                         {"--quick", NULL, "of --save: the first points alone"},
                         {"--table", "measured|bars|kernels|peer|training",
                          "of what was saved, as Markdown"},
                         {"--from", "FILE", "of --table: data/speed.h5"},
                         {NULL, NULL, NULL}},
    .least = 0,
    .most = COUNT_OF(PARTS),
    .run = run_bench,
    .more =
        "A kernel's forward stands beside a copy of its tensor (memcpy's or our own, the "
        "faster), its backward beside\n"
        "a sum of two tensors into a third: what memory allows who reads once and writes "
        "once. Convolutions and\n"
        "training stand beside dgemm, the full check of a Jacobian (on one thread) "
        "beside the calls of the kernel\n"
        "that it is made of. All take turns; what is printed is the median over the "
        "turns of their ratio, in brackets\n"
        "its quartiles. Without a word, all parts. --save measures what the chapter on "
        "speed shows.",
};
