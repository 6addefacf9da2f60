//! Whatever a caller gives, the answer is the documented status, the text names the parameter and
//! its value, and nothing is written.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::ffi::{c_char, CStr, CString};
use std::ptr;
use std::slice;

use common::c::{self, ok, output, refused, Case, Export, Parameter};
use common::fake;
use scumble::ffi::*;
use scumble::log::{self, LogLevel};
use scumble::Status;

const BY_HAND: u32 = SCUMBLE_PROMPT_BY_HAND;
const PATTERN: u8 = 0xA5;

/// Good arguments for every export, of which a test then spoils one.
struct World {
    context: usize,
    prompt: usize,
    generation: usize,
    pixels: [u8; fake::SIDE * fake::SIDE * 4],
}

/// Arguments of one call, and the memory that its pointers point to.
struct Arguments {
    values: Vec<usize>,
    memory: Vec<Memory>,
}

/// A structure, and a pattern after it.
struct Memory(Vec<u64>);

macro_rules! sizes {
    ($($name:ident)*) => { [$((stringify!($name), size_of::<$name>())),*] };
}

/// The structures that begin with their size.
const STRUCTS: [(&str, usize); 10] = sizes![
    scumble_log_entry scumble_device_info scumble_context_desc scumble_context_info scumble_prompt_desc
    scumble_prompt_info scumble_generation_desc scumble_progress scumble_generation_info scumble_image
];

/// The structure that a parameter points to, and its size.
fn structure(parameter: &Parameter) -> Option<(&'static str, usize)> {
    let target = parameter.target().filter(|target| target.starts_with("scumble_") && !parameter.is_handle())?;
    let found = STRUCTS.iter().find(|(name, _)| *name == target);
    Some(*found.unwrap_or_else(|| panic!("{target} is missing from the table of structures")))
}

impl World {
    fn new() -> Self {
        let context = fake::context();
        let (prompt, generation) = (c::prompt_by_hand(context), c::painted(context));
        let pixels = [PATTERN; fake::SIDE * fake::SIDE * 4];
        Self { context: context as usize, prompt: prompt as usize, generation: generation as usize, pixels }
    }

    fn handle(&self, kind: &str) -> usize {
        match kind {
            "scumble_context" => self.context,
            "scumble_prompt" => self.prompt,
            "scumble_generation" => self.generation,
            other => panic!("{other} is no handle"),
        }
    }

    fn arguments(&mut self, export: &Export) -> Arguments {
        let mut arguments = Arguments { values: Vec::new(), memory: Vec::new() };
        for parameter in &export.parameters {
            let mut memory = Memory::new(&self.content(parameter));
            arguments.values.push(match (parameter.kind, parameter.name) {
                ("const char *", _) => 0,
                _ if parameter.is_handle() => self.handle(parameter.target().unwrap()),
                _ if parameter.is_pointer() => memory.0.as_mut_ptr() as usize,
                ("size_t ", "size") => structure(&export.parameters[0]).unwrap().1,
                ("uint32_t ", "abi_version") => SCUMBLE_ABI_VERSION as usize,
                ("uint64_t ", "count") => fake::LATENTS,
                ("int32_t " | "float ", _) => 0,
                (kind, name) => panic!("the tests have no argument for {kind}{name}"),
            });
            arguments.memory.push(memory);
        }
        arguments
    }

    /// What lies where a parameter points to: a good descriptor, or a place for an answer.
    fn content(&mut self, parameter: &Parameter) -> Vec<u8> {
        fn bytes<T>(value: &T) -> Vec<u8> {
            unsafe { slice::from_raw_parts(ptr::from_ref(value).cast(), size_of::<T>()) }.to_vec()
        }
        let Some((name, size)) = structure(parameter) else { return Vec::new() };
        match name {
            "scumble_context_desc" => {
                let mut desc = c::desc(scumble_context_desc_init);
                desc.model_path = c"/there/is/no/such/model".as_ptr();
                bytes(&desc)
            }
            "scumble_prompt_desc" => {
                let mut desc = c::desc(scumble_prompt_desc_init);
                desc.text = c"a red apple".as_ptr();
                bytes(&desc)
            }
            "scumble_generation_desc" => bytes(&c::desc(scumble_generation_desc_init)),
            "scumble_image" => bytes(&c::image(&mut self.pixels, 0, fake::SIDE as i32, fake::SIDE as i32)),
            _ => [&(size as u32).to_ne_bytes()[..], &vec![PATTERN; size - 4]].concat(),
        }
    }
}

impl Arguments {
    /// Says that the structure of this parameter has this size.
    fn declare(&mut self, export: &Export, parameter: usize, size: usize) {
        match export.parameters.iter().position(|parameter| parameter.name == "size") {
            Some(position) => self.values[position] = size,
            None => self.memory[parameter].bytes()[..4].copy_from_slice(&(size as u32).to_ne_bytes()),
        }
    }

    /// Calls, and demands a refusal after which all memory is as it was.
    #[track_caller]
    fn refused(&mut self, export: &Export, status: Status, words: &[&str]) {
        let before: Vec<_> = self.memory.iter().map(|memory| memory.0.clone()).collect();
        refused(export.call(&self.values), status, &[&[export.name], words].concat());
        assert!(self.memory.iter().map(|memory| &memory.0).eq(&before), "{} wrote something", export.name);
    }
}

impl Memory {
    fn new(content: &[u8]) -> Self {
        let mut memory = Self(vec![u64::from_ne_bytes([PATTERN; 8]); 1024]);
        memory.bytes()[..content.len()].copy_from_slice(content);
        memory
    }

    fn bytes(&mut self) -> &mut [u8] {
        unsafe { slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * 8) }
    }
}

#[test]
fn null_pointers() {
    let mut world = World::new();
    let allowed = [("scumble_runtime_load", "path"), ("scumble_generation_step", "left")];
    for export in c::calls() {
        for (i, parameter) in export.parameters.iter().enumerate().filter(|(_, parameter)| parameter.is_pointer()) {
            if !allowed.contains(&(export.name, parameter.name)) {
                let mut arguments = world.arguments(&export);
                arguments.values[i] = 0;
                let (status, words) = match parameter.is_handle() {
                    true => (Status::InvalidHandle, format!("the {} is NULL", parameter.target().unwrap())),
                    false => (Status::InvalidArgument, format!("{} is NULL", parameter.name)),
                };
                arguments.refused(&export, status, &[&words]);
            }
        }
    }
}

#[test]
fn handles_that_are_none() {
    let mut world = World::new();
    let destroyed = World::new();
    unsafe {
        ok(scumble_generation_destroy(destroyed.generation as _));
        ok(scumble_prompt_destroy(destroyed.prompt as _));
        ok(scumble_context_destroy(destroyed.context as _));
    }
    let local = 0u64;
    for export in c::calls() {
        for (i, parameter) in export.parameters.iter().enumerate().filter(|(_, parameter)| parameter.is_handle()) {
            let kind = parameter.target().unwrap();
            let living = world.handle(kind);
            let others = c::HANDLES.iter().filter(|other| **other != kind).map(|other| world.handle(other));
            let garbage = [1, 2, usize::MAX, 0xCCCC_CCCC, usize::MAX / 0xFF * 0xCC, living ^ (1 << 31)];
            let nearly = [living ^ (1 << 32), living ^ (2 << 32), living ^ (1 << 63), living & 0xFFFF_FFFF];
            let foreign = [destroyed.handle(kind), ptr::from_ref(&local) as usize];
            for bad in others.chain(garbage).chain(nearly).chain(foreign).collect::<Vec<_>>() {
                let mut arguments = world.arguments(&export);
                arguments.values[i] = bad;
                arguments.refused(&export, Status::InvalidHandle, &[&format!("{bad:#x} is no {kind}")]);
            }
        }
    }
    // None of these calls did anything to the living.
    ok(unsafe { scumble_context_poll(world.context as _) });
    ok(unsafe { scumble_prompt_poll(world.prompt as _) });
    assert_eq!(c::progress(world.generation as _).phase, 4);
}

#[test]
fn sizes_of_structures() {
    let mut world = World::new();
    for export in c::calls() {
        for (i, parameter) in export.parameters.iter().enumerate() {
            let Some((name, size)) = structure(parameter) else { continue };
            for bad in [0, 4, size - 1, 4097, 0xCCCC_CCCC] {
                let mut arguments = world.arguments(&export);
                arguments.declare(&export, i, bad);
                arguments.refused(
                    &export,
                    Status::InvalidStructSize,
                    &[name, &format!("is {bad}; expected {size} to")],
                );
            }
        }
    }
}

/// Structures of a newer header.
#[test]
fn longer_structures() {
    const MORE: usize = 40;
    let mut world = World::new();
    ok(unsafe { scumble_runtime_load(ptr::null()) }); // or there are no devices to describe
    for export in c::calls() {
        for (i, parameter) in export.parameters.iter().enumerate() {
            let Some((name, size)) = structure(parameter) else { continue };
            let mut arguments = world.arguments(&export);
            arguments.declare(&export, i, size + MORE);
            if parameter.kind.starts_with("const") {
                arguments.memory[i].bytes()[size..size + MORE].fill(0);
                ok(export.call(&arguments.values));
                for field in [size, size + MORE - 1] {
                    arguments.memory[i].bytes()[field] = 1;
                    arguments.refused(&export, Status::UnsupportedField, &[name, &format!("at byte {field} ")]);
                    arguments.memory[i].bytes()[field] = 0;
                }
            } else {
                log::push(LogLevel::Info, "a line for scumble_log_next");
                ok(export.call(&arguments.values));
                let bytes = arguments.memory[i].bytes();
                assert_eq!(bytes[..4], ((size + MORE) as u32).to_ne_bytes(), "struct_size of {name}");
                assert_ne!(bytes[size - 4..size], [PATTERN; 4], "the last field of {name}");
                assert_eq!(bytes[size..size + MORE], [0; MORE], "what {name} is longer");
                assert!(bytes[size + MORE..].iter().all(|byte| *byte == PATTERN), "what comes after {name}");
            }
        }
    }
}

#[test]
fn abi_versions() {
    let mut world = World::new();
    for export in c::calls() {
        let Some(i) = export.parameters.iter().position(|parameter| parameter.name == "abi_version") else { continue };
        for bad in [0, 2, 0xCCCC_CCCC] {
            let mut arguments = world.arguments(&export);
            arguments.values[i] = bad;
            arguments.refused(&export, Status::AbiMismatch, &[&format!("abi_version is {bad}")]);
        }
    }
}

/// Creates something of a changed descriptor. A refusal leaves the handle as it was.
fn create<D, H>(
    init: unsafe extern "C" fn(*mut D, usize, u32) -> Status,
    change: impl FnOnce(&mut D),
    create: impl FnOnce(&D, &mut *mut H) -> Status,
) -> Status {
    let untouched = ptr::without_provenance_mut(0xA5A5);
    let (mut desc, mut handle) = (c::desc(init), untouched);
    change(&mut desc);
    let answer = create(&desc, &mut handle);
    assert_eq!(handle != untouched, answer == Status::Ok, "{answer:?}");
    answer
}

/// A text of this many bytes, kept for ever.
fn text(length: usize) -> *const c_char {
    CString::new("a".repeat(length)).unwrap().into_raw()
}

const BAD_UTF8: *const c_char = c"apple \xFF".as_ptr();

fn paths(desc: &mut scumble_context_desc, paths: &[*const c_char]) {
    (desc.controlnet_paths, desc.controlnet_count) = (paths.to_vec().leak().as_ptr(), paths.len() as u32);
}

fn roots(desc: &mut scumble_context_desc, paths: &[*const c_char]) {
    (desc.model_roots, desc.model_root_count) = (paths.to_vec().leak().as_ptr(), paths.len() as u32);
}

#[test]
fn context_descriptors() {
    use Status::*;
    let cases: &[Case<scumble_context_desc>] = &[
        (|desc| desc.threads = 0, InvalidArgument, "threads is 0; expected 1 to 256"),
        (|desc| desc.threads = -1, InvalidArgument, "threads is -1"),
        (|desc| desc.threads = 257, InvalidArgument, "threads is 257"),
        (|desc| desc.model_path = ptr::null(), InvalidArgument, "model_path is NULL"),
        (|desc| desc.model_path = c"".as_ptr(), InvalidArgument, "model_path is empty"),
        (|desc| desc.model_path = BAD_UTF8, InvalidUtf8, "model_path is not UTF-8: byte 6"),
        (|desc| desc.model_path = text(32 * 1024 + 1), LimitExceeded, "model_path is longer than 32768 bytes"),
        (|desc| desc.device = c"".as_ptr(), DeviceNotFound, "device is \"\""),
        (|desc| desc.device = c"npu".as_ptr(), DeviceNotFound, "device is \"npu\""),
        (|desc| desc.device = c"cpu ".as_ptr(), DeviceNotFound, "device is \"cpu \""),
        (|desc| desc.device = BAD_UTF8, InvalidUtf8, "device is not UTF-8: byte 6"),
        (|desc| desc.device = text(257), LimitExceeded, "device is longer than 256 bytes"),
        (|desc| desc.device_options = BAD_UTF8, InvalidUtf8, "device_options is not UTF-8: byte 6"),
        (|desc| desc.device_options = text(4097), LimitExceeded, "device_options is longer than 4096 bytes"),
        (|desc| desc.device_options = c"a=1".as_ptr(), InvalidArgument, "device_options is given without a device"),
        (|desc| desc.variant = BAD_UTF8, InvalidUtf8, "variant is not UTF-8: byte 6"),
        (|desc| desc.variant = text(257), LimitExceeded, "variant is longer than 256 bytes"),
        (|desc| desc.controlnet_count = 17, LimitExceeded, "controlnet_count is 17; expected 0 to 16"),
        (|desc| desc.controlnet_count = 1, InvalidArgument, "controlnet_paths is NULL"),
        (|desc| paths(desc, &[c"a".as_ptr(), ptr::null()]), InvalidArgument, "entry 1: controlnet_paths is NULL"),
        (|desc| paths(desc, &[BAD_UTF8]), InvalidUtf8, "entry 0: controlnet_paths is not UTF-8: byte 6"),
        (|desc| desc.model_root_count = 17, LimitExceeded, "model_root_count is 17; expected 0 to 16"),
        (|desc| desc.model_root_count = 1, InvalidArgument, "model_roots is NULL"),
        (|desc| roots(desc, &[c"a".as_ptr(), ptr::null()]), InvalidArgument, "entry 1: model_roots is NULL"),
        (|desc| roots(desc, &[BAD_UTF8]), InvalidUtf8, "entry 0: model_roots is not UTF-8: byte 6"),
        (|desc| desc.reserved = 1, UnsupportedField, "reserved is 1; expected 0"),
        (|desc| desc.priority = 2, InvalidArgument, "priority is 2; expected a scumble_priority (-1, 0 or 1)"),
        (|desc| desc.priority = SCUMBLE_AUTO, InvalidArgument, "priority is -2147483648"),
        (|desc| desc.seamless = 4, InvalidArgument, "seamless is 0x4; expected 0, SCUMBLE_SEAMLESS_X (1)"),
        (|desc| desc.seamless = 1 << 31 | 1, InvalidArgument, "seamless is 0x80000001"),
    ];
    for (change, status, words) in cases.iter().copied() {
        let valid_but_for = |desc: &mut scumble_context_desc| {
            desc.model_path = c"/there/is/no/such/model".as_ptr();
            change(desc);
        };
        let answer = create(scumble_context_desc_init, valid_but_for, |desc, context| unsafe {
            scumble_context_create(desc, context)
        });
        refused(answer, status, &["scumble_context_create", words]);
    }
}

fn weighted(desc: &mut scumble_prompt_desc, text: &CStr) {
    (desc.text, desc.syntax) = (text.to_owned().into_raw(), 1);
}

#[test]
fn prompt_descriptors() {
    use Status::*;
    let context = fake::context();
    let create = |change: fn(&mut scumble_prompt_desc)| {
        let valid_but_for = |desc: &mut scumble_prompt_desc| {
            desc.text = c"a red apple".as_ptr();
            change(desc);
        };
        create(scumble_prompt_desc_init, valid_but_for, |desc, prompt| unsafe {
            scumble_prompt_create(context, desc, prompt)
        })
    };
    let cases: &[Case<scumble_prompt_desc>] = &[
        (|desc| desc.text = ptr::null(), InvalidArgument, "text is NULL"),
        (|desc| desc.text = BAD_UTF8, InvalidUtf8, "text is not UTF-8: byte 6"),
        (|desc| desc.text = text(64 * 1024 + 1), LimitExceeded, "text is longer than 65536 bytes"),
        (|desc| desc.negative_text = BAD_UTF8, InvalidUtf8, "negative_text is not UTF-8: byte 6"),
        (|desc| desc.negative_text = text(64 * 1024 + 1), LimitExceeded, "negative_text is longer than 65536 bytes"),
        (|desc| desc.flags = 2, InvalidArgument, "flags is 0x2"),
        (|desc| desc.flags = BY_HAND | 4, InvalidArgument, "flags is 0x5"),
        (|desc| desc.flags = 1 << 31, InvalidArgument, "flags is 0x80000000"),
        (|desc| desc.clip_skip = -1, InvalidArgument, "clip_skip is -1; expected 0 or more"),
        (|desc| desc.syntax = 2, InvalidArgument, "syntax is 2; expected a scumble_syntax"),
        (|desc| desc.syntax = -1, InvalidArgument, "syntax is -1"),
        (|desc| weighted(desc, c"a (cat:1e39)"), InvalidArgument, "1e39"),
        (|desc| weighted(desc, c"a (cat:nan)"), InvalidArgument, "nan"),
        (|desc| weighted(desc, c"a (cat:101)"), InvalidArgument, "101"),
        (|desc| weighted(desc, &CString::new("(".repeat(65)).unwrap()), LimitExceeded, "byte 64"),
    ];
    for (change, status, words) in cases.iter().copied() {
        refused(create(change), status, &["scumble_prompt_create", words]);
    }
    let fine: &[fn(&mut scumble_prompt_desc)] = &[
        |desc| desc.text = c"".as_ptr(),
        |desc| desc.text = text(64 * 1024),
        |desc| desc.negative_text = text(64 * 1024),
        |desc| desc.flags = BY_HAND,
        |desc| (desc.clip_skip, desc.syntax) = (2, 1),
        |desc| weighted(desc, c"(((a] cat) [b:1.3) BREAK \\("),
        |desc| desc.text = c"a (cat:1e39)".as_ptr(),
    ];
    for change in fine {
        ok(create(*change));
    }
}

/// So many numbers to start from, kept for ever.
fn latents(desc: &mut scumble_generation_desc, count: usize) {
    let numbers: &[f32] = vec![0.5; count].leak();
    (desc.latents, desc.latents_count) = (numbers.as_ptr(), count as u64);
}

fn timesteps(desc: &mut scumble_generation_desc, timesteps: &'static [i32]) {
    (desc.timesteps, desc.timestep_count) = (timesteps.as_ptr(), timesteps.len() as u32);
}

fn sigma_values(desc: &mut scumble_generation_desc, sigmas: &'static [f32]) {
    (desc.sigma_values, desc.sigma_value_count) = (sigmas.as_ptr(), sigmas.len() as u32);
}

#[test]
fn generation_descriptors() {
    use Status::*;
    let prompt = c::prompt(fake::context(), 0);
    let create = |change: fn(&mut scumble_generation_desc)| {
        create(scumble_generation_desc_init, change, |desc, generation| unsafe {
            scumble_generation_create(prompt, desc, generation)
        })
    };
    let cases: &[Case<scumble_generation_desc>] = &[
        (|desc| desc.width = 0, InvalidArgument, "width is 0; expected a multiple of 8 from 8 to 8192"),
        (|desc| desc.width = -8, InvalidArgument, "width is -8"),
        (|desc| desc.width = 12, InvalidArgument, "width is 12"),
        (|desc| desc.width = 8200, InvalidArgument, "width is 8200"),
        (|desc| desc.width = i32::MAX, InvalidArgument, "width is 2147483647"),
        (|desc| desc.height = 0, InvalidArgument, "height is 0; expected a multiple of 8 from 8 to 8192"),
        (|desc| desc.height = i32::MIN + 1, InvalidArgument, "height is -2147483647"),
        (|desc| desc.height = 7, InvalidArgument, "height is 7"),
        (|desc| desc.height = 8200, InvalidArgument, "height is 8200"),
        (|desc| desc.steps = 0, InvalidArgument, "steps is 0; expected 1 to 1000"),
        (|desc| desc.steps = -1, InvalidArgument, "steps is -1"),
        (|desc| desc.steps = 1001, InvalidArgument, "steps is 1001"),
        (|desc| desc.steps = i32::MAX, InvalidArgument, "steps is 2147483647"),
        (|desc| desc.guidance_scale = f32::NAN, InvalidArgument, "guidance_scale is NaN; expected 0 to 1000"),
        (|desc| desc.guidance_scale = f32::INFINITY, InvalidArgument, "guidance_scale is inf"),
        (|desc| desc.guidance_scale = f32::NEG_INFINITY, InvalidArgument, "guidance_scale is -inf"),
        (|desc| desc.guidance_scale = -0.5, InvalidArgument, "guidance_scale is -0.5"),
        (|desc| desc.guidance_scale = 1000.5, InvalidArgument, "guidance_scale is 1000.5"),
        (|desc| desc.guidance_rescale = f32::NAN, InvalidArgument, "guidance_rescale is NaN; expected 0 to 1"),
        (|desc| desc.guidance_rescale = 1.1, InvalidArgument, "guidance_rescale is 1.1"),
        (|desc| desc.strength = 0.5, InvalidArgument, "strength is given without a picture"),
        (|desc| desc.flags = 16, InvalidArgument, "flags is 0x10; expected 0 or flags SCUMBLE_GENERATION_"),
        (|desc| desc.flags = 1 << 31 | 4, InvalidArgument, "flags is 0x80000004"),
        (
            |desc| desc.flags = SCUMBLE_GENERATION_MASK_FROM_ALPHA,
            InvalidArgument,
            "read from alpha, but picture has none",
        ),
        (|desc| desc.background = 0x100_0000, InvalidArgument, "background is 0x1000000; expected 0xRRGGBB"),
        (|desc| desc.mask_feather = 3, InvalidArgument, "mask_feather is given without a mask"),
        (|desc| desc.mask_feather = -1, InvalidArgument, "mask_feather is -1; expected 0 to 1024"),
        (|desc| desc.mask_feather = 1025, InvalidArgument, "mask_feather is 1025"),
        (|desc| desc.latents_count = 16, InvalidArgument, "latents is NULL, but latents_count is 16"),
        (|desc| latents(desc, 0), InvalidArgument, "latents_count is 0; expected 16, 4 channels of 2 × 2"),
        (|desc| latents(desc, 15), InvalidArgument, "latents_count is 15"),
        (|desc| (latents(desc, 16), desc.width = 24).0, InvalidArgument, "latents_count is 16; expected 24"),
        (
            |desc| (latents(desc, 16), desc.latents_count = u64::MAX).0,
            InvalidArgument,
            "latents_count is 18446744073709551615",
        ),
        (|desc| desc.scheduler = c"".as_ptr(), InvalidArgument, "scheduler is \"\""),
        (
            |desc| desc.scheduler = c"restart".as_ptr(),
            InvalidArgument,
            "scheduler is \"restart\"; expected one of ddim",
        ),
        (|desc| desc.scheduler = BAD_UTF8, InvalidUtf8, "scheduler is not UTF-8: byte 6"),
        (|desc| desc.scheduler = text(256), InvalidArgument, "scheduler is \"aaaa"),
        (|desc| desc.scheduler = text(257), LimitExceeded, "scheduler is longer than 256 bytes"),
        (|desc| desc.scheduler = c"ddim karras".as_ptr(), NotSupported, "sigmas is \"karras\""),
        (|desc| desc.sigmas = c"".as_ptr(), InvalidArgument, "sigmas is \"\""),
        (|desc| desc.sigmas = c"cosine".as_ptr(), InvalidArgument, "sigmas is \"cosine\"; expected one of karras"),
        (|desc| desc.sigmas = BAD_UTF8, InvalidUtf8, "sigmas is not UTF-8: byte 6"),
        (|desc| desc.sigmas = text(257), LimitExceeded, "sigmas is longer than 256 bytes"),
        (|desc| desc.eta = f32::NAN, InvalidArgument, "eta is NaN; expected 0 to 1"),
        (|desc| desc.eta = -0.1, InvalidArgument, "eta is -0.1"),
        (|desc| desc.eta = 1.01, InvalidArgument, "eta is 1.01"),
        (|desc| desc.eta = 0.7, NotSupported, "eta is 0.7, which the scheduler \"euler\" does not have"),
        (|desc| desc.timestep_count = 1, InvalidArgument, "timesteps is NULL"),
        (|desc| desc.timestep_count = 100_002, LimitExceeded, "timestep_count is 100002; expected 0 to 100001"),
        (|desc| timesteps(desc, &[1000]), InvalidArgument, "timesteps[0] is 1000; expected 0 to 999"),
        (|desc| timesteps(desc, &[7, -7]), InvalidArgument, "timesteps[1] is -7; expected 0 or more"),
        (
            |desc| timesteps(desc, &[35, 7, 7]),
            InvalidArgument,
            "timesteps[2] is 7; expected less than timesteps[1], which is 7",
        ),
        (
            |desc| (desc.scheduler, _) = (c"ddim".as_ptr(), timesteps(desc, &[7])),
            NotSupported,
            "timesteps are given, which the scheduler \"ddim\" does not take",
        ),
        (
            |desc| (desc.sigmas, _) = (c"karras".as_ptr(), timesteps(desc, &[7])),
            InvalidArgument,
            "timesteps are given, and sigmas is \"karras\"",
        ),
        (
            |desc| (desc.steps, _) = (5, timesteps(desc, &[35, 7])),
            InvalidArgument,
            "steps is 5, but the timesteps or sigma_values are of 2 steps",
        ),
        (
            |desc| (timesteps(desc, &[35, 7]), sigma_values(desc, &[3.5, 0.0])).0,
            InvalidArgument,
            "timesteps and sigma_values are given; expected one of them",
        ),
        (|desc| desc.sigma_value_count = 2, InvalidArgument, "sigma_values is NULL"),
        (|desc| desc.sigma_value_count = u32::MAX, LimitExceeded, "sigma_value_count is 4294967295"),
        (|desc| sigma_values(desc, &[0.7]), InvalidArgument, "sigma_values are 1; expected 2 to 1001"),
        (|desc| sigma_values(desc, &[0.7, f32::NAN]), InvalidArgument, "sigma_values[1] is NaN; expected 0 to 1000000"),
        (|desc| sigma_values(desc, &[0.7, -0.1]), InvalidArgument, "sigma_values[1] is -0.1"),
        (|desc| sigma_values(desc, &[f32::INFINITY, 0.0]), InvalidArgument, "sigma_values[0] is inf"),
        (
            |desc| sigma_values(desc, &[0.35, 0.7, 0.0]),
            InvalidArgument,
            "sigma_values[1] is 0.7; expected less than sigma_values[0], which is 0.35",
        ),
        (
            |desc| (desc.scheduler, _) = (c"heun".as_ptr(), sigma_values(desc, &[0.7, 0.0])),
            NotSupported,
            "sigma_values are given, which the scheduler \"heun\" does not take",
        ),
        (|desc| desc.preview_every = -1, InvalidArgument, "preview_every is -1; expected 0 or more"),
        (|desc| desc.preview_every = i32::MIN, InvalidArgument, "preview_every is -2147483648"),
        (|desc| (desc.preview_every, desc.preview_width) = (1, 0), InvalidArgument, "preview_width is 0"),
        (|desc| (desc.preview_every, desc.preview_width) = (1, 8193), InvalidArgument, "preview_width is 8193"),
        (|desc| (desc.preview_every, desc.preview_height) = (1, -1), InvalidArgument, "preview_height is -1"),
        (|desc| desc.preview_height = 8193, InvalidArgument, "preview_height is 8193"),
        (|desc| desc.preview_source = -1, InvalidArgument, "preview_source is -1; expected a scumble_preview (0 to 3)"),
        (|desc| desc.preview_source = 4, InvalidArgument, "preview_source is 4"),
        (|desc| desc.preview_source = 2, NotSupported, "add one of its latents as vae_decoder_tiny/model.onnx"),
    ];
    for (change, status, words) in cases.iter().copied() {
        refused(create(change), status, &["scumble_generation_create", words]);
    }
    let fine: &[fn(&mut scumble_generation_desc)] = &[
        |desc| (desc.width, desc.height) = (8, 8192),
        |desc| desc.steps = 1,
        |desc| (desc.steps, desc.scheduler) = (1000, c"Euler_A linspace".as_ptr()),
        |desc| desc.guidance_scale = 0.0,
        |desc| desc.guidance_scale = 1000.0,
        |desc| desc.flags = SCUMBLE_GENERATION_KEEP_LATENTS | SCUMBLE_GENERATION_KEEP_FLOATS,
        |desc| desc.background = 0,
        |desc| latents(desc, 16),
        |desc| (latents(desc, 16), desc.strength = 0.7).0,
        |desc| (desc.scheduler, desc.sigmas) = (c"DPM++ 2M".as_ptr(), c"Karras".as_ptr()),
        |desc| (desc.preview_every, desc.preview_width, desc.preview_height) = (i32::MAX, 1, 8192),
        |desc| (desc.scheduler, desc.eta) = (c"ddim".as_ptr(), 0.7),
        |desc| (desc.scheduler, desc.eta) = (c"tcd".as_ptr(), 1.0),
        |desc| desc.eta = 0.0,
        |desc| timesteps(desc, &[999, 7]),
        |desc| (desc.steps, _) = (2, timesteps(desc, &[999, 7])),
        |desc| (desc.sigmas, _) = (c"Automatic".as_ptr(), timesteps(desc, &[0])),
        |desc| sigma_values(desc, &[14.6, 0.7, 0.35]),
        |desc| desc.seed = 1 << 63,
        |desc| desc.seed = u64::MAX,
    ];
    for change in fine {
        ok(create(*change));
    }
}

#[test]
fn paces() {
    let context = fake::context();
    let set = |share| unsafe { scumble_context_set_pace(context, share) };
    for share in [0.0, -0.0, -0.5, 1.0001, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let words = format!("share is {share}; expected more than 0, up to 1");
        refused(set(share), Status::InvalidArgument, &["scumble_context_set_pace", &words]);
    }
    for share in [f32::MIN_POSITIVE, 0.5, 1.0] {
        ok(set(share));
    }
}

#[test]
fn priorities() {
    let context = fake::context();
    let set = |priority| unsafe { scumble_context_set_priority(context, priority) };
    for priority in [-2, 2, i32::MAX, i32::MIN] {
        let words = format!("priority is {priority}; expected a scumble_priority (-1, 0 or 1)");
        refused(set(priority), Status::InvalidArgument, &["scumble_context_set_priority", &words]);
    }
    for priority in [1, 0, -1] {
        ok(set(priority));
    }
}

#[test]
fn texts_and_indices_of_the_runtime() {
    use Status::*;
    let load = |path| unsafe { scumble_runtime_load(path) };
    refused(load(BAD_UTF8), InvalidUtf8, &["path is not UTF-8: byte 6"]);
    refused(load(text(32 * 1024 + 1)), LimitExceeded, &["path is longer than 32768 bytes"]);
    ok(load(ptr::null()));
    refused(load(c"/no/such/file".as_ptr()), RuntimeAlreadyLoaded, &["path is \"/no/such/file\""]);
    let mut info: scumble_device_info = output();
    let mut count = 0;
    ok(unsafe { scumble_device_count(&mut count) });
    for index in [-1, count, i32::MAX, i32::MIN] {
        let answer = unsafe { scumble_device_get_info(index, &mut info) };
        refused(answer, InvalidArgument, &[&format!("index is {index}; expected 0 to {}", count - 1)]);
        assert!(info.device.iter().chain(&info.name).all(|c| *c == 0), "something was written");
    }
}
