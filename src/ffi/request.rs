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
use crate::image::Pixels;
use crate::limits::{self, MAX_CONTROLNETS, MAX_NAME};
use crate::log::{self, LogLevel};

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
    /// Scheduler, as people type it: "euler_a", "DPM++ 2M Karras". One of ddim, pndm, lms, euler,
    /// euler_a, heun, dpm2, dpm2_a, dpmpp_2m, dpmpp_2m_sde, dpmpp_3m_sde, dpmpp_sde, unipc, deis,
    /// lcm, tcd; at most 256 bytes. Default NULL: the model's. The same seed paints the same picture
    /// as diffusers on the CPU with all but dpmpp_sde, whose noise diffusers draws in another way.
    pub scheduler: *const c_char,
    /// Spacing of sigmas or timesteps: karras, exponential, beta, sgm_uniform, simple, ays, leading,
    /// linspace or trailing. Default NULL: the model's. ddim and pndm have the last three, lcm and
    /// tcd none.
    pub sigmas: *const c_char,
    /// How far to depart from `picture`: 0 to 1, the share of the steps that is done. Default
    /// `SCUMBLE_AUTO`: 0.8, or 1 with a mask.
    pub strength: f32,
    /// How much of the contrast that guidance adds is taken back: 0 to 1. 0.7 suits models of zero
    /// terminal SNR. Default 0.
    pub guidance_rescale: f32,
    /// A picture to start from, copied; one of another size is scaled evenly until it covers the
    /// generation's, and cut off on both sides alike. Needs `SCUMBLE_FEATURE_PICTURES`. Default NULL.
    pub picture: *const scumble_image,
    /// What of `picture` to repaint: where it is at least as bright as mid grey. Of the picture's
    /// size, and copied. Default NULL: all of it.
    pub mask: *const scumble_image,
    /// ControlNets: an array of `control_count` pointers, copied. Default NULL.
    pub controls: *const *const scumble_control,
    /// How many that is: 0 to 16. Default 0.
    pub control_count: u32,
    /// What makes previews: a `scumble_preview`. `SCUMBLE_PREVIEW_TINY` needs
    /// `SCUMBLE_FEATURE_TINY_DECODER`. The picture is the same with each. Default `SCUMBLE_PREVIEW_AUTO`.
    pub preview_source: i32,
}
c_struct!(scumble_generation_desc, 96);

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
    /// Edges, depth, a pose: what the ControlNet was trained on. Scaled and cut as the picture to start
    /// from is. Not NULL.
    pub picture: *const scumble_image,
}
c_struct!(scumble_control, 32);

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
    let Some(source) = PreviewSource::from_number(desc.preview_source) else {
        bail!(InvalidArgument, "preview_source is {}; expected a scumble_preview (0 to 3)", desc.preview_source)
    };
    // SAFETY: likewise; the pictures are copied.
    let (picture, mask, controls) =
        unsafe { (pixels(desc.picture, "picture")?, pixels(desc.mask, "mask")?, controls(&desc)?) };
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
        picture,
        mask,
        strength: given(desc.strength),
        controls,
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
