/* The step that comes, looked at and not done: on a copy of the trainer that has other weights, a
 * state of its own and nowhere to count. It shares what each step overwrites: the workers' losses,
 * gradients and observations. */
#include "internal.h"

#include <string.h>

Coming coming_step(const Trainer *t) {
    const size_t all = t->steps * t->config.epochs;
    size_t done = (size_t)t->counters->step;
    const bool over = done > 0 && done >= all; /* the last again */
    if (over) done--;
    return (Coming){done / t->steps, done % t->steps, !over && done % t->steps == 0};
}

/* The trainer that looks, of the same run. */
static Trainer looking(const Trainer *t, Arena *own, Coming coming) {
    const size_t S = t->net->states;
    Trainer view = *t;
    view.state = TAKE(own, double, S + 1);
    if (S > 0) memcpy(view.state, t->state, S * sizeof *t->state);
    if (coming.begins) state_adapt_to(t, coming.epoch, view.state, NULL);
    return view;
}

double trainer_gradient(Trainer *t, const double *weights, double *gradient) {
    Arena *own = arena_new();
    const Coming coming = coming_step(t);
    Trainer view = looking(t, own, coming);
    if (weights) {
        view.theirs = NULL;
        view.weights = TAKE(own, double, t->net->weights + 1);
        memcpy(view.weights, weights, t->net->weights * sizeof *weights);
    }
    if (gradient == NULL) view.shares = NULL;
    workers_run(&view, coming.epoch, coming.step, true);
    if (gradient) {
        view.gradient = gradient;
        workers_sum(&view);
    }
    arena_free(own);
    return workers_loss(t);
}

/* ---- at the normalizers ------------------------------------------------------------ */

bool config_has_places(const Config *config, BaseError *error) {
    const Sizes *sizes = &config->sizes;
    return sizes->count < 2 || sizes->alike || config->workers == 1 ||
           base_fail(
               error, EX_USAGE, 0,
               "sizes=mix(...): workers of one step see images of several sizes, which "
               "are no one tensor; alternate(...), or workers=1, would do");
}

/* Of all workers; which symbols are padding nobody knows before the network has run. */
static TrainPlace place_new(Arena *arena, const Net *net, size_t n, size_t workers) {
    TrainPlace p = {.place = &net->norm[n], .shape = net->norm[n].shape};
    p.shape.size[0] *= workers;
    const size_t count = shape_count(p.shape);
    const ShapeLattice cell = shape_lattice(p.shape);
    p.x = TAKE(arena, double, count);
    p.y = TAKE(arena, double, count);
    p.dx = TAKE(arena, double, count);
    p.dy = TAKE(arena, double, count);
    if (net->face.input[0].symbols > 0)
        p.there = TAKE(arena, unsigned char, cell.N *cell.L);
    return p;
}

static TrainBranch branch_new(Arena *arena, const Net *net, size_t n, size_t workers) {
    TrainBranch b = {.place = &net->branch[n], .shape = net->branch[n].shape};
    b.shape.size[0] *= workers;
    const size_t count = shape_count(b.shape);
    const ShapeLattice cell = shape_lattice(b.shape);
    b.skip = TAKE(arena, double, count);
    b.branch = TAKE(arena, double, count);
    if (net->face.input[0].symbols > 0)
        b.there = TAKE(arena, unsigned char, cell.N *cell.L);
    return b;
}

/* A worker's part, [N, L] of `there`. */
static void see_mask(unsigned char *there, const unsigned char *mask, Shape shape,
                     size_t worker) {
    const ShapeLattice l = shape_lattice(shape);
    const size_t cells = l.N * l.L;
    if (there == NULL) return;
    if (mask)
        memcpy(there + worker * cells, mask, cells);
    else
        memset(there + worker * cells, 1, cells);
}

static void see_place(const TrainPlace *p, Tape *tape, const NetWatch *watch,
                      size_t worker) {
    TapeNode *in = watch->in, *out = watch->out;
    const size_t count = shape_count(in->shape), from = worker * count;
    REQUIRE(shape_equal(in->shape, p->place->shape), "%s: not as it was declared",
            p->place->name);
    memcpy(p->x + from, in->value, count * sizeof *p->x);
    memcpy(p->y + from, out->value, count * sizeof *p->y);
    tape_watch(tape, in, p->dx + from);
    tape_watch(tape, out, p->dy + from);
    see_mask(p->there, watch->mask, in->shape, worker);
}

static void see_branch(const TrainBranch *b, const NetWatch *watch, size_t worker) {
    const size_t count = shape_count(watch->in->shape), from = worker * count;
    REQUIRE(shape_equal(watch->in->shape, b->place->shape), "%s: not as it was declared",
            b->place->name);
    memcpy(b->skip + from, watch->in->value, count * sizeof *b->skip);
    memcpy(b->branch + from, watch->out->value, count * sizeof *b->branch);
    see_mask(b->there, watch->mask, watch->in->shape, worker);
}

void see_worker(const Trainer *t, const NetPass *pass, size_t worker) {
    const TrainSeen *seen = t->seen;
    for (size_t i = 0; i < seen->places; i++)
        see_place(&seen->place[i], pass->tape, &pass->watch[i], worker);
    for (size_t i = 0; i < seen->branches; i++)
        see_branch(&seen->branch[i], &pass->watch_branch[i], worker);
}

/* The loss is the mean over workers. */
static void share_out(const TrainPlace *p, double workers) {
    const size_t count = shape_count(p->shape);
    for (size_t i = 0; i < count; i++) p->dx[i] /= workers;
    for (size_t i = 0; i < count; i++) p->dy[i] /= workers;
}

TrainSeen trainer_places(Trainer *t, Arena *arena) {
    const size_t W = t->config.workers, n = t->net->weights, S = t->net->states;
    const Coming coming = coming_step(t);
    const Net *net = sized_of(t, coming.epoch, coming.step, 0).net;
    TrainSeen seen = {.places = net->norms,
                      .place = TAKE(arena, TrainPlace, net->norms + 1),
                      .branches = net->branches,
                      .branch = TAKE(arena, TrainBranch, net->branches + 1),
                      .gradient = TAKE(arena, double, n),
                      .observed = TAKE(arena, double, W *S + 1)};
    BaseError error = {.set = false};
    REQUIRE(config_has_places(&t->config, &error), "%s", error.message);
    for (size_t i = 0; i < net->norms; i++) seen.place[i] = place_new(arena, net, i, W);
    for (size_t i = 0; i < net->branches; i++)
        seen.branch[i] = branch_new(arena, net, i, W);
    Arena *own = arena_new();
    Trainer view = looking(t, own, coming);
    local_gather(t);
    trainer_share(&view, NULL); /* all of it stands here */
    view.seen = &seen;
    view.gradient = seen.gradient;
    workers_run(&view, coming.epoch, coming.step, true);
    workers_sum(&view);
    seen.loss = workers_loss(t);
    if (S > 0) memcpy(seen.observed, t->observed, W * S * sizeof *t->observed);
    for (size_t i = 0; i < net->norms; i++) share_out(&seen.place[i], (double)W);
    arena_free(own);
    return seen;
}
