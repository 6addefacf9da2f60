//! The Unreal plugin, without Unreal: its sources are compiled against declarations of the engine that are kept in
//! tests/unreal, and played with the real library, where a packaged game has everything.

#![cfg(target_os = "linux")]

mod common;
#[path = "unreal/header_tool.rs"]
mod header_tool;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::c_program::{c_library, library, onnxruntime, run, ROOT};
use header_tool::Header;
use tempfile::TempDir;

const PLUGIN: &str = "bindings/unreal/Scumble";
const LIBRARY: &str = "Source/ThirdParty/ScumbleLibrary";
fn plugin() -> PathBuf {
    Path::new(ROOT).join(PLUGIN)
}

/// A packaged game, in a folder of its own. Of the plugin it has what is staged.
struct Game {
    folder: TempDir,
}

impl Game {
    fn new() -> Self {
        let game = Self { folder: tempfile::tempdir().unwrap() };
        link_all(&common::model(), &game.path("ScumbleModels/emblem"));
        fs::create_dir_all(game.path("Binaries/Linux")).unwrap();
        fs::create_dir_all(game.binaries()).unwrap();
        game
    }

    /// With the library and its ONNX Runtime.
    fn complete() -> Self {
        let game = Self::new();
        link(&library(), &game.binaries().join("libscumble.so"));
        link(&onnxruntime(), &game.binaries().join("scumble_onnxruntime.so"));
        game
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("Game").join(path)
    }

    fn binaries(&self) -> PathBuf {
        self.path("Plugins/Scumble").join(LIBRARY).join("bin/Linux")
    }

    /// Plays a scenario of the harness.
    fn play(&self, harness: &Path, scenario: &str) -> Command {
        let executable = self.path("Binaries/Linux/Game");
        if !executable.exists() {
            link(harness, &executable);
        }
        let mut command = Command::new(executable);
        command.arg(scenario).current_dir(self.folder.path());
        command.env_remove("LD_LIBRARY_PATH").env_remove("SCUMBLE_ONNXRUNTIME");
        command
    }
}

/// The same file, without copying where that can be.
fn link(from: &Path, to: &Path) {
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop)).unwrap();
}

fn link_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = {
            let path = entry.unwrap().path();
            (path.clone(), to.join(path.file_name().unwrap()))
        };
        if from.is_dir() {
            link_all(&from, &to);
        } else {
            link(&from, &to);
        }
    }
}

/// The files of a folder with this extension, in order.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|own| own == extension));
    files.sort();
    files
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// The plugin's headers with reflected types, and their texts.
fn headers() -> Vec<(String, String)> {
    let public = plugin().join("Source/Scumble/Public");
    files(&public, "h").iter().map(|file| (name(file).to_owned(), fs::read_to_string(file).unwrap())).collect()
}

/// A file that the README shows, which begins with its name.
fn shown_in_readme(file: &str) -> String {
    let readme = fs::read_to_string(plugin().join("README.md")).unwrap();
    let (_, rest) = readme.split_once(&format!("```cpp\n// {file}\n")).expect("the README shows it");
    rest.split_once("```").unwrap().0.to_owned()
}

fn read(headers: &[(String, String)]) -> Result<Vec<Header>, String> {
    let headers: Vec<Header> =
        headers.iter().map(|(name, text)| header_tool::read(name, text)).collect::<Result<_, _>>()?;
    header_tool::check(&headers).map(|()| headers)
}

/// Compiles the plugin with the harness. `whole`: as one source, as Unreal's build tool does by default.
fn compile(compiler: &str, options: &[&str], whole: bool, folder: &Path) -> PathBuf {
    let mut headers = headers();
    let poster = ("Poster.h".to_owned(), shown_in_readme("Poster.h"));
    fs::write(folder.join("Poster.h"), &poster.1).unwrap();
    fs::write(folder.join("Poster.cpp"), shown_in_readme("Poster.cpp")).unwrap();
    headers.push(poster);
    for ((name, _), header) in headers.iter().zip(read(&headers).unwrap()) {
        fs::write(folder.join(name.replace(".h", ".generated.h")), header_tool::generate(&header)).unwrap();
    }
    let source = plugin().join("Source/Scumble");
    let mut sources = files(&source.join("Private"), "cpp");
    if whole {
        let text: String = sources.iter().map(|file| format!("#include \"{}\"\n", file.display())).collect();
        sources = vec![folder.join("Module.Scumble.cpp")];
        fs::write(&sources[0], text).unwrap();
    }
    let output = Command::new(compiler)
        .args([
            "-std=c++20",
            "-Wall",
            "-Wextra",
            "-Wshadow",
            "-Wundef",
            "-Wno-unused-parameter",
            "-Werror",
            "-O1",
            "-g",
        ])
        .args(["-fno-exceptions", "-fno-rtti", "-fvisibility=hidden", "-pthread", "-DSCUMBLE_API=", "-DGAME_API="])
        .args(options)
        .args([format!("-I{ROOT}/tests/unreal/engine"), format!("-I{ROOT}/include"), format!("-I{}", folder.display())])
        .args(["Public", "Private"].map(|part| format!("-I{}", source.join(part).display())))
        .args(sources)
        .arg(folder.join("Poster.cpp"))
        .arg(format!("{ROOT}/tests/unreal/harness.cpp"))
        .args(["-ldl", "-o"])
        .arg(folder.join("harness"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{compiler}: {}", String::from_utf8_lossy(&output.stderr));
    folder.join("harness")
}

/// A library that speaks this version of the ABI, lacks one function, and ends the program when anything else is called.
fn foreign_library(path: &Path, abi: u32, lacking: &str) {
    let header = fs::read_to_string(format!("{ROOT}/include/scumble.h")).unwrap();
    let names = header.lines().filter(|line| line.starts_with("SCUMBLE_API ")).map(|line| {
        let (before, _) = line.split_once('(').unwrap();
        before.rsplit([' ', '*']).next().unwrap()
    });
    let functions: String = names
        .filter(|name| *name != lacking)
        .map(|name| match name {
            "scumble_abi_version" => format!("int {name}(void) {{ return {abi}; }}\n"),
            _ => format!("void {name}(void) {{ abort(); }}\n"),
        })
        .collect();
    c_library(&format!("#include <stdlib.h>\n{functions}"), path);
}

/// Plays every scenario with what a compiler makes of the plugin.
fn play_all(compiler: &str, options: &[&str], whole: bool) {
    let folder = tempfile::tempdir().unwrap();
    let harness = compile(compiler, options, whole, folder.path());
    let game = Game::complete();
    for scenario in ["paint", "cancel", "failures", "several", "play_ends", "nodes", "server", "engine_ends", "readme"]
    {
        run(&mut game.play(&harness, scenario));
    }
    run(&mut Game::new().play(&harness, "missing_library"));
    for (scenario, abi, lacking) in
        [("other_abi", 99, "scumble_generation_poll"), ("older_library", 1, "scumble_generation_poll")]
    {
        let game = Game::new();
        foreign_library(&game.binaries().join("libscumble.so"), abi, lacking);
        run(&mut game.play(&harness, scenario));
    }
}

fn installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// File by file, with every access to memory watched.
#[test]
fn plays_with_the_system_compiler() {
    let compiler = common::cxx_compiler();
    if !installed(&compiler) {
        common::skip(&format!("{compiler} is not installed; the Unreal plugin was not compiled with it"));
        return;
    }
    let watching = ["-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover"];
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.cpp");
    fs::write(&empty, "int main() {}\n").unwrap();
    let tried = Command::new(&compiler).args(watching).arg("-o").arg(folder.path().join("empty")).arg(&empty).output();
    let options = if tried.unwrap().status.success() { &watching[..] } else { &[] };
    if options.is_empty() {
        common::skip(&format!("{compiler}'s sanitizers are not installed; the Unreal plugin's memory was not watched"));
    }
    play_all(&compiler, options, false);
}

/// As Unreal's build tool does it: with Clang, and as one source.
#[test]
fn plays_with_clang() {
    if installed("clang++") {
        play_all("clang++", &["-O1"], true);
    } else {
        common::skip("clang++ is not installed; the Unreal plugin was not compiled with it");
    }
}

#[test]
fn descriptor_is_of_this_version() {
    let text = fs::read_to_string(plugin().join("Scumble.uplugin")).unwrap();
    let descriptor: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(descriptor["FileVersion"], 3);
    assert_eq!(descriptor["VersionName"], env!("CARGO_PKG_VERSION"));
    let modules = descriptor["Modules"].as_array().unwrap();
    assert_eq!(modules.len(), 1);
    assert_eq!(modules[0]["Type"], "Runtime");
    let module = modules[0]["Name"].as_str().unwrap();
    assert!(plugin().join(format!("Source/{module}/{module}.Build.cs")).is_file());
    assert_eq!(modules[0]["PlatformAllowList"], serde_json::json!(["Win64", "Linux"]));
}

#[test]
fn headers_suit_the_header_tool() {
    let headers = headers();
    read(&headers).unwrap();
    // What it refuses, each out of the plugin's own headers.
    let mistakes = [
        ("#include \"ScumbleModel.generated.h\"\n", "", "is not its last include"),
        ("\tGENERATED_BODY()\n\npublic:\n\t/** It is loaded", "public:\n\t/** It is loaded", "GENERATED_BODY"),
        ("enum class EScumblePhase : uint8", "enum class EScumblePhase", "enum class NAME : uint8"),
        ("struct SCUMBLE_API FScumbleOptions", "struct FScumbleOptions", "_API"),
        ("class SCUMBLE_API UScumbleGenerateAction", "class SCUMBLE_API XScumbleGenerateAction", "not begin with U"),
        (": public UGameInstanceSubsystem", ": public FTickableGameObject", "its base is"),
        ("int64 Seed = -1;\n\n\t/** Scheduler", "uint64 Seed = 0;\n\n\t/** Scheduler", "do not know uint64"),
        ("Category = \"Scumble\")\n\tFString Model;", "Meta)\n\tFString Model;", "no Category"),
        ("int32 GetNumInProgress", "size_t GetNumInProgress", "do not know size_t"),
        ("void CancelAll()", "void CancelAll(std::string Why)", "do not know std::string"),
        ("void CancelAll()", "void LoadModel()", "two of this name"),
        (
            "UScumbleModel* Model, const FScumbleOptions& Options);\n\n\t/** Cancels every",
            "UScumbleModel* Models, const FScumbleOptions& Options);\n\n\t/** Cancels every",
            "hides a property",
        ),
        (
            "AutoCreateRefTerm = \"Options\"))\n\tUScumbleModel*",
            "AutoCreateRefTerm = \"Opinions\"))\n\tUScumbleModel*",
            "is no parameter",
        ),
        (
            "UPROPERTY(BlueprintAssignable)\n\tFScumbleModelEvent Ready",
            "UPROPERTY()\n\tFScumbleModelEvent Ready",
            "BlueprintAssignable",
        ),
        (
            "UPROPERTY()\n\tTObjectPtr<UTexture2D> Picture;",
            "UPROPERTY(BlueprintReadOnly, Category = \"S\")\n\tTObjectPtr<UTexture2D> Picture;",
            "private",
        ),
        ("_TwoParams(FScumbleModelEvent", "_OneParam(FScumbleModelEvent", "arguments"),
        ("UTexture2D*, Texture", "FTexture2D*, Texture", "do not know FTexture2D*"),
    ];
    for (right, wrong, expected) in mistakes {
        let mut wrongly = headers.clone();
        let (_, text) = wrongly.iter_mut().find(|(_, text)| text.contains(right)).expect(right);
        *text = text.replacen(right, wrong, 1);
        let error = read(&wrongly).map(drop).expect_err(wrong);
        assert!(error.contains(expected), "{wrong}: {error}");
    }
}

#[test]
fn build_files_name_what_is_there() {
    if !installed("mcs") || !installed("mono") {
        common::skip("mcs or mono (Mono) is not installed; the Unreal plugin's build files were not run");
        return;
    }
    // The plugin as the SDK archive has it, in a project.
    let folder = tempfile::tempdir().unwrap();
    let [project, at] = ["Game", "Game/Plugins/Scumble"].map(|path| folder.path().join(path));
    link_all(&plugin(), &at);
    let of_sdk = [
        "include/scumble.h",
        "lib/Win64/scumble.lib",
        "bin/Win64/scumble.dll",
        "bin/Win64/scumble_onnxruntime.dll",
        "bin/Linux/libscumble.so",
        "bin/Linux/scumble_onnxruntime.so",
    ];
    let third_party = at.join(LIBRARY);
    let build_file = fs::read_to_string(third_party.join("ScumbleLibrary.Build.cs")).unwrap();
    for file in of_sdk {
        assert!(build_file.contains(&format!("///   {file}")), "{file} is not in the layout that the build file tells");
        fs::create_dir_all(third_party.join(file).parent().unwrap()).unwrap();
        fs::write(third_party.join(file), "").unwrap();
    }
    fs::write(third_party.join("bin/Linux/libonnxruntime_providers_cuda.so"), "").unwrap();
    for model in [at.join("Models/small"), project.join("ScumbleModels/large/unet")] {
        fs::create_dir_all(&model).unwrap();
        fs::write(model.join("model.onnx"), "").unwrap();
    }

    let program = folder.path().join("build_tool.exe");
    let compile = Command::new("mcs")
        .args(["-langversion:7", "-warnaserror+", &format!("-out:{}", program.display())])
        .arg(format!("{ROOT}/tests/unreal/UnrealBuildTool.cs"))
        .args([at.join("Source/Scumble/Scumble.Build.cs"), third_party.join("ScumbleLibrary.Build.cs")])
        .output()
        .unwrap();
    assert!(compile.status.success(), "{}", String::from_utf8_lossy(&compile.stdout));
    let tool = |platform: &str| {
        let mut command = Command::new("mono");
        command.arg(&program).args([&at, &project]).arg(platform);
        command
    };

    let shared = ["NonUFS Models/small/model.onnx", "NonUFS ScumbleModels/large/unet/model.onnx", "include include"];
    let windows = [
        "library lib/Win64/scumble.lib",
        "delayed scumble.dll",
        "NonUFS bin/Win64/scumble.dll",
        "NonUFS bin/Win64/scumble_onnxruntime.dll",
    ];
    let linux = [
        "NonUFS bin/Linux/libonnxruntime_providers_cuda.so",
        "NonUFS bin/Linux/libscumble.so",
        "NonUFS bin/Linux/scumble_onnxruntime.so",
    ];
    for (platform, own) in [("Win64", &windows[..]), ("Linux", &linux)] {
        let said = run(&mut tool(platform));
        let mut asked: Vec<String> = Vec::new();
        for (kind, word) in said.lines().map(|line| line.split_once('\t').unwrap()) {
            match kind {
                "type" | "module" => {}
                "delayed" => asked.push(format!("{kind} {word}")),
                _ => asked.extend(existing(word).iter().map(|path| {
                    let path =
                        [&third_party, &at, &project].iter().find_map(|root| path.strip_prefix(root).ok()).unwrap();
                    format!("{kind} {}", path.display())
                })),
            }
        }
        let expected: BTreeSet<&str> = shared.iter().chain(own).copied().collect();
        assert_eq!(asked.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected, "{platform}");
        let words = |kind: &str| said.lines().filter_map(|line| line.strip_prefix(kind)).collect::<Vec<_>>();
        assert_eq!(words("type\t"), ["CPlusPlus", "External"]);
        for module in ["Core", "CoreUObject", "Engine", "Projects", "RHI", "ScumbleLibrary"] {
            assert!(words("module\t").contains(&module), "{module}");
        }
    }

    for (platform, file) in [("Win64", of_sdk[3]), ("Linux", of_sdk[5]), ("Linux", of_sdk[0])] {
        let aside = folder.path().join("aside");
        fs::rename(third_party.join(file), &aside).unwrap();
        let output = tool(platform).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains(&format!("{LIBRARY}/{file} is missing")), "{text}");
        fs::rename(&aside, third_party.join(file)).unwrap();
    }
    fs::remove_dir_all(at.join("Models")).unwrap();
    fs::remove_dir_all(project.join("ScumbleModels")).unwrap();
    assert!(!run(&mut tool("Linux")).contains("Models"));
}

/// What a path of a build file names: itself, or with `...` every file below a folder.
fn existing(path: &str) -> Vec<PathBuf> {
    fn below(folder: &Path, files: &mut Vec<PathBuf>) {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                below(&path, files);
            } else {
                files.push(path);
            }
        }
    }
    let Some(folder) = path.strip_suffix("/...") else {
        assert!(Path::new(path).exists(), "{path} does not exist");
        return vec![path.into()];
    };
    let mut files = Vec::new();
    below(Path::new(folder), &mut files);
    assert!(!files.is_empty(), "there is nothing in {folder}");
    files
}
