//! Model directories made to harm: each is refused with a status and a text that say why, before ONNX
//! Runtime sees it, and no file outside of the directory is opened.
#![cfg(unix)] // for its links; what is refused is the same everywhere
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{symlink, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr;
use std::time::{Duration, Instant};

use common::bombs::bombs;
use common::c::{self, last_error, ok};
use common::c_program::run;
use common::hostile::{cases, outside, Case, DATA};
use common::load::{load, refused};
use common::model::{original, ModelCopy};
use common::onnx::*;
use scumble::ffi::*;
use scumble::Status::{self, ModelInvalid};
use scumble::{Context, Device, Places};

#[test]
fn each_is_refused() {
    let cases = cases();
    assert!(cases.len() >= 40);
    for Case { name, change, status, words } in &cases {
        let copy = ModelCopy::new();
        change(&copy);
        println!("{name}");
        refused(copy.path(), *status, &[words]);
    }
    println!("{} hostile directories", cases.len());
}

/// What the hostile directories are made from is not what they are refused for.
#[test]
fn harmless_ones_load() {
    let loads = |name: &str, change: &dyn Fn(&ModelCopy)| {
        let copy = ModelCopy::new();
        change(&copy);
        let (status, text) = load(copy.path());
        assert!(status == Status::Ok, "{name}: {status:?} ({text})");
    };
    let file = |name: &str, content: Vec<u8>| {
        loads(name, &|copy| {
            copy.write(ENCODER, &content);
        })
    };
    file("data in the file", encoder(weights(raw(128)), &[], &[]));
    let called = bytes(1, [bytes(1, "weights"), bytes(2, "unused"), bytes(4, "f"), bytes(7, "own")].concat());
    let identity = [bytes(1, "x"), bytes(2, "y"), bytes(4, "Relu")].concat();
    let function =
        [bytes(1, "f"), bytes(10, "own"), bytes(4, "x"), bytes(5, "y"), bytes(7, identity), bytes(9, number(2, 17))];
    let imports = bytes(8, [bytes(1, "own"), number(2, 1)].concat());
    file("a function", encoder(weights(raw(128)), &[called], &[imports, bytes(25, function.concat())]));

    let external = |location: &str, more: &[(&str, &str)]| {
        encoder(weights(external(&[&[("location", location)], more].concat())), &[], &[])
    };
    loads("data beside it", &|copy| {
        copy.write(ENCODER, external("weights.bin", &[])).write(DATA, [0; 128]);
    });
    loads("data at an offset", &|copy| {
        copy.write(ENCODER, external("./weights.bin", &[("offset", "128"), ("length", "128")])).write(DATA, [0; 256]);
    });
    loads("a link within the folder", &|copy| {
        copy.write(ENCODER, external("weights.bin", &[])).write("text_encoder/shared/weights.bin", [0; 128]);
        symlink("shared/weights.bin", copy.path().join(DATA)).unwrap();
    });
    loads("a link within the directory", &|copy| {
        fs::rename(copy.path().join(ENCODER), copy.path().join("encoder.onnx")).unwrap();
        symlink("../encoder.onnx", copy.path().join(ENCODER)).unwrap();
    });
    loads("a link to nothing", &|copy| symlink("/nothing/at/all", copy.path().join("notes.txt")).unwrap());
    // What is not read may be anything.
    loads("links that nothing uses", &|copy| {
        for name in ["notes.txt", "text_encoder/data", "text_encoder/fp16", "unet/other.onnx"] {
            symlink(outside(), copy.path().join(name)).unwrap();
        }
    });
    loads("a folder that may not be read, a pipe", &|copy| {
        let folder = copy.path().join("lost+found");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o000)).unwrap();
        run(Command::new("mkfifo").arg(copy.path().join("unet/pipe")));
    });
}

/// A model as Hugging Face's cache keeps it: every file a link to `blobs`, beside the revisions.
fn cached(repository: &Path) -> PathBuf {
    let copy = ModelCopy::new();
    copy.write(ENCODER, encoder(weights(external(&[("location", "weights.bin")])), &[], &[])).write(DATA, [0; 128]);
    let revision = repository.join("snapshots/0123abcd");
    fs::create_dir_all(repository.join("blobs")).unwrap();
    let mut blobs = 0;
    for folder in ["", "text_encoder", "tokenizer", "unet", "vae_decoder", "scheduler"] {
        fs::create_dir_all(revision.join(folder)).unwrap();
        for entry in fs::read_dir(copy.path().join(folder)).unwrap() {
            let (from, name) = (entry.as_ref().unwrap().path(), entry.unwrap().file_name());
            if from.is_file() {
                blobs += 1;
                fs::copy(&from, repository.join(format!("blobs/{blobs}"))).unwrap();
                let up = if folder.is_empty() { "../.." } else { "../../.." };
                symlink(format!("{up}/blobs/{blobs}"), revision.join(folder).join(name)).unwrap();
            }
        }
    }
    revision
}

#[test]
fn a_cache_of_hugging_face() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let revision = cached(folder.path());
    let (status, text) = load(&revision);
    assert!(status == Status::Ok, "{status:?} ({text})");

    // A link to elsewhere in the repository's folder.
    let data = revision.join("text_encoder/weights.bin");
    fs::remove_file(&data).unwrap();
    fs::write(folder.path().join("other.bin"), [0; 128]).unwrap();
    symlink("../../../other.bin", &data).unwrap();
    refused(&revision, ModelInvalid, &["other.bin, out of the model directory"]);

    // The folder of blobs itself is a link.
    let (folder, elsewhere) =
        (tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(), tempfile::tempdir().unwrap());
    let revision = cached(folder.path());
    run(Command::new("mv").arg(folder.path().join("blobs")).arg(elsewhere.path()));
    symlink(elsewhere.path().join("blobs"), folder.path().join("blobs")).unwrap();
    refused(&revision, ModelInvalid, &["out of the model directory"]);
}

/// Models may share parts by links, into folders that the host names.
#[test]
fn shared_parts() {
    let (shared, copy) = (ModelCopy::new(), ModelCopy::new());
    shared.write(ENCODER, encoder(weights(external(&[("location", "weights.bin")])), &[], &[])).write(DATA, [0; 128]);
    for part in ["vae_decoder", "tokenizer", "text_encoder", "unet/model.onnx", "scheduler/scheduler_config.json"] {
        copy.remove(part);
        symlink(shared.path().join(part), copy.path().join(part)).unwrap();
    }
    refused(copy.path(), ModelInvalid, &["out of the model directory", "its folder among model_roots"]);
    let open = |roots: &[&Path]| {
        let roots = roots.iter().map(|root| root.to_path_buf()).collect();
        Context::open(Places { roots, ..Places::at(copy.path()) }, Device::default()).unwrap().wait(None).map(drop)
    };
    assert_eq!(open(&[&copy.path().join("unet")]).unwrap_err().status(), ModelInvalid);
    open(&[outside(), shared.path()]).unwrap();
    // Only what lies in them.
    copy.remove("scheduler/scheduler_config.json");
    symlink(outside().join("config.json"), copy.path().join("scheduler/scheduler_config.json")).unwrap();
    assert_eq!(open(&[shared.path()]).unwrap_err().status(), ModelInvalid);
}

/// A file beside a link: weights whose files lie in several folders.
#[test]
fn shared_files() {
    let (shared, copy) = (ModelCopy::new(), ModelCopy::new());
    let graph = encoder(weights(external(&[("location", "weights.bin")])), &[], &[]);
    shared.write("graphs/encoder.onnx", graph).write("weights/sd.bin", [0; 128]);
    copy.remove(ENCODER);
    symlink(shared.path().join("graphs/encoder.onnx"), copy.path().join(ENCODER)).unwrap();
    symlink(shared.path().join("weights/sd.bin"), copy.path().join(DATA)).unwrap();
    let roots = vec![shared.path().to_path_buf()];
    Context::open(Places { roots, ..Places::at(copy.path()) }, Device::default()).unwrap().wait(None).unwrap();
}

/// What the process may not do is no fault of the model: too many open files, no permission.
#[test]
fn trouble_of_the_process() {
    let copy = ModelCopy::new();
    let child = |before: &str, variable: &str| {
        let this = std::env::current_exe().unwrap();
        let mut command = Command::new("sh");
        let test = "--exact loads_in_a_process_of_its_own --ignored --nocapture";
        command.args(["-c", &format!("{before} \"$0\" {test}")]).arg(this);
        run(command.env("SCUMBLE_TEST_MODEL", copy.path()).env(variable, "1"))
    };
    let told = child("ulimit -n 200;", "SCUMBLE_TEST_OPEN_FILES");
    assert!(told.contains("first: Err(Error { status: ModelUnreadable"), "{told}");
    assert!(told.contains("Too many open files") && told.contains("then: Ok"), "{told}");

    copy.write("unet/config.json", fs::read(original("unet/config.json")).unwrap());
    fs::set_permissions(copy.path().join("unet/config.json"), fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read everything, unless it gives that up.
    let root = run(Command::new("id").arg("-u")).trim() == "0";
    let before = "setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search";
    let told = child(if root { before } else { "" }, "SCUMBLE_TEST_NONE");
    assert!(told.contains("first: Err(Error { status: ModelUnreadable"), "{told}");
    assert!(told.contains("unet/config.json") && told.contains("Permission denied"), "{told}");
}

/// A part of the test above.
#[test]
#[ignore = "run by trouble_of_the_process"]
fn loads_in_a_process_of_its_own() {
    let model = PathBuf::from(std::env::var_os("SCUMBLE_TEST_MODEL").unwrap());
    let load = || Context::open(Places::at(&model), Device::default()).unwrap().wait(None).map(drop);
    scumble::runtime::load(None).unwrap();
    let mut open = Vec::new();
    if std::env::var_os("SCUMBLE_TEST_OPEN_FILES").is_some() {
        while let Ok(file) = fs::File::open("/dev/null") {
            open.push(file);
        }
    }
    println!("first: {:?}", load());
    drop(open);
    println!("then: {:?}", load());
}

/// What a program said, and what the system was asked to open meanwhile, as strace saw it: the paths that were
/// opened, links followed.
fn watched(program: impl AsRef<OsStr>, arguments: &[&OsStr]) -> Option<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-qq", "-e", "trace=open,openat,openat2", "-o"]).arg(&log);
    command.arg(program).args(arguments);
    match command.env("SCUMBLE_TEST_OUTSIDE", outside()).output() {
        Err(error) => {
            common::skip(&format!("strace, which watches what is opened, cannot be run: {error}"));
            None
        }
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{told}");
            Some((told, fs::read_to_string(log).unwrap()))
        }
    }
}

/// Whether a log has a file outside that was opened: one that has a number.
fn tells_of_outside(log: &str) -> bool {
    let folder = format!("<{}", outside().canonicalize().unwrap().display());
    log.lines().any(|line| line.rsplit_once(" = ").is_some_and(|(_, result)| result.contains(&folder)))
}

#[test]
fn nothing_outside_is_opened() {
    let this = std::env::current_exe().unwrap();
    let Some((told, log)) = watched(this, &["--exact".as_ref(), "each_is_refused".as_ref()]) else { return };
    assert!(told.contains("1 passed"), "{told}");
    assert!(log.contains("text_encoder/model.onnx"), "nothing was seen to be opened");
    assert!(!tells_of_outside(&log), "{log}");
    // It would have been seen, through links too.
    let folder = tempfile::tempdir().unwrap();
    symlink(outside(), folder.path().join("link")).unwrap();
    let (_, log) = watched("cat", &[folder.path().join("link/secret.bin").as_os_str()]).unwrap();
    assert!(tells_of_outside(&log));
}

/// Tells a process which graphs it loads.
const BOMBS: &str = "SCUMBLE_TEST_BOMBS";
const PROCESSES: usize = 4;
const BUDGET: u64 = 120 << 20;

/// The most that was resident since [`forget_peak`], in bytes.
#[cfg(target_os = "linux")]
fn resident(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Loads a graph within a budget, and has it encode if it loads.
#[cfg(target_os = "linux")]
fn load_bomb(folder: &Path) -> (Status, String) {
    let path = std::ffi::CString::new(folder.to_str().unwrap()).unwrap();
    let mut desc = c::desc(scumble_context_desc_init);
    (desc.model_path, desc.threads, desc.memory_budget) = (path.as_ptr(), 1, BUDGET);
    let mut context = ptr::null_mut();
    unsafe {
        ok(scumble_context_create(&desc, &mut context));
        let mut status = scumble_context_wait(context, -1);
        if status == Status::Ok {
            status = scumble_prompt_wait(c::prompt(context, 0), -1);
        }
        let text = last_error();
        ok(scumble_context_destroy(context));
        (status, text)
    }
}

/// No graph ends the process, takes memory past the budget, or keeps loading for ever. Each is loaded by a process of
/// its own kind, so that a signal is seen.
#[test]
#[cfg(target_os = "linux")]
fn graphs_that_ask_too_much() {
    let bombs = bombs();
    assert!(bombs.len() >= 40);
    let Ok(which) = std::env::var(BOMBS) else {
        let start = |i: usize| {
            let mut child = Command::new(std::env::current_exe().unwrap());
            child.args(["--exact", "graphs_that_ask_too_much", "--nocapture"]).env(BOMBS, i.to_string());
            let output = child.output().unwrap();
            let told = String::from_utf8_lossy(&output.stdout);
            println!("{told}");
            assert!(output.status.success(), "{:?}, {told}{}", output.status, String::from_utf8_lossy(&output.stderr));
        };
        (0..PROCESSES).for_each(start);
        println!("{} graphs", bombs.len());
        return;
    };
    // Work that runs away ends this process, not the machine.
    for (what, most) in [(libc::RLIMIT_AS, 8 << 30), (libc::RLIMIT_CPU, 600)] {
        let limit = libc::rlimit { rlim_cur: most, rlim_max: most };
        assert_eq!(unsafe { libc::setrlimit(what, &limit) }, 0);
    }
    load_bomb(ModelCopy::new().path()); // what the first context makes stays
    let mut failures = Vec::new();
    for bomb in bombs.iter().skip(which.parse().unwrap()).step_by(PROCESSES) {
        let copy = ModelCopy::new();
        copy.write(bomb.file, &bomb.content);
        print!("{}: ", bomb.name);
        fs::write("/proc/self/clear_refs", "5").unwrap(); // forgets the peak
        let (before, start) = (resident("VmRSS"), Instant::now());
        let (status, text) = load_bomb(copy.path());
        let (took, grown) = (start.elapsed(), resident("VmHWM").saturating_sub(before));
        println!("{status:?} after {} ms, {} MB more ({text})", took.as_millis(), grown >> 20);
        let is_answered =
            !matches!(status, Status::Ok | Status::Panic) && bomb.words.is_none_or(|it| text.contains(it));
        if !is_answered || grown > BUDGET / 10 * 11 || took > Duration::from_secs(20) {
            failures.push(bomb.name);
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
}
