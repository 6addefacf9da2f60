// What descriptors point to lives as long as they do, whatever they were made from. Compiled with AddressSanitizer.
#include <scumble.hpp>

#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            return 1; \
        } \
    } while (0)

using namespace scumble;
using Bytes = Span<uint8_t>;
using ConstBytes = Span<const uint8_t>;
using Vector = std::vector<uint8_t>;

template <class To, class From>
constexpr bool takes = std::is_convertible_v<From, To>;
// Of temporaries only views.
static_assert(takes<ConstBytes, ConstBytes> && takes<ConstBytes, Bytes> && takes<Span<const char>, std::string_view>);
static_assert(takes<ConstBytes, Vector &> && takes<ConstBytes, const Vector &>);
static_assert(!takes<ConstBytes, Vector> && !takes<ConstBytes, std::array<uint8_t, 4>> && !takes<Bytes, Vector>);
static_assert(takes<ContextDesc, const char *> && takes<ContextDesc, std::string> && takes<ContextDesc, std::string_view>);
static_assert(takes<ContextDesc, std::filesystem::path> && takes<ContextDesc, std::nullptr_t>);
static_assert(takes<PromptDesc, std::string> && takes<PromptDesc, std::string_view> && !takes<PromptDesc, int>);

// Longer than what a std::string holds within itself, and shorter.
static std::string text(const char *words) { return std::string(words); }
static const char *const LONG = "a text that is longer than the room within a string";

static bool is(const char *text, std::string_view expected) { return text != nullptr && text == expected; }

template <class T>
static T copied(const T &desc) {
    auto first = std::make_unique<T>(desc);
    T second = *first;
    first.reset();
    T third = std::move(second);
    second = third; // and back
    return third;
}

static int contexts() {
    ContextDesc desc(text(LONG) + "!");
    desc.set_device(text("cpu")).set_device_options(text(LONG)).set_variant(text("fp16"));
    desc.set_controlnets({"one", text(LONG), std::filesystem::path("two") / "three", std::string_view("four!", 4)});
    desc.set_model_roots({text(LONG), "shared"});
    const ContextDesc copy = copied(desc);
    desc = ContextDesc("another");
    CHECK(copy.model_root_count == 2 && is(copy.model_roots[0], LONG) && is(copy.model_roots[1], "shared"));
    CHECK(is(copy.model_path, text(LONG) + "!") && is(copy.device, "cpu") && is(copy.device_options, LONG));
    CHECK(is(copy.variant, "fp16") && copy.controlnet_count == 4);
    CHECK(is(copy.controlnet_paths[0], "one") && is(copy.controlnet_paths[1], LONG));
    CHECK(std::filesystem::path(copy.controlnet_paths[2]) == std::filesystem::path("two/three"));
    CHECK(is(copy.controlnet_paths[3], "four"));
    CHECK(is(desc.model_path, "another") && desc.device == nullptr && desc.controlnet_count == 0);
    desc.set_device(text("cuda:0")).set_device(text("cuda:1")).set_device(nullptr);
    CHECK(desc.device == nullptr && ContextDesc(nullptr).model_path == nullptr);
    CHECK(is(ContextDesc(std::filesystem::path("h\xC3\xA4user")).model_path, "h\xC3\xA4user"));
    return 0;
}

static int prompts() {
    const PromptDesc copy = copied(PromptDesc(text(LONG), std::string_view("green and more", 5)));
    CHECK(is(copy.text, LONG) && is(copy.negative_text, "green"));
    const PromptDesc alone = text("a fox");
    CHECK(is(alone.text, "a fox") && alone.negative_text == nullptr);
    return 0;
}

static int generations() {
    static uint8_t edges[64 * 64 * 3] = {};
    Control control(1, ConstPixels::rgb8(64, 64, edges)); // a temporary
    control.scale = 0.7f;
    const Control copy = copied(control);
    control = Control(0, ConstPixels::rgb8(8, 8, edges).bottom_up());
    CHECK(copy.picture->width == 64 && copy.picture->pixels == edges && copy.controlnet == 1 && copy.scale == 0.7f);
    CHECK(control.picture->width == 8 && control.picture->flags == SCUMBLE_IMAGE_BOTTOM_UP);
    std::vector<Control> many(1, control);
    for (int32_t i = 0; i < 9; ++i) many.emplace_back(i, ConstPixels::rgb8(i + 1, 1, edges));

    GenerationDesc desc;
    desc.set_scheduler(text("Euler a")).set_sigmas(text(LONG)).set_controls(many);
    desc.set_timesteps({999, 500, 20}).set_sigma_values({0.7f, 0.35f}).set_latents(std::vector<float>(4 * 8 * 8, 0.35f));
    desc.set_picture(ConstPixels::rgb8(64, 32, edges)).set_mask(ConstPixels::rgb8(32, 64, edges));
    many.clear();
    const GenerationDesc other = copied(desc);
    desc = GenerationDesc();
    CHECK(desc.scheduler == nullptr && desc.control_count == 0 && desc.seed == SCUMBLE_SEED_RANDOM);
    CHECK(is(other.scheduler, "Euler a") && is(other.sigmas, LONG) && other.control_count == 10);
    CHECK(other.timestep_count == 3 && other.timesteps[2] == 20 && other.sigma_value_count == 2);
    CHECK(other.sigma_values[1] == 0.35f && other.latents_count == 256 && other.latents[255] == 0.35f);
    CHECK(other.picture->width == 64 && other.mask->width == 32 && other.controls[0]->picture->width == 8);
    for (uint32_t i = 1; i < 10; ++i) CHECK(other.controls[i]->picture->width == static_cast<int32_t>(i));
    return 0;
}

// The library reads them all, and the loop of scumble.hpp's first comment ends, however the generation does.
static int calls(const std::filesystem::path &model) {
    CHECK(load_runtime());
    auto context = Context::create(model);
    CHECK(context && context->wait());
    auto cut = context->prompt(std::string("a red\0apple", 11));
    CHECK(!cut && cut.status() == SCUMBLE_STATUS_INVALID_UTF8);
    CHECK(cut.error().text.find("byte 5") != std::string::npos);
    auto prompt = context->prompt(std::string_view("a red apple and more", 11));
    CHECK(prompt && prompt->wait() && prompt->info()->tokens == 3);

    const std::vector<uint8_t> grey(64 * 64 * 3, 128);
    GenerationDesc desc;
    desc.steps = 4;
    desc.set_scheduler(text("Euler a")).set_picture(ConstPixels::rgb8(64, 64, grey));
    desc.set_controls({Control(0, ConstPixels::rgb8(64, 64, grey))});
    auto refused = prompt->generation(desc);
    CHECK(!refused && refused.error().text.find("ControlNet") != std::string::npos);
    desc.set_controls({});
    auto info = prompt->generation(desc)->info();
    CHECK(info && is(info->scheduler, "euler_a"));

    for (const bool cancelled : {false, true}) {
        desc.steps = cancelled ? 900 : 4;
        auto image = prompt->generation(desc);
        CHECK(image && image->start());
        if (cancelled) CHECK(image->cancel());
        for (;;) {
            auto now = image->poll();
            CHECK(now);
            if (now->phase >= SCUMBLE_PHASE_DONE) break;
        }
        CHECK(image->failure().status() == (cancelled ? SCUMBLE_STATUS_CANCELLED : SCUMBLE_STATUS_OK));
    }

    // A result that is a temporary gives its value, not a reference to it.
    const scumble_context_info &kept = *context->info();
    const Error &error = prompt->generation(desc.set_scheduler(text("none"))).error();
    CHECK(kept.width == 64 && error.text.find("none") != std::string::npos);
    return 0;
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    if (contexts() || prompts() || generations() || calls(arguments[1])) return 1;
    CHECK(shutdown());
    return 0;
}
