//! The render loop of `examples/cpp`, in a window that nobody sees: a user types, cancels, paints again, and at
//! the end the finished picture is on the screen.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::c_program::{library, run, ROOT};
use common::is_there;

/// Where `screen.hpp` has the picture, and how large.
const LEFT: usize = 352;
const TOP: usize = 32;
const SIDE: usize = 256;

const SCRIPT: &str = "wait 300
type a green tree, 3d style, on a white background
paint
wait-step 6
cancel
wait-idle
type a fox
paint
wait-step 2
type a red apple, 3d style, on a blue background
seed 14
paint
wait-idle
screenshot screen.ppm
picture picture.ppm
quit
";

/// Width, height and the bytes of a PPM file.
fn read_ppm(path: &Path) -> (usize, usize, Vec<u8>) {
    let bytes = fs::read(path).unwrap();
    let line = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    let header: Vec<&str> = std::str::from_utf8(&bytes[..line]).unwrap().split(' ').collect();
    let [width, height] = [header[1], header[2]].map(|number| number.parse().unwrap());
    (width, height, bytes[line + 1..].to_vec())
}

#[test]
fn the_finished_picture_is_on_the_screen() {
    let tools = [("cmake", "--version"), ("sdl2-config", "--version"), ("xvfb-run", "--help")];
    let missing: Vec<&str> =
        tools.iter().filter(|(tool, argument)| !is_there(tool, argument)).map(|(tool, _)| *tool).collect();
    let font = ["/usr/include/stb", "/usr/local/include/stb"].iter().any(|folder| Path::new(folder).is_dir());
    if !missing.is_empty() || !font {
        common::skip(&format!(
            "the render loop needs cmake, SDL2, Xvfb and stb; missing here: {missing:?}, stb: {}",
            !font
        ));
        return;
    }

    let folder = tempfile::tempdir().unwrap();
    let libraries = library().parent().unwrap().display().to_string();
    let source = Path::new(ROOT).join("examples/cpp/render_loop");
    run(Command::new("cmake")
        .args(["-S".as_ref(), source.as_os_str(), "-B".as_ref(), folder.path().as_os_str()])
        .arg(format!("-DSCUMBLE_LIBRARIES={libraries}")));
    run(Command::new("cmake").arg("--build").arg(folder.path()));
    fs::write(folder.path().join("script"), SCRIPT).unwrap();

    // On the library's own thread, and on the host's.
    for program in ["render_loop", "render_loop_by_hand"] {
        let output = run(Command::new("xvfb-run")
            .args(["-a", "-s", "-screen 0 800x600x24"])
            .arg(folder.path().join(program))
            .args([Path::new(ROOT).join("tests/reference/models/emblem-64").as_os_str(), "script".as_ref()])
            .current_dir(folder.path())
            .env_remove("LD_LIBRARY_PATH"));
        println!("{program}: {output}");
        let (width, _, screen) = read_ppm(&folder.path().join("screen.ppm"));
        let (picture_width, _, picture) = read_ppm(&folder.path().join("picture.ppm"));
        let scale = SIDE / picture_width;
        for y in 0..SIDE {
            for x in 0..SIDE {
                let on_screen = 3 * ((TOP + y) * width + LEFT + x);
                let painted = 3 * ((y / scale) * picture_width + x / scale);
                assert_eq!(screen[on_screen..][..3], picture[painted..][..3], "{program}: x {x}, y {y}");
            }
        }
        let colours =
            [0, 1, 2].map(|channel| picture.iter().skip(channel).step_by(3).map(|byte| u64::from(*byte)).sum());
        let [red, green, blue]: [u64; 3] = colours;
        assert!(red > green && blue > green, "{program}: a red apple on blue: {colours:?}");
        for file in ["screen.ppm", "picture.ppm"] {
            fs::remove_file(folder.path().join(file)).unwrap();
        }
    }
}
