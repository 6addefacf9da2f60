//! Pictures that the caller gives: read from every format, and fitted as Pillow fits them.

mod common;

use common::golden::{self, Tensors};
use ndarray::{Array3, ArrayView3};
use scumble::image::resize;
use scumble::{Format, Pixels};
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
        let stretched = resize(source.view(), to.0, to.1);
        let error = golden::error(stretched.iter(), &tensors.floats(&format!("{name}.stretched")));
        assert!(error < 1e-5, "{from:?} to {to:?}: {error}");
    }
}

#[test]
fn other_shapes() {
    let tensors = Tensors::open("resize");
    for Case { name, from, to } in golden::entries("resize") {
        let source = planes(&tensors, &format!("{name}.source"), from);
        let fitted = pixels(source.view()).fit(to.0, to.1);
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
                    Format::Rgba8 => vec![r, g, b, 9],
                    Format::Bgra8 => vec![b, g, r, 9],
                    Format::Rgb8 => vec![r, g, b],
                    Format::Rgba32f => {
                        [r, g, b, 9].iter().flat_map(|byte| (f32::from(*byte) / 255.0).to_ne_bytes()).collect()
                    }
                };
                let start = row * pitch + x * format.pixel_size();
                bytes[start..start + pixel.len()].copy_from_slice(&pixel);
            }
        }
        let read = Pixels::read(&bytes, format, SIZE, pitch, bottom_up, "a test").unwrap();
        assert_eq!(read.fit(SIZE.0, SIZE.1), expected, "{format:?}, bottom up {bottom_up}, gap {gap}");
    }
}

/// Brightness decides, at half: green counts most.
#[test]
fn masks() {
    let row = [[0u8, 0, 0], [127, 127, 127], [128, 128, 128], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]];
    let bytes: Vec<u8> = row.iter().flatten().copied().collect();
    let mask = Pixels::read(&bytes, Format::Rgb8, (7, 1), 21, false, "a test").unwrap().fit_mask(7, 1);
    assert_eq!(mask.iter().copied().collect::<Vec<f32>>(), [0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0]);
}
