#ifndef SCUMBLE_H
#define SCUMBLE_H
#include <stddef.h>
#include <stdint.h>
#if defined(SCUMBLE_STATIC)
#define SCUMBLE_API
#elif defined(_WIN32)
#define SCUMBLE_API __declspec(dllimport)
#else
#define SCUMBLE_API
#endif
#define SCUMBLE_AUTO INT32_MIN
#define SCUMBLE_SEED_RANDOM 18446744071562067968ull
#define SCUMBLE_ABI_VERSION 1
#define SCUMBLE_SEAMLESS_X 1
#define SCUMBLE_SEAMLESS_Y 2
#define SCUMBLE_FEATURE_PICTURES 1
#define SCUMBLE_FEATURE_INPAINTING 2
#define SCUMBLE_FEATURE_CLIP_SKIP 4
#define SCUMBLE_FEATURE_EMBEDDED_GUIDANCE 8
#define SCUMBLE_FEATURE_TINY_DECODER 16
#define SCUMBLE_PROMPT_BY_HAND 1
#define SCUMBLE_GENERATION_MASK_FROM_ALPHA 1
#define SCUMBLE_GENERATION_MASK_AS_DIFFUSERS 2
#define SCUMBLE_GENERATION_KEEP_LATENTS 4
#define SCUMBLE_GENERATION_KEEP_FLOATS 8
#define SCUMBLE_IMAGE_BOTTOM_UP 1
#define SCUMBLE_IMAGE_OPAQUE 2
enum scumble_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  SCUMBLE_STATUS_OK = 0,
  SCUMBLE_STATUS_NOT_READY = 1,
  SCUMBLE_STATUS_TIMEOUT = 2,
  SCUMBLE_STATUS_BUSY = 3,
  SCUMBLE_STATUS_CANCELLED = 4,
  SCUMBLE_STATUS_EMPTY = 5,
  SCUMBLE_STATUS_THREAD_LEFT = 6,
  SCUMBLE_STATUS_INVALID_ARGUMENT = -1,
  SCUMBLE_STATUS_INVALID_HANDLE = -2,
  SCUMBLE_STATUS_INVALID_STRUCT_SIZE = -3,
  SCUMBLE_STATUS_UNSUPPORTED_FIELD = -4,
  SCUMBLE_STATUS_ABI_MISMATCH = -5,
  SCUMBLE_STATUS_WRONG_STATE = -6,
  SCUMBLE_STATUS_BUFFER_TOO_SMALL = -7,
  SCUMBLE_STATUS_INVALID_UTF8 = -8,
  SCUMBLE_STATUS_LIMIT_EXCEEDED = -9,
  SCUMBLE_STATUS_NOT_SUPPORTED = -10,
  SCUMBLE_STATUS_RUNTIME_NOT_FOUND = -20,
  SCUMBLE_STATUS_RUNTIME_INVALID = -21,
  SCUMBLE_STATUS_RUNTIME_TOO_OLD = -22,
  SCUMBLE_STATUS_RUNTIME_ALREADY_LOADED = -23,
  SCUMBLE_STATUS_RUNTIME_FAILED = -24,
  SCUMBLE_STATUS_MODEL_NOT_FOUND = -30,
  SCUMBLE_STATUS_MODEL_INCOMPLETE = -31,
  SCUMBLE_STATUS_MODEL_INVALID = -32,
  SCUMBLE_STATUS_MODEL_UNSUPPORTED = -33,
  SCUMBLE_STATUS_MODEL_IS_POINTER = -34,
  SCUMBLE_STATUS_MODEL_UNREADABLE = -35,
  SCUMBLE_STATUS_DEVICE_NOT_FOUND = -40,
  SCUMBLE_STATUS_DEVICE_LOST = -41,
  SCUMBLE_STATUS_OUT_OF_MEMORY = -50,
  SCUMBLE_STATUS_OUT_OF_DEVICE_MEMORY = -51,
  SCUMBLE_STATUS_NOT_FINITE = -60,
  SCUMBLE_STATUS_PANIC = -100,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_status scumble_status;
#else
typedef int32_t scumble_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus
enum scumble_phase
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  SCUMBLE_PHASE_CREATED = 0,
  SCUMBLE_PHASE_WAITING = 1,
  SCUMBLE_PHASE_DENOISING = 2,
  SCUMBLE_PHASE_DECODING = 3,
  SCUMBLE_PHASE_DONE = 4,
  SCUMBLE_PHASE_FAILED = 5,
  SCUMBLE_PHASE_CANCELLED = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_phase scumble_phase;
#else
typedef int32_t scumble_phase;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus
enum scumble_source
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  SCUMBLE_SOURCE_FINAL = 0,
  SCUMBLE_SOURCE_PREVIEW = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_source scumble_source;
#else
typedef int32_t scumble_source;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus
enum scumble_preview
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  SCUMBLE_PREVIEW_AUTO = 0,
  SCUMBLE_PREVIEW_LINEAR = 1,
  SCUMBLE_PREVIEW_TINY = 2,
  SCUMBLE_PREVIEW_FULL = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_preview scumble_preview;
#else
typedef int32_t scumble_preview;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus
enum scumble_format
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  SCUMBLE_FORMAT_RGBA8 = 0,
  SCUMBLE_FORMAT_BGRA8 = 1,
  SCUMBLE_FORMAT_RGB8 = 2,
  SCUMBLE_FORMAT_RGBA32F = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_format scumble_format;
#else
typedef int32_t scumble_format;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus
enum scumble_syntax
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  SCUMBLE_SYNTAX_PLAIN = 0,
  SCUMBLE_SYNTAX_WEIGHTED = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_syntax scumble_syntax;
#else
typedef int32_t scumble_syntax;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus
enum scumble_weights
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  SCUMBLE_WEIGHTS_AUTO = 0,
  SCUMBLE_WEIGHTS_REPACKED = 1,
  SCUMBLE_WEIGHTS_MAPPED = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_weights scumble_weights;
#else
typedef int32_t scumble_weights;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus
enum scumble_log_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  SCUMBLE_LOG_LEVEL_INFO = 0,
  SCUMBLE_LOG_LEVEL_WARNING = 1,
  SCUMBLE_LOG_LEVEL_ERROR = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_log_level scumble_log_level;
#else
typedef int32_t scumble_log_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus
enum scumble_priority
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  SCUMBLE_PRIORITY_BACKGROUND = -1,
  SCUMBLE_PRIORITY_NORMAL = 0,
  SCUMBLE_PRIORITY_HIGH = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_priority scumble_priority;
#else
typedef int32_t scumble_priority;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus
typedef struct scumble_context scumble_context;
typedef struct scumble_generation scumble_generation;
typedef struct scumble_prompt scumble_prompt;
typedef struct scumble_log_entry {
  uint32_t struct_size;
  int32_t level;
  uint32_t dropped;
  char text[1028];
} scumble_log_entry;
typedef struct scumble_device_info {
  uint32_t struct_size;
  char device[28];
  char name[128];
  char vendor[64];
  uint64_t memory_bytes;
  uint64_t luid;
  int32_t usable;
  int32_t hardware;
  char reason[512];
} scumble_device_info;
typedef struct scumble_context_desc {
  uint32_t struct_size;
  int32_t threads;
  const char *model_path;
  const char *device;
  const char *variant;
  const char *const *controlnet_paths;
  uint32_t controlnet_count;
  int32_t priority;
  int32_t weights;
  uint32_t seamless;
  uint64_t memory_budget;
  const char *device_options;
  const char *const *model_roots;
  uint32_t model_root_count;
  uint32_t reserved;
} scumble_context_desc;
typedef struct scumble_context_info {
  uint32_t struct_size;
  int32_t width;
  int32_t height;
  int32_t size_multiple;
  int32_t latent_channels;
  int32_t token_limit;
  int32_t max_steps;
  int32_t default_steps;
  float default_guidance_scale;
  float load_ms;
  char model[96];
  char family[16];
  uint32_t features;
  int32_t controlnets;
  uint64_t text_encoder_bytes;
  uint64_t unet_bytes;
  uint64_t vae_bytes;
  uint64_t controlnet_bytes;
  uint32_t seamless;
  uint32_t reserved;
  char device[32];
  char device_name[128];
} scumble_context_info;
typedef struct scumble_prompt_desc {
  uint32_t struct_size;
  uint32_t flags;
  const char *text;
  const char *negative_text;
  int32_t clip_skip;
  int32_t syntax;
} scumble_prompt_desc;
typedef struct scumble_prompt_info {
  uint32_t struct_size;
  int32_t tokens;
  int32_t negative_tokens;
  int32_t truncated;
  int32_t negative_truncated;
  float encode_ms;
  int32_t chunks;
  int32_t not_followed;
} scumble_prompt_info;
typedef struct scumble_image {
  uint32_t struct_size;
  int32_t format;
  int32_t width;
  int32_t height;
  uint32_t row_pitch;
  uint32_t flags;
  uint64_t pixels_size;
  void *pixels;
} scumble_image;
typedef struct scumble_control {
  uint32_t struct_size;
  int32_t controlnet;
  float scale;
  float start;
  float end;
  uint32_t reserved;
  const struct scumble_image *picture;
} scumble_control;
typedef struct scumble_generation_desc {
  uint32_t struct_size;
  int32_t width;
  int32_t height;
  int32_t steps;
  float guidance_scale;
  int32_t preview_every;
  int32_t preview_width;
  int32_t preview_height;
  uint64_t seed;
  const char *scheduler;
  const char *sigmas;
  float strength;
  float guidance_rescale;
  const struct scumble_image *picture;
  const struct scumble_image *mask;
  const struct scumble_control *const *controls;
  uint32_t control_count;
  int32_t preview_source;
  const int32_t *timesteps;
  const float *sigma_values;
  uint32_t timestep_count;
  uint32_t sigma_value_count;
  float eta;
  uint32_t flags;
  const float *latents;
  uint64_t latents_count;
  uint32_t background;
  int32_t mask_feather;
} scumble_generation_desc;
typedef struct scumble_progress {
  uint32_t struct_size;
  int32_t phase;
  int32_t step;
  int32_t steps;
  int32_t evaluation;
  int32_t evaluations;
  uint32_t previews;
  float spent_ms;
  float left_ms;
  float denoise_ms;
  float decode_ms;
  int32_t status;
  int32_t paused;
  int32_t priority;
  float preview_ms;
} scumble_progress;
typedef struct scumble_generation_info {
  uint32_t struct_size;
  int32_t width;
  int32_t height;
  int32_t preview_width;
  int32_t preview_height;
  int32_t steps;
  int32_t evaluations;
  float guidance_scale;
  uint64_t seed;
  char scheduler[32];
  int32_t latent_channels;
  int32_t latent_width;
  int32_t latent_height;
  int32_t reserved;
} scumble_generation_info;
#ifdef __cplusplus
extern "C" {
#endif // __cplusplus
SCUMBLE_API const char *scumble_version(void);
SCUMBLE_API uint32_t scumble_abi_version(void);
SCUMBLE_API const char *scumble_status_name(int32_t status);
SCUMBLE_API const char *scumble_last_error(void);
SCUMBLE_API scumble_status scumble_log_next(struct scumble_log_entry *entry);
SCUMBLE_API scumble_status scumble_shutdown(int32_t timeout_ms);
SCUMBLE_API scumble_status scumble_runtime_load(const char *path);
SCUMBLE_API scumble_status scumble_runtime_add_provider(const char *path);
SCUMBLE_API scumble_status scumble_device_count(int32_t *count);
SCUMBLE_API scumble_status scumble_device_get_info(int32_t index, struct scumble_device_info *info);
SCUMBLE_API scumble_status scumble_context_desc_init(struct scumble_context_desc *desc, size_t size, uint32_t abi_version);
SCUMBLE_API scumble_status scumble_context_create(const struct scumble_context_desc *desc, struct scumble_context **context);
SCUMBLE_API scumble_status scumble_context_poll(const struct scumble_context *context);
SCUMBLE_API scumble_status scumble_context_wait(const struct scumble_context *context, int32_t timeout_ms);
SCUMBLE_API scumble_status scumble_context_get_info(const struct scumble_context *context, struct scumble_context_info *info);
SCUMBLE_API scumble_status scumble_context_set_pace(const struct scumble_context *context, float share);
SCUMBLE_API scumble_status scumble_context_trim(const struct scumble_context *context);
SCUMBLE_API scumble_status scumble_context_set_priority(const struct scumble_context *context, int32_t priority);
SCUMBLE_API scumble_status scumble_context_destroy(struct scumble_context *context);
SCUMBLE_API scumble_status scumble_prompt_desc_init(struct scumble_prompt_desc *desc, size_t size, uint32_t abi_version);
SCUMBLE_API scumble_status scumble_prompt_create(const struct scumble_context *context, const struct scumble_prompt_desc *desc, struct scumble_prompt **prompt);
SCUMBLE_API scumble_status scumble_prompt_blend(const struct scumble_prompt *first, const struct scumble_prompt *second, float factor, struct scumble_prompt **prompt);
SCUMBLE_API scumble_status scumble_prompt_encode(const struct scumble_prompt *prompt);
SCUMBLE_API scumble_status scumble_prompt_poll(const struct scumble_prompt *prompt);
SCUMBLE_API scumble_status scumble_prompt_wait(const struct scumble_prompt *prompt, int32_t timeout_ms);
SCUMBLE_API scumble_status scumble_prompt_get_info(const struct scumble_prompt *prompt, struct scumble_prompt_info *info);
SCUMBLE_API scumble_status scumble_prompt_destroy(struct scumble_prompt *prompt);
SCUMBLE_API scumble_status scumble_generation_desc_init(struct scumble_generation_desc *desc, size_t size, uint32_t abi_version);
SCUMBLE_API scumble_status scumble_generation_create(const struct scumble_prompt *prompt, const struct scumble_generation_desc *desc, struct scumble_generation **generation);
SCUMBLE_API scumble_status scumble_generation_start(const struct scumble_generation *generation);
SCUMBLE_API scumble_status scumble_generation_poll(const struct scumble_generation *generation, struct scumble_progress *progress);
SCUMBLE_API scumble_status scumble_generation_wait(const struct scumble_generation *generation, int32_t timeout_ms);
SCUMBLE_API scumble_status scumble_generation_cancel(const struct scumble_generation *generation);
SCUMBLE_API scumble_status scumble_generation_pause(const struct scumble_generation *generation);
SCUMBLE_API scumble_status scumble_generation_resume(const struct scumble_generation *generation);
SCUMBLE_API scumble_status scumble_generation_get_info(const struct scumble_generation *generation, struct scumble_generation_info *info);
SCUMBLE_API scumble_status scumble_generation_error(const struct scumble_generation *generation);
SCUMBLE_API scumble_status scumble_generation_step(const struct scumble_generation *generation, int32_t *left);
SCUMBLE_API scumble_status scumble_generation_decode(const struct scumble_generation *generation);
SCUMBLE_API scumble_status scumble_generation_read_image(const struct scumble_generation *generation, int32_t source, const struct scumble_image *image);
SCUMBLE_API scumble_status scumble_generation_read_latents(const struct scumble_generation *generation, float *latents, uint64_t count);
SCUMBLE_API scumble_status scumble_generation_destroy(struct scumble_generation *generation);
#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus
#endif  /* SCUMBLE_H */
