#!/usr/bin/env bash
# Builds Scumble for Windows x64 on Linux, as it is shipped, into a folder (target/windows/x64 if not told):
#
#   scumble.dll          the library; it needs no DLL but those of Windows itself
#   scumble.lib          its import library for MSVC and clang-cl, made from scumble.def
#   libscumble.dll.a     its import library for MinGW
#   scumble.def          its exports, to make an import library of any other kind
#   onnxruntime.dll      the official one, for beside scumble.dll; with its licence and third-party notices. It needs
#                        Microsoft's Visual C++ runtime (msvcp140.dll, vcruntime140.dll), as most games do
#
# Needs mingw-w64's gcc, llvm (llvm-dlltool), and a standard library for Windows: rustup's, or else Debian's compiler
# with the standard library's source. Says what is missing, with exit status 69.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-target/windows/x64}
target=x86_64-pc-windows-gnu
build=target/windows

unavailable() {
    echo "$1" >&2
    exit 69
}

command -v x86_64-w64-mingw32-gcc >/dev/null || unavailable "x86_64-w64-mingw32-gcc is not installed (Debian's gcc-mingw-w64-x86-64)"
command -v llvm-dlltool >/dev/null || unavailable "llvm-dlltool is not installed (Debian's llvm)"

options=(--release --lib --crate-type cdylib --no-default-features --target $target --target-dir $build)
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
if [ -d "$(rustc --print target-libdir --target $target)" ]; then
    cargo rustc "${options[@]}"
elif [ -x /usr/bin/cargo ] && [ -d /usr/lib/rustlib/src/rust/library ]; then
    # RUSTC_BOOTSTRAP: building the standard library is not stable; all else is stable Rust.
    env -u RUSTUP_TOOLCHAIN RUSTC=/usr/bin/rustc RUSTC_WRAPPER= RUSTC_BOOTSTRAP=1 \
        /usr/bin/cargo rustc "${options[@]}" -Zbuild-std=std,panic_unwind
else
    unavailable "Rust's standard library for $target is not installed (rustup target add $target, or Debian's rustc-web, cargo-web and rust-web-src)"
fi
onnxruntime=$(cargo run --quiet --manifest-path tools/runtime/Cargo.toml --target-dir target/tools -- win32-x64 target/onnxruntime)

mkdir -p "$out"
x86_64-w64-mingw32-strip -o "$out/scumble.dll" $build/$target/release/scumble.dll
cp $build/$target/release/libscumble.dll.a "$out"
{
    echo "LIBRARY scumble.dll"
    echo "EXPORTS"
    sed -n 's/^SCUMBLE_API .*\b\(scumble_[a-z_]*\)(.*/    \1/p' include/scumble.h
} >"$out/scumble.def"
llvm-dlltool -m i386:x86-64 -d "$out/scumble.def" -l "$out/scumble.lib"
cp "$onnxruntime" "$out"
cp "$(dirname "$onnxruntime")/LICENSE" "$out/onnxruntime-LICENSE.txt"
cp "$(dirname "$onnxruntime")/ThirdPartyNotices.txt" "$out/onnxruntime-ThirdPartyNotices.txt"
