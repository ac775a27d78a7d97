/* What the files of this layer share, and nobody else sees. */
#ifndef NORMLAB_STORE_INTERNAL_H
#define NORMLAB_STORE_INTERNAL_H

#include "place.h"
#include "store.h"

#include <hdf5.h>
#include <hdf5_hl.h>

typedef struct Reader Reader;
typedef struct Budget Budget;

struct Store {
    Arena *arena;     /* holds this struct and what it needs for a moment */
    hid_t file;       /* the file in memory; of a reader's, in the child */
    const char *path; /* for messages: the path that was opened */
    bool writing;     /* made by store_new */
    size_t length;    /* bytes of the file that was opened */
    bool sealed;      /* and normlab wrote them all */
    void *map;        /* in the child: the bytes, where they are read when needed */
    Reader *reader;   /* the child that reads the file; NULL: it is open here */
    Budget *budget;   /* in the child: what reading may cost; NULL: no matter */
};

/* ---- file.c ---------------------------------------------------------------------- */

/* HDF5 says nothing on stderr, loads no plugins and follows no links out of the file. */
void store_tame(void);

/* `id` if it is one; where it is negative HDF5 itself failed at `what`, and the program
 * ends. */
hid_t store_must(hid_t id, const char *what);

/* Gives back any id; negative ones are ignored. */
void store_drop(hid_t id);

/* Opens store->path in this very process: for the child. */
bool store_load(Store *store, BaseError *error);

/* ---- ask.c: what is asked of a file ---------------------------------------------- */

typedef enum Verb {
    ASK_OPEN,
    ASK_CLOSE,
    ASK_KIND,
    ASK_SURVEY,
    ASK_ATTRIBUTE_KIND,
    ASK_MEMBERS,
    ASK_ATTRIBUTES,
    ASK_AXES,
    ASK_TEXT,
    ASK_NUMBER,
    ASK_INTEGER,
    ASK_ARRAY,
    ASK_UNPACKED,
    ASK_ARRAY_TEXT
} Verb;

typedef struct Question {
    Verb verb;
    const char *path, *name; /* of the object and its attribute; of the file to open */
    size_t max_rank;
    size_t most; /* of ASK_ARRAY: so many numbers will do; 0: all */
} Question;

typedef struct Answer {
    BaseError error;
    StoreKind kind;
    double number;
    int64_t integer;
    size_t rank, size[STORE_MAX_RANK];
    size_t count; /* of the values; one of the next two is there, or none */
    double *numbers;
    const char **texts;
    bool sealed;   /* of ASK_OPEN */
    size_t length; /* of ASK_OPEN: bytes of the file */
} Answer;

/* Answers from the file that is open in this process; values are in the arena. */
void store_answer(const Store *store, Arena *arena, const Question *question,
                  Answer *answer);

/* ---- reader.c: the child, from outside ------------------------------------------- */

/* Starts one for the store's file, or takes one that has done its work. */
bool reader_open(Store *store, BaseError *error);
void reader_close(Store *store);

/* Has the child answer. Where it dies of the question, answer->error says so, and the file
 * is lost: so it says from then on. */
void reader_ask(const Store *store, Arena *arena, const Question *question,
                Answer *answer);

/* ---- serve.c: the child, from inside --------------------------------------------- */

/* Answers what comes through the socket until its other end is closed. */
_Noreturn void reader_serve(int socket);

/* ---- wire.c: what goes through the socket ---------------------------------------- */

bool wire_send_question(int socket, const Question *question);
bool wire_receive_question(int socket, Arena *arena, Question *question);
bool wire_send_answer(int socket, const Answer *answer);
bool wire_receive_answer(int socket, Arena *arena, Answer *answer);

/* ---- budget.c: what reading may cost --------------------------------------------- */

/* Of a child and the file that it has open. */
struct Budget {
    int sizes;      /* handle of the kernel's word on this process's memory */
    double began;   /* seconds of processor time used when the question came */
    double seconds; /* that are left, from then on */
    size_t memory;  /* bytes beside values */
};

void budget_set(Budget *budget, size_t length); /* the file has so many bytes */

/* Until budget_rest the process dies of more; afterwards it should do little before it begins
 * again, or lifts all limits. */
void budget_begin(Budget *budget);
void budget_rest(Budget *budget);
void budget_lift(void);

/* So many bytes are going to be read: that much more may be spent. NULL: no matter. */
void budget_allow(Budget *budget, size_t bytes);

/* What killed such a process, to follow "reading it ". */
const char *budget_verdict(Arena *arena, int status);

/* Exit codes of a child to which memory was refused: by its budget, or by the machine. */
enum { ENDS_SPENT = EX_OSERR, ENDS_POOR = EX_TEMPFAIL };

/* Which of them, where so many bytes were refused. Takes none. */
int budget_refused(const Budget *budget, size_t bytes);

/* ---- names.c, get.c, packed.c: the answers ----------------------------------------- */

StoreKind find_kind(const Store *store, const char *path);
/* What follows the path of a STORE_LOST in a message: "is a link to /a, which...". */
const char *find_lost(const Store *store, Arena *arena, const char *path);
StoreKind find_attribute_kind(const Store *store, const char *path, const char *name);
void find_all(const Store *store, Arena *arena, const Question *q, Answer *a);
void find_members(const Store *store, Arena *arena, const Question *q, Answer *a);
void find_attributes(const Store *store, Arena *arena, const Question *q, Answer *a);
void find_axes(const Store *store, Arena *arena, const Question *q, Answer *a);
void get_text(const Store *store, Arena *arena, const Question *q, Answer *a);
void get_number(const Store *store, Arena *arena, const Question *q, Answer *a);
void get_integer(const Store *store, Arena *arena, const Question *q, Answer *a);
void get_array(const Store *store, Arena *arena, const Question *q, Answer *a);
void get_array_text(const Store *store, Arena *arena, const Question *q, Answer *a);
void get_unpacked(const Store *store, Arena *arena, const Question *q, Answer *a);

/* Whether all values of a data set are in this very file, not in another. */
bool is_inside(hid_t data);

/* The chunks that a data set lies in: whole ones are unpacked, and HDF5 takes memory for
 * each, however small. */
typedef struct Chunks {
    bool chunked;
    size_t bytes; /* of one */
    size_t count;
} Chunks;

Chunks chunks_of(hid_t data, size_t element, const hsize_t *extent);

/* ---- put.c ----------------------------------------------------------------------- */

/* How values lie in the file and in memory. Given away to the call that writes them. */
typedef struct Kind {
    hid_t file, memory;
} Kind;

Kind store_doubles(void);
Kind store_texts(void);
void store_drop_kind(Kind kind);

/* A new object's path must be absolute, its group there, its name a word, and not
 * taken. */
void store_require_new(const Store *store, const char *path);

/* Attributes that dimension scales need and no user sees. */
bool store_is_bookkeeping(const char *name);

/* Whether an object or an attribute that is written may be called so. */
bool store_is_name(const char *name);

/* Attributes in the order of their making, no times. */
void store_keep_order(hid_t create);

/* ---- seal.c ---------------------------------------------------------------------- */

/* The last bytes of a file, beyond what HDF5 reads: the SHA-256 of all before them. */
enum { SEAL_LENGTH = 16 + DIGEST_LENGTH + 1 };
typedef enum Seal { SEAL_ABSENT, SEAL_WHOLE, SEAL_BROKEN } Seal;

void store_seal(char *image,
                size_t length); /* writes SEAL_LENGTH bytes at image + length */
bool store_seal_is_there(const char *bytes, size_t length); /* whole or broken */
Seal store_seal_read(const char *bytes, size_t length);

/* ---- utf8.c ---------------------------------------------------------------------- */

/* A copy whose bytes are UTF-8: each that is not becomes U+FFFD. */
const char *store_utf8(Arena *arena, const char *text);

/* ---- provenance.c ---------------------------------------------------------------- */

const char *store_version(void); /* of normlab */

/* ---- promise.c ---- */

/* The option by which a device of a list of mounts (/proc/self/mountinfo) keeps its locks for this
 * machine, "nfs, nolock"; NULL: none is known. */
const char *promise_is_local(Arena *arena, FILE *mounts, unsigned major, unsigned minor);

#endif
