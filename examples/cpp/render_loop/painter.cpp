#include "painter.hpp"

#include "drive.hpp"

Painter::Painter(const char *model, int32_t threads, scumble_priority priority) {
    progress.struct_size = sizeof progress;
    scumble_context_desc desc;
    ok(scumble_context_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.model_path = model;
    desc.threads = threads;
    desc.priority = priority;
    ok(scumble_context_create(&desc, &context));
}

Painter::~Painter() {
    // Cancels what goes on, and ends every thread of the library.
    scumble_shutdown(-1);
}

void Painter::paint(const std::string &new_text, uint64_t new_seed) {
    text = new_text;
    seed = new_seed;
    wanted = true;
}

void Painter::cancel() {
    wanted = false;
    if (generation) scumble_generation_cancel(generation);
}

void Painter::update() {
    if (!loaded) {
        scumble_status status = scumble_context_poll(context);
        if (status == SCUMBLE_STATUS_NOT_READY || !ok(status)) return;
        loaded = true;
        scumble_context_info info;
        info.struct_size = sizeof info;
        if (!ok(scumble_context_get_info(context, &info))) return;
        width = info.width;
        height = info.height;
    }
    if (wanted) begin();
    if (!generation) return;

    scumble_progress now;
    now.struct_size = sizeof now;
    if (!ok(scumble_generation_poll(generation, &now))) return;
    news |= now.previews != progress.previews || (now.phase == SCUMBLE_PHASE_DONE && !done());
    if (now.phase == SCUMBLE_PHASE_FAILED) ok(scumble_generation_error(generation));
    progress = now;
}

// Objects keep what they need: the old ones may go before the new ones come, or after.
void Painter::begin() {
    wanted = false;
    if (generation) scumble_generation_destroy(generation);
    if (prompt) scumble_prompt_destroy(prompt);
    generation = nullptr;
    prompt = nullptr;
    progress = {};
    error.clear();

    scumble_prompt_desc pd;
    ok(scumble_prompt_desc_init(&pd, sizeof pd, SCUMBLE_ABI_VERSION));
    pd.text = text.c_str();
    pd.flags = prompt_flags;
    if (!ok(scumble_prompt_create(context, &pd, &prompt))) return;

    scumble_generation_desc gd;
    ok(scumble_generation_desc_init(&gd, sizeof gd, SCUMBLE_ABI_VERSION));
    gd.seed = seed;
    gd.steps = steps;
    gd.preview_every = 1;
    if (!ok(scumble_generation_create(prompt, &gd, &generation))) return;
    ok(drive(prompt, generation));
}

void Painter::read(void *pixels, int pitch) {
    news = false;
    scumble_image image = {};
    image.struct_size = sizeof image;
    image.format = SCUMBLE_FORMAT_RGBA8;
    image.width = width;
    image.height = height;
    image.row_pitch = static_cast<uint32_t>(pitch);
    image.pixels_size = static_cast<uint64_t>(pitch) * static_cast<uint64_t>(height);
    image.pixels = pixels;
    ok(scumble_generation_read_image(generation, done() ? SCUMBLE_SOURCE_FINAL : SCUMBLE_SOURCE_PREVIEW, &image));
}

const char *Painter::phase() const {
    static const char *const names[] = {"created", "waiting", "denoising", "decoding", "done", "failed", "cancelled"};
    if (!loaded) return "loading";
    if (!generation) return "idle";
    return progress.phase <= SCUMBLE_PHASE_CANCELLED ? names[progress.phase] : "?";
}

bool Painter::ok(scumble_status status) {
    if (status < 0) error = scumble_last_error();
    return status == SCUMBLE_STATUS_OK;
}
