//! Random calls of every export of the C API, by eight threads; and that the header documents what they answer.
#![cfg(target_os = "linux")]

mod common;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::c_program::{library, run, ROOT};
use common::model::ModelCopy;
use common::statuses;

const HEADER: &str = include_str!("../include/scumble.h");

#[test]
fn each_function_documents_statuses_that_exist() {
    let documented = statuses::documented(HEADER).unwrap();
    for export in common::c::calls() {
        assert!(documented[export.name].len() > 2, "{} documents no status", export.name);
    }
    // Mistakes are found.
    for (right, wrong) in [
        ("`SCUMBLE_STATUS_BUSY`", "`SCUMBLE_STATUS_BISY`"),
        ("`LIMIT_EXCEEDED`", "`LIMIT_EXCEEDED_`"),
        ("`MODEL_…`", "`MODULE_…`"),
        ("those of `scumble_context_poll`", "those of `scumble_context_pool`"),
    ] {
        assert!(HEADER.contains(right), "{right}");
        statuses::documented(&HEADER.replace(right, wrong)).expect_err(wrong);
    }
}

/// For `SCUMBLE_RANDOM_CALLS` seconds (5 if not told), with the library in the folder that `SCUMBLE_RANDOM_CALLS_LIBRARY`
/// names: `tools/random_calls.sh` sets both.
#[test]
fn of_random_calls_each_answers_what_is_documented() {
    let told = |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.into());
    let library =
        env::var_os("SCUMBLE_RANDOM_CALLS_LIBRARY").map_or_else(|| library().parent().unwrap().into(), PathBuf::from);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("statuses.inc"), statuses::for_c(HEADER).unwrap()).unwrap();
    let program = folder.path().join("random_calls");
    run(Command::new(told("SCUMBLE_RANDOM_CALLS_CC", "cc"))
        .args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-g", "-pthread"])
        .args(told("SCUMBLE_RANDOM_CALLS_FLAGS", "").split_whitespace())
        .arg("-I")
        .arg(folder.path())
        .arg(format!("-I{ROOT}/include"))
        .arg(Path::new(ROOT).join("tests/c/random_calls.c"))
        .arg("-L")
        .arg(&library)
        .args(["-lscumble", "-lm"])
        .arg(format!("-Wl,-rpath,{}", library.display()))
        .arg("-o")
        .arg(&program));

    let names = ["sd1", "sd1-hidden", "sd1-tiny", "sd1-controlnet", "inpaint9", "lcm", "sdxl"];
    let mut models: Vec<ModelCopy> = names.into_iter().map(ModelCopy::reference).collect();
    models.extend([ModelCopy::damaged(), ModelCopy::noisy()]);
    let paths =
        models.iter().map(|model| model.path().to_owned()).chain([folder.path().to_owned(), folder.path().join("no")]);
    let seed = told("SCUMBLE_RANDOM_CALLS_SEED", "1");
    let told = run(Command::new(&program)
        .arg(told("SCUMBLE_RANDOM_CALLS", "5"))
        .arg(seed)
        .args(paths)
        .current_dir(ROOT)
        .env_remove("LD_LIBRARY_PATH"));
    println!("{told}");
    assert!(common::c::exports().iter().all(|export| told.contains(&format!("{}:", export.name))));
}
