/* Which term of a wrong dx is likely missing. In its worst cell dx is fitted as
 *     dx = rstd (A h + B mean(h) + C xhat mean(h xhat)),   right: 1, -1, -1   (P-6)
 * or with dy instead of h, where gamma was forgotten. */
#include "arith_calls.h"
#include "text.h"
#include "trial_kind.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TERMS = 3 };
static const double FITS = 1e-8; /* residual, as a part of dx */
static const double SAME = 1e-7; /* of a coefficient */

void report_remark(CheckReport *report, const char *text) {
    size_t length = strlen(report->reason);
    snprintf(report->reason + length, sizeof report->reason - length, "; %s", text);
}

typedef struct Fit {
    Quad coefficient[TERMS], residual; /* norm of what is left, as a part of dx */
    bool sound;
} Fit;

typedef struct CellMeans {
    Quad h, hx;
} CellMeans;

static Quad upstream(const Trial *t, size_t i, bool scaled) {
    return scaled ? (Quad)trial_gamma(t, i) * t->dy[i] : (Quad)t->dy[i];
}

static CellMeans means_of(const Trial *t, size_t cell, bool scaled) {
    CellMeans m = {0, 0};
    for (size_t i = 0; i < t->n; i++)
        if (t->where[i] == cell) {
            m.h += upstream(t, i, scaled) / (Quad)t->cell[cell].count;
            m.hx += upstream(t, i, scaled) * trial_xhat(t, i) / (Quad)t->cell[cell].count;
        }
    return m;
}

static void terms_of(Quad term[TERMS], const Trial *t, CellMeans m, size_t i,
                     bool scaled) {
    const TrialCell *cell = &t->cell[t->where[i]];
    const Quad rstd = 1 / trial_root(t, cell->variance);
    term[0] = rstd * upstream(t, i, scaled);
    term[1] = rstd * m.h;
    term[2] = rstd * m.hx * trial_xhat(t, i) * cell->pull;
}

/* Elimination with the largest pivot of the column. */
static bool solve(Quad a[TERMS][TERMS + 1]) {
    for (size_t k = 0; k < TERMS; k++) {
        size_t best = k;
        for (size_t r = k + 1; r < TERMS; r++)
            if (quad_abs(a[r][k]) > quad_abs(a[best][k])) best = r;
        if (a[best][k] == 0) return false;
        for (size_t c = 0; c <= TERMS; c++) {
            Quad held = a[k][c];
            a[k][c] = a[best][c], a[best][c] = held;
        }
        for (size_t r = 0; r < TERMS; r++) {
            Quad factor = r == k ? 0 : a[r][k] / a[k][k];
            for (size_t c = k; c <= TERMS; c++) a[r][c] -= factor * a[k][c];
        }
    }
    return true;
}

static Fit fit(const Trial *t, const double *dx, size_t cell, bool scaled) {
    Quad a[TERMS][TERMS + 1] = {{0}}, term[TERMS], all = 0, left = 0;
    CellMeans m = means_of(t, cell, scaled);
    Fit f = {.sound = false};
    for (size_t i = 0; i < t->n; i++) {
        if (t->where[i] != cell) continue;
        terms_of(term, t, m, i, scaled);
        for (size_t r = 0; r < TERMS; r++) {
            for (size_t c = 0; c < TERMS; c++) a[r][c] += term[r] * term[c];
            a[r][TERMS] += term[r] * dx[i];
        }
    }
    if (t->cell[cell].count <= TERMS || !solve(a)) return f;
    for (size_t r = 0; r < TERMS; r++) f.coefficient[r] = a[r][TERMS] / a[r][r];
    for (size_t i = 0; i < t->n; i++) {
        if (t->where[i] != cell) continue;
        terms_of(term, t, m, i, scaled);
        Quad rest = dx[i];
        for (size_t r = 0; r < TERMS; r++) rest -= f.coefficient[r] * term[r];
        all += (Quad)dx[i] * dx[i], left += rest * rest;
    }
    f.residual = all > 0 ? quad_sqrt(left / all) : 0;
    f.sound = true;
    return f;
}

/* What a coefficient that is neither 0 nor of the wrong sign looks like. */
static const char *guess(Arena *arena, double part, double count, double of_dy) {
    if (fabs(part - count / (count - 1.0)) <= SAME) return " (count - 1 for count?)";
    if (fabs(part - count) <= SAME * count) return " (a sum, not a mean?)";
    if (fabs(part - of_dy) <= SAME * fabs(of_dy)) return " (of dy: gamma forgotten?)";
    return text_print(arena, " (times %.6g)", part);
}

/* The factor by which all terms are wrong alike; 1: they are not. */
static double common_factor(const Fit *f) {
    double part = (double)f->coefficient[0];
    for (size_t r = 1; r < TERMS; r++)
        if (fabs((double)f->coefficient[r] + part) > SAME * fabs(part)) return 1.0;
    return part;
}

/* gamma where it is one number in the cell; NaN where it is not. */
static double gamma_of(const Trial *t, size_t cell) {
    double gamma = NAN;
    for (size_t i = 0; i < t->n; i++) {
        if (t->where[i] != cell) continue;
        if (!isnan(gamma) && gamma != trial_gamma(t, i)) return NAN;
        gamma = trial_gamma(t, i);
    }
    return gamma;
}

static const char *name_factor(Arena *arena, const Trial *t, size_t cell, double factor) {
    if (fabs(factor * gamma_of(t, cell) - 1.0) <= SAME)
        return "gamma is forgotten: dx is made of dy";
    return text_print(arena, "dx is %.6g times what it should be", factor);
}

/* "the term mean(h) is missing", for each that is not what it should be. `without`: its
 * means with dy for h. */
static const char *name_terms(Arena *arena, const Trial *t, size_t cell, const Fit *f,
                              bool scaled) {
    static const double right[TERMS] = {1, -1, -1};
    const char *h = scaled ? "h" : "dy";
    const char *name[TERMS] = {h, text_print(arena, "mean(%s)", h),
                               text_print(arena, "xhat mean(%s xhat)", h)};
    CellMeans m = means_of(t, cell, true), without = means_of(t, cell, false);
    const double of_dy[TERMS] = {NAN, (double)(without.h / m.h),
                                 (double)(without.hx / m.hx)};
    Text text = text_new(arena);
    for (size_t r = 0; r < TERMS; r++) {
        double part = (double)f->coefficient[r] / right[r];
        const char *comma = text.length ? ", " : "";
        if (fabs(part - 1.0) <= SAME) continue;
        if (fabs(part) <= SAME)
            text_add(&text, "%sthe term %s is missing", comma, name[r]);
        else if (fabs(part + 1.0) <= SAME)
            text_add(&text, "%sthe term %s has the wrong sign", comma, name[r]);
        else
            text_add(&text, "%sthe term %s is wrong%s", comma, name[r],
                     guess(arena, part, t->cell[cell].count, of_dy[r]));
    }
    return text.data;
}

/* The cell of the largest error against the equation. */
static size_t worst_cell(const Trial *t, const double *dx) {
    size_t worst = 0;
    double most = -1.0;
    for (size_t k = 0; k < t->cells; k++) {
        CellMeans m = means_of(t, k, true);
        if (!(t->cell[k].variance > 0)) continue; /* tells nothing of xhat */
        for (size_t i = 0; i < t->n; i++) {
            if (t->where[i] != k) continue;
            Quad term[TERMS];
            terms_of(term, t, m, i, true);
            double error = (double)quad_abs(dx[i] - (term[0] - term[1] - term[2]));
            if (isnan(error)) error = (double)INFINITY;
            if (error > most) most = error, worst = k;
        }
    }
    return worst;
}

void trial_diagnose(Arena *arena, const Trial *t, const double *dx, CheckReport *report) {
    if (report->verdict != CHECK_FAIL || !trial_centred(t) || dx == NULL) return;
    const size_t cell = worst_cell(t, dx);
    bool scaled = true;
    Fit f = fit(t, dx, cell, true);
    if (f.sound && f.residual > FITS) {
        Fit without = fit(t, dx, cell, false);
        if (without.sound && without.residual <= FITS) f = without, scaled = false;
    }
    if (!f.sound) return;
    if (!(f.residual <= FITS)) {
        report_remark(report,
                      text_print(arena,
                                 "in cell %zu dx is no sum of h, mean(h) and xhat "
                                 "mean(h xhat): an index, or one factor?",
                                 cell));
        return;
    }
    double factor = common_factor(&f);
    if (scaled && fabs(factor - 1.0) > SAME) {
        report_remark(report, text_print(arena, "in cell %zu %s", cell,
                                         name_factor(arena, t, cell, factor)));
        return;
    }
    const char *terms = name_terms(arena, t, cell, &f, scaled);
    if (!scaled) report_remark(report, "gamma is forgotten: dx is made of dy");
    if (*terms) report_remark(report, text_print(arena, "in cell %zu %s", cell, terms));
}
