//! Files of a model directory that are cut off at any point, that go while they are read, or that change while a context
//! lives: an answer, never a crash, and never another image.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::ptr;
use std::thread;
use std::time::Duration;

use common::c::{self, last_error, ok};
use common::load::load;
use common::model::{original, ModelCopy};
use common::onnx::{encoder, raw, weights, ENCODER};
use scumble::ffi::*;
use scumble::random::Random;
use scumble::Status;

const SMALL: [&str; 9] = [
    "model_index.json",
    "scheduler/scheduler_config.json",
    "scumble.json",
    "text_encoder/config.json",
    "tokenizer/special_tokens_map.json",
    "tokenizer/tokenizer_config.json",
    "tokenizer/vocab.json",
    "unet/config.json",
    "vae_decoder/config.json",
];

/// Loads a directory with these files cut off after each 64th part. Every answer is success or names one of them;
/// how many are success.
fn cut(files: &[&str]) -> usize {
    let copy = ModelCopy::new();
    copy.write(ENCODER, encoder(weights(raw(128)), &[], &[])); // which loads sooner
    let loads = |part: usize| {
        for file in files {
            let whole = fs::read(original(file)).unwrap();
            copy.write(file, &whole[..whole.len() * part / 64]);
        }
        let (status, text) = load(copy.path());
        let named = files.iter().any(|file| text.contains(file.rsplit('/').next().unwrap()));
        let clean = status == Status::Ok || (status == Status::ModelInvalid && named);
        assert!(clean, "{files:?}, {part} of 64 parts: {status:?} ({text})");
        status == Status::Ok
    };
    (0..64).filter(|part| loads(*part)).count()
}

#[test]
fn models_cut_off() {
    for file in [ENCODER, "unet/model.onnx", "vae_decoder/model.onnx", "vae_encoder/model.onnx"] {
        assert_eq!(cut(&[file]), 0, "{file}");
    }
}

#[test]
fn json_cut_off() {
    for file in SMALL {
        assert_eq!(cut(&[file]), 0, "{file}");
    }
}

/// A list of merges may end after any of them: the vocabulary tells how many there are.
#[test]
fn merges_cut_off() {
    assert_eq!(cut(&["tokenizer/merges.txt"]), 0);
    let whole = fs::read_to_string(original("tokenizer/merges.txt")).unwrap();
    let (last, _) = whole.trim_end().rsplit_once('\n').unwrap();
    let (status, text) = load(ModelCopy::new().write("tokenizer/merges.txt", last).path());
    assert!(status == Status::ModelInvalid && text.contains("merges.txt: has 1758 merges"), "{status:?} ({text})");
}

/// Bytes of the small files are changed, taken out or put in, wherever: the model loads, or the answer names the file.
#[test]
fn small_files_corrupted() {
    const TEXTS: [&[u8]; 12] =
        [b"\0", b"\xFF", b"\"", b"}", b"-", b"9999999999", b"null", b"NaN", b"[", b"\n", b" ", b"1e999"];
    let copy = ModelCopy::new();
    copy.write(ENCODER, encoder(weights(raw(128)), &[], &[]));
    let mut random = Random::new(7);
    let mut below = |n: usize| (random.normal(1)[0].to_bits() as usize).wrapping_mul(2654435761) % n;
    let mut refused = 0;
    for file in SMALL.into_iter().chain(["tokenizer/merges.txt"]) {
        let whole = fs::read(original(file)).unwrap();
        for _ in 0..12 {
            let start = below(whole.len());
            let end = (start + below(8)).min(whole.len());
            let bytes = [&whole[..start], TEXTS[below(TEXTS.len())], &whole[end..]].concat();
            copy.write(file, &bytes);
            let (status, text) = load(copy.path());
            let name = file.rsplit('/').next().unwrap();
            let clean = matches!(status, Status::ModelInvalid | Status::ModelUnsupported) && text.contains(name);
            let changed = String::from_utf8_lossy(&bytes[start.saturating_sub(30)..(start + 30).min(bytes.len())]);
            assert!(status == Status::Ok || clean, "{file}, byte {start}, …{changed}…: {status:?} ({text})");
            refused += usize::from(status != Status::Ok);
        }
        copy.write(file, &whole);
    }
    assert!(refused > 20, "{refused} were refused");
}

/// A folder that is taken away while it is loaded, earlier or later.
#[test]
fn files_that_go_while_they_are_loaded() {
    let mut failures = 0;
    for i in 0..40 {
        let copy = ModelCopy::new();
        let path = std::ffi::CString::new(copy.path().to_str().unwrap()).unwrap();
        let mut desc = c::desc(scumble_context_desc_init);
        desc.model_path = path.as_ptr();
        let mut context = ptr::null_mut();
        ok(unsafe { scumble_context_create(&desc, &mut context) });
        thread::sleep(Duration::from_millis(i * 5));
        for folder in ["vae_decoder", "unet", "text_encoder", "tokenizer", "scheduler"] {
            copy.remove(folder);
        }
        let status = unsafe { scumble_context_wait(context, -1) };
        let text = last_error();
        let clean = matches!(status, Status::Ok | Status::ModelIncomplete | Status::ModelInvalid);
        assert!(clean, "after {} ms: {status:?} ({text})", i * 5);
        failures += usize::from(status != Status::Ok);
        ok(unsafe { scumble_context_destroy(context) });
    }
    assert!(failures > 0, "no file went in time");
}

/// The ONNX files and data files of a model directory.
fn model_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_model =
        |path: &PathBuf| path.extension().is_some_and(|end| !["json", "txt"].contains(&end.to_str().unwrap()));
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    files.into_iter().filter(is_model).chain(folders.iter().flat_map(|folder| model_files(folder))).collect()
}

/// What may happen to a file while a context lives.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    Cut,
    Halve,
    Zero,
    Replace,
    Delete,
    /// The same content in another file.
    CopyAgain,
}

const CHANGES: [Change; 6] =
    [Change::Cut, Change::Halve, Change::Zero, Change::Replace, Change::Delete, Change::CopyAgain];

fn change(folder: &Path, change: Change) {
    for path in model_files(folder) {
        let length = fs::metadata(&path).unwrap().len();
        let in_place = || File::options().write(true).open(&path).unwrap();
        match change {
            Change::Cut => in_place().set_len(0).unwrap(),
            Change::Halve => in_place().set_len(length / 2).unwrap(),
            Change::Zero => in_place().write_all(&vec![0; length as usize]).unwrap(),
            Change::Delete => fs::remove_file(&path).unwrap(),
            Change::Replace | Change::CopyAgain => {
                let mut content = fs::read(&path).unwrap();
                if change == Change::Replace {
                    let middle = content.len() / 2;
                    content[middle..middle + 4096.min(length as usize / 4)].fill(0x3c);
                }
                fs::write(path.with_extension("new"), content).unwrap();
                fs::rename(path.with_extension("new"), path).unwrap();
            }
        }
    }
}

fn create(folder: &Path, weights: i32) -> *mut scumble_context {
    let path = std::ffi::CString::new(folder.to_str().unwrap()).unwrap();
    let mut desc = c::desc(scumble_context_desc_init);
    (desc.model_path, desc.threads, desc.weights) = (path.as_ptr(), 1, weights);
    let mut context = ptr::null_mut();
    ok(unsafe { scumble_context_create(&desc, &mut context) });
    context
}

/// An image of two steps, or why there is none. `before`: what happens before it is encoded, before it is started, and
/// while it is generated.
fn generate(context: *const scumble_context, before: [&dyn Fn(); 3]) -> Result<Vec<u8>, (Status, String)> {
    let answer = |status: Status| if status == Status::Ok { Ok(()) } else { Err((status, last_error())) };
    unsafe {
        let mut desc = c::desc(scumble_prompt_desc_init);
        desc.text = c"a red apple".as_ptr();
        let (mut prompt, mut generation) = (ptr::null_mut(), ptr::null_mut());
        before[0]();
        ok(scumble_prompt_create(context, &desc, &mut prompt));
        answer(scumble_prompt_wait(prompt, -1))?;
        before[1]();
        let mut desc = c::desc(scumble_generation_desc_init);
        (desc.width, desc.height, desc.steps, desc.seed) = (64, 64, 2, 14);
        answer(scumble_generation_create(prompt, &desc, &mut generation))?;
        ok(scumble_generation_start(generation));
        before[2]();
        answer(scumble_generation_wait(generation, -1))?;
        let mut pixels = vec![0; 64 * 64 * 16];
        ok(scumble_generation_read_image(generation, 0, &c::image(&mut pixels, 3, 64, 64)));
        ok(scumble_generation_destroy(generation));
        ok(scumble_prompt_destroy(prompt));
        Ok(pixels)
    }
}

/// The same image, or an answer that tells of a file.
fn is_clean(found: &Result<Vec<u8>, (Status, String)>, image: &[u8], folder: &Path, case: &str) -> bool {
    match found {
        Ok(found) => assert!(found == image, "{case}: another image"),
        Err((status, text)) => {
            let refused = matches!(status, Status::ModelInvalid | Status::ModelIncomplete);
            assert!(refused && text.contains(folder.to_str().unwrap()), "{case}: {status:?} ({text})");
        }
    }
    found.is_ok()
}

#[test]
fn files_that_change_under_a_context() {
    let nothing = || ();
    for name in ["sd1-script", "sdxl"] {
        let copy = ModelCopy::reference(name).unlinked();
        let context = create(copy.path(), 1);
        ok(unsafe { scumble_context_wait(context, -1) });
        let image = generate(context, [&nothing; 3]).unwrap();
        for (i, kind) in CHANGES.into_iter().enumerate() {
            let copy = ModelCopy::reference(name).unlinked();
            let context = create(copy.path(), i as i32 % 2);
            ok(unsafe { scumble_context_wait(context, -1) });
            let changes = || change(copy.path(), kind);
            let mut moments: [&dyn Fn(); 3] = [&nothing; 3];
            moments[i % 3] = &changes;
            let case = format!("{name}, {kind:?} before {}", ["encoding", "starting", "waiting"][i % 3]);
            assert!(
                is_clean(&generate(context, moments), &image, copy.path(), &case),
                "{case}: what was loaded was lost"
            );
            // What is loaded again is the same, or is refused.
            ok(unsafe { scumble_context_trim(context) });
            let again = is_clean(&generate(context, [&nothing; 3]), &image, copy.path(), &case);
            assert_eq!(again, kind == Change::CopyAgain, "{case}, after a trim");
            ok(unsafe { scumble_context_destroy(context) });
        }
    }
}

#[test]
fn files_that_change_while_they_are_loaded() {
    let image = {
        let copy = ModelCopy::new();
        let context = create(copy.path(), 1);
        ok(unsafe { scumble_context_wait(context, -1) });
        generate(context, [&|| (); 3]).unwrap()
    };
    // None of these makes another model of it, if it comes before the files are scanned.
    let kinds = [Change::Cut, Change::Halve, Change::Zero, Change::Delete];
    let mut refused = 0;
    for i in 0..48 {
        let (kind, copy) = (kinds[i % 4], ModelCopy::new().unlinked());
        let context = create(copy.path(), 1);
        thread::sleep(Duration::from_millis(i as u64 * 4));
        change(copy.path(), kind);
        let case = format!("{kind:?} after {} ms", i * 4);
        let found = match unsafe { scumble_context_wait(context, -1) } {
            Status::Ok => generate(context, [&|| (); 3]),
            status => Err((status, last_error())),
        };
        refused += usize::from(!is_clean(&found, &image, copy.path(), &case));
        ok(unsafe { scumble_context_destroy(context) });
    }
    assert!(refused > 0, "no file changed in time");
}

/// Only weights that were asked to be stay in their files.
#[test]
#[cfg(target_os = "linux")]
fn what_is_copied_is_not_mapped() {
    for name in ["sd1-script", "sdxl", "sd1-io16"] {
        for weights in [0, 1, 2] {
            let copy = ModelCopy::reference(name);
            let context = create(copy.path(), weights);
            ok(unsafe { scumble_context_wait(context, -1) });
            let maps = fs::read_to_string("/proc/self/maps").unwrap();
            let is_mapped = maps.lines().any(|line| line.contains(copy.path().to_str().unwrap()));
            assert_eq!(is_mapped, weights == 2, "{name}, weights {weights}");
            ok(unsafe { scumble_context_destroy(context) });
        }
    }
}
