/* Letters over photographs: how much of each pixel a letter covers is given, its colour and what stands
 * behind it are drawn. */
#include "source.h"

#include <math.h>

enum { SIDE = GLYPH_SIDE, PLANE = SIDE * SIDE, COLOURS = 3 };

const char *const glyph_class[GLYPH_LETTERS] = {"A", "B", "C", "D", "E",
                                                "F", "G", "H", "I", "J"};

/* How light it is (ITU-R BT.601). */
static const double LIGHT[COLOURS] = {0.299, 0.587, 0.114};

/* A letter is at least so much lighter or darker than the mean of what it covers. */
static const double CONTRAST = 0.4;

static double light_behind(const double *image, const uint8_t *coverage) {
    double sum = 0.0, covered = 0.0;
    for (size_t i = 0; i < PLANE; i++) {
        covered += coverage[i];
        for (size_t c = 0; c < COLOURS; c++)
            sum += LIGHT[c] * coverage[i] * image[c * PLANE + i];
    }
    return covered > 0.0 ? sum / covered : 0.0;
}

/* A colour that can be told from what is behind; one of black and white always can. */
static void draw_colour(double colour[COLOURS], double behind, Draws *draws) {
    enum { TRIES = 16, LEVELS = 256 };
    for (size_t i = 0; i < TRIES; i++) {
        double light = 0.0;
        for (size_t c = 0; c < COLOURS; c++) {
            colour[c] = (double)draws_below(draws, LEVELS) / (LEVELS - 1);
            light += LIGHT[c] * colour[c];
        }
        if (fabs(light - behind) >= CONTRAST) return;
    }
    for (size_t c = 0; c < COLOURS; c++) colour[c] = behind < 0.5 ? 1.0 : 0.0;
}

void glyph_paint(Arena *scratch, uint8_t *image, const uint8_t *coverage,
                 const Pictures *photo, ScenePart part, size_t index) {
    const ArenaMark mark = arena_mark(scratch);
    Draws draws = {.draw = {.purpose = DRAW_DATA, .epoch = 16 + part, .sample = index}};
    double colour[COLOURS], *behind = TAKE(scratch, double, COLOURS *PLANE);
    photo_square(scratch, behind, SIDE, &photo->at[draws_below(&draws, photo->count)],
                 &draws);
    draw_colour(colour, light_behind(behind, coverage), &draws);
    for (size_t c = 0; c < COLOURS; c++)
        for (size_t i = 0; i < PLANE; i++) {
            const double a = coverage[i] / 255.0,
                         v = a * colour[c] + (1.0 - a) * behind[c * PLANE + i];
            image[c * PLANE + i] = (uint8_t)fmin(255.0, floor(255.0 * v + 0.5));
        }
    arena_rewind(scratch, mark);
}
