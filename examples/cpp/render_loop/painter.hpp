// A picture that grows while the game goes on.
#pragma once
#include <scumble.h>

#include <string>

class Painter {
public:
    // Begins to load the model. Errors show in `error`.
    explicit Painter(const char *model, int32_t threads = SCUMBLE_AUTO,
                     scumble_priority priority = SCUMBLE_PRIORITY_NORMAL);
    ~Painter();
    Painter(const Painter &) = delete;

    // Paints anew. What is being painted is cancelled.
    void paint(const std::string &text, uint64_t seed);
    void cancel();
    void set_priority(scumble_priority priority) { ok(scumble_context_set_priority(context, priority)); }

    // Once a frame: looks how far things are. Costs microseconds.
    void update();

    // Whether there are new pixels since the last `read`.
    bool has_news() const { return news; }
    // Writes them into memory of RGBA rows that lie so many bytes apart.
    void read(void *pixels, int pitch);

    // For the screen.
    const char *phase() const;
    bool done() const { return progress.phase == SCUMBLE_PHASE_DONE; }
    bool idle() const { return generation == nullptr; }

    scumble_progress progress = {};
    int width = 0, height = 0;
    int32_t steps = SCUMBLE_AUTO;
    std::string error;

private:
    bool ok(scumble_status status);
    void begin();

    scumble_context *context = nullptr;
    scumble_prompt *prompt = nullptr;
    scumble_generation *generation = nullptr;
    bool loaded = false, wanted = false, news = false;
    std::string text;
    uint64_t seed = 0;
};
