/* Every thread that the library starts is refused in its turn. Prints how many there are to load a model with four
 * sessions on three threads, and to encode a prompt after a trim.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include "check.h"

enum { LIMIT_MS = 10000 };

typedef int create_t(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

/* Of the threads to come, the one that is refused; 0 for none. Those behind it are refused too. */
static int refused, count;

/* Takes the place of the system's. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
    void *real = dlsym(RTLD_NEXT, "pthread_create");
    create_t *create;
    memcpy(&create, &real, sizeof create);
    int nth = __sync_add_and_fetch(&count, 1);
    return refused != 0 && nth >= refused ? EAGAIN : create(thread, attributes, body, argument);
}

static void refuse(int nth) {
    count = 0;
    refused = nth;
}

static scumble_status load(scumble_context **context) {
    scumble_context_desc desc;
    OK(scumble_context_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.model_path = MODEL;
    desc.threads = 3;
    desc.device = "cpu";
    scumble_status status = scumble_context_create(&desc, context);
    return status == SCUMBLE_STATUS_OK ? scumble_context_wait(*context, LIMIT_MS) : status;
}

int main(void) {
    scumble_context *context = NULL;
    int loading = 0;
    for (;;) {
        refuse(loading + 1);
        scumble_status status = load(&context);
        if (status == SCUMBLE_STATUS_OK) break;
        EXPECT(SCUMBLE_STATUS_OUT_OF_MEMORY, status);
        OK(scumble_shutdown(LIMIT_MS));
        loading++;
    }
    refuse(0);
    scumble_prompt *prompt = new_prompt(context, SCUMBLE_PROMPT_BY_HAND);
    int encoding = 0;
    for (;;) {
        OK(scumble_context_trim(context));
        scumble_context_info info;
        info.struct_size = sizeof info;
        do OK(scumble_context_get_info(context, &info));
        while (info.unet_bytes > 0 || info.vae_bytes > 0 || info.text_encoder_bytes > 0);
        refuse(encoding + 1);
        scumble_status status;
        do status = scumble_prompt_encode(prompt);
        while (status == SCUMBLE_STATUS_BUSY); /* with what is left of the trim */
        refuse(0);
        if (status == SCUMBLE_STATUS_OK) break;
        EXPECT(SCUMBLE_STATUS_OUT_OF_MEMORY, status);
        OK(scumble_prompt_destroy(prompt));
        prompt = new_prompt(context, SCUMBLE_PROMPT_BY_HAND);
        encoding++;
    }
    OK(scumble_shutdown(LIMIT_MS));
    printf("%d %d\n", loading, encoding);
    return 0;
}
