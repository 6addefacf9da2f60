// The C++ binding: what is moved, given back and refused. Compiled without exceptions and type information.

// Macros that engines and window systems define before anything else is included.
#define check(expression) static_assert(false, "Unreal's macro, used by the header")
#define verify(expression) check(expression)
#define ensure(expression) check(expression)
#define min(a, b) check(a)
#define max(a, b) check(a)
#define Success 0
#define None 0L
#define Status int
#define Bool int
#include <scumble.hpp>
#undef check
#undef verify
#undef ensure
#undef min
#undef max
#undef Success
#undef None
#undef Status
#undef Bool

#include <algorithm>
#include <array>
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
    auto nowhere = scumble::Context::create("/there/is/no/such/model");
    CHECK(nowhere);
    auto loaded = nowhere->wait();
    CHECK(!loaded && loaded.status() == SCUMBLE_STATUS_MODEL_NOT_FOUND);
    CHECK(!loaded.error().is_pending() && has(loaded.error().text, "/there/is/no/such/model"));

    auto nothing = scumble::Context::create(nullptr);
    CHECK(!nothing && nothing.status() == SCUMBLE_STATUS_INVALID_ARGUMENT);
    CHECK(has(nothing.error().text, "model_path"));

    CHECK(std::strcmp(scumble::name_of(nothing.status()), "SCUMBLE_STATUS_INVALID_ARGUMENT") == 0);
    return 0;
}

static int library() {
    CHECK(scumble::version()[0] != 0);
    auto early = scumble::devices();
    CHECK(!early && early.status() == SCUMBLE_STATUS_NOT_READY && early.error().is_pending());
    CHECK(scumble::load_runtime());
    auto devices = scumble::devices();
    CHECK(devices && !devices->empty());
    auto is_cpu = [](const scumble_device_info &one) { return std::strcmp(one.device, "cpu") == 0 && one.usable == 1; };
    CHECK(std::any_of(devices->begin(), devices->end(), is_cpu));
    auto nothing = scumble::add_provider("/there/is/no/such/provider.so");
    CHECK(!nothing && has(nothing.error().text, "/there/is/no/such/provider.so"));
    return 0;
}

// Objects move and are not copied, and a span of pixels takes what can be written as bytes, and nothing else.
template <class T>
constexpr bool moves_only = std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
                            !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;
static_assert(moves_only<scumble::Context> && moves_only<scumble::Prompt> && moves_only<scumble::Generation>);
static_assert(moves_only<scumble::Result<scumble::Context>>);

template <class Span, class From>
constexpr bool takes = std::is_convertible_v<From, Span>;
using Bytes = scumble::Span<uint8_t>;
using ConstBytes = scumble::Span<const uint8_t>;
static_assert(takes<Bytes, std::vector<uint8_t> &> && takes<Bytes, std::array<uint8_t, 4> &>);
static_assert(takes<Bytes, uint8_t (&)[4]> && takes<Bytes, Bytes>);
static_assert(takes<ConstBytes, const std::vector<uint8_t> &> && takes<ConstBytes, const uint8_t (&)[4]>);
static_assert(takes<ConstBytes, Bytes &> && takes<ConstBytes, std::vector<uint8_t> &>);
static_assert(!takes<Bytes, const std::vector<uint8_t> &> && !takes<Bytes, std::vector<uint8_t>>);
static_assert(!takes<Bytes, std::vector<float> &> && !takes<scumble::Span<float>, std::vector<uint8_t> &>);
static_assert(!takes<Bytes, ConstBytes>);

static int painting(const char *model) {
    scumble::ContextDesc desc(model);
    desc.threads = 1;
    auto context = scumble::Context::create(desc);
    CHECK(context);
    if (auto early = context->prompt("too early"); !early) CHECK(early.error().is_pending());
    CHECK(context->wait());
    auto info = context->info();
    CHECK(info && info->width == 64 && std::strcmp(info->model, "emblem-64") == 0);

    auto prompt = context->prompt({"a red apple", "green"});
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

    CHECK(painted->latent_channels == 4 && painted->latent_width == painted->latent_height && painted->latent_width > 0);
    CHECK(picture.latents().status() == SCUMBLE_STATUS_WRONG_STATE);

    std::vector<uint8_t> bytes(64 * 64 * 4), flipped(bytes.size());
    CHECK(picture.read(scumble::Pixels::rgba8(64, 64, bytes)));
    CHECK(picture.read(scumble::Pixels::rgba8(64, 64, flipped).bottom_up()));
    CHECK(std::memcmp(bytes.data(), flipped.data() + 63 * 256, 256) == 0);
    CHECK(picture.read(scumble::Pixels::rgba8(64, 64, flipped), SCUMBLE_SOURCE_PREVIEW));
    std::vector<float> floats(64 * 64 * 4);
    CHECK(picture.read(scumble::Pixels::rgba32f(64, 64, floats)));
    CHECK(static_cast<uint8_t>(floats[0] * 255.0f + 0.5f) == bytes[0]);
    static uint8_t rgb[64 * 64 * 3];
    CHECK(picture.read(scumble::Pixels::rgb8(64, 64, rgb)) && rgb[3] == bytes[4]);
    CHECK(picture.read(scumble::Pixels::bgra8(64, 64, flipped)));
    CHECK(flipped[0] == bytes[2] && flipped[1] == bytes[1] && flipped[2] == bytes[0]);

    // A mapped texture: words, and a gap after each row.
    std::vector<uint32_t> texture(80 * 64, 1);
    scumble::Pixels mapped(SCUMBLE_FORMAT_RGBA8, 64, 64, texture.data(), texture.size() * sizeof texture[0]);
    CHECK(picture.read(mapped.with_pitch(80 * 4)));
    CHECK(std::memcmp(&texture[80], &bytes[256], 256) == 0 && texture[64] == 1 && texture[79] == 1);

    std::vector<uint8_t> small(16);
    auto refused = picture.read(scumble::Pixels::rgba8(64, 64, small));
    CHECK(!refused && refused.status() == SCUMBLE_STATUS_BUFFER_TOO_SMALL);
    return 0;
}

// From a picture, of which a part is repainted; ControlNets are handed over, though this model has none.
static int pictures(const char *model) {
    auto context = scumble::Context::create(model);
    CHECK(context && context->wait());
    auto prompt = context->prompt("a fox");
    CHECK(prompt);
    const std::vector<uint8_t> grey(32 * 32 * 3, 128);
    const std::array<uint8_t, 64> quarters = {255, 255, 255, 255};
    const auto start = scumble::ConstPixels::rgb8(32, 32, grey);
    const auto mask = scumble::ConstPixels::rgba8(4, 4, quarters);
    scumble::GenerationDesc wanted;
    wanted.steps = 2;
    wanted.picture = &start;
    CHECK(prompt->generation(wanted));
    wanted.mask = &mask;
    auto refused = prompt->generation(wanted);
    CHECK(!refused && has(refused.error().text, "mask")); // not of the picture's size

    // From latents: those of a finished image, once more.
    scumble::GenerationDesc kept;
    kept.steps = 2;
    kept.flags = SCUMBLE_GENERATION_KEEP_LATENTS;
    auto first = prompt->generation(kept);
    CHECK(first && first->latents().status() == SCUMBLE_STATUS_EMPTY && first->start() && first->wait());
    auto latents = first->latents();
    CHECK(latents && latents->size() > 4 && (*latents)[0] != (*latents)[1]);
    kept.strength = 0.5f;
    CHECK(kept.set_latents(*latents).latents_count == latents->size());
    auto second = prompt->generation(kept);
    CHECK(second && second->start() && second->wait() && *second->latents() != *latents);
    CHECK((start.opaque().flags & SCUMBLE_IMAGE_OPAQUE) != 0);

    const scumble::Control control(1, start);
    const scumble_control *const controls[] = {&control};
    scumble::GenerationDesc guided;
    guided.controls = controls;
    guided.control_count = 1;
    auto without = prompt->generation(guided);
    CHECK(!without && has(without.error().text, "ControlNet"));
    return 0;
}

static int by_hand(const char *model) {
    auto context = scumble::Context::create(model);
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
    const char *model = arguments[1];
    if (library() || refusals() || painting(model) || pictures(model) || by_hand(model)) return 1;
    CHECK(scumble::next_log_entry());
    CHECK(scumble::shutdown());
    return 0;
}
