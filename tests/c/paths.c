/* Paths are UTF-8 on every system. Its argument is the file name of ONNX Runtime's library, which lies in the folder
 * "Läufer 走" of the working directory; the model is the folder "Modèle 模型" there.
 */
#include "check.h"

int main(int argc, char **argv) {
    CHECK(argc == 2);
    char library[256];
    snprintf(library, sizeof library, "Läufer 走/no %s", argv[1]);
    EXPECT(SCUMBLE_STATUS_RUNTIME_NOT_FOUND, scumble_runtime_load(library));
    CHECK(strstr(scumble_last_error(), library) != NULL);
    snprintf(library, sizeof library, "Läufer 走/%s", argv[1]);
    OK(scumble_runtime_load(library));

    EXPECT(SCUMBLE_STATUS_MODEL_NOT_FOUND, scumble_context_wait(new_context("Modèle 型"), -1));
    CHECK(strstr(scumble_last_error(), "Modèle 型") != NULL);
    scumble_context *context = new_context("Modèle 模型");
    OK(scumble_context_wait(context, -1));
    scumble_generation *generation = new_generation(new_prompt(context, 0), 1, 1);
    OK(scumble_generation_start(generation));
    OK(scumble_generation_wait(generation, -1));

    scumble_log_entry line;
    line.struct_size = sizeof line;
    int told = 0;
    while (scumble_log_next(&line) == SCUMBLE_STATUS_OK) told += strstr(line.text, "Läufer 走") != NULL;
    CHECK(told > 0);
    OK(scumble_shutdown(-1));
    return 0;
}
