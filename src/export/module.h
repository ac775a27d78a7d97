/* module: the texts of modules that are alike for all normalizers. */
#ifndef NORMLAB_EXPORT_MODULE_H
#define NORMLAB_EXPORT_MODULE_H

typedef struct ModuleText {
    const char *says;    /* how it is used and tested */
    const char *imports; /* after the head */
    const char *train;   /* before the lines of training, of evaluation */
    const char *evaluate;
    const char *alike;   /* instead of the latter, where both are one */
    const char *forward; /* after them: who calls them */
    const char *test;
} ModuleText;

extern const ModuleText MODULES[3]; /* as ExportTo counts */
extern const char TORCH_CLASS[], TORCH_PROJECT[], NUMPY_PARAMETERS[], JAX_PARAMETERS[],
    FUNCTION_STATE[], FUNCTION_PROJECT[], MODULE_MAIN[];

#endif
