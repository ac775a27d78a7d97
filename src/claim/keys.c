/* The keys of the ledger's sections, one reader each. */
#include "reader.h"
#include "arguments.h"

#include <math.h>
#include <string.h>

/* ---- of a protocol and a claim -------------------------------------------------------------------------- */

typedef bool KeyReader(Reader *r, const char *value);

static bool wrong(Reader *r, const char *expected, const char *value) {
    return base_fail(r->error, EX_DATAERR, 0, "'%s': %s is expected",
                     text_clip(r->arena, value), expected);
}

static Contrast *contrast_now(Reader *r) {
    Claim *c = claim_now(r);
    if (c->contrasts > 0) return &c->contrast[c->contrasts - 1];
    base_fail(r->error, EX_DATAERR, 0, "a line 'contrast' is expected before it");
    return NULL;
}

static bool read_setting(Reader *r, const char *value) {
    Protocol *p = &r->protocol[r->protocols ? r->protocols - 1 : 0];
    size_t *count = r->in_claim ? &claim_now(r)->settings : &p->settings;
    const char **to = r->in_claim ? claim_now(r)->setting : p->setting;
    const char *equals = strchr(value, '=');
    if (equals == NULL || equals == value) return wrong(r, "key=value", value);
    if (*count == LEDGER_MOST_SETTINGS)
        return base_fail(r->error, EX_DATAERR, 0, "more than %d settings",
                         LEDGER_MOST_SETTINGS);
    to[(*count)++] = value;
    return true;
}

static bool read_text(Reader *r, const char **to, const char *value) {
    if (*to)
        return base_fail(r->error, EX_DATAERR, 0, "it was said before: '%s'",
                         text_clip(r->arena, *to));
    *to = value;
    return true;
}

static bool read_says(Reader *r, const char *value) {
    return read_text(r, &r->protocol[r->protocols - 1].says, value);
}

static bool read_statement(Reader *r, const char *value) {
    return read_text(r, &claim_now(r)->statement, value);
}

static bool read_source(Reader *r, const char *value) {
    return read_text(r, &claim_now(r)->source, value);
}

static bool read_experiment(Reader *r, const char *value) {
    return read_text(r, &claim_now(r)->experiment, value);
}

static bool read_needs(Reader *r, const char *value) {
    return read_text(r, &claim_now(r)->needs, value);
}

static bool read_tuning(Reader *r, const char *value) {
    size_t first = 0;
    const char *digits = text_copy(r->arena, value, strspn(value, "0123456789"));
    if (!text_to_count(digits, &first) || first < LEDGER_TUNING)
        return wrong(r, "seeds from 900 on", value);
    return read_text(r, &claim_now(r)->tuning, value);
}

static bool read_protocol(Reader *r, const char *value) {
    const Choice known = {r->protocol, r->protocols, sizeof *r->protocol, false, NULL};
    const size_t i = choice_find(&known, value);
    Claim *c = claim_now(r);
    if (i == r->protocols)
        return base_fail(r->error, EX_DATAERR, 0, "no protocol '%s' above%s",
                         text_clip(r->arena, value),
                         choice_hint(r->arena, &known, value));
    c->under = r->protocol[i].says;
    for (size_t k = 0; k < r->protocol[i].settings; k++)
        if (!read_setting(r, r->protocol[i].setting[k])) return false;
    text_add(&r->lines, "%s", r->protocol[i].lines.data);
    return read_text(r, &c->protocol, value);
}

static bool read_measure(Reader *r, const char *value) {
    if (value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0')
        return wrong(r, "test, train, or the name of a number of a run's summary", value);
    claim_now(r)->measure = value;
    return true;
}

static const Combination *read_combination(Reader *r, const char *value) {
    Combination *c = TAKE(r->arena, Combination, 1);
    return combination_read(c, r->arena, value, r->error) ? c : NULL;
}

static bool read_works(Reader *r, const char *value) {
    Claim *c = claim_now(r);
    if (strcmp(value, "none") == 0) return true;
    c->works = read_combination(r, value);
    if (c->works && (c->works->terms != 1 || c->works->term->factor != 1))
        return wrong(r, "one arm, or none", value);
    return c->works != NULL;
}

/* "trigram, softmax": which there are only a study knows. */
static bool read_gates(Reader *r, const char *value) {
    Claim *c = claim_now(r);
    size_t count;
    const char *const *name = spec_list(r->arena, value, &count);
    if (c->works == NULL) return wrong(r, "'works ARM' before its gates", value);
    if (c->gates) return base_fail(r->error, EX_DATAERR, 0, "its gates were said before");
    const char **gates = TAKE(r->arena, const char *, count + 1);
    memcpy(gates, name, count * sizeof *name);
    gates[count] = NULL;
    c->gates = gates;
    return true;
}

static bool read_control(Reader *r, const char *value) {
    return (claim_now(r)->control = read_combination(r, value)) != NULL;
}

/* "201-212" */
static bool read_seeds(Reader *r, const char *value) {
    Claim *c = claim_now(r);
    const char *dash = strchr(value, '-');
    size_t from = 0, to = 0;
    if (dash == NULL ||
        !text_to_count(text_copy(r->arena, value, (size_t)(dash - value)), &from) ||
        !text_to_count(dash + 1, &to) || to < from || to >= LEDGER_TUNING)
        return wrong(r, "FIRST-LAST below 900", value);
    if (to - from >= LEDGER_MOST_SEEDS)
        return base_fail(r->error, EX_DATAERR, 0, "%zu seeds, at most %d are expected",
                         to - from + 1, LEDGER_MOST_SEEDS);
    for (c->seeds = 0; from <= to; from++) c->seed[c->seeds++] = from;
    return true;
}

static bool read_looks(Reader *r, const char *value) {
    Claim *c = claim_now(r);
    if (strcmp(value, "3") == 0 || strcmp(value, "48") == 0)
        c->looks = 1, c->look[0] = *value == '3' ? 3 : 48;
    else if (strcmp(value, "6, 12") == 0)
        c->looks = 2, c->look[0] = 6, c->look[1] = 12;
    else
        return wrong(r, "6, 12, or 3, or 48", value);
    return true;
}

static bool read_positive(Reader *r, double *to, const char *value) {
    return (text_to_double(value, to) && *to > 0) || wrong(r, "a number above 0", value);
}

static bool read_sd(Reader *r, const char *value) {
    return read_positive(r, &claim_now(r)->sd, value);
}

/* ---- of a contrast --------------------------------------------------------------------- */

static bool add_part(Reader *r, Contrast *c, const char *value) {
    if (c == NULL) return false;
    if (c->parts == LEDGER_MOST_PARTS)
        return base_fail(r->error, EX_DATAERR, 0, "more than %d parts",
                         LEDGER_MOST_PARTS);
    return combination_read(&c->part[c->parts++], r->arena, value, r->error);
}

static bool read_contrast(Reader *r, const char *value) {
    Claim *c = claim_now(r);
    if (c->contrasts == LEDGER_MOST_CONTRASTS)
        return base_fail(r->error, EX_DATAERR, 0, "more than %d primary contrasts",
                         LEDGER_MOST_CONTRASTS);
    c->contrast[c->contrasts++] =
        (Contrast){.of = {.type = CLAIM_TYPES}, .published = (double)NAN};
    return add_part(r, contrast_now(r), value);
}

static bool read_part(Reader *r, const char *value) {
    return add_part(r, contrast_now(r), value);
}

static bool read_type(Reader *r, const char *value) {
    const Choice types = CHOICE(claim_rules);
    Contrast *c = contrast_now(r);
    size_t type;
    if (c == NULL || !choice_read(r->arena, &types, "type ", value, &type, r->error))
        return false;
    c->of.type = (ClaimType)type;
    return true;
}

static bool read_expect(Reader *r, const char *value) {
    Contrast *c = contrast_now(r);
    if (c == NULL) return false;
    c->of.sign = strcmp(value, "+") == 0 ? 1 : strcmp(value, "-") == 0 ? -1 : 0;
    return c->of.sign || text_to_double(value, &c->of.value) ||
           wrong(r, "+, - or a number", value);
}

static bool read_margin(Reader *r, const char *value) {
    Contrast *c = contrast_now(r);
    return c && read_positive(r, &c->of.margin, value);
}

static bool read_published(Reader *r, const char *value) {
    Contrast *c = contrast_now(r);
    return c && (text_to_double(value, &c->published) || wrong(r, "a number", value));
}

static bool read_verdict(Reader *r, const char *value) {
    const Choice words = {claim_verdict_words, CLAIM_VERDICTS,
                          sizeof *claim_verdict_words, false, NULL};
    Contrast *c = contrast_now(r);
    size_t verdict;
    if (c == NULL ||
        !choice_read(r->arena, &words, "verdict ", value, &verdict, r->error))
        return false;
    c->recorded = true, c->verdict = (Verdict)verdict;
    return true;
}

/* ---- lines ----------------------------------------------------------------------------- */

typedef struct Key {
    const char *name;
    KeyReader *read;
} Key;

static const Key OF_PROTOCOL[] = {{"says", read_says}, {"set", read_setting}};

static const Key OF_CLAIM[] = {{"statement", read_statement},
                               {"source", read_source},
                               {"experiment", read_experiment},
                               {"protocol", read_protocol},
                               {"set", read_setting},
                               {"measure", read_measure},
                               {"works", read_works},
                               {"gates", read_gates},
                               {"control", read_control},
                               {"needs", read_needs},
                               {"tuning", read_tuning},
                               {"sd", read_sd},
                               {"looks", read_looks},
                               {"seeds", read_seeds},
                               {"contrast", read_contrast},
                               {"part", read_part},
                               {"over", read_part},
                               {"type", read_type},
                               {"expect", read_expect},
                               {"margin", read_margin},
                               {"published", read_published},
                               {"verdict", read_verdict}};

bool ledger_read_key(Reader *r, const char *key, const char *value) {
    const Choice of_protocol = CHOICE(OF_PROTOCOL), of_claim = CHOICE(OF_CLAIM),
                 *known = r->in_claim ? &of_claim : &of_protocol;
    const size_t i = choice_find(known, key);
    if (r->claims + r->protocols == 0)
        return base_fail(r->error, EX_DATAERR, 0,
                         "a section is expected at the left first");
    if (i == known->count)
        return base_fail(r->error, EX_DATAERR, 0, "'%s' is no key of a %s%s",
                         text_clip(r->arena, key), r->in_claim ? "claim" : "protocol",
                         choice_hint(r->arena, known, key));
    if (*value == '\0')
        return base_fail(r->error, EX_DATAERR, 0, "something is expected behind '%s'",
                         key);
    Text *lines = r->in_claim ? &r->lines : &r->protocol[r->protocols - 1].lines;
    if (strcmp(key, "verdict") != 0) text_add(lines, "%s %s\n", key, value);
    return (r->in_claim ? OF_CLAIM : OF_PROTOCOL)[i].read(r, value);
}
