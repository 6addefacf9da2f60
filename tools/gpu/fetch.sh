#!/usr/bin/env bash
# Brings PyPI's onnxruntime-gpu, which wants CUDA 13, cuDNN 9 and NVIDIA's driver, into a folder, by its hash, unless it
# is there. Prints the library's path.
#
#   tools/gpu/fetch.sh FOLDER
set -euo pipefail

version=1.31.1
wheel=onnxruntime_gpu-$version-cp312-cp312-manylinux_2_28_x86_64.whl
sha256=05d548956197b9d01f59b625de740e0d6be3593f874e241a12dc0362650ecdf7

name=libonnxruntime.so.$version
mkdir -p "$1"
folder=$(cd "$1" && pwd)
if [ ! -f "$folder/$name" ]; then
    scratch=$(mktemp -d "$folder/fetching-XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    # The options name one wheel, whichever Python runs them.
    python3 -m pip download --quiet --no-deps --only-binary=:all: --implementation cp --abi cp312 --python-version 3.12 \
        --platform manylinux_2_28_x86_64 --dest "$scratch" "onnxruntime-gpu==$version" >&2
    echo "$sha256  $scratch/$wheel" | sha256sum --check --quiet >&2
    unpack='import sys, zipfile; zip = zipfile.ZipFile(sys.argv[1])
for file in zip.namelist():
    if ".so" in file and "pybind11" not in file: zip.extract(file, sys.argv[2])'
    python3 -c "$unpack" "$scratch/$wheel" "$scratch"
    # The library goes last: its presence means that all files are there.
    find "$scratch/onnxruntime/capi" -type f ! -name "$name" -exec mv {} "$folder" \;
    mv "$scratch/onnxruntime/capi/$name" "$folder"
fi
echo "$folder/$name"
