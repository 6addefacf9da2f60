/* Loads ONNX Runtime from each path that it is given ("" is NULL) and prints what the library
 * answers, then its log.
 */
#include "check.h"

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        scumble_status status = scumble_runtime_load(argv[i][0] == '\0' ? NULL : argv[i]);
        printf("%s %s\n", scumble_status_name(status), status == SCUMBLE_STATUS_OK ? "" : scumble_last_error());
    }
    scumble_log_entry line;
    line.struct_size = sizeof line;
    while (scumble_log_next(&line) == SCUMBLE_STATUS_OK) printf("log: %s\n", line.text);
    return 0;
}
