//! The threads with which ONNX Runtime computes: ours, not the process's, so that they have the priority of
//! their context.
//!
//! ONNX Runtime asks for them one by one as it makes a session. Where it is refused one, it waits for those that it
//! has, which wait for work: for ever (onnxruntime#15146). So all of them are started before the session is made.

use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;

use ort::environment::ThreadManager;
use parking_lot::Mutex;

use crate::error::Result;
use crate::priority::ThreadGroup;
use crate::{memory, panics, testing, threads};

/// The threads of a session, which wait for what ONNX Runtime has them do. Those that it does not ask for end with
/// the pool.
pub struct Pool {
    group: ThreadGroup,
    waiting: Mutex<Vec<Waiting>>,
}

struct Waiting {
    work: Sender<Work>,
    thread: JoinHandle<()>,
}

type Work = Box<dyn FnOnce() + Send>;

impl Pool {
    /// Starts the threads of a session that computes with so many, the calling one counted, as members of this group.
    pub fn start(group: &ThreadGroup, threads: usize) -> Result<Self> {
        let mut pool = Self { group: group.clone(), waiting: Mutex::default() };
        for _ in 1..threads {
            pool.waiting.get_mut().push(Waiting::start(group)?); // where one is missing, dropping the pool ends the others
        }
        Ok(pool)
    }
}

impl Waiting {
    fn start(group: &ThreadGroup) -> Result<Self> {
        let (work, given) = mpsc::channel::<Work>();
        let (ready, is_ready) = mpsc::channel();
        let run = move || {
            // A session counts on its threads: whatever goes wrong from here on, the thread works.
            let _ = ready.send(memory::for_thread());
            let _ = panics::catch(|| testing::point("pool_thread"));
            if let Ok(work) = given.recv() {
                work();
            }
        };
        let waiting = Self { work, thread: threads::spawn(group.clone(), run)? };
        match is_ready.recv().unwrap_or(Ok(())) {
            Ok(()) => Ok(waiting),
            Err(error) => {
                waiting.end();
                Err(error)
            }
        }
    }

    fn end(self) {
        drop(self.work);
        let _ = self.thread.join(); // its panics were caught
    }
}

impl ThreadManager for Pool {
    type Thread = JoinHandle<()>;

    fn create(&self, work: impl FnOnce() + Send + 'static) -> ort::Result<Self::Thread> {
        let started = self.waiting.lock().pop();
        // None is left where ONNX Runtime wants more than it was told to have.
        let Waiting { work: give, thread } = match started {
            Some(waiting) => waiting,
            None => Waiting::start(&self.group).map_err(|error| ort::Error::new(error.to_string()))?,
        };
        let _ = give.send(Box::new(work)); // it waits for it
        Ok(thread)
    }

    fn join(thread: Self::Thread) -> ort::Result<()> {
        let _ = thread.join(); // its panics were caught
        Ok(())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.waiting.get_mut().drain(..).for_each(Waiting::end);
    }
}
