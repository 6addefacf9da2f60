//! What belongs to the host stays as it is: the floating-point mode of its threads, signal
//! handlers, locale, working directory, environment and umask. And its mode does not reach the
//! pictures.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::arch::asm;
use std::collections::BTreeSet;
use std::ffi::{CStr, OsString};
use std::path::PathBuf;
use std::{env, mem, ptr, thread};

use common::c::{self, ok, output};
use scumble::ffi::*;
use scumble::Status;

const MODEL: &CStr = match CStr::from_bytes_with_nul(
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/models/emblem-64\0").as_bytes(),
) {
    Ok(path) => path,
    Err(_) => panic!(),
};
const SIDE: usize = 64;

/// MXCSR as a process starts with it.
const DEFAULT: u32 = 0x1F80;
/// Denormals flushed, results and operands, and rounding towards zero.
const FLUSHING: u32 = DEFAULT | 0x8000 | 0x0040 | 0x6000;
/// Every exception unmasked, an inexact result too, and rounding up: one stray operation is a SIGFPE.
const TRAPPING: u32 = 0x4000;

/// Runs `body` in a mode of the floating-point unit. Answers the mode that it left behind, too.
fn in_mode<T>(mode: u32, body: impl FnOnce() -> T) -> (T, u32) {
    let mut left = 0u32;
    unsafe { asm!("ldmxcsr [{}]", in(reg) &mode, options(nostack, readonly)) };
    let result = body();
    unsafe {
        asm!("stmxcsr [{}]", in(reg) &mut left, options(nostack));
        asm!("ldmxcsr [{}]", in(reg) &DEFAULT, options(nostack, readonly));
    }
    (result, left)
}

/// What is the host's.
struct Host {
    signals: Vec<Action>,
    locale: String,
    directory: PathBuf,
    environment: Vec<(OsString, OsString)>,
    umask: u32,
}

/// A signal, its handler, flags, and whether each signal is blocked meanwhile.
type Action = (i32, usize, i32, Vec<bool>);

impl Host {
    fn now() -> Self {
        let signals = (1..=64).filter_map(|signal| unsafe {
            let mut action: libc::sigaction = mem::zeroed();
            let known = libc::sigaction(signal, ptr::null(), &mut action) == 0;
            let blocked = (1..=64).map(|other| libc::sigismember(&action.sa_mask, other) == 1).collect();
            known.then_some((signal, action.sa_sigaction, action.sa_flags, blocked))
        });
        unsafe {
            let umask = libc::umask(0);
            libc::umask(umask);
            Self {
                signals: signals.collect(),
                locale: CStr::from_ptr(libc::setlocale(libc::LC_ALL, ptr::null())).to_str().unwrap().to_owned(),
                directory: env::current_dir().unwrap(),
                environment: env::vars_os().collect(),
                umask,
            }
        }
    }
}

/// Calls exports and demands that each leaves the host as it was.
struct Witness {
    mode: u32,
    seen: BTreeSet<&'static str>,
}

impl Witness {
    fn calls<T>(&mut self, name: &'static str, call: impl FnOnce() -> T) -> T {
        self.seen.insert(name);
        let before = Host::now();
        let (answer, mode) = in_mode(self.mode, call);
        let after = Host::now();
        assert_eq!(mode, self.mode, "{name} changes MXCSR");
        assert_eq!(after.signals, before.signals, "{name} changes signal handlers");
        assert_eq!(after.locale, before.locale, "{name} changes the locale");
        assert_eq!(after.directory, before.directory, "{name} changes the working directory");
        assert!(after.environment == before.environment, "{name} changes the environment"); // not to be shown
        assert_eq!(after.umask, before.umask, "{name} changes the umask");
        answer
    }

    fn call(&mut self, name: &'static str, arguments: &[usize]) -> Status {
        let export = c::calls().find(|export| export.name == name).unwrap();
        self.calls(name, || export.call(arguments))
    }
}

fn address<T>(value: &mut T) -> usize {
    ptr::from_mut(value) as usize
}

#[test]
fn every_export_leaves_the_host_as_it_was() {
    unsafe {
        // Not what they are anyway.
        assert!(!libc::setlocale(libc::LC_ALL, c"C.UTF-8".as_ptr()).is_null());
        libc::umask(0o027);
        libc::signal(libc::SIGUSR1, libc::SIG_IGN);
    }
    for (round, mode) in [FLUSHING, TRAPPING].into_iter().enumerate() {
        let mut host = Witness { mode, seen: BTreeSet::new() };
        let (mut context, mut prompt, mut by_hand, mut blended) = (0usize, 0usize, 0usize, 0usize);
        let (mut started, mut stepped, mut cancelled) = (0usize, 0usize, 0usize);

        host.calls("scumble_version", || scumble_version());
        host.calls("scumble_abi_version", || scumble_abi_version());
        host.calls("scumble_status_name", || scumble_status_name(-6));
        host.calls("scumble_last_error", || scumble_last_error());
        let mut count = -7;
        if round == 0 {
            assert_eq!(host.call("scumble_device_count", &[address(&mut count)]), Status::NotReady);
            let mut info: scumble_device_info = output();
            assert_eq!(host.call("scumble_device_get_info", &[0, address(&mut info)]), Status::NotReady);
            assert_eq!((count, info.name[0]), (-7, 0), "written before there was anything to tell");
        }
        ok(host.call("scumble_runtime_load", &[0]));
        let no_library = c"/no/such/library";
        let answer = host.call("scumble_runtime_add_provider", &[no_library.as_ptr() as usize]);
        assert_eq!(answer, Status::RuntimeInvalid);
        ok(host.call("scumble_device_count", &[address(&mut count)]));
        ok(host.call("scumble_device_get_info", &[0, address(&mut output::<scumble_device_info>())]));
        ok(host.call("scumble_log_next", &[address(&mut output::<scumble_log_entry>())]));

        let mut desc = c::desc(scumble_context_desc_init);
        let size = size_of_val(&desc);
        ok(host.call("scumble_context_desc_init", &[address(&mut desc), size, 1]));
        desc.model_path = MODEL.as_ptr();
        ok(host.call("scumble_context_create", &[address(&mut desc), address(&mut context)]));
        host.call("scumble_context_poll", &[context]);
        ok(host.call("scumble_context_wait", &[context, 600_000]));
        ok(host.call("scumble_context_poll", &[context]));
        ok(host.call("scumble_context_set_pace", &[context, 1]));
        ok(host.call("scumble_context_set_priority", &[context, 0]));
        ok(host.call("scumble_context_trim", &[context]));
        ok(host.call("scumble_context_get_info", &[context, address(&mut output::<scumble_context_info>())]));

        let mut desc = c::desc(scumble_prompt_desc_init);
        let size = size_of_val(&desc);
        ok(host.call("scumble_prompt_desc_init", &[address(&mut desc), size, 1]));
        desc.text = c"a red apple".as_ptr();
        ok(host.call("scumble_prompt_create", &[context, address(&mut desc), address(&mut prompt)]));
        ok(host.call("scumble_prompt_wait", &[prompt, 600_000]));
        desc.flags = SCUMBLE_PROMPT_BY_HAND;
        ok(host.call("scumble_prompt_create", &[context, address(&mut desc), address(&mut by_hand)]));
        ok(host.call("scumble_prompt_encode", &[by_hand]));
        ok(host.call("scumble_prompt_poll", &[by_hand]));
        ok(host.call("scumble_prompt_get_info", &[by_hand, address(&mut output::<scumble_prompt_info>())]));

        ok(host.call("scumble_prompt_blend", &[prompt, by_hand, 1, address(&mut blended)]));
        ok(host.call("scumble_prompt_destroy", &[blended]));

        let mut desc = c::desc(scumble_generation_desc_init);
        let size = size_of_val(&desc);
        ok(host.call("scumble_generation_desc_init", &[address(&mut desc), size, 1]));
        (desc.steps, desc.preview_every) = (2, 1);
        for generation in [&mut started, &mut stepped, &mut cancelled] {
            ok(host.call("scumble_generation_create", &[by_hand, address(&mut desc), address(generation)]));
        }
        let mut progress: scumble_progress = output();
        ok(host.call("scumble_generation_start", &[started]));
        ok(host.call("scumble_generation_pause", &[started]));
        ok(host.call("scumble_generation_resume", &[started]));
        while progress.phase < 4 {
            ok(host.call("scumble_generation_poll", &[started, address(&mut progress)]));
        }
        ok(host.call("scumble_generation_wait", &[started, 600_000]));
        ok(host.call("scumble_generation_get_info", &[started, address(&mut output::<scumble_generation_info>())]));
        while c::progress(stepped as _).phase < 3 {
            ok(host.call("scumble_generation_step", &[stepped, 0]));
        }
        let mut latents = vec![0.0_f32; SIDE * SIDE * 4];
        ok(host.call("scumble_generation_read_latents", &[stepped, latents.as_mut_ptr() as usize, latents.len()]));
        ok(host.call("scumble_generation_decode", &[stepped]));
        ok(host.call("scumble_generation_poll", &[stepped, address(&mut progress)]));
        for (source, format) in [(0, 0), (0, 3), (1, 2)] {
            let mut pixels = vec![0; SIDE * SIDE * 16];
            let mut image = c::image(&mut pixels, format, SIDE as i32, SIDE as i32);
            ok(host.call("scumble_generation_read_image", &[stepped, source, address(&mut image)]));
        }
        ok(host.call("scumble_generation_cancel", &[cancelled]));
        assert_eq!(host.call("scumble_generation_error", &[cancelled]), Status::Cancelled);

        for generation in [started, stepped, cancelled] {
            ok(host.call("scumble_generation_destroy", &[generation]));
        }
        ok(host.call("scumble_prompt_destroy", &[prompt]));
        ok(host.call("scumble_context_destroy", &[context]));
        ok(host.call("scumble_shutdown", &[600_000]));
        let all: BTreeSet<&str> = c::exports().iter().map(|export| export.name).collect();
        assert_eq!(host.seen, all, "exports that this test did not call");
    }
    pictures_do_not_depend_on_the_mode();
}

/// A test of its own, but for the shutdown above.
fn pictures_do_not_depend_on_the_mode() {
    let reference = in_mode(DEFAULT, || picture(true)).0;
    assert!(reference.iter().any(|byte| *byte != reference[0]));
    for mode in [DEFAULT, FLUSHING, TRAPPING] {
        for by_hand in [false, true] {
            // The context's thread is started in this mode, too.
            let (pixels, after) = thread::spawn(move || in_mode(mode, || picture(by_hand))).join().unwrap();
            assert!(pixels == reference, "mode {mode:#x}, by hand {by_hand}: another picture");
            assert_eq!(after, mode);
        }
    }
    ok(scumble_shutdown(-1));
}

/// All of it in one mode, from loading to the pixels of the preview and of the picture, as floats.
fn picture(by_hand: bool) -> Vec<u8> {
    let mut desc = c::desc(scumble_context_desc_init);
    desc.model_path = MODEL.as_ptr();
    let mut context = ptr::null_mut();
    let change = |desc: &mut scumble_generation_desc| {
        (desc.steps, desc.seed, desc.preview_every, desc.scheduler) = (3, 7, 1, c"euler_a".as_ptr());
    };
    unsafe {
        ok(scumble_context_create(&desc, &mut context));
        ok(scumble_context_wait(context, -1));
        let prompt = c::prompt(context, if by_hand { SCUMBLE_PROMPT_BY_HAND } else { 0 });
        if by_hand {
            ok(scumble_prompt_encode(prompt));
        }
        let generation = c::generation(prompt, change);
        if by_hand {
            c::step_all(generation);
            ok(scumble_generation_decode(generation));
        } else {
            ok(scumble_generation_start(generation));
            ok(scumble_generation_wait(generation, -1));
        }
        let mut pixels = vec![0; SIDE * SIDE * 16 * 2];
        for (source, pixels) in pixels.chunks_mut(SIDE * SIDE * 16).enumerate() {
            ok(scumble_generation_read_image(
                generation,
                source as i32,
                &c::image(pixels, 3, SIDE as i32, SIDE as i32),
            ));
        }
        ok(scumble_generation_destroy(generation));
        ok(scumble_prompt_destroy(prompt));
        ok(scumble_context_destroy(context));
        pixels
    }
}
