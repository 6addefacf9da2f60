/* What stands in for NVIDIA's libraries counts, and how tests make it fail. */
#ifndef STANDIN_H
#define STANDIN_H

#include <stdint.h>

#define STANDIN_NAME "no GPU, which computes nothing"

struct standin {
    /* Bytes of the device that are taken at present. */
    _Atomic uint64_t held;
    /* Bytes that were copied there, and back. */
    _Atomic uint64_t to_device, to_host;
    _Atomic uint64_t launches;
    /* Graphs that were recorded and launched, and copies between the two memories in them. */
    _Atomic uint64_t graphs, replays, captured_copies;
};

void standin_read(struct standin *out);
/* The launch after so many others fails, and all that comes after it, until the error is set to 0. */
void standin_fail(int64_t launches, int error);
/* How many bytes the device has; 0: all of them. */
void standin_limit(uint64_t bytes);

#endif
