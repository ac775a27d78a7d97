/* What the machine can do: products of matrices by the library, and memory that is taken. */
#include "bilinear.h"
#include "speed.h"

#include <cblas.h>
#include <dlfcn.h>
#include <math.h>
#include <string.h>

/* ---- a library's product ------------------------------------------------------------ */

/* OpenBLAS takes threads and memory for each as soon as it is loaded, and waits for ever where
 * it gets none: so it is loaded here, for who measures, and by nobody else. */
static void *blas_function(const char *name) {
    void *library = dlopen(NORMLAB_BLAS, RTLD_NOW | RTLD_LOCAL),
         *function = library ? dlsym(library, name) : NULL;
    if (function == NULL)
        die(EX_UNAVAILABLE, "OpenBLAS, beside which is measured, cannot be loaded: %s",
            dlerror());
    return function;
}

typedef void Dgemm(CBLAS_ORDER, CBLAS_TRANSPOSE, CBLAS_TRANSPOSE, blasint, blasint,
                   blasint, double, const double *, blasint, const double *, blasint,
                   double, double *, blasint);

enum { GEMM = 768 };

typedef struct Gemm {
    Dgemm *dgemm;
    double *a[SPEED_THREADS], *b[SPEED_THREADS], *c[SPEED_THREADS];
} Gemm;

static void work_gemm(const SpeedSubject *subject, size_t t) {
    const Gemm *gemm = subject->context;
    gemm->dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, GEMM, GEMM, GEMM, 1.0,
                gemm->a[t], GEMM, gemm->b[t], GEMM, 0.0, gemm->c[t], GEMM);
}

SpeedSubject speed_gemm(const Speed *speed) {
    const size_t n = (size_t)GEMM * GEMM;
    Gemm *gemm = TAKE(speed->arena, Gemm, 1);
    *(void **)&gemm->dgemm = blas_function("cblas_dgemm");
    void (*set_threads)(int);
    *(void **)&set_threads = blas_function("openblas_set_num_threads");
    set_threads(1); /* of each of ours */
    for (size_t t = 0; t < speed->threads; t++) {
        gemm->a[t] = TAKE(speed->arena, double, n);
        gemm->b[t] = TAKE(speed->arena, double, n);
        gemm->c[t] = TAKE(speed->arena, double, n);
        for (size_t i = 0; i < n; i++)
            gemm->a[t][i] = gemm->b[t][i] = 1.0 + (double)(i * 7919 % 1009) / 1009.0;
    }
    return (SpeedSubject){.work = work_gemm, .context = gemm};
}

/* Its configuration begins "OpenBLAS 0.3.21 ". */
const char *speed_blas(Arena *arena) {
    char *(*get_config)(void), *(*get_core)(void);
    *(void **)&get_config = blas_function("openblas_get_config");
    *(void **)&get_core = blas_function("openblas_get_corename");
    const char *config = get_config();
    const char *version = config + strcspn(config, " ");
    version += strspn(version, " ");
    return text_print(arena, "openblas %.*s %s", (int)strcspn(version, " "), version,
                      get_core());
}

double speed_gemm_flops(const Speed *speed, const double *seconds) {
    return 2.0 * pow(GEMM, 3) * (double)speed->threads / speed_median(speed, seconds);
}

/* ---- memory ------------------------------------------------------------------------ */

/* Bytes of a line "KEY   N kB" about this process. */
static double status_bytes(const char *key) {
    char line[256];
    unsigned long long number;
    double found = (double)NAN;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, key, strlen(key)) == 0 &&
            sscanf(line + strlen(key), " %llu", &number) == 1) {
            found = 1024.0 * (double)number;
            break;
        }
    if (file) fclose(file);
    return found;
}

double speed_resident(void) {
    return status_bytes("VmRSS:");
}

double speed_peak(void) {
    return status_bytes("VmHWM:");
}

void speed_forget_peak(void) {
    FILE *file = fopen("/proc/self/clear_refs", "we");
    if (file == NULL) return;
    fputs("5", file);
    fclose(file);
}
