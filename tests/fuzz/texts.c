/* Languages: what is read is printed and read again, or the error points into the text. */
#include "fuzz.h"
#include "config.h"
#include "equation.h"
#include "net.h"
#include "norm.h"
#include "spec.h"

#include <string.h>

static void read_norm(const Fuzz *fuzz, const char *text) {
    BaseError error = {.set = false};
    const Norm *norm = norm_new(fuzz->arena, text, 4, &error);
    fuzz_answered(fuzz, norm != NULL, &error, strlen(text));
    if (norm == NULL) return;
    const Norm *again = norm_new(fuzz->arena, norm->spec, 4, &error);
    HOLDS(fuzz, again && strcmp(again->spec, norm->spec) == 0, "'%s' is read as '%s'",
          norm->spec, again ? again->spec : error.message);
}

static void read_net(const Fuzz *fuzz, const char *text) {
    BaseError error = {.set = false};
    const char *net = net_canonical(fuzz->arena, text, &error);
    fuzz_answered(fuzz, net != NULL, &error, strlen(text));
    if (net == NULL) return;
    const char *again = net_canonical(fuzz->arena, net, &error);
    HOLDS(fuzz, again && strcmp(net, again) == 0, "'%s' is read as '%s'", net,
          again ? again : error.message);
}

void fuzz_spec(Fuzz *fuzz) {
    BaseError error = {.set = false};
    const char *text = fuzz_text(fuzz, SPEC_MAX_LENGTH + 16);
    if (text == NULL) return;
    const Spec *spec = spec_parse(fuzz->arena, text, &error);
    fuzz_answered(fuzz, spec != NULL, &error, strlen(text));
    if (spec) {
        const char *once = spec_print(fuzz->arena, spec);
        const Spec *again = spec_parse(fuzz->arena, once, &error);
        HOLDS(fuzz,
              again ? strcmp(spec_print(fuzz->arena, again), once) == 0
                    : strlen(once) > SPEC_MAX_LENGTH,
              "'%s'", once);
    } else {
        HOLDS(fuzz, strchr(spec_error(fuzz->arena, text, &error), '\n') == NULL, "lines");
    }
    read_norm(fuzz, text);
    read_net(fuzz, text);
}

void fuzz_equation(Fuzz *fuzz) {
    BaseError error = {.set = false};
    const char *text = fuzz_text(fuzz, EQUATION_MOST_LENGTH + 16);
    size_t count, one;
    if (text == NULL) return;
    const Equation *const *all = equation_read(fuzz->arena, text, &count, &error);
    fuzz_answered(fuzz, all != NULL, &error, strlen(text));
    if (all == NULL) {
        HOLDS(fuzz, *equation_error(fuzz->arena, "a.norm", text, &error),
              "nothing is said");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *once = equation_print(fuzz->arena, all[i]);
        const Equation *const *again = equation_read(fuzz->arena, once, &one, &error);
        HOLDS(fuzz, again && one == 1, "'%s': %s", once, error.message);
        HOLDS(fuzz, strcmp(equation_print(fuzz->arena, again[0]), once) == 0, "'%s'",
              once);
        HOLDS(fuzz, *equation_tex(fuzz->arena, all[i]), "'%s' has no TeX", once);
    }
}

/* A line is a key, = and its value. */
static void set(const Fuzz *fuzz, Config *config, char *line) {
    BaseError error = {.set = false};
    char *value = strchr(line, '=');
    if (value == NULL) return;
    *value++ = '\0';
    const bool good = config_set(config, fuzz->arena, line, value, &error);
    fuzz_answered(fuzz, good, &error, strlen(value));
}

void fuzz_config(Fuzz *fuzz) {
    char *text = (char *)(uintptr_t)fuzz_text(fuzz, 1 << 13), *rest = text;
    if (text == NULL) return;
    Config config = config_default(fuzz->arena), again = config_default(fuzz->arena);
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) set(fuzz, &config, line);
    for (size_t i = 0; i < CONFIG_KEYS; i++) {
        BaseError error = {.set = false};
        const char *key = config_keys()[i].name,
                   *value = config_text(&config, fuzz->arena, key);
        HOLDS(fuzz, config_set(&again, fuzz->arena, key, value, &error), "%s=%s: %s", key,
              value, error.message);
    }
    again.init.sha256 = config.init.sha256;
    const char *said = config_canonical(&config, fuzz->arena),
               *repeated = config_canonical(&again, fuzz->arena);
    HOLDS(fuzz, strcmp(said, repeated) == 0, "'%s' is read as '%s'", said, repeated);
}
