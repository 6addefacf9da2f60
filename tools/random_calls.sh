#!/usr/bin/env bash
# Random calls of the whole C API by eight threads for so many seconds (600 if not told), on the library as it is
# released; the second argument is the seed, which is told. With `asan` as the third, the library and the program that
# calls it are watched by AddressSanitizer (ONNX Runtime is not: it comes without).
set -euo pipefail
cd "$(dirname "$0")/.."
export SCUMBLE_RANDOM_CALLS=${1:-600} SCUMBLE_RANDOM_CALLS_SEED=${2:-$RANDOM}
target=$(rustc --print host-tuple)
built=${CARGO_TARGET_DIR:-$PWD/target}

case ${3:-} in
asan)
    # Without symbols of the standard library's own: it was built before, and what it does for us is watched all the same.
    RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo build --lib --target "$target" --target-dir "$built/asan"
    export SCUMBLE_RANDOM_CALLS_LIBRARY=$built/asan/$target/debug
    export SCUMBLE_RANDOM_CALLS_CC=clang SCUMBLE_RANDOM_CALLS_FLAGS=-fsanitize=address
    export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1
    ;;
*)
    cargo build --release --lib
    export SCUMBLE_RANDOM_CALLS_LIBRARY=$built/release
    ;;
esac
cargo test --test random_calls -- --nocapture
