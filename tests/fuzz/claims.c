/* The ledger of claims. */
#include "fuzz.h"
#include "ledger.h"

#include <string.h>

void fuzz_claims(Fuzz *fuzz) {
    BaseError error = {.set = false};
    const char *text = fuzz_text(fuzz, 1 << 16);
    if (text == NULL) return;
    const Ledger *ledger = ledger_parse(fuzz->arena, text, "claims.txt", &error);
    fuzz_answered(fuzz, ledger != NULL, &error, SIZE_MAX);
    if (ledger == NULL) return;
    for (size_t i = 0; i < ledger->claims; i++) {
        const Claim *claim = &ledger->claim[i];
        HOLDS(fuzz, ledger_find(ledger, claim->id) == claim, "%s is twice there",
              claim->id);
        const char *digests = ledger_digests(fuzz->arena, ledger, claim->seed[0]),
                   *own = ledger_digest_in(fuzz->arena, digests, claim->id);
        HOLDS(fuzz, own == NULL || strcmp(own, claim->digest) == 0, "%s: %s", claim->id,
              own);
    }
}
