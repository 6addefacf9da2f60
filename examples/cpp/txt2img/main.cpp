// Paints a picture of a prompt on the library's own thread, as a game would: without waiting.
//
//   txt2img MODEL "a red apple, 3d style, on a blue background" out.ppm 20
#include <scumble.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

static void next_frame() { std::this_thread::sleep_for(std::chrono::milliseconds(16)); }

// The value, or the end of the program with what went wrong.
template <class T>
static T or_exit(scumble::Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "%s: %s\n", scumble::name_of(result.status()), result.error().text.c_str());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

static void write_ppm(const char *path, const std::vector<uint8_t> &rgb, int width, int height) {
    std::FILE *file = std::fopen(path, "wb");
    if (file == nullptr) {
        std::perror(path);
        std::exit(1);
    }
    std::fprintf(file, "P6 %d %d 255\n", width, height);
    std::fwrite(rgb.data(), 1, rgb.size(), file);
    std::fclose(file);
}

int main(int count, char **arguments) {
    const char *model = count > 1 ? arguments[1] : "models/emblem";
    const char *text = count > 2 ? arguments[2] : "a red apple, 3d style, on a blue background";
    const char *path = count > 3 ? arguments[3] : "out.ppm";

    // A context loads on its own thread; the game goes on meanwhile.
    auto context = or_exit(scumble::Context::create(model));
    auto loaded = context.poll();
    for (; loaded.status() == SCUMBLE_STATUS_NOT_READY; loaded = context.poll()) next_frame();
    or_exit(loaded);

    // The prompt is encoded there too: the generation may be started before that is done.
    auto prompt = or_exit(context.prompt(text));
    scumble::GenerationDesc wanted;
    wanted.seed = 14;
    wanted.preview_every = 1;
    if (count > 4) wanted.steps = std::atoi(arguments[4]);
    auto generation = or_exit(prompt.generation(wanted));
    or_exit(generation.start());

    const auto info = or_exit(generation.info());
    std::vector<uint8_t> rgb(static_cast<size_t>(info.width) * static_cast<size_t>(info.height) * 3);
    const auto pixels = scumble::Pixels::rgb8(info.width, info.height, rgb);

    // One frame after the other: poll, and show the preview if there is a new one.
    scumble_progress progress = {};
    while (progress.phase < SCUMBLE_PHASE_DONE) {
        next_frame();
        const uint32_t previews = progress.previews;
        progress = or_exit(generation.poll());
        if (progress.previews != previews) {
            or_exit(generation.read(pixels, SCUMBLE_SOURCE_PREVIEW));
            std::printf("step %d of %d, %.0f ms left\n", progress.step, progress.steps, double(progress.left_ms));
        }
    }
    or_exit(generation.failure());

    or_exit(generation.read(pixels));
    write_ppm(path, rgb, info.width, info.height);
    std::printf("wrote %s: %d x %d, seed %llu, %s\n", path, info.width, info.height, static_cast<unsigned long long>(info.seed),
                info.scheduler);
    or_exit(scumble::shutdown());
    return 0;
}
