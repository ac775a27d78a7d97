/* From a study's numbers to verdicts: which seeds are looked at and when, what is refused, and the
 * gate, on small grids by hand. */
#include "harness.h"

#include "verdicts.h"

#include <math.h>
#include <string.h>

enum { SEEDS = 12, BLOCKS = 4, ARMS = 3, GATES = 2 };

/* As a recipe has what the ledger calls adamw. */
#define ADAMW "optimizer=adamw(beta1=0.9, beta2=0.999, eps=1e-08)\n"

static const char LEDGER[] =
    "protocol P\n  set epochs=1\n  set optimizer=adamw\n"
    "claim L\n  statement s\n  source s\n  experiment batch-size\n"
    "  protocol P\n  works c@1\n  tuning 900\n  looks 6, 12\n"
    "  seeds 201-212\n"
    "  contrast a@1 - b@1\n  type sign\n  expect +\n  margin 0.5\n";

/* Arms a, b and c at one point; a is worse than b by what the case says, c is good. */
typedef struct Hand {
    Arena *arena;
    const Claim *claim;
    Grid grid;
    double test[ARMS * SEEDS], block[ARMS * SEEDS * BLOCKS], seed[SEEDS];
    const char *claims[ARMS * SEEDS];
    GateScore gate[GATES];
    Gates gates;
} Hand;

static const char *const ARM[] = {"a", "b", "c"};
static const char *POINT[] = {"1"};
static const double SAME[ARMS];

/* Block c of every run is off by the same as in all others: test samples add no variance. */
static void put(Hand *h, size_t arm, size_t seed, double percent) {
    const size_t cell = arm * SEEDS + seed;
    h->test[cell] = percent / 100;
    for (size_t c = 0; c < BLOCKS; c++)
        h->block[cell * BLOCKS + c] = h->test[cell] + 0.01 * ((double)c - 1.5);
}

static Hand *hand(Arena *arena, const double difference[SEEDS]) {
    Hand *h = ZERO(arena, Hand, 1);
    BaseError error = {.set = false};
    const Ledger *ledger = ledger_parse(arena, LEDGER, "f", &error);
    assert_false(error.set);
    h->arena = arena, h->claim = &ledger->claim[0];
    for (size_t k = 0; k < SEEDS; k++) {
        h->seed[k] = (double)(201 + k);
        put(h, 0, k, 15 + difference[k]);
        put(h, 1, k, 15);
        put(h, 2, k, 10 + 0.1 * (double)(k % 3));
        for (size_t arm = 0; arm < ARMS; arm++)
            h->claims[arm * SEEDS + k] = text_print(arena, "L=%s", h->claim->digest);
    }
    h->gate[0] = (GateScore){.title = "softmax regression", .value = 0.2};
    h->gate[1] = (GateScore){.title = "5 nearest neighbours", .value = 0.25};
    h->gates = (Gates){&h->grid.metric, 1, GATES, h->gate};
    h->grid = (Grid){.metric = {.name = "error", .share = true},
                     .series = ARMS,
                     .points = 1,
                     .seeds = SEEDS,
                     .name = ARM,
                     .same = SAME,
                     .along_text = POINT,
                     .seed = h->seed,
                     .test = h->test,
                     .train = h->test,
                     .run = h->claims,
                     .claims = h->claims,
                     .blocks = BLOCKS,
                     .test_block = h->block,
                     .gate = &h->gates,
                     .recipe = "epochs=1\nnorm=a,b,c\n" ADAMW};
    return h;
}

static Ruling over(const Hand *h) {
    Ruling ruling[LEDGER_MOST_CONTRASTS];
    claim_over(h->arena, ruling, h->claim, &h->grid);
    return ruling[0];
}

static const double CLEAR[SEEDS] = {1, 1.1, 0.9, 1, 1.2, 0.8, -9, 9, -8, 8, -9, 9},
                    LATE[SEEDS] = {1, -1, 2, 0, 1.5, 0.5, 1, 1.2, 1.1, 0.9, 1, 1.1},
                    NEVER[SEEDS] = {1, -1, 2, -2, 3, -3, 1, -1, 2, -2, 3, -3};

/* What the first look decided stays; what it did not waits for the second, and seeds between the
 * two are not looked at. */
static void looks_are_kept(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Ruling r = over(hand(arena, CLEAR));
    assert_int_equal(r.judgement.verdict, CLAIM_SUPPORTED);
    assert_int_equal(r.seeds, 6);
    assert_near(r.judgement.estimate, 1, 1e-9);
    assert_near(r.judgement.error, 0.025, 1e-12);
    r = over(hand(arena, LATE));
    assert_int_equal(r.judgement.verdict, CLAIM_SUPPORTED);
    assert_int_equal(r.seeds, 12);
    r = over(hand(arena, NEVER));
    assert_int_equal(r.judgement.verdict, CLAIM_UNDECIDED);
    assert_true(*r.why == '\0');
    Hand *h = hand(arena, LATE);
    h->grid.seeds = 9; /* as a file of nine would have it */
    for (size_t arm = 1; arm < ARMS; arm++)
        for (size_t k = 0; k < 9; k++) {
            memmove(&h->block[(arm * 9 + k) * BLOCKS],
                    &h->block[(arm * SEEDS + k) * BLOCKS], BLOCKS * sizeof *h->block);
            h->test[arm * 9 + k] = h->test[arm * SEEDS + k];
        }
    r = over(h);
    assert_int_equal(r.judgement.verdict, CLAIM_UNDECIDED);
    assert_true(r.seeds == 6 && strcmp(r.why, "after the first of two looks") == 0);
    arena_free(arena);
}

/* Only runs that were made for the claim as it stands, up to the first seed that is missing. */
static void only_its_own_runs_decide(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Hand *h = hand(arena, CLEAR);
    h->claims[SEEDS + 3] = ""; /* b, the fourth seed */
    Ruling r = over(h);
    assert_int_equal(r.judgement.verdict, CLAIM_NOT_TESTED);
    assert_true(isnan(r.judgement.estimate) && !r.changed);
    assert_string_equal(r.why, "3 of 6 seeds have run: not looked at yet");
    h->claims[SEEDS + 3] = "L=0123";
    assert_true(over(h).changed);
    h = hand(arena, CLEAR);
    h->test[2] = (double)NAN; /* a, the third seed: it diverged */
    assert_string_equal(over(h).why, "2 of 6 seeds have run: not looked at yet");
    h = hand(arena, CLEAR);
    for (size_t i = 0; i < ARMS * SEEDS; i++) h->claims[i] = "";
    r = over(h);
    assert_true(r.exploratory && r.judgement.verdict == CLAIM_NOT_TESTED);
    assert_near(r.judgement.estimate, 0.5, 1e-9); /* of all twelve */
    assert_non_null(strstr(r.why, "not made for it"));
    h = hand(arena, CLEAR);
    h->grid.recipe =
        "epochs=2\nnorm=a,b,c\n" ADAMW; /* the digests are there, and the protocol is not */
    h->claims[SEEDS + 3] = "L=0123";
    r = over(h);
    assert_true(r.exploratory && !r.changed && r.judgement.verdict == CLAIM_NOT_TESTED);
    assert_non_null(strstr(r.why, "not under its protocol"));
    arena_free(arena);
}

static void designs_are_refused(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const double none[SEEDS];
    Ruling r = over(hand(arena, none));
    assert_int_equal(r.judgement.verdict, CLAIM_REFUSED);
    assert_true(isnan(r.judgement.estimate));
    Hand *h = hand(arena, CLEAR);
    h->grid.blocks = 0;
    r = over(h);
    assert_int_equal(r.judgement.verdict, CLAIM_REFUSED);
    assert_non_null(strstr(r.why, "test samples"));
    arena_free(arena);
}

/* All gates, and by the interval, not by the mean. Other arms may fail, and are marked. */
static void arms_must_beat_the_gate(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Hand *h = hand(arena, CLEAR);
    h->gate[0].value = 0.13;
    Ruling r = over(h);
    assert_int_equal(r.judgement.verdict, CLAIM_SUPPORTED);
    assert_string_equal(r.failing, "a@1; b@1");
    h->gate[0].value = 0.09;
    r = over(h);
    assert_int_equal(r.judgement.verdict, CLAIM_NOT_TESTED);
    assert_non_null(strstr(r.why, "c@1 does not beat softmax regression"));
    h->gate[0].value = 0.2, h->gate[1].value = 0.09;
    assert_non_null(strstr(over(h).why, "c@1 does not beat 5 nearest neighbours"));
    h->gate[1].value = 0.25;
    for (size_t k = 0; k < SEEDS; k++) put(h, 2, k, k % 2 ? 13 : 25); /* 19 on average */
    r = over(h);
    assert_int_equal(r.judgement.verdict, CLAIM_NOT_TESTED);
    assert_non_null(strstr(r.why, "(difference -1.0, up to +"));
    arena_free(arena);
}

/* Where the metric rises, an arm is better that has more of it. */
static void a_metric_may_rise(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Hand *h = hand(arena, CLEAR); /* c has 10 % */
    h->grid.metric.rises = true;
    h->gate[0].value = h->gate[1].value = 0.07;
    assert_int_equal(over(h).judgement.verdict, CLAIM_SUPPORTED);
    assert_string_equal(over(h).failing, "");
    h->gate[1].value = 0.12;
    Ruling r = over(h);
    assert_int_equal(r.judgement.verdict, CLAIM_NOT_TESTED);
    assert_non_null(strstr(r.why, "c@1 does not beat 5 nearest neighbours, whose error "
                                  "is 12.0 % (difference -1.9, up to -2.0)"));
    arena_free(arena);
}

/* Where each seed has its own images, an arm is paired with what is known of those. */
static void each_seed_has_its_gate(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Hand *h = hand(arena, CLEAR);
    GateScore *own = ZERO(arena, GateScore, SEEDS * GATES);
    for (size_t k = 0; k < SEEDS; k++) {
        put(h, 2, k, k % 2 ? 13 : 25);
        own[k * GATES].value = k % 2 ? 0.15 : 0.28;
        own[k * GATES + 1].value = 0.4;
    }
    h->gate[0].value = 0.215;
    assert_int_equal(over(h).judgement.verdict, CLAIM_NOT_TESTED);
    h->gates.score = own, h->gates.seeds = SEEDS;
    assert_int_equal(over(h).judgement.verdict, CLAIM_SUPPORTED);
    assert_near(gates_mean(&h->gates, 0), 0.215, 1e-15);
    for (size_t k = 0; k < SEEDS; k++) own[k * GATES].value = k % 2 ? 0.28 : 0.15;
    assert_int_equal(over(h).judgement.verdict, CLAIM_NOT_TESTED);
    arena_free(arena);
}

/* Halves of the seeds: three pairs that differ, or do not. */
static void an_arm_is_paired_with_itself(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const double apart[SEEDS] = {1,  1.1,  0.9,  1,    1.2, 0.8,
                                 -1, -1.1, -0.9, -1.2, -1,  -0.8};
    SameArm same = {0, 0};
    Hand *h = hand(arena, apart); /* a differs; b is all the same; c does not */
    study_same_arm(arena, &same, &h->grid);
    assert_int_equal(same.pairs, 3);
    assert_int_equal(same.differ, 1);
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, looks_are_kept),
    CASE(theorem, only_its_own_runs_decide),
    CASE(theorem, designs_are_refused),
    CASE(theorem, arms_must_beat_the_gate),
    CASE(theorem, a_metric_may_rise),
    CASE(theorem, each_seed_has_its_gate),
    CASE(theorem, an_arm_is_paired_with_itself),
};

HARNESS_MAIN("verdicts", CASES)
