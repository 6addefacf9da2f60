/* Scumble for C++17: objects that give themselves back, and errors that cannot be overlooked.
 *
 * A thin layer over scumble.h, where everything is explained. It throws nothing and asks for no type
 * information: it compiles with -fno-exceptions -fno-rtti.
 *
 *     auto context = scumble::Context::create("models/emblem");
 *     if (!context) return complain(context.error().text);
 *     if (auto loaded = context->wait(); !loaded) return complain(loaded.error().text);
 *     auto prompt = context->prompt("a red apple");
 *     if (!prompt) return complain(prompt.error().text);
 *     auto image = prompt->generation();
 *     if (!image) return complain(image.error().text);
 *     if (auto started = image->start(); !started) return complain(started.error().text);
 *     for (;;) {
 *         ... draw a frame ...
 *         auto now = image->poll();
 *         if (!now) return complain(now.error().text);
 *         if (now->phase >= SCUMBLE_PHASE_DONE) break; // done, failed or cancelled
 *     }
 *     if (auto ended = image->failure(); !ended) return complain(ended.error().text);
 *     std::vector<uint8_t> pixels(64 * 64 * 4);
 *     if (auto read = image->read(scumble::Pixels::rgba8(64, 64, pixels)); !read) ...
 *
 * Objects may be moved and not copied. One that was moved from answers SCUMBLE_STATUS_INVALID_HANDLE.
 */
#ifndef SCUMBLE_HPP
#define SCUMBLE_HPP

#include <scumble.h>

#include "scumble_desc.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

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
    T operator*() && { return std::move(*get()); }
    T *operator->() { return get(); }
    const T *operator->() const { return get(); }
    /// The error; only where there is one.
    const Error &error() const & { return *of<Error>(std::get_if<1>(&content)); }
    Error error() && { return *of<Error>(std::get_if<1>(&content)); }
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
    const Error &error() const & {
        if (!failure) std::abort();
        return *failure;
    }
    Error error() && { return std::as_const(*this).error(); }
    scumble_status status() const noexcept { return failure ? failure->status : SCUMBLE_STATUS_OK; }

private:
    std::optional<Error> failure;
};

namespace detail {

/// The result of a call that answers a status alone.
inline Result<void> result(scumble_status status) {
    if (status == SCUMBLE_STATUS_OK) return {};
    return Error::last(status);
}

/// Whether the library speaks this header's ABI. Everything that needs no object of Scumble's asks this first.
inline Result<void> same_abi() {
    if (scumble_abi_version() == SCUMBLE_ABI_VERSION) return {};
    return Error{SCUMBLE_STATUS_ABI_MISMATCH,
                 "the library that was found, Scumble " + std::string(scumble_version()) + ", speaks version " +
                     std::to_string(scumble_abi_version()) + " of the ABI; this program was built for version " +
                     std::to_string(SCUMBLE_ABI_VERSION) + ": ship the library that its scumble.h came with"};
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

/// One picture in progress. It keeps its prompt and its context alive.
class Generation {
public:
    Result<void> start() { return detail::result(scumble_generation_start(handle.get())); }
    Result<scumble_progress> poll() const {
        return detail::filled<scumble_progress>([&](auto *it) { return scumble_generation_poll(handle.get(), it); });
    }
    /// Blocks: for this long, or for ever where it is negative.
    Result<void> wait(int32_t timeout_ms = -1) const {
        return detail::result(scumble_generation_wait(handle.get(), timeout_ms));
    }
    Result<void> cancel() { return detail::result(scumble_generation_cancel(handle.get())); }
    Result<void> pause() { return detail::result(scumble_generation_pause(handle.get())); }
    Result<void> resume() { return detail::result(scumble_generation_resume(handle.get())); }
    /// Why it failed, or that it was cancelled.
    Result<void> failure() const { return detail::result(scumble_generation_error(handle.get())); }
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
    /// Manually: the image of the finished latents, on this thread; also after decoding has failed.
    Result<void> decode() { return detail::result(scumble_generation_decode(handle.get())); }
    /// Copies the picture, or the latest preview.
    Result<void> read(const Pixels &pixels, scumble_source source = SCUMBLE_SOURCE_FINAL) const {
        return detail::result(scumble_generation_read_image(handle.get(), source, &pixels));
    }

    /// The latents as the last evaluation left them; those of a finished image with `SCUMBLE_GENERATION_KEEP_LATENTS`.
    Result<std::vector<float>> latents() const {
        const auto known = info();
        if (!known) return known.error();
        const auto channels = static_cast<size_t>(known->latent_channels);
        std::vector<float> numbers(channels * static_cast<size_t>(known->latent_width) * static_cast<size_t>(known->latent_height));
        const auto status = scumble_generation_read_latents(handle.get(), numbers.data(), numbers.size());
        if (status != SCUMBLE_STATUS_OK) return Error::last(status);
        return numbers;
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
    Result<void> poll() const { return detail::result(scumble_prompt_poll(handle.get())); }
    Result<void> wait(int32_t timeout_ms = -1) const { return detail::result(scumble_prompt_wait(handle.get(), timeout_ms)); }
    /// By hand, on this thread, where `flags` says `SCUMBLE_PROMPT_BY_HAND`.
    Result<void> encode() { return detail::result(scumble_prompt_encode(handle.get())); }
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
        if (auto same = detail::same_abi(); !same) return same.error();
        scumble_context *created = nullptr;
        if (auto status = scumble_context_create(&desc, &created); status != SCUMBLE_STATUS_OK) {
            return Error::last(status);
        }
        return Context(created);
    }
    Result<void> poll() const { return detail::result(scumble_context_poll(handle.get())); }
    Result<void> wait(int32_t timeout_ms = -1) const { return detail::result(scumble_context_wait(handle.get(), timeout_ms)); }
    Result<scumble_context_info> info() const {
        return detail::filled<scumble_context_info>(
            [&](auto *it) { return scumble_context_get_info(handle.get(), it); });
    }
    /// A prompt of a loaded context, which its thread encodes.
    Result<Prompt> prompt(const PromptDesc &desc) const {
        scumble_prompt *created = nullptr;
        if (auto status = scumble_prompt_create(handle.get(), &desc, &created); status != SCUMBLE_STATUS_OK) {
            return Error::last(status);
        }
        return Prompt(created);
    }
    Result<void> set_pace(float share) { return detail::result(scumble_context_set_pace(handle.get(), share)); }
    Result<void> set_priority(scumble_priority priority) {
        return detail::result(scumble_context_set_priority(handle.get(), priority));
    }
    Result<void> trim() { return detail::result(scumble_context_trim(handle.get())); }

    scumble_context *get() const noexcept { return handle.get(); }

private:
    explicit Context(scumble_context *owned) : handle(owned) {}
    detail::Owned<scumble_context, scumble_context_destroy> handle;
};

/// The version of the library, such as "0.1.0".
inline const char *version() noexcept { return scumble_version(); }

/// The name of a status, such as "SCUMBLE_STATUS_BUSY".
inline const char *name_of(scumble_status status) noexcept { return scumble_status_name(status); }

/// Loads ONNX Runtime, from this path or from where it is looked for. Optional: the first context does it too.
inline Result<void> load_runtime(const Path &path = nullptr) {
    if (auto same = detail::same_abi(); !same) return same;
    return detail::result(scumble_runtime_load(path.get()));
}

/// Adds a library of a provider to ONNX Runtime, so that its devices can be named.
inline Result<void> add_provider(const Path &path) {
    if (auto same = detail::same_abi(); !same) return same;
    return detail::result(scumble_runtime_add_provider(path.get()));
}

/// What there is to create contexts on, best first, and for what cannot be used the reason; once ONNX Runtime is
/// loaded.
inline Result<std::vector<scumble_device_info>> devices() {
    if (auto same = detail::same_abi(); !same) return same.error();
    int32_t count = 0;
    if (auto status = scumble_device_count(&count); status != SCUMBLE_STATUS_OK) return Error::last(status);
    std::vector<scumble_device_info> found;
    for (int32_t index = 0; index < count; ++index) {
        auto device = detail::filled<scumble_device_info>([&](auto *it) { return scumble_device_get_info(index, it); });
        if (!device) return device.error();
        found.push_back(*device);
    }
    return found;
}

/// The next line of the log; an error of status EMPTY when there is none.
inline Result<scumble_log_entry> next_log_entry() {
    if (auto same = detail::same_abi(); !same) return same.error();
    return detail::filled<scumble_log_entry>([](auto *it) { return scumble_log_next(it); });
}

/// Ends all work and all threads of the library; before the program or the plugin ends.
inline Result<void> shutdown(int32_t timeout_ms = -1) {
    if (auto same = detail::same_abi(); !same) return same;
    return detail::result(scumble_shutdown(timeout_ms));
}

}  // namespace scumble

#endif
