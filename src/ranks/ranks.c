/* A group of processes by MPI. Every sum is that of one process. */
#include "ranks.h"
#include "house.h"

#ifdef NORMLAB_MPI
#include <mpi.h>
#include <string.h>

enum { MOST_AT_ONCE = 1 << 30 }; /* MPI counts in int */

struct Ranks {
    Arena *arena, *own; /* what is exchanged is packed in `own` */
    MPI_Comm group;
    size_t me, count;
    size_t which, groups;
    RanksTraffic *traffic;
    int *sends, *from, *gets, *to; /* [count] numbers, and where they begin */
};

bool ranks_built(void) {
    return true;
}

static size_t size_of(MPI_Comm of) {
    int size;
    MPI_Comm_size(of, &size);
    return (size_t)size;
}

static size_t place_in(MPI_Comm of) {
    int place;
    MPI_Comm_rank(of, &place);
    return (size_t)place;
}

static Ranks *group_new(Arena *arena, size_t together) {
    Ranks *r = ZERO(arena, Ranks, 1);
    const size_t me = place_in(MPI_COMM_WORLD);
    r->arena = arena;
    r->own = arena_new();
    r->which = me / together;
    r->groups = size_of(MPI_COMM_WORLD) / together;
    MPI_Comm_split(MPI_COMM_WORLD, (int)r->which, (int)me, &r->group);
    r->me = place_in(r->group);
    r->count = size_of(r->group);
    r->traffic = ZERO(arena, RanksTraffic, 1);
    r->sends = TAKE(arena, int, r->count);
    r->from = TAKE(arena, int, r->count);
    r->gets = TAKE(arena, int, r->count);
    r->to = TAKE(arena, int, r->count);
    return r;
}

Ranks *ranks_begin(Arena *arena, size_t together, BaseError *error) {
    const size_t all = ranks_started().count;
    if (all % together != 0) {
        base_fail(error, EX_USAGE, 0,
                  "--ranks %zu: %zu process%s started, a multiple of %zu is expected: "
                  "mpirun -n %zu normlab run ... --ranks %zu",
                  together, all, all == 1 ? " was" : "es were", together, together,
                  together);
        return NULL;
    }
    int has;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &has);
    if (has < MPI_THREAD_SERIALIZED || size_of(MPI_COMM_WORLD) != all) {
        base_fail(error, EX_UNAVAILABLE, 0,
                  "MPI has %zu process%s, %zu were started, and thread level %d: is the "
                  "launcher of the library that normlab was built with?",
                  size_of(MPI_COMM_WORLD), size_of(MPI_COMM_WORLD) == 1 ? "" : "es", all,
                  has);
        return NULL;
    }
    return group_new(arena, together);
}

void ranks_end(Ranks *r) {
    if (r == NULL) return;
    MPI_Comm_free(&r->group);
    arena_free(r->own);
    MPI_Finalize();
}

size_t ranks_count(const Ranks *r) {
    return r ? r->count : 1;
}

size_t ranks_me(const Ranks *r) {
    return r ? r->me : 0;
}

size_t ranks_groups(const Ranks *r) {
    return r ? r->groups : 1;
}

size_t ranks_group(const Ranks *r) {
    return r ? r->which : 0;
}

RanksTraffic ranks_traffic(const Ranks *r) {
    return r ? *r->traffic : (RanksTraffic){0.0, 0.0};
}

static bool is_alone(const Ranks *r) {
    return ranks_count(r) == 1;
}

/* Numbers that came from others. */
static void count_traffic(const Ranks *r, double numbers) {
    r->traffic->calls += 1.0;
    r->traffic->bytes += numbers * (double)sizeof(double);
}

/* gets and to: the shares of so many things. */
static void lay_out(const Ranks *r, size_t things) {
    for (size_t k = 0; k < r->count; k++) {
        const RanksShare share = ranks_share(r, k, things);
        r->gets[k] = (int)share.count, r->to[k] = (int)share.from;
    }
}

void ranks_gather(const Ranks *r, double *rows, size_t things, size_t width) {
    if (is_alone(r) || things * width == 0) return;
    MPI_Datatype row;
    MPI_Type_contiguous((int)width, MPI_DOUBLE, &row);
    MPI_Type_commit(&row);
    lay_out(r, things);
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, rows, r->gets, r->to, row,
                   r->group);
    MPI_Type_free(&row);
    count_traffic(r, (double)(things - ranks_mine(r, things).count) * (double)width);
}

void ranks_tell(const Ranks *r, double *numbers, size_t count) {
    if (is_alone(r)) return;
    for (size_t from = 0; from < count; from += MOST_AT_ONCE) {
        const size_t left = count - from;
        MPI_Bcast(numbers + from, (int)(left < MOST_AT_ONCE ? left : MOST_AT_ONCE),
                  MPI_DOUBLE, 0, r->group);
    }
    count_traffic(r, r->me == 0 ? 0.0 : (double)count);
}

unsigned ranks_agree(const Ranks *r, unsigned wish) {
    if (is_alone(r)) return wish;
    MPI_Allreduce(MPI_IN_PLACE, &wish, 1, MPI_UNSIGNED, MPI_BOR, r->group);
    count_traffic(r, 1.0);
    return wish;
}

/* All rows' numbers of this rank's block of the columns from..from + n, [things, block]. */
static const double *exchange(const Ranks *r, const double *of, size_t things,
                              size_t stride, size_t from, size_t n) {
    const size_t rows = ranks_mine(r, things).count, block = ranks_mine(r, n).count;
    double *packed = TAKE(r->own, double, rows *n + 1),
           *got = TAKE(r->own, double, things *block + 1), *at = packed;
    for (size_t k = 0; k < r->count; k++) {
        const RanksShare theirs = ranks_share(r, k, n), share = ranks_share(r, k, things);
        r->sends[k] = (int)(rows * theirs.count), r->from[k] = (int)(at - packed);
        r->gets[k] = (int)(share.count * block), r->to[k] = (int)(share.from * block);
        for (size_t i = 0; i < rows; i++, at += theirs.count)
            memcpy(at, of + i * stride + from + theirs.from, theirs.count * sizeof *at);
    }
    MPI_Alltoallv(packed, r->sends, r->from, MPI_DOUBLE, got, r->gets, r->to, MPI_DOUBLE,
                  r->group);
    count_traffic(r, (double)((things - rows) * block));
    return got;
}

//> sum
void ranks_sum(const Ranks *r, double *to, const double *of, size_t things, size_t n,
               RanksSum *sum, const void *context) {
    if (is_alone(r)) {
        sum(to, of, n, n, context);
        return;
    }
    const size_t most = MOST_AT_ONCE / things;
    for (size_t from = 0; from < n; from += most) {
        const size_t width = n - from < most ? n - from : most;
        const RanksShare mine = ranks_mine(r, width);
        const ArenaMark mark = arena_mark(r->own);
        const double *got = exchange(r, of, things, n, from, width);
        sum(to + from + mine.from, got, mine.count, mine.count, context);
        arena_rewind(r->own, mark);
        ranks_gather(r, to + from, width, 1);
    }
}
//< sum
#endif
