/* A normalizer out of the tree: a shared object whose file ends with NORMLAB_PLUGIN
 * (src/norm/kind.h). It calls what the program exports. What is computed with it names the
 * SHA-256 of its file. */
#define _GNU_SOURCE /* RTLD_DEEPBIND */
#include "tool.h"

#include "abi.h"
#include "kind.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A plugin's own functions go before those of libraries in the program that have their names, as
 * far as the sanitizers, which stand in for functions themselves, allow that. */
#if defined(RTLD_DEEPBIND) && !defined(__SANITIZE_ADDRESS__)
enum { OWN_FIRST = RTLD_LOCAL | RTLD_DEEPBIND };
#else
enum { OWN_FIRST = RTLD_LOCAL };
#endif

static const size_t LARGEST_PLUGIN = (size_t)1 << 28;

bool kind_name_is_free(const char *name, BaseError *error) {
    size_t count;
    const NetKind *const *net = net_kinds(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(net_name(net[i]), name) == 0)
            return base_fail(error, EX_USAGE, 0, "there is a network '%s' already", name);
    return norm_name_is_free(name, error);
}

/* The loader's own words begin with the file as it was given. */
static const char *loader_says(Arena *arena, const char *file) {
    const char *why = dlerror();
    if (why == NULL) return "unknown error";
    if (strncmp(why, file, strlen(file)) == 0) why += strlen(file);
    why += strspn(why, ": ");
    return text_copy(arena, why, strlen(why));
}

/* A file that is cut short, or one that begins with exit(), ends the process that loads it,
 * so a child goes first. */
static void try_loading(const char *path, const char *file) {
    int status = 0, came_back[2];
    char byte = 0;
    if (pipe(came_back) != 0) return;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGBUS, SIG_DFL);
        signal(SIGSEGV, SIG_DFL);
        dlopen(file, RTLD_LAZY | OWN_FIRST);
        _exit(write(came_back[1], &byte, 1) == 1 ? EX_OK : EX_OSERR);
    }
    close(came_back[1]);
    fcntl(came_back[0], F_SETFL,
          O_NONBLOCK); /* a child of the child's may hold the other end */
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    const bool back = child < 0 || read(came_back[0], &byte, 1) == 1;
    close(came_back[0]);
    if (child > 0 && WIFSIGNALED(status))
        die(EX_DATAERR, "%s cannot be loaded: that ends by signal %d; is it whole?", path,
            WTERMSIG(status));
    if (!back)
        die(WEXITSTATUS(status) == EX_OSERR ? EX_OSERR : EX_DATAERR,
            "%s cannot be loaded: its own code ends the program (exit code %d)", path,
            WEXITSTATUS(status));
}

static void want_interface(const char *path, const NormPlugin *plugin) {
    if (plugin == NULL)
        die(EX_DATAERR,
            "%s is no plugin of normlab: its source should end with "
            "NORMLAB_PLUGIN(norm_NAME), and be compiled out of the tree",
            path);
    if (strcmp(plugin->abi, NORMLAB_ABI NORMLAB_REALS) != 0)
        die(EX_DATAERR,
            "%s was built for interface %.60s of normlab, this program has %s: build it "
            "again",
            path, plugin->abi, NORMLAB_ABI NORMLAB_REALS);
}

/* What another interface had may be gone here, and that is then the reason to tell: so an
 * object that lacks symbols is asked for its interface, too. It stays loaded for ever, for
 * so do kinds. */
static const NormKind *open_plugin(Arena *arena, const char *path) {
    /* without a slash it would be looked for among the system's libraries */
    const char *file = strchr(path, '/') ? path : text_print(arena, "./%s", path),
               *why = "";
    try_loading(path, file);
    void *object = dlopen(file, RTLD_NOW | OWN_FIRST);
    const bool whole = object != NULL;
    if (!whole) {
        why = loader_says(arena, file);
        object = dlopen(file, RTLD_LAZY | OWN_FIRST);
        if (object == NULL) die(EX_DATAERR, "%s cannot be loaded: %s", path, why);
    }
    const NormPlugin *plugin = dlsym(object, "normlab_plugin");
    want_interface(path, plugin);
    if (!whole) die(EX_DATAERR, "%s cannot be loaded: %s", path, why);
    return plugin->kind;
}

static const char *digest_of(Arena *arena, const char *path) {
    BaseError error = {.set = false};
    size_t length;
    char hex[DIGEST_LENGTH + 1];
    Arena *scratch = arena_new();
    const char *bytes = place_read(scratch, path, LARGEST_PLUGIN, &length, &error);
    die_if(&error);
    digest_bytes(hex, bytes, length);
    arena_free(scratch);
    return text_copy(arena, hex, DIGEST_LENGTH);
}

/* ---- ends of the program ------------------------------------------------------------ */

static bool over;

void plugin_over(void) {
    over = true;
}

/* exit(0) in a plugin's function would look as if all were done. Whatever else ends the
 * program has a code that says so. */
#ifdef __GLIBC__
static void notice_end(int code, void *loader) {
    if (over || code != EX_OK || getpid() != *(const pid_t *)loader) return;
    fflush(stdout);
    say("a plugin ended the program before it was done");
    _exit(EX_SOFTWARE);
}

static void watch_ends(void) {
    static pid_t loader;
    if (loader == 0) on_exit(notice_end, &loader);
    loader = getpid();
}
#else
static void watch_ends(void) {
}
#endif

/* A name that others may give to other bytes is their command, run by whoever loads it. Of a
 * folder like /tmp, where each removes but his own, that is not said. */
static bool others_may_write(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && (status.st_mode & S_IWOTH) != 0 &&
           !(S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0);
}

/* As ssh does of its files; but a plugin may be meant for all, so it is only said. */
static void tell_of_others(Arena *arena, const char *path) {
    const char *whole = place_absolute(arena, path), *slash = strrchr(whole, '/');
    const char *folder =
        slash > whole ? text_copy(arena, whole, (size_t)(slash - whole)) : "/";
    const bool file = others_may_write(whole);
    if (!file && !others_may_write(folder)) return;
    say("%s: every user may write %s, and what is there runs as you: `chmod o-w %s`",
        path, file ? "this file" : "its folder",
        text_quoted(arena, file ? whole : folder));
}

void plugin_load(Arena *arena, const char *path) {
    BaseError error = {.set = false};
    watch_ends();
    tell_of_others(arena, path);
    const char *sha256 = digest_of(arena, path);
    const NormKind *kind = open_plugin(arena, path);
    const char *fault = arithmetic_fault();
    if (fault)
        die(EX_DATAERR,
            "%s changes the arithmetic of the whole program: %s; build it without -Ofast "
            "and "
            "-ffast-math, also where it is linked",
            path, fault);
    bool good = kind && kind->name && kind_name_is_free(kind->name, &error) &&
                norm_register(kind, sha256, &error);
    if (!good)
        die(error.set ? error.code : EX_DATAERR, "%s: %s", path,
            error.set ? error.message : "its kind has no name");
}
