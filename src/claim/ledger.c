/* The ledger's text: sections, and what must be there before a seed runs. */
#include "reader.h"

#include <math.h>
#include <string.h>

static const char LEDGER_FILE[] = "experiments/claims.txt";

/* ---- what must be there ------------------------------------------------------------------ */

static bool check_contrast(Reader *r, const Contrast *c) {
    const ClaimType type = c->of.type;
    const bool sign = c->of.sign != 0;
    const char *missing = NULL;
    if (type == CLAIM_TYPES)
        missing = "has no type";
    else if (c->of.margin == 0)
        missing = "has no margin";
    else if (type == CLAIM_SIGN && !sign)
        missing = "expects no sign: expect + or -";
    else if (type == CLAIM_VALUE && sign)
        missing = "expects no number";
    else if (type == CLAIM_RATIO && c->parts != 2)
        missing = "has no denominator: a line 'over'";
    else if (type != CLAIM_RATIO && type != CLAIM_NONINFERIOR && c->parts != 1)
        missing = "has several parts, which only non-inferiority may have";
    return missing == NULL || base_fail(r->error, EX_DATAERR, 0, "contrast '%s' %s",
                                        text_clip(r->arena, c->part[0].text), missing);
}

/* As many seeds as the tuning seeds' spread asks for, or as looks say: fixed before any runs. */
static bool check_seeds(Reader *r, Claim *c) {
    double margin = INFINITY;
    for (size_t i = 0; i < c->contrasts; i++)
        margin = fmin(margin, c->contrast[i].of.margin);
    const size_t last = c->looks ? c->look[c->looks - 1] : 0;
    if (last > 0)
        return (c->seeds == last && isnan(c->sd)) ||
               base_fail(r->error, EX_DATAERR, 0,
                         "looks after %s%zu seeds: %zu seeds and no sd are expected",
                         c->looks == 2 ? "6 and " : "", last, last);
    if (isnan(c->sd))
        return base_fail(
            r->error, EX_DATAERR, 0,
            "sd of the tuning seeds, or looks 6, 12, or 3, or 48 is expected");
    const size_t wanted = claim_seeds(c->sd, margin, CLAIM_ERROR / (double)c->contrasts);
    c->refused = wanted == 0;
    c->looks = 1, c->look[0] = c->seeds;
    return c->refused || c->seeds == wanted ||
           base_fail(r->error, EX_DATAERR, 0,
                     "%zu seeds: sd %g and margin %g ask for %zu (power 0.8)", c->seeds,
                     c->sd, margin, wanted);
}

/* The claim that was read is over. */
static bool end_claim(Reader *r) {
    if (!r->in_claim) return true;
    Claim *c = claim_now(r);
    const size_t line = r->line;
    r->in_claim = false;
    r->line = r->claim_line[r->claims - 1]; /* where what is missing is missing */
    const struct {
        const char *name;
        bool there;
    } wanted[] = {{"statement", c->statement != NULL},
                  {"source", c->source != NULL},
                  {"experiment", c->experiment != NULL},
                  {"protocol", c->protocol != NULL},
                  {"works", strstr(r->lines.data, "\nworks ") != NULL},
                  {"tuning", c->tuning != NULL},
                  {"seeds", c->seeds > 0},
                  {"contrast", c->contrasts > 0}};
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        if (!wanted[i].there)
            return base_fail(r->error, EX_DATAERR, 0, "claim %s has no %s", c->id,
                             wanted[i].name);
    for (size_t i = 0; i < c->contrasts; i++)
        if (!check_contrast(r, &c->contrast[i])) return false;
    digest_bytes(c->digest, r->lines.data, r->lines.length);
    if (!check_seeds(r, c)) return false;
    r->line = line;
    return true;
}

/* ---- sections ----------------------------------------------------------------------------- */

static bool begin_claim(Reader *r, const char *id) {
    for (size_t i = 0; i < r->claims; i++)
        if (strcmp(r->claim[i].id, id) == 0)
            return base_fail(r->error, EX_DATAERR, 0, "claim %s was there before", id);
    if (r->claims == MOST_CLAIMS)
        return base_fail(r->error, EX_DATAERR, 0, "more than %d claims", MOST_CLAIMS);
    r->claim_line[r->claims] = r->line;
    r->claim[r->claims++] = (Claim){.id = id, .measure = "test", .sd = (double)NAN};
    r->lines = text_new(r->arena);
    text_add(&r->lines, "claim %s\n", id);
    return r->in_claim = true;
}

static bool begin_protocol(Reader *r, const char *name) {
    if (r->protocols == MOST_PROTOCOLS)
        return base_fail(r->error, EX_DATAERR, 0, "more than %d protocols",
                         MOST_PROTOCOLS);
    Protocol *p = &r->protocol[r->protocols++];
    *p = (Protocol){.name = name, .lines = text_new(r->arena)};
    text_add(&p->lines, "protocol %s\n", name);
    return true;
}

static bool begin_section(Reader *r, const char *word, const char *name) {
    static const char *const words[] = {"claim", "protocol"};
    static const Choice sections = CHOICE(words);
    size_t which;
    if (!end_claim(r)) return false;
    if (!choice_read(r->arena, &sections, "", word, &which, r->error)) return false;
    if (*name == '\0')
        return base_fail(r->error, EX_DATAERR, 0, "%s of what name?", word);
    return which == 0 ? begin_claim(r, name) : begin_protocol(r, name);
}

/* "  key   value  ", or "section name" at the left. */
static bool read_line(Reader *r, const char *line) {
    const size_t indent = strspn(line, " \t");
    size_t length = strlen(line);
    while (length > indent && strchr(" \t\r", line[length - 1])) length--;
    if (length == indent || line[indent] == '#') return true;
    line = text_copy(r->arena, line + indent, length - indent);
    const size_t key = strcspn(line, " \t");
    const char *value = line + key + strspn(line + key, " \t"),
               *word = text_copy(r->arena, line, key);
    return indent ? ledger_read_key(r, word, value) : begin_section(r, word, value);
}

/* As many claims as it can have. */
static size_t claims_in(const char *text) {
    size_t count = 0;
    while (*text && count < MOST_CLAIMS) {
        count += strncmp(text, "claim", strlen("claim")) == 0;
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return count;
}

const Ledger *ledger_parse(Arena *arena, const char *text, const char *file,
                           BaseError *error) {
    BaseError own = {.set = false};
    const size_t most = claims_in(text);
    Reader *r = ZERO(arena, Reader, 1);
    *r = (Reader){.arena = arena, .file = file, .error = &own};
    r->claim = ZERO(arena, Claim, most);
    r->claim_line = ZERO(arena, size_t, most);
    while (*text && !own.set) {
        const size_t length = strcspn(text, "\n");
        r->line++;
        read_line(r, text_copy(arena, text, length));
        text += length + (text[length] == '\n');
    }
    if (!own.set) end_claim(r);
    if (own.set) {
        base_fail(error, EX_DATAERR, 0, "%s:%zu: %s", file, r->line, own.message);
        return NULL;
    }
    Ledger *ledger = TAKE(arena, Ledger, 1);
    *ledger = (Ledger){r->claims, r->claim};
    return ledger;
}

const Ledger *ledger_read(Arena *arena) {
    BaseError error = {.set = false};
    size_t length;
    const char *path = place_home(arena, LEDGER_FILE),
               *text = place_read(arena, path, (size_t)1 << 20, &length, &error);
    if (text == NULL && error.code == EX_NOINPUT) return ZERO(arena, Ledger, 1);
    const Ledger *ledger = text ? ledger_parse(arena, text, LEDGER_FILE, &error) : NULL;
    die_if(&error);
    return ledger;
}

const Claim *ledger_find(const Ledger *ledger, const char *id) {
    for (size_t i = 0; i < ledger->claims; i++)
        if (strcmp(ledger->claim[i].id, id) == 0) return &ledger->claim[i];
    return NULL;
}

/* ---- what runs keep ------------------------------------------------------------------------ */

static void add_digest(Text *text, const char *id, const char *digest) {
    text_add(text, "%s%s=%s", text->length ? " " : "", id, digest);
}

const char *ledger_digests(Arena *arena, const Ledger *ledger, size_t seed) {
    Text text = text_new(arena);
    for (size_t i = 0; i < ledger->claims; i++) {
        const Claim *c = &ledger->claim[i];
        bool is_for = false;
        for (size_t k = 0; k < c->seeds; k++) is_for |= c->seed[k] == seed;
        if (is_for) add_digest(&text, c->id, c->digest);
    }
    return text.data;
}

const char *ledger_digests_for(Arena *arena, const Ledger *ledger, const char *digests,
                               const char *experiment) {
    Text text = text_new(arena);
    for (size_t i = 0; i < ledger->claims; i++) {
        const Claim *c = &ledger->claim[i];
        const char *digest = ledger_digest_in(arena, digests, c->id);
        if (digest && strcmp(c->experiment, experiment) == 0)
            add_digest(&text, c->id, digest);
    }
    return text.data;
}

const char *ledger_digest_in(Arena *arena, const char *digests, const char *id) {
    const size_t length = strlen(id);
    for (const char *at = digests; *at; at += strspn(at, " ")) {
        const size_t word = strcspn(at, " ");
        if (strncmp(at, id, length) == 0 && at[length] == '=')
            return text_copy(arena, at + length + 1, word - length - 1);
        at += word;
    }
    return NULL;
}
