//! The queue of a worker: what is given to it is done, and its thread ends.

use std::sync::Arc;
use std::time::Duration;

use scumble::priority::ThreadGroup;
use scumble::worker::{Task, Turn, Worker};
use scumble::Pace;

use crate::{explore, signal::Signal, spawn};

/// A task of so many turns, which tells when the last of them is over and when it is dropped.
struct Turns {
    left: usize,
    panics: bool,
    done: Arc<Signal>,
    dropped: Arc<Signal>,
}

impl Turns {
    fn new(left: usize) -> Box<Self> {
        Box::new(Self { left, panics: false, done: Arc::default(), dropped: Arc::default() })
    }

    fn panicking() -> Box<Self> {
        Box::new(Self { left: 1, panics: true, done: Arc::default(), dropped: Arc::default() })
    }
}

impl Task for Turns {
    fn turn(&mut self) -> Turn {
        // Long enough for the clock to see.
        std::thread::sleep(Duration::from_nanos(1));
        if self.panics {
            std::panic::resume_unwind(Box::new("as asked")); // without a word on stderr
        }
        self.left = self.left.checked_sub(1).expect("no turn after the last");
        match self.left {
            0 => {
                self.done.raise();
                Turn::Done
            }
            _ => Turn::Again,
        }
    }

    fn panicked(&mut self, _: &str) {
        self.done.raise();
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        self.dropped.raise();
    }
}

#[test]
fn tasks_of_two_threads_are_done_to_the_end() {
    explore(2, || {
        let worker = Arc::new(Worker::start(ThreadGroup::default(), || {}).unwrap());
        let (one, two) = (Turns::new(2), Turns::new(1));
        let (one_done, two_done) = (Arc::clone(&one.done), Arc::clone(&two.done));
        let other = Arc::clone(&worker);
        let submitter = spawn(move || other.submit(one));
        worker.submit(two);
        one_done.wait();
        two_done.wait();
        submitter.join().unwrap();
    });
}

/// Whether it was submitted before or while the worker ends: nobody does it, perhaps, but nobody keeps it.
#[test]
fn a_dropped_worker_drops_its_tasks_and_ends() {
    explore(3, || {
        let ended = Arc::new(Signal::default());
        let end = Arc::clone(&ended);
        let worker = Arc::new(Worker::start(ThreadGroup::default(), move || end.raise()).unwrap());
        let (one, two) = (Turns::new(2), Turns::new(1));
        let (one_dropped, two_dropped) = (Arc::clone(&one.dropped), Arc::clone(&two.dropped));
        let other = Arc::clone(&worker);
        let submitter = spawn(move || other.submit(one));
        worker.submit(two);
        drop(worker);
        one_dropped.wait();
        two_dropped.wait();
        ended.wait();
        submitter.join().unwrap();
    });
}

/// A rest of a minute, in which no time passes: whoever ends it has to wake the worker.
#[test]
fn a_rest_ends_with_its_pace_and_with_its_worker() {
    for dropped in [false, true] {
        explore(3, move || {
            let worker = Worker::start(ThreadGroup::default(), || {}).unwrap();
            worker.set_pace(Pace::new(1e-30).unwrap());
            let (one, two) = (Turns::new(1), Turns::new(1));
            let (one_done, two_done, two_dropped) =
                (Arc::clone(&one.done), Arc::clone(&two.done), Arc::clone(&two.dropped));
            worker.submit(one);
            worker.submit(two);
            one_done.wait();
            if dropped {
                drop(worker);
            } else {
                worker.set_pace(Pace::default());
                two_done.wait();
            }
            two_dropped.wait();
        });
    }
}

#[test]
fn a_panic_ends_its_task_alone() {
    explore(3, || {
        let worker = Worker::start(ThreadGroup::default(), || {}).unwrap();
        let (one, two) = (Turns::panicking(), Turns::new(2));
        let (one_done, one_dropped, two_done) =
            (Arc::clone(&one.done), Arc::clone(&one.dropped), Arc::clone(&two.done));
        worker.submit(one);
        worker.submit(two);
        one_done.wait();
        one_dropped.wait();
        two_done.wait();
    });
}
