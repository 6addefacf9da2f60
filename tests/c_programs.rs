//! Programs in C, compiled by a real compiler against the library as it is shipped.
#![cfg(unix)]

mod common;

use std::fs;
use std::path::Path;

use common::c_program::{run, CProgram, ROOT};
use scumble::{Context, Device, Format, Generation, Places, Preview, Prompt, Request, Source, Texts};

#[test]
fn structures_have_their_first_size_and_no_padding() {
    run(&mut CProgram::new("tests/c/layout.c").command());

    let [header, layout] =
        ["include/scumble.h", "tests/c/layout.c"].map(|file| fs::read_to_string(Path::new(ROOT).join(file)).unwrap());
    let structures = header.lines().filter_map(|line| line.strip_prefix("typedef struct ")?.strip_suffix(" {"));
    for structure in structures {
        assert!(layout.contains(&format!("#define STRUCT {structure}\n")), "{structure} is not checked by layout.c");
    }
}

#[test]
fn by_hand_paints_what_the_worker_paints() {
    run(&mut CProgram::new("tests/c/by_hand.c").command());
}

#[test]
fn objects_may_be_destroyed_in_any_order_and_at_any_moment() {
    run(&mut CProgram::new("tests/c/lifetime.c").command());
}

#[test]
fn the_example_paints_what_rust_paints() {
    let (model, text) = ("models/emblem-64", "a green star, flat style, on a white background");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.ppm");
    run(CProgram::new("examples/c/txt2img.c").command().args([model, text]).arg(&file));

    let context = Context::open(Places::at(Path::new(ROOT).join(model)), Device::default()).unwrap();
    context.wait(None).unwrap();
    let prompt = Prompt::create(&context, Texts::of(text), false).unwrap();
    let request = Request { seed: Some(14), ..Request::default() };
    let generation = Generation::create(&prompt, &request, &Preview::default()).unwrap();
    generation.start().unwrap();
    generation.wait(None).unwrap();
    let picture = generation.picture(Source::Final).unwrap();
    let (width, height) = (picture.width(), picture.height());
    let mut expected = format!("P6 {width} {height} 255\n").into_bytes();
    let header = expected.len();
    expected.resize(header + width * height * 3, 0);
    picture.copy_to(&mut expected[header..], Format::Rgb8, width * 3, false);
    assert!(fs::read(&file).unwrap() == expected, "the picture differs");
}
