/* Equations typeset: a line of a text, and the line of TeX that it is. */
#include "norm_shared.h"
#include "text.h"

typedef struct Typeset {
    const char *text, *line;
} Typeset;

static const Typeset LINES[] = {
    {"y = (x - mean(x over layer)) / 2",
     "y &= \\frac{x - \\operatorname*{mean}_{\\text{layer}}\\left(x\\right)}{2}"},
    {"y = sum(x over group(2))^2 / count(group(2))",
     "y &= \\frac{\\left(\\sum_{\\text{group(2)}}\\left(x\\right)\\right)^{2}}"
     "{\\left|\\text{group(2)}\\right|}"},
    {"y = -x^2 * 3 * 1e-300 + 2.5e7", //
     "y &= -x^{2} \\cdot 3 \\cdot 10^{-300} + 2.5 \\cdot 10^{7}"},
    {"y = x - -x", "y &= x - \\left(-x\\right)"},
    {"y = x - (x + 1)", "y &= x - \\left(x + 1\\right)"},
    {"y = (x / 2)^2 * (x + 1)",
     "y &= \\left(\\frac{x}{2}\\right)^{2}\\, \\left(x + 1\\right)"},
    {"y = x / sqrt(2 * 3.14159265358979324)", "y &= \\frac{x}{\\sqrt{2\\, \\pi}}"},
    {"y = abs(x) + max(x, 0)", "y &= \\left|x\\right| + \\max\\left(x, 0\\right)"},
    {"mu1 = x; sigma_B = 1; v2_old = 2; rate = 3\n  y = mu1 * sigma_B * v2_old * rate",
     "y &= \\mu_{1}\\, \\sigma_{B}\\, v_{2\\,\\mathrm{old}}\\, \\mathrm{rate}"},
    {"y = train(x) else 0",
     "y &= \\begin{cases}x & \\text{in training}\\\\0 & \\text{else}\\end{cases}"},
    {"y = use(\"batch(affine=no) | group(2, eps_outside=yes)\")(x)",
     "y &= \\text{batch(affine=no) | group(2, eps\\_outside=yes)}\\left(x\\right)"},
    {"a[channel] = parameter(0.5, std=0.1) in [0, 1]\n  y = a * x",
     "a &\\text{ learned, one for each channel, }0.5\\text{ at first}"
     "\\text{ and normal about it with }\\sigma = 0.1,\\ 0 \\le a \\le 1"},
    {"a[group(2)] = parameter(1)\n  y = a * x",
     "a &\\text{ learned, one for each set of channels of }\\text{group(2)}\\text{, }1"
     "\\text{ at first}"},
    {"m = running(mean(x over batch), weight_new=0.2, start=1)\n  y = x - m",
     "m &\\leftarrow m + 0.2\\, "
     "\\left(\\operatorname*{mean}_{\\text{batch}}\\left(x\\right)"
     " - m\\right)\\text{ after a step, }1\\text{ at first}"},
    {"y = gamma * x / sqrt(mean(x^2 over layer) + eps) + beta",
     "\\gamma &\\text{ learned, one for each channel, }1\\text{ at first}"},
    {"y = x / sqrt(mean(x^2 over layer) + eps)",
     "\\varepsilon &= 10^{-5}\\text{ unless said}"},
};

/* The line stands in what is typeset, whole. */
static void typeset(const char *header, const Typeset *want, size_t number) {
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const char *name = text_print(arena, "tex_%zu", number),
               *text = text_print(arena, "%s%s:\n  %s\n", name, header, want->text);
    if (!norm_register_text(name, text, &error)) fail_msg("%s", error.message);
    size_t count;
    const NormKind *const *kind = norm_kinds(&count);
    const char *tex = text_print(arena, "\n%s \\\\\n", norm_tex(arena, kind[count - 1])),
               *line = text_print(arena, "\n%s \\\\\n", want->line);
    if (strstr(tex, line) == NULL)
        fail_msg("%s:%s\nexpected\n%s", want->text, tex, want->line);
    arena_free(arena);
}

static void lines_of_tex(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(LINES); i++) typeset("", &LINES[i], i);
}

static void options(void **state) {
    (void)state;
    static const Typeset OPTIONS[] = {
        {"y = a_b(x / k) else mean(x over group(G))",
         "y &= \\begin{cases}\\frac{x}{k} & \\text{a\\_b=yes}\\\\"
         "\\operatorname*{mean}_{\\text{group(G)}}\\left(x\\right) & \\text{else}"
         "\\end{cases}"},
        {"y = a_b(x / k) else mean(x over group(G))", "G &\\text{ of the spec}"},
        {"y = a_b(x / k) else mean(x over group(G))",
         "k &= 0.5\\text{ unless said},\\ 0.001 \\le k \\le 2"}};
    for (size_t i = 0; i < COUNT_OF(OPTIONS); i++)
        typeset("(G, a_b=yes|no, k=0.5 in [0.001, 2])", &OPTIONS[i], 100 + i);
}

/* A kind in C has its equations in its file. */
static void none_of_kinds_in_c(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t count, texts = 0;
    const NormKind *const *kind = norm_kinds(&count);
    for (size_t i = 0; i < count; i++) {
        const char *tex = norm_tex(arena, kind[i]);
        assert_true((tex != NULL) == (norm_equation(arena, kind[i]) != NULL));
        if (tex) assert_non_null(strstr(tex, "\ny &= "));
        texts += tex != NULL;
    }
    assert_true(texts >= 12);
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(example, lines_of_tex),
    CASE(example, options),
    CASE(example, none_of_kinds_in_c),
};

HARNESS_MAIN("norm_tex", CASES)
