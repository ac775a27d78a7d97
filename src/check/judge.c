/* The verdict on one derivative, and the worst of many. */
#include "judge.h"
#include "text.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double VISIBLE = 1e-6;   /* part of the gradient's norm that must not hide */
static const double BY_CHANCE = 1e-3; /* an input's gradient may be so small by chance */
static const double ROUNDING = 64.0;  /* a gradient below 64 eps (size of f) is zero */

Judge judge_new(Arena *arena, const CheckFunction *function, uint64_t seed) {
    return (Judge){.arena = arena,
                   .function = function,
                   .report = {.seed = seed, .element = SIZE_MAX, .output = SIZE_MAX}};
}

double judge_limit(double own, double whole, double size) {
    bool is_zero = own <= ROUNDING * DBL_EPSILON * size;
    return VISIBLE * (is_zero ? size : fmax(own, BY_CHANCE * whole));
}

double judge_allowed(const CheckBound *bound, size_t i, size_t k, double norm) {
    if (bound->of_norm > 0) return bound->of_norm * norm;
    return bound->digits * DBL_EPSILON * bound->scale[i][k];
}

double judge_norm(const Derive *derive) {
    double norm = 0.0;
    for (size_t i = 0; i < derive->function->inputs; i++)
        norm = hypot(norm, derive_norm(derive, i));
    return norm;
}

/* ---- places ---------------------------------------------------------------------- */

const char *judge_index(Arena *arena, Shape shape, size_t element) {
    Text text = text_new(arena);
    size_t rest = shape_count(shape);
    for (size_t i = 0; i < shape.rank; i++) {
        rest /= shape.size[i];
        text_add(&text, "%s%zu", i ? ", " : "", element / rest % shape.size[i]);
    }
    return text.data;
}

const char *check_place(Arena *arena, const CheckFunction *function,
                        const CheckReport *r) {
    const char *of = "";
    if (r->output != SIZE_MAX) of = text_print(arena, " of y at %zu", r->output);
    if (r->input == function->inputs) {
        if (r->element == SIZE_MAX) return "a direction of the upstream";
        return text_print(arena, "upstream at %zu", r->element);
    }
    const CheckInput *input = &function->input[r->input];
    if (r->element == SIZE_MAX)
        return r->input ? text_print(arena, "a direction in %s", input->name)
                        : "a direction";
    if (input->shape.rank == 0) return text_print(arena, "%s%s", input->name, of);
    return text_print(arena, "%s[%s]%s", input->name,
                      judge_index(arena, input->shape, r->element), of);
}

/* ---- verdicts -------------------------------------------------------------------- */

static const char *fault(const Judge *judge, const Case *c) {
    if (!isfinite(c->got)) return "got what is not finite";
    if (c->allowed == 0)
        return c->expected == 0 ? "must be exactly 0" : "must be the same";
    if (fabs(c->got + c->expected) <= VISIBLE * fabs(c->got)) return "wrong sign";
    return text_print(judge->arena, "%.2g times beyond what is allowed",
                      fabs(c->got - c->expected) / c->allowed);
}

static double error_of(const Case *c) {
    return c->exact ? c->error : fabs(c->got - c->expected);
}

CheckVerdict judge_verdict(const Case *c) {
    if (c->trouble) return CHECK_INCONCLUSIVE;
    if (!(error_of(c) <= c->allowed)) return CHECK_FAIL;
    return isfinite(c->allowed) && c->allowed <= c->limit ? CHECK_PASS
                                                          : CHECK_INCONCLUSIVE;
}

double judge_ratio(double error, double allowed) {
    double ratio = error == 0.0 ? 0.0 : error / allowed;
    return isnan(ratio) ? (double)INFINITY : ratio;
}

double check_ratio(const CheckReport *report) {
    return judge_ratio(report->error, report->allowed);
}

static int weight(CheckVerdict verdict) {
    return verdict == CHECK_FAIL ? 2 : verdict == CHECK_INCONCLUSIVE ? 1 : 0;
}

bool judge_outweighs(CheckVerdict verdict, double ratio, const CheckReport *than) {
    int heavier = weight(verdict) - weight(than->verdict);
    return heavier > 0 || (heavier == 0 && ratio > check_ratio(than));
}

static const char *reason(const Judge *judge, const Case *c, CheckVerdict verdict) {
    if (verdict == CHECK_FAIL) return fault(judge, c);
    if (c->trouble) return c->trouble;
    return text_print(judge->arena, "errors may reach %.2g, a fault of %.2g must show",
                      c->allowed / c->unit, c->limit / c->unit);
}

void judge_enter(Judge *judge, const Case *c) {
    CheckReport *r = &judge->report;
    CheckVerdict verdict = judge_verdict(c);
    const double error = error_of(c);
    bool first = r->compared++ == 0;
    if (!first && !judge_outweighs(verdict, judge_ratio(error, c->allowed), r)) return;
    *r = (CheckReport){.verdict = verdict,
                       .compared = r->compared,
                       .input = c->input,
                       .element = c->element,
                       .output = c->output,
                       .got = c->got / c->unit,
                       .expected = c->expected / c->unit,
                       .error = error / c->unit,
                       .allowed = c->allowed / c->unit,
                       .estimate = c->estimate / c->unit,
                       .proved = verdict == CHECK_INCONCLUSIVE && c->trouble == NULL,
                       .seed = r->seed};
    if (verdict == CHECK_PASS) return;
    ArenaMark mark = arena_mark(judge->arena);
    snprintf(r->reason, sizeof r->reason, "%s: %s",
             check_place(judge->arena, judge->function, r), reason(judge, c, verdict));
    arena_rewind(judge->arena, mark);
}

const char *check_verdict_text(CheckVerdict verdict) {
    static const char *const text[] = {"pass", "FAIL", "inconclusive"};
    return text[verdict];
}
