//! How a session is made: on a thread of its own. What ONNX Runtime does with a hostile graph may never end, and
//! then that thread is left behind. It owns all that it uses.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, SendError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use memmap2::MmapMut;
use ort::session::builder::{LoadCanceler, SessionBuilder};
use ort::session::Session;

use super::failure::load_error;
use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::log::{self, LogLevel};
use crate::model::options::Options;
use crate::model::scan::IN_MEMORY;
use crate::runtime::{self, Making};
use crate::{memory, panics, reserve, testing, threads};

/// How long ONNX Runtime may take to obey a cancel.
const GRACE: Duration = Duration::from_secs(1);

enum Event {
    /// It can be cancelled with this.
    Begun(LoadCanceler),
    Cancelled,
    Made(Result<Session>),
}

/// Makes a session of a graph, which was read from this file, and of its weights, with what `build` gives.
pub fn make(
    path: &Path,
    (graph, weights): (Vec<u8>, MmapMut),
    options: &Options,
    cancel: &Cancel,
    build: impl FnOnce() -> Result<SessionBuilder> + Send + 'static,
) -> Result<Session> {
    let (place, group) = (options.place(), options.device.group.clone());
    let (events, received) = mpsc::channel();
    let canceller = events.clone();
    let file = path.to_owned();
    let make = move || {
        let _making = Making::enter();
        let build = || {
            let builder = build()?;
            let _ = events.send(Event::Begun(builder.canceler()));
            testing::point("session_make");
            memory::for_thread()?;
            let session = runtime::commit(builder, &graph, IN_MEMORY, &weights);
            session.map_err(|error| load_error(&file, place, &error))
        };
        let made = panics::guard(|| reserve::spared(build));
        if let Err(SendError(unwanted)) = events.send(Event::Made(made)) {
            let _turn = place.turn();
            drop(unwanted);
        }
    };
    let _turn = place.turn();
    cancel.interruptible(
        move || drop(canceller.send(Event::Cancelled)),
        || {
            let thread = threads::spawn(group, make)?;
            let mut canceler = None;
            let mut deadline: Option<Instant> = None;
            loop {
                let event = match deadline {
                    None => received.recv().map_err(RecvTimeoutError::from),
                    Some(deadline) => received.recv_timeout(deadline.saturating_duration_since(Instant::now())),
                };
                match event {
                    Ok(Event::Begun(begun)) => canceler = Some(begun),
                    Ok(Event::Cancelled) => deadline = deadline.or_else(|| Some(Instant::now() + GRACE)),
                    Ok(Event::Made(made)) => {
                        let _ = thread.join(); // its panics were caught
                        return made;
                    }
                    Err(_) => return leave(path, thread),
                }
                if let (Some(canceler), true) = (&canceler, deadline.is_some()) {
                    let _ = canceler.cancel();
                }
            }
        },
    )
}

fn leave(path: &Path, thread: JoinHandle<()>) -> Result<Session> {
    threads::leave(thread);
    let text =
        format!("{}: ONNX Runtime does not stop loading it; the thread that loads it is left behind", path.display());
    log::push(LogLevel::Warning, text.clone());
    bail!(Cancelled, "{text}")
}
