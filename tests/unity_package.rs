//! The Unity package: complete as Unity wants it, compiled as Unity compiles it, and run by Mono, which is Unity's own
//! runtime, in an engine of the part of UnityEngine that it uses (`tests/unity`).
#![cfg(target_os = "linux")]

mod common;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

use common::c_program::{onnxruntime, run, CProgram, ROOT};
use common::mono;

const SOURCE: &str = "bindings/unity/com.scumble.unity";
const LIBRARIES: [&str; 4] = [
    "Linux/x86_64/libscumble.so",
    "Linux/x86_64/scumble_onnxruntime.so",
    "Windows/x86_64/scumble.dll",
    "Windows/x86_64/scumble_onnxruntime.dll",
];

/// The package as the SDK has it, with these libraries.
fn assemble(package: &Path, libraries: &[&str]) {
    let file = Path::new(ROOT).join("Cargo.toml"); // any will do
    let plugins = libraries.iter().map(|path| format!("{path}={}", file.display()));
    run(Command::new("python3").arg("tools/sdk/unity.py").arg(package).args(plugins).current_dir(ROOT));
}

/// What is in a folder, folders included, by their paths in it.
fn content(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
            found.push(entry.path());
        }
    }
    found.iter().map(|path| path.strip_prefix(folder).unwrap().to_path_buf()).collect()
}

/// The GUIDs of a package by the assets that they are of. Every asset has one of its own.
fn guids(package: &Path) -> HashMap<PathBuf, String> {
    let mut guids: HashMap<PathBuf, String> = HashMap::new();
    for path in content(package) {
        let name = path.to_str().unwrap();
        if name.ends_with(".meta") || name == "Samples~" {
            continue; // Unity does not see what ends with a tilde
        }
        let meta = package.join(format!("{name}.meta"));
        let text = fs::read_to_string(&meta).unwrap_or_else(|_| panic!("{name} has no .meta file"));
        let guid = text.strip_prefix("fileFormatVersion: 2\nguid: ").and_then(|text| text.get(..32));
        let guid = guid.unwrap_or_else(|| panic!("{name}.meta has no GUID"));
        assert!(guid.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{name}: {guid}");
        assert_eq!(text.contains("folderAsset: yes"), package.join(&path).is_dir(), "{name}");
        if let Some(other) = guids.iter().find_map(|(other, known)| (known == guid).then_some(other)) {
            panic!("{name} and {} have the same GUID", other.display());
        }
        guids.insert(path, guid.to_owned());
    }
    guids
}

/// Packages from archives are immutable: Unity leaves out what has no .meta file.
#[test]
fn every_asset_has_its_meta_file() {
    let folder = tempfile::tempdir().unwrap();
    let [all, none] = ["all", "none"].map(|name| folder.path().join(name));
    assemble(&all, &LIBRARIES);
    assemble(&none, &[]);
    let assets = guids(&all);

    // Those of the repository are there as they are, and what is copied keeps its own.
    for path in content(&Path::new(ROOT).join(SOURCE)) {
        let name = path.to_str().unwrap();
        if let Some(asset) = name.strip_suffix(".meta") {
            assert!(assets.contains_key(Path::new(asset)), "{name} is of nothing");
            let [there, here] =
                [Path::new(ROOT).join(SOURCE), all.clone()].map(|root| fs::read(root.join(&path)).unwrap());
            assert!(there == here, "{name}");
        } else if name != "Samples~" {
            let committed = Path::new(ROOT).join(SOURCE).join(format!("{name}.meta"));
            assert!(committed.exists(), "{name}.meta is missing: tools/sdk/unity.py --metas writes it");
        }
    }
    for file in fs::read_dir(Path::new(ROOT).join("bindings/csharp/src")).unwrap().map(Result::unwrap) {
        assert!(assets.contains_key(&Path::new("Runtime/Binding").join(file.file_name())), "{:?}", file.file_name());
    }

    // Without libraries the rest is the same, and nothing is left of them.
    for (path, guid) in guids(&none) {
        assert_eq!(assets.get(&path), Some(&guid), "{}", path.display());
    }
    let left: Vec<PathBuf> = content(&none).into_iter().filter(|path| path.starts_with("Plugins")).collect();
    assert!(left.is_empty() && !none.join("Plugins.meta").exists(), "{left:?}");
    for library in LIBRARIES {
        assert!(assets.contains_key(&Path::new("Plugins").join(library)), "{library}");
    }
}

/// Each library is for one system, in the editor and in players.
#[test]
fn libraries_are_for_their_system() {
    for library in LIBRARIES {
        let meta = fs::read_to_string(format!("{ROOT}/{SOURCE}/Plugins/{library}.meta")).unwrap();
        let system = if library.starts_with("Linux") { ("Linux", "Linux64") } else { ("Windows", "Win64") };
        for platform in ["Linux64", "OSXUniversal", "Win", "Win64"] {
            let on = platform == system.1;
            let (enabled, cpu) = if on { (1, "x86_64") } else { (0, "None") };
            let settings = format!(
                "Standalone: {platform}\n    second:\n      enabled: {enabled}\n      settings:\n        CPU: {cpu}\n"
            );
            assert!(meta.contains(&settings), "{library}: {platform}");
            assert!(meta.contains(&format!("Exclude {platform}: {}", u8::from(!on))), "{library}: {platform}");
        }
        let editor = format!("CPU: x86_64\n        DefaultValueInitialized: true\n        OS: {}\n", system.0);
        assert!(meta.contains(&editor), "{library}");
    }
}

#[test]
fn it_has_the_version_of_the_library() {
    let package: Value = serde_json::from_slice(&fs::read(format!("{ROOT}/{SOURCE}/package.json")).unwrap()).unwrap();
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
}

/// Compiles an assembly that uses others.
fn compile(output: &Path, sources: &[PathBuf], references: &[&Path], arguments: &[&str]) {
    let references: Vec<String> = references.iter().map(|reference| format!("-r:{}", reference.display())).collect();
    let references: Vec<&str> = references.iter().map(String::as_str).collect();
    mono::compile(output, sources, &[arguments, &references].concat());
}

/// An assembly of the package, made as its definition says: of its folder, with what it names.
fn compile_assembly(package: &Path, definition: &str, engine: &[&Path], arguments: &[&str], out: &Path) -> PathBuf {
    let definition = package.join(definition);
    let settings: Value = serde_json::from_slice(&fs::read(&definition).unwrap()).unwrap();
    let named = |name: &Value| out.join(format!("{}.dll", name.as_str().unwrap()));
    let others: Vec<PathBuf> = settings["references"].as_array().unwrap().iter().map(named).collect();
    let references: Vec<&Path> = engine.iter().copied().chain(others.iter().map(PathBuf::as_path)).collect();
    let folder = definition.parent().unwrap();
    let is_source = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "cs");
    let sources: Vec<PathBuf> =
        content(folder).iter().filter(|path| is_source(path)).map(|path| folder.join(path)).collect();
    let unsafe_code: &[&str] = if settings["allowUnsafeCode"] == true { &["-unsafe"] } else { &[] };
    let assembly = named(&settings["name"]);
    compile(&assembly, &sources, &references, &[LIBRARY, unsafe_code, arguments].concat());
    assembly
}

const LIBRARY: &[&str] = &["-target:library"];

/// Engine, package and tests, compiled once.
fn tests() -> &'static Path {
    static TESTS: LazyLock<PathBuf> = LazyLock::new(|| {
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unity_package");
        let _ = fs::remove_dir_all(&out);
        let package = out.join("package");
        fs::create_dir_all(&out).unwrap();
        assemble(&package, &[]);
        let dll = |name: &str| out.join(format!("{name}.dll"));
        let [engine, editor, sample] = ["UnityEngine", "UnityEditor", "Paint"].map(dll);
        compile(&engine, &mono::sources("tests/unity/engine"), &[], &["-target:library", "-unsafe"]);
        compile(&editor, &mono::sources("tests/unity/editor"), &[&engine], LIBRARY);
        // Players have no UnityEditor. A public item without documentation gives a warning.
        let documentation = format!("-doc:{}", out.join("Scumble.xml").display());
        let runtime = compile_assembly(&package, "Runtime/Scumble.asmdef", &[&engine], &[&documentation], &out);
        let inspector = compile_assembly(&package, "Editor/Scumble.Editor.asmdef", &[&engine, &editor], &[], &out);
        compile(&sample, &[package.join("Samples~/Paint/Paint.cs")], &[&engine, &runtime], LIBRARY);
        let program = out.join("Tests.exe");
        let references: [&Path; 5] = [&engine, &editor, &sample, &runtime, &inspector];
        compile(&program, &mono::sources("tests/unity"), &references, &[]);
        program
    });
    &TESTS
}

/// What the C API paints, for comparison.
fn picture() -> &'static Path {
    static PICTURE: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("apple.ppm");
        let program = CProgram::new("examples/c/txt2img.c");
        let mut command = program.command();
        command.arg(common::model()).arg("a red apple, 3d style, on a blue background").arg(&file).arg("4");
        run(command.env("SCUMBLE_ONNXRUNTIME", onnxruntime()));
        (folder, file)
    });
    &PICTURE.1
}

/// Runs a test of `tests/unity`.
fn runs(name: &str) {
    if mono::is_there() {
        let folder = tempfile::tempdir().unwrap();
        // The model of whose pictures there are golden ones, by the name of the one that the package expects.
        let models = folder.path().join("models");
        fs::create_dir(&models).unwrap();
        std::os::unix::fs::symlink(common::model(), models.join("emblem")).unwrap();
        run(mono::command(tests()).arg(name).arg(models).arg(picture()).arg(folder.path()));
    }
}

macro_rules! run_by_mono {
    ($($test:ident)*) => { $(#[test] fn $test() { runs(stringify!($test)); })* };
}

run_by_mono! { painting textures cancelling disabling errors several allocations painter playing reload archive inspector sample }
