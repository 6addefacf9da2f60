//! Pixels in the caller's memory: they are right, and no other byte is touched.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::ptr;

use common::c::{self, ok, refused, Case};
use common::fake;
use scumble::ffi::*;
use scumble::Status;

const PATTERN: u8 = 0xA5;

#[test]
fn image_descriptions() {
    use Status::*;
    const SIDE: i32 = fake::SIDE as i32;
    let generation = c::painted(fake::context());
    let read = |source, change: fn(&mut scumble_image)| {
        let mut pixels = [PATTERN; fake::SIDE * fake::SIDE * 16];
        let mut image = c::image(&mut pixels, 0, SIDE, SIDE);
        change(&mut image);
        let answer = unsafe { scumble_generation_read_image(generation, source, &image) };
        assert_eq!(pixels.iter().any(|byte| *byte != PATTERN), answer == Ok, "{answer:?}");
        answer
    };
    let cases: &[Case<scumble_image>] = &[
        (|image| image.format = 4, InvalidArgument, "format of the image is 4; expected a scumble_format (0 to 3)"),
        (|image| image.format = -1, InvalidArgument, "format of the image is -1"),
        (|image| image.flags = 4, InvalidArgument, "flags of the image is 0x4"),
        (|image| image.flags = 1 << 31 | 1, InvalidArgument, "flags of the image is 0x80000001"),
        (|image| image.pixels = ptr::null_mut(), InvalidArgument, "pixels of the image is NULL"),
        (|image| image.width = 0, InvalidArgument, "the image is 0 x 16 pixels; expected 16 x 16"),
        (|image| image.width = SIDE - 1, InvalidArgument, "the image is 15 x 16 pixels"),
        (|image| image.width = -SIDE, InvalidArgument, "the image is -16 x 16 pixels"),
        (|image| image.height = SIDE + 1, InvalidArgument, "the image is 16 x 17 pixels"),
        (|image| image.height = i32::MIN, InvalidArgument, "the image is 16 x -2147483648 pixels"),
        (|image| (image.width, image.row_pitch) = (i32::MAX, u32::MAX), InvalidArgument, "row_pitch of the image is"),
        (|image| image.row_pitch = 63, InvalidArgument, "row_pitch of the image is 63; a row has 64 bytes"),
        (|image| image.row_pitch = 1, InvalidArgument, "row_pitch of the image is 1"),
        (|image| image.pixels_size = 0, BufferTooSmall, "pixels_size of the image is 0; expected at least 1024"),
        (|image| image.row_pitch = u32::MAX, BufferTooSmall, "expected at least 64424509489"),
    ];
    for (change, status, words) in cases.iter().copied() {
        for source in [0, 1] {
            refused(read(source, change), status, &["scumble_generation_read_image", words]);
        }
    }
    for source in [2, -1, i32::MAX] {
        refused(read(source, |_| ()), InvalidArgument, &[&format!("source is {source}; expected a scumble_source")]);
    }
    ok(read(0, |_| ()));
    ok(read(1, |_| ()));
}

/// Every format, row pitch and direction: the pixels are right, the bytes between the rows and
/// after the last are the caller's, and one byte too few is refused.
#[test]
fn pixels_in_memory() {
    let prompt = c::prompt_by_hand(fake::context());
    let [plain, with_floats] = [0, SCUMBLE_GENERATION_KEEP_FLOATS].map(|flags| {
        let generation = c::generation(prompt, |desc| desc.flags = flags);
        c::step_all(generation);
        ok(unsafe { scumble_generation_decode(generation) });
        generation
    });
    for (format, size, generation) in
        [(0, 4, plain), (1, 4, plain), (2, 3, plain), (3, 16, plain), (3, 16, with_floats)]
    {
        let row = fake::SIDE * size;
        let (rgba, bgra) = ([Some(0), Some(1), Some(2), None], [Some(2), Some(1), Some(0), None]);
        let channels = &(if format == 1 { bgra } else { rgba })[..size.min(4)];
        for (pitch, flags) in [(0, 0), (0, 1), (row, 0), (row + 1, 1), (row + 5, 0), (row * 2, 1)] {
            let stride = if pitch == 0 { row } else { pitch };
            let needed = stride * (fake::SIDE - 1) + row;
            let mut pixels = vec![PATTERN; needed + 64];
            let mut image = c::image(&mut pixels, format, fake::SIDE as i32, fake::SIDE as i32);
            (image.row_pitch, image.flags, image.pixels_size) = (pitch as u32, flags, needed as u64 - 1);
            let read = |image| unsafe { scumble_generation_read_image(generation, 0, image) };
            let words = format!("pixels_size of the image is {}; expected at least {needed}", needed - 1);
            refused(read(&image), Status::BufferTooSmall, &[&words]);
            assert!(
                pixels.iter().all(|byte| *byte == PATTERN),
                "format {format}, pitch {pitch}: something was written"
            );

            image.pixels_size += 1;
            ok(read(&image));
            let mut expected = vec![PATTERN; needed + 64];
            for y in 0..fake::SIDE {
                let target = if flags == 1 { fake::SIDE - 1 - y } else { y } * stride;
                for (x, pixel) in expected[target..target + row].chunks_mut(size).enumerate() {
                    for (i, channel) in channels.iter().enumerate() {
                        let value = channel.map_or(1.0, |channel| fake::value((channel, y, x)) / 2.0 + 0.5);
                        // Levels of bytes, where floats are not kept.
                        let level = (value * 255.0).round() / 255.0;
                        let value = if generation == plain { level } else { value };
                        match format {
                            3 => pixel[i * 4..][..4].copy_from_slice(&value.to_ne_bytes()),
                            _ => pixel[i] = (value * 255.0).round() as u8,
                        }
                    }
                }
            }
            assert!(pixels == expected, "format {format}, pitch {pitch}, flags {flags}");
        }
    }
}

/// Latents in the caller's memory: after any evaluation, no number too many, and of a finished picture only if they were
/// asked for.
#[test]
fn latents_in_memory() {
    use Status::*;
    let prompt = c::prompt_by_hand(fake::context());
    let read = |generation, count: usize| {
        let mut numbers = [f32::NAN; fake::LATENTS + 4];
        let answer = unsafe { scumble_generation_read_latents(generation, numbers.as_mut_ptr(), count as u64) };
        let written = if answer == Ok { fake::LATENTS } else { 0 };
        assert!(numbers[..written].iter().all(|x| x.is_finite()) && numbers[written..].iter().all(|x| x.is_nan()));
        (answer, numbers)
    };
    let keep = c::generation(prompt, |desc| desc.flags = SCUMBLE_GENERATION_KEEP_LATENTS);
    let info = unsafe {
        let mut info: scumble_generation_info = c::output();
        ok(scumble_generation_get_info(keep, &mut info));
        info
    };
    assert_eq!((info.latent_channels, info.latent_width, info.latent_height, info.reserved), (4, 2, 2, 0));
    refused(read(keep, fake::LATENTS).0, Empty, &["no latents before the first evaluation"]);
    let mut seen = Vec::new();
    for _ in 0..fake::STEPS {
        ok(unsafe { scumble_generation_step(keep, ptr::null_mut()) });
        let (answer, numbers) = read(keep, fake::LATENTS);
        ok(answer);
        assert!(!seen.contains(&numbers[0].to_bits()), "they do not change");
        seen.push(numbers[0].to_bits());
    }
    refused(read(keep, fake::LATENTS - 1).0, BufferTooSmall, &["count is 15; expected at least 16"]);
    ok(unsafe { scumble_generation_decode(keep) });
    let (answer, numbers) = read(keep, fake::LATENTS + 4);
    ok(answer);
    assert_eq!(Some(&numbers[0].to_bits()), seen.last());

    let plain = c::generation(prompt, |_| ());
    c::step_all(plain);
    ok(read(plain, fake::LATENTS).0);
    ok(unsafe { scumble_generation_decode(plain) });
    refused(read(plain, fake::LATENTS).0, WrongState, &["not kept: set SCUMBLE_GENERATION_KEEP_LATENTS"]);

    // One that was cancelled.
    for (flags, status) in [(SCUMBLE_GENERATION_KEEP_LATENTS, Ok), (0, Cancelled)] {
        let cancelled = c::generation(prompt, |desc| desc.flags = flags);
        ok(unsafe { scumble_generation_step(cancelled, ptr::null_mut()) });
        ok(unsafe { scumble_generation_cancel(cancelled) });
        assert_eq!(read(cancelled, fake::LATENTS).0, status);
    }
}
