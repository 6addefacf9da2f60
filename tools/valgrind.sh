#!/usr/bin/env bash
# The C example under Valgrind: no errors, no definite leaks. What happens inside ONNX Runtime and
# the dynamic linker is not ours (tests/valgrind.supp). Two steps, since a step takes half a minute.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build
library=${CARGO_TARGET_DIR:-target}/debug
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -g -std=c99 -Wall -Wextra -Wpedantic -Werror examples/c/txt2img.c -Iinclude -L"$library" -lscumble -o "$work/txt2img"
LD_LIBRARY_PATH=$library valgrind --quiet --error-exitcode=9 --num-callers=60 \
    --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
    --suppressions=tests/valgrind.supp \
    "$work/txt2img" tests/reference/models/emblem-64 "a castle" "$work/out.ppm" 2
