#!/usr/bin/env bash
# Builds Scumble for Linux as it is shipped, into a folder (target/linux/x64 if not told): libscumble.so, without symbols
# and without any path of this machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-target/linux/x64}

CARGO_ENCODED_RUSTFLAGS=$(python3 tools/remap_paths.py)
export CARGO_ENCODED_RUSTFLAGS CARGO_PROFILE_RELEASE_STRIP=symbols
cargo rustc --release --lib --crate-type cdylib --no-default-features --target-dir target/linux

install -D target/linux/release/libscumble.so "$out/libscumble.so"
