//! One version for everything. The SDK's CMake package and `scumble.pc` get theirs when it is built: `tests/sdk.rs`.

mod common;

use std::ffi::CStr;
use std::fs;
use std::path::Path;

use common::c_program::ROOT;

#[test]
fn everything_has_the_version_of_the_crate() {
    let version = env!("CARGO_PKG_VERSION");
    let library = scumble::ffi::scumble_version();
    #[allow(unsafe_code)]
    // SAFETY: a static text.
    let library = unsafe { CStr::from_ptr(library) };
    assert_eq!(library.to_str(), Ok(version));
    let changelog = include_str!("../CHANGELOG.md");
    let newest = changelog.lines().find(|line| line.starts_with("## ")).unwrap();
    assert!(newest.contains(version), "CHANGELOG.md: {newest}");
    for (file, words) in [
        ("README.md", format!("scumble-sdk-{version}-linux-x64.zip")),
        ("bindings/csharp/Scumble.csproj", format!("<Version>{version}</Version>")),
        ("bindings/unity/com.scumble.unity/package.json", format!("\"version\": \"{version}\"")),
        ("bindings/unreal/Scumble/Scumble.uplugin", format!("\"VersionName\": \"{version}\"")),
    ] {
        let text = fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
        assert!(text.contains(&words), "{file} does not say {words:?}");
    }
}
