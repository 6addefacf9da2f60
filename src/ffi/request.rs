//! What a generation is created from: the descriptor of C, as a request.

use std::ffi::c_char;
use std::ptr;
use std::sync::Arc;

use super::boundary;
use super::desc::{self, c_struct};
use super::image::{scumble_image, Checked};
use super::{auto, SCUMBLE_AUTO, SCUMBLE_SEED_RANDOM};
use crate::diffusion::{ControlRequest, Request};
use crate::error::{bail, Result};
use crate::generation::{Preview, PreviewSource};
use crate::image::{Pixels, MAX_SIDE};
use crate::limits::{self, MAX_CONTROLNETS, MAX_NAME};
use crate::log::{self, LogLevel};
use crate::memory;

/// What a generation is created from. Fill it with `scumble_generation_desc_init`, then change
/// what shall not be the model's default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct scumble_generation_desc {
    /// `sizeof(scumble_generation_desc)`.
    pub struct_size: u32,
    /// Width in pixels: a multiple of `size_multiple` of `scumble_context_info`, at most 8192.
    /// Default `SCUMBLE_AUTO`: the model's.
    pub width: i32,
    /// Height in pixels: likewise.
    pub height: i32,
    /// Steps of the scheduler: 1 to `max_steps`. Default `SCUMBLE_AUTO`: the model's.
    pub steps: i32,
    /// How strongly the prompt counts against the negative text: 0 to 1000. Up to 1 the negative
    /// text does not count, and a step costs half. Default `SCUMBLE_AUTO`: the model's.
    pub guidance_scale: f32,
    /// A preview after every so many UNet evaluations, of the picture as they predict it. One with values
    /// that are not finite is left out, and the log tells. Default 0: none.
    pub preview_every: i32,
    /// Width of previews in pixels, 1 to 8192. Default `SCUMBLE_AUTO`: the picture's.
    pub preview_width: i32,
    /// Height of previews: likewise.
    pub preview_height: i32,
    /// Seed of the noise, any number of 64 bits. The same seed gives the same image; only its low 32 bits count,
    /// as in `torch`. Default `SCUMBLE_SEED_RANDOM`: drawn at random; `scumble_generation_get_info` tells which.
    /// -1, which is random in web interfaces, is the seed `UINT64_MAX` here, as in `torch`, and the log warns of it.
    pub seed: u64,
    /// Scheduler, as people type it: "euler_a", "DPM++ 2M Karras". One of ddim, ddpm, pndm, plms, lms, euler,
    /// euler_a, heun, dpm2, dpm2_a, dpm_2m, dpm_2m_sde, dpm_2s, dpmpp_2m, dpmpp_2m_sde, dpmpp_2m_sde_heun, dpmpp_3m,
    /// dpmpp_3m_sde, dpmpp_2s, dpmpp_2s_sde, dpmpp_2s_a, dpmpp_sde, unipc, deis, ipndm, lcm, tcd, or what diffusers,
    /// the web UI, ComfyUI, InvokeAI and stable-diffusion.cpp call them ("k_euler_a", "EulerDiscreteScheduler"); at
    /// most 256 bytes. Default NULL: the model's. The same seed generates the same image as diffusers on the CPU,
    /// but for dpmpp_sde, whose noise diffusers draws in another way, and dpmpp_2s_a and ipndm, which it does not have
    /// for Stable Diffusion.
    pub scheduler: *const c_char,
    /// Spacing of sigmas or timesteps: karras, exponential, beta, sgm_uniform, simple, ays, leading, linspace (also
    /// called normal, uniform or discrete) or trailing; "automatic" leaves it to the model. Default NULL: the model's.
    /// ddim, ddpm, pndm and plms have the last three, lcm and tcd none.
    pub sigmas: *const c_char,
    /// How far to depart from `picture`: 0 to 1, the share of the steps that is done. Default
    /// `SCUMBLE_AUTO`: 0.8, or 1 with a mask.
    pub strength: f32,
    /// How much of the contrast that guidance adds is taken back: 0 to 1. 0.7 suits models of zero
    /// terminal SNR. Default 0.
    pub guidance_rescale: f32,
    /// An image to start from, copied; one of another size is scaled evenly until it covers the
    /// generation's, and cut off on both sides alike. Where it is transparent `background` shows. Values of floats are
    /// checked with the first evaluation: one that is not finite, or farther than 0.25 outside of 0 to 1, ends the
    /// generation with `INVALID_ARGUMENT`; others outside are clamped. Needs `SCUMBLE_FEATURE_PICTURES`. Default NULL.
    pub picture: *const scumble_image,
    /// What of `picture` to generate anew: white all of it, black nothing, and grey in between. Transparent pixels count
    /// as black; `SCUMBLE_GENERATION_MASK_FROM_ALPHA` has alpha alone count. Of the picture's size, and copied.
    ///
    /// A latent (`latent_width` and `latent_height` of `scumble_generation_info`) is as bright as its brightest pixel,
    /// and free for so large a share of the evaluations, the last ones: grey departs less from the picture, as a lower
    /// `strength` does. The finished image is then laid over the picture as opaque as the mask is bright, so that what is
    /// black stays the picture to the bit, but for `mask_feather`. Values below 8 of 255 count as black. One that selects
    /// nothing ends the generation with `INVALID_ARGUMENT`, at its first evaluation. Inpainting models
    /// (`SCUMBLE_FEATURE_INPAINTING`) are told grey as white. `SCUMBLE_GENERATION_MASK_AS_DIFFUSERS` turns all this off.
    /// Previews show what is generated, with nothing laid over the picture. Default NULL: all of it.
    pub mask: *const scumble_image,
    /// ControlNets: an array of `control_count` pointers, copied. Default NULL.
    pub controls: *const *const scumble_control,
    /// How many that is: 0 to 16. Default 0.
    pub control_count: u32,
    /// What makes previews: a `scumble_preview`. `SCUMBLE_PREVIEW_TINY` needs
    /// `SCUMBLE_FEATURE_TINY_DECODER`. The picture is the same with each. Default `SCUMBLE_PREVIEW_AUTO`.
    pub preview_source: i32,
    /// Timesteps to visit in place of a spacing: an array of `timestep_count`, falling strictly from noisy to clean,
    /// each from 0 to less than `max_steps`; copied. They are the steps: leave `steps` out. Taken by ddpm, euler, heun,
    /// lcm, tcd, ipndm, dpmpp_2s_a and all forms of DPM-Solver multistep and singlestep, as in diffusers. Default NULL.
    pub timesteps: *const i32,
    /// Noise levels (sigmas) to visit in place of a spacing: an array of `sigma_value_count`, falling strictly; one a
    /// step and, last, the one that the last step ends at, usually 0; copied. Not together with `timesteps`. Taken by
    /// euler, ipndm and dpmpp_2s_a. Default NULL.
    pub sigma_values: *const f32,
    /// How many timesteps that is: 0 to `max_steps`. Default 0.
    pub timestep_count: u32,
    /// How many sigmas that is: 0, or 2 to `max_steps` + 1. Default 0.
    pub sigma_value_count: u32,
    /// How much of each step of ddim or tcd is new noise: 0 to 1. Default `SCUMBLE_AUTO`: 0, as in diffusers'
    /// pipelines. The others have none.
    pub eta: f32,
    /// 0, or `SCUMBLE_GENERATION_MASK_FROM_ALPHA`, `SCUMBLE_GENERATION_MASK_AS_DIFFUSERS`,
    /// `SCUMBLE_GENERATION_KEEP_LATENTS`, `SCUMBLE_GENERATION_KEEP_FLOATS`. Default 0.
    pub flags: u32,
    /// Noise to start from, in place of what `seed` gives, as the argument `latents` of diffusers' pipelines: normal
    /// numbers of deviation 1, `[latent_channels][latent_height][latent_width]`, which are multiplied by the deviation
    /// that the scheduler begins at. With `picture` it is the noise that is added to it (diffusers' inpainting starts from
    /// this noise alone, also where `strength` is less than 1). With `strength` and no `picture` it is no noise but the
    /// latents of an image to start from, as `scumble_generation_read_latents` gives them of one that is done: noise of
    /// `seed` is added, and no VAE encoder is needed. `latents_count` floats, copied; one that is not finite ends the
    /// generation with `INVALID_ARGUMENT` at its first evaluation. Default NULL.
    pub latents: *const f32,
    /// How many numbers `latents` has: channels × height × width. Default 0.
    pub latents_count: u64,
    /// What shows where `picture` and the images of `controls` are transparent: 0xRRGGBB, sRGB-encoded. Default 0xFFFFFF,
    /// white.
    pub background: u32,
    /// Across so many pixels around what `mask` selects, the generated image fades into the picture, and what is farther
    /// is the picture to the bit: 0 to 1024, 0 for no fading. Only with a mask. Default `SCUMBLE_AUTO`: 4.
    pub mask_feather: i32,
}

/// A flag of `scumble_generation_desc`: the mask is the alpha of `mask`, whose opaque pixels are generated anew. Without
/// `mask`, it is the alpha of `picture`, whose transparent pixels are generated anew.
pub const SCUMBLE_GENERATION_MASK_FROM_ALPHA: u32 = 1;

/// A flag of `scumble_generation_desc`: the mask counts as in diffusers, so that the image is the same to the bit. It is
/// cut at half, of each latent one pixel counts, and nothing is laid over the picture, all of which changes then.
pub const SCUMBLE_GENERATION_MASK_AS_DIFFUSERS: u32 = 2;

/// A flag of `scumble_generation_desc`: `scumble_generation_read_latents` gives the latents of the finished image too.
pub const SCUMBLE_GENERATION_KEEP_LATENTS: u32 = 4;

/// A flag of `scumble_generation_desc`: the finished image is kept as floats beside its bytes, which takes four times the
/// memory. `SCUMBLE_FORMAT_RGBA32F` then gives the decoder's own values, instead of 256 levels.
pub const SCUMBLE_GENERATION_KEEP_FLOATS: u32 = 8;
c_struct!(scumble_generation_desc, 152);

/// A picture that guides the shape of what is painted, for a ControlNet.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct scumble_control {
    /// `sizeof(scumble_control)`.
    pub struct_size: u32,
    /// Which ControlNet of the context: 0 is the first.
    pub controlnet: i32,
    /// How strongly it counts: 0 to 10, 1 as it was trained.
    pub scale: f32,
    /// When it begins to count: a share of the run, 0 for all of it.
    pub start: f32,
    /// When it ends to count: more than `start`, up to 1.
    pub end: f32,
    /// 0.
    pub reserved: u32,
    /// Edges, depth, a pose: what the ControlNet was trained on. Scaled, cut and laid over `background` as the
    /// picture to start from is. Not NULL.
    pub picture: *const scumble_image,
}
c_struct!(scumble_control, 32);

/// The largest colour, which is the default of `background`.
const WHITE: u32 = 0xFF_FFFF;
/// The most timesteps or sigmas of a generation: no model is trained on more.
const MAX_LEVELS: u32 = 100_001;

/// A descriptor that leaves everything to the model.
pub fn defaults(struct_size: u32) -> scumble_generation_desc {
    scumble_generation_desc {
        struct_size,
        width: SCUMBLE_AUTO,
        height: SCUMBLE_AUTO,
        steps: SCUMBLE_AUTO,
        guidance_scale: SCUMBLE_AUTO as f32,
        preview_every: 0,
        preview_width: SCUMBLE_AUTO,
        preview_height: SCUMBLE_AUTO,
        seed: SCUMBLE_SEED_RANDOM,
        scheduler: ptr::null(),
        sigmas: ptr::null(),
        strength: SCUMBLE_AUTO as f32,
        guidance_rescale: 0.0,
        picture: ptr::null(),
        mask: ptr::null(),
        controls: ptr::null(),
        control_count: 0,
        preview_source: PreviewSource::Auto as i32,
        timesteps: ptr::null(),
        sigma_values: ptr::null(),
        timestep_count: 0,
        sigma_value_count: 0,
        eta: SCUMBLE_AUTO as f32,
        flags: 0,
        latents: ptr::null(),
        latents_count: 0,
        background: WHITE,
        mask_feather: SCUMBLE_AUTO,
    }
}

/// Reads a descriptor and copies what it points to.
///
/// # Safety
/// `desc` is NULL or points to `struct_size` bytes; its texts and pictures are as the header demands.
pub unsafe fn read(desc: *const scumble_generation_desc) -> Result<(Request, Preview)> {
    // SAFETY: the caller's promise; the texts are the caller's too.
    let (desc, scheduler, sigmas) = unsafe {
        let desc = desc::read(desc, "desc", defaults(0))?;
        let scheduler = boundary::optional_text(desc.scheduler, "scheduler", MAX_NAME)?;
        (desc, scheduler, boundary::optional_text(desc.sigmas, "sigmas", MAX_NAME)?)
    };
    // SAFETY: likewise; the numbers are copied.
    let (timesteps, sigma_values) = unsafe {
        let timesteps = array(desc.timesteps, desc.timestep_count, "timesteps", "timestep_count")?;
        (timesteps, array(desc.sigma_values, desc.sigma_value_count, "sigma_values", "sigma_value_count")?)
    };
    let Some(source) = PreviewSource::from_number(desc.preview_source) else {
        bail!(InvalidArgument, "preview_source is {}; expected a scumble_preview (0 to 3)", desc.preview_source)
    };
    let flags = flags(desc.flags)?;
    if desc.background > WHITE {
        bail!(InvalidArgument, "background is {:#x}; expected 0xRRGGBB, at most 0xffffff", desc.background);
    }
    // SAFETY: likewise; images and latents are copied.
    let (picture, mask, controls, latents) =
        unsafe { (pixels(desc.picture, "picture")?, pixels(desc.mask, "mask")?, controls(&desc)?, latents(&desc)?) };
    let given = |value: f32| (value != SCUMBLE_AUTO as f32).then_some(value);
    let request = Request {
        width: auto(desc.width),
        height: auto(desc.height),
        steps: auto(desc.steps),
        guidance_scale: given(desc.guidance_scale),
        guidance_rescale: Some(desc.guidance_rescale),
        seed: seed(desc.seed),
        scheduler: scheduler.map(str::to_owned),
        sigmas: sigmas.map(str::to_owned),
        timesteps,
        sigma_values,
        eta: given(desc.eta),
        picture,
        mask,
        strength: given(desc.strength),
        controls,
        latents,
        background: Some(desc.background),
        mask_feather: auto(desc.mask_feather),
        mask_from_alpha: flags(SCUMBLE_GENERATION_MASK_FROM_ALPHA),
        mask_as_diffusers: flags(SCUMBLE_GENERATION_MASK_AS_DIFFUSERS),
        keep_floats: flags(SCUMBLE_GENERATION_KEEP_FLOATS),
        keep_latents: flags(SCUMBLE_GENERATION_KEEP_LATENTS),
    };
    let preview = Preview {
        every: desc.preview_every,
        width: auto(desc.preview_width),
        height: auto(desc.preview_height),
        source,
    };
    Ok((request, preview))
}

/// The seed of the descriptor; none to draw one at random.
fn seed(value: u64) -> Option<u64> {
    if value == u64::MAX {
        let text =
            format!("seed is {value} (-1), which is a seed like any other; SCUMBLE_SEED_RANDOM draws one at random");
        log::push(LogLevel::Warning, text);
    }
    (value != SCUMBLE_SEED_RANDOM).then_some(value)
}

/// Tells whether a flag is set.
fn flags(given: u32) -> Result<impl Fn(u32) -> bool> {
    const ALL: u32 = SCUMBLE_GENERATION_MASK_FROM_ALPHA
        | SCUMBLE_GENERATION_MASK_AS_DIFFUSERS
        | SCUMBLE_GENERATION_KEEP_LATENTS
        | SCUMBLE_GENERATION_KEEP_FLOATS;
    if given & !ALL != 0 {
        bail!(InvalidArgument, "flags is {given:#x}; expected 0 or flags SCUMBLE_GENERATION_… ({ALL:#x})");
    }
    Ok(move |flag| given & flag != 0)
}

/// The most latents that any model has: 64 channels, a latent for each pixel of the largest image.
const MAX_LATENTS: u64 = 64 * (MAX_SIDE * MAX_SIDE) as u64;

/// # Safety
/// `latents` is NULL or points to `latents_count` floats.
unsafe fn latents(desc: &scumble_generation_desc) -> Result<Option<Arc<Vec<f32>>>> {
    let count = desc.latents_count;
    if desc.latents.is_null() {
        if count > 0 {
            bail!(
                InvalidArgument,
                "latents is NULL, but latents_count is {count}; expected a pointer to so many floats"
            );
        }
        return Ok(None);
    }
    if count > MAX_LATENTS {
        bail!(InvalidArgument, "latents_count is {count}; expected channels × height × width of the latents");
    }
    let mut copy = memory::vector(count as usize)?;
    // SAFETY: the caller's promise.
    copy.extend_from_slice(unsafe { std::slice::from_raw_parts(desc.latents, count as usize) });
    Ok(Some(Arc::new(copy)))
}

/// # Safety
/// `values` is NULL or points to `count` numbers.
unsafe fn array<T: Copy>(values: *const T, count: u32, name: &str, count_name: &str) -> Result<Option<Vec<T>>> {
    if count > MAX_LEVELS {
        bail!(LimitExceeded, "{count_name} is {count}; expected 0 to {MAX_LEVELS}");
    }
    if count == 0 {
        return Ok(None);
    }
    boundary::not_null(values, name)?;
    // SAFETY: the caller's promise. What bindings give need not be aligned.
    Ok(Some((0..count as usize).map(|i| unsafe { values.add(i).read_unaligned() }).collect()))
}

/// # Safety
/// `image` is NULL or points to `struct_size` bytes, and its `pixels` to `pixels_size` bytes.
unsafe fn pixels(image: *const scumble_image, name: &str) -> Result<Option<Arc<Pixels>>> {
    if image.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    unsafe { Ok(Some(Arc::new(Checked::read(image, name)?.pixels()?))) }
}

/// # Safety
/// The array has as many pointers as the descriptor says, and each is as for [`pixels`].
unsafe fn controls(desc: &scumble_generation_desc) -> Result<Vec<ControlRequest>> {
    limits::count("control_count", desc.control_count as usize, MAX_CONTROLNETS)?;
    if desc.control_count > 0 {
        boundary::not_null(desc.controls, "controls")?;
    }
    let defaults = scumble_control {
        struct_size: 0,
        controlnet: 0,
        scale: 1.0,
        start: 0.0,
        end: 1.0,
        reserved: 0,
        picture: ptr::null(),
    };
    let control = |i: u32| {
        let name = format!("controls[{i}]");
        // SAFETY: the caller's promise.
        let control = unsafe { desc::read(*desc.controls.add(i as usize), &name, defaults) }?;
        if control.reserved != 0 {
            bail!(UnsupportedField, "reserved of {name} is {}; expected 0", control.reserved);
        }
        let name = format!("picture of {name}");
        // SAFETY: likewise.
        match unsafe { pixels(control.picture, &name) }? {
            None => bail!(InvalidArgument, "{name} is NULL; expected a picture that the ControlNet was trained on"),
            Some(picture) => Ok(ControlRequest {
                index: control.controlnet,
                picture,
                scale: control.scale,
                start: control.start,
                end: control.end,
            }),
        }
    };
    (0..desc.control_count).map(control).collect()
}
