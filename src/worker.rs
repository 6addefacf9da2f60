//! A thread that takes turns among tasks. It knows nothing of what they do.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::pace::Pace;
use crate::priority::ThreadGroup;
use crate::sync::{Condvar, Mutex};
use crate::{panics, threads};

/// Whether a task wants another turn.
pub enum Turn {
    /// After all others have had theirs.
    Again,
    /// It is finished.
    Done,
}

/// Work in pieces short enough for others to wait for.
pub trait Task: Send {
    /// Does one piece.
    fn turn(&mut self) -> Turn;

    /// Whether the thread rests after its turns, as its pace says.
    fn is_paced(&self) -> bool {
        true
    }

    /// Told when a turn panicked; it gets no other.
    fn panicked(&mut self, text: &str);
}

/// The thread, seen from outside. Dropping it lets the thread end by itself: nobody waits.
pub struct Worker(Arc<Inner>);

struct Inner {
    queue: Mutex<Queue>,
    changed: Condvar,
}

struct Queue {
    tasks: VecDeque<Box<dyn Task>>,
    ending: bool,
    pace: Pace,
    /// When the last turn ended after which the thread rests, and how long that took.
    ended: Instant,
    busy: Duration,
}

impl Worker {
    /// Starts the thread, as a member of this group. `at_end` runs on it last.
    pub fn start(group: ThreadGroup, at_end: impl FnOnce() + Send + 'static) -> Result<Self> {
        let inner = Arc::new(Inner {
            queue: Mutex::new(Queue {
                tasks: VecDeque::new(),
                ending: false,
                pace: Pace::default(),
                ended: Instant::now(),
                busy: Duration::ZERO,
            }),
            changed: Condvar::new(),
        });
        let own = Arc::clone(&inner);
        threads::start(group, move || {
            run(&own);
            // Whatever this panics with, the thread ends in order.
            let _ = panics::catch(at_end);
        })?;
        Ok(Self(inner))
    }

    /// Queues a task behind those that are there.
    pub fn submit(&self, task: Box<dyn Task>) {
        self.0.queue.lock().tasks.push_back(task);
        self.0.changed.notify_one();
    }

    /// The pace in force.
    pub fn pace(&self) -> Pace {
        self.0.queue.lock().pace
    }

    /// Changes the pace, of the rest that goes on too.
    pub fn set_pace(&self, pace: Pace) {
        self.0.queue.lock().pace = pace;
        self.0.changed.notify_one();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.queue.lock().ending = true;
        self.0.changed.notify_one();
    }
}

fn run(inner: &Inner) {
    while let Some(mut task) = next(inner) {
        let start = Instant::now();
        let turn = panics::catch(|| task.turn());
        if task.is_paced() {
            let mut queue = inner.queue.lock();
            (queue.ended, queue.busy) = (Instant::now(), start.elapsed());
        }
        match turn {
            Ok(Turn::Again) => inner.queue.lock().tasks.push_back(task),
            // A task may hold the last of an object whose own end panics.
            Ok(Turn::Done) => drop(panics::catch(move || drop(task))),
            Err(text) => drop(panics::catch(move || task.panicked(&text))),
        }
    }
}

/// The next task, when there is one and the thread has rested; none when the thread is to end.
fn next(inner: &Inner) -> Option<Box<dyn Task>> {
    let mut queue = inner.queue.lock();
    while !queue.ending {
        let rested = queue.ended + queue.pace.rest(queue.busy);
        if queue.tasks.is_empty() {
            inner.changed.wait(&mut queue);
        } else if Instant::now() < rested {
            inner.changed.wait_until(&mut queue, rested);
        } else {
            return queue.tasks.pop_front();
        }
    }
    None
}
