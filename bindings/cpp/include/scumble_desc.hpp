/* What the calls of scumble.hpp read: texts, paths, pixels and descriptors. Include scumble.hpp, not this.
 *
 * Descriptors keep what their constructors and `set_` functions are given: texts, paths, arrays, and the descriptions of
 * images. So temporaries may be given, and descriptors may be copied and outlive what they were made from. Only pixels
 * stay where they are, in the caller's memory, until the call that reads them returns. Pointers that are assigned to a
 * field directly are not kept.
 */
#ifndef SCUMBLE_DESC_HPP
#define SCUMBLE_DESC_HPP

#include <scumble.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace scumble {

/// A text: UTF-8, copied; none where it is made from a null pointer. One with a NUL within is refused by the call that
/// reads it, with `SCUMBLE_STATUS_INVALID_UTF8`.
class Text {
public:
    Text(const char *text) {
        if (text != nullptr) content = text;
    }
    Text(std::string text) : content(std::move(text)) {
        std::replace(content->begin(), content->end(), '\0', '\xFF'); // a C string would end there
    }
    Text(std::string_view text) : Text(std::string(text)) {}

    const char *get() const noexcept { return content ? content->c_str() : nullptr; }

private:
    std::optional<std::string> content;
};

/// A path: a text that is UTF-8 on every system, or a `std::filesystem::path`.
class Path : public Text {
public:
    using Text::Text;
    Path(const std::filesystem::path &path) : Text(utf8(path.u8string())) {}

private:
    template <class Bytes> // char, and from C++20 on char8_t
    static std::string utf8(const Bytes &bytes) {
        return std::string(bytes.begin(), bytes.end());
    }
};

namespace detail {

/// Keeps what a field points to. Copies share it; to move is to copy, so that the pointer beside it stays valid.
class Kept {
public:
    Kept() = default;
    Kept(const Kept &) = default;
    Kept &operator=(const Kept &) = default;

    template <class T>
    const T &keep(T value) {
        auto shared = std::make_shared<const T>(std::move(value));
        owned = shared;
        return *shared;
    }

private:
    std::shared_ptr<const void> owned;
};

/// An array of pointers, and what they point to.
template <class Item, class Pointer>
struct Pointers {
    template <class Get>
    Pointers(std::vector<Item> list, Get get) : items(std::move(list)) {
        for (const Item &item : items) pointers.push_back(get(item));
    }
    Pointers(Pointers &&) = default; // the items stay where they are
    uint32_t count() const { return static_cast<uint32_t>(pointers.size()); }

    std::vector<Item> items;
    std::vector<Pointer> pointers;
};

inline Pointers<Path, const char *> pointers(std::vector<Path> paths) {
    return {std::move(paths), [](const Path &path) { return path.get(); }};
}

}  // namespace detail

/// Memory of somebody else: as much of C++20's std::span as is needed here.
template <class T>
class Span {
    template <class Container>
    using Element = std::remove_pointer_t<decltype(std::declval<Container &>().data())>;
    template <class Container>
    using IfOfT = std::enable_if_t<std::is_convertible_v<Element<Container> (*)[], T (*)[]>>;
    /// A view gives the same memory whether it is const or not; what owns its memory gives const memory where it is const.
    template <class Container>
    using IfView = std::enable_if_t<std::is_same_v<Element<Container>, Element<const Container>>>;

public:
    constexpr Span(T *first, size_t count) noexcept : start(first), length(count) {}
    /// A vector, an array, a std::span: what has `data()` and `size()`. Of temporaries only views: the memory of another
    /// would be gone.
    template <class Container, class = IfOfT<Container>>
    constexpr Span(Container &container) noexcept : Span(container.data(), container.size()) {}
    template <class Container, class = IfOfT<const Container>, class = IfView<Container>>
    constexpr Span(const Container &&container) noexcept : Span(container.data(), container.size()) {}
    template <size_t count>
    constexpr Span(T (&array)[count]) noexcept : Span(array, count) {}

    constexpr T *data() const noexcept { return start; }
    constexpr size_t size() const noexcept { return length; }
    constexpr size_t size_bytes() const noexcept { return length * sizeof(T); }

private:
    T *start;
    size_t length;
};

/// Pixels in the caller's memory: the fields of `scumble_image`. They must live as long as the call that they
/// are given to. `Memory` is void, or const void for pixels that are only read.
template <class Memory>
struct BasicPixels : scumble_image {
    template <class T>
    using Like = std::conditional_t<std::is_const_v<Memory>, const T, T>;
    using Bytes = Span<Like<uint8_t>>;
    using Floats = Span<Like<float>>;

    static BasicPixels rgba8(int32_t width, int32_t height, Bytes memory) {
        return {SCUMBLE_FORMAT_RGBA8, width, height, memory.data(), memory.size_bytes()};
    }
    static BasicPixels bgra8(int32_t width, int32_t height, Bytes memory) {
        return {SCUMBLE_FORMAT_BGRA8, width, height, memory.data(), memory.size_bytes()};
    }
    static BasicPixels rgb8(int32_t width, int32_t height, Bytes memory) {
        return {SCUMBLE_FORMAT_RGB8, width, height, memory.data(), memory.size_bytes()};
    }
    static BasicPixels rgba32f(int32_t width, int32_t height, Floats memory) {
        return {SCUMBLE_FORMAT_RGBA32F, width, height, memory.data(), memory.size_bytes()};
    }
    /// Any memory, such as that of a mapped texture, of so many bytes.
    BasicPixels(scumble_format layout, int32_t columns, int32_t rows, Memory *memory, size_t bytes)
        : scumble_image() {
        struct_size = sizeof(scumble_image);
        format = layout;
        width = columns;
        height = rows;
        pixels = const_cast<void *>(memory); // only `read` writes, and it takes no const pixels
        pixels_size = bytes;
    }

    /// The same with rows that begin so many bytes apart. Without it they follow each other without gaps.
    BasicPixels with_pitch(uint32_t bytes) const {
        BasicPixels wide = *this;
        wide.row_pitch = bytes;
        return wide;
    }
    /// The same with the lowest row first, as OpenGL and Unity have it.
    BasicPixels bottom_up() const {
        BasicPixels flipped = *this;
        flipped.flags |= SCUMBLE_IMAGE_BOTTOM_UP;
        return flipped;
    }
    /// The same with every pixel opaque, whatever its alpha.
    BasicPixels opaque() const {
        BasicPixels solid = *this;
        solid.flags |= SCUMBLE_IMAGE_OPAQUE;
        return solid;
    }
};

/// Pixels to be filled, by `Generation::read`.
using Pixels = BasicPixels<void>;
/// Pixels to be read: a `picture` to start from, its `mask`, the `picture` of a ControlNet.
using ConstPixels = BasicPixels<const void>;

/// What a context is made from: the fields of `scumble_context_desc`.
struct ContextDesc : scumble_context_desc {
    /// `model`: a text or a path.
    template <class Model, class = std::enable_if_t<std::is_convertible_v<const Model &, Path>>>
    ContextDesc(const Model &model) : scumble_context_desc() {
        (void)scumble_context_desc_init(this, sizeof(scumble_context_desc), SCUMBLE_ABI_VERSION);
        model_path = kept_model.keep(Path(model)).get();
    }

    ContextDesc &set_device(Text name) {
        device = kept_device.keep(std::move(name)).get();
        return *this;
    }
    ContextDesc &set_device_options(Text options) {
        device_options = kept_options.keep(std::move(options)).get();
        return *this;
    }
    ContextDesc &set_variant(Text folder) {
        variant = kept_variant.keep(std::move(folder)).get();
        return *this;
    }
    ContextDesc &set_controlnets(std::vector<Path> paths) {
        const auto &kept = kept_controlnets.keep(detail::pointers(std::move(paths)));
        controlnet_paths = kept.pointers.data();
        controlnet_count = kept.count();
        return *this;
    }
    /// Further folders that links in the model directory may lead into.
    ContextDesc &set_model_roots(std::vector<Path> paths) {
        const auto &kept = kept_roots.keep(detail::pointers(std::move(paths)));
        model_roots = kept.pointers.data();
        model_root_count = kept.count();
        return *this;
    }

private:
    detail::Kept kept_model, kept_device, kept_options, kept_variant, kept_controlnets, kept_roots;
};

/// What a prompt is made from: the fields of `scumble_prompt_desc`.
struct PromptDesc : scumble_prompt_desc {
    template <class Positive, class = std::enable_if_t<std::is_convertible_v<const Positive &, Text>>>
    PromptDesc(const Positive &positive, Text negative = nullptr) : scumble_prompt_desc() {
        (void)scumble_prompt_desc_init(this, sizeof(scumble_prompt_desc), SCUMBLE_ABI_VERSION);
        text = kept_text.keep(Text(positive)).get();
        negative_text = kept_negative.keep(std::move(negative)).get();
    }

private:
    detail::Kept kept_text, kept_negative;
};

/// An image that guides a ControlNet: the fields of `scumble_control`. It counts as the ControlNet was trained, all the
/// time, unless its fields are changed.
struct Control : scumble_control {
    Control(int32_t number, const scumble_image &guide) : scumble_control() {
        struct_size = sizeof(scumble_control);
        controlnet = number;
        scale = 1;
        end = 1;
        picture = &kept_picture.keep(guide);
    }

private:
    detail::Kept kept_picture;
};

/// What a generation is made from: the fields of `scumble_generation_desc`.
struct GenerationDesc : scumble_generation_desc {
    GenerationDesc() : scumble_generation_desc() {
        (void)scumble_generation_desc_init(this, sizeof(scumble_generation_desc), SCUMBLE_ABI_VERSION);
    }

    GenerationDesc &set_scheduler(Text name) {
        scheduler = kept_scheduler.keep(std::move(name)).get();
        return *this;
    }
    GenerationDesc &set_sigmas(Text name) {
        sigmas = kept_sigmas.keep(std::move(name)).get();
        return *this;
    }
    /// Timesteps to visit, from noisy to clean.
    GenerationDesc &set_timesteps(std::vector<int32_t> list) {
        const auto &kept = kept_levels.keep(std::move(list));
        timesteps = kept.data();
        timestep_count = static_cast<uint32_t>(kept.size());
        return *this;
    }
    /// Sigmas to visit, from noisy to clean, and last the one that the last step ends at.
    GenerationDesc &set_sigma_values(std::vector<float> list) {
        const auto &kept = kept_sigma_values.keep(std::move(list));
        sigma_values = kept.data();
        sigma_value_count = static_cast<uint32_t>(kept.size());
        return *this;
    }
    /// The image to start from.
    GenerationDesc &set_picture(const scumble_image &start) {
        picture = &kept_picture.keep(start);
        return *this;
    }
    GenerationDesc &set_mask(const scumble_image &selection) {
        mask = &kept_mask.keep(selection);
        return *this;
    }
    GenerationDesc &set_controls(std::vector<Control> list) {
        using Controls = detail::Pointers<Control, const scumble_control *>;
        const auto &kept = kept_controls.keep(Controls(std::move(list), [](const Control &control) { return &control; }));
        controls = kept.pointers.data();
        control_count = kept.count();
        return *this;
    }
    /// The noise to start from, or with a strength and no image the latents of one.
    GenerationDesc &set_latents(std::vector<float> numbers) {
        const auto &kept = kept_latents.keep(std::move(numbers));
        latents = kept.data();
        latents_count = kept.size();
        return *this;
    }

private:
    detail::Kept kept_scheduler, kept_sigmas, kept_levels, kept_sigma_values, kept_picture, kept_mask, kept_controls,
        kept_latents;
};

}  // namespace scumble

#endif
