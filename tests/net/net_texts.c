/* Networks that read text: their values in plain loops of 113 bits, of texts of several lengths
 * too, what of them is learned, who is refused where the next symbol is to be told, and that
 * nobody sees what follows. */
#include "harness.h"

#include "arith.h"
#include "arith_calls.h"
#include "layers.h"
#include "net.h"
#include "text.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define EPS DBL_EPSILON

enum { N = 3, T = 7, K = 6, CLASSES = 4, LENGTHS = N * T };

static const Net *build(Arena *arena, const char *spec, const char *norm, bool causal) {
    BaseError error = {.set = false};
    const NetFace face = net_of_text(K, T, causal ? K : CLASSES, causal);
    const Net *net = net_new(arena, spec, (NetNorms){.all = norm}, face, N, &error);
    if (net == NULL) fail_msg("%s, %s: %s", spec, norm, error.message);
    return net;
}

static double normal(uint64_t sample, uint64_t index) {
    return draw_normal((Draw){.seed = 31, .purpose = DRAW_TEST, .sample = sample}, index);
}

/* ---- a network with random everything, and its value ------------------------------- */

typedef struct Setting {
    const Net *net;
    double *weights, *text; /* [N, T] */
    double *gradient;
    const char *norm;
    bool causal;
} Setting;

/* Text n ends 2 n before the others where they are `padded`. */
static Setting random_setting(Arena *arena, const char *spec, const char *norm,
                              bool causal, bool padded) {
    Setting s = {.net = build(arena, spec, norm, causal), .norm = norm, .causal = causal};
    s.weights = TAKE(arena, double, s.net->weights);
    s.gradient = TAKE(arena, double, s.net->weights);
    s.text = TAKE(arena, double, LENGTHS);
    for (size_t i = 0; i < LENGTHS; i++)
        s.text[i] = padded && i % T >= T - 2 * (i / T) ? NET_NO_SYMBOL
                                                       : (double)((i * i + i / 3) % K);
    for (size_t i = 0; i < s.net->params; i++) {
        const NetParam *p = &s.net->param[i];
        for (size_t k = 0; k < p->count; k++)
            s.weights[p->offset + k] =
                p->initial + (p->std > 0 ? p->std : 0.3) * normal(i, k);
    }
    return s;
}

static const TapeNode *run(Arena *arena, const Setting *s, const double *upstream) {
    NetPass pass = {.tape = tape_new(arena),
                    .mode = NORM_TRAIN,
                    .weights = s->weights,
                    .gradient = upstream ? s->gradient : NULL};
    TapeNode *y =
        net_run_one(s->net, &pass, tape_leaf(pass.tape, SHAPE_OF(N, T), s->text));
    if (upstream) tape_backward(pass.tape, y, upstream);
    return y;
}

/* ---- plain loops of 113 bits ------------------------------------------------------- */

/* [N, C, T]; or [N, C] with T 1. */
typedef struct Sequence {
    size_t C, T;
    Quad *v;
} Sequence;

typedef struct Loops {
    Arena *arena;
    const Setting *s;
    size_t asked; /* parameters */
} Loops;

static Sequence sequence(Loops *p, size_t C, size_t length) {
    return (Sequence){C, length, ZERO(p->arena, Quad, N * C * length)};
}

static Quad *at(Sequence x, size_t n, size_t c, size_t t) {
    return &x.v[(n * x.C + c) * x.T + t];
}

static const double *weight(Loops *p, const char *name) {
    const Net *net = p->s->net;
    for (size_t i = 0; i < net->params; i++)
        if (strcmp(net->param[i].name, name) == 0) {
            p->asked++;
            return p->s->weights + net->param[i].offset;
        }
    fail_msg("no parameter %s", name);
    return NULL;
}

#define NAME(...) text_print(p->arena, __VA_ARGS__)

static bool there(const Loops *p, size_t n, size_t t) {
    return p->s->text[n * T + t] >= 0;
}

static Sequence embedded(Loops *p, size_t C, bool positions) {
    const double *table = weight(p, "embedding.weight"),
                 *place = positions ? weight(p, "position.weight") : NULL;
    Sequence x = sequence(p, C, T);
    for (size_t n = 0; n < N; n++)
        for (size_t c = 0; c < C; c++)
            for (size_t t = 0; t < T; t++) {
                Quad sum = place ? place[t * C + c] : 0.0;
                if (there(p, n, t)) sum += table[(size_t)p->s->text[n * T + t] * C + c];
                *at(x, n, c, t) = quad_sqrt(C) * sum;
            }
    return x;
}

static Sequence linear(Loops *p, const char *name, Sequence x, size_t rows) {
    const double *w = weight(p, NAME("%s.weight", name)),
                 *bias = weight(p, NAME("%s.bias", name));
    Sequence y = sequence(p, rows, x.T);
    for (size_t n = 0; n < N; n++)
        for (size_t k = 0; k < rows; k++)
            for (size_t t = 0; t < x.T; t++) {
                *at(y, n, k, t) = bias[k];
                for (size_t c = 0; c < x.C; c++)
                    *at(y, n, k, t) += w[k * x.C + c] * *at(x, n, c, t);
            }
    return y;
}

/* Which cell channel c of sample n at position t is in: of each position, or of the channel. */
static bool same_cell(const Loops *p, const size_t *a, const size_t *b) {
    return strcmp(p->s->norm, "batch") == 0 ? a[1] == b[1] : a[0] == b[0] && a[2] == b[2];
}

/* In heads, blocks of x.C / heads channels are samples of their own. 0 where there is no symbol. */
static Sequence norm(Loops *p, const char *name, Sequence x, size_t heads) {
    const double *gamma = weight(p, NAME("%s.gamma", name)),
                 *beta = weight(p, NAME("%s.beta", name));
    const size_t d = x.C / heads, count = N * x.C * x.T;
    Sequence y = sequence(p, x.C, x.T);
    for (size_t i = 0; i < count; i++) {
        const size_t n = i / x.T / x.C, c = i / x.T % x.C,
                     mine[] = {n * heads + c / d, c % d, i % x.T};
        Quad sum = 0, squares = 0, members = 0;
        if (!there(p, n, i % x.T)) continue;
        for (int turn = 0; turn < 2; turn++)
            for (size_t j = 0; j < count; j++) {
                const size_t m = j / x.T / x.C, e = j / x.T % x.C,
                             other[] = {m * heads + e / d, e % d, j % x.T};
                if (!there(p, m, j % x.T) || !same_cell(p, mine, other)) continue;
                const Quad centred = turn ? x.v[j] - sum / members : 0;
                if (turn == 0) sum += x.v[j], members += 1;
                squares += centred * centred;
            }
        y.v[i] = gamma[c % d] * (x.v[i] - sum / members) /
                     quad_sqrt(squares / members + (Quad)1e-5) +
                 beta[c % d];
    }
    return y;
}

static Sequence sum_of(Loops *p, Sequence a, Sequence b) {
    Sequence y = sequence(p, a.C, a.T);
    for (size_t i = 0; i < N * a.C * a.T; i++) y.v[i] = a.v[i] + b.v[i];
    return y;
}

static void activate(Sequence x, bool relu) {
    for (size_t i = 0; i < N * x.C * x.T; i++) {
        const Quad share = (1 + QUAD_CALL(erf)(x.v[i] / quad_sqrt(2))) / 2;
        x.v[i] = relu ? (x.v[i] > 0 ? x.v[i] : 0) : x.v[i] * share;
    }
}

/* Channels 2 i and 2 i + 1 of a head are a complex number, turned by t 10000^(-2 i / d). */
static void rotate(Sequence x, size_t heads) {
    const size_t d = x.C / heads;
    for (size_t i = 0; i < N * x.C / 2 * x.T; i++) {
        const size_t t = i % x.T, c = i / x.T % (x.C / 2) * 2, n = i / x.T / (x.C / 2);
        const Quad rate = QUAD_CALL(pow)(10000, -(Quad)(c % d) / d);
        const Quad cosine = QUAD_CALL(cos)(t * rate), sine = QUAD_CALL(sin)(t * rate);
        const Quad a = *at(x, n, c, t), b = *at(x, n, c + 1, t);
        *at(x, n, c, t) = a * cosine - b * sine;
        *at(x, n, c + 1, t) = b * cosine + a * sine;
    }
}

static bool sees(const Loops *p, size_t n, size_t from, size_t to) {
    return there(p, n, to) && (!p->s->causal || to <= from);
}

typedef struct Kind {
    size_t heads;
    bool normed, rotary, relu;
    char place; /* '<' pre, '>' post, '=' peri */
} Kind;

static Sequence attention(Loops *p, const char *name, Sequence x, const Kind *kind) {
    Sequence q = linear(p, NAME("%s.query", name), x, x.C),
             k = linear(p, NAME("%s.key", name), x, x.C),
             v = linear(p, NAME("%s.value", name), x, x.C), y = sequence(p, x.C, T);
    const size_t d = x.C / kind->heads;
    if (kind->normed) q = norm(p, NAME("%s.qnorm", name), q, kind->heads);
    if (kind->normed) k = norm(p, NAME("%s.knorm", name), k, kind->heads);
    if (kind->rotary) rotate(q, kind->heads), rotate(k, kind->heads);
    for (size_t i = 0; i < N * kind->heads * T; i++) {
        const size_t n = i / T / kind->heads, first = i / T % kind->heads * d, t = i % T;
        Quad all = 0, e[T] = {0};
        for (size_t s = 0; s < T; s++) {
            for (size_t c = first; c < first + d; c++)
                e[s] += *at(q, n, c, t) * *at(k, n, c, s) / quad_sqrt(d);
            e[s] = sees(p, n, t, s) ? QUAD_CALL(exp)(e[s]) : 0;
            all += e[s];
        }
        for (size_t s = 0; s < T; s++)
            for (size_t c = first; c < first + d; c++)
                *at(y, n, c, t) += e[s] / all * *at(v, n, c, s);
    }
    return linear(p, NAME("%s.out", name), y, x.C);
}

static Sequence part(Loops *p, const char *block, Sequence x, const Kind *kind,
                     bool second) {
    if (!second) return attention(p, NAME("%s.attention", block), x, kind);
    Sequence up = linear(p, NAME("%s.up", block), x, 4 * x.C);
    activate(up, kind->relu);
    return linear(p, NAME("%s.down", block), up, x.C);
}

static Sequence told(Loops *p, Sequence x, bool tied) {
    if (p->s->causal && !tied) return linear(p, "linear", x, K);
    Sequence y = sequence(p, p->s->causal ? K : x.C, p->s->causal ? T : 1);
    const double *table = p->s->causal ? weight(p, "embedding.weight") : NULL;
    for (size_t i = 0; i < N * x.C * T; i++) {
        const size_t n = i / T / x.C, c = i / T % x.C, t = i % T;
        size_t members = 0;
        for (size_t s = 0; s < T; s++) members += there(p, n, s);
        if (!p->s->causal && there(p, n, t)) *at(y, n, c, 0) += x.v[i] / members;
        for (size_t k = 0; table && k < K; k++)
            *at(y, n, k, t) += table[k * x.C + c] * x.v[i];
    }
    return table ? y : linear(p, "linear", y, CLASSES);
}

static Sequence transformer(Loops *p, size_t depth, size_t width, const Kind *kind) {
    Sequence x = embedded(p, width, !kind->rotary);
    for (size_t i = 0; i < 2 * depth; i++) {
        const char *block = NAME("block%zu", i / 2 + 1),
                   *place = NAME("%s.norm%zu", block, i % 2 + 1);
        Sequence y = kind->place == '>' ? x : norm(p, place, x, 1);
        y = part(p, block, y, kind, i % 2);
        if (kind->place == '=') y = norm(p, NAME("%s_after", place), y, 1);
        x = sum_of(p, x, y);
        if (kind->place == '>') x = norm(p, place, x, 1);
    }
    if (kind->place != '>') x = norm(p, "last_norm", x, 1);
    return told(p, x, true);
}

static Sequence conv(Loops *p, const char *name, Sequence x, size_t rows, size_t R) {
    const double *w = weight(p, NAME("%s.weight", name));
    const long before = (long)(p->s->causal ? R - 1 : (R - 1) / 2);
    Sequence y = sequence(p, rows, T);
    for (size_t i = 0; i < N * rows * T; i++)
        for (size_t f = 0; f < x.C * R; f++) {
            const size_t n = i / T / rows, k = i / T % rows;
            const long from = (long)(i % T) + (long)(f % R) - before;
            if (from < 0 || from >= T || !there(p, n, (size_t)from)) continue;
            y.v[i] += w[k * x.C * R + f] * *at(x, n, f / R, (size_t)from);
        }
    return y;
}

static Sequence text_conv(Loops *p, size_t depth, size_t width, size_t R, bool shortcut) {
    Sequence x = embedded(p, width, false), y = x;
    for (size_t i = 0; i < depth; i++) {
        const char *within = NAME("block%zu", i / 2 + 1);
        y = conv(p, NAME("%s.conv%zu", within, i % 2 + 1), y, width, R);
        y = norm(p, NAME("%s.norm%zu", within, i % 2 + 1), y, 1);
        if (shortcut && i % 2) y = x = sum_of(p, x, y);
        activate(y, true);
    }
    return told(p, y, false);
}

/* 1e4 eps of the largest, where symbols are. */
static void assert_value(const Loops *p, const TapeNode *y, Sequence want) {
    double most = 0;
    const size_t count = N * want.C * want.T;
    assert_int_equal(shape_count(y->shape), count);
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs((double)want.v[i]));
    for (size_t i = 0; i < count; i++) {
        if (want.T == T && !there(p, i / T / want.C, i % T)) continue;
        if (!(fabs(y->value[i] - (double)want.v[i]) <= 1e4 * EPS * most))
            fail_msg("%s, %s, %zu: got %.17g, expected %.17g", p->s->net->spec,
                     p->s->norm, i, y->value[i], (double)want.v[i]);
    }
}

static const char *const NORMS[] = {"position", "batch"};

static void transformer_in_plain_loops(void **state) {
    (void)state;
    static const struct {
        const char *options;
        Kind kind;
    } CASES[] = {
        {"", {2, false, false, false, '<'}},
        {", place=post, activation=relu", {2, false, false, true, '>'}},
        {", place=peri, positions=rotary", {2, false, true, false, '='}},
        {", qk=norm, positions=rotary", {2, true, true, false, '<'}},
        {", place=post, qk=norm", {2, true, false, false, '>'}},
    };
    for (size_t i = 0; i < 8 * COUNT_OF(CASES); i++) {
        Arena *arena = arena_new();
        const char *spec = text_print(arena, "transformer(depth=2, width=8, heads=2%s)",
                                      CASES[i / 8].options);
        const Setting s = random_setting(arena, spec, NORMS[i % 2], i / 2 % 2, i / 4 % 2);
        Loops p = {arena, &s, 0};
        const Sequence want = transformer(&p, 2, 8, &CASES[i / 8].kind);
        assert_int_equal(p.asked, s.net->params + s.causal); /* the embedding twice */
        assert_value(&p, run(arena, &s, NULL), want);
        arena_free(arena);
    }
}

static void text_conv_in_plain_loops(void **state) {
    (void)state;
    for (size_t i = 0; i < 32; i++) {
        Arena *arena = arena_new();
        const bool shortcut = i / 8 % 2;
        const size_t R = i / 16 ? 4 : 3;
        const char *spec =
            text_print(arena, "text-conv(depth=4, width=5, kernel=%zu, form=%s)", R,
                       shortcut ? "residual" : "plain");
        const Setting s = random_setting(arena, spec, NORMS[i % 2], i / 2 % 2, i / 4 % 2);
        Loops p = {arena, &s, 0};
        const Sequence want = text_conv(&p, 4, 5, R, shortcut);
        assert_int_equal(p.asked, s.net->params);
        assert_value(&p, run(arena, &s, NULL), want);
        arena_free(arena);
    }
}

/* Positions put numbers where no symbol is, and nothing takes them away before the next layer: a
 * convolution sees zeros there, attention and mean nothing. */
static void bare(Layers *l, const size_t *option) {
    (void)option;
    TapeNode *x = layer_embed(l, "embedding", layers_input(l, "text"), 4);
    x = layer_positions(l, "position", x);
    layers_enter(l, "attention");
    TapeNode *y = layer_attention(l, x, (LayerAttention){.heads = 2});
    layers_leave(l);
    y = layer_conv1(l, "conv", tape_add(layers_tape(l), x, y), 4, 3);
    layers_output(l, "logits", layer_told(l, y, false));
}

static void layers_leave_padding_out(void **state) {
    (void)state;
    static const NetKind kind = {.name = "bare", .reads = NET_SYMBOLS, .run = bare};
    for (size_t more = 0; more < 2; more++) {
        Arena *arena = arena_new();
        BaseError error = {.set = false};
        Setting s[2] = {{.norm = "none"}, {.norm = "none"}};
        const TapeNode *y[2];
        for (size_t i = 0; i < 2; i++) { /* the second has positions that no symbol has */
            const size_t length = T + i * 3;
            s[i].net = net_of_kind(arena, &kind, "bare", (NetNorms){.all = "none"},
                                   net_of_text(K, length, CLASSES, more), N, &error);
            if (s[i].net == NULL) fail_msg("%s", error.message);
            s[i].weights = TAKE(arena, double, s[i].net->weights);
            double *text = TAKE(arena, double, N *length);
            for (size_t k = 0; k < N * length; k++)
                text[k] = k % length < T - k / length ? (double)(k % length % K)
                                                      : NET_NO_SYMBOL;
            for (size_t p = 0; p < s[i].net->params; p++)
                for (size_t k = 0; k < s[i].net->param[p].count; k++)
                    s[i].weights[s[i].net->param[p].offset + k] = normal(p, k);
            NetPass pass = {
                .tape = tape_new(arena), .mode = NORM_TRAIN, .weights = s[i].weights};
            y[i] = net_run_one(s[i].net, &pass,
                               tape_leaf(pass.tape, SHAPE_OF(N, length), text));
        }
        for (size_t i = 0; i < shape_count(y[0]->shape); i++) {
            const size_t t = i % T, n = i / T / CLASSES,
                         there = more ? i / T * (T + 3) + t : i;
            if (!more || t < T - n)
                assert_near(y[1]->value[there], y[0]->value[i],
                            16 * EPS * fabs(y[0]->value[i]) + 16 * EPS);
        }
        arena_free(arena);
    }
}

/* ---- who is refused ---------------------------------------------------------------- */

/* Where the next symbol is told nobody may show what follows in evaluation: not by a part, nor
 * later in a schedule. */
static void who_looks_ahead_is_refused(void **state) {
    (void)state;
    static const char *const AHEAD[] = {"layer",
                                        "instance",
                                        "group(2)",
                                        "mix(batch, instance)",
                                        "batch | layer",
                                        "split(position, instance)",
                                        "blend(batch, group(2))",
                                        "frn",
                                        "grn",
                                        "evonorm(S0, groups=2)",
                                        "anneal(batch, group(2), from=0, to=2)",
                                        "anneal(group(2), batch, from=0, to=2)",
                                        ("anneal(batch, anneal(layer, batch, from=4, "
                                         "to=6), from=1, to=2.5)"),
                                        "phase(batch, layer)",
                                        "lattice(batch=3, size=2, own=0.5)",
                                        "regroup(2)"};
    static const char *const BEHIND[] = {"none",
                                         "batch",
                                         "ghost(3)",
                                         "position",
                                         "position(2)",
                                         "position(center=no)",
                                         "dyt",
                                         "derf",
                                         "scalenorm",
                                         "response(3)",
                                         "phase(layer, batch)",
                                         "renorm",
                                         "mix(batch, position)",
                                         "batch | position(4)",
                                         "skipinit"};
    static const char *const NETS[] = {"text-conv(depth=2, width=8, kernel=3)",
                                       "transformer(depth=1, width=8, heads=2)"};
    for (size_t i = 0; i < 2 * COUNT_OF(AHEAD); i++) {
        Arena *arena = arena_new();
        BaseError error = {.set = false};
        const char *norm = AHEAD[i / 2];
        assert_null(net_new(arena, NETS[i % 2], (NetNorms){.all = norm},
                            net_of_text(K, T, K, true), N, &error));
        const char *start =
            text_print(arena, "layer block1.norm1: %s shows each position", norm);
        if (strncmp(error.message, start, strlen(start)) != 0 ||
            !strstr(error.message, "position, position(G), position(center=no) or batch"))
            fail_msg("%s: %s", norm, error.message);
        build(arena, NETS[i % 2], norm, false);
        arena_free(arena);
    }
    for (size_t i = 0; i < 2 * COUNT_OF(BEHIND); i++) {
        Arena *arena = arena_new();
        build(arena, NETS[i % 2], BEHIND[i / 2], true);
        arena_free(arena);
    }
}

static void what_does_not_fit_is_named(void **state) {
    (void)state;
    static const struct {
        const char *spec, *says;
        bool image;
    } WRONG[] = {
        {"transformer(width=10, heads=4)", "layer attention: 10 channels are not 4 heads",
         false},
        {"transformer(width=12, heads=4, positions=rotary)", "even number", false},
        {"transformer", "transformer reads symbols; the image is of numbers", true},
        {"text-conv", "text-conv reads symbols; the image is of numbers", true},
        {"mlp", "mlp reads numbers; the text is of symbols", false},
        {"text-conv(depth=3)", "depth should be even (2, 4, 6...), not 3", false}};
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        Arena *arena = arena_new();
        BaseError error = {.set = false};
        const NetFace face =
            WRONG[i].image ? net_of_images(1, 4, 4, 2) : net_of_text(K, T, K, true);
        assert_null(
            net_new(arena, WRONG[i].spec, (NetNorms){.all = "none"}, face, N, &error));
        if (!strstr(error.message, WRONG[i].says))
            fail_msg("%s: %s", WRONG[i].spec, error.message);
        arena_free(arena);
    }
}

/* ---- what is learned --------------------------------------------------------------- */

/* W 12 in each block's matrices, 9 W biases, two norms; a last norm, positions, and the embedding alone
 * where that tells what follows. */
static void transformer_counted_by_hand(void **state) {
    (void)state;
    enum { W = 8, D = 3 };
    Arena *arena = arena_new();
    const Net *net =
        build(arena, "transformer(depth=3, width=8, heads=2)", "position", true);
    assert_int_equal(net->weights,
                     D * (12 * W * W + 9 * W + 4 * W) + 2 * W + T * W + K * W);
    assert_int_equal(net->norms, 2 * D + 1);
    assert_near(net->flops, 2.0 * (D * (12.0 * W * W * T + 2.0 * W * T * T) + K * W * T),
                0.0);
    net = build(arena, "transformer(depth=3, width=8, heads=2, place=peri, qk=norm)",
                "position", true);
    assert_int_equal(net->norms, 6 * D + 1);
    assert_string_equal(net->norm[1].name, "block1.attention.qnorm");
    assert_int_equal(net->norm[1].sees.C, W / 2);
    net = build(arena, "transformer(depth=3, width=8, heads=2, place=post)", "position",
                true);
    assert_int_equal(net->norms, 2 * D);
    assert_string_equal(net->norm[2 * D - 1].name, "block3.norm2");
    const size_t plain = net->params;
    net = build(arena,
                "transformer(depth=3, width=8, heads=2, place=post, weights=normalized)",
                "position", true);
    assert_int_equal(net->params, plain + 6 * D); /* tables are no weights of layers */
    arena_free(arena);
}

/* At the start what a transformer tells is of the size that a softmax wants. */
static void begins_at_a_sensible_size(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Setting s = random_setting(arena, "transformer(depth=2, width=64, heads=4)",
                               "position", true, false);
    net_initialize(s.net, s.weights, NULL, 3);
    const TapeNode *y = run(arena, &s, NULL);
    double squares = 0;
    for (size_t i = 0; i < N * K * T; i++) squares += y->value[i] * y->value[i];
    assert_true(squares / (N * K * T) > 0.2 && squares / (N * K * T) < 5.0);
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(oracle, transformer_in_plain_loops), CASE(oracle, text_conv_in_plain_loops),
    CASE(theorem, layers_leave_padding_out),  CASE(fault, who_looks_ahead_is_refused),
    CASE(fault, what_does_not_fit_is_named),  CASE(example, transformer_counted_by_hand),
    CASE(theorem, begins_at_a_sensible_size),
};

HARNESS_MAIN("net_texts", CASES)
