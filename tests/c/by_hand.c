/* A host with threads of its own encodes, steps and decodes by hand. The picture is the worker's,
 * bit for bit.
 */
#include "check.h"

enum { STEPS = 6, SEED = 7 };

/* Steps are refused, and change nothing, while the worker computes; in between they are taken. */
static int steps_beside_the_worker(scumble_generation *by_hand, const scumble_generation *by_worker) {
    int busy = 0;
    int32_t left = STEPS;
    while (left > 0) {
        int32_t before = poll(by_hand).evaluation;
        scumble_status status = scumble_generation_step(by_hand, &left);
        if (status == SCUMBLE_STATUS_BUSY) {
            busy++;
            CHECK(poll(by_hand).evaluation == before);
        } else {
            OK(status);
            CHECK(poll(by_hand).evaluation == before + 1);
        }
    }
    OK(scumble_generation_wait(by_worker, -1));
    return busy;
}

int main(void) {
    scumble_context *context = loaded_context();
    scumble_prompt *prompt = new_prompt(context, SCUMBLE_PROMPT_BY_HAND);
    scumble_generation *generation = new_generation(prompt, STEPS, SEED);
    pixels_t by_hand, by_worker;
    int32_t left = -1;

    /* Nothing happens before its turn. */
    EXPECT(SCUMBLE_STATUS_NOT_READY, scumble_prompt_poll(prompt));
    EXPECT(SCUMBLE_STATUS_TIMEOUT, scumble_prompt_wait(prompt, 0));
    EXPECT(SCUMBLE_STATUS_NOT_READY, scumble_generation_step(generation, &left));
    EXPECT(SCUMBLE_STATUS_WRONG_STATE, scumble_generation_start(generation));
    EXPECT(SCUMBLE_STATUS_WRONG_STATE, scumble_generation_decode(generation));
    CHECK(left == -1 && poll(generation).phase == SCUMBLE_PHASE_CREATED);

    OK(scumble_prompt_encode(prompt));
    EXPECT(SCUMBLE_STATUS_WRONG_STATE, scumble_prompt_encode(prompt));
    OK(scumble_prompt_poll(prompt));

    for (int32_t expected = STEPS; expected-- > 0;) {
        OK(scumble_generation_step(generation, &left));
        CHECK(left == expected);
        scumble_progress progress = poll(generation);
        CHECK(progress.phase == (left > 0 ? SCUMBLE_PHASE_DENOISING : SCUMBLE_PHASE_DECODING));
        CHECK(progress.evaluation == STEPS - left && progress.evaluations == STEPS);
        EXPECT(SCUMBLE_STATUS_EMPTY, read_pixels(generation, SCUMBLE_FORMAT_RGBA8, by_hand));
    }
    EXPECT(SCUMBLE_STATUS_WRONG_STATE, scumble_generation_step(generation, NULL));
    EXPECT(SCUMBLE_STATUS_WRONG_STATE, scumble_generation_start(generation));
    OK(scumble_generation_decode(generation));
    EXPECT(SCUMBLE_STATUS_WRONG_STATE, scumble_generation_decode(generation));
    CHECK(poll(generation).phase == SCUMBLE_PHASE_DONE);
    OK(scumble_generation_wait(generation, 0));
    OK(read_pixels(generation, SCUMBLE_FORMAT_RGBA8, by_hand));

    scumble_generation *theirs = new_generation(prompt, STEPS, SEED);
    scumble_generation *ours = new_generation(prompt, STEPS, SEED);
    OK(scumble_generation_start(theirs));
    EXPECT(SCUMBLE_STATUS_WRONG_STATE, scumble_generation_step(theirs, NULL));
    CHECK(steps_beside_the_worker(ours, theirs) > 0);
    OK(scumble_generation_decode(ours));

    OK(read_pixels(theirs, SCUMBLE_FORMAT_RGBA8, by_worker));
    CHECK(memcmp(by_hand, by_worker, sizeof by_hand) == 0);
    OK(read_pixels(ours, SCUMBLE_FORMAT_RGBA8, by_worker));
    CHECK(memcmp(by_hand, by_worker, sizeof by_hand) == 0);

    /* A cancelled one goes no further. */
    scumble_generation *cancelled = new_generation(prompt, STEPS, SEED);
    OK(scumble_generation_step(cancelled, &left));
    OK(scumble_generation_cancel(cancelled));
    EXPECT(SCUMBLE_STATUS_CANCELLED, scumble_generation_step(cancelled, &left));
    EXPECT(SCUMBLE_STATUS_CANCELLED, scumble_generation_decode(cancelled));

    OK(scumble_shutdown(-1));
    return 0;
}
