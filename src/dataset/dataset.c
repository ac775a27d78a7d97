/* A data set from its name: found, read, identified, split, measured. */
#include "source.h"
#include "text.h"

#include <math.h>
#include <string.h>

static const DatasetKind *const kinds[] = {
#define DATASET(name) &dataset_##name,
#include "dataset.def"
#undef DATASET
};

const DatasetKind *const *dataset_kinds(size_t *count) {
    *count = COUNT_OF(kinds);
    return kinds;
}

const char *dataset_usage(const DatasetKind *kind) {
    return kind->usage ? kind->usage : kind->name;
}

const DataField *dataset_field(const Dataset *dataset, const char *name) {
    for (size_t k = 0; k < dataset->fields; k++)
        if (strcmp(dataset->field[k].name, name) == 0) return &dataset->field[k];
    return NULL;
}

/* ---- what it is -------------------------------------------------------------------- */

static void describe(Text *text, const char *part, const Reading *r, const Pile *pile) {
    text_add(text, "%s %zu", part, pile->count);
    for (size_t k = 0; k < r->fields; k++)
        for (size_t a = 0; a < r->field[k].shape.rank; a++)
            text_add(text, " %zu", r->field[k].shape.size[a]);
    for (size_t k = 0; k < r->fields; k++) {
        char digest[DIGEST_LENGTH + 1];
        digest_bytes(digest, pile->value[k], pile->count * field_bytes(&r->field[k]));
        text_add(text, " %s", digest);
    }
    text_add(text, "\n");
}

static void identify(char sha256[DIGEST_LENGTH + 1], const Reading *r) {
    Text text = text_new(r->scratch);
    describe(&text, "train", r, &r->train);
    if (r->val.count > 0) describe(&text, "val", r, &r->val);
    if (r->test.count > 0) describe(&text, "test", r, &r->test);
    if (r->also) text_add(&text, "%s", r->also);
    digest_bytes(sha256, text.data, text.length);
}

/* Whose data these are: the kind that is asked for must have its own (MNIST's own files have
 * the names and sizes of Fashion-MNIST's), any other has whatever it has, called by its path
 * and digest where nobody knows it. */
static bool recognize(Reading *r, const char *sha256, BaseError *error) {
    const char *own = r->from ? NULL : r->kind->sha256; /* of no folder of one's own */
    if (own && strcmp(own, sha256) != 0)
        return base_fail(
            error, EX_DATAERR, 0,
            "%s and the files beside it: well formed, but not %s: SHA-256 %s, "
            "expected %s",
            r->first, r->kind->name, sha256, own);
    for (size_t i = 0; own == NULL && i < COUNT_OF(kinds); i++)
        if (kinds[i]->sha256 && strcmp(kinds[i]->sha256, sha256) == 0)
            r->known = kinds[i];
    return true;
}

/* ---- from files to samples --------------------------------------------------------- */

enum { MOST_DRAWN = 5000 };

static size_t drawn_of(const Reading *r) {
    const size_t tenth = (r->train.count + 9) / 10;
    if (r->drawn > 0 || r->val.count > 0) return r->drawn;
    return tenth < MOST_DRAWN ? tenth : MOST_DRAWN;
}

static const char *title_of(const Reading *r, const Dataset *d) {
    if (r->from == NULL) return r->kind->title;
    const char *what =
        r->known
            ? r->known->title
            : text_print(r->arena, "%zu samples to train, %zu%s to validate, %zu to test",
                         d->train.count, d->val.count, r->val.count ? "" : " drawn",
                         d->test.count);
    return text_print(r->arena, "%s, of %s (SHA-256 %.12s...)", what,
                      r->kind->behind ? d->name : r->from, d->sha256);
}

/* What standardizes must be numbers. */
static bool is_measured(const Dataset *dataset, BaseError *error) {
    for (size_t k = 0; k < dataset->fields; k++) {
        const DataField *field = &dataset->field[k];
        for (size_t c = 0; field->standardized && c < dataset_channels(field); c++)
            if (!isfinite(field->mean[c]) || !isfinite(field->std[c]))
                return base_fail(
                    error, EX_DATAERR, 0,
                    "%s: the squares of %s, channel %zu, are beyond all numbers; "
                    "smaller ones are expected",
                    dataset->name, field->name, c);
    }
    return true;
}

static const Dataset *load(Reading *r, const char *name, BaseError *error) {
    Dataset *dataset = ZERO(r->arena, Dataset, 1);
    if (!r->kind->fill(r, error)) return NULL;
    if (r->train.count < 2) {
        base_fail(error, EX_DATAERR, 0, "%s: %zu sample to train on, expected 2 or more",
                  name, r->train.count);
        return NULL;
    }
    identify(dataset->sha256, r);
    if (!recognize(r, dataset->sha256, error)) return NULL;
    dataset->name = name;
    dataset->first = r->first ? text_print(r->arena, "%s", r->first) : NULL;
    dataset->source = r->known ? r->known->source : r->kind->source;
    const bool seen = strcmp(r->field[0].name, "image") == 0;
    dataset->samples = r->kind->samples ? r->kind->samples : seen ? "images" : "samples";
    dataset->fields = r->fields;
    memcpy(dataset->field, r->field, sizeof dataset->field);
    split_samples(dataset, r, drawn_of(r));
    split_statistics(r->arena, dataset);
    dataset->title = title_of(r, dataset);
    return is_measured(dataset, error) ? dataset : NULL;
}

const Dataset *dataset_open(Arena *arena, const char *text, BaseError *error) {
    BaseError own = {.set = false};
    const char *name = dataset_canonical(arena, text, &own), *path;
    if (name == NULL) {
        base_fail(error, own.code, 0, "no data set '%s': %s", text, own.message);
        return NULL;
    }
    ArenaMark mark = arena_mark(arena);
    const DatasetKind *kind = dataset_find(name, &path);
    Reading reading = {
        .kind = kind, .arena = arena, .scratch = arena_new(), .from = path};
    const Dataset *dataset = load(&reading, name, error);
    arena_free(reading.scratch);
    if (dataset == NULL) arena_rewind(arena, mark);
    return dataset;
}
