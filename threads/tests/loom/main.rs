//! What threads share, run in every order that they may take: the shipped code, with loom's locks in it.
//!
//! loom fails a test in which a thread waits for ever. So each test that ends shows, without a word, that every waiter
//! woke and every worker ended.

mod by_hand;
mod cancel;
mod generation;
mod promise;
mod prompt;
mod signal;
mod worker;

#[path = "../../../tests/common/fake.rs"]
#[allow(dead_code)]
mod fake;

use std::sync::Arc;

use loom::thread::JoinHandle;
use scumble::model::Model;
use scumble::{Context, Generation, Preview, Prompt, Request, Texts};

const STACK_WORDS: usize = 1 << 15;

/// Runs `test` in every order in which the running thread is taken from the processor at most so many times: defects of
/// threads hardly ever need more than two.
fn explore(preemptions: usize, test: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 10_000;
    let test = Arc::new(test);
    builder.check(move || {
        let test = Arc::clone(&test);
        spawn(move || test()).join().unwrap();
    });
}

/// Starts a thread. loom's own stacks are too small for a development build.
fn spawn<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    loom::thread::Builder::new().stack_size(STACK_WORDS).spawn(body).unwrap()
}

/// A context with this model, loaded.
fn load(model: impl FnOnce() -> Box<dyn Model> + Send + 'static) -> Arc<Context> {
    let context = Context::with_loader(|_| Ok(model())).unwrap();
    context.wait(None).unwrap();
    context
}

/// A generation of one step, with its prompt encoded.
fn generation(context: &Arc<Context>) -> Arc<Generation> {
    let prompt = Prompt::create(context, Texts::of("a red apple"), true).unwrap();
    prompt.encode().unwrap();
    let request = Request { steps: Some(1), ..Request::default() };
    Generation::create(&prompt, &request, &Preview::default()).unwrap()
}
