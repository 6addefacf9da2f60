/* Preloaded: lets allocations of a process fail. Everything that the process allocates goes through here, ONNX Runtime's
 * memory included. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* glibc's own, under the names that it keeps for this. */
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Atomic long seen, failed, first = 0;
static _Atomic size_t least;
static _Atomic bool go_on;

/* From now on the `n`-th allocation of at least so many bytes fails, and with `all_after` all that follow it. 0: none. */
void failing_malloc(long n, size_t bytes, bool all_after) {
    first = 0;
    if (n == 0) return;
    seen = failed = 0;
    least = bytes;
    go_on = all_after;
    first = n;
}

/* How many have failed since. */
long failed_mallocs(void) { return failed; }

static bool fails(size_t bytes) {
    if (first == 0 || bytes < least) return false;
    long n = ++seen;
    if (n < first || (n > first && !go_on)) return false;
    failed++;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t bytes) { return fails(bytes) ? NULL : __libc_malloc(bytes); }

void *calloc(size_t count, size_t each) {
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, each, &bytes)) return NULL;
    return fails(bytes) ? NULL : __libc_calloc(count, each);
}

void *realloc(void *block, size_t bytes) { return fails(bytes) ? NULL : __libc_realloc(block, bytes); }

void *memalign(size_t alignment, size_t bytes) { return fails(bytes) ? NULL : __libc_memalign(alignment, bytes); }

void *aligned_alloc(size_t alignment, size_t bytes) { return memalign(alignment, bytes); }

int posix_memalign(void **block, size_t alignment, size_t bytes) {
    void *aligned = memalign(alignment, bytes);
    if (aligned == NULL) return ENOMEM;
    *block = aligned;
    return 0;
}
