/* Speed beside the machine's own limits, measured in one run: ratios travel, seconds do
 * not. */
#include "bench.h"

#include <string.h>
#include <unistd.h>

typedef struct Part {
    const char *name;
    BenchPart *bench;
} Part;

static const Part PARTS[] = {
    {"kernels", bench_kernels}, {"training", bench_training}, {"check", bench_check}};

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

static int run_bench(const Call *call) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t threads =
        call_count(call, "--threads", cores > 0 ? (size_t)cores : 1, BENCH_THREADS);
    bool json = call_option(call, "--json") != NULL, wanted[COUNT_OF(PARTS)];
    const char *norms = call_option(call, "--norm");
    find_parts(call, wanted);
    if (norms && !wanted[0])
        die(EX_USAGE, "--norm %s: names kernels, and `kernels` is not asked for", norms);
    if (norms) bench_want_norms(call->arena, norms);
    matmul_single_threaded();
    if (json)
        printf("{\"schema\": 1, \"threads\": %zu, \"blas\": %s", threads,
               json_text(call->arena, store_blas_core(call->arena)));
    else
        printf("%s, %zu thread%s\n", store_blas_core(call->arena), threads,
               threads > 1 ? "s" : "");
    for (size_t i = 0; i < COUNT_OF(PARTS); i++)
        if (wanted[i]) PARTS[i].bench(call->arena, threads, json, norms);
    if (json) puts("}");
    return EX_OK;
}

const Command command_bench = {
    .name = "bench",
    .usage = "[kernels] [training] [check] [--norm LIST] [--threads N] [--json]",
    .summary =
        "Measures kernels, training and a full check, each beside its limit, in one run",
    .options = (const Option[]){{"--norm", "LIST", "kernels of these normalizers"},
                                {"--threads", "N", "default: all processors"},
                                {"--json", NULL, "for programs"},
                                {NULL, NULL, NULL}},
    .least = 0,
    .most = COUNT_OF(PARTS),
    .run = run_bench,
    .more = "Kernels beside memcpy, training beside dgemm, the full check of a Jacobian "
            "(on one thread) beside the calls\n"
            "of the kernel that it is made of. Without a word, all of them.",
};
