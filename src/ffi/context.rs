//! The context: a loaded model.

use std::ffi::c_char;
use std::path::PathBuf;
use std::ptr;

use super::boundary::{self, call, milliseconds, timeout};
use super::desc::{self, c_struct};
use super::{auto, handle, scumble_context, SCUMBLE_AUTO};
use crate::context::Context;
use crate::error::{bail, Result, Status};
use crate::limits::{self, MAX_CONTROLNETS, MAX_NAME, MAX_OPTIONS, MAX_PATH};
use crate::model::{Device, Features, Held, Options, Places, Seamless, Weights};
use crate::pace::Pace;
use crate::priority::{Priority, ThreadGroup};
use crate::runtime;

/// What a context is created from. Fill it with `scumble_context_desc_init`, then set `model_path`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct scumble_context_desc {
    /// `sizeof(scumble_context_desc)`.
    pub struct_size: u32,
    /// Threads that compute, the context's own one counted: 1 to 256. Default `SCUMBLE_AUTO`: half
    /// of the machine's. They sleep when there is nothing to do.
    pub threads: i32,
    /// Directory of the model, UTF-8, at most 32 KiB: `text_encoder/`, `unet/`, `vae_decoder/`,
    /// `tokenizer/` and, where there, `text_encoder_2/`, `tokenizer_2/`, `vae_encoder/`, `controlnet/`,
    /// `vae_decoder_tiny/` and `scheduler/`, as diffusers' ONNX exporter and optimum lay them out.
    /// Default NULL, which is not allowed.
    pub model_path: *const c_char,
    /// Where to run: a `device` of `scumble_device_info`, such as "cpu" or "cuda:0", at most 256 bytes. One that is
    /// not there or does not work ends loading with `DEVICE_NOT_FOUND`: nothing else is taken in its place.
    /// Default NULL, or "auto": the first usable one of CUDA, DirectML and WebGPU that is a GPU, else the CPU. The
    /// others build engines of a model for minutes, or run parts of it, and have to be named.
    pub device: *const c_char,
    /// Which of several ONNX files of a part to take: UTF-8, at most 256 bytes. "fp16" is `unet/fp16/model.onnx`,
    /// `unet/model_fp16.onnx`, `unet/model.fp16.onnx` or `unet/fp16.onnx`; a name that ends with `.onnx` is a file of
    /// that name. A part that has none of these is taken as by default. Default NULL: `model.onnx` of each part, or
    /// else that of its folder `fp32` or `fp16`.
    pub variant: *const c_char,
    /// Directories of ControlNets (each with a `model.onnx`) or their ONNX files, besides
    /// `controlnet/` in the model directory: an array of `controlnet_count` paths, UTF-8, at most
    /// 32 KiB each. Default NULL. They are numbered in this order; the model's own comes first.
    pub controlnet_paths: *const *const c_char,
    /// How many paths that is: 0 to 16. Default 0.
    pub controlnet_count: u32,
    /// A `scumble_priority`: see `scumble_context_set_priority`. Default `SCUMBLE_PRIORITY_NORMAL`.
    pub priority: i32,
    /// How the model's weights are kept: a `scumble_weights`. Default `SCUMBLE_WEIGHTS_AUTO`.
    pub weights: i32,
    /// Which edges of its pictures match, so that they tile as textures: 0, `SCUMBLE_SEAMLESS_X`,
    /// `SCUMBLE_SEAMLESS_Y` or both. Default 0. Loading ends with `MODEL_UNSUPPORTED` where the model's
    /// graphs cannot be changed so.
    pub seamless: u32,
    /// The most memory that the context may take, in bytes: weights, what is computed, and 56 MiB for the
    /// rest. Default 0: no limit. What does not fit at once is loaded when its turn comes and unloaded
    /// after, the two halves of a guided step are computed one after the other, and pictures are decoded in
    /// tiles. What does not fit even so is refused with `SCUMBLE_STATUS_OUT_OF_MEMORY` before it is tried:
    /// by the poll of the context, or when a generation of that size is created. Weights that are mapped
    /// count for every context that maps them.
    pub memory_budget: u64,
    /// Settings of the device's provider, by the names that ONNX Runtime gives them: "key=value; key=value", UTF-8, at
    /// most 4 KiB. Default NULL: for CUDA `use_tf32=0`, `cudnn_conv_algo_search=HEURISTIC`,
    /// `arena_extend_strategy=kSameAsRequested`, and `gpu_mem_limit` of `memory_budget`; for the others
    /// ONNX Runtime's. Of use are `trt_engine_cache_enable=1; trt_engine_cache_path=…` of TensorRT,
    /// `nv_runtime_cache_path=…` of TensorRT-RTX, `preferredLayout=NCHW` of WebGPU, `device_type=GPU; cache_dir=…` of
    /// OpenVINO, `MLComputeUnits=CPUAndGPU` of CoreML. The CPU and DirectML take none.
    ///
    /// `enable_cuda_graph=1` of CUDA and TensorRT-RTX, `trt_cuda_graph_enable=1` of TensorRT and `enableGraphCapture=1`
    /// of WebGPU have the UNet's runs recorded once and played again: a step is then one launch instead of a thousand,
    /// and a cancel acts after the step. Sizes are fixed: the first step of each other size, of one with guidance after
    /// one without, and after a cancel, loads the UNet anew; so use it where one size is painted. A UNet that takes
    /// ControlNets is not recorded (the log says so); one of which the device does not compute all is refused by its
    /// first step with `SCUMBLE_STATUS_NOT_SUPPORTED`.
    pub device_options: *const c_char,
    /// Further folders that links in the model directory, or in a ControlNet's, may lead into, so that models can
    /// share parts: an array of `model_root_count` paths, UTF-8, at most 32 KiB each. Default NULL: a link that leads
    /// out of the directory is refused with `SCUMBLE_STATUS_MODEL_INVALID`, but for those of Hugging Face's cache.
    /// What lies in these folders is trusted no more than the model itself.
    pub model_roots: *const *const c_char,
    /// How many paths that is: 0 to 16. Default 0.
    pub model_root_count: u32,
    /// 0.
    pub reserved: u32,
}
c_struct!(scumble_context_desc, 88);

/// A flag of `scumble_context_desc`: the left edge of a picture goes on at the right one.
pub const SCUMBLE_SEAMLESS_X: u32 = 1;
/// A flag of `scumble_context_desc`: the upper edge of a picture goes on at the lower one.
pub const SCUMBLE_SEAMLESS_Y: u32 = 2;

/// A loaded model.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct scumble_context_info {
    /// `sizeof(scumble_context_info)`, set by the caller.
    pub struct_size: u32,
    /// The size in pixels that the model was trained at, and the default of a generation.
    pub width: i32,
    /// See `width`.
    pub height: i32,
    /// Widths and heights must be multiples of this: pixels per latent, times what the UNet's levels halve latents by.
    /// 64 for Stable Diffusion 1 and 2, 32 for SDXL.
    pub size_multiple: i32,
    /// Channels of the latents.
    pub latent_channels: i32,
    /// The longest prompt in tokens, begin and end not counted. What is longer is cut off.
    pub token_limit: i32,
    /// The most steps that a generation can have.
    pub max_steps: i32,
    /// Default steps of a generation.
    pub default_steps: i32,
    /// Default guidance scale of a generation.
    pub default_guidance_scale: f32,
    /// How long loading took, in milliseconds.
    pub load_ms: f32,
    /// The name of the model's directory.
    pub model: [c_char; 96],
    /// What kind of Stable Diffusion it is: "sd1", "sd2" or "sdxl".
    pub family: [c_char; 16],
    /// What it can do besides text-to-image: `SCUMBLE_FEATURE_…` flags.
    pub features: u32,
    /// How many ControlNets are loaded.
    pub controlnets: i32,
    /// Bytes that the text encoders hold at this moment: weights, and what they compute in. 0 while they are
    /// unloaded. The same of the other parts follows.
    pub text_encoder_bytes: u64,
    /// The UNet's.
    pub unet_bytes: u64,
    /// The autoencoder's, both halves of it.
    pub vae_bytes: u64,
    /// The ControlNets', all of them.
    pub controlnet_bytes: u64,
    /// Which edges of its pictures match: `SCUMBLE_SEAMLESS_…` flags, as they were given.
    pub seamless: u32,
    /// 0.
    pub reserved: u32,
    /// What it runs on: a `device` of `scumble_device_info`.
    pub device: [c_char; 32],
    /// What that adapter calls itself.
    pub device_name: [c_char; 128],
}
c_struct!(scumble_context_info, 360);

/// A flag of `scumble_context_info`: generations can start from a picture and repaint parts of it,
/// since there is a `vae_encoder/`.
pub const SCUMBLE_FEATURE_PICTURES: u32 = 1;
/// A flag of `scumble_context_info`: the model was trained to repaint. Its generations need a
/// picture and a mask.
pub const SCUMBLE_FEATURE_INPAINTING: u32 = 2;
/// A flag of `scumble_context_info`: prompts may set `clip_skip`, since the text encoder gives its
/// hidden states.
pub const SCUMBLE_FEATURE_CLIP_SKIP: u32 = 4;
/// A flag of `scumble_context_info`: a consistency model, which takes the guidance scale as an input.
/// Negative texts do not count, and a step costs one evaluation whatever the scale.
pub const SCUMBLE_FEATURE_EMBEDDED_GUIDANCE: u32 = 8;
/// A flag of `scumble_context_info`: there is a `vae_decoder_tiny/`, which makes previews
/// (`SCUMBLE_PREVIEW_TINY`).
pub const SCUMBLE_FEATURE_TINY_DECODER: u32 = 16;

/// Fills a descriptor with the defaults that its fields document.
///
/// `desc` (not NULL): written, no more than `size` bytes. `size`: `sizeof(scumble_context_desc)`.
/// `abi_version`: `SCUMBLE_ABI_VERSION`. Errors: `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`,
/// `ABI_MISMATCH`.
///
/// Any thread, any time.
///
/// # Safety
/// `desc` is NULL or points to `size` bytes.
#[no_mangle]
pub unsafe extern "C" fn scumble_context_desc_init(
    desc: *mut scumble_context_desc,
    size: usize,
    abi_version: u32,
) -> Status {
    // SAFETY: the caller's promise.
    call("scumble_context_desc_init", || unsafe { desc::init(desc, size, abi_version, defaults) })
}

fn defaults(struct_size: u32) -> scumble_context_desc {
    scumble_context_desc {
        struct_size,
        threads: SCUMBLE_AUTO,
        model_path: ptr::null(),
        device: ptr::null(),
        variant: ptr::null(),
        controlnet_paths: ptr::null(),
        controlnet_count: 0,
        priority: Priority::Normal as i32,
        weights: Weights::Auto as i32,
        seamless: 0,
        memory_budget: 0,
        device_options: ptr::null(),
        model_roots: ptr::null(),
        model_root_count: 0,
        reserved: 0,
    }
}

/// Creates a context and returns at once; the context's own thread loads the model. Poll it or
/// wait for it; until it is ready, creating a prompt answers `SCUMBLE_STATUS_NOT_READY`.
///
/// `desc` (not NULL): only read during the call. `context` (not NULL): receives the handle, to be
/// given back with `scumble_context_destroy`; untouched on failure. Errors: `INVALID_ARGUMENT`,
/// `INVALID_STRUCT_SIZE`, `UNSUPPORTED_FIELD`, `INVALID_UTF8`, `LIMIT_EXCEEDED`,
/// `DEVICE_NOT_FOUND` (a name that is none), `NOT_SUPPORTED` (options that the device has not),
/// `OUT_OF_MEMORY` (no thread can be started, too), `CANCELLED` (while `scumble_shutdown` is in progress). What is
/// wrong with the model, the device or ONNX Runtime shows when the context is polled.
///
/// Any thread.
///
/// # Safety
/// `desc` is NULL or points to `struct_size` bytes; `context` is NULL or points to a pointer.
#[no_mangle]
pub unsafe extern "C" fn scumble_context_create(
    desc: *const scumble_context_desc,
    context: *mut *mut scumble_context,
) -> Status {
    call("scumble_context_create", || {
        boundary::not_null(context, "context")?;
        // SAFETY: the caller's promise; the texts are the caller's too.
        let (desc, path, device, device_options, variant, controlnets, roots) = unsafe {
            let desc = desc::read(desc, "desc", defaults(0))?;
            let path = boundary::text(desc.model_path, "model_path", MAX_PATH)?;
            let device = boundary::optional_text(desc.device, "device", MAX_NAME)?;
            let device_options = boundary::optional_text(desc.device_options, "device_options", MAX_OPTIONS)?;
            let variant = boundary::optional_text(desc.variant, "variant", MAX_NAME)?;
            let controlnets = paths("controlnet", "controlnet_paths", desc.controlnet_paths, desc.controlnet_count)?;
            let roots = paths("model_root", "model_roots", desc.model_roots, desc.model_root_count)?;
            (desc, path, device, device_options, variant, controlnets, roots)
        };
        if desc.reserved != 0 {
            bail!(UnsupportedField, "reserved is {}; expected 0", desc.reserved);
        }
        handle::refuse_shutdown()?;
        let group = ThreadGroup::new(priority_of(desc.priority)?);
        let options = Options {
            device: Device { group, ..device_of(device, device_options, desc.threads)? },
            weights: weights_of(desc.weights)?,
            memory_budget: Some(desc.memory_budget).filter(|bytes| *bytes > 0),
            seamless: seamless_of(desc.seamless)?,
        };
        let places = Places { model: PathBuf::from(path), variant: variant.map(str::to_owned), controlnets, roots };
        let created = Context::open(places, options)?;
        // SAFETY: as above.
        unsafe { boundary::write(context, "context", handle::insert(created)?) }
    })
}

fn features(features: Features) -> u32 {
    [
        (features.images, SCUMBLE_FEATURE_PICTURES),
        (features.inpainting, SCUMBLE_FEATURE_INPAINTING),
        (features.clip_skip > 0, SCUMBLE_FEATURE_CLIP_SKIP),
        (features.embeds_guidance, SCUMBLE_FEATURE_EMBEDDED_GUIDANCE),
        (features.tiny_decoder, SCUMBLE_FEATURE_TINY_DECODER),
    ]
    .into_iter()
    .filter_map(|(has, flag)| has.then_some(flag))
    .sum()
}

fn seamless_of(flags: u32) -> Result<Seamless> {
    if flags & !(SCUMBLE_SEAMLESS_X | SCUMBLE_SEAMLESS_Y) != 0 {
        bail!(
            InvalidArgument,
            "seamless is {flags:#x}; expected 0, SCUMBLE_SEAMLESS_X (1), SCUMBLE_SEAMLESS_Y (2) or both"
        );
    }
    Ok(Seamless { x: flags & SCUMBLE_SEAMLESS_X != 0, y: flags & SCUMBLE_SEAMLESS_Y != 0 })
}

fn seamless_flags(seamless: Seamless) -> u32 {
    u32::from(seamless.x) * SCUMBLE_SEAMLESS_X + u32::from(seamless.y) * SCUMBLE_SEAMLESS_Y
}

/// # Safety
/// The array has so many paths.
unsafe fn paths(name: &str, array: &'static str, paths: *const *const c_char, count: u32) -> Result<Vec<PathBuf>> {
    limits::count(&format!("{name}_count"), count as usize, MAX_CONTROLNETS)?;
    if count > 0 {
        boundary::not_null(paths, array)?;
    }
    let path = |i: u32| {
        // SAFETY: the caller's promise.
        let path = unsafe { boundary::text(*paths.add(i as usize), array, MAX_PATH) };
        path.map(PathBuf::from).map_err(|error| error.within(format_args!("entry {i}")))
    };
    (0..count).map(path).collect()
}

fn weights_of(value: i32) -> Result<Weights> {
    match value {
        0 => Ok(Weights::Auto),
        1 => Ok(Weights::Repacked),
        2 => Ok(Weights::Mapped),
        other => bail!(InvalidArgument, "weights is {other}; expected a scumble_weights, 0 to 2"),
    }
}

fn device_of(name: Option<&str>, options: Option<&str>, threads: i32) -> Result<Device> {
    let default = Device::default();
    Ok(Device {
        threads: auto(threads).map_or(Ok(default.threads), |threads| limits::threads(threads.into()))?,
        place: name.filter(|name| *name != "auto").map(str::parse).transpose()?,
        provider_options: runtime::parse_options(options.unwrap_or_default())?,
        ..default
    })
}

fn priority_of(value: i32) -> Result<Priority> {
    match value {
        -1 => Ok(Priority::Background),
        0 => Ok(Priority::Normal),
        1 => Ok(Priority::High),
        other => bail!(InvalidArgument, "priority is {other}; expected a scumble_priority (-1, 0 or 1)"),
    }
}

/// Whether the model is loaded: `OK` when it is, `SCUMBLE_STATUS_NOT_READY` while it is not, and
/// the error of loading when it failed: `RUNTIME_…`, `MODEL_…`, `DEVICE_NOT_FOUND`,
/// `INVALID_ARGUMENT` (the model has no such `variant`), `NOT_SUPPORTED` (the device cannot run this
/// model, or not with these options), `OUT_OF_MEMORY`, `OUT_OF_DEVICE_MEMORY`, `DEVICE_LOST`,
/// `CANCELLED`, `PANIC`. Besides these: `INVALID_HANDLE`.
///
/// Any thread, any time.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_context_poll(context: *const scumble_context) -> Status {
    call("scumble_context_poll", || handle::get(context)?.loaded().map(drop))
}

/// Waits until the model is loaded or loading failed.
///
/// `timeout_ms`: how long; negative for ever, 0 not at all. `SCUMBLE_STATUS_TIMEOUT` while it is
/// still loading. Errors: those of `scumble_context_poll`.
///
/// Any thread. This call blocks.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_context_wait(context: *const scumble_context, timeout_ms: i32) -> Status {
    call("scumble_context_wait", || handle::get(context)?.wait(timeout(timeout_ms)).map(drop))
}

/// Describes a loaded model.
///
/// `info` (not NULL): filled. `SCUMBLE_STATUS_NOT_READY` while the context is loading. Errors: those
/// of `scumble_context_poll`, `INVALID_ARGUMENT`, `INVALID_STRUCT_SIZE`.
///
/// Any thread, any time.
///
/// # Safety
/// `info` is NULL or points to `struct_size` bytes.
#[no_mangle]
pub unsafe extern "C" fn scumble_context_get_info(
    context: *const scumble_context,
    info: *mut scumble_context_info,
) -> Status {
    call("scumble_context_get_info", || {
        let context = handle::get(context)?;
        // SAFETY: the caller's promise.
        unsafe { desc::check_output(info, "info") }?;
        let loaded = context.loaded()?;
        let model = &loaded.info;
        let memory = &model.memory;
        let bytes = |parts: &[Held]| parts.iter().map(Held::bytes).sum();
        // SAFETY: as above.
        unsafe {
            desc::write(info, "info", |struct_size| scumble_context_info {
                struct_size,
                width: model.width as i32,
                height: model.height as i32,
                size_multiple: model.size_multiple as i32,
                latent_channels: model.latent_channels as i32,
                token_limit: model.token_limit as i32 - 2,
                max_steps: model.scheduler.train_timesteps() as i32,
                default_steps: model.defaults.steps as i32,
                default_guidance_scale: model.defaults.guidance_scale,
                load_ms: milliseconds(loaded.time),
                model: desc::fixed_text(&model.name),
                family: desc::fixed_text(model.family.name()),
                features: features(model.features),
                controlnets: model.features.controlnets as i32,
                text_encoder_bytes: bytes(&memory.text_encoders),
                unet_bytes: memory.unet.bytes(),
                vae_bytes: bytes(&memory.vae),
                controlnet_bytes: bytes(&memory.controlnets),
                seamless: seamless_flags(model.seamless),
                reserved: 0,
                device: desc::fixed_text(&loaded.info.device.place.to_string()),
                device_name: desc::fixed_text(&loaded.info.device.name),
            })
        }
    })
}

/// Slows the context's thread down, so that a game has more of the machine while a picture grows.
///
/// `share`: how much of its time the thread may be busy, more than 0 up to 1, the default. After a
/// prompt, a UNet evaluation or a decoded picture that took T milliseconds it rests T · (1 / share - 1)
/// before the next, a minute at most. What is being computed goes on; a rest that goes on gets longer
/// or shorter at once. Loading and what is done by hand are not paced, and no rest delays `_cancel`,
/// `_destroy` or `scumble_shutdown`. Errors: `INVALID_HANDLE`, `INVALID_ARGUMENT`.
///
/// Any thread, any time.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_context_set_pace(context: *const scumble_context, share: f32) -> Status {
    call("scumble_context_set_pace", || {
        handle::get(context)?.set_pace(Pace::new(share)?);
        Ok(())
    })
}

/// Gives memory back, between the levels of a game: the context's own thread unloads the weights and frees
/// what they were computed with. Prompts and generations stay; whichever computes next loads what it needs
/// again, which takes as long as `load_ms` at most. Work that is going on is not interrupted: memory is given
/// back when it is this call's turn, behind what was begun before.
///
/// `SCUMBLE_STATUS_NOT_READY` while the context is loading. Errors: those of `scumble_context_poll`. How
/// much is held tells `scumble_context_get_info`.
///
/// Any thread, any time.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_context_trim(context: *const scumble_context) -> Status {
    call("scumble_context_trim", || handle::get(context)?.trim())
}

/// Changes how urgent the context's threads are to the operating system: the one that loads, encodes and
/// paints, and those that help it, also with what is done by hand. The host's own threads stay as they are.
///
/// `priority`: a `scumble_priority`. It is in force at once, as far as the system allows; `scumble_progress`
/// tells which one is. Linux lets every process lower a priority, but raise one, even back to
/// `SCUMBLE_PRIORITY_NORMAL`, only with the right to do so (CAP_SYS_NICE, or RLIMIT_NICE of 20, for
/// `SCUMBLE_PRIORITY_HIGH` of 25). A refusal is no error. In the background work may stand still while others
/// use every core; whoever computes by hand then waits for the helpers. Errors: `INVALID_HANDLE`,
/// `INVALID_ARGUMENT`.
///
/// Any thread, any time.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_context_set_priority(context: *const scumble_context, priority: i32) -> Status {
    call("scumble_context_set_priority", || {
        handle::get(context)?.set_priority(priority_of(priority)?);
        Ok(())
    })
}

/// Gives the context back. Loading is cancelled; prompts and generations that use the context keep
/// the model until they are gone too. Never blocks: the model is unloaded by its own thread.
///
/// Errors: `INVALID_HANDLE`, also for NULL.
///
/// Any thread, any time.
///
/// # Safety
/// None is needed: a handle is never dereferenced.
#[no_mangle]
pub unsafe extern "C" fn scumble_context_destroy(context: *mut scumble_context) -> Status {
    call("scumble_context_destroy", || {
        handle::remove(context)?.cancel();
        Ok(())
    })
}
