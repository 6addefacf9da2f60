/* What a game does in an evening, without its pauses: pictures of many sizes on several contexts, from one or two steps
 * to dozens, cancelled, paused, destroyed half-way, models reloaded. Memory, threads and files must not grow, and a poll
 * must not take long.
 *
 * soak SECONDS; `soak SECONDS leak` leaks 100 kB a load, which has to be found.
 */
#define _GNU_SOURCE
#include "check.h"
#include <dirent.h>
#include <malloc.h>
#include <time.h>
#include <unistd.h>

/* What is allocated is counted exactly; what is resident has holes. A poll may take 0.1 ms, but for one in a hundred. */
enum { CONTEXTS = 3, REPORTS = 10, ALLOCATED_KB = 512, RESIDENT_KB = 32 * 1024, POLL_US = 100 };

static int leaks;
static unsigned long polls[1001]; /* by microseconds; the last are all that took longer */

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

static long allocated_kb(void) {
    struct mallinfo2 heap = mallinfo2();
    return (long)((heap.uordblks + heap.hblkhd) / 1024);
}

static scumble_context *load(void) {
    static void *volatile leaked; /* or the compiler leaves it out */
    if (leaks) leaked = malloc(100000);
    CHECK(leaked != NULL || !leaks);
    return loaded_context();
}

/* Polls as a game does, once a frame of a fast one, until it is done. */
static void watch(const scumble_generation *generation) {
    for (scumble_progress progress = {.struct_size = sizeof progress}; progress.phase < SCUMBLE_PHASE_DONE;) {
        const double begin = seconds();
        OK(scumble_generation_poll(generation, &progress));
        const double us = (seconds() - begin) * 1e6;
        polls[us < 1000 ? (int)us : 1000]++;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}

/* How many microseconds all but one poll in so many took. */
static int slowest_but(unsigned long one_in) {
    unsigned long all = 0, slower = 0;
    for (int us = 0; us <= 1000; us++) all += polls[us];
    for (int us = 1000; us >= 0; us--) {
        if ((slower += polls[us]) * one_in > all) return us;
    }
    return 0;
}

/* Begins an image and does one of the things that players do to images. */
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
    watch(generation);
    scumble_status status = scumble_generation_wait(generation, -1);
    CHECK(status == SCUMBLE_STATUS_OK || (what == 1 && status == SCUMBLE_STATUS_CANCELLED));
    OK(scumble_generation_destroy(generation));
}

int main(int count, char **arguments) {
    CHECK(count == 2 || (count == 3 && strcmp(arguments[2], "leak") == 0));
    leaks = count == 3;
    const double length = atof(arguments[1]), begin = seconds();
    scumble_context *contexts[CONTEXTS];
    long pictures = 0, reloads = 0, threads = 0, files = 0, allocated = 0, resident = 0;
    for (int report = 1; report <= REPORTS; report++) {
        for (int i = 0; i < CONTEXTS; i++) contexts[i] = load();
        for (int n = 0; n < 5 || seconds() - begin < length * report / REPORTS; n++) {
            picture(contexts[below(CONTEXTS)]);
            if (++pictures % 40 == 0) {
                long which = below(CONTEXTS);
                OK(scumble_context_destroy(contexts[which]));
                contexts[which] = load();
                reloads++;
            }
        }
        /* With nothing left, all that is allocated is what stays for ever. */
        OK(scumble_shutdown(-1));
        scumble_log_entry entry = {.struct_size = sizeof entry};
        while (scumble_log_next(&entry) == SCUMBLE_STATUS_OK) continue;
        malloc_trim(0);
        printf("%6.0f s: %6ld images, %4ld reloads, %ld kB allocated, %ld kB resident\n", seconds() - begin, pictures,
               reloads, allocated_kb(), resident_kb());
        fflush(stdout);
        /* The first half fills what is kept: the tokenizer's expressions have a cache for each of eight threads. */
        if (report <= REPORTS / 2) {
            allocated = allocated_kb() > allocated ? allocated_kb() : allocated;
            resident = resident_kb() > resident ? resident_kb() : resident;
            files = entries("/proc/self/fd");
        }
        CHECK(allocated_kb() <= allocated + ALLOCATED_KB);
        CHECK(resident_kb() <= resident + RESIDENT_KB);
        CHECK(entries("/proc/self/fd") <= files);
    }
    printf("polls: p50 %d us, p99 %d us, 1 of 1000 %d us, over 1 ms %lu\n", slowest_but(2), slowest_but(100),
           slowest_but(1000), polls[1000]);
    CHECK(slowest_but(100) < POLL_US);
    for (int i = 0; i < 1000 && (threads = entries("/proc/self/task") - 2) > 1; i++) {
        nanosleep(&(struct timespec){0, 1000000}, NULL); /* the system lists a thread a moment longer than it lives */
    }
    CHECK(threads == 1);
    return 0;
}
