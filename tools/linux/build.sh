#!/usr/bin/env bash
# Builds Scumble for Linux as it is shipped, into a folder (target/linux/x64 if not told): libscumble.so, without symbols
# and without any path of this machine. It needs glibc 2.28 or newer, as ONNX Runtime does, whatever this machine has:
# Zig links it, which pip brings into target/zig. Without pip it says so, with exit status 69.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-target/linux/x64}
target=$(uname -m)-unknown-linux-gnu
zig=$PWD/target/zig

if ! [ -x "$zig/bin/cargo-zigbuild" ]; then
    python3 -m pip --version >/dev/null 2>&1 || { echo "pip is not installed" >&2 && exit 69; }
    PIP_REQUIRE_VIRTUALENV=0 python3 -m pip install --quiet --disable-pip-version-check --no-input \
        --target "$zig" --requirement tools/linux/requirements.txt
fi
export PATH="$zig/bin:$PATH" PYTHONPATH=$zig
export CARGO_ZIGBUILD_CACHE_DIR=$zig/cache ZIG_GLOBAL_CACHE_DIR=$zig/cache

CARGO_ENCODED_RUSTFLAGS=$(python3 tools/remap_paths.py)
# Small, at the cost of a longer build.
export CARGO_PROFILE_RELEASE_LTO=fat CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1
export CARGO_ENCODED_RUSTFLAGS CARGO_PROFILE_RELEASE_STRIP=symbols
cargo zigbuild --release --lib --no-default-features --target "$target.2.28" --target-dir target/linux
install -D "target/linux/$target/release/libscumble.so" "$out/libscumble.so"
