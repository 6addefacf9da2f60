//! The C API as a C program sees it: its exports by name, and short ways to say common things.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

use std::ffi::{c_void, CStr};
use std::ptr;

use scumble::ffi::*;
use scumble::Status;

/// An export of `include/scumble.h`.
pub struct Export {
    pub name: &'static str,
    pub returns: &'static str,
    pub parameters: Vec<Parameter>,
}

/// A parameter: its C type and its name.
pub struct Parameter {
    pub kind: &'static str,
    pub name: &'static str,
}

/// Every export, read from the header.
pub fn exports() -> Vec<Export> {
    const HEADER: &str = include_str!("../../include/scumble.h");
    // "int32_t *left" is the type "int32_t *" and the name "left".
    let split = |text: &'static str| text.split_at(text.rfind([' ', '*']).unwrap() + 1);
    let export = |declaration: &'static str| {
        let (head, parameters) = declaration.trim_end_matches(");").split_once('(').unwrap();
        let (returns, name) = split(head);
        let parameters = parameters.split(", ").filter(|parameter| *parameter != "void").map(|parameter| {
            let (kind, name) = split(parameter);
            Parameter { kind, name }
        });
        Export { name, returns: returns.trim(), parameters: parameters.collect() }
    };
    HEADER.lines().filter_map(|line| line.strip_prefix("SCUMBLE_API ")).map(export).collect()
}

/// C definitions of every function that a header declares, with the bodies that are given for their names.
pub fn definitions(header: &str, body: impl Fn(&str) -> String) -> String {
    let define = |declaration: &str| {
        let head = declaration.trim_end_matches(';');
        let (before, _) = head.split_once('(').unwrap();
        let name = &before[before.rfind([' ', '*']).unwrap() + 1..];
        format!("{head} {{ {} }}\n", body(name))
    };
    header.lines().filter_map(|line| line.strip_prefix("SCUMBLE_API ")).map(define).collect()
}

/// Every export that answers a status.
pub fn calls() -> impl Iterator<Item = Export> {
    exports().into_iter().filter(|export| export.returns == "scumble_status")
}

impl Export {
    /// Calls it with these arguments, pointers and numbers alike.
    pub fn call(&self, arguments: &[usize]) -> Status {
        let found = TABLE.iter().find(|(name, _)| *name == self.name);
        let (_, function) = found.unwrap_or_else(|| panic!("{} is missing from the table of the tests", self.name));
        function(arguments)
    }
}

impl Parameter {
    pub fn is_pointer(&self) -> bool {
        self.kind.ends_with('*')
    }

    /// What it points to: a structure, a handle's type, a number.
    pub fn target(&self) -> Option<&'static str> {
        let target = self.kind.strip_suffix(" *")?.trim_start_matches("const ");
        Some(target.trim_start_matches("struct "))
    }

    /// Whether it is a handle.
    pub fn is_handle(&self) -> bool {
        self.target().is_some_and(|target| HANDLES.contains(&target))
    }
}

/// The types of handles.
pub const HANDLES: [&str; 3] = ["scumble_context", "scumble_prompt", "scumble_generation"];

type Function = fn(&[usize]) -> Status;

macro_rules! table {
    ($($name:ident $($argument:literal)*;)*) => {
        &[$((stringify!($name), |arguments| unsafe { $name($(arguments[$argument] as _),*) })),*]
    };
}

/// The exports that answer a status, with the number of their parameters.
#[allow(unused_unsafe)]
const TABLE: &[(&str, Function)] = table! {
    scumble_log_next 0;
    scumble_shutdown 0;
    scumble_runtime_load 0;
    scumble_runtime_add_provider 0;
    scumble_device_count 0;
    scumble_device_get_info 0 1;
    scumble_context_desc_init 0 1 2;
    scumble_context_create 0 1;
    scumble_context_poll 0;
    scumble_context_wait 0 1;
    scumble_context_get_info 0 1;
    scumble_context_set_pace 0 1;
    scumble_context_set_priority 0 1;
    scumble_context_trim 0;
    scumble_context_destroy 0;
    scumble_prompt_desc_init 0 1 2;
    scumble_prompt_create 0 1 2;
    scumble_prompt_blend 0 1 2 3;
    scumble_prompt_encode 0;
    scumble_prompt_poll 0;
    scumble_prompt_wait 0 1;
    scumble_prompt_get_info 0 1;
    scumble_prompt_destroy 0;
    scumble_generation_desc_init 0 1 2;
    scumble_generation_create 0 1 2;
    scumble_generation_start 0;
    scumble_generation_poll 0 1;
    scumble_generation_wait 0 1;
    scumble_generation_cancel 0;
    scumble_generation_pause 0;
    scumble_generation_resume 0;
    scumble_generation_get_info 0 1;
    scumble_generation_error 0;
    scumble_generation_step 0 1;
    scumble_generation_decode 0;
    scumble_generation_read_image 0 1 2;
    scumble_generation_read_latents 0 1 2;
    scumble_generation_destroy 0;
};

/// The text of this thread's last error.
pub fn last_error() -> String {
    unsafe { CStr::from_ptr(scumble_last_error()) }.to_str().unwrap().to_owned()
}

/// Demands success.
#[track_caller]
pub fn ok(answer: Status) {
    assert!(answer == Status::Ok, "{answer:?}: {}", last_error());
}

/// Demands this status, and a text that has these words.
#[track_caller]
pub fn refused(answer: Status, status: Status, words: &[&str]) {
    let text = last_error();
    assert!(answer == status, "{answer:?} ({text}) instead of {status:?} with {words:?}");
    for word in words {
        assert!(text.contains(word), "\"{word}\" is not in the text: {text}");
    }
}

/// A way to spoil a structure, and the status and words that tell of it.
pub type Case<D> = (fn(&mut D), Status, &'static str);

/// A descriptor with its defaults.
pub fn desc<T>(init: unsafe extern "C" fn(*mut T, usize, u32) -> Status) -> T {
    let mut desc = std::mem::MaybeUninit::zeroed();
    ok(unsafe { init(desc.as_mut_ptr(), size_of::<T>(), SCUMBLE_ABI_VERSION) });
    unsafe { desc.assume_init() }
}

/// An output structure to be filled.
pub fn output<T>() -> T {
    let mut output = std::mem::MaybeUninit::<T>::zeroed();
    unsafe {
        output.as_mut_ptr().cast::<u32>().write(size_of::<T>() as u32);
        output.assume_init()
    }
}

/// A new prompt.
pub fn prompt(context: *const scumble_context, flags: u32) -> *mut scumble_prompt {
    let mut desc = desc(scumble_prompt_desc_init);
    (desc.text, desc.flags) = (c"a red apple".as_ptr(), flags);
    let mut prompt = ptr::null_mut();
    ok(unsafe { scumble_prompt_create(context, &desc, &mut prompt) });
    prompt
}

/// A new prompt, encoded on this thread.
pub fn prompt_by_hand(context: *const scumble_context) -> *mut scumble_prompt {
    let prompt = prompt(context, SCUMBLE_PROMPT_BY_HAND);
    ok(unsafe { scumble_prompt_encode(prompt) });
    prompt
}

/// A new generation.
pub fn generation(
    prompt: *const scumble_prompt,
    change: impl FnOnce(&mut scumble_generation_desc),
) -> *mut scumble_generation {
    let mut desc = desc(scumble_generation_desc_init);
    change(&mut desc);
    let mut generation = ptr::null_mut();
    ok(unsafe { scumble_generation_create(prompt, &desc, &mut generation) });
    generation
}

/// Steps a generation on this thread until nothing is left to step.
pub fn step_all(generation: *const scumble_generation) {
    let mut left = i32::MAX;
    while left > 0 {
        ok(unsafe { scumble_generation_step(generation, &mut left) });
    }
}

/// A generation that is done, with a picture, a preview and latents.
pub fn painted(context: *const scumble_context) -> *mut scumble_generation {
    let generation = generation(prompt_by_hand(context), |desc| {
        (desc.preview_every, desc.flags) = (1, SCUMBLE_GENERATION_KEEP_LATENTS);
    });
    step_all(generation);
    ok(unsafe { scumble_generation_decode(generation) });
    generation
}

/// How far a generation is.
pub fn progress(generation: *const scumble_generation) -> scumble_progress {
    let mut progress = output();
    ok(unsafe { scumble_generation_poll(generation, &mut progress) });
    progress
}

/// A description of memory for a picture, without gaps, top row first.
pub fn image(pixels: &mut [u8], format: i32, width: i32, height: i32) -> scumble_image {
    scumble_image {
        struct_size: size_of::<scumble_image>() as u32,
        format,
        width,
        height,
        row_pitch: 0,
        flags: 0,
        pixels_size: pixels.len() as u64,
        pixels: pixels.as_mut_ptr().cast::<c_void>(),
    }
}
