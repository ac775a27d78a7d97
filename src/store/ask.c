/* The readers' calls: each is a question, answered here where the file is open here, or by
 * the child that has it. */
#include "internal.h"
#include "house.h"

#include <string.h>

static void answer_kind(const Store *store, Arena *arena, const Question *q, Answer *a) {
    (void)arena;
    a->kind = find_kind(store, q->path);
}

static void answer_attribute_kind(const Store *store, Arena *arena, const Question *q,
                                  Answer *a) {
    (void)arena;
    a->kind = find_attribute_kind(store, q->path, q->name);
}

void store_answer(const Store *store, Arena *arena, const Question *question,
                  Answer *answer) {
    static void (*const how[])(const Store *, Arena *, const Question *,
                               Answer *) = {[ASK_KIND] = answer_kind,
                                            [ASK_SURVEY] = find_all,
                                            [ASK_ATTRIBUTE_KIND] = answer_attribute_kind,
                                            [ASK_MEMBERS] = find_members,
                                            [ASK_ATTRIBUTES] = find_attributes,
                                            [ASK_AXES] = find_axes,
                                            [ASK_TEXT] = get_text,
                                            [ASK_NUMBER] = get_number,
                                            [ASK_INTEGER] = get_integer,
                                            [ASK_ARRAY] = get_array,
                                            [ASK_UNPACKED] = get_unpacked,
                                            [ASK_ARRAY_TEXT] = get_array_text};
    *answer = (Answer){.rank = 0};
    how[question->verb](store, arena, question, answer);
}

static Answer ask(const Store *store, Arena *arena, Question question) {
    Answer answer;
    REQUIRE(question.max_rank <= STORE_MAX_RANK, "rank %zu, at most %d are read",
            question.max_rank, STORE_MAX_RANK);
    if (store->reader == NULL)
        store_answer(store, arena, &question, &answer);
    else
        reader_ask(store, arena, &question, &answer);
    return answer;
}

/* Where nothing can be said of a file that kills who reads it, the program ends: "there is
 * no gamma" would be a lie. */
static Answer ask_or_die(const Store *store, Arena *arena, Question question) {
    Answer answer = ask(store, arena, question);
    if (answer.error.set) die(answer.error.code, "%s", answer.error.message);
    return answer;
}

static bool pass_on(const Answer *answer, BaseError *error) {
    if (!answer->error.set) return true;
    return base_fail(error, answer->error.code, answer->error.at, "%s",
                     answer->error.message);
}

bool store_survey(const Store *store, BaseError *error) {
    const Answer answer = ask(store, store->arena, (Question){ASK_SURVEY, .path = "/"});
    return pass_on(&answer, error);
}

/* ---- what a file holds ------------------------------------------------------------ */

StoreKind store_kind(const Store *store, const char *path) {
    return ask_or_die(store, store->arena, (Question){ASK_KIND, .path = path}).kind;
}

bool store_has(const Store *store, const char *path) {
    return store_kind(store, path) != STORE_ABSENT;
}

StoreKind store_attribute_kind(const Store *store, const char *path, const char *name) {
    const Question question = {ASK_ATTRIBUTE_KIND, .path = path, .name = name};
    return ask_or_die(store, store->arena, question).kind;
}

bool store_has_attribute(const Store *store, const char *path, const char *name) {
    return store_attribute_kind(store, path, name) != STORE_ABSENT;
}

static const char **names(const Store *store, Arena *arena, Question question,
                          size_t *count) {
    const Answer answer = ask_or_die(store, arena, question);
    *count = answer.count;
    return answer.texts;
}

const char **store_members(const Store *store, Arena *arena, const char *group,
                           size_t *count) {
    return names(store, arena, (Question){ASK_MEMBERS, .path = group}, count);
}

const char **store_attributes(const Store *store, Arena *arena, const char *path,
                              size_t *count) {
    return names(store, arena, (Question){ASK_ATTRIBUTES, .path = path}, count);
}

const char **store_axes(const Store *store, Arena *arena, const char *path,
                        size_t *rank) {
    return names(store, arena, (Question){ASK_AXES, .path = path}, rank);
}

/* ---- values ------------------------------------------------------------------------ */

const char *store_get_text(const Store *store, Arena *arena, const char *path,
                           const char *name, BaseError *error) {
    const Answer answer =
        ask(store, arena, (Question){ASK_TEXT, .path = path, .name = name});
    return pass_on(&answer, error) ? answer.texts[0] : NULL;
}

bool store_get_number(const Store *store, const char *path, const char *name,
                      double *value, BaseError *error) {
    const Answer answer =
        ask(store, store->arena, (Question){ASK_NUMBER, .path = path, .name = name});
    if (!pass_on(&answer, error)) return false;
    *value = answer.number;
    return true;
}

bool store_get_integer(const Store *store, const char *path, const char *name,
                       int64_t *value, BaseError *error) {
    const Answer answer =
        ask(store, store->arena, (Question){ASK_INTEGER, .path = path, .name = name});
    if (!pass_on(&answer, error)) return false;
    *value = answer.integer;
    return true;
}

static void give_shape(const Answer *answer, size_t *rank, size_t *size) {
    *rank = answer->rank;
    memcpy(size, answer->size, answer->rank * sizeof *size);
}

static double *numbers(const Store *store, Arena *arena, Question question, size_t *rank,
                       size_t *size, BaseError *error) {
    const Answer answer = ask(store, arena, question);
    if (!pass_on(&answer, error)) return NULL;
    give_shape(&answer, rank, size);
    return answer.numbers;
}

double *store_get_array(const Store *store, Arena *arena, const char *path,
                        size_t max_rank, size_t *rank, size_t *size, BaseError *error) {
    const Question question = {ASK_ARRAY, .path = path, .max_rank = max_rank};
    return numbers(store, arena, question, rank, size, error);
}

double *store_get_array_start(const Store *store, Arena *arena, const char *path,
                              size_t max_rank, size_t most, size_t *rank, size_t *size,
                              BaseError *error) {
    const Question question = {ASK_ARRAY, .path = path, .max_rank = max_rank,
                               .most = most};
    return numbers(store, arena, question, rank, size, error);
}

double *store_get_unpacked(const Store *store, Arena *arena, const char *path,
                           size_t max_rank, size_t *rank, size_t *size,
                           BaseError *error) {
    const Question question = {ASK_UNPACKED, .path = path, .max_rank = max_rank};
    return numbers(store, arena, question, rank, size, error);
}

const char **store_get_array_text(const Store *store, Arena *arena, const char *path,
                                  size_t max_rank, size_t *rank, size_t *size,
                                  BaseError *error) {
    const Answer answer =
        ask(store, arena, (Question){ASK_ARRAY_TEXT, .path = path, .max_rank = max_rank});
    if (!pass_on(&answer, error)) return NULL;
    give_shape(&answer, rank, size);
    return answer.texts;
}
