/* checking: what the chapter on checking shows (notes/15-checking.md). */
#ifndef NORMLAB_CHECKING_H
#define NORMLAB_CHECKING_H

#include "study.h"

FigureMaker checking_steps;    /* errors of derivatives over steps */
FigureMaker checking_variance; /* errors of variances over means */

#endif
