/* Scumble: Stable Diffusion inside games and native apps.
 *
 * A context is a loaded model, a prompt an encoded text, a generation one picture in progress. All
 * three are made at once and do their work on the context's own thread: poll them, or wait. A host
 * with threads of its own encodes, steps and decodes by hand instead. There are no callbacks.
 *
 *   scumble_context_desc cd;
 *   scumble_context_desc_init(&cd, sizeof cd, SCUMBLE_ABI_VERSION);
 *   cd.model_path = "models/emblem";
 *   scumble_context *context;
 *   if (scumble_context_create(&cd, &context) != SCUMBLE_STATUS_OK) puts(scumble_last_error());
 *
 * Status. Every call answers one: 0 is success, positive is not a failure (not yet, busy,
 * cancelled), negative is. scumble_last_error() then has a text for the calling thread.
 *
 * Ownership. Handles are keys, never pointers: one that is NULL, destroyed, of another type or
 * garbage is INVALID_HANDLE and harmless. Objects keep what they need, so they may be destroyed in
 * any order. Texts and descriptors are read during the call only; pixels are always the caller's.
 *
 * Structures begin with struct_size, which the caller sets to sizeof; an _init function sets it in
 * descriptors. So a program that is built today runs with the library of next year.
 *
 * Threads. Every function may be called from any thread. _poll, _cancel, _pause, _resume, _set_pace,
 * _set_priority, _get_info, _read_image and _destroy may be called at any time; of the others one at
 * a time for an object. No call takes longer than a copy but those that say that they block, compute
 * or load: _wait, _encode, _step, _decode, scumble_runtime_load, _add_provider and scumble_shutdown.
 *
 * Stacks. Every call works with 64 KB of stack, on threads and on fibers; none uses more than 32 KB, but those
 * that compute or load. These use up to 256 KB: where less than 512 KB is left, and on a fiber of other systems than
 * Windows, a thread of Scumble's computes while the caller waits (up to 0.1 ms more). A fiber whose stack is part of
 * its thread's own cannot be told from the thread: give it 512 KB, or do not compute there. Threads of Scumble's have
 * stacks of 2 MB.
 *
 * Memory. Where the system refuses memory, a call answers OUT_OF_MEMORY, and the context goes on. A reserve of 32 MB
 * of address space serves what cannot fail; pages of it that were never needed take no memory.
 *
 * This file is generated from the Rust sources and is the whole C API.
 */


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

/**
 * In a field of a descriptor: let the model decide. It converts to `float` exactly, so that it
 * serves for all number fields.
 */
#define SCUMBLE_AUTO INT32_MIN

/**
 * In `seed` of `scumble_generation_desc`: draw one at random. It is the number that `SCUMBLE_AUTO` becomes in a
 * `uint64_t`, so that either may be assigned, and the only one that is no seed itself.
 */
#define SCUMBLE_SEED_RANDOM 18446744071562067968ull

/**
 * The version of the ABI that the header speaks.
 */
#define SCUMBLE_ABI_VERSION 1

/**
 * A flag of `scumble_context_desc`: the left edge of a picture goes on at the right one.
 */
#define SCUMBLE_SEAMLESS_X 1

/**
 * A flag of `scumble_context_desc`: the upper edge of a picture goes on at the lower one.
 */
#define SCUMBLE_SEAMLESS_Y 2

/**
 * A flag of `scumble_context_info`: generations can start from a picture and repaint parts of it,
 * since there is a `vae_encoder/`.
 */
#define SCUMBLE_FEATURE_PICTURES 1

/**
 * A flag of `scumble_context_info`: the model was trained to repaint. Its generations need a
 * picture and a mask.
 */
#define SCUMBLE_FEATURE_INPAINTING 2

/**
 * A flag of `scumble_context_info`: prompts may set `clip_skip`, since the text encoder gives its
 * hidden states.
 */
#define SCUMBLE_FEATURE_CLIP_SKIP 4

/**
 * A flag of `scumble_context_info`: a consistency model, which takes the guidance scale as an input.
 * Negative texts do not count, and a step costs one evaluation whatever the scale.
 */
#define SCUMBLE_FEATURE_EMBEDDED_GUIDANCE 8

/**
 * A flag of `scumble_context_info`: there is a `vae_decoder_tiny/`, which makes previews
 * (`SCUMBLE_PREVIEW_TINY`).
 */
#define SCUMBLE_FEATURE_TINY_DECODER 16

/**
 * A flag of `scumble_prompt_desc`: the caller encodes the prompt, with `scumble_prompt_encode`.
 */
#define SCUMBLE_PROMPT_BY_HAND 1

/**
 * A flag of `scumble_generation_desc`: the mask is the alpha of `mask`, whose opaque pixels are generated anew. Without
 * `mask`, it is the alpha of `picture`, whose transparent pixels are generated anew.
 */
#define SCUMBLE_GENERATION_MASK_FROM_ALPHA 1

/**
 * A flag of `scumble_generation_desc`: the mask counts as in diffusers, so that the image is the same to the bit. It is
 * cut at half, of each latent one pixel counts, and nothing is laid over the picture, all of which changes then.
 */
#define SCUMBLE_GENERATION_MASK_AS_DIFFUSERS 2

/**
 * A flag of `scumble_generation_desc`: `scumble_generation_read_latents` gives the latents of the finished image too.
 */
#define SCUMBLE_GENERATION_KEEP_LATENTS 4

/**
 * A flag of `scumble_generation_desc`: the finished image is kept as floats beside its bytes, which takes four times the
 * memory. `SCUMBLE_FORMAT_RGBA32F` then gives the decoder's own values, instead of 256 levels.
 */
#define SCUMBLE_GENERATION_KEEP_FLOATS 8

/**
 * A flag of `scumble_image`: the bottom row comes first, as Unity's textures have it.
 */
#define SCUMBLE_IMAGE_BOTTOM_UP 1

/**
 * A flag of `scumble_image`: alpha is not read, every pixel is opaque. For render targets whose alpha means something
 * else, or nothing.
 */
#define SCUMBLE_IMAGE_OPAQUE 2

/**
 * What a call answers. `0` is success, a positive value is not a failure (not yet, busy,
 * cancelled, nothing there), a negative value is one.
 *
 * The numbers are part of the ABI: they never change and are never reused. Values that this
 * header does not list may come from a newer library; judge them by their sign.
 */
enum scumble_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Done.
   */
  SCUMBLE_STATUS_OK = 0,
  /**
   * The object is still being made: poll it and call again.
   */
  SCUMBLE_STATUS_NOT_READY = 1,
  /**
   * The time given to a wait is over; the work goes on.
   */
  SCUMBLE_STATUS_TIMEOUT = 2,
  /**
   * The model is computing for somebody else at this moment: call again later.
   */
  SCUMBLE_STATUS_BUSY = 3,
  /**
   * The work was cancelled, by `_cancel`, `_destroy` or `scumble_shutdown`.
   */
  SCUMBLE_STATUS_CANCELLED = 4,
  /**
   * There is nothing to give: no further log line, no preview yet.
   */
  SCUMBLE_STATUS_EMPTY = 5,
  /**
   * `scumble_shutdown` has ended everything but a thread that loads a model, which ONNX Runtime does not stop.
   */
  SCUMBLE_STATUS_THREAD_LEFT = 6,
  /**
   * A parameter or a field has a value that is not allowed.
   */
  SCUMBLE_STATUS_INVALID_ARGUMENT = -1,
  /**
   * A handle that is NULL, destroyed, of another type, or was never one.
   */
  SCUMBLE_STATUS_INVALID_HANDLE = -2,
  /**
   * `struct_size` is smaller than the first version of the structure, or over 4096, which no
   * structure will ever be: it was not set.
   */
  SCUMBLE_STATUS_INVALID_STRUCT_SIZE = -3,
  /**
   * A field that this library does not know is not zero: the caller was built against a
   * newer header.
   */
  SCUMBLE_STATUS_UNSUPPORTED_FIELD = -4,
  /**
   * The caller's header and this library do not have a common ABI version.
   */
  SCUMBLE_STATUS_ABI_MISMATCH = -5,
  /**
   * The call is not allowed in the state that the object is in.
   */
  SCUMBLE_STATUS_WRONG_STATE = -6,
  /**
   * The caller's memory is too small for the answer.
   */
  SCUMBLE_STATUS_BUFFER_TOO_SMALL = -7,
  /**
   * A text is not UTF-8.
   */
  SCUMBLE_STATUS_INVALID_UTF8 = -8,
  /**
   * A size or a text is over a documented limit.
   */
  SCUMBLE_STATUS_LIMIT_EXCEEDED = -9,
  /**
   * This model or this library cannot do what was asked for.
   */
  SCUMBLE_STATUS_NOT_SUPPORTED = -10,
  /**
   * No ONNX Runtime library was found.
   */
  SCUMBLE_STATUS_RUNTIME_NOT_FOUND = -20,
  /**
   * A file was found, but it is not an ONNX Runtime library that can be loaded here.
   */
  SCUMBLE_STATUS_RUNTIME_INVALID = -21,
  /**
   * The ONNX Runtime library is older than the oldest that Scumble works with.
   */
  SCUMBLE_STATUS_RUNTIME_TOO_OLD = -22,
  /**
   * Another ONNX Runtime library is loaded already; a process has one.
   */
  SCUMBLE_STATUS_RUNTIME_ALREADY_LOADED = -23,
  /**
   * ONNX Runtime reported an error.
   */
  SCUMBLE_STATUS_RUNTIME_FAILED = -24,
  /**
   * The model directory does not exist or is not a directory.
   */
  SCUMBLE_STATUS_MODEL_NOT_FOUND = -30,
  /**
   * The model directory lacks a file that is needed.
   */
  SCUMBLE_STATUS_MODEL_INCOMPLETE = -31,
  /**
   * A file of the model is damaged, is not what its name says, or leads out of the directory.
   */
  SCUMBLE_STATUS_MODEL_INVALID = -32,
  /**
   * The model is understood, but is of a kind that this library cannot run.
   */
  SCUMBLE_STATUS_MODEL_UNSUPPORTED = -33,
  /**
   * A file of the model is a Git LFS pointer: the download was not completed.
   */
  SCUMBLE_STATUS_MODEL_IS_POINTER = -34,
  /**
   * The system does not let this process read a file of the model: too many open files, no permission, a disk
   * that fails. The model itself may be sound; the text has the system's reason.
   */
  SCUMBLE_STATUS_MODEL_UNREADABLE = -35,
  /**
   * The named device does not exist in this process, or cannot be used.
   */
  SCUMBLE_STATUS_DEVICE_NOT_FOUND = -40,
  /**
   * The device was lost: removed, reset, or its driver crashed. What was computed has failed; the context
   * loads its model anew when it is asked for something next, and other contexts go on. CUDA gives a lost device
   * back to no process: there, create a context on another, such as "cpu".
   */
  SCUMBLE_STATUS_DEVICE_LOST = -41,
  /**
   * Memory ran out, or what was asked for does not fit the context's `memory_budget`. Nothing else has changed: the
   * same call may succeed later. On Windows and macOS ONNX Runtime ends the process instead where memory is refused
   * to its tables of a graph, while a model is loaded.
   */
  SCUMBLE_STATUS_OUT_OF_MEMORY = -50,
  /**
   * The memory of the device ran out.
   */
  SCUMBLE_STATUS_OUT_OF_DEVICE_MEMORY = -51,
  /**
   * The model gave NaN or infinite values. An autoencoder that does so because it overflows in float16 is run
   * again in float32, without this status; the log tells.
   */
  SCUMBLE_STATUS_NOT_FINITE = -60,
  /**
   * A defect of Scumble itself, which any call may answer. What was computed has failed; the
   * process and all other objects go on.
   */
  SCUMBLE_STATUS_PANIC = -100,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_status scumble_status;
#else
typedef int32_t scumble_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Where a generation is. It has ended from `SCUMBLE_PHASE_DONE` on: a loop that polls goes on while the phase is
 * less than that, and ends for a generation that failed or was cancelled too.
 */
enum scumble_phase
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Created: neither started nor stepped.
   */
  SCUMBLE_PHASE_CREATED = 0,
  /**
   * Waiting for its turn or for its prompt.
   */
  SCUMBLE_PHASE_WAITING = 1,
  /**
   * The UNet is at work; by hand: the next call is `_step`.
   */
  SCUMBLE_PHASE_DENOISING = 2,
  /**
   * The autoencoder is at work; by hand: the next call is `_decode`.
   */
  SCUMBLE_PHASE_DECODING = 3,
  /**
   * The picture is there.
   */
  SCUMBLE_PHASE_DONE = 4,
  /**
   * It failed; the error tells why.
   */
  SCUMBLE_PHASE_FAILED = 5,
  /**
   * It was cancelled.
   */
  SCUMBLE_PHASE_CANCELLED = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_phase scumble_phase;
#else
typedef int32_t scumble_phase;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Which picture to read.
 */
enum scumble_source
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The finished picture.
   */
  SCUMBLE_SOURCE_FINAL = 0,
  /**
   * The latest preview.
   */
  SCUMBLE_SOURCE_PREVIEW = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_source scumble_source;
#else
typedef int32_t scumble_source;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What makes previews of latents.
 */
enum scumble_preview
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The model's tiny decoder if it has one, else colours alone.
   */
  SCUMBLE_PREVIEW_AUTO = 0,
  /**
   * A colour for each latent, which shows shapes: next to no time.
   */
  SCUMBLE_PREVIEW_LINEAR = 1,
  /**
   * The tiny decoder, `vae_decoder_tiny/`: about a fifteenth of a step for a preview of the picture's size, a
   * quarter of that for one of half its sides.
   */
  SCUMBLE_PREVIEW_TINY = 2,
  /**
   * The decoder of the picture: one to two steps. None is made after the last evaluation, since the picture
   * follows.
   */
  SCUMBLE_PREVIEW_FULL = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_preview scumble_preview;
#else
typedef int32_t scumble_preview;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How pixels lie in memory. Channels are sRGB-encoded, and not multiplied by alpha. Finished images are opaque.
 */
enum scumble_format
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Four bytes a pixel: red, green, blue, alpha.
   */
  SCUMBLE_FORMAT_RGBA8 = 0,
  /**
   * Four bytes a pixel: blue, green, red, alpha (Unreal's `PF_B8G8R8A8`).
   */
  SCUMBLE_FORMAT_BGRA8 = 1,
  /**
   * Three bytes a pixel: red, green, blue.
   */
  SCUMBLE_FORMAT_RGB8 = 2,
  /**
   * Four 32-bit floats a pixel, 0 to 1: red, green, blue, alpha.
   */
  SCUMBLE_FORMAT_RGBA32F = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_format scumble_format;
#else
typedef int32_t scumble_format;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How the text of a prompt is read.
 *
 * With either, syntax that other tools know is not followed: `<lora:…>` and `<hypernet:…>`, `[a:b:0.5]`, `[a|b]`, AND,
 * `embedding:…`, `{a|b}`, `__wildcard__`, `--parameter`, Compel's `word++`. It is no error, since players may type it:
 * it is read as text, a warning in the log names every place, and `not_followed` of `scumble_prompt_info` counts them.
 * LoRAs and embeddings are merged into a model before it is exported.
 */
enum scumble_syntax
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * As it stands, and cut off where the model ends to read: exactly as diffusers.
   */
  SCUMBLE_SYNTAX_PLAIN = 0,
  /**
   * As the common web UI (AUTOMATIC1111's) reads it: `(word)` counts 1.1 times, `[word]` 1.1 times
   * less, `(word:1.3)` as it says, a backslash makes a bracket literal, BREAK begins a new chunk, and
   * a text of any length is read in chunks of `token_limit` tokens, up to 64. A weight is a plain decimal such as
   * 1.3; with the brackets around it multiplied in, it is -100 to 100; at most 64 brackets of a kind may be open at
   * once. What is beyond these limits is refused. `<name:…>` in the text is left out, as the web UI does where it
   * lacks the file; in the negative text it stays, as there.
   */
  SCUMBLE_SYNTAX_WEIGHTED = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_syntax scumble_syntax;
#else
typedef int32_t scumble_syntax;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How a model's weights are kept in memory.
 */
enum scumble_weights
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Repacked, or mapped where that keeps the memory budget.
   */
  SCUMBLE_WEIGHTS_AUTO = 0,
  /**
   * Copied into the order in which they are computed with: the fastest steps, the longest loading. While a part is
   * loaded, its weights are in memory twice. Later changes of the files do no harm: a part that is loaded again, after
   * a trim, is the same or is refused (`SCUMBLE_STATUS_MODEL_INVALID`).
   */
  SCUMBLE_WEIGHTS_REPACKED = 1,
  /**
   * Used in place from the files, which are mapped into memory: they load at once, contexts and processes
   * that use the same files share them, and the system may take their memory back whenever it is short
   * and read them again. Steps take some percent longer. Those of the autoencoder are repacked all the
   * same, and weights of 16 bits are widened in memory, since the CPU computes with 32. While the context
   * lives, nothing may write into the files or cut them: images change then, or the system ends the process
   * (SIGBUS). Deleting a file, or putting another in its place under its name, is safe: a part that is loaded again
   * is refused.
   */
  SCUMBLE_WEIGHTS_MAPPED = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_weights scumble_weights;
#else
typedef int32_t scumble_weights;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How much a line matters.
 */
enum scumble_log_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Something that a developer may want to know.
   */
  SCUMBLE_LOG_LEVEL_INFO = 0,
  /**
   * Something that works, but not as asked.
   */
  SCUMBLE_LOG_LEVEL_WARNING = 1,
  /**
   * Something that failed.
   */
  SCUMBLE_LOG_LEVEL_ERROR = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_log_level scumble_log_level;
#else
typedef int32_t scumble_log_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How urgent threads are to the operating system.
 */
enum scumble_priority
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * They compute with what others leave: `SCHED_IDLE` on Linux, `THREAD_PRIORITY_LOWEST` on Windows.
   */
  SCUMBLE_PRIORITY_BACKGROUND = -1,
  /**
   * As urgent as ordinary threads. On Linux a thread keeps the nice value of the one that created the
   * context, if that is above 0.
   */
  SCUMBLE_PRIORITY_NORMAL = 0,
  /**
   * More urgent than ordinary threads: a nice value lower by 5 on Linux, `THREAD_PRIORITY_ABOVE_NORMAL`
   * on Windows.
   */
  SCUMBLE_PRIORITY_HIGH = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum scumble_priority scumble_priority;
#else
typedef int32_t scumble_priority;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A loaded model on one device, with the thread that works for it.
 */
typedef struct scumble_context scumble_context;

/**
 * One picture in progress.
 */
typedef struct scumble_generation scumble_generation;

/**
 * An encoded text, used by any number of generations.
 */
typedef struct scumble_prompt scumble_prompt;

/**
 * A line of the log.
 */
typedef struct scumble_log_entry {
  /**
   * `sizeof(scumble_log_entry)`, set by the caller.
   */
  uint32_t struct_size;
  /**
   * A `scumble_log_level`.
   */
  int32_t level;
  /**
   * How many lines before this one were dropped, since only the newest 256 are kept.
   */
  uint32_t dropped;
  /**
   * What happened: UTF-8, ended by a NUL, without a line break at its end.
   */
  char text[1028];
} scumble_log_entry;

/**
 * A provider of the loaded ONNX Runtime, on one adapter of the machine.
 */
typedef struct scumble_device_info {
  /**
   * `sizeof(scumble_device_info)`, set by the caller.
   */
  uint32_t struct_size;
  /**
   * What to give as `device` of a `scumble_context_desc`: "cpu", or a provider and its adapter. Providers are
   * "cuda", "tensorrt", "tensorrt-rtx" (NVIDIA), "directml" (Windows), "webgpu" (Vulkan, Direct3D 12, Metal),
   * "openvino" (Intel), "coreml" (Apple); "cuda:1" is the second adapter as CUDA counts them.
   */
  char device[28];
  /**
   * What the adapter calls itself, as far as the driver tells.
   */
  char name[128];
  /**
   * Who made it; empty if nobody tells.
   */
  char vendor[64];
  /**
   * Bytes of its own memory; 0 if nobody tells.
   */
  uint64_t memory_bytes;
  /**
   * Under Windows the adapter's LUID, so that a game finds the GPU that it draws with; 0 elsewhere.
   */
  uint64_t luid;
  /**
   * 1 if a context can be created on it: a small model was run there. 0 if not: see `reason`.
   */
  int32_t usable;
  /**
   * 1 if the system knows it as hardware. What is not, such as a Vulkan driver in software, is used only
   * when it is named.
   */
  int32_t hardware;
  /**
   * Why it is not usable: a library is missing, the driver is too old or absent, there is no such adapter. Empty
   * if it is.
   */
  char reason[512];
} scumble_device_info;

/**
 * What a context is created from. Fill it with `scumble_context_desc_init`, then set `model_path`.
 */
typedef struct scumble_context_desc {
  /**
   * `sizeof(scumble_context_desc)`.
   */
  uint32_t struct_size;
  /**
   * Threads that compute, the context's own one counted: 1 to 256. Default `SCUMBLE_AUTO`: half
   * of the machine's. They sleep when there is nothing to do.
   */
  int32_t threads;
  /**
   * Directory of the model, UTF-8, at most 32 KiB: `text_encoder/`, `unet/`, `vae_decoder/`,
   * `tokenizer/` and, where there, `text_encoder_2/`, `tokenizer_2/`, `vae_encoder/`, `controlnet/`,
   * `vae_decoder_tiny/` and `scheduler/`, as diffusers' ONNX exporter and optimum lay them out.
   * Default NULL, which is not allowed.
   */
  const char *model_path;
  /**
   * Where to run: a `device` of `scumble_device_info`, such as "cpu" or "cuda:0", at most 256 bytes. One that is
   * not there or does not work ends loading with `DEVICE_NOT_FOUND`: nothing else is taken in its place.
   * Default NULL, or "auto": the first usable one of CUDA, DirectML and WebGPU that is a GPU, else the CPU. The
   * others build engines of a model for minutes, or run parts of it, and have to be named.
   */
  const char *device;
  /**
   * Which of several ONNX files of a part to take: UTF-8, at most 256 bytes. "fp16" is `unet/fp16/model.onnx`,
   * `unet/model_fp16.onnx`, `unet/model.fp16.onnx` or `unet/fp16.onnx`; a name that ends with `.onnx` is a file of
   * that name. A part that has none of these is taken as by default. Default NULL: `model.onnx` of each part, or
   * else that of its folder `fp32` or `fp16`.
   */
  const char *variant;
  /**
   * Directories of ControlNets (each with a `model.onnx`) or their ONNX files, besides
   * `controlnet/` in the model directory: an array of `controlnet_count` paths, UTF-8, at most
   * 32 KiB each. Default NULL. They are numbered in this order; the model's own comes first.
   */
  const char *const *controlnet_paths;
  /**
   * How many paths that is: 0 to 16. Default 0.
   */
  uint32_t controlnet_count;
  /**
   * A `scumble_priority`: see `scumble_context_set_priority`. Default `SCUMBLE_PRIORITY_NORMAL`.
   */
  int32_t priority;
  /**
   * How the model's weights are kept: a `scumble_weights`. Default `SCUMBLE_WEIGHTS_AUTO`.
   */
  int32_t weights;
  /**
   * Which edges of its pictures match, so that they tile as textures: 0, `SCUMBLE_SEAMLESS_X`,
   * `SCUMBLE_SEAMLESS_Y` or both. Default 0. Loading ends with `MODEL_UNSUPPORTED` where the model's
   * graphs cannot be changed so.
   */
  uint32_t seamless;
  /**
   * The most memory that the context may take, in bytes: weights, what is computed, and 56 MiB for the
   * rest. Default 0: no limit. What does not fit at once is loaded when its turn comes and unloaded
   * after, the two halves of a guided step are computed one after the other, and pictures are decoded in
   * tiles. What does not fit even so is refused with `SCUMBLE_STATUS_OUT_OF_MEMORY` before it is tried:
   * by the poll of the context, or when a generation of that size is created. Weights that are mapped
   * count for every context that maps them.
   */
  uint64_t memory_budget;
  /**
   * Settings of the device's provider, by the names that ONNX Runtime gives them: "key=value; key=value", UTF-8, at
   * most 4 KiB. Default NULL: for CUDA `use_tf32=0`, `cudnn_conv_algo_search=HEURISTIC`,
   * `arena_extend_strategy=kSameAsRequested`, and `gpu_mem_limit` of `memory_budget`; for the others
   * ONNX Runtime's. Of use are `trt_engine_cache_enable=1; trt_engine_cache_path=…` of TensorRT,
   * `nv_runtime_cache_path=…` of TensorRT-RTX, `preferredLayout=NCHW` of WebGPU, `device_type=GPU; cache_dir=…` of
   * OpenVINO, `MLComputeUnits=CPUAndGPU` of CoreML. The CPU and DirectML take none.
   *
   * `enable_cuda_graph=1` of CUDA and TensorRT-RTX, `trt_cuda_graph_enable=1` of TensorRT and `enableGraphCapture=1`
   * of WebGPU have the UNet's runs recorded once and played again: a step is then one launch instead of a thousand,
   * and a cancel acts after the step. Sizes are fixed: the first step of each other size, of one with guidance after
   * one without, and after a cancel, loads the UNet anew; so use it where one size is painted. A UNet that takes
   * ControlNets is not recorded (the log says so); one of which the device does not compute all is refused by its
   * first step with `SCUMBLE_STATUS_NOT_SUPPORTED`.
   */
  const char *device_options;
  /**
   * Further folders that links in the model directory, or in a ControlNet's, may lead into, so that models can
   * share parts: an array of `model_root_count` paths, UTF-8, at most 32 KiB each. Default NULL: a link that leads
   * out of the directory is refused with `SCUMBLE_STATUS_MODEL_INVALID`, but for those of Hugging Face's cache.
   * What lies in these folders is trusted no more than the model itself.
   */
  const char *const *model_roots;
  /**
   * How many paths that is: 0 to 16. Default 0.
   */
  uint32_t model_root_count;
  /**
   * 0.
   */
  uint32_t reserved;
} scumble_context_desc;

/**
 * A loaded model.
 */
typedef struct scumble_context_info {
  /**
   * `sizeof(scumble_context_info)`, set by the caller.
   */
  uint32_t struct_size;
  /**
   * The size in pixels that the model was trained at, and the default of a generation.
   */
  int32_t width;
  /**
   * See `width`.
   */
  int32_t height;
  /**
   * Widths and heights must be multiples of this: pixels per latent, times what the UNet's levels halve latents by.
   * 64 for Stable Diffusion 1 and 2, 32 for SDXL.
   */
  int32_t size_multiple;
  /**
   * Channels of the latents.
   */
  int32_t latent_channels;
  /**
   * The longest prompt in tokens, begin and end not counted. What is longer is cut off.
   */
  int32_t token_limit;
  /**
   * The most steps that a generation can have.
   */
  int32_t max_steps;
  /**
   * Default steps of a generation.
   */
  int32_t default_steps;
  /**
   * Default guidance scale of a generation.
   */
  float default_guidance_scale;
  /**
   * How long loading took, in milliseconds.
   */
  float load_ms;
  /**
   * The name of the model's directory.
   */
  char model[96];
  /**
   * What kind of Stable Diffusion it is: "sd1", "sd2" or "sdxl".
   */
  char family[16];
  /**
   * What it can do besides text-to-image: `SCUMBLE_FEATURE_…` flags.
   */
  uint32_t features;
  /**
   * How many ControlNets are loaded.
   */
  int32_t controlnets;
  /**
   * Bytes that the text encoders hold at this moment: weights, and what they compute in. 0 while they are
   * unloaded. The same of the other parts follows.
   */
  uint64_t text_encoder_bytes;
  /**
   * The UNet's.
   */
  uint64_t unet_bytes;
  /**
   * The autoencoder's, both halves of it.
   */
  uint64_t vae_bytes;
  /**
   * The ControlNets', all of them.
   */
  uint64_t controlnet_bytes;
  /**
   * Which edges of its pictures match: `SCUMBLE_SEAMLESS_…` flags, as they were given.
   */
  uint32_t seamless;
  /**
   * 0.
   */
  uint32_t reserved;
  /**
   * What it runs on: a `device` of `scumble_device_info`.
   */
  char device[32];
  /**
   * What that adapter calls itself.
   */
  char device_name[128];
} scumble_context_info;

/**
 * What a prompt is created from. Fill it with `scumble_prompt_desc_init`, then set `text`.
 */
typedef struct scumble_prompt_desc {
  /**
   * `sizeof(scumble_prompt_desc)`.
   */
  uint32_t struct_size;
  /**
   * 0 or `SCUMBLE_PROMPT_BY_HAND`. Default 0: the context's thread encodes it.
   */
  uint32_t flags;
  /**
   * What the picture shall show: UTF-8, at most 64 KiB, copied. Default NULL, which is not
   * allowed; "" is. Syntax that is not followed is warned of in the log: see `scumble_syntax`.
   */
  const char *text;
  /**
   * What it shall not show: likewise. Default NULL: the same as "", but for SDXL models that were
   * trained to tell none from an empty one.
   */
  const char *negative_text;
  /**
   * How many layers of the text encoder to leave out at the end, for `text` alone: counted as
   * diffusers does, one less than the number that web interfaces show. Needs
   * `SCUMBLE_FEATURE_CLIP_SKIP`. At least one layer has to be left. Default 0.
   */
  int32_t clip_skip;
  /**
   * How both texts are read: a `scumble_syntax`. Default `SCUMBLE_SYNTAX_PLAIN`.
   */
  int32_t syntax;
} scumble_prompt_desc;

/**
 * An encoded prompt.
 */
typedef struct scumble_prompt_info {
  /**
   * `sizeof(scumble_prompt_info)`, set by the caller.
   */
  uint32_t struct_size;
  /**
   * Tokens of the text, also those that were cut off; begin and end not counted.
   */
  int32_t tokens;
  /**
   * Tokens of the negative text.
   */
  int32_t negative_tokens;
  /**
   * 1 if the text was longer than the model reads and its end does not count, else 0.
   */
  int32_t truncated;
  /**
   * The same of the negative text.
   */
  int32_t negative_truncated;
  /**
   * How long encoding took, in milliseconds.
   */
  float encode_ms;
  /**
   * How often the text encoder read, each time `token_limit` tokens at most.
   */
  int32_t chunks;
  /**
   * How many places of both texts are syntax of other tools that is not followed, such as `<lora:…>`: see
   * `scumble_syntax`. A warning in the log names them. Of a blended prompt those of both prompts.
   */
  int32_t not_followed;
} scumble_prompt_info;

/**
 * Pixels in the caller's memory: to be filled by `scumble_generation_read_image`, or to be read as a
 * picture to start from, a mask or a ControlNet's picture. Alpha is straight: colours are not multiplied by it. Set every
 * field.
 */
typedef struct scumble_image {
  /**
   * `sizeof(scumble_image)`.
   */
  uint32_t struct_size;
  /**
   * A `scumble_format`.
   */
  int32_t format;
  /**
   * Pixels along a row: what `scumble_generation_get_info` tells when it is to be filled, 1 to 8192
   * when it is to be read.
   */
  int32_t width;
  /**
   * Rows: likewise.
   */
  int32_t height;
  /**
   * Bytes from the beginning of a row to that of the next; 0 for rows without a gap.
   */
  uint32_t row_pitch;
  /**
   * 0, or `SCUMBLE_IMAGE_BOTTOM_UP` and `SCUMBLE_IMAGE_OPAQUE`; finished images and previews are opaque anyway.
   */
  uint32_t flags;
  /**
   * Bytes at `pixels`: at least `row_pitch * (height - 1)` and a row.
   */
  uint64_t pixels_size;
  /**
   * The caller's memory.
   */
  void *pixels;
} scumble_image;

/**
 * A picture that guides the shape of what is painted, for a ControlNet.
 */
typedef struct scumble_control {
  /**
   * `sizeof(scumble_control)`.
   */
  uint32_t struct_size;
  /**
   * Which ControlNet of the context: 0 is the first.
   */
  int32_t controlnet;
  /**
   * How strongly it counts: 0 to 10, 1 as it was trained.
   */
  float scale;
  /**
   * When it begins to count: a share of the run, 0 for all of it.
   */
  float start;
  /**
   * When it ends to count: more than `start`, up to 1.
   */
  float end;
  /**
   * 0.
   */
  uint32_t reserved;
  /**
   * Edges, depth, a pose: what the ControlNet was trained on. Scaled, cut and laid over `background` as the
   * picture to start from is. Not NULL.
   */
  const struct scumble_image *picture;
} scumble_control;

/**
 * What a generation is created from. Fill it with `scumble_generation_desc_init`, then change
 * what shall not be the model's default.
 */
typedef struct scumble_generation_desc {
  /**
   * `sizeof(scumble_generation_desc)`.
   */
  uint32_t struct_size;
  /**
   * Width in pixels: a multiple of `size_multiple` of `scumble_context_info`, at most 8192.
   * Default `SCUMBLE_AUTO`: the model's.
   */
  int32_t width;
  /**
   * Height in pixels: likewise.
   */
  int32_t height;
  /**
   * Steps of the scheduler: 1 to `max_steps`. Default `SCUMBLE_AUTO`: the model's.
   */
  int32_t steps;
  /**
   * How strongly the prompt counts against the negative text: 0 to 1000. Up to 1 the negative
   * text does not count, and a step costs half. Default `SCUMBLE_AUTO`: the model's.
   */
  float guidance_scale;
  /**
   * A preview after every so many UNet evaluations, of the picture as they predict it. One with values
   * that are not finite is left out, and the log tells. Default 0: none.
   */
  int32_t preview_every;
  /**
   * Width of previews in pixels, 1 to 8192. Default `SCUMBLE_AUTO`: the picture's.
   */
  int32_t preview_width;
  /**
   * Height of previews: likewise.
   */
  int32_t preview_height;
  /**
   * Seed of the noise, any number of 64 bits. The same seed gives the same image; only its low 32 bits count,
   * as in `torch`. Default `SCUMBLE_SEED_RANDOM`: drawn at random; `scumble_generation_get_info` tells which.
   * -1, which is random in web interfaces, is the seed `UINT64_MAX` here, as in `torch`, and the log warns of it.
   */
  uint64_t seed;
  /**
   * Scheduler, as people type it: "euler_a", "DPM++ 2M Karras". One of ddim, ddpm, pndm, plms, lms, euler,
   * euler_a, heun, dpm2, dpm2_a, dpm_2m, dpm_2m_sde, dpm_2s, dpmpp_2m, dpmpp_2m_sde, dpmpp_2m_sde_heun, dpmpp_3m,
   * dpmpp_3m_sde, dpmpp_2s, dpmpp_2s_sde, dpmpp_2s_a, dpmpp_sde, unipc, deis, ipndm, lcm, tcd, or what diffusers,
   * the web UI, ComfyUI, InvokeAI and stable-diffusion.cpp call them ("k_euler_a", "EulerDiscreteScheduler"); at
   * most 256 bytes. Default NULL: the model's. The same seed generates the same image as diffusers on the CPU,
   * but for dpmpp_sde, whose noise diffusers draws in another way, and dpmpp_2s_a and ipndm, which it does not have
   * for Stable Diffusion.
   */
  const char *scheduler;
  /**
   * Spacing of sigmas or timesteps: karras, exponential, beta, sgm_uniform, simple, ays, leading, linspace (also
   * called normal, uniform or discrete) or trailing; "automatic" leaves it to the model. Default NULL: the model's.
   * ddim, ddpm, pndm and plms have the last three, lcm and tcd none.
   */
  const char *sigmas;
  /**
   * How far to depart from `picture`: 0 to 1, the share of the steps that is done. Default
   * `SCUMBLE_AUTO`: 0.8, or 1 with a mask.
   */
  float strength;
  /**
   * How much of the contrast that guidance adds is taken back: 0 to 1. 0.7 suits models of zero
   * terminal SNR. Default 0.
   */
  float guidance_rescale;
  /**
   * An image to start from, copied; one of another size is scaled evenly until it covers the
   * generation's, and cut off on both sides alike. Where it is transparent `background` shows. Values of floats are
   * checked with the first evaluation: one that is not finite, or farther than 0.25 outside of 0 to 1, ends the
   * generation with `INVALID_ARGUMENT`; others outside are clamped. Needs `SCUMBLE_FEATURE_PICTURES`. Default NULL.
   */
  const struct scumble_image *picture;
  /**
   * What of `picture` to generate anew: white all of it, black nothing, and grey in between. Transparent pixels count
   * as black; `SCUMBLE_GENERATION_MASK_FROM_ALPHA` has alpha alone count. Of the picture's size, and copied.
   *
   * A latent (`latent_width` and `latent_height` of `scumble_generation_info`) is as bright as its brightest pixel,
   * and free for so large a share of the evaluations, the last ones: grey departs less from the picture, as a lower
   * `strength` does. The finished image is then laid over the picture as opaque as the mask is bright, so that what is
   * black stays the picture to the bit, but for `mask_feather`. Values below 8 of 255 count as black. One that selects
   * nothing ends the generation with `INVALID_ARGUMENT`, at its first evaluation. Inpainting models
   * (`SCUMBLE_FEATURE_INPAINTING`) are told grey as white. `SCUMBLE_GENERATION_MASK_AS_DIFFUSERS` turns all this off.
   * Previews show what is generated, with nothing laid over the picture. Default NULL: all of it.
   */
  const struct scumble_image *mask;
  /**
   * ControlNets: an array of `control_count` pointers, copied. Default NULL.
   */
  const struct scumble_control *const *controls;
  /**
   * How many that is: 0 to 16. Default 0.
   */
  uint32_t control_count;
  /**
   * What makes previews: a `scumble_preview`. `SCUMBLE_PREVIEW_TINY` needs
   * `SCUMBLE_FEATURE_TINY_DECODER`. The picture is the same with each. Default `SCUMBLE_PREVIEW_AUTO`.
   */
  int32_t preview_source;
  /**
   * Timesteps to visit in place of a spacing: an array of `timestep_count`, falling strictly from noisy to clean,
   * each from 0 to less than `max_steps`; copied. They are the steps: leave `steps` out. Taken by ddpm, euler, heun,
   * lcm, tcd, ipndm, dpmpp_2s_a and all forms of DPM-Solver multistep and singlestep, as in diffusers. Default NULL.
   */
  const int32_t *timesteps;
  /**
   * Noise levels (sigmas) to visit in place of a spacing: an array of `sigma_value_count`, falling strictly; one a
   * step and, last, the one that the last step ends at, usually 0; copied. Not together with `timesteps`. Taken by
   * euler, ipndm and dpmpp_2s_a. Default NULL.
   */
  const float *sigma_values;
  /**
   * How many timesteps that is: 0 to `max_steps`. Default 0.
   */
  uint32_t timestep_count;
  /**
   * How many sigmas that is: 0, or 2 to `max_steps` + 1. Default 0.
   */
  uint32_t sigma_value_count;
  /**
   * How much of each step of ddim or tcd is new noise: 0 to 1. Default `SCUMBLE_AUTO`: 0, as in diffusers'
   * pipelines. The others have none.
   */
  float eta;
  /**
   * 0, or `SCUMBLE_GENERATION_MASK_FROM_ALPHA`, `SCUMBLE_GENERATION_MASK_AS_DIFFUSERS`,
   * `SCUMBLE_GENERATION_KEEP_LATENTS`, `SCUMBLE_GENERATION_KEEP_FLOATS`. Default 0.
   */
  uint32_t flags;
  /**
   * Noise to start from, in place of what `seed` gives, as the argument `latents` of diffusers' pipelines: normal
   * numbers of deviation 1, `[latent_channels][latent_height][latent_width]`, which are multiplied by the deviation
   * that the scheduler begins at. With `picture` it is the noise that is added to it (diffusers' inpainting starts from
   * this noise alone, also where `strength` is less than 1). With `strength` and no `picture` it is no noise but the
   * latents of an image to start from, as `scumble_generation_read_latents` gives them of one that is done: noise of
   * `seed` is added, and no VAE encoder is needed. `latents_count` floats, copied; one that is not finite ends the
   * generation with `INVALID_ARGUMENT` at its first evaluation. Default NULL.
   */
  const float *latents;
  /**
   * How many numbers `latents` has: channels × height × width. Default 0.
   */
  uint64_t latents_count;
  /**
   * What shows where `picture` and the images of `controls` are transparent: 0xRRGGBB, sRGB-encoded. Default 0xFFFFFF,
   * white.
   */
  uint32_t background;
  /**
   * Across so many pixels around what `mask` selects, the generated image fades into the picture, and what is farther
   * is the picture to the bit: 0 to 1024, 0 for no fading. Only with a mask. Default `SCUMBLE_AUTO`: 4.
   */
  int32_t mask_feather;
} scumble_generation_desc;

/**
 * How far a generation is, at one moment.
 */
typedef struct scumble_progress {
  /**
   * `sizeof(scumble_progress)`, set by the caller.
   */
  uint32_t struct_size;
  /**
   * A `scumble_phase`.
   */
  int32_t phase;
  /**
   * Steps done.
   */
  int32_t step;
  /**
   * Steps in all.
   */
  int32_t steps;
  /**
   * UNet evaluations done.
   */
  int32_t evaluation;
  /**
   * UNet evaluations in all: more than steps with some schedulers.
   */
  int32_t evaluations;
  /**
   * Previews made: a new one is there when it grows.
   */
  uint32_t previews;
  /**
   * Milliseconds since it was started, until it ended; pauses count.
   */
  float spent_ms;
  /**
   * Milliseconds left by the clock, previews and decoding included, estimated; -1 before the first evaluation is
   * done. Decoding counts as long as it took for the context's last picture, by pixels; for the first
   * picture it is only guessed from the evaluations.
   */
  float left_ms;
  /**
   * Milliseconds spent on UNet evaluations.
   */
  float denoise_ms;
  /**
   * Milliseconds spent on decoding the picture.
   */
  float decode_ms;
  /**
   * `SCUMBLE_STATUS_OK`, or the status with which it failed or was cancelled;
   * `scumble_generation_error` gives the text.
   */
  int32_t status;
  /**
   * 1 while it is paused, else 0. `phase` tells where it goes on.
   */
  int32_t paused;
  /**
   * The `scumble_priority` in force of the context's threads.
   */
  int32_t priority;
  /**
   * Milliseconds spent on previews.
   */
  float preview_ms;
} scumble_progress;

/**
 * What a generation paints, with nothing left open.
 */
typedef struct scumble_generation_info {
  /**
   * `sizeof(scumble_generation_info)`, set by the caller.
   */
  uint32_t struct_size;
  /**
   * Size of the picture in pixels.
   */
  int32_t width;
  /**
   * See `width`.
   */
  int32_t height;
  /**
   * Size of previews in pixels; 0 if none are made.
   */
  int32_t preview_width;
  /**
   * See `preview_width`.
   */
  int32_t preview_height;
  /**
   * Steps of the scheduler that are done: fewer than asked for where a picture to start from
   * leaves out the first.
   */
  int32_t steps;
  /**
   * UNet evaluations in all.
   */
  int32_t evaluations;
  /**
   * Guidance scale.
   */
  float guidance_scale;
  /**
   * The seed: as it was given, or the one that was drawn at random, which is below 2^32.
   */
  uint64_t seed;
  /**
   * Scheduler.
   */
  char scheduler[32];
  /**
   * Size of the latents, whose numbers are `[latent_channels][latent_height][latent_width]`.
   */
  int32_t latent_channels;
  /**
   * See `latent_channels`.
   */
  int32_t latent_width;
  /**
   * See `latent_channels`.
   */
  int32_t latent_height;
  /**
   * 0.
   */
  int32_t reserved;
} scumble_generation_info;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library: a static text such as "0.1.0". Never NULL.
 *
 * Any thread, any time.
 */
SCUMBLE_API const char *scumble_version(void);

/**
 * The ABI version that the library speaks. It is to be `SCUMBLE_ABI_VERSION` of the header that
 * the caller was built with; the `_init` functions check it too.
 *
 * Any thread, any time.
 */
SCUMBLE_API uint32_t scumble_abi_version(void);

/**
 * The name of a status: a static text such as "SCUMBLE_STATUS_BUSY", or
 * "SCUMBLE_STATUS_UNKNOWN". Never NULL.
 *
 * Any thread, any time.
 */
SCUMBLE_API const char *scumble_status_name(int32_t status);

/**
 * What went wrong in the last call on this thread that did not answer `SCUMBLE_STATUS_OK`: UTF-8
 * text that names the parameter, its value and what was expected. Empty before the first. Never
 * NULL; valid until the next call of Scumble on this thread.
 *
 * Any thread, any time; each has a text of its own.
 */
SCUMBLE_API const char *scumble_last_error(void);

/**
 * Takes the oldest line of the log, into which go warnings of ONNX Runtime, defects and what was
 * loaded. Scumble itself writes nothing to stdout or stderr. ONNX Runtime writes to stderr in two cases, as it is
 * loaded: "Error in cpuinfo" where `/sys/devices/system/cpu` or `/proc/cpuinfo` cannot be read or memory runs out, and "Schema
 * error" where memory runs out.
 *
 * `entry` (not NULL): filled. `SCUMBLE_STATUS_EMPTY` when there is no line, and then nothing is
 * written. Errors: `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_log_next(struct scumble_log_entry *entry);

/**
 * Cancels all work, destroys every object and waits until every thread of the library and of its
 * ONNX Runtime sessions has ended. All handles are invalid afterwards; new contexts may be
 * created. Call it before a domain reload, before the plugin is unloaded and at the program's end.
 *
 * No object survives it: while it is in progress, `scumble_context_create`, `scumble_prompt_create`,
 * `scumble_prompt_blend` and `scumble_generation_create` on other threads answer `SCUMBLE_STATUS_CANCELLED` or
 * `SCUMBLE_STATUS_INVALID_HANDLE`. Every wait returns. What it waits for is what computes at this moment, which stops
 * between two operators of the model. Threads of `SCUMBLE_PRIORITY_BACKGROUND` are raised to ordinary priority for
 * that. On Linux only a process with the right to raise priorities can do so; in another one, where all cores are busy,
 * their last operator takes longer.
 *
 * `timeout_ms`: how long to wait; negative for ever. `SCUMBLE_STATUS_TIMEOUT` when threads are
 * still ending (a model call that does not stop between two operators): call again to wait on.
 * `SCUMBLE_STATUS_THREAD_LEFT` when all has ended but for a thread that was left behind: ONNX Runtime did not stop
 * loading a model (some damaged graphs keep it busy for ever) within a second of a cancel. That thread uses nothing
 * of the library's objects, and `exit` and a return from main end the process all the same; the log names its file. To
 * wait longer does not help.
 *
 * A process may also end without this call: by `_exit` or a signal at any moment; by `exit` on any thread, or by a
 * return from main, which cancel all work and wait for that up to 1.5 seconds. (On Windows the
 * system ends all other threads before the library hears of `exit`, so nothing is waited for; while a context
 * is loading, ONNX Runtime may then never end: call this before, or `TerminateProcess`.) A child
 * that was forked from a process that had called Scumble may end or exec, but not use it: every call
 * answers `WRONG_STATE` there.
 *
 * Any thread, any time. This call blocks.
 */
SCUMBLE_API scumble_status scumble_shutdown(int32_t timeout_ms);

/**
 * Loads ONNX Runtime and looks for devices. Optional: the first context does it too, as far as it needs.
 *
 * `path`: the library, UTF-8, at most 32 KiB; a relative one counts from the working directory.
 * NULL looks for it: the environment variable `SCUMBLE_ONNXRUNTIME`; beside libscumble, first as
 * `scumble_onnxruntime.{dll,so,dylib}`, then under its official name. It stays loaded until the
 * process ends, and a process has one: asking for another is `RUNTIME_ALREADY_LOADED`, asking for
 * the same again is OK.
 *
 * Errors: `RUNTIME_NOT_FOUND` (the text says where was looked), `RUNTIME_INVALID` (not a library,
 * or not ONNX Runtime), `RUNTIME_TOO_OLD` (before 1.24), `RUNTIME_ALREADY_LOADED`,
 * `RUNTIME_FAILED`, `OUT_OF_MEMORY`, `INVALID_UTF8`, `LIMIT_EXCEEDED`.
 *
 * Any thread. This call takes as long as the system needs to load a library, and drivers to start: a second or more
 * where there are GPUs.
 */
SCUMBLE_API scumble_status scumble_runtime_load(const char *path);

/**
 * Adds a provider to ONNX Runtime from a library of its own, such as those of the packages onnxruntime-ep-webgpu and
 * onnxruntime-ep-openvino, and looks for devices again. It stays loaded until the process ends.
 *
 * `path` (not NULL): the library, UTF-8, at most 32 KiB. Errors: `RUNTIME_INVALID` (there is none, it is not a
 * provider's, or what it needs is missing, such as a driver: the text tells), `INVALID_ARGUMENT`, `INVALID_UTF8`,
 * `LIMIT_EXCEEDED`, and those of `scumble_runtime_load`, which it calls.
 *
 * Any thread. This call takes as long as `scumble_runtime_load`.
 */
SCUMBLE_API scumble_status scumble_runtime_add_provider(const char *path);

/**
 * How many devices there are, those that cannot be used counted too.
 *
 * `count` (not NULL): written. `SCUMBLE_STATUS_NOT_READY` before anybody has looked: `scumble_runtime_load`, or a
 * context that was not created on "cpu". Errors: `INVALID_ARGUMENT`.
 *
 * Any thread.
 */
SCUMBLE_API scumble_status scumble_device_count(int32_t *count);

/**
 * Describes a device. Those that can be used come first, best first; then those that cannot, with the reason.
 *
 * `index`: 0 to one less than `scumble_device_count`. `info` (not NULL): filled.
 * `SCUMBLE_STATUS_NOT_READY` as of `scumble_device_count`. Errors: `INVALID_ARGUMENT`,
 * `INVALID_STRUCT_SIZE`.
 *
 * Any thread.
 */
SCUMBLE_API scumble_status scumble_device_get_info(int32_t index, struct scumble_device_info *info);

/**
 * Fills a descriptor with the defaults that its fields document.
 *
 * `desc` (not NULL): written, no more than `size` bytes. `size`: `sizeof(scumble_context_desc)`.
 * `abi_version`: `SCUMBLE_ABI_VERSION`. Errors: `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`,
 * `ABI_MISMATCH`.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_context_desc_init(struct scumble_context_desc *desc, size_t size, uint32_t abi_version);

/**
 * Creates a context and returns at once; the context's own thread loads the model. Poll it or
 * wait for it; until it is ready, creating a prompt answers `SCUMBLE_STATUS_NOT_READY`.
 *
 * `desc` (not NULL): only read during the call. `context` (not NULL): receives the handle, to be
 * given back with `scumble_context_destroy`; untouched on failure. Errors: `INVALID_ARGUMENT`,
 * `INVALID_STRUCT_SIZE`, `UNSUPPORTED_FIELD`, `INVALID_UTF8`, `LIMIT_EXCEEDED`,
 * `DEVICE_NOT_FOUND` (a name that is none), `NOT_SUPPORTED` (options that the device has not),
 * `OUT_OF_MEMORY` (no thread can be started, too), `CANCELLED` (while `scumble_shutdown` is in progress). What is
 * wrong with the model, the device or ONNX Runtime shows when the context is polled.
 *
 * Any thread.
 */
SCUMBLE_API scumble_status scumble_context_create(const struct scumble_context_desc *desc, struct scumble_context **context);

/**
 * Whether the model is loaded: `OK` when it is, `SCUMBLE_STATUS_NOT_READY` while it is not, and
 * the error of loading when it failed: `RUNTIME_…`, `MODEL_…`, `DEVICE_NOT_FOUND`,
 * `INVALID_ARGUMENT` (the model has no such `variant`), `NOT_SUPPORTED` (the device cannot run this
 * model, or not with these options), `OUT_OF_MEMORY`, `OUT_OF_DEVICE_MEMORY`, `DEVICE_LOST`,
 * `CANCELLED`, `PANIC`. Besides these: `INVALID_HANDLE`.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_context_poll(const struct scumble_context *context);

/**
 * Waits until the model is loaded or loading failed.
 *
 * `timeout_ms`: how long; negative for ever, 0 not at all. `SCUMBLE_STATUS_TIMEOUT` while it is
 * still loading. Errors: those of `scumble_context_poll`.
 *
 * Any thread. This call blocks.
 */
SCUMBLE_API scumble_status scumble_context_wait(const struct scumble_context *context, int32_t timeout_ms);

/**
 * Describes a loaded model.
 *
 * `info` (not NULL): filled. `SCUMBLE_STATUS_NOT_READY` while the context is loading. Errors: those
 * of `scumble_context_poll`, `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_context_get_info(const struct scumble_context *context, struct scumble_context_info *info);

/**
 * Slows the context's thread down, so that a game has more of the machine while a picture grows.
 *
 * `share`: how much of its time the thread may be busy, more than 0 up to 1, the default. After a
 * prompt, a UNet evaluation or a decoded picture that took T milliseconds it rests T · (1 / share - 1)
 * before the next, a minute at most. What is being computed goes on; a rest that goes on gets longer
 * or shorter at once. Loading and what is done by hand are not paced, and no rest delays `_cancel`,
 * `_destroy` or `scumble_shutdown`. Errors: `INVALID_HANDLE`, `INVALID_ARGUMENT`.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_context_set_pace(const struct scumble_context *context, float share);

/**
 * Gives memory back, between the levels of a game: the context's own thread unloads the weights and frees
 * what they were computed with. Prompts and generations stay; whichever computes next loads what it needs
 * again, which takes as long as `load_ms` at most. Work that is going on is not interrupted: memory is given
 * back when it is this call's turn, behind what was begun before.
 *
 * `SCUMBLE_STATUS_NOT_READY` while the context is loading. Errors: those of `scumble_context_poll`. How
 * much is held tells `scumble_context_get_info`.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_context_trim(const struct scumble_context *context);

/**
 * Changes how urgent the context's threads are to the operating system: the one that loads, encodes and
 * paints, and those that help it, also with what is done by hand. The host's own threads stay as they are.
 *
 * `priority`: a `scumble_priority`. It is in force at once, as far as the system allows; `scumble_progress`
 * tells which one is. Linux lets every process lower a priority, but raise one, even back to
 * `SCUMBLE_PRIORITY_NORMAL`, only with the right to do so (CAP_SYS_NICE, or RLIMIT_NICE of 20, for
 * `SCUMBLE_PRIORITY_HIGH` of 25). A refusal is no error. In the background work may stand still while others
 * use every core; whoever computes by hand then waits for the helpers. Errors: `INVALID_HANDLE`,
 * `INVALID_ARGUMENT`.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_context_set_priority(const struct scumble_context *context, int32_t priority);

/**
 * Gives the context back. Loading is cancelled; prompts and generations that use the context keep
 * the model until they are gone too. Never blocks: the model is unloaded by its own thread.
 *
 * Errors: `INVALID_HANDLE`, also for NULL.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_context_destroy(struct scumble_context *context);

/**
 * Fills a descriptor with the defaults that its fields document.
 *
 * `desc` (not NULL): written, no more than `size` bytes. `size`: `sizeof(scumble_prompt_desc)`.
 * `abi_version`: `SCUMBLE_ABI_VERSION`. Errors: `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`,
 * `ABI_MISMATCH`.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_prompt_desc_init(struct scumble_prompt_desc *desc, size_t size, uint32_t abi_version);

/**
 * Creates a prompt and returns at once; the context's thread encodes it, or the caller does if
 * the flag `SCUMBLE_PROMPT_BY_HAND` is set. Generations may be created of it and started before
 * the thread has encoded it.
 *
 * `desc` (not NULL): only read during the call. `prompt` (not NULL): receives the handle, to be
 * given back with `scumble_prompt_destroy`; untouched on failure. The prompt keeps the context's
 * model. `SCUMBLE_STATUS_NOT_READY` while the context is loading. Errors: those of
 * `scumble_context_poll`, `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`, `UNSUPPORTED_FIELD`,
 * `INVALID_UTF8`, `LIMIT_EXCEEDED`, `NOT_SUPPORTED` (`clip_skip` with a model that lacks
 * `SCUMBLE_FEATURE_CLIP_SKIP`).
 *
 * Any thread.
 */
SCUMBLE_API scumble_status scumble_prompt_create(const struct scumble_context *context, const struct scumble_prompt_desc *desc, struct scumble_prompt **prompt);

/**
 * Creates a prompt that lies between two encoded ones, for pictures that change from one to the
 * other. It is encoded at once, and depends on neither any more.
 *
 * `first`, `second`: prompts of one context. `factor`: 0 for the first, 1 for the second, linear in
 * between. `prompt` (not NULL): receives the handle, to be given back with `scumble_prompt_destroy`;
 * untouched on failure. `SCUMBLE_STATUS_NOT_READY` while one is not encoded. Errors: those of
 * `scumble_prompt_poll`, `INVALID_ARGUMENT` (also for prompts of unlike length or of two contexts).
 *
 * Any thread.
 */
SCUMBLE_API scumble_status scumble_prompt_blend(const struct scumble_prompt *first, const struct scumble_prompt *second, float factor, struct scumble_prompt **prompt);

/**
 * Encodes a prompt that was created with `SCUMBLE_PROMPT_BY_HAND`, on the calling thread.
 *
 * `SCUMBLE_STATUS_BUSY` at once when the model computes for somebody else, and then nothing has
 * changed. Errors: `WRONG_STATE` (not to be encoded manually, or encoded already), and those of `scumble_prompt_poll`.
 *
 * Any thread, one at a time for a prompt. This call computes.
 */
SCUMBLE_API scumble_status scumble_prompt_encode(const struct scumble_prompt *prompt);

/**
 * Whether the prompt is encoded: `OK` when it is, `SCUMBLE_STATUS_NOT_READY` while it is not, and
 * the error of encoding when it failed: `LIMIT_EXCEEDED` (a weighted text of more than 64 chunks),
 * `NOT_FINITE`, `CANCELLED`, and those of `scumble_context_poll`, since a part of the model that was
 * unloaded is loaded again first. Besides these: `INVALID_HANDLE`.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_prompt_poll(const struct scumble_prompt *prompt);

/**
 * Waits until the prompt is encoded or encoding failed.
 *
 * `timeout_ms`: how long; negative for ever, 0 not at all. `SCUMBLE_STATUS_TIMEOUT` while it is not
 * encoded. Errors: those of `scumble_prompt_poll`. A prompt to be encoded manually is waited for too:
 * another thread may do it.
 *
 * Any thread. This call blocks.
 */
SCUMBLE_API scumble_status scumble_prompt_wait(const struct scumble_prompt *prompt, int32_t timeout_ms);

/**
 * Describes an encoded prompt.
 *
 * `info` (not NULL): filled. `SCUMBLE_STATUS_NOT_READY` while the prompt is not encoded. Errors: those
 * of `scumble_prompt_poll`, `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_prompt_get_info(const struct scumble_prompt *prompt, struct scumble_prompt_info *info);

/**
 * Destroys the handle. Encoding is cancelled, unless a generation uses the prompt: it goes on for that. A
 * `scumble_prompt_wait` on another thread returns `SCUMBLE_STATUS_CANCELLED`. Never blocks.
 *
 * Errors: `INVALID_HANDLE`, also for NULL.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_prompt_destroy(struct scumble_prompt *prompt);

/**
 * Fills a descriptor with the defaults that its fields document.
 *
 * `desc` (not NULL): written, no more than `size` bytes. `size`:
 * `sizeof(scumble_generation_desc)`. `abi_version`: `SCUMBLE_ABI_VERSION`. Errors:
 * `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`, `ABI_MISMATCH`.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_generation_desc_init(struct scumble_generation_desc *desc, size_t size, uint32_t abi_version);

/**
 * Creates a generation of a prompt. Nothing is computed yet: images and latents are copied, which is all that takes time
 * here; they are looked at with the first evaluation.
 *
 * `desc` (not NULL): only read during the call. `generation` (not NULL): receives the handle, to
 * be given back with `scumble_generation_destroy`; untouched on failure. The generation keeps the
 * prompt and the context's model. Errors: `INVALID_HANDLE`, `INVALID_ARGUMENT`,
 * `INVALID_STRUCT_SIZE`, `UNSUPPORTED_FIELD`, `INVALID_UTF8`, `LIMIT_EXCEEDED`, `BUFFER_TOO_SMALL` (of
 * a picture), `OUT_OF_MEMORY`, `NOT_SUPPORTED`, `CANCELLED` (while
 * `scumble_shutdown` is in progress), `MODEL_INVALID` and `MODEL_UNSUPPORTED` (what the
 * model's `scheduler_config.json` says does not suit the scheduler that was asked for).
 *
 * Any thread.
 */
SCUMBLE_API scumble_status scumble_generation_create(const struct scumble_prompt *prompt, const struct scumble_generation_desc *desc, struct scumble_generation **generation);

/**
 * Lets the context's thread paint the picture and returns at once. Generations of one context
 * take turns, one UNet evaluation each.
 *
 * Errors: `INVALID_HANDLE`, `WRONG_STATE` (started or stepped already, or its prompt is to be
 * encoded manually and is not), and that with which the generation ended before: one of those of
 * `scumble_generation_error`.
 *
 * Any thread, one at a time for a generation.
 */
SCUMBLE_API scumble_status scumble_generation_start(const struct scumble_generation *generation);

/**
 * How far the generation is. Costs microseconds and never waits for the computation.
 *
 * `progress` (not NULL): filled. The answer is whether the call succeeded; how the generation
 * fares stands in `progress`: it has ended when its `phase` is `SCUMBLE_PHASE_DONE` or greater. Errors: `INVALID_HANDLE`, `INVALID_ARGUMENT`,
 * `INVALID_STRUCT_SIZE`.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_generation_poll(const struct scumble_generation *generation, struct scumble_progress *progress);

/**
 * Waits until the generation is done, failed or cancelled.
 *
 * `timeout_ms`: how long; negative for ever, 0 not at all. `OK` when the picture is there,
 * `SCUMBLE_STATUS_TIMEOUT` while it is not, and when it was cancelled or failed one of those of
 * `scumble_generation_error`. Besides these: `WRONG_STATE` (not started).
 *
 * Any thread. This call blocks.
 */
SCUMBLE_API scumble_status scumble_generation_wait(const struct scumble_generation *generation, int32_t timeout_ms);

/**
 * Ends the generation: what computes for it stops between two operators of the model, and its
 * phase is `SCUMBLE_PHASE_CANCELLED` at once. The preview that is there can still be read. Does
 * nothing when it is done or failed.
 *
 * Errors: `INVALID_HANDLE`.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_generation_cancel(const struct scumble_generation *generation);

/**
 * Pauses a generation that was started: the context's thread takes no further turn with it, and goes
 * on with others. The evaluation that is being computed is finished; nothing is lost. Does nothing
 * when it is paused already, or has ended. A paused generation ends by `_cancel`, `_destroy` and
 * `scumble_shutdown` as any other.
 *
 * Errors: `INVALID_HANDLE`, `WRONG_STATE` (not started: what is stepped by hand pauses by itself).
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_generation_pause(const struct scumble_generation *generation);

/**
 * Lets a paused generation go on: its picture is the same as if it had never paused. Does nothing
 * when it is not paused, or has ended.
 *
 * Errors: `INVALID_HANDLE`, `WRONG_STATE` (not started).
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_generation_resume(const struct scumble_generation *generation);

/**
 * What the generation paints.
 *
 * `info` (not NULL): filled. Errors: `INVALID_HANDLE`, `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_generation_get_info(const struct scumble_generation *generation, struct scumble_generation_info *info);

/**
 * Why the generation failed or that it was cancelled: answers its status and makes its text this
 * thread's `scumble_last_error`. `OK` when there is no error.
 *
 * Errors: `CANCELLED`, `NOT_FINITE`, `INVALID_ARGUMENT` (of the values of images, a mask or latents, which the first
 * evaluation looks at), and those of `scumble_prompt_poll`, since it fails when its prompt does, and a part of the model
 * that was unloaded is loaded again first. Besides these: `INVALID_HANDLE`.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_generation_error(const struct scumble_generation *generation);

/**
 * By hand: evaluates the UNet once, on the calling thread. Its prompt must be encoded. The first
 * evaluation of a generation that starts from a picture encodes that too. When all
 * evaluations are done, `scumble_generation_decode` is next.
 *
 * `left` (may be NULL): receives how many evaluations are left. `SCUMBLE_STATUS_BUSY` at once when
 * the model computes for somebody else, `SCUMBLE_STATUS_NOT_READY` when the prompt is not encoded
 * yet; then nothing has changed. Errors: `WRONG_STATE` (started, or all evaluations are done), and
 * those of `scumble_generation_error`: a failure ends the generation.
 *
 * Any thread, one at a time for a generation. This call computes.
 */
SCUMBLE_API scumble_status scumble_generation_step(const struct scumble_generation *generation, int32_t *left);

/**
 * Manually: decodes the finished latents, on the calling thread. Also when decoding them has failed for want of memory, of
 * a device or within ONNX Runtime, on whatever thread and as often as wanted: such a generation keeps its latents until
 * it is destroyed, and goes back to `SCUMBLE_PHASE_DECODING` here. (Each try, also the context's thread's, decodes the image whole, then in
 * tiles, then on the CPU, until one of these succeeds.)
 *
 * `SCUMBLE_STATUS_BUSY` at once when the model computes for somebody else. Errors: `WRONG_STATE`
 * (started, evaluations are left, or decoded already), and those of `scumble_generation_error`: a
 * failure ends the generation.
 *
 * Any thread, one at a time for a generation. This call computes.
 */
SCUMBLE_API scumble_status scumble_generation_decode(const struct scumble_generation *generation);

/**
 * Copies the finished picture or the latest preview into the caller's memory, as often as wanted.
 * Never waits for the computation. When the picture is done its previews are gone, and the picture is read in their
 * place: each pixel the nearest, where a preview is of another size. Floats have 256 levels, unless
 * `SCUMBLE_GENERATION_KEEP_FLOATS` is set.
 *
 * `source`: a `scumble_source`. `image` (not NULL): describes the memory; its width and height must
 * be those that `scumble_generation_get_info` tells. `SCUMBLE_STATUS_EMPTY` when the picture or
 * preview is not there yet. Errors: `INVALID_HANDLE`, `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`,
 * `UNSUPPORTED_FIELD`, `BUFFER_TOO_SMALL`, `OUT_OF_MEMORY`, `WRONG_STATE` (it makes no previews), and that with which
 * the generation ended before: one of those of `scumble_generation_error`. On failure nothing is written.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_generation_read_image(const struct scumble_generation *generation, int32_t source, const struct scumble_image *image);

/**
 * Copies the latents as the last evaluation left them, after any evaluation. They are diffusers' (`output_type="latent"`
 * at the end, `callback_on_step_end` on the way): of the VAE, multiplied by its `scaling_factor`, and until the last
 * evaluation with noise, as the scheduler has it. Never waits for the computation.
 *
 * `latents` (not NULL): receives `[latent_channels][latent_height][latent_width]` floats, whose numbers
 * `scumble_generation_get_info` tells. `count`: how many floats there is room for; no fewer than that.
 * `SCUMBLE_STATUS_EMPTY` before the first evaluation is done. Those of a finished image are there with
 * `SCUMBLE_GENERATION_KEEP_LATENTS` alone, else `WRONG_STATE`; those of one that failed always, those of one that was
 * cancelled with the flag. Errors: `INVALID_HANDLE`, `INVALID_ARGUMENT`, `BUFFER_TOO_SMALL`, and those of
 * `scumble_generation_error`, with which the generation ended. On failure nothing is written.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_generation_read_latents(const struct scumble_generation *generation, float *latents, uint64_t count);

/**
 * Gives the generation back. It is cancelled if it is not done. Never blocks.
 *
 * Errors: `INVALID_HANDLE`, also for NULL.
 *
 * Any thread, any time.
 */
SCUMBLE_API scumble_status scumble_generation_destroy(struct scumble_generation *generation);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SCUMBLE_H */
