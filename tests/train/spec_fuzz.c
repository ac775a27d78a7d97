/* Any text put to the readers of specs: a norm, or an error that points into the text.
 *
 *   test-spec_fuzz                      the short run
 *   test-spec_fuzz COUNT [SEED [FROM]]  COUNT texts of a seed, from number FROM on
 *
 * Text number i of a seed is a function of both: a failure is had again alone. The words
 * come from the registry: a new normalizer is put to the test by its name, its
 * options and the words of its usage. */
#include "harness.h"

#include "arguments.h"
#include "net.h"
#include "train.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef NORMLAB_VERIFY
enum { SHORT_RUN = 10000 };
#else
enum { SHORT_RUN = 100000 };
#endif

enum { ROOM = 3 * SPEC_MAX_LENGTH / 2, MOST_WORDS = 512, MOST_KINDS = 128 };

/* ---- words ----------------------------------------------------------------------- */

typedef struct Words {
    size_t count;
    const char *word[MOST_WORDS];
} Words;

typedef struct Language {
    Words words;     /* all of them, and numbers */
    Words options;   /* what may stand before '=' */
    Words values;    /* and after it */
    Words combining; /* kinds that have parts */
    Words examples;  /* whole specs */
    Words nets;      /* whole specs of networks */
} Language;

static void add_word(Words *words, const char *word) {
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->word[i], word) == 0) return;
    REQUIRE(words->count < MOST_WORDS, "more than %d words", MOST_WORDS);
    words->word[words->count++] = word;
}

static const char NUMBERS[] =
    "0 1 2 3 4 8 16 17 007 -1 -0 +1 0.5 .5 1. 1e-5 1e-3 0.1 1e-300 9.9e-301 1e300 1e308 "
    "1e309 "
    "5e-324 1e-400 1e400 18446744073709551615 18446744073709551616 9223372036854775808 "
    "99999999999999999999 1e 1e- e5 1.5.2 0x10 nan inf -inf - + . -- yes no";

/* The words of a text, whatever stands between them. */
static void add_words(Arena *arena, Words *words, const char *text) {
    static const char inside[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-";
    while (*(text += strcspn(text, inside))) {
        const size_t length = strspn(text, inside);
        add_word(words, text_copy(arena, text, length));
        text += length;
    }
}

static const Language *language_new(Arena *arena) {
    Language *language = ZERO(arena, Language, 1);
    size_t count;
    const NormKind *const *kind = norm_kinds(&count);
    for (size_t i = 0; i < count; i++) {
        const char *const *option = norm_options(arena, kind[i]);
        add_words(arena, &language->words, norm_usage(kind[i]));
        add_words(arena, &language->values, norm_usage(kind[i]));
        const char *const *also = norm_also(kind[i]);
        add_word(&language->examples, norm_example(kind[i]));
        for (size_t k = 0; also && also[k]; k++) add_word(&language->examples, also[k]);
        for (size_t k = 0; option[k]; k++) {
            add_word(&language->words, option[k]);
            add_word(&language->options, option[k]);
        }
        BaseError error = {.set = false};
        const Norm *norm = norm_new(arena, norm_example(kind[i]), 0, &error);
        REQUIRE(norm, "%s: %s", norm_example(kind[i]), error.message);
        if (norm->parts > 0) add_word(&language->combining, norm_name(kind[i]));
    }
    const NormAlias *alias = norm_aliases(&count);
    for (size_t i = 0; i < count; i++) {
        add_words(arena, &language->words, alias[i].usage);
        add_word(&language->examples, alias[i].spec);
        const char *word = text_copy(arena, alias[i].usage, strcspn(alias[i].usage, "("));
        add_word(&language->examples, word);
        add_word(&language->examples, text_print(arena, "%s(2)", word));
    }
    const NetKind *const *net = net_kinds(&count);
    for (size_t i = 0; i < count; i++) {
        add_words(arena, &language->words, net_usage(net[i]));
        add_word(&language->nets, net_name(net[i]));
        add_word(&language->nets, net_usage(net[i]));
    }
    add_word(&language->nets, "resnet(depth=8, width=4, stem_stride=2)");
    add_words(arena, &language->words, NUMBERS);
    add_words(arena, &language->values, NUMBERS);
    return language;
}

/* ---- texts ----------------------------------------------------------------------- */

typedef struct Writer {
    const Language *language;
    Draw draw;
    uint64_t index;
    char text[ROOM + 1];
    size_t length;
} Writer;

static size_t below(Writer *w, size_t bound) {
    return draw_below(w->draw, w->index++, bound);
}

static const char *any(Writer *w, const Words *words) {
    return words->word[below(w, words->count)];
}

static void put(Writer *w, const char *text) {
    const size_t length = strlen(text);
    if (w->length + length > ROOM) return;
    memcpy(w->text + w->length, text, length + 1);
    w->length += length;
}

static void put_gap(Writer *w) {
    static const char *const gaps[] = {"", "", "", "", " ", "\t", "  "};
    put(w, gaps[below(w, COUNT_OF(gaps))]);
}

static void put_option(Writer *w) {
    static const char *const usual[] = {"yes", "no", "0.25", "1e-3", "1"};
    put(w, any(w, below(w, 8) ? &w->language->options : &w->language->words));
    put_gap(w), put(w, "="), put_gap(w);
    put(w, below(w, 2) ? usual[below(w, COUNT_OF(usual))] : any(w, &w->language->values));
}

/* The example of a kind, sometimes with an option in it. */
static void put_example(Writer *w) {
    put(w, any(w, &w->language->examples));
    if (below(w, 3) > 0) return;
    const bool open = w->length > 0 && w->text[w->length - 1] == ')';
    if (open) w->text[--w->length] = '\0';
    put(w, open ? ", " : "("), put_option(w), put(w, ")");
}

static void put_spec(Writer *w, size_t depth);

/* A kind and its parts. */
static void put_combination(Writer *w, size_t depth) {
    put(w, any(w, &w->language->combining)), put(w, "(");
    for (size_t i = 0, count = 2 + below(w, 8) / 6; i < count; i++)
        put(w, i > 0 ? ", " : ""), put_spec(w, depth + 1);
    if (below(w, 4) == 0) put(w, ", "), put_option(w);
    put(w, ")");
}

/* As the grammar has it, of any words. */
static void put_nonsense(Writer *w, size_t depth) {
    put(w, any(w, &w->language->words)), put_gap(w);
    if (below(w, 2)) {
        for (size_t i = below(w, 3); i > 0; i--)
            put(w, ":"), put(w, any(w, &w->language->values));
        return;
    }
    put(w, "(");
    for (size_t i = 0, count = 1 + below(w, 4); i < count; i++) {
        if (i > 0) put_gap(w), put(w, ","), put_gap(w);
        if (below(w, 6) == 0) put(w, any(w, &w->language->words)), put(w, "=");
        below(w, 3) ? put_spec(w, depth + 1) : put_option(w);
    }
    put(w, ")");
}

static void put_spec(Writer *w, size_t depth) {
    const size_t form = depth < 6 ? below(w, 16) : 0;
    if (form < 8) {
        put_example(w);
    } else if (form < 10) {
        put_spec(w, depth + 1), put_gap(w), put(w, "|"), put_gap(w);
        put_spec(w, depth + 1);
    } else if (form < 14) {
        put_combination(w, depth);
    } else {
        put_nonsense(w, depth);
    }
}

static void put_net(Writer *w) {
    static const char *const options[] = {"depth", "width", "stem_stride", "weights"};
    put(w, any(w, &w->language->nets));
    if (w->text[w->length - 1] == ')') return;
    for (size_t i = 0, count = below(w, 4); i < count; i++) {
        put(w, i ? ", " : "("), put(w, options[below(w, COUNT_OF(options))]);
        put(w, "="), put(w, any(w, &w->language->values));
        if (i + 1 == count) put(w, ")");
    }
}

/* Around the deepest and the longest that is read. */
static void put_far(Writer *w) {
    static const char *const opens[] = {"chain(none, ",
                                        "split(layer, ",
                                        "blend(batch,",
                                        "a(",
                                        "layer | chain(batch | ",
                                        "x(y=",
                                        "(",
                                        "mix:",
                                        "|",
                                        "ibn, "};
    const char *open = opens[below(w, COUNT_OF(opens))];
    const bool closes = strchr(open, '(') != NULL && below(w, 8) > 0;
    const size_t deep = SPEC_MAX_DEPTH / 2 + below(w, SPEC_MAX_DEPTH),
                 most = ROOM / strlen(open), count = below(w, 8) ? deep : below(w, most);
    for (size_t i = 0; i < count; i++) put(w, open);
    put_example(w);
    for (size_t i = 0; closes && i < count; i++) put(w, ")");
}

static void put_bytes(Writer *w) {
    for (size_t i = below(w, 24); i > 0; i--)
        put(w, (char[]){(char)(1 + below(w, 255)), '\0'});
}

static void put_any(Writer *w) {
    const size_t form = below(w, 32);
    if (form == 0)
        put_bytes(w);
    else if (form < 3)
        put_far(w);
    else if (form < 5)
        put_net(w);
    else
        put_spec(w, 0);
}

/* One byte dropped, changed or added, a stretch repeated or dropped. */
static void mutate(Writer *w) {
    static const char bytes[] = "()|,:=  \t.+-_abGkyz0189%\n\x01\x7f\xc3\xa9\xff[]\"'\\";
    const size_t at = below(w, w->length + 1), kind = below(w, 5),
                 span = kind < 3 ? 1 : below(w, w->length - at + 1);
    char *here = w->text + at;
    const size_t after = w->length - at + 1; /* with the end */
    const char byte = bytes[below(w, sizeof bytes - 1)];
    if (kind == 0 && at < w->length) {
        *here = byte;
    } else if ((kind == 1 || kind == 3) && at + span <= w->length) {
        memmove(here, here + span, after - span);
        w->length -= span;
    } else if ((kind == 2 || kind == 4) && w->length + span <= ROOM) {
        memmove(here + span, here, after);
        if (kind == 2) *here = byte;
        w->length += span;
    }
}

static void write_text(Writer *w) {
    w->length = 0, w->text[0] = '\0';
    put_any(w);
    const size_t way = below(w, 8);
    if (way == 0) { /* the beginning of one and the end of another */
        static char tail[ROOM + 1];
        const size_t from = below(w, w->length + 1), length = w->length - from;
        memcpy(tail, w->text + from, length + 1);
        w->length = 0, w->text[0] = '\0';
        put_any(w);
        w->length = below(w, w->length + 1), w->text[w->length] = '\0';
        put(w, tail);
    }
    for (size_t i = way > 0 && way < 5 ? below(w, 4) : 0; i > 0; i--) mutate(w);
}

/* ---- what must hold -------------------------------------------------------------- */

typedef struct Fuzz {
    Arena *arena;
    uint64_t seed, number;
    const char *text;
    size_t norms, nets;      /* accepted */
    size_t of[MOST_KINDS];   /* norms of each kind */
    size_t deepest, longest; /* canonical spec that was accepted */
} Fuzz;

static void show_text(const char *text) {
    for (; *text; text++)
        if (isprint((unsigned char)*text) && *text != '\\')
            print_error("%c", *text);
        else
            print_error("\\x%02x", (unsigned char)*text);
    print_error("\n");
}

#define HOLDS(fuzz, condition, ...)                                                      \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            print_error("%s: ", #condition), print_error(__VA_ARGS__);                   \
            print_error("\nagain: test-spec_fuzz 1 %llu %llu\ntext: ",                   \
                        (unsigned long long)(fuzz)->seed,                                \
                        (unsigned long long)(fuzz)->number);                             \
            show_text((fuzz)->text);                                                     \
            _fail(__FILE__, __LINE__);                                                   \
        }                                                                                \
    } while (0)

static bool is_plain(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f) return false;
    return *text == '\0';
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
    HOLDS(f, error->code == EX_USAGE, "%s: exit code %d", who, error->code);
    const char *line = spec_error(f->arena, f->text, error);
    HOLDS(f, is_plain(line), "%s: '%s'", who, line);
}

static size_t depth_of(const Spec *spec) {
    size_t deepest = 0;
    for (size_t i = 0; i < spec->count; i++) {
        const size_t depth = depth_of(spec->args[i].value);
        if (depth > deepest) deepest = depth;
    }
    return deepest + 1;
}

/* A canonical spec is a spec, and canonical. */
static void fixed_point(Fuzz *f, const Norm *norm, size_t channels) {
    BaseError error = {.set = false};
    const Norm *again = norm_new(f->arena, norm->spec, channels, &error);
    HOLDS(f, again != NULL, "'%s' for %zu channels: %s", norm->spec, channels,
          error.message);
    HOLDS(f, strcmp(again->spec, norm->spec) == 0, "'%s' becomes '%s'", norm->spec,
          again->spec);
    HOLDS(f, again->params == norm->params && again->states == norm->states,
          "'%s' is another normalizer", norm->spec);
    const Spec *spec = spec_parse(f->arena, norm->spec, &error);
    HOLDS(f, strcmp(spec_print(f->arena, spec), norm->spec) == 0, "'%s' is printed '%s'",
          norm->spec, spec_print(f->arena, spec));
    const size_t depth = depth_of(spec), length = strlen(norm->spec);
    if (depth > f->deepest) f->deepest = depth;
    if (length > f->longest) f->longest = length;
}

/* On a batch of four: it fits and has cells of more than one element, or says why not. */
static void see_a_batch(const Fuzz *f, const Norm *norm, size_t channels) {
    const ShapeLattice x = {4, channels, 3};
    BaseError error = {.set = false};
    bool fits = norm_fits(f->arena, norm, x, NORM_TRAIN, &error) &&
                norm_standardizes(f->arena, norm, x, NORM_TRAIN, &error);
    HOLDS(f, fits == !error.set && (fits || is_plain(error.message)), "'%s': '%s'",
          norm->spec, error.set ? error.message : "");
}

/* In every layer of a small network: it stands there, or a layer says why not. */
static void see_a_network(const Fuzz *f, const char *text) {
    const NetFace face = net_of_images(1, 6, 5, 3);
    BaseError error = {.set = false};
    const Net *net = net_new(f->arena, "resnet(depth=8, width=2)",
                             (NetNorms){.all = text}, face, 4, &error);
    HOLDS(f, (net != NULL) == !error.set, "net_new: '%s'", error.message);
    HOLDS(f, net || (is_plain(error.message) && strstr(error.message, "layer ")),
          "net_new: '%s'", error.message);
}

static void read_norms(Fuzz *f, const char *text) {
    static const size_t channels[] = {0, 1, 2, 3, 8, 16};
    const Draw draw = {.seed = f->seed, .purpose = DRAW_TEST, .sample = f->number};
    const size_t one = 1 + draw_below(draw, UINT64_MAX, COUNT_OF(channels) - 1);
    bool any_channels = false;
    for (size_t i = 0; i < COUNT_OF(channels); i++) {
        if (i > 0 && i != one && !any_channels) continue; /* wrong at any number */
        const ArenaMark mark = arena_mark(f->arena);
        BaseError error = {.set = false};
        const Norm *norm = norm_new(f->arena, text, channels[i], &error);
        sound(f, "norm_new", norm != NULL, &error);
        HOLDS(f, norm == NULL || i == 0 || any_channels,
              "accepted for %zu channels and not for any number", channels[i]);
        if (norm) fixed_point(f, norm, channels[i]);
        if (norm && i == 0) any_channels = true, f->norms++, f->of[norm_rank(norm)]++;
        if (norm && i > 0) see_a_batch(f, norm, channels[i]);
        arena_rewind(f->arena, mark);
    }
    if (any_channels && f->norms % 4 == 0) see_a_network(f, text);
    Config config = config_default(f->arena);
    BaseError error = {.set = false};
    bool set = config_set(&config, f->arena, "norm", text, &error);
    sound(f, "norm=", set, &error);
    const bool places = strchr(text, ';') != NULL; /* a list of patterns begins there */
    HOLDS(f, set == any_channels || places, "norm=: %s",
          set ? "accepted" : error.message);
    const char *rule = text_print(f->arena, "batch; stage*.norm1=%s", text);
    error.set = false;
    set = config_set(&config, f->arena, "norm", rule, &error);
    HOLDS(f, set == any_channels || places, "%s: %s", rule,
          set ? "accepted" : error.message);
}

static void read_net(Fuzz *f, const char *text) {
    BaseError error = {.set = false};
    const char *net = net_canonical(f->arena, text, &error);
    sound(f, "net_canonical", net != NULL, &error);
    if (net == NULL) return;
    f->nets++;
    const char *again = net_canonical(f->arena, net, &error);
    HOLDS(f, again && strcmp(net, again) == 0, "'%s' becomes '%s'", net,
          again ? again : error.message);
}

static void read_spec(Fuzz *f, const char *text) {
    BaseError error = {.set = false};
    const Spec *spec = spec_parse(f->arena, text, &error);
    sound(f, "spec_parse", spec != NULL, &error);
    if (spec) {
        const char *once = spec_print(f->arena, spec);
        const Spec *again = spec_parse(f->arena, once, &error);
        if (again) /* what is printed may be longer than what is read */
            HOLDS(f, strcmp(spec_print(f->arena, again), once) == 0, "'%s'", once);
        else
            HOLDS(f, strlen(once) > SPEC_MAX_LENGTH, "'%s': %s", once, error.message);
    }
    size_t items, length = strlen(text);
    spec_list(f->arena, text, &items);
    HOLDS(f, items >= 1 && items <= length + 1, "%zu items", items);
    HOLDS(f, strlen(spec_slug(f->arena, text)) <= length, "slug");
}

static bool is_net(const char *text) {
    size_t count;
    const NetKind *const *kind = net_kinds(&count);
    bool is = false;
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(net_name(kind[i]));
        is |= strncmp(text + strspn(text, " \t"), net_name(kind[i]),
                      length < 4 ? length : 4) == 0;
    }
    return is;
}

/* ---- runs ------------------------------------------------------------------------ */

/* Memory: blocks double from 64 KiB on, so ten are 64 MiB. */
enum { MOST_BLOCKS = 10 };

static void fuzz(Fuzz *f, size_t count, uint64_t seed, uint64_t from) {
    Arena *own = arena_new();
    Writer *w = ZERO(own, Writer, 1);
    w->language = language_new(own);
    *f = (Fuzz){.arena = arena_new(), .seed = seed};
    const ArenaMark mark = arena_mark(f->arena);
    for (uint64_t i = 0; i < count; i++, arena_rewind(f->arena, mark)) {
        f->number = from + i;
        w->draw = (Draw){.seed = seed, .purpose = DRAW_TEST, .sample = f->number};
        w->index = 0;
        write_text(w);
        char *exact = malloc(w->length + 1); /* so that a byte too many shows */
        memcpy(exact, w->text, w->length + 1);
        f->text = exact;
        read_spec(f, exact);
        read_norms(f, exact);
        if (is_net(exact) || i % 256 == 0) read_net(f, exact);
        HOLDS(f, arena_blocks(f->arena) <= MOST_BLOCKS, "%zu blocks",
              arena_blocks(f->arena));
        free(exact);
    }
    arena_free(f->arena);
    arena_free(own);
}

static void any_text_is_read_or_refused(void **state) {
    (void)state;
    size_t kinds;
    const NormKind *const *kind = norm_kinds(&kinds);
    Fuzz f;
    fuzz(&f, SHORT_RUN, 1, 0);
    /* The texts are worth something only if many of them are specs. */
    assert_true(f.norms > SHORT_RUN / 10 && f.nets > SHORT_RUN / 1000);
    for (size_t i = 0; i < kinds; i++)
        if (f.of[i] == 0) fail_msg("no text was a %s", norm_name(kind[i]));
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
    size_t kinds;
    const NormKind *const *kind = norm_kinds(&kinds);
    printf(
        "seed %llu, texts %llu to %llu: %zu norms, %zu networks, canonical specs up to "
        "%zu deep and %zu bytes\n",
        (unsigned long long)seed, (unsigned long long)from, (unsigned long long)f->number,
        f->norms, f->nets, f->deepest, f->longest);
    for (size_t i = 0; i < kinds; i++)
        printf("%s%s %zu", i ? ", " : "", norm_name(kind[i]), f->of[i]);
    puts("");
    if (status == 0) return 0;
    printf("ended by the last: test-spec_fuzz 1 %llu %llu\n", (unsigned long long)seed,
           (unsigned long long)f->number);
    return 1;
}

int main(int argc, char **argv) {
    size_t value[3] = {0, 1, 0}; /* COUNT, SEED, FROM */
    if (argc < 2 || !isdigit((unsigned char)argv[1][0]))
        return harness_main(argc, argv, "spec_fuzz", CASES, COUNT_OF(CASES));
    for (int i = 1; i < argc; i++)
        if (i > 3 || !text_to_count(argv[i], &value[i - 1])) {
            fputs("test-spec_fuzz [COUNT [SEED [FROM]]]\n", stderr);
            return EX_USAGE;
        }
    return long_run(value[0], value[1], value[2]);
}
