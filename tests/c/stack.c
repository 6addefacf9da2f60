/* Every call on threads and fibers with little stack, and how much each needs.
 *
 * stack: what each call uses of a large stack, and that this is not too much
 * stack KB: everything on a thread with so many KB
 * stack KB fiber: everything on a fiber with so many KB
 */
#define _GNU_SOURCE
#include "check.h"
#include <pthread.h>
#include <sys/mman.h>
#include <ucontext.h>

/* What the header says of a shipped library, and for those that neither compute nor load what a build that is not
 * optimized uses more: it has to work on 64 KB too. */
enum { KB = 1024, COMPUTES = 256 * KB, OTHER = 52 * KB, LARGE = 1024 * KB, FILL = 0xA5 };

static scumble_context *context;
static scumble_prompt *prompt;
static scumble_generation *generation;
static scumble_generation *by_worker;
static pixels_t pixels, expected;
static int32_t left = 1;

static void call_load(void) { OK(scumble_runtime_load(NULL)); }
static void call_create(void) { context = new_context(MODEL); }
static void call_wait(void) { OK(scumble_context_wait(context, -1)); }
static void call_info(void) {
    scumble_context_info info;
    info.struct_size = sizeof info;
    OK(scumble_context_get_info(context, &info));
}
static void call_prompt(void) {
    scumble_prompt_desc desc;
    OK(scumble_prompt_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.text = "a (red:1.1) apple";
    desc.syntax = SCUMBLE_SYNTAX_WEIGHTED;
    desc.flags = SCUMBLE_PROMPT_BY_HAND;
    OK(scumble_prompt_create(context, &desc, &prompt));
}
static void call_encode(void) { OK(scumble_prompt_encode(prompt)); }
static scumble_generation *from_image(void) {
    static pixels_t given;
    scumble_image image = {sizeof image, SCUMBLE_FORMAT_RGBA8, SIDE, SIDE, 0, 0, sizeof given, given};
    scumble_generation_desc desc;
    OK(scumble_generation_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.steps = 3;
    desc.seed = 7;
    desc.picture = &image;
    desc.strength = 0.7f;
    desc.preview_every = 1;
    desc.preview_source = SCUMBLE_PREVIEW_FULL;
    scumble_generation *created = NULL;
    OK(scumble_generation_create(prompt, &desc, &created));
    return created;
}
static void call_generation(void) { generation = from_image(); }
static void call_step(void) { OK(scumble_generation_step(generation, &left)); }
static void call_decode(void) { OK(scumble_generation_decode(generation)); }
static void call_poll(void) { poll(generation); }
static void call_read(void) { OK(read_pixels(generation, SCUMBLE_FORMAT_RGBA8, pixels)); }
static void call_start(void) { OK(scumble_generation_start(by_worker = from_image())); }
static void call_wait_generation(void) { OK(scumble_generation_wait(by_worker, -1)); }
static void call_trim(void) { OK(scumble_context_trim(context)); }
static void call_blend(void) { OK(scumble_prompt_blend(prompt, prompt, 0.35f, &(scumble_prompt *){NULL})); }
static void call_error(void) { EXPECT(SCUMBLE_STATUS_WRONG_STATE, scumble_generation_decode(generation)); }
static void call_log(void) {
    scumble_log_entry entry;
    entry.struct_size = sizeof entry;
    scumble_log_next(&entry);
}
static void call_destroy(void) {
    OK(scumble_generation_destroy(by_worker));
    OK(scumble_generation_destroy(generation));
    OK(scumble_prompt_destroy(prompt));
    OK(scumble_context_destroy(context));
}
static void call_shutdown(void) { OK(scumble_shutdown(-1)); }

static const struct {
    const char *name;
    void (*call)(void);
    long limit;
} calls[] = {
    {"runtime_load", call_load, LARGE},
    {"context_create", call_create, OTHER},
    {"context_wait", call_wait, OTHER},
    {"context_get_info", call_info, OTHER},
    {"prompt_create", call_prompt, OTHER},
    {"prompt_encode", call_encode, COMPUTES},
    {"generation_create", call_generation, OTHER},
    {"generation_step", call_step, COMPUTES},
    {"generation_step", call_step, COMPUTES},
    {"generation_decode", call_decode, COMPUTES},
    {"generation_decode, an error", call_error, OTHER},
    {"generation_poll", call_poll, OTHER},
    {"generation_read_image", call_read, OTHER},
    {"generation_start", call_start, OTHER},
    {"generation_wait", call_wait_generation, OTHER},
    {"prompt_blend", call_blend, OTHER},
    {"context_trim", call_trim, OTHER},
    {"log_next", call_log, OTHER},
    {"the four destroys", call_destroy, OTHER},
    {"shutdown", call_shutdown, OTHER},
};

static void all(void) {
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) calls[i].call();
}

static void *one(void *call) {
    calls[*(size_t *)call].call();
    return NULL;
}

static void *all_of_them(void *nothing) {
    all();
    return nothing;
}

/* What a call touches of a stack that was filled before. */
static long touched(size_t call) {
    static unsigned char *stack;
    if (stack == NULL) {
        stack = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(stack != MAP_FAILED);
    }
    memset(stack, FILL, LARGE);
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstack(&attributes, stack, LARGE) == 0);
    CHECK(pthread_create(&thread, &attributes, one, &call) == 0 && pthread_join(thread, NULL) == 0);
    long free = 0;
    while (free < LARGE && stack[free] == FILL) free++;
    return LARGE - free;
}

static ucontext_t host, fiber;

static void on_fiber(void) { all(); }

int main(int count, char **arguments) {
    if (count < 2) {
        int too_much = 0;
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
            const long used = touched(i);
            printf("%-30s %4ld KB\n", calls[i].name, used / KB);
            too_much += used > calls[i].limit;
        }
        CHECK(too_much == 0);
        return 0;
    }
    const size_t size = (size_t)atol(arguments[1]) * KB;
    if (count == 2) {
        pthread_attr_t attributes;
        pthread_t thread;
        CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, size) == 0);
        CHECK(pthread_create(&thread, &attributes, all_of_them, NULL) == 0 && pthread_join(thread, NULL) == 0);
    } else {
        /* Below it lies a page that nobody may touch. */
        unsigned char *stack = mmap(NULL, size + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(stack != MAP_FAILED && mprotect(stack + 4096, size, PROT_READ | PROT_WRITE) == 0);
        CHECK(getcontext(&fiber) == 0);
        fiber.uc_stack.ss_sp = stack + 4096;
        fiber.uc_stack.ss_size = size;
        fiber.uc_link = &host;
        makecontext(&fiber, on_fiber, 0);
        CHECK(swapcontext(&host, &fiber) == 0);
    }
    memcpy(expected, pixels, sizeof pixels);
    left = 1;
    all();
    CHECK(memcmp(expected, pixels, sizeof pixels) == 0);
    return 0;
}
