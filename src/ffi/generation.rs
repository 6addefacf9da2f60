//! The generation: one picture in progress.

use std::ffi::c_char;

use super::boundary::{self, call, milliseconds, timeout};
use super::desc::{self, c_struct};
use super::image::{scumble_image, Checked};
use super::request::{self, scumble_generation_desc};
use super::{handle, scumble_generation, scumble_prompt};
use crate::error::{bail, Status};
use crate::generation::{Generation, Source};
use crate::stack;

/// How far a generation is, at one moment.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct scumble_progress {
    /// `sizeof(scumble_progress)`, set by the caller.
    pub struct_size: u32,
    /// A `scumble_phase`.
    pub phase: i32,
    /// Steps done.
    pub step: i32,
    /// Steps in all.
    pub steps: i32,
    /// UNet evaluations done.
    pub evaluation: i32,
    /// UNet evaluations in all: more than steps with some schedulers.
    pub evaluations: i32,
    /// Previews made: a new one is there when it grows.
    pub previews: u32,
    /// Milliseconds since it was started, until it ended; pauses count.
    pub spent_ms: f32,
    /// Milliseconds left by the clock, previews and decoding included, estimated; -1 before the first evaluation is
    /// done. Decoding counts as long as it took for the context's last picture, by pixels; for the first
    /// picture it is only guessed from the evaluations.
    pub left_ms: f32,
    /// Milliseconds spent on UNet evaluations.
    pub denoise_ms: f32,
    /// Milliseconds spent on decoding the picture.
    pub decode_ms: f32,
    /// `SCUMBLE_STATUS_OK`, or the status with which it failed or was cancelled;
    /// `scumble_generation_error` gives the text.
    pub status: i32,
    /// 1 while it is paused, else 0. `phase` tells where it goes on.
    pub paused: i32,
    /// The `scumble_priority` in force of the context's threads.
    pub priority: i32,
    /// Milliseconds spent on previews.
    pub preview_ms: f32,
}
c_struct!(scumble_progress, 60);

/// What a generation paints, with nothing left open.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct scumble_generation_info {
    /// `sizeof(scumble_generation_info)`, set by the caller.
    pub struct_size: u32,
    /// Size of the picture in pixels.
    pub width: i32,
    /// See `width`.
    pub height: i32,
    /// Size of previews in pixels; 0 if none are made.
    pub preview_width: i32,
    /// See `preview_width`.
    pub preview_height: i32,
    /// Steps of the scheduler that are done: fewer than asked for where a picture to start from
    /// leaves out the first.
    pub steps: i32,
    /// UNet evaluations in all.
    pub evaluations: i32,
    /// Guidance scale.
    pub guidance_scale: f32,
    /// The seed: as it was given, or the one that was drawn at random, which is below 2^32.
    pub seed: u64,
    /// Scheduler.
    pub scheduler: [c_char; 32],
    /// Size of the latents, whose numbers are `[latent_channels][latent_height][latent_width]`.
    pub latent_channels: i32,
    /// See `latent_channels`.
    pub latent_width: i32,
    /// See `latent_channels`.
    pub latent_height: i32,
    /// 0.
    pub reserved: i32,
}
c_struct!(scumble_generation_info, 88);

/// Fills a descriptor with the defaults that its fields document.
///
/// `desc` (not NULL): written, no more than `size` bytes. `size`:
/// `sizeof(scumble_generation_desc)`. `abi_version`: `SCUMBLE_ABI_VERSION`. Errors:
/// `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`, `ABI_MISMATCH`.
///
/// Any thread, any time.
///
/// # Safety
/// `desc` is NULL or points to `size` bytes.
#[no_mangle]
pub unsafe extern "C" fn scumble_generation_desc_init(
    desc: *mut scumble_generation_desc,
    size: usize,
    abi_version: u32,
) -> Status {
    // SAFETY: the caller's promise.
    call("scumble_generation_desc_init", || unsafe { desc::init(desc, size, abi_version, request::defaults) })
}

/// Creates a generation of a prompt. Nothing is computed yet: images and latents are copied, which is all that takes time
/// here; they are looked at with the first evaluation.
///
/// `desc` (not NULL): only read during the call. `generation` (not NULL): receives the handle, to
/// be given back with `scumble_generation_destroy`; untouched on failure. The generation keeps the
/// prompt and the context's model. Errors: `INVALID_HANDLE`, `INVALID_ARGUMENT`,
/// `INVALID_STRUCT_SIZE`, `UNSUPPORTED_FIELD`, `INVALID_UTF8`, `LIMIT_EXCEEDED`, `BUFFER_TOO_SMALL` (of
/// a picture), `OUT_OF_MEMORY`, `NOT_SUPPORTED`, `CANCELLED` (while
/// `scumble_shutdown` is in progress), `MODEL_INVALID` and `MODEL_UNSUPPORTED` (what the
/// model's `scheduler_config.json` says does not suit the scheduler that was asked for).
///
/// Any thread.
///
/// # Safety
/// `desc` is NULL or points to `struct_size` bytes; `generation` is NULL or points to a pointer.
#[no_mangle]
pub unsafe extern "C" fn scumble_generation_create(
    prompt: *const scumble_prompt,
    desc: *const scumble_generation_desc,
    generation: *mut *mut scumble_generation,
) -> Status {
    call("scumble_generation_create", || {
        let prompt = handle::get(prompt)?;
        boundary::not_null(generation, "generation")?;
        // SAFETY: the caller's promise.
        let (request, preview) = unsafe { request::read(desc) }?;
        let created = Generation::create(&prompt, &request, &preview)?;
        // SAFETY: as above.
        unsafe { boundary::write(generation, "generation", handle::insert(created)?) }
    })
}

/// Lets the context's thread paint the picture and returns at once. Generations of one context
/// take turns, one UNet evaluation each.
///
/// Errors: `INVALID_HANDLE`, `WRONG_STATE` (started or stepped already, or its prompt is to be
/// encoded manually and is not), and that with which the generation ended before: one of those of
/// `scumble_generation_error`.
///
/// Any thread, one at a time for a generation.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_generation_start(generation: *const scumble_generation) -> Status {
    call("scumble_generation_start", || handle::get(generation)?.start())
}

/// How far the generation is. Costs microseconds and never waits for the computation.
///
/// `progress` (not NULL): filled. The answer is whether the call succeeded; how the generation
/// fares stands in `progress`: it has ended when its `phase` is `SCUMBLE_PHASE_DONE` or greater. Errors: `INVALID_HANDLE`, `INVALID_ARGUMENT`,
/// `INVALID_STRUCT_SIZE`.
///
/// Any thread, any time.
///
/// # Safety
/// `progress` is NULL or points to `struct_size` bytes.
#[no_mangle]
pub unsafe extern "C" fn scumble_generation_poll(
    generation: *const scumble_generation,
    progress: *mut scumble_progress,
) -> Status {
    call("scumble_generation_poll", || {
        let snapshot = handle::get(generation)?.poll();
        // SAFETY: the caller's promise.
        unsafe {
            desc::write(progress, "progress", |struct_size| scumble_progress {
                struct_size,
                phase: snapshot.phase as i32,
                step: snapshot.step as i32,
                steps: snapshot.steps as i32,
                evaluation: snapshot.evaluation as i32,
                evaluations: snapshot.evaluations as i32,
                previews: snapshot.previews as u32,
                spent_ms: milliseconds(snapshot.spent),
                left_ms: snapshot.left.map_or(-1.0, milliseconds),
                denoise_ms: milliseconds(snapshot.denoise),
                decode_ms: milliseconds(snapshot.decode),
                status: snapshot.status as i32,
                paused: i32::from(snapshot.paused),
                priority: snapshot.priority as i32,
                preview_ms: milliseconds(snapshot.preview),
            })
        }
    })
}

/// Waits until the generation is done, failed or cancelled.
///
/// `timeout_ms`: how long; negative for ever, 0 not at all. `OK` when the picture is there,
/// `SCUMBLE_STATUS_TIMEOUT` while it is not, and when it was cancelled or failed one of those of
/// `scumble_generation_error`. Besides these: `WRONG_STATE` (not started).
///
/// Any thread. This call blocks.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_generation_wait(generation: *const scumble_generation, timeout_ms: i32) -> Status {
    call("scumble_generation_wait", || handle::get(generation)?.wait(timeout(timeout_ms)))
}

/// Ends the generation: what computes for it stops between two operators of the model, and its
/// phase is `SCUMBLE_PHASE_CANCELLED` at once. The preview that is there can still be read. Does
/// nothing when it is done or failed.
///
/// Errors: `INVALID_HANDLE`.
///
/// Any thread, any time.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_generation_cancel(generation: *const scumble_generation) -> Status {
    call("scumble_generation_cancel", || {
        handle::get(generation)?.cancel();
        Ok(())
    })
}

/// Pauses a generation that was started: the context's thread takes no further turn with it, and goes
/// on with others. The evaluation that is being computed is finished; nothing is lost. Does nothing
/// when it is paused already, or has ended. A paused generation ends by `_cancel`, `_destroy` and
/// `scumble_shutdown` as any other.
///
/// Errors: `INVALID_HANDLE`, `WRONG_STATE` (not started: what is stepped by hand pauses by itself).
///
/// Any thread, any time.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_generation_pause(generation: *const scumble_generation) -> Status {
    call("scumble_generation_pause", || handle::get(generation)?.pause())
}

/// Lets a paused generation go on: its picture is the same as if it had never paused. Does nothing
/// when it is not paused, or has ended.
///
/// Errors: `INVALID_HANDLE`, `WRONG_STATE` (not started).
///
/// Any thread, any time.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_generation_resume(generation: *const scumble_generation) -> Status {
    call("scumble_generation_resume", || handle::get(generation)?.resume())
}

/// What the generation paints.
///
/// `info` (not NULL): filled. Errors: `INVALID_HANDLE`, `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`.
///
/// Any thread, any time.
///
/// # Safety
/// `info` is NULL or points to `struct_size` bytes.
#[no_mangle]
pub unsafe extern "C" fn scumble_generation_get_info(
    generation: *const scumble_generation,
    info: *mut scumble_generation_info,
) -> Status {
    call("scumble_generation_get_info", || {
        let generation = handle::get(generation)?;
        let plan = generation.plan();
        let (preview_width, preview_height) = generation.preview_size().unwrap_or((0, 0));
        // SAFETY: the caller's promise.
        unsafe {
            desc::write(info, "info", |struct_size| scumble_generation_info {
                struct_size,
                width: plan.width as i32,
                height: plan.height as i32,
                preview_width: preview_width as i32,
                preview_height: preview_height as i32,
                steps: (plan.steps - plan.skipped) as i32,
                evaluations: generation.evaluations() as i32,
                guidance_scale: plan.guidance_scale,
                seed: plan.seed,
                scheduler: desc::fixed_text(plan.sampler.name()),
                latent_channels: plan.latents[0] as i32,
                latent_height: plan.latents[1] as i32,
                latent_width: plan.latents[2] as i32,
                reserved: 0,
            })
        }
    })
}

/// Why the generation failed or that it was cancelled: answers its status and makes its text this
/// thread's `scumble_last_error`. `OK` when there is no error.
///
/// Errors: `CANCELLED`, `NOT_FINITE`, `INVALID_ARGUMENT` (of the values of images, a mask or latents, which the first
/// evaluation looks at), and those of `scumble_prompt_poll`, since it fails when its prompt does, and a part of the model
/// that was unloaded is loaded again first. Besides these: `INVALID_HANDLE`.
///
/// Any thread, any time.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_generation_error(generation: *const scumble_generation) -> Status {
    call("scumble_generation_error", || match handle::get(generation)?.error() {
        Some(error) => Err(error),
        None => Ok(()),
    })
}

/// By hand: evaluates the UNet once, on the calling thread. Its prompt must be encoded. The first
/// evaluation of a generation that starts from a picture encodes that too. When all
/// evaluations are done, `scumble_generation_decode` is next.
///
/// `left` (may be NULL): receives how many evaluations are left. `SCUMBLE_STATUS_BUSY` at once when
/// the model computes for somebody else, `SCUMBLE_STATUS_NOT_READY` when the prompt is not encoded
/// yet; then nothing has changed. Errors: `WRONG_STATE` (started, or all evaluations are done), and
/// those of `scumble_generation_error`: a failure ends the generation.
///
/// Any thread, one at a time for a generation. This call computes.
///
/// # Safety
/// `left` is NULL or points to an `int32_t`.
#[no_mangle]
pub unsafe extern "C" fn scumble_generation_step(generation: *const scumble_generation, left: *mut i32) -> Status {
    call("scumble_generation_step", || {
        let generation = handle::get(generation)?;
        let evaluations = stack::with_room(|| generation.step())?;
        if left.is_null() {
            return Ok(());
        }
        // SAFETY: the caller's promise.
        unsafe { boundary::write(left, "left", evaluations as i32) }
    })
}

/// Manually: decodes the finished latents, on the calling thread. Also when decoding them has failed for want of memory, of
/// a device or within ONNX Runtime, on whatever thread and as often as wanted: such a generation keeps its latents until
/// it is destroyed, and goes back to `SCUMBLE_PHASE_DECODING` here. (Each try, also the context's thread's, decodes the image whole, then in
/// tiles, then on the CPU, until one of these succeeds.)
///
/// `SCUMBLE_STATUS_BUSY` at once when the model computes for somebody else. Errors: `WRONG_STATE`
/// (started, evaluations are left, or decoded already), and those of `scumble_generation_error`: a
/// failure ends the generation.
///
/// Any thread, one at a time for a generation. This call computes.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_generation_decode(generation: *const scumble_generation) -> Status {
    call("scumble_generation_decode", || {
        let generation = handle::get(generation)?;
        stack::with_room(|| generation.decode())
    })
}

/// Copies the finished picture or the latest preview into the caller's memory, as often as wanted.
/// Never waits for the computation. When the picture is done its previews are gone, and the picture is read in their
/// place: each pixel the nearest, where a preview is of another size. Floats have 256 levels, unless
/// `SCUMBLE_GENERATION_KEEP_FLOATS` is set.
///
/// `source`: a `scumble_source`. `image` (not NULL): describes the memory; its width and height must
/// be those that `scumble_generation_get_info` tells. `SCUMBLE_STATUS_EMPTY` when the picture or
/// preview is not there yet. Errors: `INVALID_HANDLE`, `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`,
/// `UNSUPPORTED_FIELD`, `BUFFER_TOO_SMALL`, `OUT_OF_MEMORY`, `WRONG_STATE` (it makes no previews), and that with which
/// the generation ended before: one of those of `scumble_generation_error`. On failure nothing is written.
///
/// Any thread, any time.
///
/// # Safety
/// `image` is NULL or points to `struct_size` bytes, and its `pixels` to `pixels_size` bytes.
#[no_mangle]
pub unsafe extern "C" fn scumble_generation_read_image(
    generation: *const scumble_generation,
    source: i32,
    image: *const scumble_image,
) -> Status {
    call("scumble_generation_read_image", || {
        let generation = handle::get(generation)?;
        let source = match source {
            0 => Source::Final,
            1 => Source::Preview,
            other => bail!(InvalidArgument, "source is {other}; expected a scumble_source (0 or 1)"),
        };
        // SAFETY: the caller's promise.
        let target = unsafe { Checked::read(image, "image") }?;
        let picture = generation.picture(source)?;
        // SAFETY: as above.
        unsafe { target.fill(&picture) }
    })
}

/// Copies the latents as the last evaluation left them, after any evaluation. They are diffusers' (`output_type="latent"`
/// at the end, `callback_on_step_end` on the way): of the VAE, multiplied by its `scaling_factor`, and until the last
/// evaluation with noise, as the scheduler has it. Never waits for the computation.
///
/// `latents` (not NULL): receives `[latent_channels][latent_height][latent_width]` floats, whose numbers
/// `scumble_generation_get_info` tells. `count`: how many floats there is room for; no fewer than that.
/// `SCUMBLE_STATUS_EMPTY` before the first evaluation is done. Those of a finished image are there with
/// `SCUMBLE_GENERATION_KEEP_LATENTS` alone, else `WRONG_STATE`; those of one that failed always, those of one that was
/// cancelled with the flag. Errors: `INVALID_HANDLE`, `INVALID_ARGUMENT`, `BUFFER_TOO_SMALL`, and those of
/// `scumble_generation_error`, with which the generation ended. On failure nothing is written.
///
/// Any thread, any time.
///
/// # Safety
/// `latents` is NULL or points to `count` floats.
#[no_mangle]
pub unsafe extern "C" fn scumble_generation_read_latents(
    generation: *const scumble_generation,
    latents: *mut f32,
    count: u64,
) -> Status {
    call("scumble_generation_read_latents", || {
        let generation = handle::get(generation)?;
        // Empty arrays of other languages have no address: their size tells more.
        if count > 0 {
            boundary::not_null(latents, "latents")?;
        }
        let needed = generation.plan().latents.iter().product::<usize>();
        if count < needed as u64 {
            bail!(BufferTooSmall, "count is {count}; expected at least {needed}");
        }
        let found = generation.latents()?;
        // SAFETY: the caller's promise, and no more than that is taken.
        let target = unsafe { std::slice::from_raw_parts_mut(latents, needed) };
        target.iter_mut().zip(found.iter()).for_each(|(to, from)| *to = *from);
        Ok(())
    })
}

/// Gives the generation back. It is cancelled if it is not done. Never blocks.
///
/// Errors: `INVALID_HANDLE`, also for NULL.
///
/// Any thread, any time.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_generation_destroy(generation: *mut scumble_generation) -> Status {
    call("scumble_generation_destroy", || {
        handle::remove(generation)?.cancel();
        Ok(())
    })
}
