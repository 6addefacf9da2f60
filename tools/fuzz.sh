#!/usr/bin/env bash
# Fuzzes everything that reads what others wrote, each target for so many seconds (60 if not told). What is found is
# in fuzz/artifacts, and ends the script with an error.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}

command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --locked
export RUSTC_BOOTSTRAP=1 # the fuzzer's instrumentation is not stable; all else is stable Rust

for target in $(cargo fuzz list); do
    echo "== fuzz $target"
    mkdir -p "fuzz/corpus/$target"
    cargo fuzz run --sanitizer none "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=512 -print_final_stats=1
done
