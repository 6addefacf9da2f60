#!/usr/bin/env bash
# Random calls of the whole C API by eight threads for so many seconds (600 if not told), on the library as it is
# released; the second argument is the seed, which is told. With `asan` as the third, the library and the program that
# calls it are watched by AddressSanitizer (ONNX Runtime is not: it comes without). First a read past the end of a
# descriptor, which is planted, has to be found.
set -euo pipefail
cd "$(dirname "$0")/.."
export SCUMBLE_RANDOM_CALLS=${1:-600} SCUMBLE_RANDOM_CALLS_SEED=${2:-$RANDOM}
target=$(rustc --print host-tuple)
built=${CARGO_TARGET_DIR:-$PWD/target}

case ${3:-} in
asan)
    # The standard library comes compiled without it; the C library's functions that it calls are watched all the same.
    RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo build --lib --target "$target" --target-dir "$built/asan"
    export SCUMBLE_RANDOM_CALLS_LIBRARY=$built/asan/$target/debug
    # AddressSanitizer looks for the C++ library's functions once, when the program starts, and ends it at an exception
    # of ONNX Runtime's where it found none.
    cxx=-Wl,--push-state,--no-as-needed,-lstdc++,--pop-state
    export SCUMBLE_RANDOM_CALLS_CC=clang SCUMBLE_RANDOM_CALLS_FLAGS="-fsanitize=address $cxx"
    export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1
    planted=$(mktemp -d)
    trap 'rm -rf "$planted"' EXIT
    clang -fsanitize=address -Iinclude tests/c/overread.c -L"$SCUMBLE_RANDOM_CALLS_LIBRARY" -lscumble -o "$planted/overread"
    out=$(LD_LIBRARY_PATH=$SCUMBLE_RANDOM_CALLS_LIBRARY "$planted/overread" 2>&1) || true
    grep -q "AddressSanitizer: heap-buffer-overflow" <<<"$out" || { echo "$out" && echo "it was not found" && exit 1; }
    ;;
*)
    cargo build --release --lib
    export SCUMBLE_RANDOM_CALLS_LIBRARY=$built/release
    ;;
esac
cargo test --test random_calls -- --nocapture
