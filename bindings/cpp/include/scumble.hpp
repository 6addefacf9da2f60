/* Scumble for C++17: objects that give themselves back, and errors that cannot be overlooked.
 *
 * A thin layer over scumble.h, where everything is explained. It throws nothing and asks for no type
 * information: it compiles with -fno-exceptions -fno-rtti.
 *
 *     auto context = scumble::Context::create(scumble::ContextDesc("models/emblem-64"));
 *     if (!context) return complain(context.error().text);
 *     if (auto loaded = context->wait(); !loaded) return complain(loaded.error().text);
 *     auto prompt = context->prompt(scumble::PromptDesc("a red apple"));
 *     auto picture = prompt->generation();
 *     picture->start();
 *     ... each frame: picture->poll() ...
 *     std::vector<uint8_t> pixels(64 * 64 * 4);
 *     picture->read(scumble::Pixels::rgba8(64, 64, pixels));
 */
#ifndef SCUMBLE_HPP
#define SCUMBLE_HPP

#include <scumble.h>

#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace scumble {

/// What went wrong, or why there is nothing yet.
struct Error {
    scumble_status status = SCUMBLE_STATUS_OK;
    /// Which parameter, which value, what was expected: UTF-8, one line.
    std::string text;

    /// Whether it is only a matter of time: not ready, busy, timed out, nothing there yet.
    bool is_pending() const noexcept { return status > 0 && status != SCUMBLE_STATUS_CANCELLED; }
    bool is_cancelled() const noexcept { return status == SCUMBLE_STATUS_CANCELLED; }

    /// What this thread's last call answered.
    static Error last(scumble_status status) { return {status, scumble_last_error()}; }
};

/// A value, or why there is none. To take the value where there is none ends the program.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : content(std::move(value)) {}
    Result(Error error) : content(std::move(error)) {}

    explicit operator bool() const noexcept { return content.index() == 0; }
    T &operator*() & { return *get(); }
    const T &operator*() const & { return *get(); }
    T &&operator*() && { return std::move(*get()); }
    T *operator->() { return get(); }
    const T *operator->() const { return get(); }
    /// The error; only where there is one.
    const Error &error() const { return *of<Error>(std::get_if<1>(&content)); }
    /// `SCUMBLE_STATUS_OK` where there is a value.
    scumble_status status() const noexcept { return *this ? SCUMBLE_STATUS_OK : error().status; }

private:
    template <class U, class P>
    static P of(P pointer) {
        if (pointer == nullptr) std::abort();
        return pointer;
    }
    T *get() { return of<T>(std::get_if<0>(&content)); }
    const T *get() const { return of<T>(std::get_if<0>(&content)); }

    std::variant<T, Error> content;
};

/// Nothing, or why it did not come to pass.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : failure(std::move(error)) {}

    explicit operator bool() const noexcept { return !failure; }
    const Error &error() const {
        if (!failure) std::abort();
        return *failure;
    }
    scumble_status status() const noexcept { return failure ? failure->status : SCUMBLE_STATUS_OK; }

private:
    std::optional<Error> failure;
};

/// The result of a call that answers a status alone.
inline Result<void> check(scumble_status status) {
    if (status == SCUMBLE_STATUS_OK) return {};
    return Error::last(status);
}

namespace detail {

/// Why a descriptor could not be filled: told where it is used, which may be on another thread.
inline Error mismatch(scumble_status status) {
    return {status, std::string("the library does not go with this header: ") + scumble_status_name(status) +
                        "; expected ABI version " + std::to_string(SCUMBLE_ABI_VERSION) + ", found " +
                        std::to_string(scumble_abi_version())};
}

/// A structure that a call fills, or why it did not.
template <class T, class Fill>
Result<T> filled(Fill fill) {
    T structure = {};
    structure.struct_size = sizeof structure;
    if (const scumble_status status = fill(&structure); status != SCUMBLE_STATUS_OK) return Error::last(status);
    return structure;
}

/// A handle that is given back once.
template <class T, scumble_status (*destroy)(T *)>
class Owned {
public:
    Owned() = default;
    explicit Owned(T *owned) noexcept : handle(owned) {}
    Owned(Owned &&other) noexcept : handle(other.release()) {}
    Owned &operator=(Owned &&other) noexcept {
        if (this != &other) {
            reset();
            handle = other.release();
        }
        return *this;
    }
    ~Owned() { reset(); }

    T *get() const noexcept { return handle; }
    T *release() noexcept { return std::exchange(handle, nullptr); }
    void reset() noexcept {
        if (T *old = release()) (void)destroy(old);
    }

private:
    T *handle = nullptr;
};

}  // namespace detail

/// A picture's pixels in the caller's memory.
struct Pixels : scumble_image {
    /// `bytes`: a container of bytes, or of floats for `SCUMBLE_FORMAT_RGBA32F`, which must live as long as
    /// the call. Rows follow each other without gaps; set `row_pitch` and `flags` where they do not.
    template <class Container>
    Pixels(scumble_format layout, int32_t columns, int32_t rows, Container &bytes)
        : Pixels(layout, columns, rows, static_cast<void *>(bytes.data()), bytes.size() * sizeof *bytes.data()) {}

    Pixels(scumble_format layout, int32_t columns, int32_t rows, void *memory, size_t size) : scumble_image() {
        struct_size = sizeof(scumble_image);
        format = layout;
        width = columns;
        height = rows;
        pixels = memory;
        pixels_size = size;
    }

    template <class Container>
    static Pixels rgba8(int32_t columns, int32_t rows, Container &bytes) {
        return {SCUMBLE_FORMAT_RGBA8, columns, rows, bytes};
    }

    /// The same with the lowest row first, as OpenGL and Unity have it.
    Pixels bottom_up() const {
        Pixels flipped = *this;
        flipped.flags |= SCUMBLE_IMAGE_BOTTOM_UP;
        return flipped;
    }
};

/// What a context is made from: the fields of `scumble_context_desc`. Texts stay the caller's until it is created.
struct ContextDesc : scumble_context_desc {
    explicit ContextDesc(const char *model) : scumble_context_desc() {
        made = scumble_context_desc_init(this, sizeof(scumble_context_desc), SCUMBLE_ABI_VERSION);
        model_path = model;
    }
    /// Anything but OK where header and library do not go together.
    scumble_status made;
};

/// What a prompt is made from: the fields of `scumble_prompt_desc`.
struct PromptDesc : scumble_prompt_desc {
    explicit PromptDesc(const char *positive, const char *negative = nullptr) : scumble_prompt_desc() {
        made = scumble_prompt_desc_init(this, sizeof(scumble_prompt_desc), SCUMBLE_ABI_VERSION);
        text = positive;
        negative_text = negative;
    }
    scumble_status made;
};

/// What a generation is made from: the fields of `scumble_generation_desc`.
struct GenerationDesc : scumble_generation_desc {
    GenerationDesc() : scumble_generation_desc() {
        made = scumble_generation_desc_init(this, sizeof(scumble_generation_desc), SCUMBLE_ABI_VERSION);
    }
    scumble_status made;
};

/// One picture in progress. It keeps its prompt and its context alive.
class Generation {
public:
    Result<void> start() { return check(scumble_generation_start(handle.get())); }
    Result<scumble_progress> poll() const {
        return detail::filled<scumble_progress>([&](auto *it) { return scumble_generation_poll(handle.get(), it); });
    }
    /// Blocks: for this long, or for ever where it is negative.
    Result<void> wait(int32_t timeout_ms = -1) const {
        return check(scumble_generation_wait(handle.get(), timeout_ms));
    }
    Result<void> cancel() { return check(scumble_generation_cancel(handle.get())); }
    Result<void> pause() { return check(scumble_generation_pause(handle.get())); }
    Result<void> resume() { return check(scumble_generation_resume(handle.get())); }
    /// Why it failed, or that it was cancelled.
    Result<void> failure() const { return check(scumble_generation_error(handle.get())); }
    Result<scumble_generation_info> info() const {
        return detail::filled<scumble_generation_info>(
            [&](auto *it) { return scumble_generation_get_info(handle.get(), it); });
    }
    /// By hand: one evaluation of the UNet on this thread. Gives how many are left.
    Result<int32_t> step() {
        int32_t left = 0;
        if (auto status = scumble_generation_step(handle.get(), &left); status != SCUMBLE_STATUS_OK) {
            return Error::last(status);
        }
        return left;
    }
    /// By hand: the picture of the finished latents, on this thread.
    Result<void> decode() { return check(scumble_generation_decode(handle.get())); }
    /// Copies the picture, or the latest preview.
    Result<void> read(const Pixels &pixels, scumble_source source = SCUMBLE_SOURCE_FINAL) const {
        return check(scumble_generation_read_image(handle.get(), source, &pixels));
    }

    scumble_generation *get() const noexcept { return handle.get(); }

private:
    friend class Prompt;
    explicit Generation(scumble_generation *owned) : handle(owned) {}
    detail::Owned<scumble_generation, scumble_generation_destroy> handle;
};

/// Encoded text, for any number of generations. It keeps its context alive.
class Prompt {
public:
    /// A picture to be painted of it; nothing is computed yet.
    Result<Generation> generation(const GenerationDesc &desc = {}) const {
        if (desc.made != SCUMBLE_STATUS_OK) return detail::mismatch(desc.made);
        scumble_generation *created = nullptr;
        if (auto status = scumble_generation_create(handle.get(), &desc, &created); status != SCUMBLE_STATUS_OK) {
            return Error::last(status);
        }
        return Generation(created);
    }
    /// What lies between two prompts of one context: `factor` 0 is this one, 1 the other.
    Result<Prompt> blend(const Prompt &other, float factor) const {
        scumble_prompt *created = nullptr;
        auto status = scumble_prompt_blend(handle.get(), other.get(), factor, &created);
        if (status != SCUMBLE_STATUS_OK) return Error::last(status);
        return Prompt(created);
    }
    Result<void> poll() const { return check(scumble_prompt_poll(handle.get())); }
    Result<void> wait(int32_t timeout_ms = -1) const { return check(scumble_prompt_wait(handle.get(), timeout_ms)); }
    /// By hand, on this thread, where `flags` says `SCUMBLE_PROMPT_BY_HAND`.
    Result<void> encode() { return check(scumble_prompt_encode(handle.get())); }
    Result<scumble_prompt_info> info() const {
        return detail::filled<scumble_prompt_info>([&](auto *it) { return scumble_prompt_get_info(handle.get(), it); });
    }

    scumble_prompt *get() const noexcept { return handle.get(); }

private:
    friend class Context;
    explicit Prompt(scumble_prompt *owned) : handle(owned) {}
    detail::Owned<scumble_prompt, scumble_prompt_destroy> handle;
};

/// A loaded model with a thread of its own.
class Context {
public:
    /// Begins to load a model, and returns at once.
    static Result<Context> create(const ContextDesc &desc) {
        if (desc.made != SCUMBLE_STATUS_OK) return detail::mismatch(desc.made);
        scumble_context *created = nullptr;
        if (auto status = scumble_context_create(&desc, &created); status != SCUMBLE_STATUS_OK) {
            return Error::last(status);
        }
        return Context(created);
    }
    Result<void> poll() const { return check(scumble_context_poll(handle.get())); }
    Result<void> wait(int32_t timeout_ms = -1) const { return check(scumble_context_wait(handle.get(), timeout_ms)); }
    Result<scumble_context_info> info() const {
        return detail::filled<scumble_context_info>(
            [&](auto *it) { return scumble_context_get_info(handle.get(), it); });
    }
    /// A prompt of a loaded context, which its thread encodes.
    Result<Prompt> prompt(const PromptDesc &desc) const {
        if (desc.made != SCUMBLE_STATUS_OK) return detail::mismatch(desc.made);
        scumble_prompt *created = nullptr;
        if (auto status = scumble_prompt_create(handle.get(), &desc, &created); status != SCUMBLE_STATUS_OK) {
            return Error::last(status);
        }
        return Prompt(created);
    }
    Result<void> set_pace(float share) { return check(scumble_context_set_pace(handle.get(), share)); }
    Result<void> set_priority(scumble_priority priority) {
        return check(scumble_context_set_priority(handle.get(), priority));
    }
    Result<void> trim() { return check(scumble_context_trim(handle.get())); }

    scumble_context *get() const noexcept { return handle.get(); }

private:
    explicit Context(scumble_context *owned) : handle(owned) {}
    detail::Owned<scumble_context, scumble_context_destroy> handle;
};

/// Loads ONNX Runtime, from this path or from where it is looked for.
inline Result<void> load_runtime(const char *path = nullptr) { return check(scumble_runtime_load(path)); }

/// Ends all work and all threads of the library; before the program or the plugin ends.
inline Result<void> shutdown(int32_t timeout_ms = -1) { return check(scumble_shutdown(timeout_ms)); }

/// The next line of the log; an error of status EMPTY when there is none.
inline Result<scumble_log_entry> next_log_entry() {
    return detail::filled<scumble_log_entry>([](auto *it) { return scumble_log_next(it); });
}

}  // namespace scumble

#endif
