/* A number in a file, raised so many times by whoever has its lock; tests/nfs.py has two machines do it.
 * Two that have the lock at once lose a step of it.
 *     locks FILE TIMES */
#include "store.h"
#include "text.h"

#include <fcntl.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST = 32, MICROSECOND = 1000 };

static void wait_for_others(size_t microseconds) {
    const struct timespec moment = {0, (long)microseconds * MICROSECOND};
    nanosleep(&moment, NULL);
}

static void raise_it(const char *path) {
    char text[LONGEST] = "";
    size_t number = 0;
    const int handle = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (handle < 0 || read(handle, text, LONGEST - 1) < 0) die(EX_IOERR, "%s", path);
    if (*text && !text_to_count(text, &number)) die(EX_DATAERR, "%s: %s", path, text);
    wait_for_others(1000); /* who could come between */
    const int length = snprintf(text, sizeof text, "%zu", number + 1);
    if (pwrite(handle, text, (size_t)length, 0) != length || fsync(handle) != 0 ||
        close(handle) != 0)
        die(EX_IOERR, "%s", path);
}

int main(int count, char *const *word) {
    size_t times, waited = 0;
    if (count != 3 || !text_to_count(word[2], &times)) die(EX_USAGE, "locks FILE TIMES");
    for (size_t i = 0; i < times;) {
        BaseError error = {.set = false};
        const int lock = store_lock(word[1], &error);
        if (lock < 0 && error.code != EX_TEMPFAIL) die_if(&error);
        if (lock >= 0) {
            raise_it(word[1]);
            store_unlock(word[1], lock);
            i++;
        } else
            waited++;
        wait_for_others((i * 700 + waited * 300) % 2000);
    }
    printf("waited %zu times\n", waited);
    return EX_OK;
}
