//! How far a generation is: what a poll sees, and how it ends.

mod left;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{bail, Error, Result, Status};
use crate::image::Picture;
use crate::priority::Priority;
use crate::scheduler::Latents;
use left::Evaluated;

pub use left::Outlook;

/// Where a generation is. It has ended from `SCUMBLE_PHASE_DONE` on: a loop that polls goes on while the phase is
/// less than that, and ends for a generation that failed or was cancelled too.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Created: neither started nor stepped.
    #[default]
    Created = 0,
    /// Waiting for its turn or for its prompt.
    Waiting = 1,
    /// The UNet is at work; by hand: the next call is `_step`.
    Denoising = 2,
    /// The autoencoder is at work; by hand: the next call is `_decode`.
    Decoding = 3,
    /// The picture is there.
    Done = 4,
    /// It failed; the error tells why.
    Failed = 5,
    /// It was cancelled.
    Cancelled = 6,
}

impl Phase {
    /// Whether nothing more will happen.
    pub fn is_final(self) -> bool {
        matches!(self, Phase::Done | Phase::Failed | Phase::Cancelled)
    }
}

/// How far a generation is, at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Where it is.
    pub phase: Phase,
    /// Steps done, of how many.
    pub step: usize,
    #[allow(missing_docs)]
    pub steps: usize,
    /// UNet evaluations done, of how many. Some schedulers make more of them than steps.
    pub evaluation: usize,
    #[allow(missing_docs)]
    pub evaluations: usize,
    /// How many previews were made; a new one is there when it grows.
    pub previews: u64,
    /// Time since it was started, until it ended.
    pub spent: Duration,
    /// An estimate of the time that is left, decoding included; none before the first evaluation is
    /// done.
    pub left: Option<Duration>,
    /// `Ok`, or the status with which it failed or was cancelled.
    pub status: Status,
    /// Time spent on denoising, on previews and on decoding.
    pub denoise: Duration,
    #[allow(missing_docs)]
    pub preview: Duration,
    #[allow(missing_docs)]
    pub decode: Duration,
    /// Whether it is paused.
    pub paused: bool,
    /// The priority in force of the context's threads.
    pub priority: Priority,
}

/// The state behind a snapshot.
#[derive(Default)]
pub struct Progress {
    pub phase: Phase,
    pub by_worker: bool,
    /// Whether the worker has a task for it.
    pub queued: bool,
    paused: Option<Instant>,
    pub evaluation: usize,
    pub denoise: Duration,
    previewing: Duration,
    pub decode: Duration,
    pub error: Option<Error>,
    pub previews: u64,
    pub preview: Option<Arc<Picture>>,
    pub picture: Option<Arc<Picture>>,
    /// As the last evaluation left them.
    pub latents: Option<Arc<Latents>>,
    started: Option<Instant>,
    evaluated: Option<Evaluated>,
    ended: Option<Instant>,
}

impl Progress {
    /// How far it is at this moment, of so many steps and evaluations.
    pub fn snapshot(&self, steps: usize, evaluations: usize, outlook: &Outlook) -> Snapshot {
        let until = self.ended.unwrap_or_else(Instant::now);
        Snapshot {
            phase: self.phase,
            step: self.evaluation * steps / evaluations,
            steps,
            evaluation: self.evaluation,
            evaluations,
            previews: self.previews,
            spent: self.started.map_or(Duration::ZERO, |started| until - started),
            left: self.left(evaluations, outlook),
            status: self.error.as_ref().map_or(Status::Ok, Error::status),
            denoise: self.denoise,
            preview: self.previewing,
            decode: self.decode,
            paused: self.paused.is_some(),
            priority: outlook.priority,
        }
    }

    /// Refuses a call in other phases than these; with its own error when the generation has one.
    pub fn require(&self, call: &str, phases: &[Phase]) -> Result<()> {
        match &self.error {
            Some(error) => Err(error.clone()),
            None if phases.contains(&self.phase) => Ok(()),
            None => bail!(WrongState, "{call} is not allowed in phase {:?}; expected {phases:?}", self.phase),
        }
    }

    /// Begins in this phase, on the worker or by hand.
    pub fn begin(&mut self, phase: Phase, by_worker: bool) {
        (self.phase, self.by_worker, self.queued) = (phase, by_worker, by_worker);
        self.started = Some(Instant::now());
    }

    /// Pauses it or goes on, unless it ended.
    pub fn pause(&mut self, call: &str, paused: bool) -> Result<()> {
        if self.phase.is_final() {
            return Ok(());
        }
        if !self.by_worker {
            bail!(WrongState, "{call} is not allowed in phase {:?}: the generation was not started", self.phase);
        }
        match (self.paused, paused) {
            (None, true) => self.paused = Some(Instant::now()),
            (Some(since), false) => {
                self.paused = None;
                // As if the pause had not been.
                if let Some(evaluated) = &mut self.evaluated {
                    evaluated.postpone(since.elapsed());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the worker goes on with it.
    pub fn takes_turns(&self) -> bool {
        self.by_worker && self.paused.is_none() && !self.phase.is_final()
    }

    /// Goes on to a phase, unless it ended.
    pub fn enter(&mut self, phase: Phase) {
        if !self.phase.is_final() {
            self.phase = phase;
        }
    }

    /// Whether its latents are finished, of so many evaluations, and decoding them failed in a way that may not last.
    pub fn may_decode_again(&self, evaluations: usize) -> bool {
        let is_of_the_machine = self.error.as_ref().is_some_and(Error::is_of_the_machine);
        self.phase == Phase::Failed && is_of_the_machine && self.evaluation == evaluations && self.latents.is_some()
    }

    /// Goes back to decoding, if it failed: by whoever calls now.
    pub fn decode_again(&mut self) {
        if self.phase == Phase::Failed {
            (self.phase, self.by_worker) = (Phase::Decoding, false);
            (self.error, self.ended) = (None, None);
        }
    }

    /// What nobody reads when it has ended, to be freed: previews of what is done, and latents unless they are to be kept or
    /// are all that is left of what failed.
    pub fn drop_unwanted(&mut self, keep_latents: bool) -> impl Sized {
        let phase = self.phase;
        let preview = self.preview.take_if(|_| phase == Phase::Done);
        let latents = self.latents.take_if(|_| !keep_latents && matches!(phase, Phase::Done | Phase::Cancelled));
        (preview, latents)
    }

    /// Bytes of what there is to read.
    pub fn bytes(&self) -> usize {
        let pictures = self.preview.iter().chain(&self.picture).map(|picture| picture.bytes());
        pictures.sum::<usize>() + self.latents.as_ref().map_or(0, |latents| 4 * latents.len())
    }

    /// Records how it ended. Answers whether this is the end: the first one counts.
    pub fn end(&mut self, result: Result<Arc<Picture>>) -> bool {
        if self.phase.is_final() {
            return false;
        }
        self.phase = match &result {
            Ok(_) => Phase::Done,
            Err(error) if error.status() == Status::Cancelled => Phase::Cancelled,
            Err(_) => Phase::Failed,
        };
        match result {
            Ok(picture) => self.picture = Some(picture),
            Err(error) => self.error = Some(error),
        }
        self.ended = Some(Instant::now());
        self.paused = None;
        true
    }
}
