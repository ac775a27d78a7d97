/* Numbers and verdicts: the words of a link are the value of what it leads to, in the format of its title.
 *
 *   data/x.h5#/speed/kernels/turns          a scalar of the file, or GROUP@ATTRIBUTE
 *   data/x.h5#test_error/group(4)/32        a cell of its table: NUMBER/ROW/COLUMN, mean over seeds, as
 *                                           `normlab table` shows it; ROW-minus-ROW is the paired
 *                                           difference, .half behind it half of the 95 % interval
 *   experiments/claims.txt#L04/1.estimate   what a claim's contrast came to
 *   experiments/claims.txt#L04/1.verdict    in a word, without a format; L04/1-2.verdict is that of each,
 *                                           L04.verdict that of all its contrasts
 *   notes/worked.txt#five.std               a line NAME VALUE of a list
 */
#include "internal.h"

#include "grid.h"
#include "store.h"
#include "verdicts.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* ---- formats ------------------------------------------------------------------------------ */

/* "%+.1f" with words around it: what stands before and behind, and the conversion. */
typedef struct Format {
    const char *before, *behind;
    bool sign;
    int digits; /* -1: not given */
    char letter;
} Format;

/* Text with %% for %. NULL: there is another conversion in it. */
static const char *plain_words(Arena *arena, const char *text, size_t length) {
    char *to = TAKE(arena, char, length + 1);
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        to[used++] = text[i];
        if (text[i] == '%' && text[++i] != '%') return NULL;
    }
    to[used] = '\0';
    return to;
}

/* False: it is none of %[+][.N]e, f or g, once, with words around it. */
static bool read_format(Arena *arena, const char *title, Format *to) {
    const char *at = title;
    while (*at && !(at[0] == '%' && at[1] != '%')) at += at[0] == '%' ? 2 : 1;
    if (*at == '\0') return false;
    *to =
        (Format){.digits = -1, .before = plain_words(arena, title, (size_t)(at - title))};
    at++;
    to->sign = *at == '+';
    at += to->sign;
    if (at[0] == '.' && isdigit((unsigned char)at[1])) to->digits = at[1] - '0', at += 2;
    to->letter = *at;
    if (*at == '\0' || strchr("efg", *at) == NULL) return false;
    to->behind = plain_words(arena, at + 1, strlen(at + 1));
    return to->before && to->behind;
}

static const char *put_format(Arena *arena, const Format *f, double value) {
    const int digits = f->digits < 0 ? 6 : f->digits;
    const char *number = f->letter == 'e'   ? text_print(arena, "%.*e", digits, value)
                         : f->letter == 'f' ? text_print(arena, "%.*f", digits, value)
                                            : text_print(arena, "%.*g", digits, value);
    const bool rounds_to_zero = strspn(number, "-0.") == strlen(number) && *number == '-';
    return text_print(arena, "%s%s%s%s", f->before,
                      f->sign && *number != '-' && value > 0 ? "+" : "",
                      number + rounds_to_zero, f->behind);
}

/* ---- sources ------------------------------------------------------------------------------ */

/* What is asked, and what was found; work inside base_guard, for readers end the program. */
typedef struct Question {
    Weave *weave;
    const char *path, *place; /* of the source, from the home; the link's fragment */
    double value;
    const char *word; /* a verdict in the place of a number */
    BaseError error;
} Question;

static void no_place(Question *q, const char *why) {
    base_fail(&q->error, EX_DATAERR, 0, "%s has no %s%s", q->path, q->place, why);
}

/* "/group/array", "/group@attribute" */
static void ask_scalar(Question *q, const char *file) {
    Arena *arena = q->weave->arena;
    Store *store = store_open(file, &q->error);
    if (store == NULL) return;
    const char *at = strchr(q->place, '@');
    const char *path =
        at ? text_copy(arena, q->place, (size_t)(at - q->place)) : q->place;
    int64_t whole = 0;
    size_t rank = 0, size[STORE_MAX_RANK];
    if (at && store_attribute_kind(store, path, at + 1) == STORE_INTEGER) {
        if (store_get_integer(store, path, at + 1, &whole, &q->error))
            q->value = (double)whole;
    } else if (at) {
        store_get_number(store, path, at + 1, &q->value, &q->error);
    } else {
        const double *value =
            store_get_array(store, arena, path, STORE_MAX_RANK, &rank, size, &q->error);
        if (value && rank != 0) no_place(q, ": it is an array, one number is expected");
        if (value) q->value = *value;
    }
    store_close(store);
}

/* A list of a text: the second word of the line that begins with the name. */
static void ask_list(Question *q) {
    const char *text = home_text(q->weave, q->path);
    const size_t length = strlen(q->place);
    size_t found = 0;
    for (const char *line = text; line && *line;
         line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncmp(line, q->place, length) != 0 || line[length] != ' ') continue;
        const char *word = line + length + strspn(line + length, " ");
        found++;
        if (!text_to_double(text_copy(q->weave->arena, word, strcspn(word, " \n")),
                            &q->value))
            no_place(q, " that is a number");
    }
    if (found != 1) no_place(q, found ? ", once" : "");
}

/* ---- verdicts ------------------------------------------------------------------------------ */

static const Ruling *rulings(Weave *weave, size_t *count) {
    if (weave->ruling == NULL)
        weave->ruling = study_verdicts(weave->arena, ledger_read(weave->arena), NULL,
                                       true, &weave->rulings);
    *count = weave->rulings;
    return weave->ruling;
}

/* What a place of claims says: "L04/1.estimate", "L04/1-2.verdict", "L04.verdict". */
typedef struct Asked {
    size_t id;       /* bytes of the claim's */
    size_t from, to; /* contrasts, from 1 on; without any: all */
    const char *what;
} Asked;

static bool read_asked(Question *q, Asked *to) {
    Arena *arena = q->weave->arena;
    const char *dot = strrchr(q->place, '.');
    if (dot == NULL) return false;
    *to = (Asked){strcspn(q->place, "/."), 1, LEDGER_MOST_CONTRASTS, dot + 1};
    const char *at = q->place + to->id, *minus = memchr(at, '-', (size_t)(dot - at));
    if (at == dot) return true;
    const char *end = minus ? minus : dot;
    if (!text_to_count(text_copy(arena, at + 1, (size_t)(end - at) - 1), &to->from))
        return false;
    to->to = to->from;
    return minus == NULL ||
           text_to_count(text_copy(arena, minus + 1, (size_t)(dot - minus) - 1), &to->to);
}

static bool is_asked(const Ruling *r, const Question *q, const Asked *asked) {
    const size_t contrast = (size_t)(r->contrast - r->claim->contrast) + 1;
    return strncmp(r->claim->id, q->place, asked->id) == 0 &&
           r->claim->id[asked->id] == '\0' && contrast >= asked->from &&
           contrast <= asked->to;
}

static void ask_claim(Question *q) {
    size_t count;
    const Ruling *r = rulings(q->weave, &count);
    Asked asked;
    if (!read_asked(q, &asked) || asked.from != asked.to) {
        no_place(q, ": CLAIM/CONTRAST.estimate is expected, .low, .high, .margin, "
                    ".published, .seeds or .verdict");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_asked(&r[i], q, &asked)) continue;
        const Judgement *j = &r[i].judgement;
        const struct {
            const char *name;
            double value;
        } known[] = {{"estimate", j->estimate},
                     {"low", j->range.low},
                     {"high", j->range.high},
                     {"margin", r[i].contrast->of.margin},
                     {"published", r[i].contrast->published},
                     {"seeds", (double)r[i].seeds}};
        for (size_t k = 0; k < COUNT_OF(known); k++)
            if (strcmp(known[k].name, asked.what) == 0 && isfinite(known[k].value)) {
                q->value = known[k].value;
                return;
            }
    }
    no_place(q, "");
}

static void ask_verdict(Question *q) {
    size_t count;
    const Ruling *r = rulings(q->weave, &count);
    Asked asked;
    if (!read_asked(q, &asked)) {
        no_place(q, ": CLAIM/CONTRAST.verdict is expected");
        return;
    }
    for (size_t i = 0; i < count && !q->error.set; i++) {
        if (!is_asked(&r[i], q, &asked)) continue;
        const char *word = claim_verdict_words[r[i].judgement.verdict];
        if (q->word && strcmp(q->word, word) != 0)
            no_place(q, text_print(q->weave->arena, ": one contrast is %s, another %s",
                                   q->word, word));
        q->word = word;
    }
    if (q->word == NULL) no_place(q, "");
}

/* ---- cells of a study ---------------------------------------------------------------------- */

/* A study, or a number of it, for all seeds: read once, for the next link. */
struct Study {
    const char *file, *number; /* NULL: the study */
    const Grid *grid;
    const Study *next;
};

static bool same_number(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static const Grid *study_number(Weave *weave, const char *file, const char *number) {
    Arena *arena = weave->arena;
    for (const Study *s = weave->study; s; s = s->next)
        if (strcmp(s->file, file) == 0 && same_number(s->number, number)) return s->grid;
    const GridPart part = {.metric = number};
    const Grid *grid = number ? grid_select(arena, study_number(weave, file, NULL), &part)
                              : grid_read(arena, file);
    Study *new = TAKE(arena, Study, 1);
    *new = (Study){file, number, grid, weave->study};
    weave->study = new;
    return grid;
}

/* The name without its blanks, as it stands in a link. */
static const char *squeezed(Arena *arena, const char *name) {
    char *to = TAKE(arena, char, strlen(name) + 1);
    size_t used = 0;
    for (; *name; name++)
        if (*name != ' ') to[used++] = *name;
    to[used] = '\0';
    return to;
}

static size_t place_of(Arena *arena, const char *const *name, size_t count,
                       const char *word) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(squeezed(arena, name[i]), word) == 0) return i;
    return count;
}

/* [seeds] of a row at a column. */
static const double *cell(Question *q, const Grid *grid, const char *row, size_t column) {
    const size_t i = place_of(q->weave->arena, grid->name, grid->series, row);
    if (i == grid->series) {
        no_place(q,
                 text_print(q->weave->arena, ": no row is '%s'%s", row,
                            text_hint(q->weave->arena, row, grid->name, grid->series)));
        return NULL;
    }
    return grid->score + (i * grid->points + column) * grid->seeds;
}

/* "NUMBER/ROW/COLUMN" or "NUMBER/ROW", with .half */
static void ask_cell(Question *q, const char *file) {
    Arena *arena = q->weave->arena;
    char *place = text_copy(arena, q->place, strlen(q->place));
    char *half = strstr(place, ".half");
    if (half && half[5] == '\0')
        *half = '\0';
    else
        half = NULL;
    char *row = strchr(place, '/'), *along = row ? strchr(row + 1, '/') : NULL;
    if (row == NULL) {
        no_place(q, ": /PATH of a scalar, or NUMBER/ROW/COLUMN of its table is expected");
        return;
    }
    *row++ = '\0';
    if (along) *along++ = '\0';
    const Grid *grid = study_number(q->weave, file, place);
    const size_t column = along ? place_of(arena, grid->along_text, grid->points, along)
                          : grid->points == 1 ? 0
                                              : grid->points;
    if (column == grid->points) {
        no_place(q, along ? text_print(arena, ": no column is '%s'", along)
                          : ": it has several columns");
        return;
    }
    char *minus = strstr(row, "-minus-");
    if (minus) *minus = '\0';
    const double *a = cell(q, grid, row, column),
                 *b = minus ? cell(q, grid, minus + 7, column) : NULL;
    if (a == NULL || (minus && b == NULL)) return;
    double *value = TAKE(arena, double, grid->seeds);
    for (size_t k = 0; k < grid->seeds; k++)
        value[k] = grid_scale(grid) * (a[k] - (b ? b[k] : 0));
    const Interval of = study_interval(value, grid->seeds);
    q->value = half ? of.half : of.mean;
}

/* ---- links --------------------------------------------------------------------------------- */

/* Whether there is a file to read from; "" or what is wrong. */
static const char *lack_of(Weave *weave, const Link *link, const char *path) {
    if (path == NULL || !home_has(weave->arena, path))
        return text_print(weave->arena, "there is no file %s", link->path);
    return weave_ends(path, ".h5") || home_text(weave, path) ? ""
                                                             : home_lack(weave, path);
}

static void ask(void *context) {
    Question *q = context;
    const char *file = place_home(q->weave->arena, q->path);
    if (weave_ends(q->path, "claims.txt") && weave_ends(q->place, ".verdict"))
        ask_verdict(q);
    else if (weave_ends(q->path, "claims.txt"))
        ask_claim(q);
    else if (weave_ends(q->path, ".txt"))
        ask_list(q);
    else if (*q->place == '/')
        ask_scalar(q, file);
    else
        ask_cell(q, file);
}

/* Links of which somebody might think that they are numbers'. */
static bool is_number(const Link *link) {
    return *link->fragment && !link->image &&
           (weave_ends(link->path, ".h5") || weave_ends(link->path, ".txt"));
}

static void weave_number(Weave *weave, const Page *page, const Link *link,
                         Pieces *pieces) {
    Arena *arena = weave->arena;
    const size_t line = page_line(page, link->begin);
    char *own = text_copy(arena, page->text + link->text, link->text_end - link->text);
    for (char *at = own; *at; at++)
        if (*at == '\n') *at = ' '; /* its line was wrapped */
    Question q = {.weave = weave,
                  .path = page_path(arena, page, link->path),
                  .place = link->fragment,
                  .value = (double)NAN};
    Format format;
    BaseError ended = {.set = false};
    const bool in_words = weave_ends(link->fragment, ".verdict") && *link->title == '\0';
    if (!in_words && !read_format(arena, link->title, &format)) {
        weave_fault(weave, page->name, line,
                    "[%s]: \"%s\" is no format, %%[+][.N]e, f or g is expected", own,
                    link->title);
        return;
    }
    const char *lack = lack_of(weave, link, q.path);
    if (*lack) {
        weave_fault(weave, page->name, line, "[%s]: %s", own, lack);
        return;
    }
    if (!base_guard(ask, &q, &ended)) q.error = ended;
    if (q.error.code == EX_OSERR) die_if(&q.error); /* no fault of the page's */
    if (q.error.set || (!in_words && !isfinite(q.value))) {
        weave_fault(weave, page->name, line, "[%s]: %s", own,
                    q.error.set
                        ? text_copy(arena, q.error.message, strlen(q.error.message))
                        : "it is no finite number");
        return;
    }
    const char *value = in_words ? q.word : put_format(arena, &format, q.value);
    if (strcmp(own, value) == 0) return;
    weave_fault(weave, page->name, line, "'%s' here, '%s' in %s (%s)", own, value, q.path,
                q.place);
    piece_add(weave, pieces, link->text, link->text_end, value);
}

void weave_numbers(Weave *weave, const Page *page, Pieces *pieces) {
    Link link;
    for (size_t at = 0; page_link(weave->arena, page, &at, &link);)
        if (is_number(&link)) weave_number(weave, page, &link, pieces);
}
