#!/usr/bin/env bash
# CUDA's provider without a GPU: PyPI's onnxruntime-gpu, for which tools/gpu/standin stands in for NVIDIA's libraries. They
# remember, copy and count, and compute nothing: what of it is right are memory, copies, recorded runs and errors, and
# no number of a picture. Fetches and builds what it needs, and tests that: a minute or two.
#
#   tools/gpu/standin.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

out=target/gpu/standin
library=$(tools/gpu/fetch.sh target/gpu/cuda)
provider=$(dirname "$library")/libonnxruntime_providers_cuda.so
mkdir -p $out

# NVIDIA's headers tell how its structs are laid out.
include=$out/nvidia/cu13/include
if [ ! -f $include/cuda_runtime_api.h ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    cat >"$scratch/requirements.txt" <<'LIST'
nvidia-cuda-runtime==13.0.96 --hash=sha256:7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548
nvidia-cuda-crt==13.0.88 --hash=sha256:2c8043c7c9e02492716426e9919fc78d2c5b3b2a7a768a88e952676b08aa55a4
LIST
    python3 -m pip download --quiet --no-deps --require-hashes --only-binary=:all: --platform manylinux2014_x86_64 \
        --dest "$scratch" --requirement "$scratch/requirements.txt"
    for wheel in "$scratch"/nvidia_cuda_crt-*.whl "$scratch"/nvidia_cuda_runtime-*.whl; do
        python3 -m zipfile -e "$wheel" $out
    done
fi

# What the provider takes from a library, as far as nothing of ours stands in for it, only succeeds.
stand_in() { # NAME FILE: and the names that are taken from it, a line each, on the standard input
    local source=tools/gpu/standin/$1.c
    cc -std=gnu11 -O2 -Wall -Werror -fPIC -isystem $include -c $source -o $out/$1.o
    { grep -vxFf <(nm --defined-only $out/$1.o | awk '{print $3}') || true; } |
        sed 's/.*/int &(void) { return 0; }/' >$out/$1-rest.c
    echo "$2 { global: *; };" >$out/$1.map
    cc -shared -fPIC -Wl,-soname,$2 -Wl,--version-script=$out/$1.map $out/$1.o $out/$1-rest.c -o $out/$2
}
taken() { nm -D --undefined-only "$provider" | sed -n "s/^ *U \([A-Za-z0-9_]*\)@$1\$/\1/p"; }

for name in cudart cublas cublasLt; do taken lib$name.so.13 | stand_in $name lib$name.so.13; done
# These are asked for by name.
strings -a "$provider" | grep -xE 'cudnn[A-Z][A-Za-z]+(_v[0-9]+)?' | sort -u | stand_in cudnn libcudnn.so.9
stand_in cuda libcuda.so.1 </dev/null
cc -shared -Wl,-soname,libcurand.so.10 -x c /dev/null -o $out/libcurand.so.10

export SCUMBLE_ONNXRUNTIME=$library SCUMBLE_TEST_STANDIN=$PWD/$out/libcudart.so.13 SCUMBLE_TEST_DEVICE=cuda:0
export LD_LIBRARY_PATH=$PWD/$out
cargo test --test standin -- --ignored --nocapture --test-threads 1
# The process ends while the device computes. It is the best that there is, and taken unnamed.
cargo test --test endings at_two_hundred_moments -- --nocapture
