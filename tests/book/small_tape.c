/* Reverse-mode differentiation of programs over arrays in two hundred lines, as
 * notes/14-tape.md builds it up; then a program, and questions to it. It needs nothing else:
 * cc small_tape.c -lm.
 *
 *     small_tape             1 3 4 5 7 standardized, with first and second derivatives
 *     small_tape X X X X X   five other numbers
 *     small_tape nodes       every node of the tape: value and adjoint
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//> node
enum { FIVE = 5, NODES = 1000 };

typedef struct Op Op;

typedef struct Node {
    const Op *op;         /* computed it; NULL: a leaf, whose value was given */
    struct Node *in[2];   /* the operands */
    size_t count;         /* of elements, FIVE or 1 */
    double value[FIVE];   /* [count] */
    struct Node *adjoint; /* while gradient() runs */
} Node;

typedef struct Tape {
    size_t count;
    Node node[NODES]; /* in the order in which they were computed */
} Tape;
//< node

//> op
struct Op {
    const char *name;
    void (*forward)(Node *y, const double *a, const double *b); /* fills y->value */
    void (*adjoint)(Tape *t, Node *y, Node *g, Node **dx);      /* writes dx[operand] */
};
//< op

//> write
static Node *next(Tape *t) {
    if (t->count == NODES) {
        fprintf(stderr, "small_tape: more than %d nodes\n", NODES);
        exit(1);
    }
    return &t->node[t->count++];
}

static Node *compute(Tape *t, const Op *op, size_t count, Node *a, Node *b) {
    Node *y = next(t);
    *y = (Node){.op = op, .in = {a, b}, .count = count};
    op->forward(y, a->value, b ? b->value : NULL);
    return y;
}
//< write

static Node *leaf(Tape *t, size_t count, const double *value) {
    Node *x = next(t);
    *x = (Node){.count = count};
    memcpy(x->value, value, count * sizeof *value);
    return x;
}

static Node *number(Tape *t, double value) {
    return leaf(t, 1, &value);
}

/* ---- operations: forward, adjoint, and the call that writes a node ---------------- */

//> operations
static Node *add(Tape *t, Node *a, Node *b);
static Node *neg(Tape *t, Node *a);
static Node *mul(Tape *t, Node *a, Node *b);
static Node *over(Tape *t, Node *a, Node *b);
static Node *root(Tape *t, Node *a);
static Node *sum(Tape *t, Node *a);                  /* of all elements, one number */
static Node *spread(Tape *t, Node *a, size_t count); /* one number, to all elements */
//< operations

static void add_forward(Node *y, const double *a, const double *b) {
    for (size_t i = 0; i < y->count; i++) y->value[i] = a[i] + b[i];
}

static void add_adjoint(Tape *t, Node *y, Node *g, Node **dx) {
    (void)t, (void)y;
    dx[0] = dx[1] = g;
}

static const Op ADD = {"add", add_forward, add_adjoint};

static Node *add(Tape *t, Node *a, Node *b) {
    return compute(t, &ADD, a->count, a, b);
}

static void neg_forward(Node *y, const double *a, const double *b) {
    (void)b;
    for (size_t i = 0; i < y->count; i++) y->value[i] = -a[i];
}

static void neg_adjoint(Tape *t, Node *y, Node *g, Node **dx) {
    (void)y;
    dx[0] = neg(t, g);
}

static const Op NEG = {"neg", neg_forward, neg_adjoint};

static Node *neg(Tape *t, Node *a) {
    return compute(t, &NEG, a->count, a, NULL);
}

//> mul
static void mul_forward(Node *y, const double *a, const double *b) {
    for (size_t i = 0; i < y->count; i++) y->value[i] = a[i] * b[i];
}

static void mul_adjoint(Tape *t, Node *y, Node *g, Node **dx) {
    dx[0] = mul(t, g, y->in[1]);
    dx[1] = mul(t, g, y->in[0]);
}

static const Op MUL = {"mul", mul_forward, mul_adjoint};

static Node *mul(Tape *t, Node *a, Node *b) {
    return compute(t, &MUL, a->count, a, b);
}
//< mul

static void over_forward(Node *y, const double *a, const double *b) {
    for (size_t i = 0; i < y->count; i++) y->value[i] = a[i] / b[i];
}

static void over_adjoint(Tape *t, Node *y, Node *g, Node **dx) {
    dx[0] = over(t, g, y->in[1]);
    dx[1] = neg(t, mul(t, dx[0], y));
}

static const Op OVER = {"over", over_forward, over_adjoint};

static Node *over(Tape *t, Node *a, Node *b) {
    return compute(t, &OVER, a->count, a, b);
}

static void root_forward(Node *y, const double *a, const double *b) {
    (void)b;
    for (size_t i = 0; i < y->count; i++) y->value[i] = sqrt(a[i]);
}

static void root_adjoint(Tape *t, Node *y, Node *g, Node **dx) {
    dx[0] = over(t, g, add(t, y, y));
}

static const Op ROOT = {"root", root_forward, root_adjoint};

static Node *root(Tape *t, Node *a) {
    return compute(t, &ROOT, a->count, a, NULL);
}

static void sum_forward(Node *y, const double *a, const double *b) {
    (void)b;
    for (size_t i = 0; i < y->in[0]->count; i++) y->value[0] += a[i];
}

//> pair
static void sum_adjoint(Tape *t, Node *y, Node *g, Node **dx) {
    dx[0] = spread(t, g, y->in[0]->count);
}

static void spread_adjoint(Tape *t, Node *y, Node *g, Node **dx) {
    (void)y;
    dx[0] = sum(t, g);
}
//< pair

static const Op SUM = {"sum", sum_forward, sum_adjoint};

static Node *sum(Tape *t, Node *a) {
    return compute(t, &SUM, 1, a, NULL);
}

static void spread_forward(Node *y, const double *a, const double *b) {
    (void)b;
    for (size_t i = 0; i < y->count; i++) y->value[i] = a[0];
}

static const Op SPREAD = {"spread", spread_forward, spread_adjoint};

static Node *spread(Tape *t, Node *a, size_t count) {
    return compute(t, &SPREAD, count, a, NULL);
}

/* ---- the way back ----------------------------------------------------------------- */

//> gradient
static void gather(Tape *t, Node *x, Node *g) {
    x->adjoint = x->adjoint ? add(t, x->adjoint, g) : g;
}

/* The derivatives of the number y by the elements of x. */
static Node *gradient(Tape *t, Node *y, Node *x) {
    for (Node *k = t->node; k <= y; k++) k->adjoint = NULL;
    y->adjoint = number(t, 1.0);
    for (Node *k = y; k > x; k--) {
        if (k->op == NULL || k->adjoint == NULL) continue;
        Node *dx[2];
        k->op->adjoint(t, k, k->adjoint, dx);
        for (size_t i = 0; i < 2; i++)
            if (k->in[i]) gather(t, k->in[i], dx[i]);
    }
    return x->adjoint ? x->adjoint : spread(t, number(t, 0.0), x->count);
}
//< gradient

/* ---- a program, and questions to it ------------------------------------------------ */

//> standardize
static Node *standardize(Tape *t, Node *x) {
    Node *m = number(t, (double)x->count);
    Node *mean = over(t, sum(t, x), m);
    Node *d = add(t, x, neg(t, spread(t, mean, x->count)));
    Node *variance = over(t, sum(t, mul(t, d, d)), m);
    return over(t, d, spread(t, root(t, variance), x->count));
}
//< standardize

static const double U[FIVE] = {1, -2, 3, 0, 2}, V[FIVE] = {1, 0, -1, 2, 0};

//> loss
static Node *loss(Tape *t, Node *x) {
    Node *y = standardize(t, x), *u = leaf(t, FIVE, U);
    return sum(t, mul(t, y, u));
}
//< loss

//> twice
static Node *second(Tape *t, Node *x, Node *dx) {
    Node *v = leaf(t, FIVE, V);
    return gradient(t, sum(t, mul(t, dx, v)), x);
}
//< twice

static Tape tape;

//> difference
static double loss_at(const double *x, size_t i, double step) {
    tape.count = 0;
    Node *moved = leaf(&tape, FIVE, x);
    moved->value[i] += step;
    return loss(&tape, moved)->value[0];
}

static double difference(const double *x, size_t i, double step) {
    return (loss_at(x, i, step) - loss_at(x, i, -step)) / (2.0 * step);
}
//< difference

static void print(const char *name, const double *value, size_t count) {
    printf("%s", name);
    for (size_t i = 0; i < count; i++) printf(" %.17g", value[i]);
    printf("\n");
}

static void print_derivatives(const double *start) {
    double slope[FIVE];
    for (size_t i = 0; i < FIVE; i++) slope[i] = difference(start, i, 1e-4);
    tape.count = 0;
    Node *x = leaf(&tape, FIVE, start), *l = loss(&tape, x);
    const size_t forward = tape.count;
    Node *dx = gradient(&tape, l, x);
    const size_t backward = tape.count;
    Node *twice = second(&tape, x, dx);
    print("loss", l->value, 1);
    print("first", dx->value, FIVE);
    print("differences", slope, FIVE);
    print("second", twice->value, FIVE);
    printf("nodes %zu %zu %zu\n", forward, backward, tape.count);
}

/* A block of three lines for each: what it is, its value, its adjoint. */
static void print_nodes(const double *start) {
    tape.count = 0;
    Node *x = leaf(&tape, FIVE, start), *l = loss(&tape, x);
    gradient(&tape, l, x);
    for (const Node *k = tape.node; k <= l; k++) {
        printf("%s", k->op ? k->op->name : "leaf");
        for (size_t i = 0; i < 2; i++)
            if (k->in[i]) printf(" %d", (int)(k->in[i] - tape.node));
        print("\nvalue", k->value, k->count);
        print("adjoint", k->adjoint->value, k->count);
    }
}

int main(int argc, char **argv) {
    double x[FIVE] = {1, 3, 4, 5, 7};
    for (size_t i = 0; argc == FIVE + 1 && i < FIVE; i++) x[i] = atof(argv[i + 1]);
    if (argc == 2 && strcmp(argv[1], "nodes") == 0)
        print_nodes(x);
    else
        print_derivatives(x);
    return 0;
}
