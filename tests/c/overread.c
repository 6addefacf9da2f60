/* A descriptor that says to be longer than its memory: the library reads on, as it was told, and AddressSanitizer has to
 * see it.
 */
#include "check.h"

int main(void) {
    scumble_context_desc *desc = malloc(sizeof *desc);
    OK(scumble_context_desc_init(desc, sizeof *desc, SCUMBLE_ABI_VERSION));
    desc->struct_size = sizeof *desc + 8;
    scumble_context *context = NULL;
    return scumble_context_create(desc, &context);
}
