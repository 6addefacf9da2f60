// A game of sorts: a scene at 60 frames a second, in which a picture grows.
//
//   render_loop [MODEL] [SCRIPT]
#include <SDL.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "painter.hpp"
#include "screen.hpp"
#include "script.hpp"

namespace {

double now_ms() {
    return 1000.0 * static_cast<double>(SDL_GetPerformanceCounter()) / static_cast<double>(SDL_GetPerformanceFrequency());
}

class Game {
public:
    Game(const char *model, const char *script_path) : painter(model) {
        if (script_path && !script.load(script_path)) {
            std::fprintf(stderr, "%s cannot be read\n", script_path);
            std::exit(2);
        }
        scripted = script_path != nullptr;
    }

    int run() {
        double start = now_ms(), last = start;
        while (!quit) {
            double begin = now_ms();
            keyboard();
            painter.update();
            // What Scumble costs a frame: the polls above, and the pixels that go into the texture below.
            screen.draw((begin - start) / 1000.0, painter, typed, seed, recent);
            if (scripted) play();
            screen.show();
            double worked = now_ms() - begin;
            if (worked < 1000.0 / 60) SDL_Delay(static_cast<Uint32>(1000.0 / 60 - worked));
            double now = now_ms();
            note(now - last);
            last = now;
        }
        report();
        return failed ? 1 : 0;
    }

private:
    void keyboard() {
        for (SDL_Event event; SDL_PollEvent(&event);) {
            if (event.type == SDL_QUIT) quit = true;
            if (event.type == SDL_TEXTINPUT) typed += event.text.text;
            if (event.type != SDL_KEYDOWN) continue;
            switch (event.key.keysym.sym) {
            case SDLK_BACKSPACE:
                if (!typed.empty()) typed.pop_back();
                break;
            case SDLK_RETURN: painter.paint(typed, seed); break;
            case SDLK_TAB: painter.paint(typed, ++seed); break;
            case SDLK_ESCAPE: painter.cancel(); break;
            default: break;
            }
        }
    }

    // Does commands until one has to wait for a later frame.
    void play() {
        while (!script.empty() && !quit) {
            const auto &[what, argument] = script.next();
            if (what == "wait") {
                if (waiting_since == 0) waiting_since = now_ms();
                if (now_ms() - waiting_since < std::atof(argument.c_str())) return;
                waiting_since = 0;
            } else if (what == "wait-step") {
                if (painter.progress.step < std::atoi(argument.c_str())) return;
            } else if (what == "wait-idle") {
                if (painter.progress.phase < SCUMBLE_PHASE_DONE || painter.has_news()) {
                    if (painter.error.empty()) return;
                    std::fprintf(stderr, "%s\n", painter.error.c_str());
                    failed = quit = true;
                }
            } else if (what == "type") {
                typed = argument;
            } else if (what == "seed") {
                seed = std::strtoull(argument.c_str(), nullptr, 10);
            } else if (what == "paint") {
                painter.paint(typed, seed);
                painter.update(); // so that a wait behind it waits for this one
            } else if (what == "cancel") {
                painter.cancel();
                painter.update();
            } else if (what == "screenshot") {
                failed |= !screen.screenshot(argument.c_str());
            } else if (what == "picture") {
                std::vector<unsigned char> rgba(static_cast<size_t>(painter.width * painter.height) * 4);
                painter.read(rgba.data(), painter.width * 4);
                failed |= !write_ppm(argument.c_str(), rgba.data(), painter.width, painter.height);
            } else if (what == "quit") {
                quit = true;
            } else {
                std::fprintf(stderr, "\"%s\" is not a command\n", what.c_str());
                failed = quit = true;
            }
            script.pop();
        }
        quit |= script.empty();
    }

    void note(double ms) {
        all.push_back(ms);
        recent.push_back(ms);
        if (recent.size() > 200) recent.pop_front();
    }

    void report() {
        std::sort(all.begin(), all.end());
        auto at = [this](double share) { return all[static_cast<size_t>(share * static_cast<double>(all.size() - 1))]; };
        std::printf("%zu frames: p50 %.1f ms, p99 %.1f ms, longest %.1f ms\n", all.size(), at(0.5), at(0.99), at(1));
    }

    Screen screen;
    Painter painter;
    Script script;
    bool scripted = false, quit = false, failed = false;
    double waiting_since = 0;
    std::string typed = "a red apple, 3d style, on a blue background";
    uint64_t seed = 14;
    std::deque<double> recent;
    std::vector<double> all;
};

} // namespace

int main(int argc, char **argv) {
    return Game(argc > 1 ? argv[1] : "models/emblem", argc > 2 ? argv[2] : nullptr).run();
}
