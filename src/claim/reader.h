/* reader: a ledger's text on its way to claims, as the files of this folder share it. */
#ifndef NORMLAB_LEDGER_READER_H
#define NORMLAB_LEDGER_READER_H

#include "ledger.h"
#include "text.h"

enum { MOST_CLAIMS = 200, MOST_PROTOCOLS = 64 };

typedef struct Protocol {
    const char *name, *says;
    size_t settings;
    const char *setting[LEDGER_MOST_SETTINGS];
    Text lines; /* for the digest */
} Protocol;

typedef struct Reader {
    Arena *arena;
    const char *file;
    size_t line;
    BaseError *error;
    size_t protocols, claims;
    Protocol protocol[MOST_PROTOCOLS];
    Claim *claim;       /* [as many as the text can have] */
    size_t *claim_line; /* [the same] where it begins */
    Text lines;         /* of the claim that is read */
    bool in_claim;
} Reader;

/* The claim that is read. */
static inline Claim *claim_now(const Reader *r) {
    return &r->claim[r->claims - 1];
}

/* ---- keys.c: a line of a section. False and *r->error, whose message names no place. */

bool ledger_read_key(Reader *r, const char *key, const char *value);

#endif
