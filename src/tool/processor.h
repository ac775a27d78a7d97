/* processor: what the program was compiled for. */
#ifndef NORMLAB_PROCESSOR_H
#define NORMLAB_PROCESSOR_H

/* A bit for each line of processor.def: the compiler may use it. */
extern const unsigned long long processor_needs;

#endif
