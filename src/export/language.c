/* How each language spells an operation of the tape, and the helpers of which the spelling is a call.
 * In a spelling `$` is the language's module, @1 to @3 are operands, @s the shape, @a axes, @w a
 * window, @c a choice, @d what pad is told, @p a partition, @n an exponent. */
#include "helpers.h"
#include "internal.h"

#include <string.h>

const char *const EXPORT_NAMES[] = {"torch", "numpy", "jax", NULL};

static const Language LANGUAGES[] = {{"torch", "self.", "", false},
                                     {"np", "params[\"", "\"]", true},
                                     {"jnp", "params[\"", "\"]", true}};

const Language *language_of(ExportTo to) {
    return &LANGUAGES[to];
}

typedef struct Spelling {
    const char *op;
    Binding binding;
    const char *text, *torch; /* torch: where it is another; NULL: the same */
} Spelling;

static const Spelling SPELLINGS[] = {
    {"neg", BINDS_SIGN, "-@1", NULL},
    {"exp", BINDS_CALL, "$.exp(@1)", NULL},
    {"log", BINDS_CALL, "$.log(@1)", NULL},
    {"sqrt", BINDS_CALL, "$.sqrt(@1)", NULL},
    {"tanh", BINDS_CALL, "$.tanh(@1)", NULL},
    {"sigmoid", BINDS_CALL, "_sigmoid(@1)", "torch.sigmoid(@1)"},
    {"erf", BINDS_CALL, "_erf(@1)", "torch.erf(@1)"},
    {"bell", BINDS_CALL, "_bell(@1)", NULL},
    {"relu", BINDS_CALL, "_relu(@1)", "torch.relu(@1)"},
    {"step", BINDS_CALL, "_step(@1)", NULL},
    {"add", BINDS_SUM, "@1 + @2", NULL},
    {"sub", BINDS_SUM, "@1 - @2", NULL},
    {"mul", BINDS_PRODUCT, "@1 * @2", NULL},
    {"div", BINDS_PRODUCT, "@1 / @2", NULL},
    {"max", BINDS_CALL, "_max(@1, @2)", NULL},
    {"power", BINDS_CALL, "_power(@1, @n)", NULL},
    {"select", BINDS_CALL, "_where(@1, @2, @3)", NULL},
    {"detach", BINDS_CALL, "_held(@1)", NULL},
    {"broadcast", BINDS_CALL, "_repeat(@1, @s)", NULL},
    {"sum", BINDS_CALL, "_sum(@1, @s)", NULL},
    {"mean", BINDS_CALL, "_mean@p", NULL},
    {"spread", BINDS_CALL, "_spread@p", NULL},
    {"reshape", BINDS_CALL, "@1.reshape(@s)", NULL},
    {"permute", BINDS_CALL, "@1.transpose(@a)", "@1.permute(@a)"},
    {"slice", BINDS_CALL, "@1[@w]", NULL},
    {"gather", BINDS_CALL, "_take@c", NULL},
    {"pad", BINDS_CALL, "_pad(@1, @d)", NULL},
    {"matmul", BINDS_PRODUCT, "@1 @ @2", NULL},
    {"softmax", BINDS_CALL, "_softmax(@1)", "torch.softmax(@1, -1)"},
    {"largest", BINDS_CALL, "_largest(@1)", NULL},
};

const char *language_op(ExportTo to, const char *op, Binding *binding) {
    for (size_t i = 0; i < COUNT_OF(SPELLINGS); i++) {
        const Spelling *s = &SPELLINGS[i];
        if (strcmp(s->op, op) != 0) continue;
        *binding = s->binding;
        return to == EXPORT_TORCH && s->torch ? s->torch : s->text;
    }
    return NULL;
}

/* ---- helpers ------------------------------------------------------------------------------ */

/* Whether the text calls it: its name and a parenthesis. */
static bool calls(const char *text, const char *name) {
    const size_t length = strlen(name);
    for (const char *at = text; (at = strstr(at, name)) != NULL; at += length)
        if (at[length] == '(') return true;
    return false;
}

/* `$` is the module. */
static void add_for(Text *out, const char *text, ExportTo to) {
    for (const char *c = text; *c; c++)
        *c == '$' ? text_add(out, "%s", language_of(to)->module)
                  : text_add(out, "%c", *c);
}

void language_helpers(Text *out, ExportTo to, const char *body) {
    bool wanted[HELPERS] = {false};
    for (size_t i = HELPERS; i-- > 0;) { /* those that are called stand before */
        const Helper *h = &helpers[i];
        wanted[i] = wanted[i] || calls(body, h->name);
        for (size_t k = 0; wanted[i] && k < i; k++)
            wanted[k] = wanted[k] ||
                        calls(h->text[to] ? h->text[to] : h->text[1], helpers[k].name);
    }
    for (size_t i = 0; i < HELPERS; i++)
        if (wanted[i])
            add_for(out, helpers[i].text[to] ? helpers[i].text[to] : helpers[i].text[1],
                    to);
}
