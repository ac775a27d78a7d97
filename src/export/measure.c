/* Numbers of programs that were recorded at several sizes, as one expression of N and L. */
#include "internal.h"

#include <math.h>
#include <string.h>

enum { MOST_POWER = 2, MOST_DIVISOR = 4096 };

static double power(size_t base, unsigned exponent) {
    return exponent == 0 ? 1.0 : (double)base * power(base, exponent - 1);
}

static double product_of(const Measure *m, ShapeLattice at) {
    return (double)m->num * power(at.N, m->n) * power(at.L, m->l) / (double)m->den;
}

/* value = num N^n L^l / den at all sizes, with a whole num and the least den. */
static bool fits_power(Measure *m, const double *value, const ShapeLattice *at) {
    const double unit = power(at[0].N, m->n) * power(at[0].L, m->l);
    for (m->den = 1; m->den <= MOST_DIVISOR; m->den++) {
        const double num = value[0] * (double)m->den / unit;
        if (!(num >= 1.0 && num < 0x1p50) || num != floor(num)) continue;
        m->num = (size_t)num;
        size_t i = 0;
        while (i < SIZES && product_of(m, at[i]) == value[i]) i++;
        return i == SIZES;
    }
    return false;
}

static bool fits_product(Measure *m, const double *value, const ShapeLattice *at) {
    for (m->n = 0; m->n <= MOST_POWER; m->n++)
        for (m->l = 0; m->l <= MOST_POWER; m->l++)
            if (m->n + m->l > 0 && fits_power(m, value, at)) return true;
    return false;
}

/* The m of which the value is that form. */
static double inner(MeasureForm form, double value) {
    switch (form) {
    case MEASURE_LESS:
        return value + 1.0;
    case MEASURE_MORE:
        return value - 1.0;
    case MEASURE_SHARE: {
        const double m = round(1.0 / value);
        return 1.0 / m == value ? m : (double)NAN;
    }
    case MEASURE_RATIO: {
        const double m = value == 1.0 ? 1.0 : round(value / (value - 1.0));
        return m == 1.0 || m / (m - 1.0) == value ? m : (double)NAN;
    }
    default:
        return value;
    }
}

static bool same(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

bool measure_fit(Measure *measure, const double value[SIZES],
                 const ShapeLattice at[SIZES]) {
    *measure = (Measure){.form = MEASURE_CONSTANT, .constant = value[0], .den = 1};
    size_t equal = 0;
    while (equal < SIZES && same(value[equal], value[0])) equal++;
    if (equal == SIZES) return true;
    for (MeasureForm form = MEASURE_PRODUCT; form <= MEASURE_RATIO; form++) {
        double within[SIZES];
        for (size_t i = 0; i < SIZES; i++) within[i] = inner(form, value[i]);
        measure->form = form;
        if (fits_product(measure, within, at)) return true;
    }
    return false;
}

/* ---- as text --------------------------------------------------------------------------- */

const char *python_number(Arena *arena, double value) {
    if (isnan(value)) return "math.nan";
    if (isinf(value)) return value > 0 ? "math.inf" : "-math.inf";
    const char *text = text_number(arena, value);
    return strpbrk(text, ".en") ? text : text_print(arena, "%s.0", text);
}

static const char *product_text(Arena *arena, const Measure *m, bool whole) {
    Text text = text_new(arena);
    if (m->num != 1) text_add(&text, "%zu", m->num);
    for (unsigned i = 0; i < m->n; i++) text_add(&text, "%sN", text.length ? " * " : "");
    for (unsigned i = 0; i < m->l; i++) text_add(&text, "%sL", text.length ? " * " : "");
    if (m->den != 1) text_add(&text, whole ? " // %zu" : " / %zu", m->den);
    return text.data;
}

const char *measure_text(Arena *arena, const Measure *m, bool whole, Binding *binding) {
    *binding = BINDS_CALL;
    if (m->form == MEASURE_CONSTANT) {
        if (!whole && signbit(m->constant)) *binding = BINDS_SIGN;
        return whole ? text_print(arena, "%.0f", m->constant)
                     : python_number(arena, m->constant);
    }
    const char *product = product_text(arena, m, whole);
    if (m->form == MEASURE_RATIO) return text_print(arena, "_ratio(%s)", product);
    if (m->form == MEASURE_SHARE) {
        *binding = BINDS_PRODUCT;
        return strlen(product) > 1 ? text_print(arena, "1 / (%s)", product)
                                   : text_print(arena, "1 / %s", product);
    }
    *binding = BINDS_SUM;
    if (m->form == MEASURE_LESS) return text_print(arena, "%s - 1", product);
    if (m->form == MEASURE_MORE) return text_print(arena, "%s + 1", product);
    *binding = strlen(product) > 1 ? BINDS_PRODUCT : BINDS_CALL;
    return product;
}
