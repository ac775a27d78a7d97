/* Text that every reader accepts: well-formed UTF-8 (RFC 3629, section 4). */
#include "internal.h"
#include "house.h"

#include <string.h>

/* Bytes of the well-formed sequence at `text`, 0 if there is none. The second byte's
 * range keeps out overlong forms, surrogates and what lies beyond U+10FFFF. */
static size_t sequence(const unsigned char *text) {
    const unsigned char first = text[0];
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4) return 0;
    const size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    const unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (text[1] < low || text[1] > high) return 0;
    for (size_t i = 2; i < length; i++)
        if ((text[i] & 0xC0) != 0x80) return 0;
    return length;
}

const char *store_utf8(Arena *arena, const char *text) {
    static const char REPLACEMENT[] = "\xEF\xBF\xBD";
    char *copy = TAKE(arena, char, 3 * strlen(text) + 1);
    char *end = copy;
    while (*text != '\0') {
        const size_t length = sequence((const unsigned char *)text);
        memcpy(end, length > 0 ? text : REPLACEMENT, length > 0 ? length : 3);
        end += length > 0 ? length : 3;
        text += length > 0 ? length : 1;
    }
    *end = '\0';
    return copy;
}
