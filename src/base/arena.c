/* A chain of blocks, each twice the last. Taking moves a mark forward; rewinding moves it
 * back and keeps the blocks, so a step that repeats itself finds its memory where it left
 * it. */
#include "base.h"
#include "house.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, FIRST_BLOCK = 1 << 16, HUGE_PAGE = 1 << 21 };

typedef struct Block Block;
struct Block {
    Block *next;
    size_t room; /* bytes that can be taken */
    char *data;  /* [room], 64-byte aligned */
};

struct Arena {
    Block *first;
    Block *current; /* NULL while nothing was ever taken */
    size_t used;    /* bytes taken from current */
    size_t blocks;
};

Arena *arena_new(void) {
    Arena *arena = calloc(1, sizeof *arena);
    if (arena == NULL) die(EX_OSERR, "out of memory");
    return arena;
}

void arena_free(Arena *arena) {
    if (arena == NULL) return;
    for (Block *block = arena->first, *next; block; block = next) {
        next = block->next;
        free(block->data);
        free(block);
    }
    free(arena);
}

static Block *block_new(size_t room) {
    size_t alignment = room >= HUGE_PAGE ? HUGE_PAGE : ALIGNMENT;
    room = (room + alignment - 1) / alignment * alignment;
    Block *block = malloc(sizeof *block);
    char *data = block ? aligned_alloc(alignment, room) : NULL;
    if (data == NULL) {
        free(block);
        die(EX_OSERR, "out of memory: %zu bytes wanted", room);
    }
#ifdef MADV_HUGEPAGE
    if (alignment == HUGE_PAGE)
        madvise(data, room, MADV_HUGEPAGE); /* advice: failing is fine */
#endif
    *block = (Block){.room = room, .data = data};
    return block;
}

/* Moves on to a block with room for `bytes`; blocks too small for it stay behind,
 * unused. */
static void advance(Arena *arena, size_t bytes) {
    Block **link = arena->current ? &arena->current->next : &arena->first;
    while (*link && (*link)->room < bytes) link = &(*link)->next;
    if (*link == NULL) {
        size_t room = FIRST_BLOCK;
        if (arena->current) room = 2 * arena->current->room;
        *link = block_new(room > bytes ? room : bytes);
        arena->blocks++;
    }
    arena->current = *link;
    arena->used = 0;
}

/* What nobody wrote reads as a signalling NaN: a value used before it is set shows at
 * once. */
static void poison(void *data, size_t bytes) {
#ifdef NORMLAB_VERIFY
    uint64_t nan = UINT64_C(0x7ff4dead7ff4dead);
    for (size_t i = 0; i + sizeof nan <= bytes; i += sizeof nan)
        memcpy((char *)data + i, &nan, sizeof nan);
#else
    (void)data;
    (void)bytes;
#endif
}

void *arena_take(Arena *arena, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 4)
        die(EX_OSERR, "out of memory: %zu objects of %zu bytes wanted", count, size);
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (bytes == 0) bytes = ALIGNMENT;
    if (arena->current == NULL || arena->current->room - arena->used < bytes)
        advance(arena, bytes);
    void *data = arena->current->data + arena->used;
    arena->used += bytes;
    poison(data, bytes);
    return data;
}

void *arena_zero(Arena *arena, size_t count, size_t size) {
    return memset(arena_take(arena, count, size), 0, count * size);
}

ArenaMark arena_mark(const Arena *arena) {
    return (ArenaMark){arena->current, arena->used};
}

void arena_rewind(Arena *arena, ArenaMark mark) {
    for (Block *b = mark.block ? mark.block : arena->first; b; b = b->next) {
        size_t from = b == mark.block ? mark.used : 0;
        size_t to = b == arena->current ? arena->used : b->room;
        poison(b->data + from, to > from ? to - from : 0);
        if (b == arena->current) break;
    }
    arena->current = mark.block ? mark.block : arena->first;
    arena->used = mark.block ? mark.used : 0;
}

size_t arena_bytes(const Arena *arena) {
    size_t bytes = arena->used;
    for (const Block *b = arena->first; b && b != arena->current; b = b->next)
        bytes += b->room;
    return bytes;
}

size_t arena_blocks(const Arena *arena) {
    return arena->blocks;
}
