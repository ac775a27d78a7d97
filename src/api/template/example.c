/* A program that normalizes: batch normalization learns a scale and a shift by gradient descent,
 * remembers moments, and is evaluated by them. After `cmake --install`,
 *     cc example.c $(pkg-config --cflags --libs normlab-api) -o example
 * with PKG_CONFIG_PATH at lib/pkgconfig; by CMake find_package(normlab CONFIG REQUIRED), then
 * target_link_libraries(example PRIVATE normlab::api).
 */
#include <normlab.h>
#include <stdio.h>
#include <string.h>

enum { SAMPLES = 2, CHANNELS = 2, POSITIONS = 3, ALL = SAMPLES * CHANNELS * POSITIONS };

static void print(const char *name, const double *value, size_t count) {
    printf("%-12s", name);
    for (size_t i = 0; i < count; i++) printf(" %8.5f", value[i]);
    putchar('\n');
}

//> call
/* What is left out is NULL: an input as it begins, an output that nobody wants. */
static NormlabCall forward_call(const double *x, const double *const *params,
                                const double *const *state, double *y) {
    NormlabCall call;
    memset(&call, 0, sizeof call);
    call.size = sizeof call, call.samples = SAMPLES, call.positions = POSITIONS;
    call.x = x, call.params = params, call.state = state;
    call.y = y;
    return call;
}
//< call

int main(void) {
    const double x[ALL] = {1, 2, 4, 8, 6, 3,
                           5, 2, 4, 7, 9, 3}, /* [samples][channels][..] */
        wanted[ALL] = {1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0};
    double gamma[CHANNELS] = {1, 1}, beta[CHANNELS] = {0, 0}, mean[CHANNELS] = {0, 0},
           variance[CHANNELS] = {1, 1}, dgamma[CHANNELS], dbeta[CHANNELS], y[ALL],
           dx[ALL], dy[ALL];
    const double *params[] = {gamma, beta}, *state[] = {mean, variance};
    double *dparams[] = {dgamma, dbeta}, *next[] = {mean, variance};
    NormlabError error;
    NormlabNorm *norm = normlab_open("batch(eps=0.5)", CHANNELS, &error);
    if (norm == NULL) {
        fprintf(stderr, "%s\n", error.message);
        return error.code;
    }
    for (size_t i = 0; i < normlab_params(norm); i++)
        printf("learns %s [%zu]\n", normlab_param(norm, i)->name,
               normlab_param(norm, i)->count);

    NormlabCall call = forward_call(x, params, state, y);
    for (int step = 0; step < 20; step++) { /* of the loss |y - wanted|^2 / 2 */
        if (normlab_forward(norm, &call, &error)) break;
        for (size_t i = 0; i < ALL; i++) dy[i] = y[i] - wanted[i];
        NormlabCall back = call;
        back.dy = dy, back.dx = dx, back.dparams = dparams;
        back.next = next; /* the step is taken once: here */
        if (normlab_backward(norm, &back, &error)) break;
        for (size_t c = 0; c < CHANNELS; c++)
            gamma[c] -= 0.05 * dgamma[c], beta[c] -= 0.05 * dbeta[c];
    }
    call.mode = NORMLAB_EVAL;
    if (error.code == NORMLAB_OK) normlab_forward(norm, &call, &error);
    normlab_close(norm);
    if (error.code != NORMLAB_OK) {
        fprintf(stderr, "%s\n", error.message);
        return error.code;
    }
    print("gamma", gamma, CHANNELS);
    print("beta", beta, CHANNELS);
    print("running_mean", mean, CHANNELS);
    print("running_var", variance, CHANNELS);
    print("dx", dx, ALL);
    print("evaluated", y, ALL);
    return 0;
}
