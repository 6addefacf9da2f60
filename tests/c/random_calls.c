/* Random calls of every export by several threads, on the same objects, with handles that are stale, of another type
 * or garbage, and with descriptors that nobody should give.
 *
 * After each call: the status is one that the header documents for this function, an error has a text, nothing was
 * written but the answer, and of a call that failed nothing at all. What does not hold is told, and ends the program
 * with 1. A call that does not come back within a minute ends it too.
 *
 * random_calls SECONDS SEED MODEL…: the calls of a thread follow from the seed, as far as the answers are the same.
 */
#define _XOPEN_SOURCE 700
#include "system.h"
#include "random_descs.h"
#include <pthread.h>

/* FUNCTION(name, status, …) for each export, made from the header's comments (tests/common/statuses.rs). */
#define FUNCTION(name, ...) F_##name,
enum function {
#include "statuses.inc"
    FUNCTIONS
};
#undef FUNCTION

static const char *const names[] = {
#define FUNCTION(name, ...) #name,
#include "statuses.inc"
#undef FUNCTION
};

#define FUNCTION(name, ...) static const int32_t allowed_##name[] = {__VA_ARGS__};
#include "statuses.inc"
#undef FUNCTION

static const struct {
    const int32_t *statuses;
    size_t count;
} allowed[] = {
#define FUNCTION(name, ...) {allowed_##name, sizeof allowed_##name / sizeof *allowed_##name},
#include "statuses.inc"
#undef FUNCTION
};

enum { THREADS = 8, LONGEST_MS = 60000, SHUTDOWN_MS = 10000, LEAST = -100, STATUSES = 128, TOLD = 20 };
enum kind { CONTEXT, PROMPT, GENERATION, KINDS, SLOTS = 16, STALE = 64 };

static uintptr_t live[KINDS][SLOTS], stale[STALE];
static unsigned long seen[FUNCTIONS][STATUSES];
static int findings, stopping, running;

typedef struct {
    dice_t dice;
    int number;
    unsigned long calls;
    enum function now;
} caller_t;

static caller_t callers[THREADS];

static void finding(const caller_t *caller, const char *what, scumble_status status) {
    if (__atomic_fetch_add(&findings, 1, __ATOMIC_RELAXED) >= TOLD) return;
    fprintf(stderr, "thread %d, call %lu: %s: %s: %s \"%s\"\n", caller->number, caller->calls, names[caller->now], what,
            scumble_status_name(status), scumble_last_error());
}

#define DEMAND(caller, condition, status) \
    do { \
        if (!(condition)) finding(caller, #condition, status); \
    } while (0)

static void begin(caller_t *caller, enum function function) {
    __atomic_store_n(&caller->now, function, __ATOMIC_RELAXED);
    __atomic_fetch_add(&caller->calls, 1, __ATOMIC_RELAXED);
}

/* What holds of every answer. */
static scumble_status answered(caller_t *caller, scumble_status status) {
    int documented = 0;
    for (size_t i = 0; i < allowed[caller->now].count; i++) documented |= allowed[caller->now].statuses[i] == status;
    const int known = status >= LEAST && status < LEAST + STATUSES;
    if (known && __atomic_fetch_add(&seen[caller->now][status - LEAST], 1, __ATOMIC_RELAXED) == 0 && !documented) {
        finding(caller, "answers what the header does not document", status);
    }
    DEMAND(caller, known && status != SCUMBLE_STATUS_PANIC, status);
    if (status != SCUMBLE_STATUS_OK) {
        const char *text = scumble_last_error();
        DEMAND(caller, strncmp(text, names[caller->now], strlen(names[caller->now])) == 0, status);
        DEMAND(caller, strlen(text) > strlen(names[caller->now]) + 2, status);
    }
    return status;
}

#define CALL(caller, function, ...) (begin(caller, F_##function), answered(caller, function(__VA_ARGS__)))

static void destroy(caller_t *caller, enum kind kind, void *handle) {
    __atomic_store_n(&stale[below(&caller->dice, STALE)], (uintptr_t)handle, __ATOMIC_RELAXED);
    switch (kind) {
        case CONTEXT: CALL(caller, scumble_context_destroy, handle); break;
        case PROMPT: CALL(caller, scumble_prompt_destroy, handle); break;
        default: CALL(caller, scumble_generation_destroy, handle); break;
    }
}

/* A handle of this kind, mostly. */
static void *handle(caller_t *caller, enum kind kind) {
    dice_t *dice = &caller->dice;
    const uintptr_t of_kind = __atomic_load_n(&live[kind][below(dice, SLOTS)], __ATOMIC_RELAXED);
    switch (below(dice, 60)) {
        case 0: return NULL;
        case 1: return (void *)(uintptr_t)draw(dice);
        case 2: return (void *)(uintptr_t)(of_kind ^ (uintptr_t)1 << below(dice, 64));
        case 3: return (void *)__atomic_load_n(&live[below(dice, KINDS)][below(dice, SLOTS)], __ATOMIC_RELAXED);
        case 4: return (void *)__atomic_load_n(&stale[below(dice, STALE)], __ATOMIC_RELAXED);
        default: return (void *)of_kind;
    }
}

/* Takes what a _create gave: the object goes where any thread finds it, and what was there is destroyed. */
static void created(caller_t *caller, enum kind kind, scumble_status status, const guarded_t *out) {
    void *handle;
    if (out == NULL) {
        DEMAND(caller, status != SCUMBLE_STATUS_OK, status);
        return;
    }
    DEMAND(caller, is_untouched_after(out, status == SCUMBLE_STATUS_OK ? sizeof handle : 0), status);
    if (status != SCUMBLE_STATUS_OK) return;
    memcpy(&handle, inside(out), sizeof handle);
    DEMAND(caller, handle != NULL, status);
    /* A context is dear; it stays for a while. */
    uintptr_t *slot = &live[kind][below(&caller->dice, kind == CONTEXT ? SLOTS / 4 : SLOTS)];
    void *before = (void *)__atomic_exchange_n(slot, (uintptr_t)handle, __ATOMIC_RELAXED);
    if (kind == CONTEXT) {
        for (int i = 1; i < 4; i++) __atomic_store_n(slot + i * SLOTS / 4, (uintptr_t)handle, __ATOMIC_RELAXED);
        if (once_in(&caller->dice, 2)) CALL(caller, scumble_context_wait, handle, 1000);
    }
    if (before != NULL) destroy(caller, kind, before);
}

/* Memory for a handle; NULL now and then. */
static guarded_t *place_for_handle(caller_t *caller, guarded_t *memory) {
    *memory = guarded(&caller->dice, sizeof(void *));
    return once_in(&caller->dice, 100) ? NULL : memory;
}

#define PLACE(place) ((place) == NULL ? NULL : inside(place))

/* A call that fills a structure of this type. */
#define FILL(caller, type, function, ...) \
    do { \
        const uint32_t told = told_size(&(caller)->dice, sizeof(type)); \
        guarded_t memory = guarded(&(caller)->dice, room(sizeof(type), told)); \
        preset(&memory, &told, sizeof told); \
        type *into = once_in(&(caller)->dice, 100) ? NULL : inside(&memory); \
        const scumble_status status = CALL(caller, function, __VA_ARGS__, into); \
        DEMAND(caller, into != NULL || status != SCUMBLE_STATUS_OK, status); \
        DEMAND(caller, is_untouched_after(&memory, status == SCUMBLE_STATUS_OK ? told : 0), status); \
        DEMAND(caller, memcmp(inside(&memory), &told, sizeof told) == 0, status); \
    } while (0)

#define INIT(caller, type, function) \
    do { \
        const size_t told = told_size(&(caller)->dice, sizeof(type)); \
        guarded_t memory = guarded(&(caller)->dice, room(sizeof(type), (uint32_t)told)); \
        type *into = once_in(&(caller)->dice, 50) ? NULL : inside(&memory); \
        const uint32_t version = once_in(&(caller)->dice, 20) ? (uint32_t)hostile_int(&(caller)->dice) : SCUMBLE_ABI_VERSION; \
        const scumble_status status = CALL(caller, function, into, told, version); \
        DEMAND(caller, is_untouched_after(&memory, status == SCUMBLE_STATUS_OK ? told : 0), status); \
    } while (0)

static int32_t random_timeout(dice_t *dice) {
    return once_in(dice, 50) ? -1 : once_in(dice, 4) ? 0 : between(dice, 1, 30);
}

/* What a poll says hangs together. */
static void poll_once(caller_t *caller, const scumble_generation *generation) {
    scumble_progress p;
    p.struct_size = sizeof p;
    const scumble_status status = CALL(caller, scumble_generation_poll, generation, &p);
    if (status != SCUMBLE_STATUS_OK) return;
    DEMAND(caller, p.phase >= SCUMBLE_PHASE_CREATED && p.phase <= SCUMBLE_PHASE_CANCELLED, p.status);
    DEMAND(caller, p.step >= 0 && p.step <= p.steps && p.evaluation >= 0 && p.evaluation <= p.evaluations, p.status);
    DEMAND(caller, p.phase != SCUMBLE_PHASE_DONE || (p.evaluation == p.evaluations && p.status == SCUMBLE_STATUS_OK), p.status);
    DEMAND(caller, (p.phase == SCUMBLE_PHASE_FAILED) == (p.status < 0), p.status);
    DEMAND(caller, (p.phase == SCUMBLE_PHASE_CANCELLED) == (p.status == SCUMBLE_STATUS_CANCELLED), p.status);
}

static void read_image(caller_t *caller, const scumble_generation *generation) {
    dice_t *dice = &caller->dice;
    scumble_generation_info info = {.struct_size = sizeof info, .width = 16, .height = 16};
    CALL(caller, scumble_generation_get_info, generation, &info);
    const int32_t source = once_in(dice, 30) ? hostile_int(dice) : between(dice, 0, 1);
    const int preview = source == SCUMBLE_SOURCE_PREVIEW && info.preview_width > 0;
    scumble_image image = {sizeof image, between(dice, 0, 3), preview ? info.preview_width : info.width,
                           preview ? info.preview_height : info.height, 0, below(dice, 2), 0, NULL};
    const size_t row = pixel_size(image.format) * (size_t)image.width;
    if (once_in(dice, 3)) image.row_pitch = (uint32_t)(row + below(dice, 40));
    image.pixels_size = (image.row_pitch ? image.row_pitch : row) * ((size_t)image.height - 1) + row;
    if (once_in(dice, 10)) image.pixels_size = below(dice, (uint32_t)image.pixels_size);
    guarded_t pixels = guarded(dice, image.pixels_size);
    image.pixels = once_in(dice, 50) ? NULL : inside(&pixels);
    if (once_in(dice, 10)) {
        switch (below(dice, 4)) {
            case 0: image.format = hostile_int(dice); break;
            case 1: image.width = hostile_int(dice); break;
            case 2: image.height = hostile_int(dice); break;
            default: image.flags = (uint32_t)hostile_int(dice); break;
        }
    }
    const void *described = once_in(dice, 100) ? NULL : given(dice, &image, sizeof image);
    const scumble_status status = CALL(caller, scumble_generation_read_image, generation, source, described);
    DEMAND(caller, is_untouched_after(&pixels, status == SCUMBLE_STATUS_OK ? pixels.size : 0), status);
}

static void read_latents(caller_t *caller, const scumble_generation *generation) {
    dice_t *dice = &caller->dice;
    scumble_generation_info info = {.struct_size = sizeof info};
    CALL(caller, scumble_generation_get_info, generation, &info);
    const size_t needed = (size_t)info.latent_channels * (size_t)info.latent_width * (size_t)info.latent_height;
    const size_t count = once_in(dice, 10) ? below(dice, 2000) : needed;
    guarded_t numbers = guarded(dice, count * sizeof(float));
    float *memory = once_in(dice, 50) ? NULL : inside(&numbers);
    const scumble_status status = CALL(caller, scumble_generation_read_latents, generation, memory, count);
    DEMAND(caller, status != SCUMBLE_STATUS_OK || count >= needed, status);
    DEMAND(caller, is_untouched_after(&numbers, status == SCUMBLE_STATUS_OK ? needed * sizeof(float) : 0), status);
}

/* Some evaluations, and the image if that was all of them. */
static void step_manually(caller_t *caller, const scumble_generation *generation) {
    dice_t *dice = &caller->dice;
    for (int i = between(dice, 1, 6); i > 0; i--) {
        guarded_t left = guarded(dice, sizeof(int32_t));
        int32_t value;
        const scumble_status status = CALL(caller, scumble_generation_step, generation, once_in(dice, 20) ? NULL : inside(&left));
        if (status != SCUMBLE_STATUS_OK) {
            DEMAND(caller, is_untouched_after(&left, 0), status);
            return;
        }
        DEMAND(caller, is_untouched_after(&left, sizeof value), status);
        memcpy(&value, inside(&left), sizeof value);
        if (value == 0) CALL(caller, scumble_generation_decode, generation);
    }
}

static void call(caller_t *caller, enum function function) {
    dice_t *dice = &caller->dice;
    scumble_status status;
    guarded_t memory, *out;
    void *first, *second;
    switch (function) {
        case F_scumble_version:
            begin(caller, function);
            DEMAND(caller, strlen(scumble_version()) > 0, 0);
            break;
        case F_scumble_abi_version:
            begin(caller, function);
            DEMAND(caller, scumble_abi_version() == SCUMBLE_ABI_VERSION, 0);
            break;
        case F_scumble_status_name:
            begin(caller, function);
            DEMAND(caller, strncmp(scumble_status_name(hostile_int(dice)), "SCUMBLE_STATUS_", 15) == 0, 0);
            break;
        case F_scumble_last_error:
            begin(caller, function);
            DEMAND(caller, scumble_last_error() != NULL, 0);
            break;
        case F_scumble_log_next: {
            const uint32_t told = told_size(dice, sizeof(scumble_log_entry));
            memory = guarded(dice, room(sizeof(scumble_log_entry), told));
            preset(&memory, &told, sizeof told);
            status = CALL(caller, scumble_log_next, once_in(dice, 50) ? NULL : inside(&memory));
            DEMAND(caller, is_untouched_after(&memory, status == SCUMBLE_STATUS_OK ? told : 0), status);
            break;
        }
        case F_scumble_shutdown:
            CALL(caller, scumble_shutdown, between(dice, 0, 50));
            break;
        case F_scumble_runtime_load:
            CALL(caller, scumble_runtime_load, once_in(dice, 2) ? NULL : once_in(dice, 2) ? ONE_OF(dice, "no.so", "Cargo.toml", "/", "libm.so.6") : hostile_text(dice));
            break;
        case F_scumble_runtime_add_provider:
            CALL(caller, scumble_runtime_add_provider, once_in(dice, 2) ? ONE_OF(dice, "no.so", "Cargo.toml", "/") : hostile_text(dice));
            break;
        case F_scumble_device_count:
            memory = guarded(dice, sizeof(int32_t));
            status = CALL(caller, scumble_device_count, once_in(dice, 50) ? NULL : inside(&memory));
            DEMAND(caller, is_untouched_after(&memory, status == SCUMBLE_STATUS_OK ? sizeof(int32_t) : 0), status);
            break;
        case F_scumble_device_get_info: {
            const int32_t index = once_in(dice, 2) ? 0 : hostile_int(dice);
            FILL(caller, scumble_device_info, scumble_device_get_info, index);
            break;
        }
        case F_scumble_context_desc_init: INIT(caller, scumble_context_desc, scumble_context_desc_init); break;
        case F_scumble_prompt_desc_init: INIT(caller, scumble_prompt_desc, scumble_prompt_desc_init); break;
        case F_scumble_generation_desc_init: INIT(caller, scumble_generation_desc, scumble_generation_desc_init); break;
        case F_scumble_context_create:
            out = place_for_handle(caller, &memory);
            status = CALL(caller, scumble_context_create, context_desc(dice), PLACE(out));
            created(caller, CONTEXT, status, out);
            break;
        case F_scumble_context_poll: CALL(caller, scumble_context_poll, handle(caller, CONTEXT)); break;
        case F_scumble_context_wait: CALL(caller, scumble_context_wait, handle(caller, CONTEXT), random_timeout(dice)); break;
        case F_scumble_context_get_info: FILL(caller, scumble_context_info, scumble_context_get_info, handle(caller, CONTEXT)); break;
        case F_scumble_context_set_pace:
            /* A rest of a minute is allowed; here it would be all that happens. */
            CALL(caller, scumble_context_set_pace, handle(caller, CONTEXT), once_in(dice, 4) ? (once_in(dice, 2) ? NAN : -0.7f) : once_in(dice, 4) ? 0.35f : 1);
            break;
        case F_scumble_context_set_priority: CALL(caller, scumble_context_set_priority, handle(caller, CONTEXT), once_in(dice, 4) ? hostile_int(dice) : between(dice, -1, 1)); break;
        case F_scumble_context_trim: CALL(caller, scumble_context_trim, handle(caller, CONTEXT)); break;
        case F_scumble_context_destroy: destroy(caller, CONTEXT, handle(caller, CONTEXT)); break;
        case F_scumble_prompt_create:
            out = place_for_handle(caller, &memory);
            first = handle(caller, CONTEXT);
            status = CALL(caller, scumble_prompt_create, first, prompt_desc(dice), PLACE(out));
            created(caller, PROMPT, status, out);
            break;
        case F_scumble_prompt_blend:
            out = place_for_handle(caller, &memory);
            first = handle(caller, PROMPT), second = once_in(dice, 3) ? first : handle(caller, PROMPT);
            status = CALL(caller, scumble_prompt_blend, first, second, once_in(dice, 8) ? hostile_float(dice) : 0.35f, PLACE(out));
            created(caller, PROMPT, status, out);
            break;
        case F_scumble_prompt_encode: CALL(caller, scumble_prompt_encode, handle(caller, PROMPT)); break;
        case F_scumble_prompt_poll: CALL(caller, scumble_prompt_poll, handle(caller, PROMPT)); break;
        case F_scumble_prompt_wait: CALL(caller, scumble_prompt_wait, handle(caller, PROMPT), random_timeout(dice)); break;
        case F_scumble_prompt_get_info: FILL(caller, scumble_prompt_info, scumble_prompt_get_info, handle(caller, PROMPT)); break;
        case F_scumble_prompt_destroy: destroy(caller, PROMPT, handle(caller, PROMPT)); break;
        case F_scumble_generation_create:
            out = place_for_handle(caller, &memory);
            first = handle(caller, PROMPT);
            status = CALL(caller, scumble_generation_create, first, generation_desc(dice), PLACE(out));
            created(caller, GENERATION, status, out);
            break;
        case F_scumble_generation_start: CALL(caller, scumble_generation_start, handle(caller, GENERATION)); break;
        case F_scumble_generation_poll:
            if (once_in(dice, 2)) poll_once(caller, handle(caller, GENERATION));
            else FILL(caller, scumble_progress, scumble_generation_poll, handle(caller, GENERATION));
            break;
        case F_scumble_generation_wait: CALL(caller, scumble_generation_wait, handle(caller, GENERATION), random_timeout(dice)); break;
        case F_scumble_generation_cancel: CALL(caller, scumble_generation_cancel, handle(caller, GENERATION)); break;
        case F_scumble_generation_pause: CALL(caller, scumble_generation_pause, handle(caller, GENERATION)); break;
        case F_scumble_generation_resume: CALL(caller, scumble_generation_resume, handle(caller, GENERATION)); break;
        case F_scumble_generation_get_info: FILL(caller, scumble_generation_info, scumble_generation_get_info, handle(caller, GENERATION)); break;
        case F_scumble_generation_error: CALL(caller, scumble_generation_error, handle(caller, GENERATION)); break;
        case F_scumble_generation_step: step_manually(caller, handle(caller, GENERATION)); break;
        case F_scumble_generation_decode: CALL(caller, scumble_generation_decode, handle(caller, GENERATION)); break;
        case F_scumble_generation_read_image: read_image(caller, handle(caller, GENERATION)); break;
        case F_scumble_generation_read_latents: read_latents(caller, handle(caller, GENERATION)); break;
        case F_scumble_generation_destroy: destroy(caller, GENERATION, handle(caller, GENERATION)); break;
        case FUNCTIONS: break;
    }
    free_blocks(dice);
}

/* Some functions are called once where the others are called so often, or nothing else would happen. */
static uint32_t how_seldom(enum function function) {
    switch (function) {
        case F_scumble_shutdown: return 20000;
        case F_scumble_context_create: case F_scumble_context_destroy: return 1000;
        case F_scumble_runtime_load: case F_scumble_runtime_add_provider: return 200;
        case F_scumble_context_trim: case F_scumble_prompt_destroy: case F_scumble_generation_destroy: return 20;
        case F_scumble_generation_create: case F_scumble_generation_cancel: return 8;
        default: return 1;
    }
}

static void *run(void *argument) {
    caller_t *caller = argument;
    while (!__atomic_load_n(&stopping, __ATOMIC_RELAXED)) {
        const enum function function = (enum function)below(&caller->dice, FUNCTIONS);
        if (once_in(&caller->dice, how_seldom(function))) call(caller, function);
    }
    __atomic_fetch_sub(&running, 1, __ATOMIC_RELAXED);
    return NULL;
}

static long now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Ends the program if a thread is in one call for too long. */
static void watch(void) {
    static unsigned long calls[THREADS];
    static long since[THREADS];
    for (int i = 0; i < THREADS; i++) {
        const unsigned long now = __atomic_load_n(&callers[i].calls, __ATOMIC_RELAXED);
        if (now != calls[i] || since[i] == 0) calls[i] = now, since[i] = now_ms();
        if (now_ms() - since[i] < LONGEST_MS) continue;
        for (int k = 0; k < THREADS; k++) fprintf(stderr, "thread %d, call %lu: in %s\n", k, callers[k].calls, names[callers[k].now]);
        fprintf(stderr, "thread %d has been in one call for %d s\n", i, LONGEST_MS / 1000);
        abort();
    }
}

/* Ends everything, as a host does between two levels; whoever waits is woken. */
static void shut_down(caller_t *own) {
    const long begin_ms = now_ms();
    scumble_status status;
    while ((status = CALL(own, scumble_shutdown, 1000)) == SCUMBLE_STATUS_TIMEOUT && now_ms() - begin_ms < LONGEST_MS) watch();
    /* A thread that ONNX Runtime keeps with a model's load ends when that does. */
    if (status != SCUMBLE_STATUS_OK && status != SCUMBLE_STATUS_THREAD_LEFT) {
        finding(own, "threads do not end", status);
        for (int k = 0; k < THREADS; k++) fprintf(stderr, "thread %d, call %lu: in %s\n", k, callers[k].calls, names[callers[k].now]);
        abort();
    }
    if (now_ms() - begin_ms > SHUTDOWN_MS) finding(own, "takes too long", status);
}

/* Which statuses each function answered, and how often. */
static void report(unsigned long calls) {
    for (int f = 0; f < FUNCTIONS; f++) {
        printf("%s:", names[f]);
        for (int s = STATUSES - 1; s >= 0; s--) {
            if (seen[f][s]) printf(" %s %lu", scumble_status_name(s + LEAST) + strlen("SCUMBLE_STATUS_"), seen[f][s]);
        }
        putchar('\n');
    }
    printf("%lu calls, %d findings\n", calls, findings);
}

int main(int count, char **arguments) {
    CHECK(count > 3);
    const long end = now_ms() + (long)(atof(arguments[1]) * 1000);
    const uint64_t seed = strtoull(arguments[2], NULL, 0);
    models = (const char *const *)arguments + 3;
    model_count = (uint32_t)count - 3;
    printf("seed %llu\n", (unsigned long long)seed);
    fflush(stdout);

    static caller_t own;
    own.number = -1;
    own.dice.state = seed;
    pthread_t threads_of[THREADS];
    running = THREADS;
    for (int i = 0; i < THREADS; i++) {
        callers[i].number = i;
        callers[i].dice.state = draw(&own.dice);
        CHECK(pthread_create(&threads_of[i], NULL, run, &callers[i]) == 0);
    }
    while (now_ms() < end) {
        for (int i = 0; i < 4; i++) call(&own, F_scumble_context_create);
        for (long until = now_ms() + between(&own.dice, 2000, 6000); now_ms() < until && now_ms() < end;) {
            sleep_ms(50);
            watch();
        }
        shut_down(&own);
    }
    __atomic_store_n(&stopping, 1, __ATOMIC_RELAXED);
    do {
        shut_down(&own);
        sleep_ms(10);
    } while (__atomic_load_n(&running, __ATOMIC_RELAXED) > 0);
    unsigned long calls = own.calls;
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads_of[i], NULL) == 0);
        calls += callers[i].calls;
    }
    shut_down(&own);
    for (int kind = 0; kind < KINDS; kind++) {
        for (int i = 0; i < SLOTS; i++) {
            own.now = F_scumble_shutdown;
            DEMAND(&own, scumble_context_poll((void *)live[kind][i]) == SCUMBLE_STATUS_INVALID_HANDLE, 0);
            DEMAND(&own, scumble_prompt_poll((void *)live[kind][i]) == SCUMBLE_STATUS_INVALID_HANDLE, 0);
            DEMAND(&own, scumble_generation_error((void *)live[kind][i]) == SCUMBLE_STATUS_INVALID_HANDLE, 0);
        }
    }
    for (int i = 0; i < LONGEST_MS && threads() > 1; i++) sleep_ms(1);
    DEMAND(&own, threads() == 1, 0);
    report(calls);
    return findings > 0;
}
