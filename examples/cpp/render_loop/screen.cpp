#include "screen.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_easy_font.h>
#pragma GCC diagnostic pop

namespace {

template <typename T> T *must(T *thing) {
    if (!thing) {
        std::fprintf(stderr, "SDL: %s\n", SDL_GetError());
        std::exit(1);
    }
    return thing;
}

} // namespace

Screen::Screen() {
    if (SDL_Init(SDL_INIT_VIDEO) != 0) must<void>(nullptr);
    window = must(SDL_CreateWindow("Scumble", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, width, height, 0));
    renderer = must(SDL_CreateRenderer(window, -1, 0));
    SDL_StartTextInput();
}

Screen::~Screen() { SDL_Quit(); }

void Screen::draw(double seconds, Painter &painter, const std::string &typed, uint64_t seed,
                  const std::deque<double> &frame_times) {
    scene(seconds);
    picture(painter);
    char line[256];
    const scumble_progress &p = painter.progress;
    std::snprintf(line, sizeof line, "%s  step %d of %d  %.0f ms left", painter.phase(), p.step, p.steps,
                  p.left_ms > 0 ? static_cast<double>(p.left_ms) : 0.0);
    text(16, 304, line);
    text(16, 324, "> " + typed + (std::fmod(seconds, 1.0) < 0.5 ? "_" : ""));
    std::snprintf(line, sizeof line, "seed %llu   enter: paint   tab: next seed   escape: cancel",
                  static_cast<unsigned long long>(seed));
    text(16, 344, line);
    if (!painter.error.empty()) text(16, 364, painter.error);
    graph(frame_times);
}

// Something that would be seen to stutter.
void Screen::scene(double seconds) {
    SDL_SetRenderDrawColor(renderer, 24, 26, 40, 255);
    SDL_RenderClear(renderer);
    for (int i = 0; i < 60; i++) {
        double angle = seconds * (0.5 + 0.02 * i) + i;
        int x = 170 + static_cast<int>(130 * std::cos(angle));
        int y = 150 + static_cast<int>(110 * std::sin(angle * 1.3));
        SDL_SetRenderDrawColor(renderer, static_cast<Uint8>(120 + 2 * i), static_cast<Uint8>(60 + i), 200, 255);
        SDL_Rect square = {x, y, 10, 10};
        SDL_RenderFillRect(renderer, &square);
    }
}

void Screen::picture(Painter &painter) {
    if (painter.has_news()) {
        if (!texture) {
            texture = must(SDL_CreateTexture(renderer, SDL_PIXELFORMAT_RGBA32, SDL_TEXTUREACCESS_STREAMING,
                                             painter.width, painter.height));
        }
        void *pixels;
        int pitch;
        if (SDL_LockTexture(texture, nullptr, &pixels, &pitch) == 0) {
            painter.read(pixels, pitch); // straight into the texture
            SDL_UnlockTexture(texture);
        }
    }
    SDL_SetRenderDrawColor(renderer, 60, 64, 90, 255);
    SDL_RenderFillRect(renderer, &frame);
    if (texture && !painter.idle()) SDL_RenderCopy(renderer, texture, nullptr, &frame);
}

void Screen::text(int x, int y, const std::string &line) {
    struct Corner {
        float x, y, z;
        unsigned char color[4];
    };
    static std::vector<Corner> corners(20000);
    std::string copy = line; // the font's interface takes no const
    int quads = stb_easy_font_print(0, 0, copy.data(), nullptr, corners.data(),
                                    static_cast<int>(corners.size() * sizeof(Corner)));
    SDL_SetRenderDrawColor(renderer, 230, 230, 240, 255);
    for (int i = 0; i < quads; i++) {
        const Corner &from = corners[4 * i], &to = corners[4 * i + 2];
        SDL_FRect bar = {static_cast<float>(x) + 1.5f * from.x, static_cast<float>(y) + 1.5f * from.y,
                         1.5f * (to.x - from.x), 1.5f * (to.y - from.y)};
        SDL_RenderFillRectF(renderer, &bar);
    }
}

// A bar a frame; the line is at 16.7 ms.
void Screen::graph(const std::deque<double> &frame_times) {
    const float bottom = height - 4, scale = 0.6f;
    float x = width - 4 - static_cast<float>(frame_times.size());
    for (double ms : frame_times) {
        float tall = std::fmin(static_cast<float>(ms) * scale, 60.0f);
        SDL_SetRenderDrawColor(renderer, ms < 18 ? 90 : 240, ms < 18 ? 200 : 80, 110, 255);
        SDL_FRect bar = {x++, bottom - tall, 1, tall};
        SDL_RenderFillRectF(renderer, &bar);
    }
    SDL_SetRenderDrawColor(renderer, 230, 230, 240, 255);
    SDL_RenderDrawLineF(renderer, width - 204, bottom - 16.7f * scale, width - 4, bottom - 16.7f * scale);
}

bool Screen::screenshot(const char *path) {
    std::vector<unsigned char> rgba(static_cast<size_t>(width) * height * 4);
    return SDL_RenderReadPixels(renderer, nullptr, SDL_PIXELFORMAT_RGBA32, rgba.data(), width * 4) == 0 &&
           write_ppm(path, rgba.data(), width, height);
}

bool write_ppm(const char *path, const unsigned char *rgba, int width, int height) {
    std::FILE *file = std::fopen(path, "wb");
    if (!file) return false;
    std::fprintf(file, "P6 %d %d 255\n", width, height);
    for (int i = 0; i < width * height; i++) std::fwrite(rgba + 4 * i, 1, 3, file);
    return std::fclose(file) == 0;
}
