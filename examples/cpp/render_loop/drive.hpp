// Who computes: Scumble's own thread, or the host's.
#pragma once
#include <scumble.h>

// Flags for the prompts.
extern const uint32_t prompt_flags;

// Lets a generation be painted. Returns at once.
scumble_status drive(scumble_prompt *prompt, scumble_generation *generation);
