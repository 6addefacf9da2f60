//! Pictures that the caller gives: read from every format, and fitted as Pillow fits them.

mod common;

use std::sync::Arc;

use common::golden::{self, Tensors};
use common::painting;
use ndarray::{Array3, ArrayView3};
use scumble::cancel::Cancel;
use scumble::image::resize;
use scumble::{Format, Generation, MaskOf, Pixels, Preview, Prompt, Request, Source, Texts};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    from: (usize, usize),
    to: (usize, usize),
}

fn planes(tensors: &Tensors, name: &str, (width, height): (usize, usize)) -> Array3<f32> {
    Array3::from_shape_vec((3, height, width), tensors.floats(name)).unwrap()
}

/// A picture of floats.
fn pixels(planes: ArrayView3<f32>) -> Pixels {
    let (_, height, width) = planes.dim();
    let mut bytes = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let pixel = [planes[(0, y, x)], planes[(1, y, x)], planes[(2, y, x)], 1.0];
            bytes.extend(pixel.iter().flat_map(|value| value.to_ne_bytes()));
        }
    }
    Pixels::read(&bytes, Format::Rgba32f, (width, height), width * 16, false, "a test").unwrap()
}

#[test]
fn other_sizes() {
    let tensors = Tensors::open("resize");
    for Case { name, from, to } in golden::entries("resize") {
        let source = planes(&tensors, &format!("{name}.source"), from);
        let stretched = resize(source.view(), to.0, to.1).unwrap();
        let error = golden::error(stretched.iter(), &tensors.floats(&format!("{name}.stretched")));
        assert!(error < 1e-5, "{from:?} to {to:?}: {error}");
    }
}

#[test]
fn other_shapes() {
    let tensors = Tensors::open("resize");
    for Case { name, from, to } in golden::entries("resize") {
        let source = planes(&tensors, &format!("{name}.source"), from);
        let fitted = pixels(source.view()).fit(to.0, to.1, BLACK, &Cancel::default()).unwrap();
        assert_eq!(fitted.dim(), (3, to.1, to.0));
        let error = golden::error(fitted.iter(), &tensors.floats(&format!("{name}.fitted")));
        assert!(error < 1e-5, "{from:?} to {to:?}: {error}");
    }
}

/// The same colours, whatever the format, the gaps between rows and their direction.
#[test]
fn every_format() {
    const SIZE: (usize, usize) = (5, 3);
    let colour = |x: usize, y: usize| [(x * 50) as u8, (y * 100) as u8, (x * 7 + y * 90) as u8];
    let expected = Array3::from_shape_fn((3, SIZE.1, SIZE.0), |(c, y, x)| f32::from(colour(x, y)[c]) / 255.0);
    for (format, bottom_up, gap) in [
        (Format::Rgba8, false, 0),
        (Format::Bgra8, true, 12),
        (Format::Rgb8, false, 1),
        (Format::Rgb8, true, 0),
        (Format::Rgba32f, true, 16),
        (Format::Bgra8, false, 3),
    ] {
        let pitch = SIZE.0 * format.pixel_size() + gap;
        let mut bytes = vec![0xA5; pitch * SIZE.1];
        for y in 0..SIZE.1 {
            let row = if bottom_up { SIZE.1 - 1 - y } else { y };
            for x in 0..SIZE.0 {
                let [r, g, b] = colour(x, y);
                let pixel: Vec<u8> = match format {
                    Format::Rgba8 => vec![r, g, b, 255],
                    Format::Bgra8 => vec![b, g, r, 255],
                    Format::Rgb8 => vec![r, g, b],
                    Format::Rgba32f => {
                        [r, g, b, 255].iter().flat_map(|byte| (f32::from(*byte) / 255.0).to_ne_bytes()).collect()
                    }
                };
                let start = row * pitch + x * format.pixel_size();
                bytes[start..start + pixel.len()].copy_from_slice(&pixel);
            }
        }
        let read = Pixels::read(&bytes, format, SIZE, pitch, bottom_up, "a test").unwrap();
        let fitted = read.fit(SIZE.0, SIZE.1, BLACK, &Cancel::default()).unwrap();
        assert_eq!(fitted, expected, "{format:?}, bottom up {bottom_up}, gap {gap}");
    }
}

/// Brightness, alpha or transparency; green counts most, and what is transparent is dark.
#[test]
fn masks() {
    let row = [
        [0u8, 0, 0, 255],
        [127, 127, 127, 255],
        [255, 255, 255, 255],
        [255, 0, 0, 255],
        [0, 255, 0, 102],
        [255, 255, 255, 0],
    ];
    let mask = |format, of| {
        let bytes: Vec<u8> = match format {
            Format::Rgb8 => row.iter().flat_map(|pixel| pixel[..3].to_vec()).collect(),
            _ => row.concat(),
        };
        let size = bytes.len();
        let pixels = Pixels::read(&bytes, format, (6, 1), size, false, "a test").unwrap();
        let mask = pixels.fit_mask(6, 1, of, &Cancel::default()).unwrap();
        mask.iter().map(|x| (x * 1000.0).round() as i32).collect::<Vec<_>>()
    };
    assert_eq!(mask(Format::Rgb8, MaskOf::Brightness), [0, 498, 1000, 299, 587, 1000]);
    assert_eq!(mask(Format::Rgba8, MaskOf::Brightness), [0, 498, 1000, 299, 235, 0]);
    assert_eq!(mask(Format::Bgra8, MaskOf::Brightness), [0, 498, 1000, 114, 235, 0]);
    assert_eq!(mask(Format::Rgba8, MaskOf::Alpha), [1000, 1000, 1000, 1000, 400, 0]);
    assert_eq!(mask(Format::Rgba8, MaskOf::Transparency), [0, 0, 0, 0, 600, 1000]);
}

/// Alpha is straight: a colour counts as much as it is opaque, and the background the rest. As Pillow's `alpha_composite`
/// over an opaque image, but for its rounding to bytes.
#[test]
fn transparent_pixels() {
    let cancel = Cancel::default();
    let bytes = [200, 100, 0, 255, 200, 100, 0, 0, 200, 100, 0, 51];
    let background = [1.0, 0.0, 0.4];
    let read = |format| Pixels::read(&bytes, format, (3, 1), 12, false, "a test").unwrap();
    let seen = |pixels: Pixels| {
        let planes = pixels.fit(3, 1, background, &cancel).unwrap();
        [0, 1, 2].map(|x| [0, 1, 2].map(|channel| (planes[(channel, 0, x)] * 255.0).round() as u8))
    };
    assert_eq!(seen(read(Format::Rgba8)), [[200, 100, 0], [255, 0, 102], [244, 20, 82]]);
    assert_eq!(seen(read(Format::Bgra8)), [[0, 100, 200], [255, 0, 102], [204, 20, 122]]);
    assert_eq!(seen(read(Format::Rgba8).opaque()), [[200, 100, 0]; 3]);
    // Scaled, a colour that nobody sees does not shine through.
    let half = [255, 255, 255, 255, 0, 0, 0, 0].repeat(2);
    let half = Pixels::read(&half, Format::Rgba8, (4, 1), 16, false, "a test").unwrap();
    assert!(half.fit(2, 1, [1.0; 3], &cancel).unwrap().iter().all(|x| *x == 1.0));
}

/// Floats a little outside are clamped, alpha too.
#[test]
fn floats_beside_the_range() {
    let bytes: Vec<u8> = [1.000_000_1f32, -1e-9, 1.2, 1.01].iter().flat_map(|x| x.to_ne_bytes()).collect();
    let pixels = Pixels::read(&bytes, Format::Rgba32f, (1, 1), 16, false, "a test").unwrap();
    let planes = pixels.fit(1, 1, BLACK, &Cancel::default()).unwrap();
    assert_eq!(planes.iter().copied().collect::<Vec<f32>>(), [1.0, 0.0, 1.0]);
}

const BLACK: [f32; 3] = [0.0; 3];

/// What a mask keeps is the picture to the bit, what it selects is generated anew, and a band between them is neither.
#[test]
fn what_a_mask_keeps() {
    const SIDE: usize = 64;
    let context = painting::context();
    let prompt = Prompt::create(&context, Texts::of("a red apple, 3d style"), false).unwrap();
    let picture: Vec<u8> = (0..SIDE * SIDE * 3).map(|i| (i * 37 % 251) as u8).collect();
    let pixels = |bytes: &[u8], name| Pixels::read(bytes, Format::Rgb8, (SIDE, SIDE), SIDE * 3, false, name).unwrap();
    let generate = |mask: &dyn Fn(usize, usize) -> u8, change: &dyn Fn(&mut Request)| {
        let mask: Vec<u8> = (0..SIDE * SIDE).flat_map(|i| [mask(i % SIDE, i / SIDE); 3]).collect();
        let mut request = Request {
            picture: Some(Arc::new(pixels(&picture, "picture"))),
            mask: Some(Arc::new(pixels(&mask, "mask"))),
            steps: Some(5),
            seed: Some(7),
            ..Request::default()
        };
        change(&mut request);
        let generation = Generation::create(&prompt, &request, &Preview::default()).unwrap();
        generation.start().unwrap();
        generation.wait(None).unwrap();
        generation
            .picture(Source::Final)
            .unwrap()
            .rgba()
            .chunks_exact(4)
            .flat_map(|pixel| pixel[..3].to_vec())
            .collect()
    };
    // The mean difference to the picture of the pixels for which this holds.
    let off = |image: &Vec<u8>, of: &dyn Fn(usize, usize) -> bool| {
        let among = (0..SIDE * SIDE * 3).filter(|i| of(i / 3 % SIDE, i / 3 / SIDE));
        let differences: Vec<f64> = among.map(|i| f64::from(image[i].abs_diff(picture[i]))).collect();
        differences.iter().sum::<f64>() / differences.len() as f64
    };
    // Borders that lie between no latents.
    let right = |x: usize, _: usize| if x >= 37 { 255 } else { 0 };
    let feathered = generate(&right, &|_| ());
    assert_eq!(off(&feathered, &|x, _| x <= 33), 0.0, "four pixels away all is kept");
    assert!(off(&feathered, &|x, _| (34..37).contains(&x)) > 0.0, "within them it fades");
    assert!(off(&feathered, &|x, _| x >= 37) > 10.0);
    let hard = generate(&right, &|request| request.mask_feather = Some(0));
    assert_eq!(off(&hard, &|x, _| x < 37), 0.0);
    assert!(off(&hard, &|x, _| x >= 37) > 10.0);
    let wide = generate(&right, &|request| request.mask_feather = Some(17));
    assert!(off(&wide, &|x, _| x == 22) > 0.0 && off(&wide, &|x, _| x <= 20) == 0.0);
    let plain = generate(&right, &|request| request.mask_as_diffusers = true);
    assert!(off(&plain, &|x, _| x < 33) > 1.0, "diffusers' own result changes everywhere");

    // A stroke of one pixel, beside the pixel of each latent that diffusers looks at.
    let stroke = |x: usize, y: usize| if y == 21 && (5..60).contains(&x) { 255 } else { 0 };
    let drawn = generate(&stroke, &|_| ());
    assert!(off(&drawn, &|x, y| y == 21 && (5..60).contains(&x)) > 10.0, "a thin stroke is generated anew");
    assert_eq!(off(&drawn, &|_, y| !(18..=24).contains(&y)), 0.0);

    // The brighter, the more it departs.
    let grey = |level: u8| off(&generate(&move |_, _| level, &|_| ()), &|_, _| true);
    let levels = [20, 90, 165, 255].map(grey);
    println!("off by {levels:.1?}");
    assert!(levels.windows(2).all(|two| two[0] > 0.0 && two[0] * 1.2 < two[1]), "{levels:?}");

    // The same mask, read from alpha, and from the picture's own transparency.
    let rgba: Vec<u8> = (0..SIDE * SIDE).flat_map(|i| [0, 0, 0, right(i % SIDE, i / SIDE)]).collect();
    let alpha = Pixels::read(&rgba, Format::Rgba8, (SIDE, SIDE), SIDE * 4, false, "mask").unwrap();
    let by_alpha = generate(&right, &|request| {
        (request.mask, request.mask_from_alpha) = (Some(Arc::new(alpha.clone())), true);
    });
    assert!(by_alpha == feathered);
    let holes: Vec<u8> = picture
        .chunks_exact(3)
        .enumerate()
        .flat_map(|(i, pixel)| [pixel, &[255 - right(i % SIDE, i / SIDE)]].concat())
        .collect();
    let holes = Pixels::read(&holes, Format::Rgba8, (SIDE, SIDE), SIDE * 4, false, "picture").unwrap();
    let by_holes = generate(&right, &|request| {
        (request.picture, request.mask, request.mask_from_alpha) = (Some(Arc::new(holes.clone())), None, true);
    });
    assert_eq!(off(&by_holes, &|x, _| x <= 33), 0.0);
    assert!(off(&by_holes, &|x, _| x >= 37) > 10.0);
}
