/* A shutdown ends whatever other threads do meanwhile, and no object survives it.
 *
 * shutdown CASE
 */
#include "system.h"
#include "check.h"
#include <pthread.h>

enum { ROUNDS = 5, MOST = 100000, LIMIT_MS = 10000, ENDLESS = 900 };

static scumble_context *context;
static scumble_prompt *prompt, *other_prompt;

/* Changed on one thread, read on others. */
static volatile int begun, over;
static volatile int created[4];

static pthread_t on_a_thread(void *(*body)(void *), void *argument) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, body, argument) == 0);
    return thread;
}

static void *joined(pthread_t thread) {
    void *answer = NULL;
    CHECK(pthread_join(thread, &answer) == 0);
    return answer;
}

/* Creates an object of this kind. */
static scumble_status create(int kind, void **object) {
    scumble_context_desc context_desc;
    scumble_prompt_desc prompt_desc;
    scumble_generation_desc generation_desc;
    switch (kind) {
        case 0:
            OK(scumble_context_desc_init(&context_desc, sizeof context_desc, SCUMBLE_ABI_VERSION));
            context_desc.model_path = MODEL;
            return scumble_context_create(&context_desc, (scumble_context **)object);
        case 1:
            OK(scumble_prompt_desc_init(&prompt_desc, sizeof prompt_desc, SCUMBLE_ABI_VERSION));
            prompt_desc.text = "a pear";
            return scumble_prompt_create(context, &prompt_desc, (scumble_prompt **)object);
        case 2:
            return scumble_prompt_blend(prompt, other_prompt, 0.35f, (scumble_prompt **)object);
        default:
            OK(scumble_generation_desc_init(&generation_desc, sizeof generation_desc, SCUMBLE_ABI_VERSION));
            return scumble_generation_create(prompt, &generation_desc, (scumble_generation **)object);
    }
}

static scumble_status destroy(int kind, void *object) {
    if (kind == 0) return scumble_context_destroy(object);
    if (kind == 3) return scumble_generation_destroy(object);
    return scumble_prompt_destroy(object);
}

/* Creates until it is refused. Contexts are refused only during a shutdown, which it may miss: their last is the one
 * that was begun before it. All are to be gone afterwards.
 */
static void *create_until_refused(void *argument) {
    int kind = (int)(size_t)argument, count = 0;
    static void *objects[4][MOST];
    while (count < MOST && !(kind == 0 && begun)) {
        scumble_status status = create(kind, &objects[kind][count]);
        if (status != SCUMBLE_STATUS_OK) {
            CHECK(begun);
            CHECK(status == SCUMBLE_STATUS_CANCELLED || status == SCUMBLE_STATUS_INVALID_HANDLE);
            break;
        }
        created[kind] = ++count;
    }
    while (!over) sleep_us(100);
    for (int i = 0; i < count; i++) EXPECT(SCUMBLE_STATUS_INVALID_HANDLE, destroy(kind, objects[kind][i]));
    return NULL;
}

/* Begins to load one context after the other, however long the shutdown takes. */
static void *create_and_destroy(void *nothing) {
    (void)nothing;
    while (!over) {
        void *object = NULL;
        scumble_status status = create(0, &object);
        if (status == SCUMBLE_STATUS_OK) destroy(0, object);
        else EXPECT(SCUMBLE_STATUS_CANCELLED, status);
    }
    return NULL;
}

static void creating(void) {
    for (int round = 0; round < ROUNDS; round++) {
        context = loaded_context();
        prompt = new_prompt(context, 0);
        other_prompt = new_prompt(context, 0);
        OK(scumble_prompt_wait(prompt, -1));
        OK(scumble_prompt_wait(other_prompt, -1));
        begun = over = 0;
        pthread_t threads[5];
        for (int kind = 0; kind < 4; kind++) {
            created[kind] = 0;
            threads[kind] = on_a_thread(create_until_refused, (void *)(size_t)kind);
        }
        threads[4] = on_a_thread(create_and_destroy, NULL);
        for (int kind = 0; kind < 4; kind++) while (created[kind] < 2) sleep_us(100);
        begun = 1;
        OK(scumble_shutdown(LIMIT_MS));
        over = 1;
        for (int i = 0; i < 5; i++) joined(threads[i]);
        OK(scumble_shutdown(LIMIT_MS)); /* what the last thread may have begun after the first */
    }
}

static void *wait_for_context(void *object) {
    return (void *)(size_t)scumble_context_wait(object, -1);
}

static void *wait_for_prompt(void *object) {
    return (void *)(size_t)scumble_prompt_wait(object, -1);
}

static void *wait_for_generation(void *object) {
    return (void *)(size_t)scumble_generation_wait(object, -1);
}

/* The waits that are for ever end when what they wait for is destroyed. A wait that comes too late finds no handle. */
static void ended(pthread_t waiter) {
    scumble_status answer = (scumble_status)(size_t)joined(waiter);
    CHECK(answer == SCUMBLE_STATUS_CANCELLED || answer == SCUMBLE_STATUS_INVALID_HANDLE);
}

static void waiting(void) {
    for (int round = 0; round < 2 * ROUNDS; round++) {
        int shuts_down = round % 2;
        context = loaded_context();
        scumble_prompt *manual = new_prompt(context, SCUMBLE_PROMPT_BY_HAND);
        scumble_prompt *used = new_prompt(context, SCUMBLE_PROMPT_BY_HAND);
        scumble_generation *user = new_generation(used, 4, 1);
        scumble_generation *generation = new_generation(new_prompt(context, 0), ENDLESS, 1);
        OK(scumble_generation_start(generation));
        scumble_context *loading = new_context(MODEL);
        pthread_t waiters[4] = {
            on_a_thread(wait_for_prompt, manual), on_a_thread(wait_for_prompt, used),
            on_a_thread(wait_for_generation, generation), on_a_thread(wait_for_context, loading),
        };
        sleep_ms(20);
        if (!shuts_down) {
            OK(scumble_prompt_destroy(manual));
            OK(scumble_prompt_destroy(used));
            OK(scumble_generation_destroy(generation));
            joined(waiters[3]); /* it may be loaded */
            for (int i = 0; i < 3; i++) ended(waiters[i]);
            EXPECT(SCUMBLE_STATUS_NOT_READY, scumble_generation_step(user, NULL)); /* nobody can encode its prompt now */
        }
        OK(scumble_shutdown(LIMIT_MS));
        if (shuts_down) {
            joined(waiters[3]);
            for (int i = 0; i < 3; i++) ended(waiters[i]);
        }
    }
}

static void *step(void *generation) {
    scumble_status status;
    do status = scumble_generation_step(generation, NULL);
    while (status == SCUMBLE_STATUS_OK || status == SCUMBLE_STATUS_BUSY);
    CHECK(status == SCUMBLE_STATUS_CANCELLED || status == SCUMBLE_STATUS_INVALID_HANDLE);
    return NULL;
}

static void *trim(void *nothing) {
    (void)nothing;
    while (scumble_context_trim(context) == SCUMBLE_STATUS_OK) sleep_ms(3);
    return NULL;
}

static void *shut_down(void *timeout) {
    return (void *)(size_t)scumble_shutdown((int)(size_t)timeout);
}

/* Several at once, in the midst of all kinds of work. */
static void together(void) {
    int at_first = threads();
    for (int round = 0; round < ROUNDS; round++) {
        context = loaded_context();
        new_context(MODEL);
        prompt = new_prompt(context, 0);
        OK(scumble_prompt_wait(prompt, -1));
        scumble_generation *by_worker = new_generation(prompt, ENDLESS, 1);
        OK(scumble_generation_start(by_worker));
        pthread_t hosts[2] = {on_a_thread(step, new_generation(prompt, ENDLESS, 2)), on_a_thread(trim, NULL)};
        sleep_ms(30 + 7 * round);
        pthread_t shutdowns[4];
        for (int i = 0; i < 4; i++) {
            shutdowns[i] = on_a_thread(shut_down, (void *)(size_t)(i == 0 ? 0 : LIMIT_MS));
        }
        for (int i = 0; i < 4; i++) {
            scumble_status status = (scumble_status)(size_t)joined(shutdowns[i]);
            CHECK(status == SCUMBLE_STATUS_OK || (i == 0 && status == SCUMBLE_STATUS_TIMEOUT));
        }
        for (int i = 0; i < 2; i++) joined(hosts[i]);
        scumble_progress progress;
        progress.struct_size = sizeof progress;
        EXPECT(SCUMBLE_STATUS_INVALID_HANDLE, scumble_generation_poll(by_worker, &progress));
        /* The system lists a thread for a moment longer than it can be waited for. */
        for (int i = 0; threads() > at_first && i < 1000; i++) sleep_ms(1);
        CHECK(threads() <= at_first);
    }
}

static void *spin(void *nothing) {
    while (!over) { }
    return nothing;
}

/* Contexts in the background while the host keeps all cores busy: one that loads and one that generates. */
static void background(void) {
    for (int round = 0; round < ROUNDS; round++) {
        scumble_context_desc desc;
        context = loaded_context();
        prompt = new_prompt(context, 0);
        scumble_generation *generation = new_generation(prompt, ENDLESS, 1);
        OK(scumble_generation_start(generation));
        sleep_ms(20);
        over = 0;
        pthread_t busy[8];
        for (int i = 0; i < 8; i++) busy[i] = on_a_thread(spin, NULL);
        OK(scumble_context_set_priority(context, SCUMBLE_PRIORITY_BACKGROUND));
        OK(scumble_context_set_priority(context, SCUMBLE_PRIORITY_NORMAL));
        scumble_progress progress;
        progress.struct_size = sizeof progress;
        OK(scumble_generation_poll(generation, &progress));
        /* Where the system keeps it in the background, a shutdown cannot raise it either. */
        if (progress.priority != SCUMBLE_PRIORITY_NORMAL) over = 1, round = ROUNDS;
        OK(scumble_context_set_priority(context, SCUMBLE_PRIORITY_BACKGROUND));
        OK(scumble_context_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
        desc.model_path = MODEL;
        desc.priority = SCUMBLE_PRIORITY_BACKGROUND;
        OK(scumble_context_create(&desc, &(scumble_context *){NULL}));
        sleep_ms(20 + 7 * round);
        OK(scumble_shutdown(LIMIT_MS));
        over = 1;
        for (int i = 0; i < 8; i++) joined(busy[i]);
    }
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    if (strcmp(arguments[1], "creating") == 0) creating();
    else if (strcmp(arguments[1], "waiting") == 0) waiting();
    else if (strcmp(arguments[1], "together") == 0) together();
    else if (strcmp(arguments[1], "background") == 0) background();
    else CHECK(!"a case");
    return 0;
}
