/* Text and numbers as other languages write them. */
#include "tool.h"

#include <math.h>
#include <string.h>

const char *json_text(Arena *arena, const char *text) {
    Text out = text_new(arena);
    text_add(&out, "\"");
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            text_add(&out, "\\%c", c);
        else if (c == '\n')
            text_add(&out, "\\n");
        else if (c < ' ')
            text_add(&out, "\\u%04x", c);
        else
            text_add(&out, "%c", c);
    }
    text_add(&out, "\"");
    return out.data;
}

const char *json_number(Arena *arena, double value) {
    return isfinite(value) ? text_number(arena, value) : "null";
}

const char *latex_text(Arena *arena, const char *text) {
    Text out = text_new(arena);
    for (; *text; text++) {
        if (strchr("&%$#_{}", *text))
            text_add(&out, "\\%c", *text);
        else if (*text == '|')
            text_add(&out, "$|$");
        else if (*text == '\\' || *text == '^' || *text == '~')
            text_add(&out, "\\char`\\%c{}", *text);
        else
            text_add(&out, "%c", *text);
    }
    return out.data;
}
