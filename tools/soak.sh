#!/usr/bin/env bash
# Hours of playing in so many minutes (60 if not told): images of many sizes on several contexts, cancelled, paused,
# destroyed, models reloaded. Prints the memory in use and how long polls take, and ends with an error when memory grows
# or polls are slow. First a leak that is planted in the program has to be found.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-60}

cargo build --release --lib
library=${CARGO_TARGET_DIR:-target}/release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -g -O1 -std=c99 -Wall -Wextra -Wpedantic -Werror tests/c/soak.c -Iinclude -L"$library" -lscumble -o "$work/soak"
export LD_LIBRARY_PATH=$library
if out=$("$work/soak" 10 leak 2>&1) || ! grep -q "allocated_kb() <= " <<<"$out"; then
    echo "$out" && echo "the planted leak was not found" && exit 1
fi
"$work/soak" $((minutes * 60))
