// The context's thread computes: there is nothing more to do.
#include "drive.hpp"

const uint32_t prompt_flags = 0;

scumble_status drive(scumble_prompt *, scumble_generation *generation) { return scumble_generation_start(generation); }
