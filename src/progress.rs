//! How far a generation is: what a poll sees, and how it ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{bail, Error, Result, Status};
use crate::generation::PreviewPlan;
use crate::image::Picture;
use crate::pace::Pace;

/// Where a generation is.
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
}

/// What the time left depends on besides the past.
pub struct Outlook<'a> {
    /// How long decoding will take, where that is known.
    pub decode: Option<Duration>,
    /// Previews that are made on the way.
    pub preview: Option<&'a PreviewPlan>,
    /// How fast the worker goes.
    pub pace: Pace,
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
    started: Option<Instant>,
    evaluated: Option<Evaluated>,
    ended: Option<Instant>,
}

/// When evaluations were done.
#[derive(Clone, Copy)]
struct Evaluated {
    first: Instant,
    first_took: Duration,
    /// Time spent on previews until the first was done.
    first_previewing: Duration,
    latest: Instant,
    /// How long the preview took that came with the latest.
    latest_preview: Duration,
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
        }
    }

    /// Time left, when it goes on as by the clock up to now, others of the context and rests counted; or
    /// slower, where the pace is slower now. Pauses do not count.
    fn left(&self, evaluations: usize, outlook: &Outlook) -> Option<Duration> {
        if self.phase.is_final() {
            return Some(Duration::ZERO);
        }
        let Evaluated { first, first_took, first_previewing, latest, latest_preview } = self.evaluated?;
        let rest = |busy| if self.by_worker { outlook.pace.rest(busy) } else { Duration::ZERO };
        let previewing = self.previewing - first_previewing;
        // The first evaluation is slower than the others: it may encode a picture, and memory is new.
        let (each, own) = match self.evaluation as u32 - 1 {
            0 => (first_took, first_took),
            n => {
                let rested = rest(self.previewing - latest_preview);
                let evaluating = (latest - first).saturating_sub(previewing + rested);
                (evaluating / n, (self.denoise - first_took) / n)
            }
        };
        let each = each.max(own + rest(own));
        // Decoders of Stable Diffusion compute one to two times as much as a guided evaluation.
        let decode = outlook.decode.unwrap_or(own * 3 / 2);
        let previews = |from, to| outlook.preview.map_or(0, |plan| plan.between(from, to)) as u32;
        let preview = match outlook.preview {
            Some(plan) if plan.is_full() => decode,
            _ => previewing / previews(1, self.evaluation).max(1),
        };
        let preview = preview + rest(preview);
        let decode = decode + each.saturating_sub(own);
        let ahead = evaluations - self.evaluation;
        let pending = rest(latest_preview);
        let piece = match ahead {
            0 => decode,
            _ => each + preview * previews(self.evaluation, self.evaluation + 1),
        };
        let waited = self.paused.unwrap_or_else(Instant::now).saturating_duration_since(latest);
        let left = each * ahead as u32 + preview * previews(self.evaluation, evaluations) + decode;
        Some(pending + left - waited.min(pending + piece))
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
                    evaluated.first += since.elapsed();
                    evaluated.latest += since.elapsed();
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the worker goes on with it.
    pub fn takes_turns(&self) -> bool {
        self.paused.is_none() && !self.phase.is_final()
    }

    /// Goes on to a phase, unless it ended.
    pub fn enter(&mut self, phase: Phase) {
        if !self.phase.is_final() {
            self.phase = phase;
        }
    }

    /// Records an evaluation, which took so long, and its preview that long.
    pub fn evaluated(&mut self, time: Duration, preview: Duration) {
        let now = Instant::now();
        self.evaluation += 1;
        self.denoise += time;
        self.previewing += preview;
        let (first, first_took, first_previewing) = match &self.evaluated {
            Some(earlier) => (earlier.first, earlier.first_took, earlier.first_previewing),
            None => (now, time, self.previewing),
        };
        self.evaluated = Some(Evaluated { first, first_took, first_previewing, latest: now, latest_preview: preview });
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
