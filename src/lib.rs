//! Scumble paints pictures with Stable Diffusion inside somebody else's program.
//!
//! The product is a C library: `include/scumble.h`, made from [`ffi`]. Beneath it, from the
//! outside in:
//!
//! - [`context`], [`prompt`] and [`generation`] are the objects that the C nouns stand for. They
//!   are shared between threads, and know who may compute and how far things are.
//! - [`worker`] takes turns among tasks on one thread a context, at its [`pace`] and [`priority`]. It
//!   knows nothing of diffusion.
//! - [`diffusion`] is the state machine of one picture. It knows nothing of threads.
//! - [`scheduler`], [`random`] and [`image`] are values: timesteps in, next latents out.
//! - [`model`] loads a directory and runs its parts behind one small trait, with [`text`] turned
//!   into token ids; [`runtime`] finds and loads ONNX Runtime.
//!
//! ```no_run
//! use scumble::{Context, Device, Generation, Places, Preview, Prompt, Request, Source, Texts};
//!
//! # fn main() -> scumble::Result<()> {
//! let context = Context::open(Places::at("models/emblem"), Device::default())?;
//! context.wait(None)?;
//! let prompt = Prompt::create(&context, Texts::of("a red apple"), false)?;
//! let generation = Generation::create(&prompt, &Request::default(), &Preview::default())?;
//! generation.start()?;
//! generation.wait(None)?;
//! let picture = generation.picture(Source::Final)?;
//! # let _ = picture;
//! # Ok(())
//! # }
//! ```

pub mod cancel;
pub mod context;
pub mod diffusion;
pub mod error;
pub mod ffi;
mod files;
mod fp_state;
pub mod generation;
pub mod image;
mod limits;
pub mod log;
mod memory;
pub mod model;
pub mod pace;
mod panics;
pub mod priority;
mod progress;
mod promise;
pub mod prompt;
pub mod random;
mod reserve;
pub mod runtime;
pub mod scheduler;
mod stack;
mod sync;
pub mod testing;
pub mod text;
mod threads;
pub mod worker;

pub use context::Context;
pub use diffusion::{ControlRequest, Request};
pub use error::{Error, Result, Status};
pub use generation::{Generation, Preview, PreviewSource, Source};
pub use image::{Format, MaskOf, Picture, Pixels};
pub use model::{Device, Options, Places, Seamless, Texts, Weights};
pub use pace::Pace;
pub use priority::Priority;
pub use progress::{Phase, Snapshot};
pub use prompt::Prompt;
