/* Any text put to the language of normalizers: equations, or an error that points into the text;
 * what is read is printed and read again, what is registered is computed.
 *
 *   test-equation_fuzz                      the short run
 *   test-equation_fuzz COUNT [SEED [FROM]]  COUNT texts of a seed, from number FROM on
 *
 * Text number i of a seed is a function of both: a failure is had again alone. Texts are written
 * by the grammar (equation.h), so that most have a meaning, and then most are broken. */
#include "harness.h"

#include "equation.h"
#include "internal.h"
#include "text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef NORMLAB_VERIFY
enum { SHORT_RUN = 2000 };
#else
enum { SHORT_RUN = 20000 };
#endif

enum { ROOM = 8192, MOST_NAMES = 24, SLOWEST = 60 /* seconds a text */ };

/* ---- texts ----------------------------------------------------------------------- */

typedef struct Writer {
    Draw draw;
    uint64_t index;
    char text[ROOM + 1];
    size_t length;
    const char *const *kind; /* examples of kinds, as many as `kinds` */
    size_t kinds;

    /* of the normalizer that is being written */
    char name[MOST_NAMES][16]; /* of values */
    bool used[MOST_NAMES];
    size_t names;
    bool has_switch, used_switch, has_words, used_words;
} Writer;

static size_t below(Writer *w, size_t bound) {
    return draw_below(w->draw, w->index++, bound);
}

static void put(Writer *w, const char *text) {
    const size_t length = strlen(text);
    if (w->length + length > ROOM) return;
    memcpy(w->text + w->length, text, length + 1);
    w->length += length;
}

#define ANY(w, list) ((list)[below((w), COUNT_OF(list))])

static void put_number(Writer *w) {
    static const char *const numbers[] = {"0",          "1",
                                          "2",          "2",
                                          "3",          "4",
                                          "0.5",        "0.5",
                                          "1.5",        "1e-5",
                                          "0.1",        "1e30",
                                          "1e308",      "1e309",
                                          "1e-320",     "1e-400",
                                          ".5",         "5.",
                                          "007",        "1e",
                                          "2147483648", "18446744073709551616",
                                          "1e300",      "16",
                                          "64"};
    put(w, numbers[below(w, 8) ? below(w, 11) : below(w, COUNT_OF(numbers))]);
}

static void put_cells(Writer *w) {
    static const char *const often[] = {"batch",    "layer",    "instance", "group(2)",
                                        "position", "ghost(2)", "all"};
    static const char *const seldom[] = {"group(size=2)",
                                         "lattice(batch=2, size=2)",
                                         "channels(0, 0, 1, 1)",
                                         "channels(0, 1, 1, 1)",
                                         "regroup(2)",
                                         "none",
                                         "group(0)",
                                         "group(1e30)",
                                         "ghost(3)",
                                         "ghost(0)",
                                         "group(2.5)",
                                         "batch | layer",
                                         "group(G)",
                                         "ghost(G)",
                                         "group(size=G)",
                                         "group(2, eps=3)",
                                         "mix(batch, layer)",
                                         "frozen(batch)",
                                         "w",
                                         "G",
                                         "groop(2)",
                                         "x"};
    if (w->has_words && below(w, 3) == 0) {
        w->used_words = true;
        put(w, "w");
        return;
    }
    put(w, below(w, 6) ? ANY(w, often) : ANY(w, seldom));
}

static void put_value(Writer *w, size_t depth);

static void put_standardized(Writer *w) {
    const size_t begin = w->length;
    static char cells[128];
    put_cells(w);
    snprintf(cells, sizeof cells, "%s", w->text + begin);
    w->length = begin, w->text[begin] = '\0';
    put(w, "(x - mean(x over "), put(w, cells);
    put(w, ")) / sqrt(mean((x - mean(x over "), put(w, cells);
    put(w, "))^2 over "), put(w, cells), put(w, ") + eps)");
}

static void put_any_name(Writer *w) {
    static const char *const given[] = {"x",    "x",   "x",     "gamma",
                                        "beta", "eps", "epoch", "samples"};
    if (w->names == 0 || below(w, 2) == 0) {
        put(w, ANY(w, given));
        return;
    }
    const size_t i = below(w, w->names);
    w->used[i] = true;
    put(w, w->name[i]);
}

static void put_call(Writer *w, size_t depth) {
    static const char *const of_one[] = {"sqrt", "exp",  "log",     "tanh",
                                         "erf",  "gelu", "sigmoid", "relu",
                                         "abs",  "step", "detach"};
    const size_t which = below(w, COUNT_OF(of_one) + 3);
    put(w, which < COUNT_OF(of_one)        ? of_one[which]
           : which == COUNT_OF(of_one)     ? "min"
           : which == COUNT_OF(of_one) + 1 ? "max"
                                           : "clip");
    put(w, "("), put_value(w, depth + 1);
    if (which >= COUNT_OF(of_one)) put(w, ", "), put_value(w, depth + 1);
    if (which == COUNT_OF(of_one) + 2) put(w, ", "), put_value(w, depth + 1);
    put(w, ")");
}

static void put_over(Writer *w, size_t depth) {
    put(w, below(w, 4) ? "mean(" : "sum(");
    put_value(w, depth + 1), put(w, " over "), put_cells(w), put(w, ")");
}

static void put_apply(Writer *w, size_t depth) {
    static const char *const usual[] = {"batch", "layer", "instance", "group(2)", "none"};
    const bool uses = below(w, 4) == 0;
    put(w, uses ? "use(\"" : "");
    put(w, below(w, 2) ? ANY(w, usual) : w->kind[below(w, w->kinds)]);
    put(w, uses ? "\")(" : "("), put_value(w, depth + 1), put(w, ")");
}

static void put_when(Writer *w, size_t depth) {
    const bool option = w->has_switch && below(w, 2);
    w->used_switch |= option;
    put(w, option ? "(s(" : "(train("), put_value(w, depth + 1);
    put(w, ") else "), put_value(w, depth + 1), put(w, ")");
}

static void put_value(Writer *w, size_t depth) {
    static const char *const signs[] = {" + ", " - ", " * ", " / ", "-", "*"};
    switch (below(w, depth < 5 ? 16 : 5)) {
    case 0:
    case 1:
        put(w, "x");
        return;
    case 2:
    case 3:
        put_any_name(w);
        return;
    case 4:
        put_number(w);
        return;
    case 5:
        put(w, "-"), put_value(w, depth + 1);
        return;
    case 6:
        put(w, "("), put_value(w, depth + 1), put(w, ")^");
        below(w, 2) ? put(w, "2") : put_value(w, depth + 3);
        return;
    case 7:
        put_call(w, depth);
        return;
    case 8:
    case 9:
        put_over(w, depth);
        return;
    case 10:
        put_apply(w, depth);
        return;
    case 11:
        put_when(w, depth);
        return;
    case 12:
        put_standardized(w);
        return;
    case 13:
        put(w, "count("), put_cells(w), put(w, ")");
        return;
    default:
        put(w, "("), put_value(w, depth + 1), put(w, ANY(w, signs));
        put_value(w, depth + 1), put(w, ")");
    }
}

static void add_name(Writer *w, const char *name) {
    if (w->names == MOST_NAMES) return;
    w->used[w->names] = false;
    snprintf(w->name[w->names++], sizeof w->name[0], "%s", name);
}

static void put_options(Writer *w) {
    static const char *const numbers[][2] = {
        {"G", "G"},           {"k=0.5", "k"},           {"n=3 in [1, 8]", "n"},
        {"P in [3, 5]", "P"}, {"q=-1 in [-2, 0]", "q"}, {"batch=2", "batch"},
        {"r=1e300", "r"}};
    if (below(w, 2)) return;
    for (size_t i = 0, count = 1 + below(w, 3); i < count; i++) {
        put(w, i ? ", " : "(");
        switch (below(w, 6)) {
        case 0:
            w->has_switch = true;
            put(w, below(w, 2) ? "s=no|yes" : "s=yes|no");
            break;
        case 1:
            w->has_words = true;
            put(w, "w=instance|layer|batch");
            break;
        case 2:
            put(w, "eps=1e-3"), add_name(w, "eps");
            break;
        default: {
            const size_t k = below(w, COUNT_OF(numbers));
            put(w, numbers[k][0]), add_name(w, numbers[k][1]);
        }
        }
    }
    put(w, ")");
}

static void put_end(Writer *w) {
    static const char *const ends[] = {"\n  ", "\n  ",       "; ",
                                       "\r\n", "  # so\n  ", "\n\n\t"};
    put(w, ANY(w, ends));
}

static void put_line(Writer *w, size_t i) {
    static const char *const per[] = {
        "[channel]",  "[channel]",  "[group(2)]", "[batch]",
        "[group(G)]", "[position]", "[all]",      "[channels(0, 1, 1, 1)]"};
    static const char *const starts[] = {"1", "0", "0.5", "-1", "1/3", "k", "2^0.5"};
    static const char *const names[] = {"a",  "b_1", "c",     "M", "e5",
                                        "mu", "v",   "group", "_t"};
    char name[16];
    snprintf(name, sizeof name, "%s", i < COUNT_OF(names) ? names[i] : "zz");
    put(w, name);
    const size_t kind = below(w, 4);
    if (kind == 0) {
        if (below(w, 2)) put(w, ANY(w, per));
        put(w, " = parameter("), put(w, ANY(w, starts));
        if (below(w, 4) == 0) put(w, ", std=0.1");
        if (below(w, 4) == 0) put(w, ", decay=yes");
        put(w, ")");
        if (below(w, 4) == 0) put(w, below(w, 2) ? " in [0, 1]" : " in [-2, 2]");
    } else if (kind == 1) {
        put(w, " = running("), put_value(w, 1);
        if (below(w, 3) == 0) put(w, ", weight_new=0.01");
        if (below(w, 3) == 0) put(w, ", start=1");
        put(w, ")");
    } else {
        put(w, " = "), put_value(w, 0);
    }
    add_name(w, name);
}

static void put_identity(Writer *w) {
    static const char *const identities[] = {
        "check: scale-invariant", "check: shift-invariant",
        "check: twin layer",      "check: twin batch(affine=no) when a = 1",
        "is: activation",         "check: twin groop(2)"};
    put_end(w), put(w, ANY(w, identities));
}

/* y reads whatever nobody has read. */
static void put_y(Writer *w) {
    static const char *const forms[] = {"", "gamma * (", "(", "-("};
    const char *form = ANY(w, forms);
    put(w, "y = "), put(w, form), put_value(w, 0);
    for (size_t i = 0; i < w->names; i++)
        if (!w->used[i]) put(w, below(w, 2) ? " + " : " * "), put(w, w->name[i]);
    if (w->has_switch && !w->used_switch) put(w, " + (s(x) else 1)");
    if (w->has_words && !w->used_words) put(w, " - mean(x over w)");
    put(w, *form ? ")" : "");
    if (strcmp(form, "gamma * (") == 0) put(w, " + beta");
}

static void put_normalizer(Writer *w, const char *name) {
    static const char *const comments[] = {
        "# a title\n", "# source: nobody 2026\n", "# differs: no\n", "# \xc3\xa9\n",
        "\n",          "# example: zf(2)\n"};
    if (below(w, 4) == 0)
        put(w, comments[below(w, COUNT_OF(comments) - (below(w, 4) > 0))]);
    w->names = 0;
    w->has_switch = w->used_switch = w->has_words = w->used_words = false;
    put(w, name), put_options(w), put(w, ":"), put_end(w);
    for (size_t i = 0, count = below(w, 5); i < count; i++) put_line(w, i), put_end(w);
    put_y(w);
    for (size_t i = below(w, 8) / 6; i > 0; i--) put_identity(w);
    put(w, "\n");
}

/* Around the deepest and the longest that is read. */
static void put_far(Writer *w) {
    static const char *const opens[] = {"(",
                                        "-",
                                        "x + ",
                                        "x*",
                                        "2^",
                                        "sqrt(",
                                        "max(x,",
                                        "train(x) else ",
                                        "batch(",
                                        "mean(",
                                        "use(\"batch\")(",
                                        "group(2)("};
    const char *open = ANY(w, opens);
    put(w, "zf: y = ");
    const size_t most = ROOM / strlen(open),
                 count = below(w, 4) ? below(w, 2 * EQUATION_MOST_DEPTH) : below(w, most);
    for (size_t i = 0; i < count; i++) put(w, open);
    put(w, "x");
    const size_t closes = strchr(open, '(') && strchr(open, ')') == NULL ? count : 0;
    for (size_t i = 0; i < closes; i++) put(w, strchr(open, 'm') ? " over layer)" : ")");
}

static void put_bytes(Writer *w) {
    for (size_t i = below(w, 48); i > 0; i--)
        put(w, (char[]){(char)(1 + below(w, 255)), '\0'});
}

/* ---- broken ones ------------------------------------------------------------------ */

static void replace(Writer *w, size_t at, size_t length, const char *by, size_t size) {
    if (w->length - length + size > ROOM) return;
    memmove(w->text + at + size, w->text + at + length, w->length - at - length + 1);
    memcpy(w->text + at, by, size);
    w->length += size - length;
}

/* A token: letters and digits, or one byte. */
static size_t token_at(Writer *w, size_t *length) {
    size_t at = below(w, w->length);
    while (at > 0 && isalnum((unsigned char)w->text[at]) &&
           isalnum((unsigned char)w->text[at - 1]))
        at--;
    *length = 1;
    while (isalnum((unsigned char)w->text[at]) &&
           isalnum((unsigned char)w->text[at + *length]))
        ++*length;
    return at;
}

static void mutate(Writer *w) {
    static const char *const words[] = {
        "x",     "y",    "gamma", "beta",      "eps",     "mean",  "over",  "batch",
        "train", "else", "(",     ")",         "[",       "]",     ",",     "=",
        ":",     ";",    "|",     "#",         "\n",      "\r\n",  "+",     "-",
        "*",     "/",    "^",     "\"",        "2",       "1e309", "check", "is",
        "in",    "use",  "run",   "parameter", "running", "count", "sum",   "when",
        "twin",  "\x01", "\xff",  "{",         "%",       "$",     " ",     "\t",
        "G",     "yes",  "zf"};
    if (w->length == 0) return;
    size_t length, other;
    const size_t at = token_at(w, &length);
    char held[ROOM + 1];
    memcpy(held, w->text + at, length);
    switch (below(w, 8)) {
    case 0:
        replace(w, at, length, "", 0);
        return;
    case 1:
        replace(w, at, 0, held, length);
        return;
    case 2: {
        const char *word = ANY(w, words);
        replace(w, at, below(w, 2) ? length : 0, word, strlen(word));
        return;
    }
    case 3: { /* another token of the text */
        const size_t from = token_at(w, &other);
        memcpy(held, w->text + from, other);
        replace(w, at, length, held, other);
        return;
    }
    case 4:
        w->text[below(w, w->length)] = (char)(1 + below(w, 255));
        return;
    case 5:
        if (below(w, 4) == 0) w->length = at, w->text[at] = '\0';
        return;
    case 6: { /* a stretch dropped */
        const size_t most = w->length - at;
        replace(w, at, below(w, most < 24 ? most + 1 : 24), "", 0);
        return;
    }
    default: /* and repeated */
        other = below(w, w->length - at + 1);
        memcpy(held, w->text + at, other);
        replace(w, at, 0, held, other);
    }
}

static void write_text(Writer *w) {
    w->length = 0, w->text[0] = '\0';
    const size_t form = below(w, 64);
    if (form == 0) {
        put_bytes(w);
    } else if (form == 1) {
        put_far(w);
    } else {
        put_normalizer(w, "zf");
        if (form < 6) put_normalizer(w, "zg");
    }
    const size_t way = below(w, 8);
    for (size_t i = way < 3 ? 0 : way < 6 ? 1 : 1 + below(w, 4); i > 0; i--) mutate(w);
}

/* ---- what must hold -------------------------------------------------------------- */

typedef struct Fuzz {
    Arena *arena;
    Tape *tape;
    uint64_t seed, number;
    const char *text;
    uint64_t calls;                             /* of this text */
    size_t read, registered, computed, refused; /* refused: of so many channels, or x */
    size_t rows;                                /* computed over rows */
    size_t
        apart; /* definition and what trains differ by more than x's last digits make */
} Fuzz;

static void show_text(const char *text) {
    for (; *text; text++)
        if ((isprint((unsigned char)*text) || *text == '\n') && *text != '\\')
            print_error("%c", *text);
        else
            print_error("\\x%02x", (unsigned char)*text);
    print_error("\n");
}

#define HOLDS(fuzz, condition, ...)                                                      \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            print_error("%s: ", #condition), print_error(__VA_ARGS__);                   \
            print_error("\nagain: test-equation_fuzz 1 %llu %llu\ntext: ",               \
                        (unsigned long long)(fuzz)->seed,                                \
                        (unsigned long long)(fuzz)->number);                             \
            show_text((fuzz)->text);                                                     \
            _fail(__FILE__, __LINE__);                                                   \
        }                                                                                \
    } while (0)

static bool is_plain(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f) return false;
    return true;
}

/* An answer, or an error; that stands in the text and says something in one line. */
static void sound(const Fuzz *f, const char *who, bool answered, const BaseError *error) {
    HOLDS(f, answered == !error->set, "%s: answer %d, error '%s'", who, answered,
          error->set ? error->message : "");
    if (answered) return;
    HOLDS(f, error->at <= strlen(f->text), "%s: at %zu: %s", who, error->at,
          error->message);
    HOLDS(f, error->message[0] && is_plain(error->message), "%s: '%s'", who,
          error->message);
    HOLDS(f, error->code == EX_DATAERR || error->code == EX_USAGE, "%s: exit code %d",
          who, error->code);
    const char *line = equation_error(f->arena, "a", f->text, error);
    HOLDS(f, is_plain(line), "%s: '%s'", who, line);
}

static bool same_word(const char *a, const char *b) {
    return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static bool same_term(const Term *a, const Term *b) {
    if ((a == NULL) != (b == NULL)) return false;
    if (a == NULL) return true;
    if (a->kind != b->kind || a->arity != b->arity || a->number != b->number ||
        a->meaning != b->meaning || a->place != b->place ||
        !same_word(a->spec, b->spec) ||
        (a->kind == TERM_CALL && !same_word(a->word, b->word)))
        return false;
    for (size_t i = 0; i < a->arity; i++)
        if (!same_term(a->in[i], b->in[i])) return false;
    return true;
}

static bool same_equation(const Equation *a, const Equation *b) {
    if (a->lines != b->lines || a->options != b->options || a->y != b->y ||
        a->identities != b->identities || a->usual_eps != b->usual_eps ||
        !same_term(a->body, b->body) || a->affine_inside != b->affine_inside)
        return false;
    for (size_t i = 0; i < a->lines; i++) {
        const EquationLine *l = &a->line[i], *r = &b->line[i];
        if (l->kind != r->kind || !same_word(l->name, r->name) ||
            !same_word(l->per, r->per) || l->decayed != r->decayed ||
            !same_term(l->value, r->value) || !same_term(l->start, r->start) ||
            !same_term(l->std, r->std) || !same_term(l->least, r->least) ||
            !same_term(l->most, r->most) || !same_term(l->weight_new, r->weight_new))
            return false;
    }
    for (size_t i = 0; i < a->options; i++)
        if (a->option[i].usual != b->option[i].usual ||
            a->option[i].least != b->option[i].least ||
            a->option[i].most != b->option[i].most ||
            a->option[i].words != b->option[i].words)
            return false;
    for (size_t i = 0; i < a->identities; i++)
        if (!same_word(a->identity[i].spec, b->identity[i].spec)) return false;
    return true;
}

/* Printed it is the same, and printed alike again. */
static void fixed_point(Fuzz *f, const Equation *equation) {
    BaseError error = {.set = false};
    size_t count;
    const char *once = equation_print(f->arena, equation);
    HOLDS(f, is_plain(once), "printed: %s", once);
    const Equation *const *again = equation_read(f->arena, once, &count, &error);
    HOLDS(f, again && count == 1, "printed '%s': %s", once, error.message);
    HOLDS(f, strcmp(equation_print(f->arena, again[0]), once) == 0, "'%s' becomes '%s'",
          once, equation_print(f->arena, again[0]));
    HOLDS(f, same_equation(equation, again[0]), "another tree: '%s'", once);
    HOLDS(f, strlen(equation_tex(f->arena, equation)) > 0, "tex");
    HOLDS(f, equation->title == NULL || is_plain(equation->title), "its title");
}

/* ---- what is computed -------------------------------------------------------------- */

static const double UNSEEN = 12345.678;

typedef struct Call {
    const Norm *norm;
    Shape shape;
    double *x, *dx, *dy;
    double *param[NORM_MAX_PARAMS], *slope[NORM_MAX_PARAMS];
    const double *state[NORM_MAX_STATES];
    double *observed[NORM_MAX_STATES];
    NormContext context;
    TapeNode *node[NORM_MAX_PARAMS];
    TapeNode *in;
} Call;

static void fill_x(const Fuzz *f, double *x, size_t n) {
    static const double odd[] = {0.0, 1e200, -1e308, 1e-310, 1e8};
    const Draw draw = {
        .seed = f->seed, .purpose = DRAW_TEST, .sample = f->number, .epoch = 1};
    const size_t form = draw_below(draw, 0, 16);
    for (size_t i = 0; i < n; i++) {
        x[i] = draw_normal(draw, i);
        if (form == 1) x[i] = 3.0;
        if (form == 2) x[i] = odd[draw_below(draw, i + n, COUNT_OF(odd))];
        if (form == 3 && draw_below(draw, i + n, 4) == 0) x[i] = (double)INFINITY;
        if (form == 4 && draw_below(draw, i + n, 4) == 0) x[i] = (double)NAN;
    }
}

static Call call_new(Fuzz *f, const Norm *norm, Shape shape, NormMode mode) {
    const size_t n = shape_count(shape);
    const Draw draw = {.seed = f->seed, .purpose = DRAW_INIT, .sample = f->number};
    Call c = {.norm = norm, .shape = shape};
    c.x = TAKE(f->arena, double, n), c.dx = TAKE(f->arena, double, n);
    c.dy = TAKE(f->arena, double, n);
    fill_x(f, c.x, n);
    for (size_t i = 0; i < n; i++) c.dy[i] = draw_normal(draw, i);
    for (size_t i = 0; i < norm->params; i++) {
        c.param[i] = TAKE(f->arena, double, norm->param[i].count);
        c.slope[i] = TAKE(f->arena, double, norm->param[i].count);
        norm_begin_param(c.param[i], &norm->param[i], draw);
    }
    for (size_t i = 0; i < norm->states; i++) {
        double *state = TAKE(f->arena, double, norm->state[i].count);
        norm_begin_state(state, &norm->state[i]);
        c.state[i] = state;
        c.observed[i] = TAKE(f->arena, double, norm->state[i].count);
        for (size_t k = 0; k < norm->state[i].count; k++) c.observed[i][k] = UNSEEN;
    }
    c.context = (NormContext){.norm = norm, .mode = mode, .epoch = f->number % 3};
    return c;
}

/* Its leaves on a tape of this call. */
static void place(Fuzz *f, Call *c) {
    c->context.tape = tape_new(f->arena);
    c->in = tape_parameter(c->context.tape, c->shape, c->x, c->dx);
    for (size_t i = 0; i < c->norm->params; i++)
        c->node[i] = tape_parameter(c->context.tape, SHAPE_OF(c->norm->param[i].count),
                                    c->param[i], c->slope[i]);
    c->context.param = c->node;
    const bool reads = c->context.mode == NORM_EVAL || norm_recalls(c->norm);
    c->context.state = reads ? c->state : NULL; /* nobody else may read it */
}

/* y, dx and the parameters' gradients, one behind the other. */
static size_t results(const Call *c) {
    size_t count = 2 * shape_count(c->shape);
    for (size_t i = 0; i < c->norm->params; i++) count += c->norm->param[i].count;
    return count;
}

static const double *run(Fuzz *f, Call *c, bool defines) {
    const size_t n = shape_count(c->shape);
    double *all = TAKE(f->arena, double, results(c)), *next = all + 2 * n;
    place(f, c);
    c->context.observed = NULL;
    TapeNode *y =
        defines ? norm_define(&c->context, c->in) : norm_apply(&c->context, c->in);
    tape_backward(c->context.tape, y, c->dy);
    memcpy(all, y->value, n * sizeof *all);
    memcpy(all + n, c->dx, n * sizeof *all);
    for (size_t i = 0; i < c->norm->params; next += c->norm->param[i++].count)
        memcpy(next, c->slope[i], c->norm->param[i].count * sizeof *all);
    return all;
}

/* Whether so many numbers are apart by more than what moving x by its last digits makes. */
static bool are_apart(const double *trains, const double *defines, const double *moved,
                      size_t count) {
    double scale = 1e-3, rough = 0.0, apart = 0.0;
    for (size_t i = 0; i < count; i++) {
        if (!(fabs(trains[i]) < 1e12) || !(fabs(defines[i]) < 1e12)) return false;
        scale = fmax(scale, fabs(defines[i]));
        rough = fmax(rough, fabs(moved[i] - defines[i]));
        apart = fmax(apart, fabs(trains[i] - defines[i]));
    }
    const bool are = !(apart <= 1e-9 * scale + 100.0 * rough);
    if (are && getenv("APART")) print_error("by %g of %g (%g) ", apart, scale, rough);
    return are;
}

/* What trains and the definition are one function: differences are counted, for a step at a tie
 * or a sum that is 0 but for rounding differs by what it likes. */
static void compare(Fuzz *f, Call *c) {
    const size_t n = shape_count(c->shape);
    const double *trains = run(f, c, false), *defines = run(f, c, true), *x = c->x;
    double *near = TAKE(f->arena, double, n);
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(x[i]) < 1e6)) return;
        near[i] = x[i] * (1.0 + (i % 2 ? 1e-13 : -1e-13));
    }
    c->x = near;
    const double *moved = run(f, c, true);
    const char *what = NULL;
    if (are_apart(trains, defines, moved, n)) what = "y";
    if (norm_by_design(c->norm) == NULL && what == NULL)
        for (size_t at = n, k = 0; k <= c->norm->params; k++) {
            const size_t count = k == 0 ? n : c->norm->param[k - 1].count;
            if (are_apart(trains + at, defines + at, moved + at, count))
                what = k == 0 ? "dx" : c->norm->param[k - 1].name;
            at += count;
        }
    if (what == NULL) return;
    f->apart++;
    if (getenv("APART"))
        print_error("apart: %s of %s, mode %d: test-equation_fuzz 1 %llu %llu\n%s\n",
                    what, c->norm->spec, c->context.mode, (unsigned long long)f->seed,
                    (unsigned long long)f->number, f->text);
}

static void differentiate(Fuzz *f, Call *c) {
    TapeNode *dx[NORM_MAX_PARAMS + 1], *of[NORM_MAX_PARAMS + 1] = {NULL};
    place(f, c);
    c->context.observed = NULL;
    TapeNode *y = norm_apply(&c->context, c->in);
    of[0] = c->in;
    for (size_t i = 0; i < c->norm->params; i++) of[1 + i] = c->node[i];
    TapeNode *seed = tape_leaf(c->context.tape, c->shape, c->dy);
    tape_gradient(c->context.tape, y, seed, of, 1 + c->norm->params, dx);
}

static void compute(Fuzz *f, const Norm *norm, Shape shape, NormMode mode) {
    Call c = call_new(f, norm, shape, mode);
    place(f, &c);
    c.context.observed = mode == NORM_TRAIN ? c.observed : NULL;
    TapeNode *y = norm_apply(&c.context, c.in);
    HOLDS(f, shape_equal(y->shape, shape), "y has another shape");
    for (size_t i = 0; i < norm->states && mode == NORM_TRAIN; i++)
        for (size_t k = 0; k < norm->state[i].count; k++)
            HOLDS(f, c.observed[i][k] != UNSEEN, "nobody observed '%s' of %s",
                  norm->state[i].name, norm->spec);
    tape_backward(c.context.tape, y, c.dy);
    f->computed++;
    f->rows += norm_has_rows(norm);
    const uint64_t turn = f->number + f->calls++;
    if (turn % 4 == 0) compare(f, &c);
    if (turn % 8 == 1) differentiate(f, &c);
    if (turn % 16 == 2 && norm_unmasked(norm) == NULL) {
        const ShapeLattice at = shape_lattice(shape);
        unsigned char *mask = ZERO(f->arena, unsigned char, at.N *at.L);
        for (size_t i = 0; i < at.N * at.L; i++) mask[i] = i % 3 != 1;
        place(f, &c);
        c.context.mask = mask;
        c.context.observed = mode == NORM_TRAIN ? c.observed : NULL;
        tape_backward(c.context.tape, norm_apply(&c.context, c.in), c.dy);
    }
}

static void run_spec(Fuzz *f, const char *spec, size_t channels, Shape shape) {
    BaseError error = {.set = false};
    const Norm *norm = norm_new(f->arena, spec, channels, &error);
    HOLDS(f, (norm != NULL) == !error.set, "%s", spec);
    HOLDS(f, norm || is_plain(error.message), "%s: %s", spec, error.message);
    const bool fits =
        norm && norm_fits(f->arena, norm, shape_lattice(shape), NORM_TRAIN, &error);
    f->refused += !fits;
    if (norm) {
        const Norm *again = norm_new(f->arena, norm->spec, channels, &error);
        HOLDS(f, again && strcmp(again->spec, norm->spec) == 0, "'%s'", norm->spec);
        norm_cells(f->arena, norm);
    }
    if (fits) compute(f, norm, shape, NORM_TRAIN);
    error.set = false;
    if (norm && norm_fits(f->arena, norm, shape_lattice(shape), NORM_EVAL, &error))
        compute(f, norm, shape, NORM_EVAL);
}

/* With options as nobody expects them, and as a part. */
static const char *odd_spec(Fuzz *f, const NormKind *kind) {
    static const char *const numbers[] = {"2", "1", "4", "2.5", "0", "-1", "1e30"};
    static const char *const common[] = {"affine=no", "gamma=no", "beta=no", "eps=0.5"};
    static const char *const around[] = {"%s",
                                         "%s",
                                         "chain(%s, layer)",
                                         "blend(batch, %s)",
                                         "split(%s, layer)",
                                         "phase(layer, %s)",
                                         "mix(batch, %s)",
                                         "%s | %s"};
    const Draw draw = {
        .seed = f->seed, .purpose = DRAW_TEST, .sample = f->number, .epoch = 2};
    const Equation *equation = kind->equation;
    uint64_t index = 0;
    Text text = text_new(f->arena);
    text_add(&text, "%s", equation->name);
    const char *before = "(";
    for (size_t i = 0; i < equation->options; i++) {
        const EquationOption *option = &equation->option[i];
        if (!option->required && draw_below(draw, index++, 2)) continue;
        text_add(&text, "%s%s=%s", before, option->name,
                 option->words ? option->word[draw_below(draw, index++, option->words)]
                               : numbers[draw_below(draw, index++, COUNT_OF(numbers))]);
        before = ", ";
    }
    if (draw_below(draw, index++, 2)) {
        text_add(&text, "%s%s", before,
                 common[draw_below(draw, index++, COUNT_OF(common))]);
        before = ", ";
    }
    text_add(&text, *before == '(' ? "" : ")");
    Text spec = text_new(f->arena);
    const char *form = around[draw_below(draw, index++, COUNT_OF(around))];
    for (const char *c = form; *c; c++)
        if (*c == '%')
            text_add(&spec, "%s", text.data), c++;
        else
            text_add(&spec, "%c", *c);
    return spec.data;
}

static void run_kind(Fuzz *f, const NormKind *kind) {
    static const size_t channels[] = {1, 4, 6};
    const Shape shapes[] = {SHAPE_OF(4, 1, 3), SHAPE_OF(2, 4, 3), SHAPE_OF(6, 6, 1, 2)};
    const char *example = norm_example(kind);
    BaseError error = {.set = false};
    HOLDS(f, norm_new(f->arena, example, 0, &error), "its example '%s': %s", example,
          error.message);
    for (size_t i = 0; i < COUNT_OF(channels); i++)
        run_spec(f, example, channels[i], shapes[i]);
    run_spec(f, odd_spec(f, kind), 4, SHAPE_OF(2, 4, 3));
}

/* ---- runs ------------------------------------------------------------------------ */

static void put_to_it(Fuzz *f) {
    BaseError error = {.set = false};
    size_t count, before, after;
    const Equation *const *all = equation_read(f->arena, f->text, &count, &error);
    sound(f, "equation_read", all != NULL, &error);
    if (all == NULL) return;
    f->read++;
    for (size_t i = 0; i < count; i++) fixed_point(f, all[i]);
    const Registry mark = registry_now();
    const NormKind *const *kind = norm_kinds(&before);
    const bool registered = text_register(f->arena, "a", f->text, &error);
    norm_kinds(&after);
    sound(f, "text_register", registered, &error);
    HOLDS(f, after == before + (registered ? count : 0), "%zu kinds", after - before);
    f->registered += registered;
    for (size_t i = before; i < after; i++) run_kind(f, kind[i]);
    registry_again(&mark);
}

/* Memory: blocks double from 64 KiB on. */
enum { MOST_BLOCKS = 14 };

static void fuzz(Fuzz *f, size_t count, uint64_t seed, uint64_t from) {
    Arena *own = arena_new();
    Writer *w = ZERO(own, Writer, 1);
    const NormKind *const *kind = norm_kinds(&w->kinds);
    const char **example = TAKE(own, const char *, w->kinds);
    for (size_t i = 0; i < w->kinds; i++) example[i] = norm_example(kind[i]);
    w->kind = example;
    *f = (Fuzz){.arena = arena_new(), .seed = seed};
    const ArenaMark mark = arena_mark(f->arena);
    for (uint64_t i = 0; i < count; i++, arena_rewind(f->arena, mark)) {
        f->number = from + i, f->calls = 0;
        w->draw = (Draw){.seed = seed, .purpose = DRAW_TEST, .sample = f->number};
        w->index = 0;
        write_text(w);
        char *exact = malloc(w->length + 1); /* so that a byte too many shows */
        memcpy(exact, w->text, w->length + 1);
        f->text = exact;
        if (count == 1) show_text(exact);
        alarm(SLOWEST);
        put_to_it(f);
        HOLDS(f, arena_blocks(f->arena) <= MOST_BLOCKS, "%zu blocks",
              arena_blocks(f->arena));
        free(exact);
    }
    alarm(0);
    arena_free(f->arena);
    arena_free(own);
}

static void any_text_is_read_or_refused(void **state) {
    (void)state;
    Fuzz f;
    fuzz(&f, SHORT_RUN, 1, 0);
    /* The texts are worth something only if many of them have a meaning. */
    assert_true(f.read > SHORT_RUN / 8 && f.registered > SHORT_RUN / 16);
    assert_true(f.computed > SHORT_RUN / 8 && f.rows > SHORT_RUN / 64);
    assert_true(f.apart <= SHORT_RUN / 2000);
}

static const Case CASES[] = {
    CASE(fault, any_text_is_read_or_refused),
};

/* A process of its own, so that the text is known that ended it. */
static int long_run(size_t count, uint64_t seed, uint64_t from) {
    const clock_t start = clock();
    Fuzz *f =
        mmap(NULL, sizeof *f, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(f != MAP_FAILED, "no shared memory");
    fflush(NULL);
    const pid_t child = fork();
    int status = 1;
    if (child == 0) {
        fuzz(f, count, seed, from);
        printf("%.0f s of processor\n", (double)(clock() - start) / CLOCKS_PER_SEC);
        return 0;
    }
    waitpid(child, &status, 0);
    printf("seed %llu, texts %llu to %llu: %zu read, %zu registered, %zu calls computed "
           "(%zu "
           "over rows, %zu refused), %zu apart\n",
           (unsigned long long)seed, (unsigned long long)from,
           (unsigned long long)f->number, f->read, f->registered, f->computed, f->rows,
           f->refused, f->apart);
    if (status == 0) return 0;
    printf("ended by the last: test-equation_fuzz 1 %llu %llu\n",
           (unsigned long long)seed, (unsigned long long)f->number);
    return 1;
}

int main(int argc, char **argv) {
    size_t value[3] = {0, 1, 0}; /* COUNT, SEED, FROM */
    if (argc < 2 || !isdigit((unsigned char)argv[1][0]))
        return harness_main(argc, argv, "equation_fuzz", CASES, COUNT_OF(CASES));
    for (int i = 1; i < argc; i++)
        if (i > 3 || !text_to_count(argv[i], &value[i - 1])) {
            fputs("test-equation_fuzz [COUNT [SEED [FROM]]]\n", stderr);
            return EX_USAGE;
        }
    return long_run(value[0], value[1], value[2]);
}
