/* forms: convolution's forms beside tape_conv2d: x from (y, w), and w from (x, y). */
#ifndef NORMLAB_FORMS_H
#define NORMLAB_FORMS_H

#include "bilinear.h"
#include "tape.h"

TapeNode *tape_conv2d_input(Tape *tape, TapeNode *y, TapeNode *w, const Conv *conv);
TapeNode *tape_conv2d_filter(Tape *tape, TapeNode *x, TapeNode *y, const Conv *conv);

#endif
