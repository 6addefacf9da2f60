/* The process ends while Scumble works.
 *
 * ending HOW WORK MICROSECONDS: so long after the work began. A line on stdout tells that the end begins.
 */
#include "system.h"
#include "check.h"
#ifndef _WIN32
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

/* Begins the work, and returns when it is under way. */
static void begin(const char *work) {
    if (strcmp(work, "loading") == 0) {
        new_context(MODEL);
        return;
    }
    scumble_prompt *prompt = new_prompt(loaded_context(), 0);
    if (strcmp(work, "encoding") == 0) return;
    OK(scumble_prompt_wait(prompt, -1));
    int decoding = strcmp(work, "decoding") == 0;
    scumble_generation *generation = new_generation(prompt, decoding ? 1 : 900, 1);
    OK(scumble_generation_start(generation));
    while (decoding && poll(generation).phase < SCUMBLE_PHASE_DECODING) sleep_us(100);
}

#ifdef _WIN32

/* As the task manager ends a process. */
static void terminate(void) {
    TerminateProcess(GetCurrentProcess(), 15);
}

static void fork_and_wait(int calls) {
    CHECK(!"a way to end" && calls);
}

static void end_on_a_thread(void) {
    CHECK(!"a way to end");
}

static void end_thread(void) {
    CHECK(!"a way to end");
}

#else

static void *call_exit(void *nothing) {
    (void)nothing;
    exit(0);
}

/* On a thread that never calls Scumble. */
static void end_on_a_thread(void) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, call_exit, NULL) == 0);
    for (;;) pause();
}

/* The process then ends with its last thread. */
static void end_thread(void) {
    pthread_exit(NULL);
}

static void terminate(void) {
    raise(SIGTERM);
}

/* A child has no thread but the one that forked. */
static void fork_and_wait(int calls) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (calls) {
            scumble_context *context = NULL;
            scumble_context_desc desc;
            EXPECT(SCUMBLE_STATUS_WRONG_STATE, scumble_context_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
            EXPECT(SCUMBLE_STATUS_WRONG_STATE, scumble_context_create(NULL, &context));
            CHECK(strstr(scumble_last_error(), "fork") != NULL);
            EXPECT(SCUMBLE_STATUS_WRONG_STATE, scumble_shutdown(-1));
        }
        exit(0);
    }
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    OK(scumble_shutdown(-1)); /* the parent's goes on as before */
}

#endif

int main(int count, char **arguments) {
    CHECK(count == 4);
    const char *how = arguments[1];
    begin(arguments[2]);
    sleep_us(atol(arguments[3]));
    CHECK(puts("") >= 0 && fflush(stdout) == 0);
    if (strcmp(how, "return") == 0) return 0;
    if (strcmp(how, "exit") == 0) exit(0);
    if (strcmp(how, "_exit") == 0) _Exit(0);
    if (strcmp(how, "terminate") == 0) terminate();
    if (strcmp(how, "foreign") == 0) end_on_a_thread();
    if (strcmp(how, "pthread_exit") == 0) {
        OK(scumble_shutdown(-1));
        end_thread();
    }
    if (strcmp(how, "last") == 0) {
        /* A thread of the library's is the last. */
        scumble_shutdown(0);
        end_thread();
    }
    if (strcmp(how, "fork") == 0) return fork_and_wait(0), 0;
    if (strcmp(how, "fork-and-call") == 0) return fork_and_wait(1), 0;
    CHECK(!"a way to end");
    return 1;
}
