/* The language of specs: what is read, how it is printed, where its errors point. */
#include "harness.h"

#include "spec.h"
#include "arguments.h"

#include <ctype.h>
#include <string.h>

static bool same(const Spec *a, const Spec *b) {
    if (strcmp(a->word, b->word) != 0 || a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++) {
        const char *p = a->args[i].key, *q = b->args[i].key;
        if ((p == NULL) != (q == NULL) || (p && strcmp(p, q) != 0)) return false;
        if (!same(a->args[i].value, b->args[i].value)) return false;
    }
    return true;
}

/* What is printed reads as the same spec, and is printed the same again. */
static void assert_fixed(Arena *arena, const Spec *spec, const char *text) {
    BaseError error = {0};
    const char *printed = spec_print(arena, spec);
    const Spec *again = spec_parse(arena, printed, &error);
    if (again == NULL) fail_msg("'%s' prints as '%s': %s", text, printed, error.message);
    if (!same(spec, again)) fail_msg("'%s' prints as '%s', another spec", text, printed);
    assert_string_equal(spec_print(arena, again), printed);
}

/* ---- theorems -------------------------------------------------------------------- */

static size_t below(uint64_t *index, size_t bound) {
    return draw_below((Draw){.seed = 7, .purpose = DRAW_TEST}, (*index)++, bound);
}

/* Any spec of words, arguments and chains, blanks strewn in. */
static void write_spec(Text *text, uint64_t *index, size_t depth) {
    static const char *const word[] = {"a", "chain", "group", "1e-5", "-", "+.x_", "007"};
    static const char *const gap[] = {"", "", "", " ", "\t", "  "};
    text_add(text, "%s%s", gap[below(index, 6)], word[below(index, 7)]);
    const size_t form = below(index, depth < 4 ? 4 : 2), count = 1 + below(index, 4);
    for (size_t i = 0; form == 1 && i < count; i++)
        text_add(text, "%s:%s%s", gap[below(index, 6)],
                 below(index, 3) ? "" : "k =", word[below(index, 7)]);
    for (size_t i = 0; form >= 2 && i < count; i++) {
        text_add(text, "%s%s", gap[below(index, 6)], i > 0 ? "," : "(");
        if (below(index, 3) == 0) text_add(text, " %s = ", word[below(index, 7)]);
        write_spec(text, index, depth + 1);
        if (i + 1 == count) text_add(text, "%s)", gap[below(index, 6)]);
    }
    if (below(index, 4) == 0 && depth < 5) {
        text_add(text, "%s|", gap[below(index, 6)]);
        write_spec(text, index, depth + 1);
    }
}

static void print_is_inverse_of_parse(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const ArenaMark mark = arena_mark(arena);
    uint64_t index = 0;
    for (size_t round = 0; round < 20000; round++, arena_rewind(arena, mark)) {
        BaseError error = {0};
        Text text = text_new(arena);
        write_spec(&text, &index, 0);
        if (text.length > SPEC_MAX_LENGTH) continue;
        const Spec *spec = spec_parse(arena, text.data, &error);
        if (spec == NULL) fail_msg("'%s' at %zu: %s", text.data, error.at, error.message);
        assert_fixed(arena, spec, text.data);
    }
    arena_free(arena);
}

static size_t mutate(char *text, size_t length, size_t room, uint64_t *index) {
    static const char bytes[] = "()|,:=  \t.+-_abck01%\n\x01\x7f\xc3\xff[]";
    const size_t at = below(index, length + 1), kind = below(index, 4);
    const char byte = bytes[below(index, sizeof bytes - 1)];
    if (kind == 0 && at < length) { /* drop */
        memmove(text + at, text + at + 1, length - at);
        return length - 1;
    }
    if (kind == 1 && at < length) text[at] = byte;
    if (kind == 2 && length + 1 < room) { /* insert */
        memmove(text + at + 1, text + at, length - at + 1);
        text[at] = byte;
        return length + 1;
    }
    const size_t span = below(index, length - at + 1);
    if (kind == 3 && length + span + 1 < room) { /* repeat a stretch */
        memmove(text + at + span, text + at, length - at + 1);
        return length + span;
    }
    return length;
}

static void assert_sound(Arena *arena, const char *text) {
    BaseError error = {0};
    const Spec *spec = spec_parse(arena, text, &error);
    if (spec) assert_fixed(arena, spec, text);
    assert_true((spec == NULL) == error.set);
    if (spec == NULL) {
        assert_true(error.at <= strlen(text) && error.code == EX_USAGE && *error.message);
        assert_non_null(strstr(spec_error(arena, text, &error), error.message));
    }
    for (const char *c = spec_slug(arena, text); *c; c++)
        assert_true(isalnum((unsigned char)*c) || strchr("._-", *c));
    size_t count;
    const char **items = spec_list(arena, text, &count);
    for (size_t i = 0; i < count; i++) assert_true(strlen(items[i]) <= strlen(text));
}

/* No text crashes; every error points into its text. (In memory that ends where the text does.) */
static void no_text_is_trouble(void **state) {
    (void)state;
    static const char *const seeds[] = {"batch",
                                        "group(8)",
                                        "mix(instance, layer, batch)",
                                        "blend(batch, group(size=4), eps=1e-5)",
                                        "a | chain(b, c) | d:e:f=g",
                                        "chain(chain(a, b) | c, k=d | e)",
                                        "((((((((((((((((((((((((",
                                        "a(b(c(d(e(f(g(h(i(j(k(l(m(n(o(p(q"};
    Arena *arena = arena_new();
    const ArenaMark mark = arena_mark(arena);
    uint64_t index = 1000000;
    char text[400] = "";
    for (size_t round = 0, length = 0; round < 200000;
         round++, arena_rewind(arena, mark)) {
        if (round % 16 == 0) {
            length = (size_t)snprintf(text, sizeof text, "%s",
                                      seeds[below(&index, COUNT_OF(seeds))]);
        }
        length = mutate(text, length, sizeof text, &index);
        char *exact = malloc(length + 1);
        memcpy(exact, text, length + 1);
        assert_sound(arena, exact);
        free(exact);
    }
    arena_free(arena);
}

/* ---- examples -------------------------------------------------------------------- */

static void canonical_forms(void **state) {
    (void)state;
    static const char *const row[][2] = {
        {"batch", "batch"},
        {" batch\t", "batch"},
        {"group:8", "group(8)"},
        {"group:size=4", "group(size=4)"},
        {"group : 8 : eps = 1e-5", "group(8, eps=1e-5)"},
        {"group(8)", "group(8)"},
        {"group( size = 4 )", "group(size=4)"},
        {"mix(instance,layer ,batch)", "mix(instance, layer, batch)"},
        {"mix(a:1,b:2:3)", "mix(a(1), b(2, 3))"},
        {"blend(batch,group(8),gamma=init(0,1))",
         "blend(batch, group(8), gamma=init(0, 1))"},
        {"batch|group:8", "batch | group(8)"},
        {"chain(batch, group(8))", "batch | group(8)"},
        {"a|b|c", "a | b | c"},
        {"a | chain(b, c)", "a | chain(b, c)"},
        {"chain(chain(a, b), c)", "chain(a, b) | c"},
        {"chain(a | b | c, d | e)", "chain(a, b, c) | chain(d, e)"},
        {"a | chain(b | c, d)", "a | chain(b | c, d)"},
        {"chain(a, b, eps=1)", "chain(a, b, eps=1)"},
        {"chain(a)", "chain(a)"},
        {"chain", "chain"},
        {"a | chain", "a | chain"},
        {"x(k=a|b)", "x(k=a | b)"},
        {"x(a|b, c)", "x(a | b, c)"},
        {"1e-5", "1e-5"},
        {"a.b_c+d-e", "a.b_c+d-e"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        BaseError error = {0};
        const Spec *spec = spec_parse(arena, row[i][0], &error);
        if (spec == NULL) fail_msg("'%s': %s", row[i][0], error.message);
        assert_string_equal(spec_print(arena, spec), row[i][1]);
        assert_fixed(arena, spec, row[i][0]);
    }
    arena_free(arena);
}

static void parts_know_where_they_stand(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {0};
    const Spec *spec = spec_parse(arena, " mix( a, key = group:8 ) | b: k= c", &error);
    assert_non_null(spec);
    assert_string_equal(spec->word, "chain");
    assert_int_equal(spec->at, 1);
    const Spec *mix = spec->args[0].value, *b = spec->args[1].value;
    assert_int_equal(mix->at, 1);
    assert_int_equal(mix->args[0].at, 6);
    assert_null(mix->args[0].key);
    assert_int_equal(mix->args[1].at, 9);
    assert_string_equal(mix->args[1].key, "key");
    assert_int_equal(mix->args[1].value->at, 15);
    assert_string_equal(mix->args[1].value->args[0].value->word, "8");
    assert_int_equal(mix->args[1].value->args[0].value->at, 21);
    assert_int_equal(b->at, 27);
    assert_int_equal(b->args[0].at, 30);
    assert_int_equal(b->args[0].value->at, 33);
    arena_free(arena);
}

static void errors_point(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t at;
        const char *message;
    } row[] = {
        {"", 0, "ends where a name should follow"},
        {"  ", 2, "ends where a name should follow"},
        {"group(", 6, "ends where a name should follow"},
        {"group()", 6, "empty parentheses after 'group'"},
        {"group( )", 7, "empty parentheses after 'group'"},
        {"group(8", 7, "ends where ',' or ')' should follow"},
        {"group(8,", 8, "ends where a name should follow"},
        {"group(8,)", 8, "')' where a name should be"},
        {"group(,8)", 6, "',' where a name should be"},
        {"group(8 9)", 8, "'9' where ',' or ')' should be"},
        {"group(8))", 8, "')' where the end should be"},
        {"group 8", 6, "'8' where the end should be"},
        {"group(8)9", 8, "'9' where the end should be"},
        {"group(8):9", 8, "':' where the end should be"},
        {"group:", 6, "ends where a value should follow"},
        {"group:|b", 6, "'|' where a value should be"},
        {"group:a(8)", 7, "'(' where the end should be"},
        {"group:k=", 8, "ends where a value should follow"},
        {"group(=4)", 6, "'=' where a name should be"},
        {"group(a=b=c)", 9, "'=' where ',' or ')' should be"},
        {"a=b", 1, "'=' where the end should be"},
        {"a |", 3, "ends where a name should follow"},
        {"| a", 0, "'|' where a name should be"},
        {"a || b", 3, "'|' where a name should be"},
        {"a, b", 1, "',' where the end should be"},
        {"x(a, [b])", 5, "'[' where a name should be"},
        {"gr\xc3\xb6up", 2, "byte 0xc3 where the end should be"},
        {"a\n", 1, "byte 0x0a where the end should be"},
        {"group('8')", 6, "a quote (') where a name should be; quote the whole"},
        {"group(\"8\")", 6, "a quote (\") where a name should be; quote the whole"},
        {"100%", 3, "'%' where the end should be"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        BaseError error = {0};
        if (spec_parse(arena, row[i].text, &error))
            fail_msg("'%s' was read", row[i].text);
        assert_string_equal(error.message, row[i].message);
        assert_int_equal(error.at, row[i].at);
        assert_int_equal(error.code, EX_USAGE);
    }
    arena_free(arena);
}

static const Spec *parse_nested(Arena *arena, size_t depth, BaseError *error) {
    Text text = text_new(arena);
    for (size_t i = 1; i < depth; i++) text_add(&text, "a(");
    text_add(&text, "a");
    for (size_t i = 1; i < depth; i++) text_add(&text, ")");
    return spec_parse(arena, text.data, error);
}

static void limits(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError deep = {0}, longer = {0};
    assert_non_null(parse_nested(arena, SPEC_MAX_DEPTH, &deep));
    assert_false(deep.set);
    assert_null(parse_nested(arena, SPEC_MAX_DEPTH + 1, &deep));
    assert_int_equal(deep.at, 2 * SPEC_MAX_DEPTH);
    assert_string_equal(deep.message, "nested deeper than 16");
    char *text = ZERO(arena, char, SPEC_MAX_LENGTH + 2);
    memset(text, 'a', SPEC_MAX_LENGTH);
    assert_non_null(spec_parse(arena, text, &longer));
    text[SPEC_MAX_LENGTH] = ' ';
    assert_null(spec_parse(arena, text, &longer));
    assert_int_equal(longer.at, SPEC_MAX_LENGTH);
    assert_string_equal(longer.message, "longer than 4096 bytes");
    arena_free(arena);
}

static void many_arguments_keep_their_order(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t count = 1; count < 200; count++) {
        BaseError error = {0};
        Text text = text_new(arena);
        for (size_t i = 0; i < count; i++) text_add(&text, "%s%zu", i ? "," : "a(", i);
        text_add(&text, ")");
        const Spec *spec = spec_parse(arena, text.data, &error);
        assert_int_equal(spec->count, count);
        for (size_t i = 0; i < count; i++)
            assert_string_equal(spec->args[i].value->word, text_print(arena, "%zu", i));
    }
    arena_free(arena);
}

static void slugs(void **state) {
    (void)state;
    static const char *const row[][2] = {
        {"blend(batch, group(8))", "blend-batch-group-8"},
        {"group(size=4)", "group-size-4"},
        {"batch | group(8)", "batch-group-8"},
        {"a(eps=1e-05)", "a-eps-1e-05"},
        {"  a_b.c  ", "a_b.c"},
        {"", ""},
        {"((/..", ".."},
        {"../../x", "..-..-x"},
        {"\xc3\xb6", ""}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(row); i++)
        assert_string_equal(spec_slug(arena, row[i][0]), row[i][1]);
    arena_free(arena);
}

static void lists_split_at_depth_0(void **state) {
    (void)state;
    static const char *const row[][2] = {{"a,b", "<a><b>"},
                                         {" a , b ", "<a><b>"},
                                         {"group(8),batch", "<group(8)><batch>"},
                                         {"mix(a, b), c | d", "<mix(a, b)><c | d>"},
                                         {"f(g(a,b),c),d", "<f(g(a,b),c)><d>"},
                                         {"x[1,2],y", "<x[1,2]><y>"},
                                         {"", "<>"},
                                         {",", "<><>"},
                                         {"a,,b,", "<a><><b><>"},
                                         {"a),b", "<a)><b>"},
                                         {"(a,b", "<(a,b>"},
                                         {"\ta\t,\tb", "<a><b>"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        size_t count;
        const char **items = spec_list(arena, row[i][0], &count);
        Text text = text_new(arena);
        for (size_t j = 0; j < count; j++) text_add(&text, "<%s>", items[j]);
        assert_string_equal(text.data, row[i][1]);
    }
    arena_free(arena);
}

static void errors_show_a_window(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = true, .at = 9, .message = "MESSAGE"};
    assert_string_equal(spec_error(arena, "group(3, x)", &error),
                        "in 'group(3, x)' at byte 9: MESSAGE");
    char *text = ZERO(arena, char, 201);
    for (size_t i = 0; i < 200; i++) text[i] = (char)('a' + i % 26);
    for (error.at = 0; error.at <= 200; error.at++) {
        const char *line = spec_error(arena, text, &error);
        const char *shown = strchr(line, '\'') + 1, *end = strrchr(line, '\'');
        const size_t dots = strncmp(shown, "...", 3) == 0 ? 3 : 0;
        const char culprit[] = {error.at < 200 ? text[error.at] : '\'', '\0'};
        assert_true(end - shown <= 66);
        assert_true((dots == 3) == (error.at > 30));
        assert_true(strncmp(shown + dots + (dots ? 30 : error.at), culprit, 1) == 0);
    }
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, print_is_inverse_of_parse),
    CASE(theorem, no_text_is_trouble),
    CASE(example, canonical_forms),
    CASE(example, parts_know_where_they_stand),
    CASE(example, errors_point),
    CASE(example, limits),
    CASE(example, many_arguments_keep_their_order),
    CASE(example, slugs),
    CASE(example, lists_split_at_depth_0),
    CASE(example, errors_show_a_window),
};

HARNESS_MAIN("spec", cases)
