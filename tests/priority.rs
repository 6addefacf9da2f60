//! The priority of a context's threads: what the system says of each of them, and what the library reports.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::collections::BTreeMap;
use std::ffi::CString;
use std::time::{Duration, Instant};
use std::{fs, ptr, thread};

use common::c::{self, ok};
use parking_lot::{Mutex, MutexGuard};
use scumble::ffi::*;

const BACKGROUND: i32 = -1;
const NORMAL: i32 = 0;
const HIGH: i32 = 1;

/// What the system says of a thread: its policy (5 is `SCHED_IDLE`) and its nice value.
type Urgency = (i32, i32);

/// Threads are counted, of the whole process.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock()
}

/// A context whose sessions have two threads each besides the worker, loaded.
fn context(priority: i32) -> *mut scumble_context {
    let path = CString::new(common::model().to_str().unwrap()).unwrap();
    let mut desc = c::desc(scumble_context_desc_init);
    (desc.model_path, desc.threads, desc.priority) = (path.as_ptr(), 3, priority);
    let mut context = ptr::null_mut();
    unsafe {
        ok(scumble_context_create(&desc, &mut context));
        ok(scumble_context_wait(context, -1));
    }
    context
}

fn set(context: *const scumble_context, priority: i32) {
    ok(unsafe { scumble_context_set_priority(context, priority) });
}

/// The priority that a context reports.
fn reported(context: *const scumble_context) -> i32 {
    let prompt = c::prompt(context, SCUMBLE_PROMPT_BY_HAND);
    let generation = c::generation(prompt, |_| ());
    let priority = c::progress(generation).priority;
    unsafe {
        ok(scumble_generation_destroy(generation));
        ok(scumble_prompt_destroy(prompt));
    }
    priority
}

/// The threads of this process by their ids: the library's, or the host's.
fn threads(library_s: bool) -> BTreeMap<String, Urgency> {
    let tasks = fs::read_dir("/proc/self/task").unwrap().filter_map(|task| {
        let task = task.unwrap();
        let stat = fs::read_to_string(task.path().join("stat")).ok()?; // none when it has ended meanwhile
        let (name, rest) = stat.split_once('(').unwrap().1.rsplit_once(") ").unwrap();
        // The first is field 3 of proc(5).
        let field = |number: usize| rest.split(' ').nth(number - 3).unwrap().parse().unwrap();
        ((name == "scumble") == library_s).then(|| (task.file_name().into_string().unwrap(), (field(41), field(19))))
    });
    tasks.collect()
}

/// The urgency of each of the library's threads.
fn urgencies() -> Vec<Urgency> {
    threads(true).into_values().collect()
}

/// Takes from this thread, and those that it starts, the right to raise a priority.
fn drop_rights() {
    const VERSION_3: u32 = 0x2008_0522;
    let header = [VERSION_3, 0];
    let none = [0u32; 6];
    let limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    unsafe {
        assert_eq!(libc::syscall(libc::SYS_capset, header.as_ptr(), none.as_ptr()), 0);
        assert_eq!(libc::setrlimit(libc::RLIMIT_NICE, &limit), 0);
    }
}

/// Whether this thread may raise a priority: CAP_SYS_NICE is the bit of number 23.
fn may_raise() -> bool {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let rights = status.lines().find_map(|line| line.strip_prefix("CapEff:\t")).unwrap();
    u64::from_str_radix(rights, 16).unwrap() & 1 << 23 != 0
}

fn shutdown() {
    ok(scumble_shutdown(-1));
    assert!(threads(true).is_empty(), "threads are left");
}

#[test]
fn it_is_the_threads_of_the_context_that_change() {
    let _guard = one_at_a_time();
    let hosts = threads(false);
    let (first, second) = (context(NORMAL), context(BACKGROUND));
    let all = urgencies();
    let of = |urgency| urgencies().into_iter().filter(|it| *it == urgency).count();
    assert!(all.len() >= 2 * (1 + 2 * 3), "worker and helpers of three sessions and more, twice: {all:?}");
    assert_eq!((of((0, 0)), of((5, 0))), (all.len() / 2, all.len() / 2), "{all:?}");
    assert_eq!((reported(first), reported(second)), (NORMAL, BACKGROUND));

    set(first, BACKGROUND);
    assert_eq!(of((5, 0)), all.len());
    assert_eq!((reported(first), reported(second)), (BACKGROUND, BACKGROUND));
    let by_hand = c::generation(c::prompt_by_hand(first), |_| ());
    ok(unsafe { scumble_generation_step(by_hand, ptr::null_mut()) }); // on this thread, which stays as it is
    let half = all.len() / 2;
    for (wanted, urgency, threads) in
        [(NORMAL, (0, 0), half), (HIGH, (0, -5), half), (BACKGROUND, (5, 0), 2 * half), (NORMAL, (0, 0), half)]
    {
        set(first, wanted);
        if may_raise() {
            assert_eq!((reported(first), of(urgency)), (wanted, threads), "{:?}", urgencies());
        } else {
            assert_eq!((reported(first), of((5, 0))), (BACKGROUND, all.len()));
        }
        assert_eq!(reported(second), BACKGROUND);
    }
    let after = threads(false);
    assert!(hosts.iter().all(|(id, urgency)| after.get(id).is_none_or(|after| after == urgency)), "{after:?}");
    shutdown();
}

/// Whoever has no right to raise a priority is told what became of the wish.
#[test]
fn what_the_system_refuses_is_reported() {
    let _guard = one_at_a_time();
    let without_rights = || {
        drop_rights();
        let (eager, modest) = (context(HIGH), context(NORMAL));
        assert_eq!((reported(eager), reported(modest)), (NORMAL, NORMAL), "{:?}", urgencies());
        for (wanted, in_force) in [(HIGH, NORMAL), (BACKGROUND, BACKGROUND), (NORMAL, BACKGROUND), (HIGH, BACKGROUND)] {
            set(modest, wanted);
            assert_eq!(reported(modest), in_force, "{wanted} is wanted");
        }
        let lowered = urgencies().into_iter().filter(|(policy, _)| *policy == 5).count();
        assert_eq!(2 * lowered, urgencies().len(), "{:?}", urgencies());
        shutdown();
    };
    thread::spawn(without_rights).join().unwrap();
}

/// A thread that waits, for work or for the end of a rest, sleeps.
#[test]
fn nobody_spins() {
    const WHILE: Duration = Duration::from_millis(600);
    let _guard = one_at_a_time();
    let context = context(NORMAL);
    let idle = |what| {
        let (start, before) = (Instant::now(), cpu_time());
        thread::sleep(WHILE);
        let spent = cpu_time() - before;
        assert!(spent < start.elapsed() / 4, "{spent:?} of CPU time in {:?}, {what}", start.elapsed());
    };
    idle("nothing to do");
    ok(unsafe { scumble_context_set_pace(context, 0.0001) });
    let generation = c::generation(c::prompt_by_hand(context), |desc| desc.steps = 3);
    ok(unsafe { scumble_generation_start(generation) });
    while c::progress(generation).evaluation == 0 {
        thread::sleep(Duration::from_millis(1));
    }
    idle("at rest");
    assert_eq!(c::progress(generation).evaluation, 1, "it did not rest");
    shutdown();
}

/// CPU time that this process has spent.
fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) }, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
