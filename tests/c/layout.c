/* Every structure has the size that it had in version 1 of the ABI, begins with struct_size, and
 * has no padding: compilers then agree on it, and every byte of it means something.
 */
#include "check.h"
#include <stddef.h>

#define FIELD(name) sizeof(((STRUCT *)NULL)->name)
#define LAYOUT(size, sum) \
    do { \
        CHECK(offsetof(STRUCT, struct_size) == 0 && FIELD(struct_size) == 4); \
        CHECK(sizeof(STRUCT) == (size)); \
        CHECK(sizeof(STRUCT) == FIELD(struct_size) + (sum)); \
    } while (0)

int main(void) {
    CHECK(sizeof(scumble_status) == 4 && sizeof(scumble_phase) == 4 && sizeof(scumble_source) == 4);
    CHECK(sizeof(scumble_format) == 4 && sizeof(scumble_syntax) == 4 && sizeof(scumble_weights) == 4);
    CHECK(sizeof(scumble_log_level) == 4 && sizeof(scumble_priority) == 4);
    CHECK(sizeof(scumble_preview) == 4);
    CHECK((float)SCUMBLE_AUTO == SCUMBLE_AUTO && (uint64_t)SCUMBLE_AUTO == SCUMBLE_SEED_RANDOM);
    CHECK(scumble_abi_version() == SCUMBLE_ABI_VERSION);

#define STRUCT scumble_log_entry
    LAYOUT(1040, FIELD(level) + FIELD(dropped) + FIELD(text));
#undef STRUCT
#define STRUCT scumble_device_info
    LAYOUT(760, FIELD(device) + FIELD(name) + FIELD(vendor) + FIELD(memory_bytes) + FIELD(luid) + FIELD(usable) +
                    FIELD(hardware) + FIELD(reason));
#undef STRUCT
#define STRUCT scumble_context_desc
    LAYOUT(88, FIELD(threads) + FIELD(model_path) + FIELD(device) + FIELD(variant) + FIELD(controlnet_paths) +
                   FIELD(controlnet_count) + FIELD(priority) + FIELD(weights) + FIELD(seamless) + FIELD(memory_budget) +
                   FIELD(device_options) + FIELD(model_roots) + FIELD(model_root_count) + FIELD(reserved));
#undef STRUCT
#define STRUCT scumble_context_info
    LAYOUT(360, FIELD(width) + FIELD(height) + FIELD(size_multiple) + FIELD(latent_channels) + FIELD(token_limit) +
                    FIELD(max_steps) + FIELD(default_steps) + FIELD(default_guidance_scale) + FIELD(load_ms) +
                    FIELD(model) + FIELD(family) + FIELD(features) + FIELD(controlnets) + FIELD(text_encoder_bytes) +
                    FIELD(unet_bytes) + FIELD(vae_bytes) + FIELD(controlnet_bytes) + FIELD(seamless) +
                    FIELD(reserved) + FIELD(device) + FIELD(device_name));
#undef STRUCT
#define STRUCT scumble_prompt_desc
    LAYOUT(32, FIELD(flags) + FIELD(text) + FIELD(negative_text) + FIELD(clip_skip) + FIELD(syntax));
#undef STRUCT
#define STRUCT scumble_prompt_info
    LAYOUT(32, FIELD(tokens) + FIELD(negative_tokens) + FIELD(truncated) + FIELD(negative_truncated) +
                   FIELD(encode_ms) + FIELD(chunks) + FIELD(not_followed));
#undef STRUCT
#define STRUCT scumble_generation_desc
    LAYOUT(152, FIELD(width) + FIELD(height) + FIELD(steps) + FIELD(guidance_scale) + FIELD(preview_every) +
                   FIELD(preview_width) + FIELD(preview_height) + FIELD(seed) + FIELD(scheduler) + FIELD(sigmas) +
                   FIELD(strength) + FIELD(guidance_rescale) + FIELD(picture) + FIELD(mask) + FIELD(controls) +
                   FIELD(control_count) + FIELD(preview_source) + FIELD(timesteps) + FIELD(sigma_values) +
                   FIELD(timestep_count) + FIELD(sigma_value_count) + FIELD(eta) + FIELD(flags) + FIELD(latents) +
                   FIELD(latents_count) + FIELD(background) + FIELD(mask_feather));
#undef STRUCT
#define STRUCT scumble_control
    LAYOUT(32, FIELD(controlnet) + FIELD(scale) + FIELD(start) + FIELD(end) + FIELD(reserved) + FIELD(picture));
#undef STRUCT
#define STRUCT scumble_progress
    LAYOUT(60, FIELD(phase) + FIELD(step) + FIELD(steps) + FIELD(evaluation) + FIELD(evaluations) + FIELD(previews) +
                   FIELD(spent_ms) + FIELD(left_ms) + FIELD(denoise_ms) + FIELD(decode_ms) + FIELD(status) +
                   FIELD(paused) + FIELD(priority) + FIELD(preview_ms));
#undef STRUCT
#define STRUCT scumble_generation_info
    LAYOUT(88, FIELD(width) + FIELD(height) + FIELD(preview_width) + FIELD(preview_height) + FIELD(steps) +
                   FIELD(evaluations) + FIELD(guidance_scale) + FIELD(seed) + FIELD(scheduler) +
                   FIELD(latent_channels) + FIELD(latent_width) + FIELD(latent_height) + FIELD(reserved));
#undef STRUCT
#define STRUCT scumble_image
    LAYOUT(40, FIELD(format) + FIELD(width) + FIELD(height) + FIELD(row_pitch) + FIELD(flags) + FIELD(pixels_size) +
                   FIELD(pixels));
#undef STRUCT
    return 0;
}
