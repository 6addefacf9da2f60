/* ONNX Runtime knows DirectML, but no adapter works: whoever names the provider gets an error, all others the CPU. */
#include "check.h"

static scumble_context *context_on(const char *device) {
    scumble_context_desc desc;
    OK(scumble_context_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.model_path = MODEL;
    desc.device = device;
    scumble_context *context;
    OK(scumble_context_create(&desc, &context));
    return context;
}

int main(void) {
    OK(scumble_runtime_load(NULL));
    int32_t count = 0, found = 0;
    OK(scumble_device_count(&count));
    for (int32_t i = 0; i < count; i++) {
        scumble_device_info info;
        info.struct_size = sizeof info;
        OK(scumble_device_get_info(i, &info));
        if (strncmp(info.device, "directml", 8) != 0) continue;
        CHECK(!info.usable && strstr(info.reason, "lacks what Direct3D 12 needs") != NULL);
        printf("%s: %s\n", info.device, info.reason);
        found++;
    }
    CHECK(found > 0);
    EXPECT(SCUMBLE_STATUS_DEVICE_NOT_FOUND, scumble_context_wait(context_on("directml:0"), -1));
    CHECK(strstr(scumble_last_error(), "directml:0") != NULL);

    scumble_context *context = context_on(NULL);
    OK(scumble_context_wait(context, -1));
    scumble_generation *generation = new_generation(new_prompt(context, 0), 1, 1);
    OK(scumble_generation_start(generation));
    OK(scumble_generation_wait(generation, -1));
    OK(scumble_shutdown(-1));
    return 0;
}
