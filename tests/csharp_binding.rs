//! The C# binding under Mono: it says what the header says, and does what the C API does. What needs .NET is in
//! `tests/csharp`.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr;
use std::sync::LazyLock;

use common::c::{self, ok};
use common::c_program::{c_library, run, CProgram, ROOT};
use common::model::ModelCopy;
use common::mono;
use scumble::ffi::*;
use tempfile::TempDir;

const HEADER: &str = include_str!("../include/scumble.h");

/// The tests' program, with spans or without.
fn tests(spans: bool) -> &'static Path {
    static PLAIN: LazyLock<PathBuf> = LazyLock::new(|| compile(false));
    static SPANS: LazyLock<PathBuf> = LazyLock::new(|| compile(true));
    if spans {
        &SPANS
    } else {
        &PLAIN
    }
}

fn compile(spans: bool) -> PathBuf {
    let defines: &[&str] = if spans { &["-define:SCUMBLE_SPAN"] } else { &[] };
    mono::program("Tests.exe", mono::binding(spans), &mono::sources("tests/csharp"), defines)
}

/// Runs one test of the program and gives the folder that it wrote into.
fn test(name: &str) -> Option<TempDir> {
    test_with(name, true, &common::model())
}

fn test_with(name: &str, spans: bool, model: &Path) -> Option<TempDir> {
    mono::is_there().then(|| {
        let folder = tempfile::tempdir().unwrap();
        print!("{}", run(mono::command(tests(spans)).arg(name).arg(model).arg(folder.path())));
        folder
    })
}

/// How names of C and C# are compared.
fn plain(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

#[test]
fn the_project_file_has_the_version_of_the_library() {
    let project = fs::read_to_string(Path::new(ROOT).join("bindings/csharp/Scumble.csproj")).unwrap();
    assert!(project.contains(concat!("<Version>", env!("CARGO_PKG_VERSION"), "</Version>")));
}

/// Structures with all their fields, numbers and functions: a C compiler and Mono print the same.
#[test]
fn it_says_what_the_header_says() {
    if !mono::is_there() {
        return;
    }
    let printed = run(mono::command(tests(true)).args(["layout", "", ""]));
    let of = |kind: &str| -> BTreeSet<String> {
        printed.lines().filter_map(|line| line.strip_prefix(kind)?.strip_prefix(' ')).map(str::to_owned).collect()
    };
    let functions = c::exports().into_iter().map(|export| {
        let kinds = export.parameters.iter().map(|parameter| kind(parameter.kind)).collect::<Vec<_>>().join(" ");
        format!("{} {} {kinds}", export.name, kind(export.returns))
    });
    same(functions.collect(), of("function").into_iter().collect());

    let printed_by_c = run(&mut c_layout().command());
    let by_c = |kind: &str| -> BTreeSet<String> {
        printed_by_c.lines().filter_map(|line| line.strip_prefix(kind)?.strip_prefix(' ')).map(plain).collect()
    };
    same(by_c("struct"), of("struct").iter().map(|line| plain(line)).collect());
    same(by_c("field"), of("field").iter().map(|line| plain(line)).collect());
    let flags_have_a_zero = |line: &String| !line.ends_with(".none 0");
    same(by_c("number"), of("number").iter().map(|line| plain(line)).filter(flags_have_a_zero).collect());
}

#[track_caller]
fn same(header: BTreeSet<String>, binding: BTreeSet<String>) {
    assert!(!header.is_empty());
    let [missing, other] = [&header - &binding, &binding - &header];
    assert!(
        missing.is_empty() && other.is_empty(),
        "in the header alone: {missing:#?}\nin the binding alone: {other:#?}"
    );
}

/// What goes over for a C type.
fn kind(c: &str) -> &str {
    match c.trim() {
        "scumble_status" => "int32_t",
        pointer if pointer.ends_with('*') => "pointer",
        number => number,
    }
}

/// A C program that prints the layout of every structure and every number of the header, by the names of the binding.
fn c_layout() -> CProgram {
    // Where the names differ by more than underscores.
    let structure = |name: &str| match name {
        "image" => "ImageDesc".to_owned(),
        "control" => "ControlDesc".to_owned(),
        "progress" => "GenerationProgress".to_owned(),
        name => name.to_owned(),
    };
    let mut lines = Vec::new();
    let mut name = None;
    for line in HEADER.lines().filter(|line| !line.trim_start().starts_with(['*', '/'])) {
        if let Some(begins) = line.strip_prefix("typedef struct scumble_").and_then(|rest| rest.strip_suffix(" {")) {
            name = Some(begins);
            lines.push(format!(r#"printf("struct {} %zu\n", sizeof(scumble_{begins}));"#, structure(begins)));
        } else if line.starts_with('}') {
            name = None;
        } else if let (Some(name), Some(declaration)) = (name, line.trim().strip_suffix(';')) {
            let field = declaration.rsplit([' ', '*']).next().unwrap().split('[').next().unwrap();
            lines.push(format!(
                r#"printf("field {}.{field} %zu %zu\n", offsetof(scumble_{name}, {field}), sizeof(((scumble_{name} *)0)->{field}));"#,
                structure(name)
            ));
        }
    }
    lines
        .extend(numbers().map(|(constant, name)| format!(r#"printf("number {name} %lld\n", (long long){constant});"#)));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("layout.c");
    let program =
        format!("#include <scumble.h>\n#include <stdio.h>\nint main(void) {{\n{}\nreturn 0;\n}}\n", lines.join("\n"));
    fs::write(&file, program).unwrap();
    CProgram::new(file.to_str().unwrap())
}

/// Every number that the header names, and how the binding calls it.
fn numbers() -> impl Iterator<Item = (&'static str, String)> {
    const PREFIXES: [(&str, &str); 11] = [
        ("STATUS_", "Status"),
        ("PHASE_", "Phase"),
        ("SOURCE_", "ImageSource"),
        ("PREVIEW_", "PreviewSource"),
        ("FORMAT_", "PixelFormat"),
        ("SYNTAX_", "PromptSyntax"),
        ("WEIGHTS_", "Weights"),
        ("LOG_LEVEL_", "LogLevel"),
        ("PRIORITY_", "Priority"),
        ("FEATURE_", "Features"),
        ("SEAMLESS_", "Seamless"),
    ];
    // What is left to the model is null in C#.
    const NOT_THERE: [&str; 4] = ["SCUMBLE_AUTO", "SCUMBLE_SEED_RANDOM", "SCUMBLE_API", "SCUMBLE_H"];
    let macros = HEADER.lines().filter_map(|line| line.strip_prefix("#define ")?.split(' ').next());
    let enumerators = HEADER.lines().filter(|line| line.starts_with("  SCUMBLE_"));
    let enumerators = enumerators.filter_map(|line| Some(line.split_once(" = ")?.0.trim()));
    macros.chain(enumerators).filter(|name| !NOT_THERE.contains(name)).map(|constant| {
        let name = constant.strip_prefix("SCUMBLE_").unwrap();
        let of_enum = PREFIXES.iter().find_map(|(prefix, of)| Some(format!("{of}.{}", name.strip_prefix(prefix)?)));
        (constant, of_enum.unwrap_or_else(|| format!("NativeMethods.{name}")))
    })
}

/// A loaded context of a model, with one thread that computes.
fn context(model: &Path, change: impl FnOnce(&mut scumble_context_desc)) -> *mut scumble_context {
    let path = CString::new(model.to_str().unwrap()).unwrap();
    let mut desc = c::desc(scumble_context_desc_init);
    (desc.model_path, desc.threads) = (path.as_ptr(), 1);
    change(&mut desc);
    let mut context = ptr::null_mut();
    ok(unsafe { scumble_context_create(&desc, &mut context) });
    ok(unsafe { scumble_context_wait(context, -1) });
    context
}

fn prompt(context: *const scumble_context, text: &str, negative: Option<&str>) -> *mut scumble_prompt {
    let [text, negative] = [Some(text), negative].map(|text| text.map(|text| CString::new(text).unwrap()));
    let mut desc = c::desc(scumble_prompt_desc_init);
    desc.text = text.as_ref().unwrap().as_ptr();
    desc.negative_text = negative.as_ref().map_or(ptr::null(), |text| text.as_ptr());
    let mut prompt = ptr::null_mut();
    ok(unsafe { scumble_prompt_create(context, &desc, &mut prompt) });
    prompt
}

fn painted(
    prompt: *const scumble_prompt,
    change: impl FnOnce(&mut scumble_generation_desc),
) -> *mut scumble_generation {
    let generation = c::generation(prompt, change);
    ok(unsafe { scumble_generation_start(generation) });
    ok(unsafe { scumble_generation_wait(generation, -1) });
    generation
}

/// The pixels of a picture or a preview of this size.
fn pixels(
    generation: *const scumble_generation,
    source: i32,
    format: i32,
    flags: u32,
    [width, height]: [i32; 2],
) -> Vec<u8> {
    let pixel = [4, 4, 3, 16][format as usize];
    let mut pixels = vec![0; (width * height) as usize * pixel];
    let mut image = c::image(&mut pixels, format, width, height);
    image.flags = flags;
    ok(unsafe { scumble_generation_read_image(generation, source, &image) });
    pixels
}

/// The same options paint the same bytes as in C, in each layout.
#[test]
fn pictures_are_those_of_the_c_api() {
    if !mono::is_there() {
        return;
    }
    let context = context(&common::model(), |_| ());
    let prompt = prompt(context, "a red apple, 3d style, on a blue background", Some("green"));
    let generation = painted(prompt, |desc| {
        (desc.width, desc.height, desc.steps, desc.seed) = (64, 48, 5, 1_099_511_627_777);
        (desc.guidance_scale, desc.guidance_rescale) = (3.5, 0.25);
        (desc.scheduler, desc.sigmas) = (c"Euler a".as_ptr(), c"karras".as_ptr());
        (desc.preview_every, desc.preview_width, desc.preview_height, desc.preview_source) = (2, 32, 24, 1);
    });
    let size = [64, 48];
    let expected = [
        ("rgba8", pixels(generation, 0, 0, 0, size)),
        ("bgra8", pixels(generation, 0, 1, SCUMBLE_IMAGE_BOTTOM_UP, size)),
        ("rgb8", pixels(generation, 0, 2, 0, size)),
        ("rgba32f", pixels(generation, 0, 3, 0, size)),
        ("preview", pixels(generation, 1, 0, 0, [32, 24])),
    ];
    for spans in [false, true] {
        let folder = test_with("painting", spans, &common::model()).unwrap();
        for (name, bytes) in &expected {
            assert!(fs::read(folder.path().join(name)).unwrap() == *bytes, "{name} differs, spans: {spans}");
        }
    }
}

#[test]
fn pictures_masks_and_controlnets_are_those_of_the_c_api() {
    if !mono::is_there() {
        return;
    }
    let model = ModelCopy::reference("sd1-controlnet");
    let folder = test_with("pictures", true, model.path()).unwrap();
    let [guided, started] = ["guided", "started"].map(|name| fs::read(folder.path().join(name)).unwrap());

    let controlnet = CString::new(model.path().join("controlnet").to_str().unwrap()).unwrap();
    let paths = [controlnet.as_ptr()];
    let context = context(model.path(), |desc| {
        (desc.controlnet_paths, desc.controlnet_count) = (paths.as_ptr(), 1);
    });
    let prompt = prompt(context, "a cat", None);
    let mut picture: Vec<u8> = (0..40 * 24 * 4).map(|i| (i * 7) as u8).collect();
    let mut mask: Vec<u8> = (0..40 * 24 * 3).map(|i| if i < 40 * 12 * 3 { 0 } else { 255 }).collect();
    let mut shapes: Vec<u8> = (0..8 * 8 * 4).flat_map(|i| ((i % 5) as f32 / 4.0).to_ne_bytes()).collect();
    let mut picture = c::image(&mut picture, 1, 40, 24);
    picture.flags = SCUMBLE_IMAGE_BOTTOM_UP;
    let mask = c::image(&mut mask, 2, 40, 24);
    let shapes = [0, SCUMBLE_IMAGE_BOTTOM_UP].map(|flags| scumble_image { flags, ..c::image(&mut shapes, 3, 8, 8) });
    let control = |controlnet: i32, scale, start, end| scumble_control {
        struct_size: size_of::<scumble_control>() as u32,
        controlnet,
        scale,
        start,
        end,
        reserved: 0,
        picture: &shapes[controlnet as usize],
    };
    let controls = [control(0, 0.5, 0.1, 0.9), control(1, 1.0, 0.0, 1.0)];
    let controls = [&raw const controls[0], &raw const controls[1]];
    let generation = painted(prompt, |desc| {
        (desc.steps, desc.seed, desc.strength) = (4, 7, 0.75);
        (desc.picture, desc.mask) = (&picture, &mask);
        (desc.controls, desc.control_count) = (controls.as_ptr(), 2);
    });
    let size = size_of_picture(generation);
    assert!(pixels(generation, 0, 0, 0, size) == guided, "the picture with a mask and ControlNets differs");

    let mut padded: Vec<u8> = (0..64 * 16).map(|i| (i * 3) as u8).collect();
    let mut padded = c::image(&mut padded, 0, 15, 16);
    padded.row_pitch = 64;
    let generation = painted(prompt, |desc| (desc.steps, desc.seed, desc.picture) = (4, 7, &padded));
    assert!(pixels(generation, 0, 0, 0, size) == started, "the picture that starts from another differs");
}

fn size_of_picture(generation: *const scumble_generation) -> [i32; 2] {
    let mut info: scumble_generation_info = c::output();
    ok(unsafe { scumble_generation_get_info(generation, &mut info) });
    [info.width, info.height]
}

#[test]
fn a_host_computes_by_hand() {
    test("by-hand");
}

#[test]
fn loading_encoding_and_painting_are_awaited() {
    test("async");
}

#[test]
fn a_game_polls_once_a_frame_on_its_own_thread() {
    test("frames");
}

#[test]
fn a_token_cancels_at_any_moment() {
    test("cancelling");
}

#[test]
fn errors_have_the_text_of_the_library() {
    test("errors");
}

#[test]
fn a_thousand_cycles_leave_nothing_behind() {
    test("cycles");
}

#[test]
fn the_garbage_collector_gives_back_what_nobody_uses() {
    test("finalizers");
}

#[test]
fn a_shutdown_ends_what_lives_and_allows_new_contexts() {
    test("shutdown");
}

#[test]
fn a_program_may_end_while_it_paints() {
    test("unfinished");
}

/// Whatever the native library is, the first call says what is wrong with it.
#[test]
fn a_library_that_does_not_fit_is_named() {
    if !mono::is_there() {
        return;
    }
    let stub = |test: &str, source: Option<&str>| {
        let folder = tempfile::tempdir().unwrap();
        if let Some(source) = source {
            c_library(source, &folder.path().join("libscumble.so"));
        }
        run(mono::with_library(tests(true), folder.path()).args([test, "", ""]));
    };
    // What else a binding may call of another ABI: nothing.
    let functions = c::exports().into_iter().map(|export| export.name).filter(|name| *name != "scumble_abi_version");
    let aborting: String = functions.map(|name| format!("void {name}(void) {{ abort(); }}\n")).collect();
    let other = format!("#include <stdlib.h>\nunsigned scumble_abi_version(void) {{ return 7; }}\n{aborting}");
    stub("other-abi", Some(&other));
    stub("stranger", Some("int number(void) { return 7; }"));
    stub("missing", None);
}

#[test]
fn the_example_paints_what_the_c_example_paints() {
    if !mono::is_there() {
        return;
    }
    let sources = [Path::new(ROOT).join("examples/csharp/txt2img.cs")];
    let example = mono::program("txt2img.exe", mono::binding(false), &sources, &[]);
    let folder = tempfile::tempdir().unwrap();
    let paint = |command: &mut Command, file: &str| {
        let file = folder.path().join(file);
        run(command
            .args(["tests/reference/models/emblem-64", "a green star, flat style, on a white background"])
            .arg(&file)
            .arg("6"));
        fs::read(file).unwrap()
    };
    let by_c = paint(&mut CProgram::new("examples/c/txt2img.c").command(), "c.ppm");
    assert!(paint(&mut mono::command(&example), "csharp.ppm") == by_c, "the picture differs");
}
