/* What a game does in an evening, without its pauses: pictures of many sizes on several contexts, from one or two steps
 * to dozens, cancelled, paused, destroyed half-way, models reloaded. Memory, threads and files must not grow.
 *
 * soak SECONDS
 */
#define _XOPEN_SOURCE 700
#include "check.h"
#include <dirent.h>
#include <time.h>
#include <unistd.h>

enum { CONTEXTS = 3, REPORTS = 10, GROWTH_KB = 48 * 1024 };

static double seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static long below(long limit) {
    static unsigned long state = 7;
    state = state * 6364136223846793005UL + 1442695040888963407UL; /* Knuth's MMIX */
    return (long)(state >> 33) % limit;
}

static long entries(const char *path) {
    long count = 0;
    DIR *directory = opendir(path);
    CHECK(directory != NULL);
    while (readdir(directory) != NULL) count++;
    closedir(directory);
    return count;
}

static long resident_kb(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%*s %ld", &pages) == 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Begins a picture and does one of the things that players do to pictures. */
static void picture(scumble_context *context) {
    scumble_prompt *prompt = new_prompt(context, 0);
    scumble_generation_desc desc;
    OK(scumble_generation_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.width = 32 + 32 * (int32_t)below(4);
    desc.height = 32 + 32 * (int32_t)below(4);
    desc.steps = 1 + (int32_t)below(6);
    desc.preview_every = (int32_t)below(3);
    scumble_generation *generation;
    OK(scumble_generation_create(prompt, &desc, &generation));
    OK(scumble_prompt_destroy(prompt));
    OK(scumble_generation_start(generation));
    long what = below(8);
    if (what == 0) {
        OK(scumble_generation_destroy(generation));
        return;
    }
    if (what == 1) {
        scumble_generation_wait(generation, (int32_t)below(60));
        OK(scumble_generation_cancel(generation));
    }
    if (what == 2) {
        OK(scumble_generation_pause(generation));
        OK(scumble_generation_resume(generation));
    }
    scumble_status status = scumble_generation_wait(generation, -1);
    CHECK(status == SCUMBLE_STATUS_OK || (what == 1 && status == SCUMBLE_STATUS_CANCELLED));
    OK(scumble_generation_destroy(generation));
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    const double length = atof(arguments[1]), begin = seconds();
    scumble_context *contexts[CONTEXTS];
    for (int i = 0; i < CONTEXTS; i++) contexts[i] = loaded_context();
    long pictures = 0, reloads = 0, warm = 0, latest = 0, threads = 0, files = 0;
    for (int report = 1; report <= REPORTS; report++) {
        while (seconds() - begin < length * report / REPORTS) {
            picture(contexts[below(CONTEXTS)]);
            if (++pictures % 40 == 0) {
                long which = below(CONTEXTS);
                OK(scumble_context_destroy(contexts[which]));
                contexts[which] = loaded_context();
                reloads++;
            }
        }
        latest = resident_kb();
        printf("%6.0f s: %6ld pictures, %4ld reloads, %ld MB resident\n", seconds() - begin, pictures, reloads,
               latest / 1024);
        fflush(stdout);
        /* The first half sees every size and some reloads; what grows for ever grows in the second too. */
        if (report <= REPORTS / 2) {
            warm = latest > warm ? latest : warm;
            files = entries("/proc/self/fd");
        }
    }
    CHECK(latest <= warm + GROWTH_KB);
    CHECK(entries("/proc/self/fd") <= files);
    OK(scumble_shutdown(-1));
    for (int i = 0; i < 1000 && (threads = entries("/proc/self/task") - 2) > 1; i++) {
        nanosleep(&(struct timespec){0, 1000000}, NULL); /* the system lists a thread a moment longer than it lives */
    }
    CHECK(threads == 1);
    return 0;
}
