/* run --slurm: the same command for a cluster, as an array of jobs and one that collects. */
#include "tool.h"

#include <stdlib.h>
#include <string.h>

enum {
    USUAL_TASKS = 1000, /* of an array, that a cluster allows if nobody changed it */
    MOST_TASKS = 100000,
    SECONDS_BEFORE = 120 /* the end of a job's time, when it is told */
};

extern char **environ;

/* ---- words ---------------------------------------------------------------------------- */

/* Inside the quotes that sbatch reads behind #SBATCH, where '%' begins what it fills in, unless there is a
 * backslash. */
static const char *sbatch_word(Arena *arena, const char *word) {
    if (word[strcspn(word, "\n\\")])
        die(EX_CANTCREAT,
            "%s: sbatch takes no line break and no backslash in the name of a folder",
            word);
    Text text = text_new(arena);
    for (; *word; word++)
        text_add(&text, *word == '%' ? "%%%%" : *word == '"' ? "\\\"" : "%c", *word);
    return text.data;
}

/* How many words an option takes that means this command alone and not its jobs; 0: it is theirs. */
static size_t words_of_ours(const char *word) {
    static const char limit[] = "--array-limit";
    if (strcmp(word, "--slurm") == 0) return 1;
    if (strncmp(word, limit, strlen(limit)) != 0) return 0;
    return word[strlen(limit)] == '=' ? 1 : word[strlen(limit)] == '\0' ? 2 : 0;
}

/* All that was said, for a shell. */
static void add_command(const Call *call, Text *text) {
    text_add(text, "%s",
             text_quoted(call->arena, place_absolute(call->arena, "/proc/self/exe")));
    for (const char *const *word = call->said; *word;) {
        const size_t ours = words_of_ours(*word);
        if (ours == 0) text_add(text, " %s", text_quoted(call->arena, *word));
        word += ours ? ours : 1;
    }
}

/* What the program reads of the environment, as it is now, and nothing else of that name. */
static void add_environment(Arena *arena, Text *text) {
    static const char *const ours[] = {"NORMLAB_", "OPENBLAS_NUM_THREADS="};
    text_add(text, "unset \"${!NORMLAB_@}\"\n");
    for (char **one = environ; *one; one++) {
        const size_t name = strcspn(*one, "=");
        bool wanted = false;
        for (size_t i = 0; i < COUNT_OF(ours); i++)
            wanted |= strncmp(*one, ours[i], strlen(ours[i])) == 0;
        wanted &= strncmp(*one, "NORMLAB_ARGV0=", 14) != 0; /* the program's own word */
        if (wanted && (*one)[name])
            text_add(text, "export %.*s=%s\n", (int)name, *one,
                     text_quoted(arena, *one + name + 1));
    }
}

/* ---- the two scripts ------------------------------------------------------------------ */

typedef struct Job {
    const char *stem;  /* of its script and its log */
    const char *about; /* a line */
    size_t tasks;      /* 0: no array */
} Job;

static void add_head(Arena *arena, Text *text, const Job *job) {
    const char *log =
        text_print(arena, "%s/", place_absolute(arena, place_out(arena, "slurm")));
    text_add(text,
             "#!/bin/bash\n#SBATCH --job-name=%s\n#SBATCH --output=\"%s%s%s.log\"\n",
             job->stem, sbatch_word(arena, log), job->stem, job->tasks ? "-%a" : "");
    if (job->tasks) text_add(text, "#SBATCH --array=0-%zu\n", job->tasks - 1);
    text_add(text,
             "#SBATCH --open-mode=append\n#SBATCH --requeue\n"
             "#SBATCH --signal=B:USR1@%d\n",
             SECONDS_BEFORE);
    text_add(text,
             "# %s\n"
             "# Partition, account and time are yours to say: options of sbatch, "
             "SBATCH_PARTITION,\n"
             "# SBATCH_ACCOUNT and SBATCH_TIMELIMIT, or more lines of #SBATCH here. What "
             "sbatch is given behind\n"
             "# this file goes to the program.\n\n",
             job->about);
}

/* A signal ends bash's wait and not the program, whose end is then waited for again. */
static const char RUNS[] =
    " \"$@\" &\n"
    "program=$!\n"
    "[ -z \"$told\" ] || tell\n"
    "wait \"$program\"\n"
    "code=$?\n"
    "while [ -n \"$told\" ]; do\n"
    "  told=\n"
    "  wait \"$program\"\n"
    "  code=$?\n"
    "done\n"
    "[ -z \"$late\" ] || [ \"$code\" -ne 143 ] || scontrol requeue \"$job\"\n"
    "exit \"$code\"\n";

/* First of all: a signal may come at once. */
static const char LISTENS[] =
    "# SIGUSR1 says that the time is almost up: the program stops behind a checkpoint, "
    "and "
    "the job is\n"
    "# queued again. Who stops the job by SIGTERM decides that himself.\n"
    "program=\ntold=\nlate=\n"
    "tell() {\n"
    "  told=yes\n"
    "  [ -z \"$program\" ] || kill -TERM \"$program\" 2>/dev/null\n"
    "}\n"
    "trap 'late=yes; tell' USR1\n"
    "trap tell TERM\n\n";

static const char *script_of(const Call *call, const Job *job) {
    Arena *arena = call->arena;
    Text text = text_new(arena);
    add_head(arena, &text, job);
    text_add(&text, "%s", LISTENS);
    add_environment(arena, &text);
    text_add(&text, "cd %s || exit %d\n\n",
             text_quoted(arena, place_absolute(arena, ".")), EX_NOINPUT);
    if (job->tasks)
        text_add(&text,
                 "task=${SLURM_ARRAY_TASK_ID:?is set by sbatch}\n"
                 "job=${SLURM_ARRAY_JOB_ID-}_$task # SLURM_JOB_ID is the whole array in "
                 "one of its tasks\n");
    else
        text_add(&text, "job=${SLURM_JOB_ID-}\n");
    add_command(call, &text);
    if (job->tasks) text_add(&text, " --part $((task + 1))/%zu", job->tasks);
    text_add(&text, "%s", RUNS);
    return text.data;
}

static const char *write_script(const Call *call, const Job *job) {
    BaseError error = {.set = false};
    const char *path = place_out(call->arena,
                                 text_print(call->arena, "slurm/%s.sbatch", job->stem)),
               *script = script_of(call, job);
    place_write(path, script, strlen(script), &error);
    die_if(&error);
    return text_quoted(call->arena, place_absolute(call->arena, path));
}

int run_on_slurm(const Call *call, const Sweep *sweep) {
    Arena *arena = call->arena;
    static const char *const never[] = {"--dry-run", "--part", "--restart"};
    const size_t limit = call_count(call, "--array-limit", USUAL_TASKS, MOST_TASKS),
                 tasks = sweep->runs < limit ? sweep->runs : limit;
    for (size_t i = 0; i < COUNT_OF(never); i++)
        if (call_option(call, never[i]))
            die(EX_USAGE, "--slurm and %s do not go together%s", never[i],
                strcmp(never[i], "--restart") == 0
                    ? ": a job that is queued again would forget its checkpoint"
                    : "");
    BaseError error = {.set = false};
    place_folder(place_out(arena, "slurm"), &error);
    die_if(&error);
    const char *study = study_word(arena, sweep);
    const Job array = {sweep->stem,
                       text_print(arena, "The %zu runs of %s in %zu parts, each a task.",
                                  sweep->runs, study, tasks),
                       tasks},
              last = {text_print(arena, "%s.collect", sweep->stem),
                      text_print(arena,
                                 "What the runs of %s come to: file, table, figures.",
                                 study),
                      0};
    const char *first = write_script(call, &array), *second = write_script(call, &last);
    printf("array=$(sbatch --parsable %s) &&\n"
           "sbatch --dependency=afterok:${array%%%%;*} --kill-on-invalid-dep=yes %s\n",
           first, second);
    say("%zu runs in an array of %zu tasks, and a job that collects them when all went "
        "well: the two commands submit both",
        sweep->runs, tasks);
    return EX_OK;
}
