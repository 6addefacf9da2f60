// What is to be seen: an animated scene, the picture that grows, text, and a graph of frame times.
#pragma once
#include <SDL.h>

#include <deque>
#include <string>

#include "painter.hpp"

class Screen {
public:
    static constexpr int width = 640, height = 400;
    // Where the picture is.
    static constexpr SDL_Rect frame = {352, 32, 256, 256};

    Screen();
    ~Screen();
    Screen(const Screen &) = delete;

    // Draws a frame, but does not show it yet: a screenshot comes before.
    void draw(double seconds, Painter &painter, const std::string &typed, uint64_t seed,
              const std::deque<double> &frame_times);
    void show() { SDL_RenderPresent(renderer); }
    bool screenshot(const char *path);

private:
    void scene(double seconds);
    void picture(Painter &painter);
    void text(int x, int y, const std::string &line);
    void graph(const std::deque<double> &frame_times);

    SDL_Window *window = nullptr;
    SDL_Renderer *renderer = nullptr;
    SDL_Texture *texture = nullptr;
};

// Writes RGBA rows as a PPM file.
bool write_ppm(const char *path, const unsigned char *rgba, int width, int height);
