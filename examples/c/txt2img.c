/* Paints a picture of a prompt on the library's own thread, as a game would: without waiting.
 *
 *   cargo build --release
 *   cc examples/c/txt2img.c -Iinclude -Ltarget/release -lscumble -Wl,-rpath,target/release -o txt2img
 *   ./txt2img models/emblem "a red apple, 3d style, on a blue background" out.ppm 20
 */
#ifdef _WIN32
#include <windows.h>
#else
#define _POSIX_C_SOURCE 199309L /* nanosleep */
#include <time.h>
#endif
#include <scumble.h>
#include <stdio.h>
#include <stdlib.h>

static void check(scumble_status status) {
    if (status != SCUMBLE_STATUS_OK) {
        fprintf(stderr, "%s: %s\n", scumble_status_name(status), scumble_last_error());
        exit(1);
    }
}

static void next_frame(void) {
#ifdef _WIN32
    Sleep(16);
#else
    struct timespec frame = {0, 16000000};
    nanosleep(&frame, NULL);
#endif
}

static void write_ppm(const char *path, const unsigned char *rgb, int width, int height) {
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    fprintf(file, "P6 %d %d 255\n", width, height);
    fwrite(rgb, 3, (size_t)width * (size_t)height, file);
    fclose(file);
}

int main(int argc, char **argv) {
    const char *model = argc > 1 ? argv[1] : "models/emblem";
    const char *text = argc > 2 ? argv[2] : "a red apple, 3d style, on a blue background";
    const char *path = argc > 3 ? argv[3] : "out.ppm";
    int steps = argc > 4 ? atoi(argv[4]) : SCUMBLE_AUTO;

    /* A context loads on its own thread; the game goes on meanwhile. */
    scumble_context_desc context_desc;
    check(scumble_context_desc_init(&context_desc, sizeof context_desc, SCUMBLE_ABI_VERSION));
    context_desc.model_path = model;
    scumble_context *context;
    check(scumble_context_create(&context_desc, &context));
    scumble_status status;
    while ((status = scumble_context_poll(context)) == SCUMBLE_STATUS_NOT_READY) next_frame();
    check(status);

    /* The prompt is encoded there too: the generation may be started before that is done. */
    scumble_prompt_desc prompt_desc;
    check(scumble_prompt_desc_init(&prompt_desc, sizeof prompt_desc, SCUMBLE_ABI_VERSION));
    prompt_desc.text = text;
    scumble_prompt *prompt;
    check(scumble_prompt_create(context, &prompt_desc, &prompt));

    scumble_generation_desc desc;
    check(scumble_generation_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.seed = 14;
    desc.steps = steps;
    desc.preview_every = 1;
    scumble_generation *generation;
    check(scumble_generation_create(prompt, &desc, &generation));
    check(scumble_generation_start(generation));

    scumble_generation_info info;
    info.struct_size = sizeof info;
    check(scumble_generation_get_info(generation, &info));
    size_t size = (size_t)info.width * (size_t)info.height * 3;
    unsigned char *pixels = malloc(size);
    if (pixels == NULL) return 1;
    scumble_image image = {sizeof image, SCUMBLE_FORMAT_RGB8, info.width, info.height, 0, 0, size, pixels};

    /* One frame after the other: poll, and show the preview if there is a new one. */
    scumble_progress progress;
    progress.struct_size = sizeof progress;
    unsigned previews = 0;
    do {
        next_frame();
        check(scumble_generation_poll(generation, &progress));
        if (progress.previews != previews) {
            previews = progress.previews;
            check(scumble_generation_read_image(generation, SCUMBLE_SOURCE_PREVIEW, &image));
            printf("step %d of %d, %.0f ms left\n", progress.step, progress.steps, progress.left_ms);
        }
    } while (progress.phase < SCUMBLE_PHASE_DONE);
    check(scumble_generation_error(generation));

    check(scumble_generation_read_image(generation, SCUMBLE_SOURCE_FINAL, &image));
    write_ppm(path, pixels, info.width, info.height);
    printf("wrote %s: %d x %d, seed %llu, %s\n", path, info.width, info.height, (unsigned long long)info.seed, info.scheduler);

    free(pixels);
    check(scumble_generation_destroy(generation));
    check(scumble_prompt_destroy(prompt));
    check(scumble_context_destroy(context));
    check(scumble_shutdown(-1));
    return 0;
}
