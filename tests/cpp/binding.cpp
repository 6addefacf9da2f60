// The C++ binding: what is moved, given back and refused. Compiled without exceptions and type information.
#include <scumble.hpp>

#include <cstdio>
#include <cstring>
#include <vector>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            return 1; \
        } \
    } while (0)

static bool has(const std::string &text, const char *words) { return text.find(words) != std::string::npos; }

// Errors carry the library's text, and pending is no failure.
static int refusals() {
    auto nowhere = scumble::Context::create(scumble::ContextDesc("/there/is/no/such/model"));
    CHECK(nowhere);
    auto loaded = nowhere->wait();
    CHECK(!loaded && loaded.status() == SCUMBLE_STATUS_MODEL_NOT_FOUND);
    CHECK(!loaded.error().is_pending() && has(loaded.error().text, "/there/is/no/such/model"));

    auto nothing = scumble::Context::create(scumble::ContextDesc(nullptr));
    CHECK(!nothing && nothing.status() == SCUMBLE_STATUS_INVALID_ARGUMENT);
    CHECK(has(nothing.error().text, "model_path"));

    scumble::ContextDesc other("model");
    other.made = SCUMBLE_STATUS_ABI_MISMATCH; // as a library of another ABI would answer
    auto mismatch = scumble::Context::create(other);
    CHECK(!mismatch && mismatch.status() == SCUMBLE_STATUS_ABI_MISMATCH);
    CHECK(has(mismatch.error().text, "SCUMBLE_STATUS_ABI_MISMATCH"));
    return 0;
}

static int painting(const char *model) {
    scumble::ContextDesc desc(model);
    desc.threads = 1;
    auto context = scumble::Context::create(desc);
    CHECK(context);
    if (auto early = context->prompt(scumble::PromptDesc("too early")); !early) CHECK(early.error().is_pending());
    CHECK(context->wait());
    auto info = context->info();
    CHECK(info && info->width == 64 && std::strcmp(info->model, "emblem-64") == 0);

    auto prompt = context->prompt(scumble::PromptDesc("a red apple", "green"));
    CHECK(prompt);
    scumble::GenerationDesc wanted;
    wanted.steps = 4;
    wanted.seed = 7;
    wanted.preview_every = 1;
    auto created = prompt->generation(wanted);
    CHECK(created);

    // A generation holds what it needs.
    scumble::Generation picture = std::move(*created);
    { scumble::Context gone = std::move(*context); }
    { scumble::Prompt gone = std::move(*prompt); }
    CHECK(context->get() == nullptr && !context->poll() && context->poll().status() == SCUMBLE_STATUS_INVALID_HANDLE);

    CHECK(picture.start() && picture.wait() && picture.failure());
    auto progress = picture.poll();
    CHECK(progress && progress->phase == SCUMBLE_PHASE_DONE && progress->previews == 4);
    auto painted = picture.info();
    CHECK(painted && painted->seed == 7 && painted->steps == 4);

    std::vector<uint8_t> bytes(64 * 64 * 4), flipped(bytes.size());
    CHECK(picture.read(scumble::Pixels::rgba8(64, 64, bytes)));
    CHECK(picture.read(scumble::Pixels::rgba8(64, 64, flipped).bottom_up()));
    CHECK(std::memcmp(bytes.data(), flipped.data() + 63 * 256, 256) == 0);
    CHECK(picture.read(scumble::Pixels::rgba8(64, 64, flipped), SCUMBLE_SOURCE_PREVIEW));
    std::vector<float> floats(64 * 64 * 4);
    CHECK(picture.read(scumble::Pixels(SCUMBLE_FORMAT_RGBA32F, 64, 64, floats)));
    CHECK(static_cast<uint8_t>(floats[0] * 255.0f + 0.5f) == bytes[0]);

    std::vector<uint8_t> small(16);
    auto refused = picture.read(scumble::Pixels::rgba8(64, 64, small));
    CHECK(!refused && refused.status() == SCUMBLE_STATUS_BUFFER_TOO_SMALL);
    return 0;
}

static int by_hand(const char *model) {
    auto context = scumble::Context::create(scumble::ContextDesc(model));
    CHECK(context && context->wait() && context->set_pace(0.9f) && context->set_priority(SCUMBLE_PRIORITY_NORMAL));
    scumble::PromptDesc text("a castle");
    text.flags = SCUMBLE_PROMPT_BY_HAND;
    auto prompt = context->prompt(text);
    CHECK(prompt && prompt->encode() && prompt->info() && prompt->info()->tokens == 2);
    auto between = prompt->blend(*prompt, 0.5f);
    CHECK(between);
    scumble::GenerationDesc wanted;
    wanted.steps = 2;
    auto picture = between->generation(wanted);
    CHECK(picture);
    auto left = picture->step();
    CHECK(left && *left == 1);
    CHECK(!picture->decode() && picture->step() && picture->decode());

    auto dropped = between->generation(wanted);
    CHECK(dropped && dropped->cancel());
    auto failure = dropped->failure();
    CHECK(!failure && failure.error().is_cancelled() && !failure.error().is_pending());
    CHECK(context->trim());
    return 0;
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    CHECK(scumble::load_runtime());
    if (refusals() || painting(arguments[1]) || by_hand(arguments[1])) return 1;
    CHECK(scumble::next_log_entry());
    CHECK(scumble::shutdown());
    return 0;
}
