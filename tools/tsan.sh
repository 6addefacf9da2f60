#!/usr/bin/env bash
# Everything called by many threads at once, under ThreadSanitizer, for so many seconds (30 if not told). First a race
# that is planted in the program's own model has to be found.
#
# The standard library has to be instrumented too, or its locks are invisible: Debian brings its source with a compiler
# of the same version. The sanitizer's runtime and a linker that takes it come with the compiler of rustup.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-30}

[ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] && [ -d /usr/lib/rustlib/src/rust/library ] || {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends rustc-web cargo-web rust-web-src
}
target=x86_64-unknown-linux-gnu
rustup=$(rustc --print sysroot)/lib/rustlib/$target
export RUSTC_BOOTSTRAP=1 # the sanitizer is not stable; all else is stable Rust
export RUSTC=/usr/bin/rustc RUSTC_WRAPPER=
export RUSTFLAGS="-Zsanitizer=thread -Zexternal-clangrt"
export TSAN_OPTIONS=halt_on_error=1

folder=threads/target/tsan
# The runtime goes into the program alone: a shared library cannot hold it.
env -u RUSTUP_TOOLCHAIN /usr/bin/cargo rustc --manifest-path threads/Cargo.toml --target-dir "$folder" \
    -Zbuild-std --target $target --bin stress -- -Clink-arg=-fuse-ld=lld -Clink-arg=-B"$rustup/bin/gcc-ld" \
    -Clink-arg=-Wl,--whole-archive,"$rustup/lib/librustc-stable_rt.tsan.a",--no-whole-archive -Clink-arg=-lm
stress=$folder/$target/debug/stress
if out=$("$stress" 5 race 2>&1); then
    echo "the planted race was not found" && exit 1
fi
grep -q "ThreadSanitizer: data race" <<<"$out" || { echo "$out" && exit 1; }
"$stress" "$seconds"
