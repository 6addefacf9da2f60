//! Programs that were built with the last header whose ABI was recorded go on to run: what changed since are additions.
//!
//! `tests/abi/scumble.h` is that header, without its comments. Record the ABI anew, after additions or before the
//! first release, with `SCUMBLE_UPDATE_ABI=1 cargo test --test abi`.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::c_program::{c_library, run, ROOT};
use common::{c, is_there};

const HEADER: &str = include_str!("../include/scumble.h");

/// The header without comments and empty lines.
fn bare(header: &str) -> String {
    let mut bare = String::new();
    let mut in_comment = false;
    for line in header.lines() {
        in_comment |= line.trim_start().starts_with("/*");
        if !in_comment && !line.trim().is_empty() {
            bare += line;
            bare += "\n";
        }
        in_comment &= !line.ends_with("*/");
    }
    bare
}

/// A C library of which each symbol is something that programs rely on, with its type.
///
/// abidiff alone knows nothing of macros, takes enumerators that exchange their numbers for the same, and a structure
/// that has grown at its end for another one. So symbols tell the numbers of constants; and the fields of structures, each
/// with the one before it, since there is no padding (`tests/c/layout.c`).
fn symbols(header: &str) -> String {
    let (mut types, mut symbols) = (String::new(), String::new());
    let (mut structure, mut before) = (None, "nothing");
    for line in header.lines() {
        let constant = line.strip_prefix("#define ").and_then(|constant| constant.split_once(' '));
        let enumerator = line.trim_start().trim_end_matches(',').split_once(" = ");
        if let Some((name, number)) = constant.or(enumerator).filter(|(name, _)| *name != "SCUMBLE_API") {
            symbols += &format!("char {name}__is__{};\n", number.replace('-', "minus_"));
        }
        if let Some(name) = line.strip_prefix("typedef struct ").and_then(|line| line.strip_suffix(" {")) {
            types += &format!("typedef struct {name} {name};\n");
            (structure, before) = (Some(name), "nothing");
        } else if let Some(name) = structure {
            if line.starts_with('}') {
                structure = None;
                continue;
            }
            let end = line.find(['[', ';']).unwrap();
            let start = line[..end].rfind([' ', '*']).unwrap() + 1;
            let field = &line[start..end];
            symbols += &format!("{}{name}__{field}__after__{before}{}\n", &line[..start], &line[end..]);
            before = field;
        } else {
            types += line;
            types += "\n";
        }
    }
    types + &symbols + &c::definitions(header, |_| "__builtin_trap();".into())
}

/// What abidw tells of a header.
fn dump(header: &str, folder: &Path, name: &str) -> PathBuf {
    let (library, dump) = (folder.join(format!("{name}.so")), folder.join(format!("{name}.abi")));
    c_library(&symbols(&bare(header)), &library);
    run(Command::new("abidw").arg(&library).arg("--out-file").arg(&dump));
    dump
}

/// What of a header breaks programs that were built with an older one.
fn breaks(older: &str, newer: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let [older, newer] = [(older, "older"), (newer, "newer")].map(|(header, name)| dump(header, folder.path(), name));
    let output = Command::new("abidiff").arg("--no-added-syms").args([older, newer]).output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) => None,
        Some(code) if code & 3 == 0 => Some(report), // 4: changes, 8: removals; 1 and 2 are errors
        _ => panic!("abidiff: {}{report}", String::from_utf8_lossy(&output.stderr)),
    }
}

fn can_compare() -> bool {
    let can = is_there("abidiff", "--version");
    if !can {
        common::skip("abidiff is not installed; the ABI was not compared with the one that is recorded");
    }
    can
}

#[test]
fn since_the_recorded_abi_there_are_only_additions() {
    let path = Path::new(ROOT).join("tests/abi/scumble.h");
    if std::env::var_os("SCUMBLE_UPDATE_ABI").is_some() {
        fs::write(&path, bare(HEADER)).unwrap();
    }
    if can_compare() {
        let recorded = fs::read_to_string(&path).unwrap();
        if let Some(report) = breaks(&recorded, HEADER) {
            panic!("include/scumble.h breaks programs that were built with tests/abi/scumble.h:\n{report}");
        }
    }
}

/// Each of these changes is judged rightly.
#[test]
fn what_breaks_programs_is_found() {
    if !can_compare() {
        return;
    }
    let trim = "SCUMBLE_API scumble_status scumble_context_trim(const struct scumble_context *context);\n";
    let additions = [
        ("  float preview_ms;\n", "  float preview_ms;\n  int32_t newer;\n"),
        (trim, &format!("{trim}SCUMBLE_API scumble_status scumble_context_newer(void);\n")),
        ("  SCUMBLE_STATUS_EMPTY = 5,\n", "  SCUMBLE_STATUS_EMPTY = 5,\n  SCUMBLE_STATUS_NEWER = 6,\n"),
        ("#define SCUMBLE_SEAMLESS_Y 2\n", "#define SCUMBLE_SEAMLESS_Y 2\n#define SCUMBLE_SEAMLESS_Z 4\n"),
    ];
    let damages = [
        ("  int32_t paused;\n", "  int32_t paused;\n  int32_t newer;\n"), // not at the end
        ("  int32_t paused;\n", ""),
        ("  int32_t paused;\n", "  int32_t halted;\n"),
        ("  float left_ms;\n", "  int32_t left_ms;\n"),
        ("  char family[16];\n", "  char family[24];\n"),
        ("  const struct scumble_image *mask;\n", "  const struct scumble_control *mask;\n"),
        (trim, ""),
        (trim, &trim.replace("scumble_context *", "scumble_prompt *")),
        (trim, &trim.replace("*context", "*context, int32_t level")),
        (trim, &trim.replace("scumble_status", "int64_t")),
        ("  SCUMBLE_STATUS_BUSY = 3,\n", "  SCUMBLE_STATUS_BUSY = 7,\n"),
        ("  SCUMBLE_FORMAT_RGB8 = 2,\n", ""),
        ("#define SCUMBLE_SEAMLESS_Y 2\n", "#define SCUMBLE_SEAMLESS_Y 4\n"),
    ];
    let judge = |change: &(&str, &str)| {
        assert!(HEADER.contains(change.0), "{}", change.0);
        breaks(HEADER, &HEADER.replacen(change.0, change.1, 1))
    };
    assert_eq!(breaks(HEADER, HEADER), None);
    for change in &additions {
        assert_eq!(judge(change), None, "{change:?}");
    }
    for change in &damages {
        assert!(judge(change).is_some(), "{change:?}");
    }
}
