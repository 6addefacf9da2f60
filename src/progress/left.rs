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

/// How many evaluations and previews are remembered: the estimate follows what changes within about half as many.
const REMEMBERED: usize = 8;

/// The evaluations up to now, of which the latest count.
pub struct Evaluated {
    first_took: Duration,
    /// All but the first: that is slower than the others, as it may encode an init image, and memory is new.
    evaluations: Latest<Evaluation>,
    /// Likewise of those evaluations.
    previews: Latest<Duration>,
    latest: Instant,
    /// How long the preview took that came with the latest.
    latest_preview: Duration,
}

#[derive(Clone, Copy, Default)]
struct Evaluation {
    /// Since the one before was done, without its own preview: what others computed meanwhile and rests count.
    by_clock: Duration,
    own: Duration,
    /// How long the preview took that came with the one before, after which the worker rested too.
    preview_before: Duration,
}

/// The latest few of many.
#[derive(Default)]
struct Latest<T> {
    items: [T; REMEMBERED],
    count: usize,
}

impl<T: Copy> Latest<T> {
    fn add(&mut self, item: T) {
        self.items[self.count % REMEMBERED] = item;
        self.count += 1;
    }

    /// The interquartile mean of a time of each: what stands out, as after a stall, does not count. None of none.
    fn typical(&self, time: impl Fn(&T) -> Duration) -> Option<Duration> {
        let known = self.count.min(REMEMBERED);
        let mut times = self.items.each_ref().map(time);
        let times = &mut times[..known];
        times.sort_unstable();
        let quarter = (known + 1) / 4;
        let middle = &times[quarter..known - quarter];
        (known > 0).then(|| middle.iter().sum::<Duration>() / middle.len() as u32)
    }
}

impl Evaluated {
    /// As if all had been later by so much.
    pub fn postpone(&mut self, time: Duration) {
        self.latest += time;
    }
}

impl Progress {
    /// Records an evaluation, which took so long, and its preview that long; `previewed`: whether there was one.
    pub fn evaluated(&mut self, time: Duration, preview: Duration, previewed: bool) {
        self.evaluation += 1;
        self.denoise += time;
        self.previewing += preview;
        self.record(Instant::now(), time, preview, previewed);
    }

    fn record(&mut self, now: Instant, own: Duration, preview: Duration, previewed: bool) {
        let evaluated = match &mut self.evaluated {
            Some(evaluated) => {
                let by_clock = now.saturating_duration_since(evaluated.latest).saturating_sub(preview);
                evaluated.evaluations.add(Evaluation { by_clock, own, preview_before: evaluated.latest_preview });
                if previewed {
                    evaluated.previews.add(preview);
                }
                evaluated
            }
            empty => empty.insert(Evaluated {
                first_took: own,
                evaluations: Latest::default(),
                previews: Latest::default(),
                latest: now,
                latest_preview: preview,
            }),
        };
        (evaluated.latest, evaluated.latest_preview) = (now, preview);
    }

    /// Time left, when it goes on as by the clock up to now, others of the context and rests counted; or
    /// slower, where the pace is slower now. Pauses do not count.
    pub(super) fn left(&self, evaluations: usize, outlook: &Outlook) -> Option<Duration> {
        if self.phase.is_final() {
            return Some(Duration::ZERO);
        }
        let Evaluated { first_took, evaluations: past, previews: previewed, latest, latest_preview } =
            self.evaluated.as_ref()?;
        let (latest, latest_preview) = (*latest, *latest_preview);
        let rest = |busy| if self.by_worker { outlook.pace.rest(busy) } else { Duration::ZERO };
        let each = past.typical(|one| one.by_clock.saturating_sub(rest(one.preview_before))).unwrap_or(*first_took);
        let own = past.typical(|one| one.own).unwrap_or(*first_took);
        let each = each.max(own + rest(own));
        // Decoders of Stable Diffusion compute one to two times as much as a guided evaluation.
        let decode = outlook.decode.unwrap_or(own * 3 / 2);
        let previews = |from, to| outlook.preview.map_or(0, |plan| plan.between(from, to)) as u32;
        let preview = match outlook.preview {
            Some(plan) if plan.is_full() => decode,
            _ => previewed.typical(|time| *time).unwrap_or_default(),
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

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: usize = 30;

    /// What is said to be left after the evaluation of this number, of so many that took these milliseconds each.
    fn left_after(number: usize, milliseconds: impl Fn(usize) -> u64) -> f64 {
        let mut progress = Progress::default();
        let start = Instant::now() - Duration::from_secs(3600);
        let mut now = start;
        for nth in 1..=number {
            let own = Duration::from_millis(milliseconds(nth));
            now += own;
            progress.evaluation = nth;
            progress.record(now, own, Duration::ZERO, false);
        }
        // As of the moment at which it was done.
        progress.paused = Some(now);
        let (decode, preview) = (Some(Duration::from_millis(100)), None);
        let outlook = Outlook { decode, preview, pace: Pace::default(), priority: Priority::Normal };
        progress.left(STEPS, &outlook).unwrap().as_secs_f64() * 1000.0 - 100.0
    }

    #[test]
    fn one_stall_does_not_count() {
        for number in 5..STEPS {
            let truth = (STEPS - number) as f64 * 70.0;
            let left = left_after(number, |nth| if nth == 4 { 4000 } else { 70 });
            assert!((left - truth).abs() < 1e-3 * truth, "{left} of {truth} ms after {number}");
        }
        // Right after one, half of it may count: whether it stays so slow is open.
        let left = left_after(3, |nth| if nth == 3 { 4000 } else { 70 });
        assert!(left < 27.0 * (4000.0 + 70.0) / 2.0 + 1.0, "{left}");
    }

    /// Another program takes half of the machine from the tenth on.
    #[test]
    fn what_stays_slower_is_believed() {
        let slower = |nth| if nth >= 10 { 140 } else { 70 };
        for number in 17..STEPS {
            let truth = (STEPS - number) as f64 * 140.0;
            let left = left_after(number, slower);
            assert!((left - truth).abs() < 0.05 * truth, "{left} of {truth} ms after {number}");
        }
    }

    /// Every second is longer, as others of the context take turns.
    #[test]
    fn what_comes_again_and_again_counts() {
        let now_and_then = |nth| if nth % 2 == 0 { 210 } else { 70 };
        let truth = (STEPS - 11) as f64 * 140.0;
        let left = left_after(11, now_and_then);
        assert!((left - truth).abs() < 0.05 * truth, "{left} of {truth} ms");
    }
}
