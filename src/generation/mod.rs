//! One picture in progress, seen from any thread: started, polled, cancelled, read.
//!
//! [`crate::diffusion`] does the painting, `progress` tells how far it is; this file decides
//! who computes, and `turns` how the worker does.

mod preview;
mod turns;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cancel::Cancel;
use crate::context::{Context, ModelGuard};
use crate::diffusion::{Diffusion, Plan, Request};
use crate::error::{bail, Error, Result, Status};
use crate::image::Picture;
use crate::log::{self, LogLevel};
use crate::model::Share;
use crate::panics;
use crate::progress::{Outlook, Phase, Progress, Snapshot};
use crate::promise::wait_until;
use crate::prompt::{EncodedPrompt, Prompt, Use};
use crate::reserve;
use crate::scheduler::Latents;
use crate::sync::{Condvar, Mutex, MutexGuard};

pub(crate) use preview::PreviewPlan;
pub use preview::{Preview, PreviewSource};

/// Which picture to read.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The finished picture.
    Final = 0,
    /// The latest preview.
    Preview = 1,
}

const BY_WORKER: &str = "the generation was started: the worker steps and decodes it";

/// A picture in progress.
pub struct Generation {
    context: Arc<Context>,
    /// None when it ended: an encoding that nobody else wants is cancelled then.
    prompt: Mutex<Option<Use>>,
    plan: Plan,
    evaluations: usize,
    steps: usize,
    preview: Option<PreviewPlan>,
    keep_latents: bool,
    cancel: Cancel,
    /// Held by whoever computes.
    diffusion: Mutex<Diffusion>,
    progress: Mutex<Progress>,
    changed: Condvar,
    /// What it holds of memory, for the context's budget.
    share: Share,
}

impl Generation {
    /// A picture to be painted of a prompt, by the prompt's context. Nothing is computed yet.
    pub fn create(prompt: &Arc<Prompt>, request: &Request, preview: &Preview) -> Result<Arc<Self>> {
        let context = prompt.context();
        let loaded = context.loaded()?;
        let plan = Plan::new(request, &loaded.info)?;
        let diffusion = reserve::spared(|| Diffusion::new(request, &plan, &loaded.info))?;
        let share = loaded.info.memory.images.share(diffusion.bytes());
        let preview = PreviewPlan::new(preview, &plan, loaded.info.features, diffusion.evaluations())?;
        Ok(Arc::new(Self {
            context: Arc::clone(context),
            prompt: Mutex::new(Some(Use::of(prompt))),
            evaluations: diffusion.evaluations(),
            steps: diffusion.steps(),
            plan,
            preview,
            keep_latents: request.keep_latents,
            cancel: Cancel::default(),
            diffusion: Mutex::new(diffusion),
            progress: Mutex::default(),
            changed: Condvar::new(),
            share,
        }))
    }

    /// What will be painted, with nothing left open.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// UNet evaluations in all.
    pub fn evaluations(&self) -> usize {
        self.evaluations
    }

    /// Size of its previews in pixels; none when it makes none.
    pub fn preview_size(&self) -> Option<(usize, usize)> {
        self.preview.as_ref().map(|preview| (preview.width, preview.height))
    }

    /// Lets the worker paint it, for as long as somebody holds it.
    pub fn start(self: &Arc<Self>) -> Result<()> {
        if self.prompt.lock().as_ref().is_some_and(|prompt| !prompt.is_under_way()) {
            bail!(
                WrongState,
                "the prompt was made to be encoded by hand and is not encoded yet; expected a call of scumble_prompt_encode before"
            );
        }
        self.begin("_start", Phase::Waiting, true)?;
        self.submit();
        Ok(())
    }

    /// How far it is.
    pub fn poll(&self) -> Snapshot {
        let outlook = Outlook {
            decode: self.context.decode_time(self.plan.width * self.plan.height),
            preview: self.preview.as_ref(),
            pace: self.context.pace(),
            priority: self.context.priority(),
        };
        self.progress.lock().snapshot(self.steps, self.evaluations, &outlook)
    }

    /// Why it failed or that it was cancelled.
    pub fn error(&self) -> Option<Error> {
        self.progress.lock().error.clone()
    }

    /// Waits until it is done; `Timeout` when it takes longer, its own error when it fails.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<()> {
        let mut progress = self.progress.lock();
        if progress.phase == Phase::Created {
            bail!(WrongState, "the generation was not started; expected a call of scumble_generation_start before");
        }
        wait_until(&self.changed, &mut progress, timeout, |progress| progress.phase.is_final());
        match (&progress.error, progress.phase.is_final()) {
            (Some(error), _) => Err(error.clone()),
            (None, true) => Ok(()),
            (None, false) => bail!(Timeout, "the generation goes on"),
        }
    }

    /// Ends it. What is being computed is interrupted; the picture or preview that is there stays. Does nothing when it is
    /// done or failed.
    pub fn cancel(&self) {
        let _ = self.end(Err(Error::new(Status::Cancelled, "the generation was cancelled")));
        if self.progress.lock().phase == Phase::Cancelled {
            self.cancel.cancel();
        }
    }

    /// One UNet evaluation on the calling thread. Answers how many are left.
    pub fn step(&self) -> Result<usize> {
        let mut diffusion = self.by_hand()?;
        self.progress.lock().require("_step", &[Phase::Created, Phase::Denoising])?;
        let encoded = match self.encoded() {
            Err(error) if error.status() == Status::NotReady => return Err(error),
            encoded => encoded,
        };
        let mut model = self.context.try_model()?;
        if self.progress.lock().phase == Phase::Created {
            self.begin("_step", Phase::Denoising, false)?;
        }
        // The locks move in: they are free again when the end is told.
        let left = panics::guard(move || {
            diffusion.condition(encoded?.conditioning);
            self.evaluate(&mut diffusion, &mut model)?;
            Ok(self.evaluations - diffusion.evaluation())
        });
        let left = left.or_else(|error| self.end(Err(error)).map(|()| 0))?;
        self.release(); // a cancel may have come meanwhile
        self.error().map_or(Ok(left), Err)
    }

    /// Decodes the finished latents on the calling thread: when all evaluations are done, and again after a failure.
    pub fn decode(&self) -> Result<()> {
        let allowed = || {
            let progress = self.progress.lock();
            match progress.may_decode_again(self.evaluations) {
                true => Ok(()),
                false if progress.by_worker => bail!(WrongState, "{BY_WORKER}"),
                false => progress.require("_decode", &[Phase::Decoding]),
            }
        };
        allowed()?;
        let diffusion = self.try_diffusion()?;
        allowed()?; // another thread may have decoded it meanwhile
        let mut model = self.context.try_model()?;
        self.progress.lock().decode_again();
        self.end(panics::guard(move || self.finish(&diffusion, &mut model)))
    }

    /// The finished picture or the latest preview. When it is done, previews are gone: the picture stands for them, in
    /// their size.
    pub fn picture(&self, source: Source) -> Result<Arc<Picture>> {
        let progress = self.progress.lock();
        let (picture, name) = match (source, &self.preview) {
            (Source::Final, _) => (&progress.picture, "picture"),
            (Source::Preview, None) => {
                bail!(WrongState, "the generation makes no previews: set preview_every when it is created")
            }
            (Source::Preview, Some(plan)) => match progress.picture.clone().filter(|_| progress.previews > 0) {
                Some(finished) => {
                    drop(progress);
                    return plan.of_finished(&finished);
                }
                None => (&progress.preview, "preview"),
            },
        };
        match (picture, &progress.error) {
            (Some(picture), _) => Ok(Arc::clone(picture)),
            (None, Some(error)) => Err(error.clone()),
            (None, None) => bail!(Empty, "there is no {name} yet"),
        }
    }

    /// The latents as the last evaluation left them. Those of a picture that is done are there if they were to be kept.
    pub fn latents(&self) -> Result<Arc<Latents>> {
        let progress = self.progress.lock();
        match (&progress.latents, &progress.error) {
            (Some(latents), _) => Ok(Arc::clone(latents)),
            (None, Some(error)) => Err(error.clone()),
            (None, None) if progress.phase == Phase::Done => bail!(
                WrongState,
                "the latents of the finished picture were not kept: set SCUMBLE_GENERATION_KEEP_LATENTS when it is created"
            ),
            (None, None) => bail!(Empty, "there are no latents before the first evaluation"),
        }
    }

    fn by_hand(&self) -> Result<MutexGuard<'_, Diffusion>> {
        if self.progress.lock().by_worker {
            bail!(WrongState, "{BY_WORKER}");
        }
        self.try_diffusion()
    }

    fn try_diffusion(&self) -> Result<MutexGuard<'_, Diffusion>> {
        match self.diffusion.try_lock() {
            Some(diffusion) => Ok(diffusion),
            // A cancel holds it too, for a moment.
            None => match self.error().filter(|error| error.status() == Status::Cancelled) {
                Some(cancelled) => Err(cancelled),
                None => bail!(Busy, "another thread computes this generation"),
            },
        }
    }

    fn begin(&self, call: &str, phase: Phase, by_worker: bool) -> Result<()> {
        let mut progress = self.progress.lock();
        progress.require(call, &[Phase::Created])?;
        progress.begin(phase, by_worker);
        Ok(())
    }

    /// Records how it ended. The first end counts, and is the answer: a cancel may come too late to
    /// interrupt anything. Who waits for the end finds the generation free.
    fn end(&self, result: Result<Arc<Picture>>) -> Result<()> {
        let mut progress = self.progress.lock();
        let is_first = progress.end(result);
        // Whoever computes frees it afterwards. What takes a while to free is freed after the locks.
        let mut diffusion = self.diffusion.try_lock();
        let _dropped = (progress.drop_unwanted(self.keep_latents), self.give_up(&progress, diffusion.as_deref_mut()));
        drop(diffusion);
        if is_first {
            self.changed.notify_all();
        }
        let answer = progress.error.clone().map_or(Ok(()), Err);
        drop(progress);
        let _released = self.prompt.lock().take();
        answer
    }

    /// Lets go of what is not needed any more when it was cancelled while this thread computed.
    fn release(&self) {
        if self.progress.lock().phase == Phase::Cancelled {
            let mut diffusion = self.diffusion.try_lock();
            let _dropped = self.give_up(&self.progress.lock(), diffusion.as_deref_mut());
        }
    }

    /// What an ended diffusion held, to be freed: all, but of one that failed to decode what it takes to decode it again.
    fn give_up(&self, progress: &Progress, diffusion: Option<&mut Diffusion>) -> Option<impl Sized> {
        let diffusion = diffusion.filter(|_| progress.phase.is_final())?;
        let held = (!progress.may_decode_again(self.evaluations)).then(|| diffusion.end());
        self.share.set(diffusion.bytes() + progress.bytes());
        held
    }

    fn encoded(&self) -> Result<EncodedPrompt> {
        match &*self.prompt.lock() {
            Some(prompt) => prompt.encoded(),
            None => bail!(Cancelled, "the generation was cancelled"),
        }
    }

    fn evaluate(&self, diffusion: &mut Diffusion, model: &mut ModelGuard) -> Result<()> {
        let start = Instant::now();
        self.progress.lock().enter(Phase::Denoising);
        let clean = model.compute(|model| diffusion.step(model, &self.cancel))?;
        let evaluating = start.elapsed();
        let evaluation = diffusion.evaluation();
        let preview = match &self.preview {
            Some(plan) => {
                let made = model.compute(|model| plan.make(evaluation, &clean, &self.context, model, &self.cancel));
                made.or_else(|error| left_out(evaluation, error))
            }
            None => Ok(None),
        };
        let mut progress = self.progress.lock();
        progress.latents = diffusion.latents().cloned();
        let _dropped = progress.drop_unwanted(self.keep_latents); // a cancel may have come meanwhile
        let preview = preview?;
        progress.evaluated(evaluating, start.elapsed() - evaluating, preview.is_some());
        // The old preview is freed after the lock: a poll must not wait for that.
        let _old = preview.and_then(|preview| {
            progress.previews += 1;
            progress.preview.replace(Arc::new(preview))
        });
        if progress.evaluation == self.evaluations {
            progress.enter(Phase::Decoding);
        }
        self.share.set(diffusion.bytes() + progress.bytes());
        drop(progress);
        Ok(())
    }

    fn finish(&self, diffusion: &Diffusion, model: &mut ModelGuard) -> Result<Arc<Picture>> {
        let start = Instant::now();
        let picture = model.compute(|model| diffusion.decode(model, &self.cancel))?;
        let time = start.elapsed();
        self.context.decoded(self.plan.width * self.plan.height, time);
        self.progress.lock().decode = time;
        Ok(Arc::new(picture))
    }
}

/// Nothing in place of a preview that failed for want of memory or of a device: the picture goes on.
fn left_out(evaluation: usize, error: Error) -> Result<Option<Picture>> {
    if !error.is_of_the_machine() {
        return Err(error);
    }
    log::push(LogLevel::Warning, format!("the preview after evaluation {evaluation} is left out: {error}"));
    Ok(None)
}
