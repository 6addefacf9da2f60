//! `include/scumble.h` is what the Rust sources say, and real compilers take it.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

/// Regenerate with `SCUMBLE_UPDATE_HEADER=1 cargo test --test header`.
#[test]
fn header_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let mut generated = Vec::new();
    cbindgen::generate_with_config(root, config).unwrap().write(&mut generated);
    let generated = clean(&String::from_utf8(generated).unwrap());

    let path = root.join("include/scumble.h");
    if std::env::var_os("SCUMBLE_UPDATE_HEADER").is_some() {
        fs::write(&path, &generated).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        committed == generated,
        "include/scumble.h is out of date: SCUMBLE_UPDATE_HEADER=1 cargo test --test header"
    );
}

/// Rust's safety sections are not for readers of C.
fn clean(header: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    let mut in_safety = false;
    for line in header.lines() {
        let text = line.trim();
        if text == "* # Safety" {
            in_safety = true;
            if lines.last().is_some_and(|last| last.trim() == "*") {
                lines.pop();
            }
        } else if text == "*/" {
            in_safety = false;
        }
        if !in_safety {
            lines.push(line.trim_end());
        }
    }
    lines.join("\n") + "\n"
}

/// A macro or a type of ours that is not meant for C would be seen by every file of the host.
#[test]
fn names_are_ours() {
    let header = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/include/scumble.h")).unwrap();
    for (keyword, ours) in [("#define ", "SCUMBLE_"), ("typedef struct ", "scumble_"), ("enum ", "scumble_")] {
        let names: Vec<&str> = header.lines().filter_map(|line| line.strip_prefix(keyword)).collect();
        assert!(!names.is_empty(), "{keyword}");
        for name in names {
            assert!(name.starts_with(ours), "{keyword}{name}");
        }
    }
}

#[test]
fn header_compiles_alone_and_twice() {
    let once = "#include <scumble.h>\n";
    let twice = "#include <scumble.h>\n#include <scumble.h>\nint main(void) { return (int)SCUMBLE_STATUS_OK; }\n";
    for source in [once, twice] {
        compile("c", &["-std=c99"], source);
        compile("c++", &["-std=c++17"], source);
    }
}

fn compile(language: &str, flags: &[&str], source: &str) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("header");
    fs::write(&file, source).unwrap();
    let compiler = if language == "c" { common::c_compiler() } else { common::cxx_compiler() };
    let output = Command::new(compiler)
        .args(["-x", language, "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .args(flags)
        .arg(concat!("-I", env!("CARGO_MANIFEST_DIR"), "/include"))
        .arg(&file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
