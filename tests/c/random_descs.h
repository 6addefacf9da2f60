/* Random descriptors: most are what a host would give, the others have fields that nobody should. */
#ifndef RANDOM_DESCS_H
#define RANDOM_DESCS_H

#include "check.h"
#include "random.h"

enum { MOST_STRUCT = 4096 };

static const char *const *models; /* directories, good and bad */
static uint32_t model_count;

#define ONE_OF(dice, ...) (((const char *const[]){__VA_ARGS__})[below(dice, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))])

/* What a caller says of a structure's size: mostly the truth. */
static uint32_t told_size(dice_t *dice, size_t size) {
    if (!once_in(dice, 25)) return (uint32_t)size;
    const uint32_t values[] = {0, 4, (uint32_t)size - 1, (uint32_t)size + 1, (uint32_t)size + 8, MOST_STRUCT, MOST_STRUCT + 1, UINT32_MAX};
    return once_in(dice, 3) ? below(dice, MOST_STRUCT) : values[below(dice, sizeof values / sizeof *values)];
}

/* How much memory there is for a structure of which a caller says so. */
static size_t room(size_t size, uint32_t told) {
    return told < size || told > MOST_STRUCT ? size : told;
}

/* A descriptor as the caller gives it: where he says that it is longer, what follows is zero or is not. */
static void *given(dice_t *dice, const void *desc, size_t size) {
    const uint32_t told = told_size(dice, size);
    const size_t real = room(size, told);
    unsigned char *copy = block(dice, real);
    memset(copy, 0, real);
    memcpy(copy, desc, size);
    memcpy(copy, &told, sizeof told);
    if (real > size && once_in(dice, 2)) copy[size + below(dice, (uint32_t)(real - size))] = 1;
    return copy;
}

/* One more than any list of paths may have. */
static const char *const *random_paths(dice_t *dice) {
    const char **paths = block(dice, 17 * sizeof *paths);
    for (int i = 0; i < 17; i++) paths[i] = once_in(dice, 2) ? models[below(dice, model_count)] : hostile_text(dice);
    return paths;
}

static const scumble_context_desc *context_desc(dice_t *dice) {
    if (once_in(dice, 100)) return NULL;
    scumble_context_desc desc;
    OK(scumble_context_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.model_path = models[below(dice, model_count)];
    desc.threads = between(dice, 1, 2);
    if (!once_in(dice, 4)) desc.device = "cpu";
    desc.weights = between(dice, 0, 2);
    desc.priority = between(dice, -1, 1);
    if (once_in(dice, 4)) desc.seamless = below(dice, 4);
    if (once_in(dice, 4)) desc.memory_budget = (uint64_t)between(dice, 50, 90) << 20;
    for (int faults = once_in(dice, 4) ? between(dice, 1, 2) : 0; faults > 0; faults--) {
        switch (below(dice, 10)) {
            case 0: desc.model_path = hostile_text(dice); break;
            case 1: desc.threads = hostile_int(dice); break;
            case 2: desc.device = once_in(dice, 2) ? ONE_OF(dice, "cuda:0", "webgpu", "openvino:7", "auto", "cpu:1", "gpu") : hostile_text(dice); break;
            case 3: desc.variant = once_in(dice, 2) ? "fp16" : hostile_text(dice); break;
            case 4: {
                const char *const *paths = random_paths(dice);
                desc.controlnet_paths = once_in(dice, 4) ? NULL : paths;
                desc.controlnet_count = once_in(dice, 2) ? 1 : below(dice, 18);
                break;
            }
            case 5: desc.priority = hostile_int(dice); break;
            case 6: desc.weights = hostile_int(dice); break;
            case 7: desc.memory_budget = draw(dice) >> below(dice, 64); break;
            case 8: {
                const char *const *roots = random_paths(dice);
                desc.model_roots = once_in(dice, 4) ? NULL : roots;
                desc.model_root_count = once_in(dice, 2) ? 1 : below(dice, 18);
                break;
            }
            default: desc.device_options = once_in(dice, 2) ? "use_tf32=0; x" : hostile_text(dice); break;
        }
    }
    /* A context of 256 threads is allowed, and dozens of them are the machine's end. */
    if (desc.threads > 8 && desc.threads <= 256) desc.threads = 8;
    if (desc.threads == SCUMBLE_AUTO) desc.threads = 1;
    return given(dice, &desc, sizeof desc);
}

static const char *prompt_text(dice_t *dice) {
    if (once_in(dice, 20)) { /* of so many chunks that it is too long, or is not */
        const size_t words = between(dice, 10, 6000);
        char *text = block(dice, 3 * words + 1);
        for (size_t i = 0; i < words; i++) memcpy(text + 3 * i, once_in(dice, 9) ? ", a" : " of", 3);
        text[3 * words] = '\0';
        return text;
    }
    return ONE_OF(dice, "", "a red apple", "a (green:1.3) tree, [flat] style BREAK on white", "((((((a", "\xe6\x9c\xa8 na\xc3\xafve",
                  "(a:99999) b", "(a:nan)", "x)", "a \\( b", "[[[[[[[[[[[[a]]]]]]]]]]]]", "BREAK BREAK BREAK");
}

static const scumble_prompt_desc *prompt_desc(dice_t *dice) {
    if (once_in(dice, 100)) return NULL;
    scumble_prompt_desc desc;
    OK(scumble_prompt_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.text = prompt_text(dice);
    if (once_in(dice, 2)) desc.negative_text = prompt_text(dice);
    desc.flags = below(dice, 2);
    desc.syntax = between(dice, 0, 1);
    if (once_in(dice, 4)) desc.clip_skip = between(dice, 0, 7);
    if (once_in(dice, 6)) {
        switch (below(dice, 5)) {
            case 0: desc.text = hostile_text(dice); break;
            case 1: desc.negative_text = hostile_text(dice); break;
            case 2: desc.flags = (uint32_t)hostile_int(dice); break;
            case 3: desc.syntax = hostile_int(dice); break;
            default: desc.clip_skip = hostile_int(dice); break;
        }
    }
    return given(dice, &desc, sizeof desc);
}

static size_t pixel_size(int32_t format) {
    return format == SCUMBLE_FORMAT_RGBA32F ? 16 : format == SCUMBLE_FORMAT_RGB8 ? 3 : 4;
}

/* An image to be read, or NULL. */
static const scumble_image *random_image(dice_t *dice, int32_t width, int32_t height) {
    scumble_image image = {sizeof image, between(dice, 0, 3), width, height, 0, below(dice, 4), 0, NULL};
    const size_t row = pixel_size(image.format) * (size_t)width;
    if (once_in(dice, 3)) image.row_pitch = (uint32_t)(row + below(dice, 40));
    image.pixels_size = (image.row_pitch ? image.row_pitch : row) * ((size_t)height - 1) + row;
    image.pixels = block(dice, image.pixels_size);
    memset(image.pixels, 0x3e, image.pixels_size); /* as floats: 0.19 */
    const int faults = once_in(dice, 8);
    for (size_t i = 0; image.format != SCUMBLE_FORMAT_RGBA32F && i < image.pixels_size; i += 1 + below(dice, 5)) ((unsigned char *)image.pixels)[i] = (unsigned char)draw(dice);
    if (faults) {
        const float value = hostile_float(dice);
        switch (below(dice, 7)) {
            case 0: image.format = hostile_int(dice); break;
            case 1: image.width = hostile_int(dice); break;
            case 2: image.height = hostile_int(dice); break;
            case 3: image.flags = (uint32_t)hostile_int(dice); break;
            case 4: image.pixels_size = below(dice, (uint32_t)image.pixels_size); break;
            case 5: if (image.pixels_size >= sizeof value) memcpy(image.pixels, &value, sizeof value); break;
            default: image.pixels = NULL; break;
        }
    }
    return given(dice, &image, sizeof image);
}

static const scumble_control *const *random_controls(dice_t *dice, uint32_t count) {
    const scumble_control **controls = block(dice, (count + 1) * sizeof *controls);
    for (uint32_t i = 0; i < count; i++) {
        scumble_control control = {sizeof control, between(dice, 0, 1), 0.7f, 0, 0.85f, 0, random_image(dice, 16, 16)};
        if (once_in(dice, 8)) {
            switch (below(dice, 6)) {
                case 0: control.controlnet = hostile_int(dice); break;
                case 1: control.scale = hostile_float(dice); break;
                case 2: control.start = hostile_float(dice); break;
                case 3: control.end = hostile_float(dice); break;
                case 4: control.reserved = (uint32_t)hostile_int(dice); break;
                default: control.picture = NULL; break;
            }
        }
        controls[i] = given(dice, &control, sizeof control);
    }
    return controls;
}

static const scumble_generation_desc *generation_desc(dice_t *dice) {
    if (once_in(dice, 100)) return NULL;
    scumble_generation_desc desc;
    OK(scumble_generation_desc_init(&desc, sizeof desc, SCUMBLE_ABI_VERSION));
    desc.steps = once_in(dice, 20) ? 900 : between(dice, 1, 4);
    if (once_in(dice, 2)) desc.width = 16 * between(dice, 1, 6), desc.height = 16 * between(dice, 1, 6);
    if (once_in(dice, 2)) desc.guidance_scale = 1.75f;
    if (once_in(dice, 2)) desc.preview_every = between(dice, 1, 3), desc.preview_source = between(dice, 0, 3);
    if (once_in(dice, 4)) desc.preview_width = between(dice, 1, 90), desc.preview_height = between(dice, 1, 90);
    if (once_in(dice, 2)) {
        desc.scheduler = ONE_OF(dice, "ddim", "pndm", "lms", "Euler", "euler_a", "heun", "dpm2", "dpm2_a", "DPM++ 2M Karras", "dpmpp_2m_sde",
                                "dpmpp_3m_sde", "dpmpp_sde", "unipc", "deis", "lcm", "tcd", "ddpm", "ipndm", "plms",
                                "dpmpp_2s_a", "DPM++ 2S a", "k_euler", "flow_match_euler");
    }
    if (once_in(dice, 4)) {
        desc.sigmas = ONE_OF(dice, "karras", "exponential", "beta", "sgm_uniform", "simple", "ays", "leading", "linspace", "trailing");
    }
    if (once_in(dice, 8)) {
        static const int32_t timesteps[] = {999, 700, 350, 35};
        const int32_t count = between(dice, 1, 4);
        desc.timesteps = given(dice, timesteps, sizeof timesteps[0] * (size_t)count), desc.timestep_count = (uint32_t)count;
        desc.steps = SCUMBLE_AUTO;
    }
    if (once_in(dice, 8)) {
        static const float sigmas[] = {14.6f, 3.5f, 0.7f, 0};
        desc.sigma_values = given(dice, sigmas, sizeof sigmas), desc.sigma_value_count = 4;
        desc.steps = SCUMBLE_AUTO;
    }
    if (once_in(dice, 6)) desc.eta = once_in(dice, 2) ? 0.35f : 1;
    if (once_in(dice, 3)) {
        const int32_t width = between(dice, 1, 70), height = between(dice, 1, 70);
        desc.picture = random_image(dice, width, height);
        if (once_in(dice, 2)) desc.mask = random_image(dice, width, height);
        if (once_in(dice, 2)) desc.strength = 0.35f;
    }
    if (once_in(dice, 6)) {
        desc.control_count = once_in(dice, 12) ? 17 : below(dice, 3);
        desc.controls = random_controls(dice, desc.control_count);
    }
    if (once_in(dice, 2)) desc.flags = below(dice, 16), desc.background = below(dice, 0x1000000);
    if (once_in(dice, 8)) desc.mask_feather = between(dice, 0, 20);
    if (once_in(dice, 8)) {
        const uint32_t count = once_in(dice, 4) ? below(dice, 5000) : 4 * 16 * 16;
        float *latents = block(dice, count * sizeof *latents);
        for (uint32_t i = 0; i < count; i++) latents[i] = once_in(dice, 10000) ? hostile_float(dice) : (float)between(dice, -8, 8) / 4;
        desc.latents = latents, desc.latents_count = count;
    }
    for (int faults = once_in(dice, 4) ? between(dice, 1, 2) : 0; faults > 0; faults--) {
        switch (below(dice, 21)) {
            case 0: desc.width = hostile_int(dice); break;
            case 1: desc.height = hostile_int(dice); break;
            case 2: desc.steps = hostile_int(dice); break;
            case 3: desc.guidance_scale = hostile_float(dice); break;
            case 4: desc.preview_every = hostile_int(dice); break;
            case 5: desc.preview_width = hostile_int(dice); break;
            case 6: desc.preview_height = hostile_int(dice); break;
            case 7: desc.scheduler = hostile_text(dice); break;
            case 8: desc.sigmas = hostile_text(dice); break;
            case 9: desc.strength = hostile_float(dice); break;
            case 10: desc.guidance_rescale = hostile_float(dice); break;
            case 11: desc.control_count = (uint32_t)hostile_int(dice) | 17; desc.controls = NULL; break;
            case 12: desc.preview_source = hostile_int(dice); break;
            case 13: desc.flags = (uint32_t)hostile_int(dice); break;
            case 14: desc.background = (uint32_t)hostile_int(dice); break;
            case 15: desc.mask_feather = hostile_int(dice); break;
            case 16: desc.eta = hostile_float(dice); break;
            case 17: desc.latents = NULL; desc.latents_count = below(dice, 2000); break;
            case 18: desc.timestep_count = (uint32_t)hostile_int(dice) | 200000; desc.timesteps = NULL; break;
            case 19: desc.sigma_value_count = (uint32_t)hostile_int(dice) | 200000; desc.sigma_values = NULL; break;
            default: desc.seed = hostile_int(dice); break;
        }
    }
    /* Sizes that are allowed and take gigabytes are no case of random calls. */
    if (desc.width > 256 && desc.width <= 8192) desc.width = 8200;
    if (desc.height > 256 && desc.height <= 8192) desc.height = 8200;
    if (desc.preview_width > 256) desc.preview_width = 256;
    if (desc.preview_height > 256) desc.preview_height = 256;
    return given(dice, &desc, sizeof desc);
}

#endif
