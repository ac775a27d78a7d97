/* partitions: what the chapter on partitions shows (notes/11-partitions.md). */
#ifndef NORMLAB_PARTITIONS_H
#define NORMLAB_PARTITIONS_H

#include "study.h"

bool partitions_draw(Figure *figure, const char *const *spec, size_t count);

#endif
