/* Text and numbers as JSON has them. */
#include "tool.h"

#include <math.h>

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
