//! How the worker paints a generation: turn by turn, unless it is paused.
//!
//! A paused generation has no task with the worker: nobody asks it again and again whether it may go
//! on, and to resume it is to submit a task.

use std::sync::{Arc, Weak};

use super::Generation;
use crate::error::{Error, Result, Status};
use crate::image::Picture;
use crate::testing;
use crate::worker::{Task, Turn};

impl Generation {
    /// Lets the worker take no further turn with it. Does nothing when it is paused or has ended.
    pub fn pause(&self) -> Result<()> {
        self.progress.lock().pause("_pause", true)
    }

    /// Goes on where it was paused. Does nothing when it is not paused or has ended.
    pub fn resume(self: &Arc<Self>) -> Result<()> {
        let mut progress = self.progress.lock();
        progress.pause("_resume", false)?;
        if progress.takes_turns() && !progress.queued {
            progress.queued = true;
            drop(progress);
            self.submit();
        }
        Ok(())
    }

    /// Gives the worker its task. There is one at a time: `queued` tells.
    pub(super) fn submit(self: &Arc<Self>) {
        self.context.submit(Box::new(PaintTask(Arc::downgrade(self))));
    }

    /// Whether its task stays with the worker.
    fn stays_queued(&self) -> bool {
        let mut progress = self.progress.lock();
        progress.queued = progress.takes_turns();
        progress.queued
    }

    /// One evaluation, or the decoding after the last, which gives the picture.
    fn paint(&self) -> Result<Option<Arc<Picture>>> {
        self.cancel.check()?;
        let mut diffusion = self.diffusion.lock();
        if diffusion.evaluation() == 0 {
            diffusion.condition(self.encoded()?.conditioning);
        }
        let mut model = self.context.model()?;
        if diffusion.evaluation() < self.evaluations {
            self.evaluate(&mut diffusion, &mut model).map(|()| None)
        } else {
            self.finish(&diffusion, &mut model).map(Some)
        }
    }
}

/// Weak: a picture that nobody holds any more needs no painting, and its context's thread ends at
/// once, however long it would rest.
struct PaintTask(Weak<Generation>);

impl Task for PaintTask {
    fn turn(&mut self) -> Turn {
        testing::point("worker_paint");
        let Some(generation) = self.0.upgrade() else { return Turn::Done };
        if !generation.stays_queued() {
            return Turn::Done;
        }
        // Latents and model are given back by now: whoever waits for the end finds them free.
        if let Some(result) = generation.paint().transpose() {
            let _ = generation.end(result);
        }
        match generation.stays_queued() {
            true => Turn::Again,
            false => {
                generation.release(); // a cancel may have come meanwhile
                Turn::Done
            }
        }
    }

    fn panicked(&mut self, text: &str) {
        if let Some(generation) = self.0.upgrade() {
            let _ = generation.end(Err(Error::new(Status::Panic, format!("painting panicked: {text}"))));
        }
    }
}
