#!/usr/bin/env bash
# Brings an ONNX Runtime with a GPU provider into a folder, by its hash, unless it is there. Prints the library's path.
#
#   tools/gpu/fetch.sh cuda FOLDER      of PyPI's onnxruntime-gpu, which wants CUDA 13, cuDNN 9 and NVIDIA's driver
#   tools/gpu/fetch.sh webgpu FOLDER    of npm's onnxruntime-node, the package that build/fetch_runtime.rs knows
set -euo pipefail

CUDA_VERSION=1.31.1
CUDA_WHEEL=onnxruntime_gpu-$CUDA_VERSION-cp312-cp312-manylinux_2_28_x86_64.whl
CUDA_SHA256=05d548956197b9d01f59b625de740e0d6be3593f874e241a12dc0362650ecdf7

constant() { sed -n "s/^const $1: &str = \"\(.*\)\";/\1/p" "$(dirname "${BASH_SOURCE[0]}")/../../build/fetch_runtime.rs"; }

cuda() {
    # The options name one wheel, whichever Python runs them.
    python3 -m pip download --quiet --no-deps --only-binary=:all: --implementation cp --abi cp312 --python-version 3.12 \
        --platform manylinux_2_28_x86_64 --dest "$1" "onnxruntime-gpu==$CUDA_VERSION" >&2
    echo "$CUDA_SHA256  $1/$CUDA_WHEEL" | sha256sum --check --quiet >&2
    local unpack='import sys, zipfile; zip = zipfile.ZipFile(sys.argv[1])
for file in zip.namelist():
    if ".so" in file and "pybind11" not in file: zip.extract(file, sys.argv[2])'
    python3 -c "$unpack" "$1/$CUDA_WHEEL" "$1"
}

webgpu() {
    local version
    version=$(constant NPM_VERSION)
    (cd "$1" && npm pack --silent "onnxruntime-node@$version" >&2)
    echo "$(constant NPM_SHA256)  $1/onnxruntime-node-$version.tgz" | sha256sum --check --quiet >&2
    tar -xzf "$1/onnxruntime-node-$version.tgz" -C "$1" package/bin/napi-v6/linux/x64/libonnxruntime.so.1
}

case $1 in
cuda) inside=onnxruntime/capi name=libonnxruntime.so.$CUDA_VERSION ;;
webgpu) inside=package/bin/napi-v6/linux/x64 name=libonnxruntime.so.1 ;;
*) echo "expected cuda or webgpu, found $1" >&2 && exit 2 ;;
esac
mkdir -p "$2"
folder=$(cd "$2" && pwd)
if [ ! -f "$folder/$name" ]; then
    scratch=$(mktemp -d "$folder/fetching-XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    "$1" "$scratch"
    # The library goes last: its presence means that all files are there.
    find "$scratch/$inside" -type f ! -name "$name" -exec mv {} "$folder" \;
    mv "$scratch/$inside/$name" "$folder"
fi
echo "$folder/$name"
