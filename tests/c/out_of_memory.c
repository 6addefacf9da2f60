/* Every allocation of at least BYTES fails in its turn, by itself or with all that follow, in everything that Scumble
 * does. The process lives, the call says so, and then the same context makes the same image.
 *
 * out_of_memory BYTES TINY_MODEL CONTROLNET_MODEL, with failing_malloc.c preloaded
 */
#define _GNU_SOURCE
#include "check.h"
#include <dlfcn.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGEST = 256 };

typedef struct {
    const char *name;
    const char *model;
    int32_t side;
    uint64_t memory_budget;
    uint32_t seamless;
    bool only_encodes, from_image, controlnet;
    int32_t preview_source;
} work_t;

static void (*fail)(long, size_t, bool);
static long (*failed)(void);
static size_t least;
static unsigned char image_pixels[LARGEST * LARGEST * 4], mask_pixels[sizeof image_pixels], made[sizeof image_pixels];

static scumble_status load(const work_t *work, scumble_context **context) {
    scumble_context_desc desc;
    OK(scumble_context_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.model_path = work->model;
    desc.device = "cpu";
    desc.threads = 2;
    desc.memory_budget = work->memory_budget;
    desc.seamless = work->seamless;
    scumble_status status = scumble_context_create(&desc, context);
    return status != SCUMBLE_STATUS_OK ? status : scumble_context_wait(*context, -1);
}

static scumble_status encode(const scumble_context *context, scumble_prompt **prompt) {
    scumble_prompt_desc desc;
    OK(scumble_prompt_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.text = "a (red:1.1) apple";
    desc.negative_text = "blue, BREAK green";
    desc.syntax = SCUMBLE_SYNTAX_WEIGHTED;
    scumble_status status = scumble_prompt_create(context, &desc, prompt);
    return status != SCUMBLE_STATUS_OK ? status : scumble_prompt_wait(*prompt, -1);
}

static scumble_status generate(const work_t *work, const scumble_prompt *prompt) {
    const int32_t side = work->side;
    scumble_image image = {sizeof image, SCUMBLE_FORMAT_RGBA8, side, side, 0, 0, sizeof image_pixels, image_pixels};
    scumble_image mask = image;
    mask.pixels = mask_pixels;
    scumble_control control = {sizeof control, 0, 0.7f, 0.0f, 1.0f, 0, &image};
    const scumble_control *controls[] = {&control};
    scumble_generation_desc desc;
    OK(scumble_generation_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.width = desc.height = side;
    desc.steps = 2;
    desc.seed = 7;
    desc.preview_every = 1;
    desc.preview_source = work->preview_source;
    if (work->from_image) {
        desc.picture = &image;
        desc.mask = &mask;
        desc.strength = 0.7f;
    }
    if (work->controlnet) {
        desc.controls = controls;
        desc.control_count = 1;
    }
    scumble_generation *generation = NULL;
    scumble_status status = scumble_generation_create(prompt, &desc, &generation);
    if (status != SCUMBLE_STATUS_OK) return status;
    status = scumble_generation_start(generation);
    if (status == SCUMBLE_STATUS_OK) status = scumble_generation_wait(generation, -1);
    if (status == SCUMBLE_STATUS_OK) {
        scumble_image target = {sizeof target, SCUMBLE_FORMAT_RGBA8, side, side, 0, 0, sizeof made, made};
        status = scumble_generation_read_image(generation, SCUMBLE_SOURCE_FINAL, &target);
    }
    fail(0, 0, false);
    OK(scumble_generation_destroy(generation));
    return status;
}

/* Arms before each call of `CALL`, until a whole run of it sees no failure. */
#define EACH(what, CALL, AFTER) \
    do { \
        for (int all_after = 0; all_after < 2; all_after++) { \
            long n = 1; \
            for (;; n++) { \
                fprintf(stderr, "%s, %s, %ld\n", work->name, what, all_after ? -n : n); \
                fail(n, least, all_after); \
                scumble_status status = (CALL); \
                fail(0, 0, false); \
                const long failures = failed(); \
                if (status != SCUMBLE_STATUS_OUT_OF_MEMORY && status != SCUMBLE_STATUS_OK) { \
                    fprintf(stderr, "%s: %s\n", scumble_status_name(status), scumble_last_error()); \
                    exit(1); \
                } \
                CHECK(status == SCUMBLE_STATUS_OK || failures > 0); \
                AFTER; \
                if (failures == 0) break; \
            } \
            printf("%s: %s, %s: %ld allocations\n", work->name, what, all_after ? "from one on" : "one alone", n - 1); \
        } \
    } while (0)

/* Whether an image was decoded again in tiles, whose pixels differ a little: the log says so, and is emptied. */
static int decoded_again(void) {
    scumble_log_entry entry;
    int found = 0;
    entry.struct_size = sizeof entry;
    while (scumble_log_next(&entry) == SCUMBLE_STATUS_OK) found |= strstr(entry.text, "is tried again") != NULL;
    return found;
}

static void all(const work_t *work) {
    static unsigned char expected[sizeof made];
    scumble_context *context = NULL;
    scumble_prompt *prompt = NULL;
    OK(load(work, &context));
    OK(encode(context, &prompt));
    OK(generate(work, prompt));
    memcpy(expected, made, sizeof made);
    fprintf(stderr, "%s\n", work->name);

    scumble_prompt *again = NULL;
    EACH("encoding", encode(context, &again), {
        if (again != NULL) OK(scumble_prompt_destroy(again));
        again = NULL;
    });
    if (!work->only_encodes) {
        scumble_context *other = NULL;
        EACH("loading", load(work, &other), {
            if (other != NULL) OK(scumble_context_destroy(other));
            other = NULL;
        });
        EACH("generating", generate(work, prompt), {
            if (status == SCUMBLE_STATUS_OK && !decoded_again()) CHECK(memcmp(made, expected, sizeof made) == 0);
            OK(generate(work, prompt));
            CHECK(memcmp(made, expected, sizeof made) == 0);
        });
    }
    OK(encode(context, &again));
    OK(generate(work, again));
    CHECK(memcmp(made, expected, sizeof made) == 0);
    OK(scumble_context_destroy(context));
    OK(scumble_shutdown(-1));
}

/* The first load of a process, ONNX Runtime's included: one process for each allocation. */
static void first_load(const work_t *work) {
    for (int all_after = 0; all_after < 2; all_after++) {
        long n = 1;
        for (int done = 0; !done; n++) {
            fprintf(stderr, "first load, %ld\n", all_after ? -n : n);
            fflush(stdout);
            pid_t child = fork();
            if (child == 0) {
                scumble_context *context = NULL;
                scumble_prompt *prompt = NULL;
                fail(n, least, all_after);
                scumble_status status = load(work, &context);
                fail(0, 0, false);
                const long failures = failed();
                if (status != SCUMBLE_STATUS_OUT_OF_MEMORY) OK(status);
                if (status != SCUMBLE_STATUS_OK) OK(load(work, &context));
                OK(encode(context, &prompt));
                OK(generate(work, prompt));
                OK(scumble_shutdown(-1));
                exit(failures == 0 ? 42 : 0);
            }
            int status = 0;
            CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
            done = WEXITSTATUS(status) == 42;
            CHECK(done || WEXITSTATUS(status) == 0);
        }
        printf("first load, %s: %ld allocations\n", all_after ? "from one on" : "one alone", n - 2);
    }
}

int main(int count, char **arguments) {
    CHECK(count == 4);
    least = (size_t)atol(arguments[1]);
    *(void **)&fail = dlsym(RTLD_DEFAULT, "failing_malloc");
    *(void **)&failed = dlsym(RTLD_DEFAULT, "failed_mallocs");
    CHECK(fail != NULL && failed != NULL && least > 0);
    for (size_t i = 0; i < sizeof image_pixels; i++) {
        image_pixels[i] = (unsigned char)(i * 7 % 251);
        mask_pixels[i] = i < sizeof mask_pixels / 2 ? 0 : 255;
    }
    const work_t works[] = {
        {.name = "text", .model = MODEL, .side = 64, .only_encodes = true},
        {.name = "image", .model = arguments[2], .side = 256, .from_image = true, .preview_source = SCUMBLE_PREVIEW_TINY},
        {.name = "ControlNet",
         .model = arguments[3],
         .side = 256,
         .controlnet = true,
         .preview_source = SCUMBLE_PREVIEW_FULL},
        {.name = "tiles",
         .model = arguments[3],
         .side = 256,
         .memory_budget = 70000000,
         .seamless = SCUMBLE_SEAMLESS_X,
         .preview_source = SCUMBLE_PREVIEW_LINEAR},
    };
    first_load(&works[1]);
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) all(&works[i]);
    return 0;
}
