//! How much time is left, judged by the evaluations and previews up to now.

use std::time::{Duration, Instant};

use super::Progress;
use crate::generation::PreviewPlan;
use crate::pace::Pace;
use crate::priority::Priority;

/// What the time left depends on besides the past.
pub struct Outlook<'a> {
    /// How long decoding will take, where that is known.
    pub decode: Option<Duration>,
    /// Previews that are made on the way.
    pub preview: Option<&'a PreviewPlan>,
    /// How fast the worker goes.
    pub pace: Pace,
    /// The priority in force of its threads.
    pub priority: Priority,
}

/// When evaluations were done.
#[derive(Clone, Copy)]
pub struct Evaluated {
    first: Instant,
    first_took: Duration,
    /// Time spent on previews until the first was done.
    first_previewing: Duration,
    latest: Instant,
    /// How long the preview took that came with the latest.
    latest_preview: Duration,
}

impl Evaluated {
    /// As if all had been later by so much.
    pub fn postpone(&mut self, time: Duration) {
        self.first += time;
        self.latest += time;
    }
}

impl Progress {
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

    /// Time left, when it goes on as by the clock up to now, others of the context and rests counted; or
    /// slower, where the pace is slower now. Pauses do not count.
    pub(super) fn left(&self, evaluations: usize, outlook: &Outlook) -> Option<Duration> {
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
}
