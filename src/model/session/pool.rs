//! The threads with which ONNX Runtime computes: ours, not the process's, so that they have the priority of
//! their context.

use std::thread::{self, JoinHandle};

use ort::environment::ThreadManager;

use crate::panics;
use crate::priority::ThreadGroup;
use crate::testing;

/// Starts the threads of a session's pool, as members of this group.
pub struct Pool(pub ThreadGroup);

impl ThreadManager for Pool {
    type Thread = JoinHandle<()>;

    fn create(&self, work: impl FnOnce() + Send + 'static) -> ort::Result<Self::Thread> {
        testing::point("pool_create");
        let group = self.0.clone();
        let run = move || {
            let _inside = panics::Inside::enter();
            // A session counts on its threads: whatever goes wrong here, the thread works.
            let _member = panics::catch(|| {
                testing::point("pool_thread");
                group.enter()
            });
            work();
        };
        let error = |error| ort::Error::new(format!("no thread can be started: {error}"));
        thread::Builder::new().name("scumble".into()).spawn(run).map_err(error)
    }

    fn join(thread: Self::Thread) -> ort::Result<()> {
        let _ = thread.join(); // its panics were caught
        Ok(())
    }
}
