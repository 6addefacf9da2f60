/* The library is unloaded while it paints, or so the host believes: its code stays until the process ends.
 *
 * unload LIBRARY MILLISECONDS
 */
#include "system.h"
#include <scumble.h>
#include <stdio.h>
#include <stdlib.h>

static void *library;

static void **address(const char *name) {
    static void *found;
    found = address_in(library, name);
    if (found == NULL) exit(1);
    return &found;
}

/* An export of the library, which the program is not linked to. */
#define LOADED(name) (*(__typeof__(name) **)address(#name))
#define OK(call) if ((call) != SCUMBLE_STATUS_OK) return fprintf(stderr, "%s\n", LOADED(scumble_last_error)()), 1

int main(int count, char **arguments) {
    library = count == 3 ? open_library(arguments[1]) : NULL;
    if (library == NULL) return 1;
    scumble_context_desc context_desc;
    scumble_prompt_desc prompt_desc;
    scumble_generation_desc generation_desc;
    OK(LOADED(scumble_context_desc_init)(&context_desc, sizeof context_desc, SCUMBLE_ABI_VERSION));
    OK(LOADED(scumble_prompt_desc_init)(&prompt_desc, sizeof prompt_desc, SCUMBLE_ABI_VERSION));
    OK(LOADED(scumble_generation_desc_init)(&generation_desc, sizeof generation_desc, SCUMBLE_ABI_VERSION));

    scumble_context *context;
    scumble_prompt *prompt;
    scumble_generation *generation;
    context_desc.model_path = "tests/reference/models/emblem-64";
    OK(LOADED(scumble_context_create)(&context_desc, &context));
    OK(LOADED(scumble_context_wait)(context, -1));
    prompt_desc.text = "a red apple";
    OK(LOADED(scumble_prompt_create)(context, &prompt_desc, &prompt));
    generation_desc.steps = 900;
    OK(LOADED(scumble_generation_create)(prompt, &generation_desc, &generation));
    OK(LOADED(scumble_generation_start)(generation));
    sleep_ms(atol(arguments[2]));

    if (!close_library(library)) return 1;
    sleep_ms(50); /* the painting goes on */
    return puts("") < 0 || fflush(stdout) != 0;
}
