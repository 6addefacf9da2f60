/* Objects may be destroyed in any order and at any moment, and a shutdown leaves nothing behind. */
#include "system.h"
#include "check.h"

enum { SEED = 7, STEPS = 4, ENDLESS = 900 };

/* Threads of a process that has just begun: Windows may load its libraries with some. */
static int at_first;

static void shut_down(void) {
    OK(scumble_shutdown(-1));
    /* The system lists a thread for a moment longer than it can be waited for. */
    for (int i = 0; threads() > at_first && i < 1000; i++) sleep_ms(1);
    CHECK(threads() <= at_first);
}

static void paint(const scumble_prompt *prompt, pixels_t pixels) {
    scumble_generation *generation = new_generation(prompt, STEPS, SEED);
    OK(scumble_generation_start(generation));
    OK(scumble_generation_wait(generation, -1));
    OK(read_pixels(generation, SCUMBLE_FORMAT_RGBA8, pixels));
    OK(scumble_generation_destroy(generation));
}

static void destroyed_while_loading(void) {
    scumble_prompt_desc desc;
    OK(scumble_prompt_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.text = "";
    scumble_prompt *prompt = NULL;
    scumble_context_info info;
    info.struct_size = sizeof info;
    for (int ms = 0; ms < 100; ms = 2 * ms + 1) {
        scumble_context *context = new_context(MODEL);
        EXPECT(SCUMBLE_STATUS_NOT_READY, scumble_context_poll(context));
        EXPECT(SCUMBLE_STATUS_TIMEOUT, scumble_context_wait(context, 0));
        EXPECT(SCUMBLE_STATUS_NOT_READY, scumble_context_get_info(context, &info));
        EXPECT(SCUMBLE_STATUS_NOT_READY, scumble_prompt_create(context, &desc, &prompt));
        CHECK(prompt == NULL);
        sleep_ms(ms);
        OK(scumble_context_destroy(context));
        EXPECT(SCUMBLE_STATUS_INVALID_HANDLE, scumble_context_poll(context));
        EXPECT(SCUMBLE_STATUS_INVALID_HANDLE, scumble_context_destroy(context));
    }
}

/* All orders of context, prompt and generation: before the start, while waiting, while painting
 * and when done.
 */
static void destroyed_in_every_order(void) {
    static const char *const orders[] = {"cpg", "cgp", "pcg", "pgc", "gcp", "gpc"};
    for (int moment = 0; moment < 4; moment++) {
        for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
            scumble_context *context = loaded_context();
            scumble_prompt *prompt = new_prompt(context, 0);
            scumble_generation *generation = new_generation(prompt, moment == 3 ? 1 : ENDLESS, SEED);
            if (moment > 0) OK(scumble_generation_start(generation));
            if (moment == 2) while (poll(generation).evaluation == 0) sleep_ms(1);
            if (moment == 3) OK(scumble_generation_wait(generation, -1));
            for (const char *o = orders[i]; *o != '\0'; o++) {
                if (*o == 'c') OK(scumble_context_destroy(context));
                if (*o == 'p') OK(scumble_prompt_destroy(prompt));
                if (*o == 'g') OK(scumble_generation_destroy(generation));
            }
        }
    }
}

/* What is left of a destroyed pair goes on: objects keep what they need. */
static void outlives_what_it_was_made_of(pixels_t pixels) {
    scumble_context *context = loaded_context();
    scumble_prompt *prompt = new_prompt(context, 0);
    OK(scumble_context_destroy(context));
    scumble_generation *generation = new_generation(prompt, STEPS, SEED);
    OK(scumble_prompt_destroy(prompt));
    OK(scumble_generation_start(generation));
    OK(scumble_generation_wait(generation, -1));
    OK(read_pixels(generation, SCUMBLE_FORMAT_RGBA8, pixels));

    for (int i = 0; i < 100; i++) {
        pixels_t again;
        OK(read_pixels(generation, i % 2 ? SCUMBLE_FORMAT_BGRA8 : SCUMBLE_FORMAT_RGBA8, again));
        for (size_t p = 0; p < sizeof again; p += 4) {
            CHECK(again[p] == pixels[p + (i % 2 ? 2 : 0)] && again[p + 2] == pixels[p + (i % 2 ? 0 : 2)]);
            CHECK(again[p + 1] == pixels[p + 1] && again[p + 3] == 255);
        }
    }
    OK(scumble_generation_destroy(generation));
    EXPECT(SCUMBLE_STATUS_INVALID_HANDLE, read_pixels(generation, SCUMBLE_FORMAT_RGBA8, pixels));
}

static void contexts_side_by_side(const pixels_t expected) {
    scumble_context *contexts[3];
    scumble_generation *generations[3];
    for (int i = 0; i < 3; i++) contexts[i] = new_context(MODEL);
    for (int i = 0; i < 3; i++) {
        OK(scumble_context_wait(contexts[i], -1));
        scumble_prompt *prompt = new_prompt(contexts[i], 0);
        generations[i] = new_generation(prompt, STEPS, SEED);
        OK(scumble_generation_start(generations[i]));
        OK(scumble_prompt_destroy(prompt));
    }
    for (int i = 0; i < 3; i++) {
        pixels_t pixels;
        OK(scumble_generation_wait(generations[i], -1));
        OK(read_pixels(generations[i], SCUMBLE_FORMAT_RGBA8, pixels));
        CHECK(memcmp(pixels, expected, sizeof pixels) == 0);
    }
}

/* Generations of one context take turns. */
static void generations_take_turns(void) {
    scumble_context *context = loaded_context();
    scumble_prompt *prompt = new_prompt(context, 0);
    scumble_generation *generations[3];
    for (int i = 0; i < 3; i++) generations[i] = new_generation(prompt, 3 * STEPS, i);
    for (int i = 0; i < 3; i++) OK(scumble_generation_start(generations[i]));
    int samples = 0;
    for (int running = 3; running == 3;) {
        int32_t least = 3 * STEPS, most = 0;
        int32_t first = poll(generations[0]).evaluation;
        running = 0;
        for (int i = 0; i < 3; i++) {
            scumble_progress progress = poll(generations[i]);
            running += progress.phase < SCUMBLE_PHASE_DONE;
            if (progress.evaluation < least) least = progress.evaluation;
            if (progress.evaluation > most) most = progress.evaluation;
        }
        if (first != poll(generations[0]).evaluation) continue; /* no longer one moment */
        CHECK(most - least <= 2);
        samples++;
        sleep_ms(1);
    }
    CHECK(samples > 3);
    for (int i = 0; i < 3; i++) OK(scumble_generation_wait(generations[i], -1));
}

static void shut_down_with_live_work(void) {
    scumble_context *context = loaded_context();
    scumble_context *loading = new_context(MODEL);
    scumble_prompt *prompt = new_prompt(context, 0);
    scumble_generation *generation = new_generation(prompt, ENDLESS, SEED);
    OK(scumble_generation_start(generation));
    while (poll(generation).evaluation == 0) sleep_ms(1);
    CHECK(threads() > at_first || at_first == 0);
    shut_down();

    scumble_progress progress;
    progress.struct_size = sizeof progress;
    EXPECT(SCUMBLE_STATUS_INVALID_HANDLE, scumble_context_poll(context));
    EXPECT(SCUMBLE_STATUS_INVALID_HANDLE, scumble_context_destroy(loading));
    EXPECT(SCUMBLE_STATUS_INVALID_HANDLE, scumble_prompt_poll(prompt));
    EXPECT(SCUMBLE_STATUS_INVALID_HANDLE, scumble_generation_poll(generation, &progress));
    EXPECT(SCUMBLE_STATUS_INVALID_HANDLE, scumble_generation_destroy(generation));
}

int main(void) {
    pixels_t first, again;
    at_first = threads();
    OK(scumble_shutdown(0)); /* nothing to end */

    destroyed_while_loading();
    destroyed_in_every_order();
    outlives_what_it_was_made_of(first);
    contexts_side_by_side(first);
    generations_take_turns();
    shut_down();

    for (int i = 0; i < 3; i++) {
        shut_down_with_live_work();
        scumble_context *context = loaded_context();
        paint(new_prompt(context, 0), again);
        CHECK(memcmp(first, again, sizeof first) == 0);
    }
    shut_down();
    return 0;
}
