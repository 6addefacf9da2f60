#!/usr/bin/env bash
# Hours of playing in so many minutes (60 if not told): pictures of many sizes on several contexts, cancelled, paused,
# destroyed, models reloaded. Prints the memory in use, and ends with an error when it grows.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-60}

cargo build --release --lib
library=${CARGO_TARGET_DIR:-target}/release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -g -O1 -std=c99 -Wall -Wextra -Wpedantic -Werror tests/c/soak.c -Iinclude -L"$library" -lscumble -o "$work/soak"
LD_LIBRARY_PATH=$library "$work/soak" $((minutes * 60))
