/* The ledger: what is registered is read, a slip gets one line that names its place, and the digest
 * is of what is said and not of how it is laid out. */
#include "harness.h"

#include "ledger.h"

#include <math.h>
#include <string.h>

#define PROTOCOL                                                                         \
    "# a comment\n"                                                                      \
    "protocol P1\n"                                                                      \
    "  says  a small net\n"                                                              \
    "  set   epochs=20\n"                                                                \
    "\n"
#define HEAD                                                                             \
    "claim L01\n"                                                                        \
    "  statement   One is more than the other.\n"                                        \
    "  source      Somebody 2018\n"                                                      \
    "  experiment  batch-size\n"                                                         \
    "  protocol    P1\n"                                                                 \
    "  works       group(4)@32\n"                                                        \
    "  tuning      900-902\n"
#define LOOKS "  looks       6, 12\n  seeds       201-212\n"
#define CONTRAST                                                                         \
    "  contrast    batch | group(4)@2 - 0.5 * batch-instance@32\n"                       \
    "    type      sign\n"                                                               \
    "    expect    +\n"                                                                  \
    "    margin    0.5\n"

static const Ledger *parsed(Arena *arena, const char *text) {
    BaseError error = {.set = false};
    const Ledger *ledger = ledger_parse(arena, text, "f", &error);
    if (ledger == NULL) fail_msg("%s", error.message);
    return ledger;
}

static void what_is_registered_is_read(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Ledger *l = parsed(arena, PROTOCOL HEAD LOOKS CONTRAST
                             "    published 11.1\n    verdict   supported\n"
                             "  contrast    a@1 - b@1\n    over    a@1 - c@1\n"
                             "    type ratio\n    expect 1\n    margin 0.2\n");
    assert_int_equal(l->claims, 1);
    const Claim *c = ledger_find(l, "L01");
    assert_non_null(c);
    assert_string_equal(c->statement, "One is more than the other.");
    assert_string_equal(c->under, "a small net");
    assert_true(c->settings == 1 && c->seeds == 12 && c->seed[11] == 212);
    assert_true(c->looks == 2 && c->look[0] == 6 && c->look[1] == 12 && !c->refused);
    assert_string_equal(c->setting[0], "epochs=20");
    assert_string_equal(c->works->term->series, "group(4)");
    assert_true(c->contrasts == 2 && c->control == NULL);
    const Contrast *one = &c->contrast[0], *two = &c->contrast[1];
    assert_true(one->of.type == CLAIM_SIGN && one->of.sign == 1 && one->of.margin == 0.5);
    assert_true(one->published == 11.1 && one->recorded &&
                one->verdict == CLAIM_SUPPORTED);
    const Term *t = one->part[0].term;
    assert_int_equal(one->part[0].terms, 2);
    assert_string_equal(t[0].series, "batch | group(4)");
    assert_string_equal(t[1].series, "batch-instance");
    assert_string_equal(t[1].along, "32");
    assert_true(t[0].factor == 1 && t[1].factor == -0.5);
    assert_true(two->parts == 2 && two->of.value == 1 && isnan(two->published) &&
                !two->recorded);
    assert_null(c->gates);
    const Claim *named =
        parsed(arena, PROTOCOL HEAD LOOKS "  gates softmax,  nearest\n" CONTRAST)->claim;
    assert_string_equal(named->gates[0], "softmax");
    assert_string_equal(named->gates[1], "nearest");
    assert_null(named->gates[2]);
    assert_string_not_equal(named->digest, c->digest);
    arena_free(arena);
}

static void digests_are_of_what_is_said(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const char other[] =
        "protocol P1\n\tsays a small net   \n\tset epochs=20\nclaim L01\n"
        " statement One is more than the other.\n source Somebody 2018\n"
        " experiment batch-size\n protocol P1\n works group(4)@32\n tuning 900-902\n"
        " looks 6, 12\n # why\n seeds 201-212\n"
        " contrast batch | group(4)@2 - 0.5 * batch-instance@32\n type sign\n expect +\n"
        " margin 0.5\n verdict contradicted";
    static const char *const changed[] = {
        PROTOCOL HEAD "  looks 6, 12\n  seeds 202-213\n" CONTRAST,
        PROTOCOL "protocol P2\n  set epochs=3\n" HEAD LOOKS CONTRAST "    published 1\n",
        "protocol P1\n  says  a small net\n  set   epochs=21\n" HEAD LOOKS CONTRAST};
    const char *digest = parsed(arena, PROTOCOL HEAD LOOKS CONTRAST)->claim[0].digest;
    assert_int_equal(strlen(digest), DIGEST_LENGTH);
    assert_string_equal(parsed(arena, other)->claim[0].digest, digest);
    for (size_t i = 0; i < COUNT_OF(changed); i++)
        assert_string_not_equal(parsed(arena, changed[i])->claim[0].digest, digest);
    arena_free(arena);
}

/* A run keeps the digests of the claims that it is for. */
static void runs_know_their_claims(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Ledger *l =
        parsed(arena, PROTOCOL HEAD LOOKS CONTRAST
               "claim L02\n  statement s\n  source s\n  experiment hybrids\n"
               "  protocol P1\n  works none\n  tuning 900\n  sd 0.4\n  seeds 205-212\n"
               "  contrast a@1 - b@1\n  type equivalence\n  margin 0.5\n");
    const char *both = ledger_digests(arena, l, 206),
               *one = ledger_digests(arena, l, 201);
    assert_string_equal(ledger_digest_in(arena, both, "L01"), l->claim[0].digest);
    assert_string_equal(ledger_digest_in(arena, both, "L02"), l->claim[1].digest);
    assert_string_equal(ledger_digest_in(arena, one, "L01"), l->claim[0].digest);
    assert_null(ledger_digest_in(arena, one, "L02"));
    assert_null(ledger_digest_in(arena, both, "L0"));
    assert_string_equal(ledger_digests(arena, l, 900), "");
    assert_string_equal(ledger_digests_for(arena, l, both, "batch-size"), one);
    assert_string_equal(ledger_digests_for(arena, l, both, "hybrids"),
                        both + strlen(one) + 1);
    arena_free(arena);
}

/* Seeds are fixed by the tuning seeds' spread; where too many would be needed, nothing runs. */
static void seeds_are_fixed_beforehand(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const char wide[] = PROTOCOL HEAD "  sd 2\n  seeds 201-216\n" CONTRAST;
    assert_true(parsed(arena, wide)->claim[0].refused);
    const Claim *c =
        parsed(arena, PROTOCOL HEAD "  sd 0.2\n  seeds 201-206\n" CONTRAST)->claim;
    assert_true(!c->refused && c->looks == 1 && c->look[0] == 6);
    static const char two[] =
        PROTOCOL HEAD "  sd 0.4\n  seeds 201-209\n" CONTRAST CONTRAST;
    assert_int_equal(claim_seeds(0.4, 0.5, CLAIM_ERROR),
                     8); /* of one; of a family of two 9 */
    assert_int_equal(parsed(arena, two)->claim[0].seeds, 9);
    c = parsed(arena, PROTOCOL HEAD "  looks 3\n  seeds 201-203\n" CONTRAST)->claim;
    assert_true(!c->refused && c->looks == 1 && c->look[0] == 3 && c->seeds == 3);
    arena_free(arena);
}

static void slips_name_their_place(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } slip[] = {
        {"  says x\n", "f:1: a section is expected at the left first"},
        {"clam L01\n", "f:1: clam: claim or protocol is expected, did you mean 'claim'?"},
        {PROTOCOL "claim\n", "f:6: claim of what name?"},
        {PROTOCOL "  sez x\n", "f:6: 'sez' is no key of a protocol, did you mean 'set'?"},
        {PROTOCOL HEAD "  margins 2\n",
         "f:13: 'margins' is no key of a claim, did you mean 'margin'?"},
        {PROTOCOL HEAD "  margin 2\n", "f:13: a line 'contrast' is expected before it"},
        {PROTOCOL HEAD "  source x\n", "f:13: it was said before: 'Somebody 2018'"},
        {PROTOCOL HEAD "  seeds 201\n", "f:13: '201': FIRST-LAST below 900 is expected"},
        {PROTOCOL HEAD "  seeds 899-905\n", "f:13: '899-905': FIRST-LAST below 900"},
        {PROTOCOL HEAD "  contrast\n", "f:13: something is expected behind 'contrast'"},
        {PROTOCOL HEAD "  contrast batch\n", "f:13: 'batch': ARM@POINT is expected"},
        {PROTOCOL HEAD "  contrast x * batch@2\n", "f:13: 'x': a number before *"},
        {PROTOCOL HEAD LOOKS CONTRAST "  type sigh\n", "did you mean 'sign'?"},
        {PROTOCOL HEAD LOOKS CONTRAST "  margin 0\n",
         "'0': a number above 0 is expected"},
        {PROTOCOL HEAD LOOKS CONTRAST "  verdict fine\n", "supported, contradicted"},
        {PROTOCOL HEAD LOOKS "  contrast a@1\n  type sign\n  expect +\n",
         "has no margin"},
        {PROTOCOL HEAD LOOKS "  contrast a@1\n  type sign\n  margin 1\n  expect 3\n",
         "f:6: contrast 'a@1' expects no sign: expect + or -"},
        {PROTOCOL HEAD LOOKS "  contrast a@1\n  type ratio\n  margin 1\n  expect +\n",
         "has no denominator: a line 'over'"},
        {PROTOCOL HEAD LOOKS CONTRAST "  part a@2\n", "has several parts"},
        {PROTOCOL HEAD LOOKS, "f:6: claim L01 has no contrast"},
        {PROTOCOL HEAD CONTRAST, "f:6: claim L01 has no seeds"},
        {PROTOCOL HEAD "  seeds 201-206\n" CONTRAST, "sd of the tuning seeds, or looks"},
        {PROTOCOL HEAD "  sd 0.5\n  seeds 201-206\n" CONTRAST,
         "6 seeds: sd 0.5 and margin 0.5 ask for 10 (power 0.8)"},
        {PROTOCOL HEAD "  looks 6, 12\n  seeds 201-206\n" CONTRAST, "12 seeds"},
        {PROTOCOL HEAD "  looks 3\n  seeds 201-206\n" CONTRAST, "after 3 seeds: 3 seeds"},
        {PROTOCOL HEAD "  looks 48\n  seeds 201-248\n  looks 3\n" CONTRAST,
         "after 3 seeds: 3 seeds"},
        {PROTOCOL HEAD "  looks 48\n  seeds 201-206\n" CONTRAST,
         "after 48 seeds: 48 seeds"},
        {PROTOCOL HEAD "  seeds 201-249\n" CONTRAST, "49 seeds, at most 48"},
        {PROTOCOL HEAD "  looks 4\n", "f:13: '4': 6, 12, or 3, or 48 is expected"},
        {PROTOCOL HEAD "  tuning 901\n", "it was said before"},
        {PROTOCOL "claim A\n  tuning 1\n", "'1': seeds from 900 on is expected"},
        {PROTOCOL "claim A\n  protocol P2\n", "no protocol 'P2' above"},
        {PROTOCOL HEAD LOOKS CONTRAST HEAD, "f:19: claim L01 was there before"},
    };
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(slip); i++) {
        BaseError error = {.set = false};
        assert_null(ledger_parse(arena, slip[i].text, "f", &error));
        if (strstr(error.message, slip[i].says) == NULL)
            fail_msg("%zu: no '%s' in '%s'", i, slip[i].says, error.message);
        assert_int_equal(error.code, EX_DATAERR);
    }
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(example, what_is_registered_is_read), CASE(theorem, digests_are_of_what_is_said),
    CASE(theorem, runs_know_their_claims),     CASE(theorem, seeds_are_fixed_beforehand),
    CASE(fault, slips_name_their_place),
};

HARNESS_MAIN("ledger", CASES)
