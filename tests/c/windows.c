/* What only Windows shows: the priority of threads, weights that are mapped files, another plugin's library of the same
 * name.
 *
 * windows MODEL LIBRARY: a model directory with weights to map, in ASCII, and that plugin's onnxruntime.dll.
 */
#include "system.h"
#include "check.h"
#include <psapi.h>

/* Threads by their priority, from THREAD_PRIORITY_LOWEST on. */
static int counts[5];

static void count(DWORD id) {
    HANDLE thread = OpenThread(THREAD_QUERY_LIMITED_INFORMATION, FALSE, id);
    int priority = GetThreadPriority(thread);
    CloseHandle(thread);
    CHECK(priority >= THREAD_PRIORITY_LOWEST && priority <= THREAD_PRIORITY_HIGHEST);
    counts[priority - THREAD_PRIORITY_LOWEST]++;
}

static int threads_of_priority(int priority) {
    memset(counts, 0, sizeof counts);
    each_thread(count);
    return counts[priority - THREAD_PRIORITY_LOWEST];
}

static void priorities(void) {
    int others = threads();
    scumble_context_desc desc;
    OK(scumble_context_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.model_path = MODEL;
    desc.threads = 3;
    desc.priority = SCUMBLE_PRIORITY_BACKGROUND;
    scumble_context *context;
    OK(scumble_context_create(&desc, &context));
    OK(scumble_context_wait(context, -1));
    scumble_generation *generation = new_generation(new_prompt(context, 0), 900, 1);
    OK(scumble_generation_start(generation));
    while (poll(generation).evaluation == 0) sleep_ms(1);

    int ours = threads() - others;
    CHECK(ours >= 1 + 2 * 3); /* the worker, and two for each of three sessions and more */
    CHECK(threads_of_priority(THREAD_PRIORITY_LOWEST) == ours);
    CHECK(threads_of_priority(THREAD_PRIORITY_NORMAL) == others);
    CHECK(poll(generation).priority == SCUMBLE_PRIORITY_BACKGROUND);
    OK(scumble_context_set_priority(context, SCUMBLE_PRIORITY_HIGH));
    CHECK(threads_of_priority(THREAD_PRIORITY_ABOVE_NORMAL) == ours);
    CHECK(poll(generation).priority == SCUMBLE_PRIORITY_HIGH);
    OK(scumble_context_set_priority(context, SCUMBLE_PRIORITY_NORMAL));
    CHECK(threads_of_priority(THREAD_PRIORITY_NORMAL) == others + ours);
    OK(scumble_shutdown(-1));
}

/* Whether a file, by the end of its path, is mapped into memory. */
static int is_mapped(const char *end) {
    MEMORY_BASIC_INFORMATION region;
    char path[1024];
    for (char *at = NULL; VirtualQuery(at, &region, sizeof region) == sizeof region;
         at = (char *)region.BaseAddress + region.RegionSize) {
        if (region.Type != MEM_MAPPED) continue;
        DWORD length = K32GetMappedFileNameA(GetCurrentProcess(), region.BaseAddress, path, sizeof path);
        if (length >= strlen(end) && strcmp(path + length - strlen(end), end) == 0) return 1;
    }
    return 0;
}

static void mapped_weights(const char *model) {
    scumble_context_desc desc;
    OK(scumble_context_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.model_path = model;
    desc.weights = SCUMBLE_WEIGHTS_MAPPED;
    scumble_context *context;
    OK(scumble_context_create(&desc, &context));
    OK(scumble_context_wait(context, -1));
    scumble_generation *generation = new_generation(new_prompt(context, 0), 1, 1);
    OK(scumble_generation_start(generation));
    OK(scumble_generation_wait(generation, -1));
    CHECK(is_mapped("\\unet\\model.onnx"));
    OK(scumble_shutdown(-1));
    CHECK(!is_mapped("\\unet\\model.onnx"));

    /* Nothing keeps a patch from replacing it. */
    char path[1024];
    snprintf(path, sizeof path, "%s/unet/model.onnx", model);
    CHECK(DeleteFileA(path));
}

int main(int argc, char **argv) {
    CHECK(argc == 3);
    CHECK(LoadLibraryA(argv[2]) != NULL);
    priorities();
    mapped_weights(argv[1]);
    return 0;
}
