/* A program for Microsoft's ABI that needs no C library: its exit status is 42 if all is well. */
#include <scumble.h>

int start(void) {
    scumble_generation_desc desc;
    if (scumble_generation_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION) != SCUMBLE_STATUS_OK) return 1;
    if (desc.struct_size != sizeof desc || desc.steps != SCUMBLE_AUTO) return 2;
    if (scumble_generation_start((scumble_generation *)&desc) != SCUMBLE_STATUS_INVALID_HANDLE) return 3;
    return scumble_shutdown(-1) == SCUMBLE_STATUS_OK ? 42 : 4;
}
