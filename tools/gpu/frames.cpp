// What a game feels of Scumble on its own GPU: a scene of 60 frames a second that takes 8 ms of the GPU's time when it
// is alone, without Scumble and with pictures that grow at each pace. OpenGL without a window, so it runs where there is
// no display. Run by run.sh; prints a line of JSON for each part.
//
//   frames MODEL DEVICE SIDE STEPS SECONDS
//
// SIDE is that of the model's pictures; DEVICE is as `txt2img --list` names it.
#include <EGL/egl.h>
#include <EGL/eglext.h>
#define GL_GLEXT_PROTOTYPES
#include <GL/glcorearb.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "scumble.hpp"

namespace {

using Clock = std::chrono::steady_clock;

const Clock::duration FRAME = std::chrono::nanoseconds(1'000'000'000 / 60);
const double LOAD_MS = 8;
// Where a driver can let another program's work in, as between the draws of a real frame.
const int DRAWS = 16;

double ms(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

[[noreturn]] void fail(const std::string &why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(1);
}

// As run.sh has it.
[[noreturn]] void cannot(const std::string &why) {
    std::fprintf(stderr, "CANNOT RUN: %s\n", why.c_str());
    std::exit(77);
}

template <class T>
T must(scumble::Result<T> result) {
    if (!result) fail(result.error().text);
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

double at(std::vector<double> &values, double share) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

template <class F>
F egl(const char *name) {
    return reinterpret_cast<F>(eglGetProcAddress(name));
}

// The adapter that CUDA counts so, or else the first that can do it.
void make_context(const std::string &device) {
    auto list = egl<PFNEGLQUERYDEVICESEXTPROC>("eglQueryDevicesEXT");
    auto attribute = egl<PFNEGLQUERYDEVICEATTRIBEXTPROC>("eglQueryDeviceAttribEXT");
    auto open = egl<PFNEGLGETPLATFORMDISPLAYEXTPROC>("eglGetPlatformDisplayEXT");
    EGLDeviceEXT devices[16];
    EGLint count = 0;
    if (!list || !attribute || !open || !list(16, devices, &count) || count == 0) cannot("EGL lists no device");
    if (device.rfind("cuda:", 0) == 0) {
        std::stable_partition(devices, devices + count, [&](EGLDeviceEXT it) {
            EGLAttrib index = -1;
            return attribute(it, EGL_CUDA_DEVICE_NV, &index) && index == std::atoi(device.c_str() + 5);
        });
    }
    for (EGLint i = 0; i < count; i++) {
        EGLDisplay display = open(EGL_PLATFORM_DEVICE_EXT, devices[i], nullptr);
        const EGLint config_wanted[] = {EGL_SURFACE_TYPE, 0, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE};
        const EGLint version[] = {EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 3, EGL_NONE};
        EGLConfig config;
        EGLint configs = 0;
        if (!eglInitialize(display, nullptr, nullptr) || !eglBindAPI(EGL_OPENGL_API)) continue;
        if (!eglChooseConfig(display, config_wanted, &config, 1, &configs) || configs == 0) continue;
        EGLContext context = eglCreateContext(display, config, EGL_NO_CONTEXT, version);
        if (context && eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context)) return;
    }
    cannot("no device of EGL's gives OpenGL 3.3 without a surface");
}

GLuint compile(GLenum kind, const char *text) {
    GLuint shader = glCreateShader(kind);
    glShaderSource(shader, 1, &text, nullptr);
    glCompileShader(shader);
    GLint compiled = 0;
    glGetShaderiv(shader, GL_COMPILE_STATUS, &compiled);
    if (!compiled) fail("a shader does not compile");
    return shader;
}

// The game: triangles over the whole picture, with as many rounds of arithmetic a pixel as LOAD_MS takes.
class Game {
public:
    Game(const std::string &device, int side) : side(side) {
        make_context(device);
        GLuint program = glCreateProgram();
        glAttachShader(program, compile(GL_VERTEX_SHADER, R"(#version 330
            void main() { gl_Position = vec4(gl_VertexID == 1 ? 3 : -1, gl_VertexID == 2 ? 3 : -1, 0, 1); })"));
        glAttachShader(program, compile(GL_FRAGMENT_SHADER, R"(#version 330
            uniform int rounds; uniform sampler2D picture; out vec4 colour;
            void main() {
                vec4 v = texture(picture, gl_FragCoord.xy / 256);
                for (int i = 0; i < rounds; i++) v = fract(v.yzwx * 1.7 + v * v + 0.1);
                colour = v;
            })"));
        glLinkProgram(program);
        glUseProgram(program);
        rounds_of_program = glGetUniformLocation(program, "rounds");

        GLuint vertices, texture;
        glGenVertexArrays(1, &vertices);
        glBindVertexArray(vertices);
        glGenTextures(1, &texture);
        glBindTexture(GL_TEXTURE_2D, texture);
        glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, side, side, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
        GLuint target, frame;
        glGenRenderbuffers(1, &target);
        glBindRenderbuffer(GL_RENDERBUFFER, target);
        glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, 1920, 1080);
        glGenFramebuffers(1, &frame);
        glBindFramebuffer(GL_FRAMEBUFFER, frame);
        glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, target);
        if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) fail("the framebuffer is not complete");
        calibrate();
    }

    // Draws and waits until the GPU is done, as a game that shows the frame at the next refresh.
    void frame() {
        glUniform1i(rounds_of_program, rounds);
        glViewport(0, 0, 1920, height);
        for (int i = 0; i < DRAWS; i++) glDrawArrays(GL_TRIANGLES, 0, 3);
        glFinish();
    }

    void upload(const std::vector<uint8_t> &pixels) {
        glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, side, side, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
    }

    const char *renderer() const { return reinterpret_cast<const char *>(glGetString(GL_RENDERER)); }

    double load_ms = 0;

private:
    double measure() {
        std::vector<double> times;
        for (int i = 0; i < 20; i++) {
            const auto begin = Clock::now();
            frame();
            times.push_back(ms(Clock::now() - begin));
        }
        return at(times, 0.5);
    }

    void calibrate() {
        for (const auto begin = Clock::now(); ms(Clock::now() - begin) < 1000;) frame(); // the clocks rise
        load_ms = measure();
        for (; load_ms > LOAD_MS && height > 8; load_ms = measure()) height /= 2; // software is slow
        for (int i = 0; i < 12 && std::abs(load_ms / LOAD_MS - 1) > 0.03; i++) {
            rounds = std::clamp(static_cast<int>(rounds * std::clamp(LOAD_MS / load_ms, 0.1, 10.0)), 1, 1'000'000);
            load_ms = measure();
        }
    }

    int side, rounds = 8, height = 1080;
    GLint rounds_of_program = 0;
};

// Pictures, one after the other.
class Pictures {
public:
    Pictures(const char *model, const char *device, int side, int steps) : side(side), steps(steps) {
        scumble::ContextDesc desc(model);
        desc.device = device;
        context = must(scumble::Context::create(desc));
        must(context->wait());
        prompt = must(context->prompt(scumble::PromptDesc("a red apple, 3d style, on a blue background")));
        must(prompt->wait());
    }

    void set_pace(float share) { must(context->set_pace(share)); }

    // Once a frame. Whether there is a new picture.
    bool update() {
        if (!picture) {
            scumble::GenerationDesc desc;
            desc.width = desc.height = side;
            desc.steps = steps;
            desc.seed = seed++;
            picture = must(prompt->generation(desc));
            must(picture->start());
            begun = Clock::now();
        }
        const scumble_phase phase = static_cast<scumble_phase>(must(picture->poll()).phase);
        if (phase < SCUMBLE_PHASE_DONE) return false;
        must(picture->failure());
        took.push_back(ms(Clock::now() - begun));
        must(picture->read(scumble::Pixels::rgba8(side, side, pixels)));
        picture.reset();
        return true;
    }

    // Leaves off what is being painted.
    void stop() {
        if (picture) {
            must(picture->cancel());
            (void)picture->wait();
        }
        picture.reset();
        took.clear();
    }

    std::vector<double> took;
    const int side, steps;
    std::vector<uint8_t> pixels = std::vector<uint8_t>(static_cast<size_t>(side) * side * 4);

private:
    std::optional<scumble::Context> context;
    std::optional<scumble::Prompt> prompt;
    std::optional<scumble::Generation> picture;
    uint64_t seed = 0;
    Clock::time_point begun;
};

// So many seconds of the game, and at least one picture.
void play(const char *part, Game &game, Pictures *pictures, double seconds) {
    std::vector<double> between, work;
    size_t missed = 0;
    const auto start = Clock::now();
    auto due = start, shown = start;
    while (ms(Clock::now() - start) < 1000 * seconds || (pictures && pictures->took.empty())) {
        // As with vertical sync: whoever is late gets the next one.
        do due += FRAME;
        while (due < Clock::now());
        std::this_thread::sleep_until(due);
        if (pictures && pictures->update()) game.upload(pictures->pixels);
        game.frame();
        const auto end = Clock::now();
        between.push_back(ms(end - shown));
        work.push_back(ms(end - due)); // a late start counts
        missed += end - due > FRAME;
        shown = end;
    }
    const double took = pictures ? at(pictures->took, 0.5) : 0;
    std::printf("{\"part\": \"%s\", \"frames\": %zu, \"p50\": %.3f, \"p99\": %.3f, \"work_p50\": %.3f, "
                "\"work_p99\": %.3f, \"missed\": %zu, \"picture_ms\": %.1f}\n",
                part, work.size(), at(between, 0.5), at(between, 0.99), at(work, 0.5), at(work, 0.99), missed, took);
    std::fflush(stdout);
    if (pictures) pictures->stop();
}

// Pictures without a game, after one that does not count: its memory is new.
void paint(Pictures &pictures, double seconds) {
    const auto start = Clock::now();
    while (ms(Clock::now() - start) < 1000 * seconds || pictures.took.size() < 2) {
        pictures.update();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    pictures.took.erase(pictures.took.begin());
    std::printf("{\"part\": \"no game\", \"picture_ms\": %.1f}\n", at(pictures.took, 0.5));
    std::fflush(stdout);
    pictures.stop();
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 6) fail("usage: frames MODEL DEVICE SIDE STEPS SECONDS");
    const int side = std::atoi(argv[3]), steps = std::atoi(argv[4]);
    const double seconds = std::atof(argv[5]);
    Game game(argv[2], side);
    std::printf("{\"part\": \"game\", \"renderer\": \"%s\", \"load_ms\": %.2f}\n", game.renderer(), game.load_ms);
    play("without", game, nullptr, seconds);
    {
        Pictures pictures(argv[1], argv[2], side, steps);
        paint(pictures, seconds);
        for (const char *pace : {"1", "0.5", "0.25"}) {
            pictures.set_pace(std::strtof(pace, nullptr));
            play((std::string("pace ") + pace).c_str(), game, &pictures, seconds);
        }
    }
    play("without again", game, nullptr, seconds);
    must(scumble::shutdown());
    return 0;
}
