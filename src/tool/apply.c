/* A normalizer on the user's own tensors: y, its gradients and their gradients, and what is
 * remembered of them. */
#include "apply.h"

#include <string.h>
#include <sys/stat.h>

/* ---- words ------------------------------------------------------------------------- */

static NormMode read_mode(const Call *call) {
    static const char *const names[] = {"train", "eval"};
    static const Choice modes = CHOICE(names);
    return (NormMode)call_choice(call, "--mode", &modes);
}

static bool read_moments(const Call *call, NormMode mode) {
    static const char *const names[] = {"own", "given"};
    static const Choice whose = CHOICE(names);
    const bool given = call_choice(call, "--moments", &whose) == 1;
    if (given && mode == NORM_EVAL)
        die(EX_USAGE, "--moments given is of --mode train; evaluation has its running "
                      "moments given");
    return given;
}

static size_t read_epoch(const Call *call) {
    const char *text = call_option(call, "--epoch");
    size_t epoch = 0;
    if (text && !text_to_count(text, &epoch))
        die(EX_USAGE, "--epoch %s: a whole number from 0 on is expected", text);
    return epoch;
}

/* The spec with eps= in every part that has one and does not say it. */
static const Spec *with_eps(Arena *arena, const Norm *norm, const Spec *spec,
                            const Spec *eps) {
    Spec *said = TAKE(arena, Spec, 1);
    *said = *spec;
    said->args = TAKE(arena, SpecArg, spec->count + 1);
    if (spec->count) memcpy(said->args, spec->args, spec->count * sizeof *said->args);
    bool has = false;
    size_t part = 0;
    for (size_t i = 0; i < spec->count; i++) {
        SpecArg *argument = &said->args[i];
        has = has || (argument->key && strcmp(argument->key, "eps") == 0);
        if (argument->key == NULL && !norm_has_eps(norm) && part < norm->parts)
            argument->value = with_eps(arena, norm->part[part++], argument->value, eps);
    }
    if (norm_has_eps(norm) && !has)
        said->args[said->count++] = (SpecArg){.key = "eps", .value = eps};
    return said;
}

/* --eps of what has none of its own, or says it already: what would do instead. */
static _Noreturn void refuse_eps(Arena *arena, const Norm *norm, const char *eps) {
    BaseError error = {.set = false};
    const Spec *said = spec_parse(arena, norm->spec, &error), value = {.word = eps};
    if (norm_has_eps(norm))
        die(EX_USAGE, "--eps %s: %s says its eps already", eps, norm->spec);
    const char *spelt = spec_print(arena, with_eps(arena, norm, said, &value));
    if (norm->parts == 0 || strcmp(spelt, norm->spec) == 0)
        die(EX_USAGE, "--eps %s: %s has no eps of its own", eps, norm->spec);
    if (norm_new(arena, spelt, norm->channels, &error) ==
        NULL) /* 0 is no eps of a spec */
        die(EX_USAGE,
            "--eps %s: %s has no eps of its own, and its parts cannot say this one (%s); "
            "so "
            "small a one is of one normalizer alone",
            eps, norm->spec, error.message);
    die(EX_USAGE, "--eps %s: %s has no eps of its own, its parts have: '%s'", eps,
        norm->spec, spelt);
}

static const Norm *read_norm(const Call *call, size_t channels) {
    const char *text = call->word[0], *eps = call_option(call, "--eps");
    BaseError error = {.set = false};
    const Norm *norm = norm_new(call->arena, text, channels, &error);
    if (norm == NULL) die(error.code, "%s", spec_error(call->arena, text, &error));
    if (eps == NULL) return norm;
    Norm *changed = TAKE(call->arena, Norm, 1);
    *changed = *norm;
    if (!text_to_double(eps, &changed->eps) ||
        !(changed->eps >= 0 && changed->eps <= 1e300))
        die(EX_USAGE, "--eps %s: a number from 0 on is expected", eps);
    if (!norm_has_eps(norm) || strstr(norm->spec, "eps=") != NULL)
        refuse_eps(call->arena, norm, eps);
    return changed;
}

static void refuse_same_file(const char *in, const char *out) {
    struct stat a, b;
    if (stat(in, &a) == 0 && stat(out, &b) == 0 && a.st_dev == b.st_dev &&
        a.st_ino == b.st_ino)
        die(EX_USAGE, "%s is the input; another file is expected for the output", out);
}

/* ---- OUT's words --------------------------------------------------------------------- */

static void put_settings(const Job *job, Store *out) {
    store_text(out, "/", "spec", job->norm->spec);
    const char *plugins = norm_plugins(job->arena, job->norm);
    if (*plugins) store_text(out, "/", "plugins", plugins);
    store_text(out, "/", "mode", job->mode == NORM_EVAL ? "eval" : "train");
    if (job->moments) store_text(out, "/", "moments", "given");
    store_number(out, "/", "eps", job->norm->eps);
    if (job->axes.last) store_text(out, "/", "layout", "channels-last");
    for (size_t i = 0; i < COUNT_OF(job->axes.list); i++)
        if (job->axes.list[i].text)
            store_text(out, "/", job->axes.list[i].option + strlen("--"),
                       job->axes.list[i].text);
    if (*job->names->option) store_text(out, "/", "names", job->names->option);
}

/* ---- the command ------------------------------------------------------------------- */

static Job *read_job(const Call *call, const Store *store) {
    Job *job = ZERO(call->arena, Job, 1);
    job->arena = call->arena;
    job->in = store;
    job->path = call->word[1];
    job->names = apply_names(call);
    job->axes = apply_axes(call);
    job->unbound = read_norm(call, 0);
    job->mode = read_mode(call);
    job->moments = read_moments(call, job->mode);
    if (job->moments && !norm_takes_moments(job->unbound))
        die(EX_USAGE,
            "--moments given: %s does not standardize by one partition's moments",
            job->unbound->spec);
    job->epoch = read_epoch(call);
    return job;
}

static int run_apply(const Call *call) {
    Arena *arena = call->arena;
    const char *in = call->word[1], *to = call->word[2];
    BaseError error = {.set = false};
    read_job(call, NULL); /* wrong words are said before any file is opened */
    refuse_same_file(in, to);
    Store *store = store_open(in, &error);
    die_if(&error);
    place_may_write(to, &error);
    die_if(&error);
    Job *job = read_job(call, store);
    apply_read_x(job);
    job->norm = read_norm(call, job->lattice.C);
    norm_fits(arena, job->norm, job->lattice, job->mode, &error);
    die_if(&error);
    apply_list_operands(job);
    job->unused = apply_check_names(job);
    apply_read(job);
    if (*job->unused) say("%s: not used: %s", in, job->unused);
    apply_remark_shape(job);
    apply_reserve(job);
    const StepResults *results = apply_run(job);
    apply_remark_numbers(job, results);
    Store *out = store_new(text_print(arena, "%s of /x", job->norm->spec));
    put_settings(job, out);
    apply_write(job, out, results);
    store_save(out, to, &error);
    store_close(out);
    store_close(store);
    die_if(&error);
    return EX_OK;
}

const Command command_apply = {
    .name = "apply",
    .usage =
        "SPEC IN.h5 OUT.h5 [--mode train|eval] [--moments own|given] [--samples AXES] "
        "[--channels AXES] ...",
    .summary = "Runs a normalizer on your own tensors, with first and second derivatives",
    .options =
        (const Option[]){
            {"--mode", "train|eval", "train if not given"},
            {"--eps", "E", "added to the variance (default 1e-5), from 0 on"},
            {"--moments", "own|given",
             "own if not given; given: /mean and /variance of the cells in IN"},
            {"--epoch", "N", "for schedules, from 0 (default)"},
            {"--layout", "channels-first|channels-last",
             "channels-first, [N, C, ...], if not given"},
            {"--samples", "AXES",
             "axes of /x from 0, -1 the last: 0 (default), 0,1, none"},
            {"--channels", "AXES", "those that the affine has: 1 (default), 1,2,3, none"},
            {"--names", "torch|onnx|keras|flax",
             "as these frameworks have them, in IN and OUT"},
            {NULL, NULL, NULL}},
    .least = 3,
    .most = 3,
    .run = run_apply,
    .more =
        "IN      /x of rank 2 to 5; optional, else 1 and 0: /gamma [C], /beta [C]; "
        "further parameters: /param/NAME\n"
        "        (`list norms SPEC` names them). The state: /running_mean, /running_var "
        "[C], a group map: /map [C].\n"
        "        --mode eval reads it; in training it is that before the step, at first "
        "0 and 1.\n"
        "OUT     /y, and in training the state after the step. Where one partition "
        "standardizes: /mean and /rstd =\n"
        "        1 / sqrt(variance + eps) of its cells, [C] of batch, [N] of layer, [N, "
        "G] of group, [N, H, W] of position.\n"
        "axes    that are neither samples nor channels are positions. Several are one, "
        "as in PyTorch's LayerNorm([H, W]):\n"
        "        `layer --samples 0,1 --channels 2,3`, where [N] and [C] are [N, K] and "
        "[H, W]; a list [C] is read,\n"
        "        too.\n"
        "mask    /mask in IN, of samples and positions, [N, H, W]: what is 0 there and "
        "not 1 (padding) is in no cell, has no\n"
        "        part in anything, and its y and dx are 0.\n"
        "given   --moments given: /mean and /variance in IN, of the cells, in the shape "
        "of "
        "OUT's /mean, are constants\n"
        "        by which one partition standardizes; no state moves.\n"
        "first   with /dy in IN, of x's shape: the gradients of <dy, y>, /dx, /dgamma, "
        "/dbeta, /dparam/NAME.\n"
        "second  with any of /v (of x's shape), /v_gamma, /v_beta, /v_param/NAME, the "
        "others being 0: the gradients of\n"
        "        s = <dx, v> + <dgamma, v_gamma> + <dbeta, v_beta> + sum <dparam, "
        "v_param>:\n"
        "        /ds_dx, /ds_ddy, /ds_dgamma, /ds_dbeta, /ds_dparam/NAME. Takes memory, "
        "some 70 to 140 times that of x.\n"
        "names   torch: weight, bias, running_mean, running_var, num_batches_tracked. "
        "onnx: scale, B, input_mean,\n"
        "        input_var. keras: gamma, beta, moving_mean, moving_variance. flax: "
        "scale, bias, mean, var (the cells':\n"
        "        /cell_mean, /cell_rstd, /cell_variance). Derivatives after them: "
        "/dweight, /ds_dB, /v_scale.\n"
        "        Names alone: eps, the weight of the newest moments (weight_new=0.1) and "
        "unbiased running variances stay ours.\n"
        "An empty batch gives zeros of the right shapes and leaves the state alone. With "
        "--eps 0 a cell without variance\n"
        "gives beta and a dx of zero. Packed numbers are unpacked (scale_factor, "
        "add_offset); what in IN is not used is said.",
};
