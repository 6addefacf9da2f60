/* Loading ONNX Runtime leaves the host's variables alone and no thread behind. Its argument is the
 * library.
 */
#include "system.h"
#include "check.h"

#ifdef _WIN32

static char *before;

static size_t size(const char *block) {
    const char *end = block;
    while (*end != '\0') end += strlen(end) + 1;
    return (size_t)(end - block);
}

static void remember_variables(void) {
    before = GetEnvironmentStringsA();
}

static void check_variables(void) {
    char *now = GetEnvironmentStringsA();
    CHECK(size(now) == size(before) && memcmp(now, before, size(before)) == 0);
}

#else

extern char **environ;

enum { MOST = 64 };

static char **list, *entries[MOST];

static void remember_variables(void) {
    list = environ;
    for (int i = 0; list[i] != NULL; i++) {
        CHECK(i < MOST - 1);
        entries[i] = list[i];
    }
}

static void check_variables(void) {
    CHECK(environ == list);
    for (int i = 0; i == 0 || list[i - 1] != NULL; i++) CHECK(list[i] == entries[i]);
}

#endif

int main(int argc, char **argv) {
    CHECK(argc == 2);
    int at_first = threads();
    remember_variables();
    OK(scumble_runtime_load(argv[1]));
    check_variables();
    CHECK(threads() <= at_first);
    return 0;
}
