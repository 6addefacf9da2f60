//! Cancelled at a thousand random moments: at once, never in vain, and nothing of it is seen afterwards.

mod common;

use std::sync::{mpsc, Arc};
use std::thread;
use std::time::{Duration, Instant};

use common::fake::{self, Call};
use common::painting::{bits, context, paint_by_hand};
use scumble::model::{StableDiffusion, Syntax};
use scumble::worker::{Task, Turn};
use scumble::{
    Context, Format, Generation, Options, Phase, Pixels, Places, Preview, PreviewSource, Prompt, Request, Status, Texts,
};

const MOMENTS: usize = 1000;
/// Far above what an operator of the model takes; a cancel that is lost in a long call would be seen.
const LIMIT: Duration = Duration::from_secs(5);

/// What is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Loading,
    Encoding,
    Denoising,
    Decoding,
}

impl Work {
    const ALL: [Work; 4] = [Work::Loading, Work::Encoding, Work::Denoising, Work::Decoding];

    /// The nth to be cancelled. Loading takes longest, and has its turn less often.
    fn nth(n: usize) -> Work {
        use Work::*;
        [Loading, Encoding, Denoising, Decoding, Denoising, Encoding, Decoding, Encoding, Denoising][n % 9]
    }
}

/// What became of the cancels of one kind of work.
#[derive(Clone, Copy, Default)]
struct Tally {
    /// How many there were, and how many came while the work was under way.
    tried: usize,
    hit: usize,
    /// The longest time from a cancel until whoever computed was free.
    longest: Duration,
}

impl Tally {
    fn add(&mut self, hit: bool, delay: Duration) {
        self.tried += 1;
        self.hit += usize::from(hit);
        self.longest = self.longest.max(delay);
    }
}

struct Bench {
    context: Arc<Context>,
    prompt: Arc<Prompt>,
    texts: Texts,
    requests: [Request; 2],
    /// How long each kind of work takes when nobody cancels it.
    times: [Duration; 4],
}

impl Bench {
    fn new() -> Self {
        let context = context();
        // Long, so that encoding takes more than a moment.
        let texts =
            Texts { syntax: Syntax::Weighted, ..Texts::of("a (red:1.2) apple on a blue background ".repeat(40)) };
        let prompt = Prompt::create(&context, texts.clone(), false).unwrap();
        let encoding = prompt.wait(None).unwrap().time;
        let picture = Pixels::read(&[90; 32 * 32 * 3], Format::Rgb8, (32, 32), 96, false, "picture").unwrap();
        let (side, steps, seed) = (Some(32), Some(3), Some(5));
        let request = Request { width: side, height: side, steps, seed, keep_latents: true, ..Request::default() };
        let from_picture = Request { picture: Some(Arc::new(picture)), strength: Some(0.9), ..request.clone() };
        let mut bench = Self { context, prompt, texts, requests: [request, from_picture], times: Default::default() };

        bench.paint(0); // the first of a context is slower
        let painted = bench.generation(0);
        painted.start().unwrap();
        painted.wait(None).unwrap();
        let loading = bench.context.loaded().unwrap().time;
        bench.times = [loading, encoding, painted.poll().denoise, painted.poll().decode];
        bench
    }

    fn generation(&self, which: usize) -> Arc<Generation> {
        Generation::create(&self.prompt, &self.requests[which % 2], &Preview { every: 2, ..Preview::default() })
            .unwrap()
    }

    fn paint(&self, which: usize) -> (Vec<u32>, Vec<u8>) {
        let generation = self.generation(which);
        generation.start().unwrap();
        bits(&generation)
    }

    /// Begins this work, cancels it at a moment, and tells whether it was under way and how long it went on.
    fn cancel(&self, work: Work, moment: Duration, nth: usize) -> (bool, Duration) {
        match work {
            Work::Loading => cancel_loading(moment),
            Work::Encoding => {
                let prompt = Prompt::create(&self.context, self.texts.clone(), false).unwrap();
                thread::sleep(moment);
                let under_way = prompt.encoded().is_err();
                let cancelled = Instant::now();
                drop(prompt); // as scumble_prompt_destroy
                until_free(&self.context);
                (under_way, cancelled.elapsed())
            }
            Work::Denoising => self.cancel_painting(Phase::Denoising, moment, nth),
            Work::Decoding => self.cancel_painting(Phase::Decoding, moment, nth),
        }
    }

    /// Every third is painted by hand.
    fn cancel_painting(&self, phase: Phase, moment: Duration, nth: usize) -> (bool, Duration) {
        let generation = self.generation(nth);
        let painter = if nth.is_multiple_of(3) {
            let generation = Arc::clone(&generation);
            Some(thread::spawn(move || paint_by_hand(&generation)))
        } else {
            generation.start().unwrap();
            None
        };
        while phase == Phase::Decoding && (generation.poll().phase as i32) < phase as i32 {
            thread::yield_now();
        }
        thread::sleep(moment);
        let found = generation.poll().phase;
        let cancelled = Instant::now();
        generation.cancel();
        let end = generation.poll();
        assert!(end.phase == Phase::Cancelled || end.phase == Phase::Done, "{:?} after a cancel", end.phase);
        match painter {
            Some(painter) => {
                let status = painter.join().unwrap().map_or_else(|error| error.status(), |()| Status::Ok);
                assert_eq!(status, end.status, "by hand, in {found:?}");
            }
            None => until_free(&self.context),
        }
        let delay = cancelled.elapsed();
        assert_eq!(generation.poll().phase, end.phase, "the phase changed after the cancel");
        (found == phase, delay)
    }
}

fn cancel_loading(moment: Duration) -> (bool, Duration) {
    let (ending, ended) = mpsc::channel::<()>();
    let context = Context::with_loader(move |cancel| {
        let _ending = ending; // disconnects when loading is over
        Ok(Box::new(StableDiffusion::open(&Places::at(common::model()), &Options::default(), cancel)?))
    })
    .unwrap();
    thread::sleep(moment);
    let under_way = context.loaded().is_err();
    let cancelled = Instant::now();
    context.cancel();
    if let Err(error) = context.loaded() {
        assert_eq!(error.status(), Status::Cancelled, "{error}");
    }
    drop(context); // both as scumble_context_destroy
    assert!(ended.recv().is_err());
    (under_way, cancelled.elapsed())
}

/// Waits until the worker comes to a task that was given to it now.
fn until_free(context: &Context) {
    let (free, is_free) = mpsc::channel();
    context.submit(Box::new(Tell(free)));
    is_free.recv_timeout(LIMIT).expect("the worker is still at work");
}

struct Tell(mpsc::Sender<()>);

impl Task for Tell {
    fn turn(&mut self) -> Turn {
        self.0.send(()).unwrap();
        Turn::Done
    }

    fn panicked(&mut self, _: &str) {}
}

/// Numbers from 0 to 1, the same in every run.
fn shares() -> impl Iterator<Item = f64> {
    let mut state: u64 = 5;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407); // Knuth's MMIX
        (state >> 32) as f64 / f64::from(u32::MAX)
    })
}

#[test]
fn a_thousand_moments() {
    let fresh = Bench::new();
    let expected = [fresh.paint(0), fresh.paint(1)];
    drop(fresh);

    let bench = Bench::new();
    let mut tallies = [Tally::default(); 4];
    for (nth, share) in shares().take(MOMENTS).enumerate() {
        let work = Work::nth(nth);
        let (hit, delay) = bench.cancel(work, bench.times[work as usize].mul_f64(share), nth);
        assert!(delay < LIMIT, "{work:?}, cancelled at {share}, went on for {delay:?}");
        tallies[work as usize].add(hit, delay);
        if nth.is_multiple_of(20) || nth + 1 == MOMENTS {
            let which = nth / 20 % 2;
            assert!(bench.paint(which) == expected[which], "another picture after {work:?} was cancelled at {share}");
        }
    }
    for work in Work::ALL {
        let (Tally { tried, hit, longest }, time) = (tallies[work as usize], bench.times[work as usize]);
        println!("{work:?} ({time:.1?}): {hit} of {tried} cancels came in time; it went on for {longest:.2?} at most");
        assert!(hit * 10 >= tried, "{work:?} was hardly ever hit: the test tests nothing");
    }
}

/// What nobody holds any more is not encoded to its end, which would never come here.
#[test]
fn encoding_that_nobody_wants() {
    let (begin, begun) = mpsc::channel();
    let endless = fake::cancellable(move |_, cancel| {
        begin.send(()).unwrap();
        while !cancel.is_cancelled() {
            thread::sleep(Duration::from_millis(1));
        }
        cancel.check()
    });
    let context = Context::with_loader(move |_| Ok(endless)).unwrap();
    context.wait(None).unwrap();
    let prompt = || {
        let prompt = Prompt::create(&context, Texts::of("a red apple"), false).unwrap();
        begun.recv().unwrap();
        prompt
    };

    drop(prompt());
    until_free(&context);

    let prompt = prompt();
    let generation = Generation::create(&prompt, &Request::default(), &Preview::default()).unwrap();
    generation.start().unwrap();
    drop(prompt);
    generation.cancel();
    until_free(&context);
}

/// Nor does a preview outlive its generation.
#[test]
fn a_preview_being_decoded() {
    let (begin, begun) = mpsc::channel();
    let endless = fake::cancellable(move |call, cancel| {
        if call == Call::Decode {
            begin.send(()).unwrap();
            while !cancel.is_cancelled() {
                thread::sleep(Duration::from_millis(1));
            }
        }
        cancel.check()
    });
    let context = Context::with_loader(move |_| Ok(endless)).unwrap();
    context.wait(None).unwrap();
    let prompt = Prompt::create(&context, Texts::of("a red apple"), false).unwrap();
    let preview = Preview { every: 1, source: PreviewSource::Full, ..Preview::default() };
    let generation = Generation::create(&prompt, &Request::default(), &preview).unwrap();
    generation.start().unwrap();
    begun.recv().unwrap();
    generation.cancel();
    until_free(&context);
    assert_eq!((generation.poll().phase, generation.poll().previews), (Phase::Cancelled, 0));
}
