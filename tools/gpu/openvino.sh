#!/usr/bin/env bash
# A provider from a library of its own: OpenVINO's of PyPI, which computes on CPUs too. Fetches it by its hash, lists the
# devices and paints golden pictures of every family, some minutes. What overflows in float16 is not tried: on a CPU,
# OpenVINO computes in float32. OpenVINO offers a device for Intel's CPUs alone: on another it is not tried.
#
#   tools/gpu/openvino.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! grep -q GenuineIntel /proc/cpuinfo; then
    echo "SKIPPED: this CPU is not Intel's, and OpenVINO offers no device for it"
    exit
fi

version=1.8.1
wheel=onnxruntime_ep_openvino-$version-py3-none-manylinux_2_28_x86_64.whl
sha256=3832643158c8c187fcab6db661cde2a8c06a2b3559d95d0f2411ac0e51c5e924

folder=target/onnxruntime/openvino-$version
library=$folder/onnxruntime_ep_openvino/libonnxruntime_providers_openvino_plugin.so
if [ ! -f "$library" ]; then
    mkdir -p "$folder"
    scratch=$(mktemp -d "$folder/fetching-XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    python3 -m pip download --quiet --no-deps --only-binary=:all: --platform manylinux_2_28_x86_64 --dest "$scratch" \
        "onnxruntime-ep-openvino==$version"
    echo "$sha256  $scratch/$wheel" | sha256sum --check --quiet
    python3 -m zipfile -e "$scratch/$wheel" "$scratch/unpacked"
    mv "$scratch/unpacked/onnxruntime_ep_openvino" "$folder"
fi

# A path that is relative is so to the tests' folder.
export SCUMBLE_TEST_PROVIDER=$library SCUMBLE_TEST_DEVICE=openvino:0
cargo test --test devices -- --nocapture --test-threads 1
cargo test --test txt2img --test families
