// What a game at 60 frames a second feels of Scumble: the same scene without it, and with pictures that grow
// at each priority. Run by frame_times.py; prints a line of JSON for each part.
//
//   frame_times MODEL SIDE STEPS SECONDS
//
// SIDE is that of the model's pictures: the texture for them is there without Scumble too.
#include <SDL.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <thread>
#include <vector>

#include "painter.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using Ms = std::chrono::duration<double, std::milli>;

const Clock::duration FRAME = std::chrono::nanoseconds(1'000'000'000 / 60);
const int WIDTH = 640, HEIGHT = 400;

double ms(Clock::duration time) { return Ms(time).count(); }

// Milliseconds that this thread has computed: without those in which the system gave its core to another.
double computed() {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return 1e3 * static_cast<double>(time.tv_sec) + time.tv_nsec / 1e6;
}

// The game: some milliseconds of simulation and drawing a frame, always the same amount.
class Game {
public:
    explicit Game(int side) {
        if (SDL_Init(SDL_INIT_VIDEO) != 0) fail();
        window = SDL_CreateWindow("Scumble", 0, 0, WIDTH, HEIGHT, 0);
        renderer = window ? SDL_CreateRenderer(window, -1, SDL_RENDERER_SOFTWARE) : nullptr;
        if (!renderer) fail();
        texture = SDL_CreateTexture(renderer, SDL_PIXELFORMAT_RGBA32, SDL_TEXTUREACCESS_STREAMING, side, side);
        if (!texture) fail();
        for (size_t i = 0; i < particles.size(); i++) particles[i] = {static_cast<float>(i % WIDTH), 0, 1, 0};
    }

    ~Game() { SDL_Quit(); }

    void upload(Painter &painter) {
        void *pixels;
        int pitch;
        if (SDL_LockTexture(texture, nullptr, &pixels, &pitch) != 0) fail();
        painter.read(pixels, pitch);
        SDL_UnlockTexture(texture);
    }

    void frame() {
        for (SDL_Event event; SDL_PollEvent(&event);) {}
        SDL_SetRenderDrawColor(renderer, 24, 26, 40, 255);
        SDL_RenderClear(renderer);
        for (size_t i = 0; i < particles.size(); i++) {
            Particle &p = particles[i];
            float away_x = p.x - WIDTH / 2, away_y = p.y - HEIGHT / 2;
            float pull = 20 / std::sqrt(away_x * away_x + away_y * away_y + 100);
            p.vx = 0.999f * p.vx - 0.01f * pull * away_x;
            p.vy = 0.999f * p.vy - 0.01f * pull * away_y + 0.01f * std::sin(p.x);
            p.x += p.vx;
            p.y += p.vy;
            if (i < SQUARES) squares[i] = {static_cast<int>(p.x), static_cast<int>(p.y), 4, 4};
        }
        SDL_SetRenderDrawColor(renderer, 120, 160, 220, 255);
        SDL_RenderFillRects(renderer, squares.data(), static_cast<int>(squares.size()));
        SDL_Rect place = {352, 32, 256, 256};
        SDL_RenderCopy(renderer, texture, nullptr, &place);
        SDL_RenderPresent(renderer);
    }

private:
    struct Particle {
        float x, y, vx, vy;
    };
    static constexpr size_t SQUARES = 8'000;

    [[noreturn]] static void fail() {
        std::fprintf(stderr, "SDL: %s\n", SDL_GetError());
        std::exit(1);
    }

    SDL_Window *window = nullptr;
    SDL_Renderer *renderer = nullptr;
    SDL_Texture *texture = nullptr;
    std::vector<Particle> particles = std::vector<Particle>(150'000);
    std::vector<SDL_Rect> squares = std::vector<SDL_Rect>(SQUARES);
};

double at(std::vector<double> &values, double share) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

// Pictures, one after the other.
class Pictures {
public:
    explicit Pictures(Painter &painter) : painter(painter) {}

    // Once a frame.
    void update() {
        if (began == took.size()) {
            painter.paint("a red apple, 3d style, on a blue background", static_cast<int64_t>(began++));
        }
        painter.update();
        if (!painter.error.empty()) {
            std::fprintf(stderr, "%s\n", painter.error.c_str());
            std::exit(1);
        }
        if (painter.done()) took.push_back(painter.progress.spent_ms / 1000.0);
    }

    std::vector<double> took; // seconds
    size_t began = 0;

private:
    Painter &painter;
};

// So many seconds of the game, and at least one picture.
void play(const char *part, Game &game, Painter *painter, double seconds) {
    std::vector<double> between, work, calls, own, took;
    int missed = 0, in_force = 0;
    std::unique_ptr<Pictures> pictures(painter ? new Pictures(*painter) : nullptr);
    const auto start = Clock::now();
    auto due = start, shown = start;
    while (ms(Clock::now() - start) < 1000 * seconds || (pictures && pictures->took.empty())) {
        // As with vertical sync: whoever is late gets the next one.
        do due += FRAME;
        while (due < Clock::now());
        std::this_thread::sleep_until(due);

        auto begin = Clock::now();
        const double computed_before = computed();
        if (pictures) pictures->update();
        if (painter && painter->has_news()) game.upload(*painter);
        own.push_back(computed() - computed_before);
        auto called = Clock::now();
        game.frame();
        auto end = Clock::now();
        calls.push_back(ms(called - begin));
        between.push_back(ms(end - shown));
        work.push_back(ms(end - due)); // a late start counts
        missed += end - due > FRAME;
        shown = end;
    }
    if (painter) {
        took = pictures->took;
        in_force = painter->progress.priority;
    }
    std::printf("{\"part\": \"%s\", \"frames\": %zu, \"p50\": %.3f, \"p99\": %.3f, \"max\": %.3f, \"work_p50\": %.3f, "
                "\"work_p99\": %.3f, \"missed\": %d, \"calls_p50\": %.4f, \"calls_p99\": %.4f, \"calls_max\": %.4f, "
                "\"own_p99\": %.4f, \"picture\": %.3f, \"in_force\": %d}\n",
                part, work.size(), at(between, 0.5), at(between, 0.99), at(between, 1), at(work, 0.5), at(work, 0.99),
                missed, at(calls, 0.5), at(calls, 0.99), at(calls, 1), at(own, 0.99), at(took, 0.5),
                in_force);
    std::fflush(stdout);
}

// Pictures without a game, after one that does not count: its memory is new.
void paint(Painter &painter, double seconds) {
    Pictures pictures(painter);
    const auto start = Clock::now();
    while (ms(Clock::now() - start) < 1000 * seconds || pictures.took.size() < 2) {
        pictures.update();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    pictures.took.erase(pictures.took.begin());
    std::printf("{\"part\": \"no game\", \"picture\": %.3f}\n", at(pictures.took, 0.5));
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 5) {
        std::fprintf(stderr, "usage: frame_times MODEL SIDE STEPS SECONDS\n");
        return 2;
    }
    const double seconds = std::atof(argv[4]);
    Game game(std::atoi(argv[2]));
    play("without", game, nullptr, seconds);
    {
        Painter painter(argv[1], 1, SCUMBLE_PRIORITY_HIGH);
        painter.steps = std::atoi(argv[3]);
        paint(painter, seconds);
        play("high", game, &painter, seconds);
        // Downwards: that needs no rights.
        painter.set_priority(SCUMBLE_PRIORITY_NORMAL);
        play("normal", game, &painter, seconds);
        painter.set_priority(SCUMBLE_PRIORITY_BACKGROUND);
        play("background", game, &painter, seconds);
    }
    play("without again", game, nullptr, seconds);
    return 0;
}
