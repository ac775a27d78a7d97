/* A normalizer for each place: which patterns name it, which of them counts, and what they come
 * to. */
#include "harness.h"

#include "net.h"
#include "text.h"

#include <string.h>

static const char NETWORK[] = "resnet(depth=14, width=4)";

static NetNorms norms_of(Arena *arena, const char *text) {
    BaseError error = {.set = false};
    NetNorms norms;
    if (!net_norms_read(arena, text, &norms, &error))
        fail_msg("%s: %s", text, error.message);
    return norms;
}

static const Net *declared(Arena *arena, const char *network, const char *text,
                           BaseError *error) {
    return net_new(arena, network, norms_of(arena, text), net_of_images(1, 12, 12, 3), 4,
                   error);
}

static const char *spec_of(const Net *net, const char *place) {
    for (size_t i = 0; i < net->norms; i++)
        if (strcmp(net->norm[i].name, place) == 0) return net->norm[i].norm->spec;
    fail_msg("no place %s", place);
    return NULL;
}

/* ---- which places a pattern names ------------------------------------------------ */

/* Of batch everywhere else, those that are layer. */
static const char *named(Arena *arena, const char *pattern) {
    BaseError error = {.set = false};
    Text text = text_new(arena);
    const Net *net =
        declared(arena, NETWORK, text_print(arena, "batch; %s=layer", pattern), &error);
    for (size_t i = 0; net && i < net->norms; i++)
        if (strcmp(net->norm[i].norm->spec, "layer") == 0)
            text_add(&text, "%s%s", text.length ? " " : "", net->norm[i].name);
    return text.data;
}

static void patterns_name_places(void **state) {
    (void)state;
    static const char *const NAMED[][2] = {
        {"stem_norm", "stem_norm"},
        {"stem*", "stem_norm"},
        {"*_norm", "stem_norm stage2.block1.shortcut_norm stage3.block1.shortcut_norm"},
        {"stage1", "stage1.block1.norm1 stage1.block1.norm2 stage1.block2.norm1 "
                   "stage1.block2.norm2"},
        {"stage1.norm2", "stage1.block1.norm2 stage1.block2.norm2"},
        {"stage1.*.norm2", "stage1.block1.norm2 stage1.block2.norm2"},
        {"stage1.block2", "stage1.block2.norm1 stage1.block2.norm2"},
        {"stage*.block2.norm1",
         "stage1.block2.norm1 stage2.block2.norm1 stage3.block2.norm1"},
        {"block2.norm1", "stage1.block2.norm1 stage2.block2.norm1 stage3.block2.norm1"},
        {"*3.*2.*1", "stage3.block2.norm1"},
        {"s*t*_n*m", "stem_norm stage2.block1.shortcut_norm stage3.block1.shortcut_norm"},
        {"norm1.stage1", ""}, /* in their order */
        {"stage", ""},        /* parts are whole */
        {"norm1.*", ""},
        {"*.*.*.*", ""},
        {"tem_norm", ""},
        {"stem_norms", ""}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(NAMED); i++)
        if (strcmp(named(arena, NAMED[i][0]), NAMED[i][1]) != 0)
            fail_msg("%s names '%s'", NAMED[i][0], named(arena, NAMED[i][0]));
    arena_free(arena);
}

static void more_parts_win(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Net *net = declared(arena, NETWORK,
                              "batch; stage2=layer; stage2.norm1=group(2); "
                              "stage2.block2.norm1=instance; stem_norm=none",
                              &error);
    assert_non_null(net);
    assert_string_equal(spec_of(net, "stem_norm"), "none");
    assert_string_equal(spec_of(net, "stage1.block1.norm1"), "batch");
    assert_string_equal(spec_of(net, "stage2.block1.norm2"), "layer");
    assert_string_equal(spec_of(net, "stage2.block1.shortcut_norm"), "layer");
    assert_string_equal(spec_of(net, "stage2.block1.norm1"), "group(2)");
    assert_string_equal(spec_of(net, "stage2.block2.norm1"), "instance");
    net =
        declared(arena, NETWORK, "batch; norm1=none; stage2=layer; stage2.norm1=group(2)",
                 &error); /* two of one part, and one of two */
    assert_non_null(net);
    assert_string_equal(spec_of(net, "stage1.block1.norm1"), "none");
    assert_string_equal(spec_of(net, "stage2.block1.norm1"), "group(2)");
    assert_string_equal(spec_of(net, "stage2.block1.norm2"), "layer");
    arena_free(arena);
}

/* Each place has parameters and state of what stands there, and runs. */
static void each_place_has_its_own(void **state) {
    (void)state;
    enum { N = 4 };
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Net *net =
        declared(arena, "plain(depth=5, width=4)",
                 "batch; stage2=frn; stage3=batch(gamma=no, beta=no)", &error);
    assert_non_null(net);
    const size_t C[] = {4, 4, 8, 16};
    const size_t params[] = {2, 2, 3, 0}, states[] = {2, 2, 0, 2};
    size_t all = 0;
    for (size_t i = 0; i < 4; i++) {
        const NetNorm *place = &net->norm[i];
        assert_int_equal(place->norm->params, params[i]);
        assert_int_equal(place->state, all);
        all += states[i] * C[i];
    }
    assert_int_equal(net->states, all);
    double *w = TAKE(arena, double, net->weights), *s = TAKE(arena, double, net->states),
           *x = TAKE(arena, double, N * 144);
    for (size_t i = 0; i < N * 144; i++)
        x[i] = draw_normal((Draw){.seed = 3, .purpose = DRAW_TEST}, i);
    net_initialize(net, w, s, 1);
    NetPass pass = {.tape = tape_new(arena), .weights = w, .state = s};
    TapeNode *z =
        net_run_one(net, &pass, tape_leaf(pass.tape, SHAPE_OF(N, 1, 12, 12), x));
    for (size_t k = 0; k < N * 3; k++) assert_true(z->value[k] - z->value[k] == 0);
    arena_free(arena);
}

/* ---- what they come to ------------------------------------------------------------ */

static const char *resolved(Arena *arena, const char *network, const char *text) {
    BaseError error = {.set = false};
    const NetNorms norms = norms_of(arena, text);
    const char *lines = net_norms_resolve(arena, network, &norms, &error);
    return lines ? lines : text_print(arena, "refused: %s", error.message);
}

/* The list is that of the network, place by place. */
static void resolved_is_what_stands(void **state) {
    (void)state;
    static const char *const TEXTS[] = {
        "batch; stage2=layer", "layer; *norm*=group(2); stage3.norm1=batch",
        "batch; stage1=layer; stage2=layer; block1.norm2.*=none"};
    static const char *const NETS[] = {"resnet(depth=14, width=4)",
                                       "plain(depth=8, width=4)"};
    for (size_t i = 0; i < COUNT_OF(TEXTS) * COUNT_OF(NETS); i++) {
        Arena *arena = arena_new();
        BaseError error = {.set = false};
        const char *text = TEXTS[i / COUNT_OF(NETS)], *spec = NETS[i % COUNT_OF(NETS)];
        const Net *net = declared(arena, spec, text, &error);
        Text want = text_new(arena);
        if (net == NULL)
            text_add(&want, "refused: %s", error.message);
        else
            for (size_t k = 0; k < net->norms; k++)
                text_add(&want, "norm.%s=%s\n", net->norm[k].name,
                         net->norm[k].norm->spec);
        assert_string_equal(resolved(arena, spec, text), want.data);
        arena_free(arena);
    }
}

static void alike_is_one(void **state) {
    (void)state;
    static const char *const ALIKE[][2] = {
        {"batch", "norm=batch\n"},
        {"batch; stage3=batch", "norm=batch\n"},
        {"layer; *=batch", "norm=batch\n"},
        {"layer; stem*=gn(2); stage*=group(G=2)", "norm=group(2)\n"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(ALIKE); i++)
        assert_string_equal(resolved(arena, NETWORK, ALIKE[i][0]), ALIKE[i][1]);
    assert_string_equal(resolved(arena, "mlp(depth=3)", "batch; hidden2=layer"),
                        "norm.hidden1.norm=batch\nnorm.hidden2.norm=layer\n");
    assert_string_equal(resolved(arena, "mlp(depth=3)", "batch; hidden*.norm=layer"),
                        "norm=layer\n");
    assert_string_equal(resolved(arena, "linear", "layer"), "");
    arena_free(arena);
}

/* ---- as text ----------------------------------------------------------------------- */

static void reads_back(void **state) {
    (void)state;
    static const char *const FORMS[][2] = {
        {"batch", "batch"},
        {"  bn ; stage3 = gn(2)  ", "batch; stage3=group(2)"},
        {"batch;stem*=layer;norm2=group:8:eps=0.1", "batch; norm2=group(8, eps=0.1); "
                                                    "stem*=layer"},
        {"batch; a=layer; a=none", "batch; a=none"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(FORMS); i++) {
        NetNorms norms = norms_of(arena, FORMS[i][0]);
        const char *once = net_norms_print(arena, &norms);
        assert_string_equal(once, FORMS[i][1]);
        norms = norms_of(arena, once);
        assert_string_equal(net_norms_print(arena, &norms), once);
    }
    arena_free(arena);
}

static void each_mistake_is_named(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t at;
        const char *says;
    } WRONG[] = {
        {"btach", 0, "no normalizer 'btach', did you mean 'batch'"},
        {"batch; stage3", 7, "'stage3' should be PATTERN=NORM"},
        {"batch;", 6, "'' should be PATTERN=NORM"},
        {"batch; stage3=btach", 14, "did you mean 'batch'"},
        {"batch;  stage3 =  group(x)", 24, "'x'"},
        {"batch; =layer", 7, "'' should be parts of a layer's name joined by dots"},
        {"batch; a..b=layer", 7, "'a..b' should be parts"},
        {"batch; a.=layer", 7, "'a.' should be parts"},
        {"batch; a b=layer", 7, "'a b' should be parts"}};
    Arena *arena = arena_new();
    NetNorms norms;
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        BaseError error = {.set = false};
        assert_false(net_norms_read(arena, WRONG[i].text, &norms, &error));
        if (error.at != WRONG[i].at || strstr(error.message, WRONG[i].says) == NULL)
            fail_msg("%s: at %zu, %s", WRONG[i].text, error.at, error.message);
    }
    BaseError error = {.set = false};
    norms = norms_of(arena, "batch");
    for (size_t i = 0; i < NET_MOST_RULES; i++)
        assert_true(
            net_norms_set(arena, &norms, text_print(arena, "a%zu", i), "layer", &error));
    assert_true(net_norms_set(arena, &norms, "a3", "none", &error));
    assert_false(net_norms_set(arena, &norms, "b", "layer", &error));
    assert_string_equal(error.message, "at most 16 patterns");
    arena_free(arena);
}

/* By the network, when it is declared, and where they are resolved. */
static void ties_and_strays_are_refused(void **state) {
    (void)state;
    static const char *const WRONG[][2] = {
        {"batch; norm1=layer; stage2=none",
         "layer stage2.block1.norm1: norm.norm1 and norm.stage2 name it both, with as "
         "many "
         "parts; one with more decides, as norm.stage2.block1.norm1"},
        {"batch; stage2=layer; stage*=layer",
         "layer stage2.block1.norm1: norm.stage* and norm.stage2 name it both"},
        {"batch; stage4=layer",
         "norm.stage4 names no normalizer of resnet(depth=14, width=4), did you mean "
         "'stage1'?; `normlab list networks 'resnet(depth=14, width=4)'` lists them"},
        {"batch; stage2.nrom1=layer", "norm.stage2.nrom1 names no normalizer of "
                                      "resnet(depth=14, width=4), did you mean "
                                      "'norm1'?"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        BaseError error = {.set = false};
        assert_null(declared(arena, NETWORK, WRONG[i][0], &error));
        assert_int_equal(error.code, EX_USAGE);
        if (strstr(error.message, WRONG[i][1]) == NULL)
            fail_msg("%s: %s", WRONG[i][0], error.message);
        assert_int_equal(strncmp(resolved(arena, NETWORK, WRONG[i][0]), "refused", 7), 0);
    }
    BaseError error = {.set = false};
    assert_null(declared(arena, "linear", "batch; norm=layer", &error));
    assert_non_null(strstr(error.message, "norm.norm names no normalizer of linear; "));
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, patterns_name_places),   CASE(theorem, more_parts_win),
    CASE(theorem, each_place_has_its_own), CASE(theorem, resolved_is_what_stands),
    CASE(theorem, alike_is_one),           CASE(example, reads_back),
    CASE(fault, each_mistake_is_named),    CASE(fault, ties_and_strays_are_refused),
};

HARNESS_MAIN("net_norms", CASES)
