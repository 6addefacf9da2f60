//! A loaded model with the thread that works for it.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::cancel::Cancel;
use crate::error::{bail, Error, Result, Status};
use crate::log::{self, LogLevel};
use crate::model::{LatentRgb, Model, ModelInfo, Options, Places, StableDiffusion};
use crate::pace::Pace;
use crate::priority::{Priority, ThreadGroup};
use crate::promise::Promise;
use crate::reserve;
use crate::runtime;
use crate::sync::{Mutex, MutexGuard};
use crate::testing;
use crate::worker::{Task, Turn, Worker};

/// A model on one device. Prompts and generations hold it; when the last of them is gone its
/// thread unloads the model and ends.
pub struct Context {
    shared: Arc<Shared>,
    worker: Worker,
    /// The worker and the threads that help it.
    group: ThreadGroup,
}

/// What the thread shares with the outside.
struct Shared {
    loaded: Promise<Loaded>,
    /// Held for one computation at a time; empty before loading and after a failure of it.
    model: Mutex<Option<Box<dyn Model>>>,
    latent_rgb: OnceLock<LatentRgb>,
    /// Pixels of the last picture that was decoded, and how long that took.
    decoded: Mutex<Option<(usize, Duration)>>,
    cancel: Cancel,
}

/// What is known once the model is loaded.
#[derive(Clone)]
pub struct Loaded {
    /// Sizes, limits and defaults.
    pub info: Arc<ModelInfo>,
    /// How long loading took.
    pub time: Duration,
}

/// The model, held for one computation.
pub struct ModelGuard<'a>(MutexGuard<'a, Option<Box<dyn Model>>>);

impl Context {
    /// Begins to load a model directory, on the context's own thread. What is wrong with the arguments is told at once.
    pub fn open(places: Places, options: impl Into<Options>) -> Result<Arc<Self>> {
        let options = options.into();
        places.check()?;
        options.check()?;
        let group = options.device.group.clone();
        Self::start(group, move |cancel| Ok(Box::new(StableDiffusion::open(&places, &options, cancel)?)))
    }

    /// Begins to load a model in a way of the caller's own.
    pub fn with_loader(load: impl FnOnce(&Cancel) -> Result<Box<dyn Model>> + Send + 'static) -> Result<Arc<Self>> {
        Self::start(ThreadGroup::default(), load)
    }

    fn start(
        group: ThreadGroup,
        load: impl FnOnce(&Cancel) -> Result<Box<dyn Model>> + Send + 'static,
    ) -> Result<Arc<Self>> {
        let shared = Arc::new(Shared {
            loaded: Promise::new(),
            model: Mutex::new(None),
            latent_rgb: OnceLock::new(),
            decoded: Mutex::new(None),
            cancel: Cancel::default(),
        });
        let at_end = Arc::clone(&shared);
        // Unloading takes time: it belongs on the thread, not in somebody's destroy.
        let worker = Worker::start(group.clone(), move || {
            drop(at_end.model.lock().take());
            runtime::give_back(); // also what loading took before it failed or was cancelled
        })?;
        worker.submit(Box::new(LoadTask { shared: Arc::clone(&shared), load: Some(Box::new(load)) }));
        Ok(Arc::new(Self { shared, worker, group }))
    }

    /// The model's description, or why there is none (yet: `NotReady`).
    pub fn loaded(&self) -> Result<Loaded> {
        match self.shared.loaded.get() {
            Some(result) => result,
            None => bail!(NotReady, "the context is still loading"),
        }
    }

    /// Waits until the model is loaded; `Timeout` when it takes longer.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<Loaded> {
        match self.shared.loaded.wait(timeout) {
            Some(result) => result,
            None => bail!(Timeout, "the context is still loading"),
        }
    }

    /// Ends loading, if it goes on.
    pub fn cancel(&self) {
        self.shared.cancel.cancel();
        self.shared.loaded.set(Err(Error::new(Status::Cancelled, "loading was cancelled")));
    }

    /// The model for one computation on the worker, which waits for its turn.
    pub fn model(&self) -> Result<ModelGuard<'_>> {
        ModelGuard::new(self.shared.model.lock())
    }

    /// The model for one computation by hand; `Busy` when somebody else computes.
    pub fn try_model(&self) -> Result<ModelGuard<'_>> {
        match self.shared.model.try_lock() {
            Some(guard) => ModelGuard::new(guard),
            None => bail!(Busy, "the model is computing for somebody else"),
        }
    }

    /// How previews are coloured; fitted at the first call where the model does not tell.
    pub fn latent_rgb(&self, model: &mut dyn Model, cancel: &Cancel) -> Result<&LatentRgb> {
        if let Some(map) = self.shared.latent_rgb.get() {
            return Ok(map);
        }
        let map = match &model.info().latent_rgb {
            Some(map) => map.clone(),
            None => {
                let (channels, factor) = (model.info().latent_channels, model.info().vae_factor);
                LatentRgb::fit(channels, factor, |latents| model.decode(latents, cancel))?
            }
        };
        Ok(self.shared.latent_rgb.get_or_init(|| map))
    }

    /// Remembers how long it took to decode a picture of so many pixels.
    pub fn decoded(&self, pixels: usize, time: Duration) {
        *self.shared.decoded.lock() = Some((pixels, time));
    }

    /// How long decoding so many pixels will take, judged by the last picture; none before the first.
    pub fn decode_time(&self, pixels: usize) -> Option<Duration> {
        let decoded = *self.shared.decoded.lock();
        decoded.map(|(before, time)| time.mul_f64(pixels as f64 / before as f64))
    }

    /// Has the worker give back the memory that can be had again, when it is this task's turn.
    pub fn trim(&self) -> Result<()> {
        self.loaded()?;
        self.submit(Box::new(TrimTask(Arc::clone(&self.shared))));
        Ok(())
    }

    /// How much of its time the worker may be busy.
    pub fn pace(&self) -> Pace {
        self.worker.pace()
    }

    /// Changes the pace of the worker.
    pub fn set_pace(&self, pace: Pace) {
        self.worker.set_pace(pace);
    }

    /// The priority in force, of the worker and the threads that help it.
    pub fn priority(&self) -> Priority {
        self.group.priority()
    }

    /// Changes the priority, as far as the system allows.
    pub fn set_priority(&self, priority: Priority) {
        self.group.set_priority(priority);
    }

    /// Gives the worker a task.
    pub fn submit(&self, task: Box<dyn Task>) {
        self.worker.submit(task);
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.shared.cancel.cancel();
    }
}

impl<'a> ModelGuard<'a> {
    fn new(guard: MutexGuard<'a, Option<Box<dyn Model>>>) -> Result<Self> {
        if guard.is_none() {
            bail!(WrongState, "the context has no model");
        }
        Ok(Self(guard))
    }

    /// Has the model compute. Where its device is lost, so is all that any part of it holds there: the next call loads
    /// it anew, on a device that may be there by then.
    pub fn compute<T>(&mut self, compute: impl FnOnce(&mut dyn Model) -> Result<T>) -> Result<T> {
        let model = self.0.as_mut().expect("checked when the guard was made").as_mut();
        let result = reserve::spared(|| compute(model));
        if result.as_ref().is_err_and(|error| error.status() == Status::DeviceLost) {
            model.trim();
        }
        result
    }
}

struct TrimTask(Arc<Shared>);

impl Task for TrimTask {
    fn turn(&mut self) -> Turn {
        if let Some(model) = &mut *self.0.model.lock() {
            model.trim();
        }
        Turn::Done
    }

    fn is_paced(&self) -> bool {
        false
    }

    fn panicked(&mut self, text: &str) {
        log::push(LogLevel::Error, format!("trimming panicked: {text}"));
    }
}

type Load = Box<dyn FnOnce(&Cancel) -> Result<Box<dyn Model>> + Send>;

struct LoadTask {
    shared: Arc<Shared>,
    load: Option<Load>,
}

impl Task for LoadTask {
    fn turn(&mut self) -> Turn {
        testing::point("worker_load");
        let Some(load) = self.load.take() else { return Turn::Done };
        let start = Instant::now();
        let result = reserve::spared(|| load(&self.shared.cancel)).map(|model| {
            let info = Arc::new(model.info().clone());
            *self.shared.model.lock() = Some(model);
            Loaded { info, time: start.elapsed() }
        });
        self.shared.loaded.set(result);
        Turn::Done
    }

    /// The first picture shall not wait because loading took long.
    fn is_paced(&self) -> bool {
        false
    }

    fn panicked(&mut self, text: &str) {
        self.shared.loaded.set(Err(Error::new(Status::Panic, format!("loading panicked: {text}"))));
    }
}
