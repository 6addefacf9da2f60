//! The models of the repository paint what they are asked for, with their own defaults.

mod common;

use std::fs;
use std::path::Path;

use scumble::{Context, Device, Generation, Options, Places, Preview, Prompt, Request, Source, Texts};

/// Mean colour of some pixels of a picture of 64 × 64.
fn mean(rgba: &[u8], is_there: impl Fn(usize, usize) -> bool) -> [f32; 3] {
    let there: Vec<&[u8]> =
        rgba.chunks_exact(4).enumerate().filter(|(i, _)| is_there(i % 64, i / 64)).map(|(_, pixel)| pixel).collect();
    [0, 1, 2].map(|channel| there.iter().map(|pixel| f32::from(pixel[channel])).sum::<f32>() / there.len() as f32)
}

#[test]
fn a_red_apple_on_a_blue_background() {
    let mut found = 0;
    for folder in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("models")).unwrap().map(Result::unwrap) {
        if !folder.path().is_dir() {
            continue;
        }
        let options = Options { device: Device { threads: 1, ..common::device() }, ..Options::default() };
        let context = Context::open(Places::at(folder.path()), options).unwrap();
        context.wait(None).unwrap();
        let prompt = Prompt::create(&context, Texts::of("a red apple, 3d style, on a blue background"), false).unwrap();
        let request = Request { seed: Some(7), ..Request::default() };
        let generation = Generation::create(&prompt, &request, &Preview::default()).unwrap();
        generation.start().unwrap();
        generation.wait(None).unwrap();
        let picture = generation.picture(Source::Final).unwrap();
        assert_eq!((picture.width(), picture.height()), (64, 64));

        let frame = mean(picture.rgba(), |x, y| x.min(y) < 3 || x.max(y) > 60);
        let blue = [60.0, 110.0, 220.0]; // as tools/model/pictures.py has it
        let off: f32 = frame.iter().zip(blue).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
        assert!(off < 40.0, "{}: the frame is {frame:?}", folder.path().display());
        let [red, green, blue] = mean(picture.rgba(), |x, y| (24..40).contains(&x) && (28..44).contains(&y));
        assert!(red > 2.0 * green.max(blue), "{}: the middle is {red} {green} {blue}", folder.path().display());
        found += 1;
    }
    assert!(found > 0);
}
