#!/usr/bin/env bash
# The WebGPU provider without a GPU: ONNX Runtime of npm, which has it, on SwiftShader, the Vulkan driver in
# software of Debian's Chromium. Lists the devices and paints a golden picture: some minutes, since it is software.
#
#   tools/gpu/swiftshader.sh [CASE]    CASE: part of a name in tests/reference/golden/txt2img.json
set -euo pipefail
cd "$(dirname "$0")/../.."

driver=/usr/lib/chromium/vk_swiftshader_icd.json
[ -f $driver ] || { echo "SKIPPED: Debian's chromium is not installed; WebGPU was not tried"; [ -z "${CI:-}" ]; exit; }

library=$(cargo run --quiet --manifest-path tools/runtime/Cargo.toml --target-dir target/tools -- \
    linux-x64 target/onnxruntime gpu)

XDG_RUNTIME_DIR=$(mktemp -d)
trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
export XDG_RUNTIME_DIR VK_DRIVER_FILES=$driver VK_ICD_FILENAMES=$driver
export SCUMBLE_ONNXRUNTIME=$library SCUMBLE_TEST_DEVICE=webgpu:0 SCUMBLE_TEST_CASES=${1:-euler_a-castle-42}
# One after the other: each has a device of its own.
cargo test --test devices -- --nocapture --test-threads 1 what_there_is nvidia
cargo test --test txt2img -- --nocapture --test-threads 1 pictures embeddings
# Runs that are recorded and played again.
cargo test --test recorded -- --ignored --nocapture --test-threads 1
# ControlNets: what they add is summed there, and stays there. Inpainting: a convolution of 9 channels.
cargo test --test families -- --test-threads 1 control_nets inpainting
