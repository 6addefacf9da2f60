/* Uses the library, misuses it and makes ONNX Runtime complain, without writing a byte itself.
 * Arguments: a damaged model, and one that loads with a warning and cannot encode.
 */
#include "check.h"

int main(int argc, char **argv) {
    CHECK(argc == 3);
    EXPECT(SCUMBLE_STATUS_RUNTIME_NOT_FOUND, scumble_runtime_load("no/such/library.so"));
    EXPECT(SCUMBLE_STATUS_RUNTIME_INVALID, scumble_runtime_load(MODEL "/model_index.json"));
    EXPECT(SCUMBLE_STATUS_INVALID_ARGUMENT, scumble_context_create(NULL, NULL));
    EXPECT(SCUMBLE_STATUS_INVALID_HANDLE, scumble_context_poll((scumble_context *)argv));
    EXPECT(SCUMBLE_STATUS_MODEL_NOT_FOUND, scumble_context_wait(new_context("no/such/model"), -1));
    EXPECT(SCUMBLE_STATUS_MODEL_INVALID, scumble_context_wait(new_context(argv[1]), -1));
    scumble_context *noisy = new_context(argv[2]);
    OK(scumble_context_wait(noisy, -1));
    EXPECT(SCUMBLE_STATUS_RUNTIME_FAILED, scumble_prompt_wait(new_prompt(noisy, 0), -1));

    scumble_prompt *prompt = new_prompt(loaded_context(), 0);
    scumble_generation *generation = new_generation(prompt, 2, 1);
    OK(scumble_generation_start(generation));
    OK(scumble_generation_wait(generation, -1));
    scumble_generation *cancelled = new_generation(prompt, 500, 1);
    OK(scumble_generation_start(cancelled));
    OK(scumble_generation_cancel(cancelled));
    EXPECT(SCUMBLE_STATUS_CANCELLED, scumble_generation_wait(cancelled, -1));

    int lines[3] = {0, 0, 0};
    scumble_log_entry line;
    line.struct_size = sizeof line;
    while (scumble_log_next(&line) == SCUMBLE_STATUS_OK) lines[line.level]++;
    CHECK(lines[SCUMBLE_LOG_LEVEL_INFO] > 0);
    CHECK(lines[SCUMBLE_LOG_LEVEL_WARNING] > 0);
    CHECK(lines[SCUMBLE_LOG_LEVEL_ERROR] > 0);
    OK(scumble_shutdown(-1));
    return 0;
}
