/* A module: what it says of itself, its helpers, its parameters and state, its two modes, its test. */
#include "internal.h"
#include "module.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* A text with `$` for the language's module. */
static void add_for(Text *out, const char *text, ExportTo to) {
    for (const char *c = text; *c; c++)
        *c == '$' ? text_add(out, "%s", language_of(to)->module)
                  : text_add(out, "%c", *c);
}

/* ---- what it says of itself ----------------------------------------------------------- */

enum { WIDTH = 116 };

/* A paragraph, wrapped. */
static void say_in(Text *out, const char *text) {
    size_t column = 0;
    while (*text) {
        const size_t length = strcspn(text, " ");
        if (column + length + 1 > WIDTH) column = 0, text_add(out, "\n");
        text_add(out, "%s%.*s", column ? " " : "", (int)length, text);
        column += length + 1;
        text += length + (text[length] == ' ');
    }
    text_add(out, "\n");
}

static void say_left_out(Text *out, const Norm *norm) {
    Text names = text_new(out->arena);
    bool map = false;
    for (size_t i = 0; i < norm->states; i++) {
        map = map || norm->state[i].adapted;
        if (!record_keeps(&norm->state[i]))
            text_add(&names, "%s%s", names.length ? ", " : "", norm->state[i].name);
    }
    if (map)
        say_in(out, text_print(out->arena,
                               "What normlab adapts between epochs is as it begins, and "
                               "does not move here (%s).",
                               names.data));
}

static void say_drawn(Text *out, const Norm *norm, ExportTo to) {
    static const char *const BY[] = {"Norm(generator)", "parameters(seed)",
                                     "parameters(key)"};
    for (size_t i = 0; i < norm->params; i++)
        if (norm->param[i].std > 0.0)
            say_in(out, text_print(out->arena,
                                   "%s begins at normal draws of std %s, by %s; normlab "
                                   "draws others.",
                                   norm->param[i].name,
                                   text_number(out->arena, norm->param[i].std), BY[to]));
}

static void write_head(Text *out, const Norm *norm, const ExportWish *wish) {
    const char *source = norm_source(norm->kind), *holds = norm_holds(norm);
    text_add(out, "\"\"\"%s of %zu channels: %s%s%s%s.\n\n", norm->spec, norm->channels,
             norm_title(norm->kind), *source ? " (" : "", source, *source ? ")" : "");
    say_in(out, text_print(out->arena, "Written by: %s", wish->command));
    say_in(out,
           "It is the definition that normlab checks its kernels against, recorded as a "
           "program and printed for x [N, C, ...] of any size. normlab is free software, "
           "GPL-3.0-or-later, and so is this file, which has text of normlab in it.");
    if (wish->after_all)
        say_in(out, "What follows a schedule is as it is after the end of it.");
    else
        say_in(out,
               text_print(out->arena,
                          "What follows a schedule is as it is in epoch %zu (from 0).",
                          wish->epoch));
    if (holds) say_in(out, text_print(out->arena, "Held constant: %s.", holds));
    say_left_out(out, norm);
    say_drawn(out, norm, wish->to);
    say_in(out, MODULES[wish->to].says);
    text_add(out, "\"\"\"\n");
}

static const char *quoted(Arena *arena, const char *text) {
    Text out = text_new(arena);
    for (; *text; text++)
        text_add(&out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    return out.data;
}

/* What normlab calls parameters and state, and the module. */
static void write_names(Text *out, const Norm *norm) {
    text_add(out, "NAMES = {\n");
    for (size_t i = 0; i < norm->params + norm->states; i++) {
        const bool param = i < norm->params;
        const NormState *state = param ? NULL : &norm->state[i - norm->params];
        const char *name = param ? norm->param[i].name : state->name;
        if (param || record_keeps(state))
            text_add(out, "    \"%s\": \"%s\",\n", name,
                     write_name(out->arena, name, EXPORT_TORCH));
    }
    text_add(out, "}\n");
}

static void write_facts(Text *out, const Norm *norm, const ExportWish *wish) {
    text_add(out, "SPEC, CHANNELS = \"%s\", %zu\nPROVENANCE = {\n",
             quoted(out->arena, norm->spec), norm->channels);
    for (size_t i = 0; i < wish->facts; i++)
        text_add(out, "    \"%s\": \"%s\",\n", wish->fact[i].name,
                 quoted(out->arena, text_plain(out->arena, wish->fact[i].value)));
    text_add(out, "}\n");
    if (wish->to == EXPORT_TORCH) write_names(out, norm);
    text_add(out, "\n\n");
}

/* ---- how all begins -------------------------------------------------------------------- */

static const char *numbers(Arena *arena, const double *value, size_t count) {
    Text text = text_new(arena);
    for (size_t i = 0; i < count; i++)
        text_add(&text, "%s%s", i ? ", " : "[", python_number(arena, value[i]));
    text_add(&text, "]");
    return text.data;
}

static const char *start(Arena *arena, size_t count, double initial, const double *each,
                         ExportTo to) {
    const char *module = language_of(to)->module;
    if (each && to == EXPORT_TORCH)
        return text_print(arena, "torch.tensor(%s)", numbers(arena, each, count));
    if (each)
        return text_print(arena, "%s.array(%s)", module, numbers(arena, each, count));
    const bool far = fabs(initial) > (double)FLT_MAX && to == EXPORT_TORCH;
    return text_print(arena, "%s.full((%zu,), %s%s)", module, count,
                      python_number(arena, initial), far ? ", dtype=torch.float64" : "");
}

static const char *param_start(Arena *arena, const NormParam *param, size_t place,
                               ExportTo to) {
    const char *text = start(arena, param->count, param->initial, param->start, to);
    if (param->std == 0.0) return text;
    const char *std = python_number(arena, param->std);
    if (to == EXPORT_TORCH)
        return text_print(arena, "%s + %s * torch.randn(%zu, generator=generator)", text,
                          std, param->count);
    if (to == EXPORT_NUMPY)
        return text_print(
            arena, "%s + %s * np.random.default_rng([seed, %zu]).standard_normal(%zu)",
            text, std, place, param->count);
    return text_print(arena,
                      "%s + %s * jax.random.normal(jax.random.fold_in(key, %zu), (%zu,))",
                      text, std, place, param->count);
}

static bool is_bounded(const NormParam *param) {
    return isfinite(param->least) || isfinite(param->most);
}

static bool has_bounds(const Norm *norm) {
    for (size_t i = 0; i < norm->params; i++)
        if (is_bounded(&norm->param[i])) return true;
    return false;
}

static const char *limit(Arena *arena, double value) {
    return isfinite(value) ? python_number(arena, value) : "None";
}

static void torch_begins(Text *out, const Norm *norm) {
    Arena *arena = out->arena;
    text_add(out, "%s", TORCH_CLASS);
    for (size_t i = 0; i < norm->params; i++) {
        const NormParam *param = &norm->param[i];
        text_add(out, "        self.%s = torch.nn.Parameter(%s)\n",
                 write_name(arena, param->name, EXPORT_TORCH),
                 param_start(arena, param, i, EXPORT_TORCH));
    }
    for (size_t i = 0; i < norm->states; i++) {
        const NormState *state = &norm->state[i];
        if (record_keeps(state))
            text_add(
                out, "        self.register_buffer(\"%s\", %s)\n",
                write_name(arena, state->name, EXPORT_TORCH),
                start(arena, state->count, state->initial, state->start, EXPORT_TORCH));
    }
    if (has_bounds(norm)) text_add(out, "%s", TORCH_PROJECT);
    for (size_t i = 0; i < norm->params; i++) {
        const NormParam *param = &norm->param[i];
        if (is_bounded(param))
            text_add(out, "            self.%s.clamp_(%s, %s)\n",
                     write_name(arena, param->name, EXPORT_TORCH),
                     limit(arena, param->least), limit(arena, param->most));
    }
}

static void functions_begin(Text *out, const Norm *norm, ExportTo to) {
    Arena *arena = out->arena;
    text_add(out, "%s", to == EXPORT_JAX ? JAX_PARAMETERS : NUMPY_PARAMETERS);
    for (size_t i = 0; i < norm->params; i++)
        text_add(out, "        \"%s\": %s,\n", norm->param[i].name,
                 param_start(arena, &norm->param[i], i, to));
    text_add(out, "    }\n\n\n%s", FUNCTION_STATE);
    for (size_t i = 0; i < norm->states; i++) {
        const NormState *state = &norm->state[i];
        if (record_keeps(state))
            text_add(out, "        \"%s\": %s,\n", state->name,
                     start(arena, state->count, state->initial, state->start, to));
    }
    text_add(out, "    }\n\n\n");
    if (!has_bounds(norm)) return;
    text_add(out, "%s", FUNCTION_PROJECT);
    for (size_t i = 0; i < norm->params; i++) {
        const NormParam *param = &norm->param[i];
        if (is_bounded(param))
            text_add(out, "        \"%s\": %s.clip(params[\"%s\"], %s, %s),\n",
                     param->name, language_of(to)->module, param->name,
                     limit(arena, param->least), limit(arena, param->most));
    }
    text_add(out, "    }\n\n\n");
}

/* ---- its two modes ------------------------------------------------------------------------ */

static void write_units(Text *out, const Form *form, const char *indent) {
    const struct {
        const char *name, *what;
        size_t unit;
    } each[] = {{"N", "samples", form->unit.N}, {"L", "positions", form->unit.L}};
    for (size_t i = 0; i < COUNT_OF(each); i++)
        if (each[i].unit > 1)
            text_add(out,
                     "%sif %s %% %zu != 0:\n"
                     "%s    raise ValueError(f\"{%s} %s are no multiple of %zu\")\n",
                     indent, each[i].name, each[i].unit, indent, each[i].name,
                     each[i].what, each[i].unit);
}

/* A state that a step leaves alone is not moved. */
static bool stays(const Form *form, size_t output) {
    const FormStep *step = &form->step[form->output[output]];
    while (step->op && strcmp(step->op, "broadcast") == 0)
        step = &form->step[step->in[0]];
    return step->op == NULL && step->leaf.kind == LEAF_NUMBERS &&
           step->leaf.period == 1 && isnan(step->leaf.number->constant);
}

static void write_moves(Text *out, const Norm *norm, const Form *form, ExportTo to,
                        const char **result) {
    Arena *arena = out->arena;
    const bool torch = to == EXPORT_TORCH;
    if (!torch) text_add(out, "    state = {\n        **state,\n");
    for (size_t o = 1; o < form->outputs; o++) {
        const NormState *state = &norm->state[form->state[o]];
        if (stays(form, o)) continue;
        const char *name = write_name(arena, state->name, to),
                   *weight = python_number(arena, state->weight_new);
        if (torch)
            text_add(out, "        self.%s = _moved(self.%s, %s, %s)\n", name, name,
                     result[o], weight);
        else
            text_add(out, "        \"%s\": _moved(state[\"%s\"], %s, %s),\n", name, name,
                     result[o], weight);
    }
    if (!torch) text_add(out, "    }\n");
}

static const char *mode_text(Arena *arena, const Norm *norm, const Form *form,
                             ExportTo to) {
    const char *result[1 + NORM_MAX_STATES],
        *indent = to == EXPORT_TORCH ? "        " : "    ";
    Text out = text_new(arena);
    text_add(&out, "%sN, L = x.shape[0], x.shape[2]\n", indent);
    write_units(&out, form, indent);
    write_body(&out, norm, form, to, indent, result);
    if (form->outputs > 1) write_moves(&out, norm, form, to, result);
    text_add(&out, to == EXPORT_TORCH ? "%sreturn %s\n" : "%sreturn %s, state\n", indent,
             result[0]);
    return out.data;
}

static size_t common(size_t a, size_t b) {
    size_t both = a;
    while (both % b != 0) both += a;
    return both;
}

/* ---- all of it ---------------------------------------------------------------------------- */

const char *export_module(Arena *arena, const Norm *norm, const ExportWish *wish,
                          BaseError *error) {
    const ExportTo to = wish->to;
    if (norm_by_design(norm)) {
        base_fail(
            error, EX_UNAVAILABLE, 0,
            "%s: no module says it: its backward is no derivative of its forward: %s",
            norm->spec, norm_by_design(norm));
        return NULL;
    }
    if (norm_is_synced(norm)) {
        base_fail(
            error, EX_UNAVAILABLE, 0,
            "%s: no module says it: its moments are of all workers of a step, and a "
            "module knows its own; sync=no is of one worker",
            norm->spec);
        return NULL;
    }
    const Form *train = form_new(arena, norm, NORM_TRAIN, wish->epoch, error);
    const Form *eval =
        train ? form_new(arena, norm, NORM_EVAL, wish->epoch, error) : NULL;
    if (eval == NULL) return NULL;
    Text body = text_new(arena), out = text_new(arena);
    to == EXPORT_TORCH ? torch_begins(&body, norm) : functions_begin(&body, norm, to);
    text_add(&body, "%s", MODULES[to].train);
    const char *trains = mode_text(arena, norm, train, to),
               *evaluates = mode_text(arena, norm, eval, to);
    text_add(&body, "%s", trains);
    if (strcmp(trains, evaluates) == 0)
        text_add(&body, "%s", MODULES[to].alike);
    else
        text_add(&body, "%s%s", MODULES[to].evaluate, evaluates);
    text_add(&body, "%s", MODULES[to].forward);
    write_head(&out, norm, wish);
    text_add(&out, "%s", MODULES[to].imports);
    write_facts(&out, norm, wish);
    language_helpers(&out, to, body.data);
    add_for(&out, body.data, to);
    numbers_write(&out, norm, wish,
                  (ShapeLattice){common(train->unit.N, eval->unit.N), norm->channels,
                                 common(train->unit.L, eval->unit.L)});
    add_for(&out, MODULES[to].test, to);
    text_add(&out, "%s", MODULE_MAIN);
    return out.data;
}
