/* Numbers as other programs pack them: scale_factor and add_offset of the CF conventions,
 * values that stand for missing ones, and whole numbers that no double is. */
#include "internal.h"
#include "text.h"

#include <math.h>
#include <string.h>
#include <strings.h>

enum { MOST_VALUES = 64 }; /* of one attribute */

typedef struct Values {
    size_t count;
    double value[MOST_VALUES];
} Values;

/* What an array's attributes say of its values. `kind` is that of the array as stored. */
typedef struct Packed {
    const Store *store;
    const char *path;
    double *value;
    size_t count, bytes; /* bytes of one value */
} Packed;

/* The numbers of an attribute, so many; none where it is absent. */
static bool read_values(const Packed *p, const char *name, size_t least, size_t most,
                        Values *values, BaseError *error) {
    values->count = 0;
    if (H5Aexists_by_name(p->store->file, p->path, name, H5P_DEFAULT) == 0) return true;
    const hid_t attribute =
        H5Aopen_by_name(p->store->file, p->path, name, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    const H5T_class_t class = H5Tget_class(type);
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    const bool good = (class == H5T_INTEGER || class == H5T_FLOAT) &&
                      count >= (hssize_t)least && count <= (hssize_t)most &&
                      H5Aread(attribute, H5T_NATIVE_DOUBLE, values->value) >= 0;
    if (good) values->count = (size_t)count;
    store_drop(space);
    store_drop(type);
    store_drop(attribute);
    return good ||
           base_fail(error, EX_DATAERR, 0, "%s: attribute '%s' of %s is not %s",
                     p->store->path, name, p->path,
                     most == 1   ? "a number"
                     : least > 1 ? text_print(p->store->arena, "%zu numbers", least)
                                 : "a few numbers");
}

/* Attributes of a float array may be doubles that are meant to be its floats. */
static double as_stored(const Packed *p, double value) {
    return p->bytes == sizeof(float) ? (double)(float)value : value;
}

/* A missing value stops a normalizer, whose cells need all of theirs. NaN is said by who
 * uses it. `name`: what says that it is one. */
static bool refuse_value(const Packed *p, const char *name, double missing,
                         BaseError *error) {
    size_t found = 0, first = 0;
    for (size_t i = p->count; i-- > 0;)
        if (p->value[i] == missing || p->value[i] == as_stored(p, missing))
            found++, first = i;
    return found == 0 ||
           base_fail(error, EX_DATAERR, 0,
                     "%s: %zu of %zu values of %s are missing (its %s, %g; the first is "
                     "number %zu): all are needed",
                     p->store->path, found, p->count, p->path, name, missing, first);
}

static bool refuse_missing(const Packed *p, const char *name, BaseError *error) {
    Values missing;
    if (!read_values(p, name, 1, MOST_VALUES, &missing, error)) return false;
    for (size_t k = 0; k < missing.count; k++)
        if (!refuse_value(p, name, missing.value[k], error)) return false;
    return true;
}

/* netCDF fills floats that nobody wrote with this, whether or not an attribute says so. (Its
 * fills of integers are numbers that images have.) */
static const double NETCDF_FILL = 9.9692099683868690e+36;

static bool refuse_fill(const Packed *p, hid_t data, BaseError *error) {
    H5D_fill_value_t defined = H5D_FILL_VALUE_UNDEFINED;
    double fill = 0.0;
    const hid_t create = H5Dget_create_plist(data);
    H5Pfill_value_defined(create, &defined);
    if (defined == H5D_FILL_VALUE_USER_DEFINED)
        H5Pget_fill_value(create, H5T_NATIVE_DOUBLE, &fill);
    store_drop(create);
    return (fill != NETCDF_FILL && fill != as_stored(p, NETCDF_FILL)) ||
           refuse_value(p, "fill value", fill, error);
}

/* CF: a value outside of these is a missing one. */
static bool refuse_invalid(const Packed *p, BaseError *error) {
    Values range, least, most;
    if (!read_values(p, "valid_range", 2, 2, &range, error) ||
        !read_values(p, "valid_min", 1, 1, &least, error) ||
        !read_values(p, "valid_max", 1, 1, &most, error))
        return false;
    double low = least.count ? least.value[0] : -(double)INFINITY,
           high = most.count ? most.value[0] : (double)INFINITY;
    if (range.count == 2) low = range.value[0], high = range.value[1];
    if (isnan(low) || isnan(high))
        return base_fail(error, EX_DATAERR, 0,
                         "%s: attributes of %s call %g to %g valid, which is no range",
                         p->store->path, p->path, low, high);
    for (size_t i = 0; i < p->count; i++)
        if (p->value[i] < low || p->value[i] > high)
            return base_fail(error, EX_DATAERR, 0,
                             "%s: value number %zu of %s, %g, is outside of what its "
                             "attributes call valid, %g to %g",
                             p->store->path, i, p->path, p->value[i], low, high);
    return true;
}

static bool scale(Packed *p, BaseError *error) {
    Values factor, offset;
    if (!read_values(p, "scale_factor", 1, 1, &factor, error) ||
        !read_values(p, "add_offset", 1, 1, &offset, error))
        return false;
    for (size_t i = 0; factor.count && i < p->count; i++) p->value[i] *= factor.value[0];
    for (size_t i = 0; offset.count && i < p->count; i++) p->value[i] += offset.value[0];
    return true;
}

/* Integers of 64 bits: are all of them doubles? */
static bool refuse_rounded(const Packed *p, hid_t data, bool is_signed,
                           BaseError *error) {
    Arena *scratch = arena_new();
    budget_allow(p->store->budget, p->count * sizeof(int64_t));
    int64_t *whole = TAKE(scratch, int64_t, p->count);
    const bool read = H5Dread(data, is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64,
                              H5S_ALL, H5S_ALL, H5P_DEFAULT, whole) >= 0;
    size_t i = 0;
    for (; read && i < p->count; i++) {
        const double value = p->value[i];
        const double limit = is_signed ? 0x1p63 : 0x1p64; /* beyond every integer */
        if (value >= limit || (is_signed ? (int64_t)value != whole[i]
                                         : (uint64_t)value != (uint64_t)whole[i]))
            break;
    }
    const char *number = NULL;
    if (read && i < p->count)
        number = is_signed ? text_print(p->store->arena, "%jd", (intmax_t)whole[i])
                           : text_print(p->store->arena, "%ju", (uintmax_t)whole[i]);
    arena_free(scratch);
    if (!read)
        return base_fail(error, EX_DATAERR, 0, "%s: %s cannot be read", p->store->path,
                         p->path);
    return number == NULL ||
           base_fail(
               error, EX_DATAERR, 0,
               "%s: value number %zu of %s, %s, is no double: integers beyond 2^53 lose "
               "their last digits",
               p->store->path, i, p->path, number);
}

/* 1, 0, or -1: neither. */
static int read_word(const Packed *p, const char *name) {
    static const char *const words[] = {"false", "true", "0", "1"};
    Answer answer = {.rank = 0};
    const Question question = {ASK_TEXT, .path = p->path, .name = name};
    get_text(p->store, p->store->arena, &question, &answer);
    for (int i = 0; answer.texts && i < (int)COUNT_OF(words); i++)
        if (strcasecmp(answer.texts[0], words[i]) == 0) return i % 2;
    return -1;
}

/* A truth as programs write it: a word, a number, an enumeration. */
static bool read_truth(const Packed *p, const char *name, bool *truth) {
    const hid_t attribute =
        H5Aopen_by_name(p->store->file, p->path, name, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    const H5T_class_t class = H5Tget_class(type);
    int number = -1;
    bool good = H5Sget_simple_extent_npoints(space) == 1;
    if (good && class == H5T_STRING)
        number = read_word(p, name);
    else if (good && (class == H5T_INTEGER || class == H5T_ENUM))
        good = H5Aread(attribute, H5T_NATIVE_INT, &number) >= 0;
    store_drop(space);
    store_drop(type);
    store_drop(attribute);
    *truth = number == 1;
    return good && (number == 0 || number == 1);
}

/* netCDF's mark of integers whose type has the other sign. */
static bool refuse_unsigned(const Packed *p, bool is_signed, BaseError *error) {
    static const char name[] = "_Unsigned";
    bool marked;
    if (H5Aexists_by_name(p->store->file, p->path, name, H5P_DEFAULT) == 0) return true;
    if (!read_truth(p, name, &marked))
        return base_fail(error, EX_DATAERR, 0,
                         "%s: attribute '%s' of %s is neither true nor false",
                         p->store->path, name, p->path);
    return marked != is_signed ||
           base_fail(error, EX_DATAERR, 0,
                     "%s: %s has the attribute %s=%s on a%s type: store it in a%s one",
                     p->store->path, p->path, name, marked ? "true" : "false",
                     is_signed ? " signed" : "n unsigned",
                     is_signed ? "n unsigned" : " signed");
}

static bool check_integers(const Packed *p, hid_t data, hid_t type, BaseError *error) {
    const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
    return refuse_unsigned(p, is_signed, error) &&
           (p->bytes < sizeof(int64_t) || refuse_rounded(p, data, is_signed, error));
}

/* What was never written reads as a fill value, which nobody computed. (For the library a
 * chunked array is allocated in part wherever its bytes are not those of its elements.) */
static bool refuse_unwritten(const Packed *p, hid_t data, BaseError *error) {
    hsize_t size[H5S_MAX_RANK], written = 0;
    H5D_space_status_t status = H5D_SPACE_STATUS_ALLOCATED;
    const hid_t space = H5Dget_space(data);
    H5Sget_simple_extent_dims(space, size, NULL);
    const Chunks chunks = chunks_of(data, 1, size);
    const bool known = chunks.chunked ? H5Dget_num_chunks(data, space, &written) >= 0
                                      : H5Dget_space_status(data, &status) >= 0;
    store_drop(space);
    if (p->count == 0) return true;
    if (!known || status == H5D_SPACE_STATUS_NOT_ALLOCATED)
        return base_fail(error, EX_DATAERR, 0, "%s: %s was never written", p->store->path,
                         p->path);
    return !chunks.chunked || written >= chunks.count ||
           base_fail(
               error, EX_DATAERR, 0,
               "%s: %zu of %zu chunks of %s were never written: all values are needed",
               p->store->path, chunks.count - (size_t)written, chunks.count, p->path);
}

void get_unpacked(const Store *store, Arena *arena, const Question *q, Answer *a) {
    get_array(store, arena, q, a);
    if (a->error.set) return;
    Packed p = {.store = store, .path = q->path, .value = a->numbers, .count = a->count};
    const hid_t data = H5Dopen2(store->file, q->path, H5P_DEFAULT);
    const hid_t type = H5Dget_type(data);
    p.bytes = H5Tget_size(type);
    const bool good = refuse_unwritten(&p, data, &a->error) &&
                      (H5Tget_class(type) != H5T_INTEGER ||
                       check_integers(&p, data, type, &a->error)) &&
                      refuse_missing(&p, "_FillValue", &a->error) &&
                      refuse_missing(&p, "missing_value", &a->error) &&
                      refuse_fill(&p, data, &a->error) && refuse_invalid(&p, &a->error) &&
                      scale(&p, &a->error);
    store_drop(type);
    store_drop(data);
    if (!good) a->numbers = NULL;
}
