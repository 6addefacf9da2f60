//! A text and what the model makes of it.

use std::ops::Deref;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::cancel::Cancel;
use crate::context::{Context, ModelGuard};
use crate::error::{bail, Error, Result, Status};
use crate::log::{self, LogLevel};
use crate::model::{Conditioning, Syntax, Texts};
use crate::panics;
use crate::promise::Promise;
use crate::reserve;
use crate::sync::Mutex;
use crate::testing;
use crate::text::foreign::{self, Foreign};
use crate::text::parse_weighted;
use crate::worker::{Task, Turn};

/// The longest text that is taken, in bytes.
pub const MAX_TEXT: usize = 64 * 1024;

/// Prompt and negative prompt, encoded once and used by any number of generations.
pub struct Prompt {
    context: Arc<Context>,
    by_hand: bool,
    /// How many places of its texts are syntax that is not followed.
    not_followed: usize,
    encoding: Arc<Encoding>,
    wanted: Mutex<Wanted>,
}

/// Who wants the encoding.
#[derive(Default)]
struct Wanted {
    destroyed: bool,
    /// How many generations use the prompt.
    uses: usize,
}

/// A generation's hold on a prompt. As long as it lives, the prompt's encoding goes on even if the prompt is destroyed.
pub struct Use(Arc<Prompt>);

/// What the worker needs of a prompt. It holds no more, so that the prompt's end can interrupt it.
struct Encoding {
    texts: Texts,
    encoded: Promise<EncodedPrompt>,
    cancel: Cancel,
}

/// An encoded prompt.
#[derive(Clone)]
pub struct EncodedPrompt {
    /// The embeddings.
    pub conditioning: Arc<Conditioning>,
    /// How long encoding took.
    pub time: Duration,
}

impl Prompt {
    /// A prompt of a loaded context. The worker encodes it, unless the caller will, by hand.
    pub fn create(context: &Arc<Context>, mut texts: Texts, by_hand: bool) -> Result<Arc<Self>> {
        let loaded = context.loaded()?;
        let negative = texts.negative.as_deref().unwrap_or("");
        for (name, value) in [("text", texts.positive.as_str()), ("negative_text", negative)] {
            if value.len() > MAX_TEXT {
                bail!(LimitExceeded, "{name} has {} bytes; expected at most {MAX_TEXT}", value.len());
            }
        }
        let foreign = foreign_syntax(&texts);
        if texts.syntax == Syntax::Weighted {
            parse_weighted(negative).map_err(|error| error.within("negative_text"))?; // so that it fails here
            texts.positive = foreign::without_extra_networks(&texts.positive).into_owned();
            parse_weighted(&texts.positive).map_err(|error| error.within("text"))?;
        }
        match (texts.clip_skip, loaded.info.features.clip_skip) {
            (skip, 0) if skip > 0 => bail!(
                NotSupported,
                "clip_skip is {skip}, but the text encoder was exported without hidden states; export it with them"
            ),
            (skip, most) if skip > most => bail!(
                InvalidArgument,
                "clip_skip is {skip}; expected at most {most}, or the text encoder has no layer left"
            ),
            _ => {}
        }
        if !foreign.is_empty() {
            log::push(LogLevel::Warning, format!("syntax of the prompt is not followed: {}", listed(&foreign)));
        }
        let not_followed = foreign.len();
        let encoding = Arc::new(Encoding { texts, encoded: Promise::new(), cancel: Cancel::default() });
        if !by_hand {
            let task = EncodeTask { context: Arc::downgrade(context), encoding: Arc::clone(&encoding) };
            context.submit(Box::new(task));
        }
        Ok(Arc::new(Self { context: Arc::clone(context), by_hand, not_followed, encoding, wanted: Mutex::default() }))
    }

    /// A prompt between two encoded ones of one context: `factor` 0 is the first, 1 the second.
    pub fn blend(first: &Arc<Self>, second: &Arc<Self>, factor: f32) -> Result<Arc<Self>> {
        if !(0.0..=1.0).contains(&factor) {
            bail!(InvalidArgument, "factor is {factor}; expected 0 to 1");
        }
        if !Arc::ptr_eq(&first.context, &second.context) {
            bail!(InvalidArgument, "second belongs to another context than first; expected the same");
        }
        let start = Instant::now();
        let (a, b) = (first.encoded()?.conditioning, second.encoded()?.conditioning);
        let conditioning = Arc::new(reserve::spared(|| a.blend(&b, factor))?);
        let encoded = Promise::new();
        encoded.set(Ok(EncodedPrompt { conditioning, time: start.elapsed() }));
        let encoding = Arc::new(Encoding { texts: Texts::default(), encoded, cancel: Cancel::default() });
        let not_followed = first.not_followed.saturating_add(second.not_followed); // blends of blends double it
        let context = Arc::clone(&first.context);
        Ok(Arc::new(Self { context, by_hand: false, not_followed, encoding, wanted: Mutex::default() }))
    }

    /// How many places of its texts are syntax that is not followed. The log names them.
    pub fn not_followed(&self) -> usize {
        self.not_followed
    }

    /// The context that it belongs to.
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// Encodes it on the calling thread.
    pub fn encode(&self) -> Result<()> {
        if !self.by_hand {
            bail!(
                WrongState,
                "the worker encodes this prompt; expected one that was created with SCUMBLE_PROMPT_BY_HAND"
            );
        }
        match self.encoding.encoded.get() {
            None => {}
            Some(Ok(_)) => bail!(WrongState, "the prompt is encoded already; expected one that is not"),
            Some(Err(error)) => return Err(error),
        }
        let mut model = self.context.try_model()?;
        self.encoding.encoded.set(panics::guard(move || self.encoding.compute(&mut model))); // the model is free when it is told
        self.encoded().map(drop)
    }

    /// The embeddings, or why there are none (yet: `NotReady`).
    pub fn encoded(&self) -> Result<EncodedPrompt> {
        match self.encoding.encoded.get() {
            Some(result) => result,
            None => bail!(NotReady, "the prompt is not encoded yet"),
        }
    }

    /// Waits until it is encoded; `Timeout` when it takes longer.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<EncodedPrompt> {
        match self.encoding.encoded.wait(timeout) {
            Some(result) => result,
            None => bail!(Timeout, "the prompt is not encoded yet"),
        }
    }

    /// Whether it is encoded or the worker will see to it.
    pub fn is_under_way(&self) -> bool {
        !self.by_hand || self.encoding.encoded.get().is_some()
    }

    /// Ends encoding, if it goes on.
    pub fn cancel(&self) {
        self.encoding.cancel.cancel();
        self.encoding.encoded.set(Err(Error::new(Status::Cancelled, "the prompt was cancelled")));
    }
}

impl Prompt {
    /// Ends what goes on for its sake: waits at once, encoding when no generation uses it any more.
    pub fn destroy(&self) {
        let mut wanted = self.wanted.lock();
        wanted.destroyed = true;
        let is_used = wanted.uses > 0;
        drop(wanted);
        self.encoding.encoded.abandon();
        if !is_used {
            self.cancel();
        }
    }
}

impl Use {
    /// A use of this prompt.
    pub fn of(prompt: &Arc<Prompt>) -> Self {
        prompt.wanted.lock().uses += 1;
        Self(Arc::clone(prompt))
    }
}

impl Deref for Use {
    type Target = Prompt;

    fn deref(&self) -> &Prompt {
        &self.0
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        let mut wanted = self.wanted.lock();
        wanted.uses -= 1;
        let is_over = wanted.destroyed && wanted.uses == 0;
        drop(wanted);
        if is_over {
            self.cancel();
        }
    }
}

/// What of the texts is syntax of other tools, in words.
fn foreign_syntax(texts: &Texts) -> Vec<String> {
    let weighted = texts.syntax == Syntax::Weighted;
    let negative = texts.negative.as_deref().unwrap_or("");
    let mut described = Vec::new();
    for (name, text, is_positive) in [("text", texts.positive.as_str(), true), ("negative_text", negative, false)] {
        for Foreign { at, text, what } in foreign::find(text, weighted) {
            let left_out = weighted && is_positive && what == foreign::EXTRA_NETWORK;
            let as_what = if left_out { "left out" } else { "read as text" };
            described.push(format!("\"{:.60}\" ({what}, {as_what}) at byte {at} of {name}", text.trim()));
        }
    }
    described
}

/// The first of them: a line of the log has no room for all.
fn listed(descriptions: &[String]) -> String {
    let (first, rest) = descriptions.split_at(descriptions.len().min(6));
    match rest.len() {
        0 => first.join(", "),
        more => format!("{}, and {more} more", first.join(", ")),
    }
}

/// A prompt that nobody holds any more needs no encoding.
impl Drop for Prompt {
    fn drop(&mut self) {
        self.encoding.cancel.cancel();
    }
}

impl Encoding {
    fn compute(&self, model: &mut ModelGuard) -> Result<EncodedPrompt> {
        let start = Instant::now();
        let conditioning = model.compute(|model| model.encode(&self.texts, &self.cancel))?;
        Ok(EncodedPrompt { conditioning: Arc::new(conditioning), time: start.elapsed() })
    }
}

/// It does not hold the context: the thread of one that nobody else holds ends at once, however long it would rest.
struct EncodeTask {
    context: Weak<Context>,
    encoding: Arc<Encoding>,
}

impl EncodeTask {
    fn encode(&self) -> Result<EncodedPrompt> {
        self.encoding.cancel.check()?;
        match self.context.upgrade() {
            Some(context) => self.encoding.compute(&mut context.model()?),
            None => bail!(Cancelled, "the context was destroyed"),
        }
    }
}

impl Task for EncodeTask {
    fn turn(&mut self) -> Turn {
        testing::point("worker_encode");
        let result = self.encode(); // the model is free when it is told
        self.encoding.encoded.set(result);
        Turn::Done
    }

    fn panicked(&mut self, text: &str) {
        self.encoding.encoded.set(Err(Error::new(Status::Panic, format!("encoding panicked: {text}"))));
    }
}
