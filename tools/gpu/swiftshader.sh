#!/usr/bin/env bash
# The WebGPU provider without a GPU: ONNX Runtime of npm, which has it, on SwiftShader, the Vulkan driver in
# software of Debian's Chromium. Lists the devices and paints a golden picture: some minutes, since it is software.
#
#   tools/gpu/swiftshader.sh [CASE]    CASE: part of a name in tests/reference/golden/txt2img.json
set -euo pipefail
cd "$(dirname "$0")/../.."

driver=/usr/lib/chromium/vk_swiftshader_icd.json
[ -f $driver ] || { echo "SKIPPED: Debian's chromium is not installed; WebGPU was not tried"; exit 0; }

# The package that build.rs knows, by its hash.
folder=target/webgpu
library=$folder/package/bin/napi-v6/linux/x64/libonnxruntime.so.1
if [ ! -f $library ]; then
    constant() { sed -n "s/^const $1: &str = \"\(.*\)\";/\1/p" build/onnxruntime.rs; }
    mkdir -p $folder
    (cd $folder && npm pack --silent "onnxruntime-node@$(constant NPM_VERSION)" >/dev/null)
    echo "$(constant NPM_SHA256)  $folder/onnxruntime-node-$(constant NPM_VERSION).tgz" | sha256sum --check --quiet
    tar -xzf $folder/*.tgz -C $folder package/bin/napi-v6/linux/x64
    rm $folder/*.tgz
fi

XDG_RUNTIME_DIR=$(mktemp -d)
trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
export XDG_RUNTIME_DIR VK_DRIVER_FILES=$driver VK_ICD_FILENAMES=$driver
export SCUMBLE_ONNXRUNTIME=$PWD/$library SCUMBLE_TEST_DEVICE=webgpu:0 SCUMBLE_TEST_CASES=${1:-euler_a-castle-42}
# One after the other: each has a device of its own.
cargo test --test devices -- --nocapture --test-threads 1 what_there_is nvidia
cargo test --test txt2img -- --nocapture --test-threads 1 pictures embeddings
