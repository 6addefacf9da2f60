/* Which library was linked, and whether it has found its ONNX Runtime. */
#include <scumble.h>
#include <stdio.h>

int main(void) {
    scumble_status status = scumble_runtime_load(NULL);
    printf("%s %s\n", scumble_version(), status == SCUMBLE_STATUS_OK ? "ready" : scumble_last_error());
    return 0;
}
