/* Loading ONNX Runtime leaves the host's variables alone and no thread behind. Its argument is the
 * library.
 */
#include "check.h"
#include <dirent.h>

extern char **environ;

enum { MOST = 64 };

static int threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    if (tasks == NULL) return 1;
    int count = 0;
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) count += task->d_name[0] != '.';
    closedir(tasks);
    return count;
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    char **list = environ;
    char *entries[MOST] = {NULL};
    for (int i = 0; list[i] != NULL; i++) {
        CHECK(i < MOST - 1);
        entries[i] = list[i];
    }
    OK(scumble_runtime_load(argv[1]));
    CHECK(environ == list);
    for (int i = 0; i == 0 || list[i - 1] != NULL; i++) CHECK(list[i] == entries[i]);
    CHECK(threads() == 1);
    return 0;
}
