/* Texts of normalizers: every mistake at its place, with what was expected and the nearest right
 * word; and what is read is printed as the same tree. Those of cells and parts, which norm alone
 * knows: tests/norm/norm_texts.c. */
#include "harness.h"

#include "equation.h"
#include "text.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

/* '@' stands before the byte of the error, and in no text. */
typedef struct WrongText {
    const char *marked, *message;
} WrongText;

static const WrongText WRONG[] = {
    /* tokens */
    {"f: y = @2x",
     "'2x': a name does not begin with a digit, and a product is written with *"},
    {"f: y = x * @1e999", "'1e999' is no number of a double"},
    {"f: y = x @! 2", "'!' has no meaning here"},
    {"f: y = @{x}", "'{' has no meaning here: parentheses are ( and )"},
    {"f: y = x @\xe2\x88\x92 1", "'\xe2\x88\x92': outside of comments"},
    {"f: y = x@\xc2\xb2", "'\xc2\xb2': outside of comments"},
    {"f: y = x@\xc2\x85", "byte 0xc2"},
    {"f: y = x@\xff", "byte 0xff"},
    {"f:\n  y = x +\n  @\x07", "byte 0x07"},
    {"f: y = use(@\"batch)(x)", "a quote that is not closed"},
    {"f: y = use(\"ba@\ttch\")(x)", "byte 0x09"},
    {"f: y = x + @aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "a name has at most 64 letters"},

    /* a normalizer */
    {"@", "no normalizer: NAME: and a line y = ... are expected"},
    {"@# a title and nothing else\n", "no normalizer"},
    {"@2: y = x", "'2' where the name of a normalizer, NAME: or NAME(G):, should be"},
    {"@y = x", "'y' is the last line: before it stands the name of a normalizer"},
    {"f: y @:= x", "':' where '=' of a line should be"},
    {"f@", "ends where ':' of a normalizer, NAME: or NAME(G):, should follow"},
    {"f @= x", "'=' where ':' of a normalizer"},
    {"@Wide: y = x", "'Wide': a normalizer's name is of small letters, digits and _"},
    {"@_f: y = x", "a letter first"},
    {"@mean: y = x", "'mean' has its meaning already: a normalizer needs another name"},
    {"f: y = x\n@f: y = 2 * x", "'f' is there already"},
    {"@f: z = x", "'f' has no line y = ..., which is what it gives"},
    {"f: @y = parameter(1)", "y is a value, no parameter or state"},
    {"f: y = x\n@3", "'3' where a line, NAME = ..., should be"},

    /* options */
    {"f(@): y = x", "')' where a name of an option should be"},
    {"f(@2): y = x", "'2' where a name of an option should be"},
    {"f(@x): y = x", "'x' has its meaning already: an option needs another name"},
    {"f(G, @G): y = x / G", "'G' is there already"},
    {"f(@G): y = x", "nobody reads the option 'G'"},
    {"f(@eps=1e-3): y = x", "nobody reads the option 'eps'"},
    {"f(eps=1e-3, @eps=1e-4): y = x / eps", "'eps' is there already"},
    {"f(eps=@0): y = x / eps", "eps is from 1e-300 to 1e+300"},
    {"f(eps@): y = x / eps", "')' where '=' and a number should be"},
    {"f(k=-@): y = k * x", "')' where a number should be"},
    {"f(@k=1e305): y = k * x",
     "'k' is usually 1e+305, which is not from -1e+300 to 1e+300"},
    {"f(@k=2 in [3, 4]): y = k * x", "'k' is usually 2, which is not from 3 to 4"},
    {"f(k=2 in @[4, 3]): y = k * x", "a range goes from the lesser number to the larger"},
    {"f(k=2 in @3): y = k * x", "'3' where '[' of a range, in [0, 1], should be"},
    {"f(k=2 in [0 @4]): y = k * x", "'4' where ',' of a range should be"},
    {"f(k=a@): y = k * x",
     "')' where '|' and another word, with=instance|layer, should be"},
    {"f(k=a|@a): y = x", "'a' twice"},
    {"f(k=a|@2): y = x", "'2' where a word should be"},
    {"f(k=a|b|c|d|e|g|@h): y = x", "more than 6 words"},
    {"f(a, b, c, d, e, g, h, i, @j): y = x", "more than 8 options"},
    {"f(G@: y = x", "':' where ')' or ',' should be"},
    {"f(w=layer|batch): y = @w * x", "'w' is a word and not a number"},

    /* lines */
    {"f: mu @x = 2", "'x' where '=' of a line should be"},
    {"f: mu@  # the mean\n\n  y = x", "the line ends where '=' of a line should follow"},
    {"f: p = parameter(1) in [0, 1@\n  y = p * x",
     "the line ends where ']' of a range should follow"},
    {"f: @gamma = 2; y = x",
     "'gamma' has its meaning already: a line needs another name"},
    {"f: a = 2; @a = 3; y = a", "'a' is there already"},
    {"f: @a = x; y = x", "nobody reads 'a'"},
    {"f: @a = parameter(1); y = x", "nobody reads the parameter 'a'"},
    {"f: @a = running(x); y = x", "nobody reads the state 'a'"},
    {"f: y = @mv - 2; mu = x", "nothing gives 'mv', did you mean 'mu'?"},
    {"f: y = x * @gama", "nothing gives 'gama', did you mean 'gamma'?"},
    {"f: y = @sqrt", "'sqrt' is a function, sqrt(...), and no value"},
    {"f: y = a; a = b; b = @a + 1", "'a' is made of itself"},
    {"f: y = @y + x", "'y' is made of itself"},
    {"f: p[@] = parameter(1); y = p * x",
     "']' where 'channel' or cells, p[channel], should be"},
    {"f: p[channel @= parameter(1)\n y = p * x", "'=' where ']' should be"},
    {"f: p[@channel] = x; y = p", "[channel] is of parameters"},
    {"f: y = x @x", "'x' where an operator (a product is written with *) or the end"},
    {"f: y = x @) + 2", "')' where an operator"},

    /* parameters and states */
    {"f: p = parameter(@); y = p * x", "')' where a number, a name or '(' should be"},
    {"f: p = parameter(1, @start=2); y = p", "'start': std= or decay= is expected"},
    {"f: p = parameter(1, @dekay=yes); y = p", "did you mean 'decay'?"},
    {"f: p = parameter(1, decay=@maybe); y = p", "'maybe' where yes or no should be"},
    {"f: p = parameter(1, std=1, @std=2); y = p", "'std' twice"},
    {"f: p = parameter(1, @2); y = p", "'2' where std= or decay= should be"},
    {"f: p = parameter(@x); y = p", "'p': a number, or what options"},
    {"f: p = parameter(1) in [@x, 2]; y = p", "'p': a number, or what options"},
    {"f: p = parameter(1) in @2; y = p",
     "'2' where '[' of a range, in [0, 1], should be"},
    {"f: p = parameter(1; @y = p * x", "'y' where ')' or ',' should be"},
    {"f: r = running(x, @weight=1); y = r", "did you mean 'weight_new'?"},
    {"f: r = running(x, @momentum=0.9); y = r", "did you mean 'weight_new'?"},
    {"f: r = running(x, @1); y = r", "'1' where weight_new= or start= should be"},
    {"f: y = x * @parameter(1)",
     "parameter(...) is a line of its own, NAME = parameter(...)"},
    {"f: y = x + @running(x)", "running(...) is a line of its own"},

    /* values */
    {"f: y =@", "ends where a number, a name or '(' should follow"},
    {"f: y = x +@", "ends where a number, a name or '(' should follow"},
    {"f: y = (x + 1@", "ends where ')' or an operator should follow"},
    {"f: y = (x + 1\n  @z = 2", "'z' where ')' or an operator should be"},
    {"f: y = x ^@", "ends where a number, a name or '(' should follow"},
    {"f: y = x * @/ 2", "'/' where a number, a name or '(' should be"},
    {"f: y = x *@* 2", "(a power is written with ^)"},
    {"f: y = @train x else 2", "'train' is a condition: train(a) else b"},
    {"f: y = exp((@over(x)))", "'over' where a number, a name or '(' should be"},
    {"f: y = 2 * @else(x)", "'else' where a number, a name or '(' should be"},
    {"f: y = x / @epsilon", "nothing gives 'epsilon', did you mean 'eps'?"},
    {"f: y = sqrt(x@, 2)", "sqrt takes 1 value"},
    {"f: y = max(x@)", "')' where ',' (max takes 2 values) should be"},
    {"f: y = max(x @over layer)", "'over': mean and sum alone are over cells"},
    {"f: y = max(x, 1 @over layer)", "a maximum over cells takes a file of C"},
    {"f: y = x / sqrt(x^2 @over layer)", "'over': mean and sum alone are over cells"},
    {"f: v = var(x @over layer); y = x / v",
     "a variance is mean((x - mean(x over layer))^2 over layer)"},
    {"f: y = clip(x, 0@)", "')' where ',' (clip takes 3 values) should be"},
    {"f: y = mean(x@)",
     "')' where 'over' and cells, as in mean(x over layer), should be"},
    {"f: y = mean(x over @)", "')' where cells (batch, layer, group(G)...) should be"},
    {"f: y = count(@)", "')' where cells (batch, layer, group(G)...) should be"},
    {"f: y = mean(x over layer\n  z @= 2", "'=' where ')' should be"},
    {"f: y = mean(x over @\"layer\")", "'\"layer\"' where cells"},
    {"f: y = use(@batch)(x)", "'batch' where a spec in double quotes"},
    {"f: y = use(\"batch\")@",
     "ends where what it is applied to, use(\"...\")(x), should follow"},
    {"f: y = @gamma(x - 1)",
     "'gamma' is a value here and no function: a product is written with *"},
    {"f: m = 2; y = @m(x)", "'m' is a value here and no function"},
    {"f: y = train(x)@", "ends where 'else', as in train(a) else b, should follow"},
    {"f: y = train(x) @+ 1", "'+' where 'else', as in train(a) else b, should be"},
    {"f: y = 1 + @train(x) else 2",
     "a condition beside other terms stands in parentheses"},
    {"f(s=no|yes): y = 2 * @s(x) else 2", "(s(a) else b)"},

    /* identities */
    {"f: y = x; check: @2", "'2' where an identity should be"},
    {"f: y = x; check: @scale",
     "'scale': scale-invariant, shift-invariant or twin SPEC is expected"},
    {"f: y = x; check: @shift-invarient", "did you mean 'shift-invariant'?"},
    {"f: y = x; check: twin@",
     "ends where the spec of a twin, as in check: twin layer, should follow"},
    {"f: y = x; check: twin @\"layer\"", "where the spec of a twin"},
    {"f: alpha = parameter(1); y = x * alpha; check: twin none when @alpa = 1",
     "'alpa' is no parameter of the lines above, did you mean 'alpha'?"},
    {"f: y = x; check: twin none when @p = 1", "'p' is no parameter of the lines above"},
    {"f: p = parameter(1); y = p * x; check: twin none when p = @x",
     "'x' where a number should be"},
    {"f: y = x; is: @activated", "'activated' where 'activation' should be"},
};

static const char *without_mark(Arena *arena, const char *marked, size_t *at) {
    *at = strcspn(marked, "@");
    return text_print(arena, "%.*s%s", (int)*at, marked,
                      marked + *at + (marked[*at] == '@'));
}

static void wrong_texts_say_where_and_what(void **state) {
    (void)state;
    Arena *arena = arena_new();
    assert_true(COUNT_OF(WRONG) >= 60);
    size_t bad = 0;
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        BaseError error = {.set = false};
        size_t at, count;
        const char *text = without_mark(arena, WRONG[i].marked, &at);
        const Equation *const *all = equation_read(arena, text, &count, &error);
        if (all || error.at != at || !strstr(error.message, WRONG[i].message)) {
            bad++;
            print_error("%s\n  at %zu: %s\n", WRONG[i].marked, error.at,
                        all ? "(read)" : error.message);
        }
        if (all == NULL) assert_int_equal(error.code, EX_DATAERR);
    }
    assert_int_equal(bad, 0);
    arena_free(arena);
}

/* ---- what is read --------------------------------------------------------------------- */

static const Equation *read_one(Arena *arena, const char *text) {
    BaseError error = {.set = false};
    size_t count;
    const Equation *const *all = equation_read(arena, text, &count, &error);
    if (all == NULL) fail_msg("%s", equation_error(arena, "text", text, &error));
    assert_int_equal(count, 1);
    return all[0];
}

/* As it is printed, which is its tree: parentheses are only where they are needed. */
static void precedence_is_that_of_algebra(void **state) {
    (void)state;
    static const char *const FORMS[][2] = {
        {"x+2*x^2", "x + 2 * x^2"},
        {"(x+2)*x", "(x + 2) * x"},
        {"x-(2-x)", "x - (2 - x)"},
        {"(x-2)-x", "x - 2 - x"},
        {"x/(2*x)", "x / (2 * x)"},
        {"(x/2)*x", "x / 2 * x"},
        {"-x^2", "-x^2"},
        {"(-x)^2", "(-x)^2"},
        {"x^-2", "x^-2"},
        {"(x^2)^3", "(x^2)^3"},
        {"x^(2^3)", "x^2^3"},
        {"--x", "--x"},
        {"2*-x", "2 * -x"},
        {"-(x*2)", "-(x * 2)"},
        {"(-x)*2", "-x * 2"},
        {"train(x)else(train(2)else 3)", "train(x) else train(2) else 3"},
        {"(train(x)else 2)+1", "(train(x) else 2) + 1"},
        {"train(x)else 2+1", "train(x) else 2 + 1"},
        {"max(train(x)else 1,2)", "max(train(x) else 1, 2)"},
        {"mean(x-1 over  group( 4 ))", "mean(x - 1 over group( 4 ))"},
        {"group(4)(batch(x))", "group(4)(batch(x))"},
        {"use(\"batch | layer\")(x)", "use(\"batch | layer\")(x)"},
        {"1e-5*.5*2.*0x", NULL},
        {"1e-5*.5*2.*x", "1e-05 * 0.5 * 2 * x"},
        {"count(batch)*x", "count(batch) * x"},
        {"mean(x over group( # (\n  4;))", "mean(x over group( 4 ))"},
        {"batch(x # )(\n )", "batch(x)"},
        {"(sqrt\n (x) + group(4) # of four\n (x))", "sqrt(x) + group(4)(x)"},
    };
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(FORMS); i++) {
        const char *text = text_print(arena, "f: y = %s", FORMS[i][0]);
        BaseError error = {.set = false};
        size_t count;
        if (FORMS[i][1] == NULL) {
            assert_null(equation_read(arena, text, &count, &error));
            continue;
        }
        const char *once = equation_print(arena, read_one(arena, text));
        assert_string_equal(once, text_print(arena, "f: y = %s", FORMS[i][1]));
        assert_string_equal(equation_print(arena, read_one(arena, once)), once);
    }
    arena_free(arena);
}

/* The same normalizer in every spelling. */
static void spellings_are_alike(void **state) {
    (void)state;
    static const char *const ONE = "f(G, k=0.5 in [0, 1], w=layer|batch, eps=0.001): "
                                   "p[group(G)] = parameter(k, std=0.1, "
                                   "decay=yes) in [0, 2]; M = mean(x over w); r = "
                                   "running(M, weight_new=0.01, start=1); "
                                   "y = p * (train(x - M) else x - r) / eps; is: "
                                   "activation; check: twin group(2) when p "
                                   "= 1; check: scale-invariant";
    static const char *const SAME[] = {
        "f(G, k=0.5 in [0, 1], w=layer|batch, eps=1e-3):\n  p[group(G)] = parameter(k, "
        "std=.1, "
        "decay=yes) in [0, 2]\n  M = mean(x over w)\n  r = running(M, weight_new=1e-2, "
        "start=1)\n  y = p * (train(x - M) else x - r) / eps\n  is: activation\n  check: "
        "twin "
        "group(2) when p = 1\n  check: scale-invariant\n",
        "\r\n\r\nf( G,\r\n   k = 0.5 in [0,1], # half\r\n   w = layer | batch, eps = "
        "0.001 ) :\r\n\r\n\tp [ group(G) ] =\r\n\t\tparameter(k, std=0.1, decay=yes) in "
        "[0, "
        "2];;\r\nM=mean(x\r\n  over w # these\r\n ); r = running(M, weight_new=0.01, "
        "start=1)  # so\r\n y = p * \r\n (train(x - M) else\r\n x - r) / eps ; is : "
        "activation\r\n # between\r\n check: twin group(2) # here (\r\n check : scale - "
        "invariant",
    };
    Arena *arena = arena_new();
    assert_string_equal(equation_print(arena, read_one(arena, ONE)), ONE);
    assert_string_equal(equation_print(arena, read_one(arena, SAME[0])), ONE);
    const char *other = equation_print(arena, read_one(arena, SAME[1]));
    assert_string_equal(
        other, "f(G, k=0.5 in [0, 1], w=layer|batch, eps=0.001): p[group(G)] = "
               "parameter(k, std=0.1, decay=yes) in [0, 2]; M = mean(x over w); r = "
               "running(M, weight_new=0.01, start=1); y = p * (train(x - M) else x - "
               "r) / eps; is: activation; check: twin group(2); check: "
               "scale-invariant");
    arena_free(arena);
}

/* Comments that stand alone before a normalizer say something of it; others nothing. */
static void comments_are_of_the_next(void **state) {
    (void)state;
    static const char TEXT[] =
        "# normalization \xc3\xa0 la carte (half)\r\n# source: \xc3\x89t\xc3\xa9 2026\n#"
        "\n#   differs: in one thing,\n# differs: and another\n# example: f(3)\n# "
        "nothing\n"
        "f(G): # not this\n  # nor this\n  y = x / G # = 2\n  # the second\ng: y = x\n# "
        "at the "
        "end";
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    size_t count;
    const Equation *const *all = equation_read(arena, TEXT, &count, &error);
    assert_non_null(all);
    assert_int_equal(count, 2);
    assert_string_equal(all[0]->title, "normalization \xc3\xa0 la carte (half)");
    assert_string_equal(all[0]->source, "\xc3\x89t\xc3\xa9 2026");
    assert_string_equal(all[0]->differs, "in one thing, and another");
    assert_string_equal(all[0]->example, "f(3)");
    assert_string_equal(equation_print(arena, all[0]), "f(G): y = x / G");
    assert_string_equal(all[1]->title, "the second");
    assert_null(all[1]->source);
    arena_free(arena);
}

/* Nothing of a comment commands a terminal, or is no UTF-8 in a file. */
static void comments_are_plain(void **state) {
    (void)state;
    static const char *const SAID[][2] = {
        {"\x1b[31mred", "?[31mred"},
        {"a\tb\x7f", "a?b?"},
        {"\xc3\xa9 \xe2\x88\x92 \xf0\x9f\x98\x80",
         "\xc3\xa9 \xe2\x88\x92 \xf0\x9f\x98\x80"},
        {"\xff\xfe \xc3", "?? ?"},
        {"\xc2\x9b \xc0\x80 \xed\xa0\x80", "?? ?? ???"},
        {"\xe0\x80\x80 \xf4\x90\x80\x80 \xe2\x88", "??? ???? ??"},
    };
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(SAID); i++) {
        const char *text = text_print(arena, "# %s\nf: y = x", SAID[i][0]);
        assert_string_equal(read_one(arena, text)->title, SAID[i][1]);
    }
    arena_free(arena);
}

/* A line of a terminal: name, line, column, and the text around. */
static void errors_are_one_line(void **state) {
    (void)state;
    static const char TEXT[] =
        "# \xc3\xa9\nf:\r\n  mu = mean(x over layer)\r\n  y = x - mv\r\n";
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    size_t count;
    assert_null(equation_read(arena, TEXT, &count, &error));
    const char *line = equation_error(arena, "my.norm", TEXT, &error);
    assert_string_equal(line,
                        "my.norm:4:11: nothing gives 'mv', did you mean 'mu'?, in '  y = "
                        "x - mv'");
    arena_free(arena);
}

/* ---- large ones -------------------------------------------------------------------------- */

static const char *repeated(Arena *arena, const char *before, const char *each,
                            size_t count, const char *after) {
    Text text = text_new(arena);
    text_add(&text, "%s", before);
    for (size_t i = 0; i < count; i++) text_add(&text, "%s", each);
    text_add(&text, "%s", after);
    return text.data;
}

static void large_texts_end(void **state) {
    (void)state;
    static const struct {
        const char *before, *each;
        size_t count;
        const char *after, *message; /* NULL: it is read */
    } LARGE[] = {
        {"", "#\n", 30000, "f: y = x", NULL},
        {"f: y = x", "\n", 60000, "# the end", NULL},
        {"", "# 1e5 lines\n", 100000, "f: y = x", "longer than 65536 bytes"},
        {"f: y = x", " + x", 1023, "", NULL},
        {"f: y = x", " + x", 1024, "", "more than 2048 terms in one normalizer"},
        {"f: y = ", "(", 23, "x)))))))))))))))))))))))", NULL},
        {"f: y = ", "(", 30000, "x", "nested deeper than 48"},
        {"f: y = ", "-", 60000, "x", "nested deeper than 48"},
        {"f: y = ", "2^", 30000, "x", "nested deeper than 48"},
        {"f: y = ", "train(x) else ", 4000, "x", "nested deeper than 48"},
        {"f: y = ", "batch(", 10000, "x", "nested deeper than 48"},
        {"f: y = group(", "(", 50000, "", "nested deeper than 48"},
        {"f(", "a|", 30000, "", "'|' where"},
        {"f: y = x\n", "f: y = x\n", 2, "", "'f' is there already"},
        {"f: y = 0.", "3", 60000, " * x", NULL},
        {"f: y = ", "x", 60000, "", "a name has at most 64 letters"},
        {"f: y = use(\"", "a", 60000, "\")(x)", NULL}, /* for norm to say */
        {"f: y = ", "\"", 1, "", "a quote that is not closed"},
    };
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(LARGE); i++) {
        BaseError error = {.set = false};
        size_t count;
        const char *text = repeated(arena, LARGE[i].before, LARGE[i].each, LARGE[i].count,
                                    LARGE[i].after);
        const Equation *const *all = equation_read(arena, text, &count, &error);
        if ((all == NULL) != (LARGE[i].message != NULL) ||
            (all == NULL && !strstr(error.message, LARGE[i].message)))
            fail_msg("%s%s... %s: %s", LARGE[i].before, LARGE[i].each, LARGE[i].after,
                     all ? "(read)" : error.message);
        if (all == NULL) assert_true(error.at <= strlen(text));
    }
    arena_free(arena);
}

static void as_many_as_there_may_be(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t most = EQUATION_MOST_LINES; most <= EQUATION_MOST_LINES + 1; most++) {
        Text text = text_new(arena);
        text_add(&text, "f:\n  a1 = x\n");
        for (size_t i = 2; i < most; i++)
            text_add(&text, "  a%zu = a%zu + 1\n", i, i - 1);
        text_add(&text, "  y = a%zu\n", most - 1);
        BaseError error = {.set = false};
        size_t count;
        const bool read = equation_read(arena, text.data, &count, &error) != NULL;
        assert_int_equal(read, most == EQUATION_MOST_LINES);
        if (!read) assert_string_equal(error.message, "more than 48 lines");
    }
    for (size_t most = 64; most <= 65; most++) {
        Text text = text_new(arena);
        for (size_t i = 0; i < most; i++) text_add(&text, "f%zu: y = x\n", i);
        BaseError error = {.set = false};
        size_t count;
        const bool read = equation_read(arena, text.data, &count, &error) != NULL;
        assert_int_equal(read, most == 64);
        if (!read) assert_string_equal(error.message, "more than 64 normalizers");
    }
    arena_free(arena);
}

/* Lines in any order, each behind what it reads. */
static void order_is_what_is_read(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Equation *f =
        read_one(arena, "f: y = c + a; c = b * a; b = a + 1; a = mean(x over all)");
    size_t place[4] = {0};
    for (size_t i = 0; i < f->lines; i++) place[f->order[i]] = i;
    assert_true(place[3] < place[2] && place[2] < place[1] && place[1] < place[0]);
    assert_int_equal(f->y, 0);
    arena_free(arena);
}

/* gamma and beta once, around all else, and nowhere else. */
static void affine_is_found(void **state) {
    (void)state;
    static const struct {
        const char *y;
        bool body, inside;
    } FORMS[] = {
        {"gamma * x + beta", true, false},
        {"beta + x * gamma", true, false},
        {"beta + 2 * gamma / x", true, false},
        {"x / 2", true, false},
        {"gamma * x", true, false},
        {"x + beta", true, false},
        {"relu(gamma * x + beta)", false, true},
        {"gamma / x + beta", false, false},
        {"gamma", false, false},
        {"beta", false, false},
        {"beta + gamma", false, false},
        {"gamma * gamma * x", false, false},
        {"x - beta", false, false},
        {"(gamma + 1) * x", false, false},
        {"x / (gamma * x) + beta", false, false},
    };
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(FORMS); i++) {
        const Equation *f = read_one(arena, text_print(arena, "f: y = %s", FORMS[i].y));
        if ((f->body != NULL) != FORMS[i].body || f->affine_inside != FORMS[i].inside)
            fail_msg("%s: body %d, inside %d", FORMS[i].y, f->body != NULL,
                     f->affine_inside);
    }
    arena_free(arena);
}

static void numbers_that_options_make(void **state) {
    (void)state;
    static const struct {
        const char *term;
        double number;
    } NUMBERS[] = {{"k", 3},     {"-k + 1", -2}, {"2 * k / 4", 1.5},
                   {"k^2", 9},   {"2^-1", 0.5},  {"sqrt(k + 1)", 2},
                   {"-2^2", -4}, {"n", 4},       {"o", 2}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(NUMBERS); i++) {
        const Equation *f = read_one(
            arena,
            text_print(arena,
                       "f(k=3, n in [4, 8], o): p = parameter(%s); y = p * x * k * "
                       "n * o",
                       NUMBERS[i].term));
        const EquationSettings usual = equation_usual(f);
        double number = 0.0;
        assert_true(equation_number(f->line[0].start, &usual, &number));
        if (number != NUMBERS[i].number) fail_msg("%s is %g", NUMBERS[i].term, number);
    }
    arena_free(arena);
}

/* Decimals have a point whatever the program's locale has. */
static void a_locale_changes_nothing(void **state) {
    (void)state;
    char folder[] = "/tmp/locale-XXXXXX", command[128];
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command,
             "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1", folder);
    const bool made = system(command) == 0;
    setenv("LOCPATH", folder, 1);
    const bool set = made && setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
    Arena *arena = arena_new();
    const char *text = "f(k=0.25): y = 1.5 * x ^ 0.5 * k";
    const char *printed = set ? equation_print(arena, read_one(arena, text)) : NULL;
    const bool comma = set && strcmp(localeconv()->decimal_point, ",") == 0;
    setlocale(LC_ALL, "C");
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    if (!set) {
        print_message("no German locale can be made here\n");
        skip();
    }
    assert_true(comma);
    assert_string_equal(printed, "f(k=0.25): y = 1.5 * x^0.5 * k");
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, precedence_is_that_of_algebra),
    CASE(theorem, spellings_are_alike),
    CASE(theorem, order_is_what_is_read),
    CASE(theorem, affine_is_found),
    CASE(example, numbers_that_options_make),
    CASE(example, comments_are_of_the_next),
    CASE(fault, comments_are_plain),
    CASE(example, errors_are_one_line),
    CASE(example, wrong_texts_say_where_and_what),
    CASE(fault, large_texts_end),
    CASE(fault, as_many_as_there_may_be),
    CASE(fault, a_locale_changes_nothing),
};

HARNESS_MAIN("equation_texts", CASES)
