/* What the C programs of the tests share. */
#ifndef CHECK_H
#define CHECK_H

#include <scumble.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

/* The call answers this status. */
#define EXPECT(status, call) \
    do { \
        scumble_status answer = (call); \
        if (answer != (status)) { \
            fprintf(stderr, "%s:%d: %s answers %s (%s), expected " #status "\n", __FILE__, __LINE__, #call, \
                    scumble_status_name(answer), scumble_last_error()); \
            exit(1); \
        } \
    } while (0)

#define OK(call) EXPECT(SCUMBLE_STATUS_OK, call)

#define MODEL "tests/reference/models/emblem-64"
#define SIDE 64

typedef unsigned char pixels_t[SIDE * SIDE * 4];

static inline scumble_context *new_context(const char *path) {
    scumble_context_desc desc;
    OK(scumble_context_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.model_path = path;
    scumble_context *context = NULL;
    OK(scumble_context_create(&desc, &context));
    return context;
}

static inline scumble_context *loaded_context(void) {
    scumble_context *context = new_context(MODEL);
    OK(scumble_context_wait(context, -1));
    return context;
}

static inline scumble_prompt *new_prompt(const scumble_context *context, uint32_t flags) {
    scumble_prompt_desc desc;
    OK(scumble_prompt_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.text = "a red apple, 3d style, on a blue background";
    desc.flags = flags;
    scumble_prompt *prompt = NULL;
    OK(scumble_prompt_create(context, &desc, &prompt));
    return prompt;
}

static inline scumble_generation *new_generation(const scumble_prompt *prompt, int32_t steps, uint64_t seed) {
    scumble_generation_desc desc;
    OK(scumble_generation_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.steps = steps;
    desc.seed = seed;
    scumble_generation *generation = NULL;
    OK(scumble_generation_create(prompt, &desc, &generation));
    return generation;
}

static inline scumble_progress poll(const scumble_generation *generation) {
    scumble_progress progress;
    progress.struct_size = sizeof progress;
    OK(scumble_generation_poll(generation, &progress));
    return progress;
}

static inline scumble_status read_pixels(const scumble_generation *generation, int32_t format, pixels_t pixels) {
    scumble_image image = {sizeof image, format, SIDE, SIDE, 0, 0, sizeof(pixels_t), pixels};
    return scumble_generation_read_image(generation, SCUMBLE_SOURCE_FINAL, &image);
}

#endif
