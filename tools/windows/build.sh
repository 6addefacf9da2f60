#!/usr/bin/env bash
# Builds Scumble for Windows x64 on Linux, as it is shipped, into a folder (target/windows/x64 if not told):
#
#   scumble.dll          the library; it needs no DLL but those of Windows itself
#   scumble.pdb          names of its functions, for debuggers and crash dumps; not for players
#   scumble.lib          its import library for MSVC and clang-cl
#   libscumble.dll.a     its import library for MinGW
#   scumble.def          its exports, for import libraries of any other kind
#   onnxruntime.dll      the official one, for beside scumble.dll; its licence and notices are onnxruntime-*.txt
#
# Needs mingw-w64's gcc, lld, llvm, and a standard library for Windows: rustup's, or else Debian's compiler with the
# standard library's source. Where one of them is missing it says so, with exit status 69.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-target/windows/x64}
target=x86_64-pc-windows-gnu
build=$PWD/target/windows

unavailable() {
    echo "$1 is not installed" >&2
    exit 69
}

command -v x86_64-w64-mingw32-gcc >/dev/null || unavailable "x86_64-w64-mingw32-gcc (Debian's gcc-mingw-w64-x86-64)"
command -v ld.lld >/dev/null || unavailable "ld.lld (Debian's lld)"
command -v llvm-strip >/dev/null || unavailable "llvm-strip (Debian's llvm)"

export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
# lld, since only it writes a PDB. What strips while it links also says that there is none.
export CARGO_PROFILE_RELEASE_STRIP=none
CARGO_ENCODED_RUSTFLAGS=$(python3 tools/remap_paths.py -Clink-arg=-fuse-ld=lld "-Clink-arg=-Wl,--pdb=$build/scumble.pdb")
export CARGO_ENCODED_RUSTFLAGS
options=(--release --lib --crate-type cdylib --no-default-features --target $target --target-dir "$build")
if [ -d "$(rustc --print target-libdir --target $target)" ]; then
    cargo rustc "${options[@]}"
elif [ -x /usr/bin/cargo ] && [ -d /usr/lib/rustlib/src/rust/library ]; then
    # The compiler's leave to build the standard library, which is not stable; all else is stable Rust.
    env -u RUSTUP_TOOLCHAIN RUSTC=/usr/bin/rustc RUSTC_WRAPPER= RUSTC_BOOTSTRAP=1 \
        /usr/bin/cargo rustc "${options[@]}" -Zbuild-std=std,panic_unwind
else
    unavailable "Rust's standard library for $target (rustup target add $target, or Debian's rustc-web, cargo-web and rust-web-src)"
fi
unset CARGO_ENCODED_RUSTFLAGS CARGO_PROFILE_RELEASE_STRIP
onnxruntime=$(cargo run --quiet --manifest-path tools/runtime/Cargo.toml --target-dir target/tools -- win32-x64 target/onnxruntime)

mkdir -p "$out"
llvm-strip -o "$out/scumble.dll" "$build/$target/release/scumble.dll"
# A PDB names the object files that were linked, which nobody else has.
SYSROOT=$(rustc --print sysroot) perl -pe 's/\Q$ENV{PWD}\E|\Q$ENV{SYSROOT}\E/"." x length $&/ge' "$build/scumble.pdb" >"$out/scumble.pdb"
cp "$build/$target/release/libscumble.dll.a" "$onnxruntime" "$out"
{
    printf 'LIBRARY scumble.dll\nEXPORTS\n'
    sed -n 's/^SCUMBLE_API .*\b\(scumble_[a-z_]*\)(.*/    \1/p' include/scumble.h
} >"$out/scumble.def"
llvm-dlltool -m i386:x86-64 -d "$out/scumble.def" -l "$out/scumble.lib"
for text in LICENSE ThirdPartyNotices; do
    cp "$(dirname "$onnxruntime")/$text"* "$out/onnxruntime-$text.txt"
done
