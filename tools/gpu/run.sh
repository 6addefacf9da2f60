#!/usr/bin/env bash
# All that needs a GPU: golden tests, times beside torch's, and what a game feels. Linux, x86-64. README.md says more.
#
#   tools/gpu/run.sh [STAGE…]           the stages that are not done yet, the most telling first; named ones again
#   tools/gpu/run.sh gather DIR [--split SIZE] [--only "PACKAGE…"]
#
# target/gpu keeps what was brought, made and measured. `gather` makes an archive in DIR with all that a machine without
# registries and Rust needs, this repository included. python3 must be of that machine's version. --split 60M cuts it
# into parts. --only: these Python packages and what they need, since that machine has the rest.
#
# The exit code is 1 if a stage failed. One that cannot run says why; the others go on. A stage that takes longer than
# SCUMBLE_GPU_STAGE_LIMIT is ended (seconds), and none goes on when all together took SCUMBLE_GPU_LIMIT.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
dir=$root/target/gpu
device=${SCUMBLE_GPU_DEVICE:-cuda:0}
STAGES=(build libraries devices python golden model-emblem times-emblem model-sd15 times-sd15 frames-emblem frames-sd15
    fused-sd15 compiled-emblem compiled-sd15 model-turbo times-turbo fused-turbo compiled-turbo frames-turbo
    golden-webgpu)

cannot() { # WHY: ends a stage
    echo "CANNOT RUN: $*"
    exit 77
}

# The programs and the library, as they run on another machine too.
build() {
    [ ! -f "$dir/gathered" ] || return 0
    command -v cargo >/dev/null || cannot "there is no Rust here; what was built elsewhere can be brought (README.md)"
    mkdir -p "$dir/bin"
    # Before the examples and tests, whose library can be made to fail.
    cargo build --release
    cp target/release/libscumble.so "$dir/bin"
    cargo build --release --example txt2img
    local test
    for test in txt2img devices families overflow recorded; do
        test_program $test >"$dir/bin/built-as"
        cp "$(cat "$dir/bin/built-as")" "$dir/bin/test-$test"
    done
    if echo '#include <EGL/egl.h>' | c++ -E - >/dev/null 2>&1; then
        c++ -std=c++17 -O2 -Wall -Wextra -Iinclude -Ibindings/cpp/include tools/gpu/frames.cpp -o "$dir/bin/frames" \
            -L"$dir/bin" -lscumble -lEGL -lOpenGL -Wl,-rpath,'$ORIGIN'
    else
        echo "note: without Debian's libegl-dev, libopengl-dev and libgl-dev there will be no frames"
    fi
    # The tests look for models and golden values where they were built.
    echo "$root" >"$dir/bin/built-as"
    cp target/release/examples/txt2img "$dir/bin"
}

test_program() { # NAME
    cargo test --release --no-run --test "$1" --message-format=json |
        sed -n 's/.*"kind":\["test"\].*"executable":"\([^"]*\)".*/\1/p'
}

libraries() {
    tools/gpu/fetch.sh "$dir/cuda" || cannot "PyPI's onnxruntime-gpu could not be brought, as said above"
    [ -f "$dir/webgpu/libonnxruntime.so.1" ] || fetch_webgpu || echo "note: golden-webgpu will not run"
}

fetch_webgpu() {
    local library
    library=$(cargo run --quiet --manifest-path tools/runtime/Cargo.toml --target-dir target/tools -- \
        linux-x64 target/onnxruntime gpu)
    install -D "$library" "$dir/webgpu/libonnxruntime.so.1"
}

# An environment of our own that sees what the machine's Python has, also where that is itself an environment.
python() {
    local wheels=() seen
    # It would bring gigabytes for nothing.
    [[ $device != cuda* ]] || python3 -c 'import ctypes; ctypes.CDLL("libcuda.so.1")' 2>/dev/null ||
        cannot "no driver of NVIDIA's is installed: there is no libcuda.so.1"
    [ ! -d "$dir/wheels" ] || wheels=(--no-index --find-links "$dir/wheels")
    python3 -m venv --without-pip --system-site-packages "$dir/venv"
    seen=$(python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    echo "$seen" >"$("$dir/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/machine.pth"
    python3 -m pip --python "$dir/venv/bin/python" install --quiet "${wheels[@]}" -r tools/gpu/requirements.txt ||
        { rm -r "$dir/venv" && cannot "the Python packages could not be brought, as said above"; }
    "$dir/venv/bin/python" -c 'import torch, onnxruntime; from diffusers import StableDiffusionPipeline
print("torch", torch.__version__, "CUDA", torch.cuda.is_available())'
}

any_python() { [ -x "$dir/venv/bin/python" ] && echo "$dir/venv/bin/python" || echo python3; }

# What the loader has to find of CUDA, GL and Vulkan beyond the machine's own.
library_path() {
    local folders=() name deb
    mapfile -t folders < <("$(any_python)" - <<'PYTHON'
import glob, sys
for path in filter(None, sys.path):
    print(*glob.glob(path + "/nvidia/*/lib"), sep="\n")
PYTHON
    )
    for name in libEGL.so.1 libOpenGL.so.0 libvulkan.so.1; do
        if [ -d "$dir/debs" ] && ! /sbin/ldconfig -p | grep -q "$name "; then
            [ -d "$dir/gl" ] || for deb in "$dir"/debs/*.deb; do dpkg -x "$deb" "$dir/gl"; done
            folders+=("$dir/gl/usr/lib/x86_64-linux-gnu")
            break
        fi
    done
    local IFS=:
    echo "${folders[*]}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
}

with() { # cuda|webgpu COMMAND…: with this ONNX Runtime
    local library
    library=$(echo "$dir/$1"/libonnxruntime.so.1*)
    [ -f "$library" ] || cannot "$dir/$1 has no ONNX Runtime; the stage \"libraries\" brings it"
    [ -f "$dir/bin/txt2img" ] || cannot "$dir/bin is empty; the stage \"build\" fills it"
    shift
    # Some containers keep apart what names NVIDIA's driver to the loaders of GL and Vulkan.
    local egl=/usr/local/nvidia/share/glvnd/egl_vendor.d/10_nvidia.json
    local vulkan=/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json
    [ ! -f $egl ] || export __EGL_VENDOR_LIBRARY_FILENAMES=$egl
    [ ! -f $vulkan ] || export VK_DRIVER_FILES=$vulkan
    LD_LIBRARY_PATH=$(library_path) SCUMBLE_ONNXRUNTIME=$library "$@"
}

usable() { # cuda|webgpu DEVICE: or says why not
    local line
    line=$(with "$1" "$dir/bin/txt2img" --list | grep "^device  *$2 ") || cannot "nobody lists $2"
    [[ $line != *"not usable"* ]] || cannot "$line"
    echo "$line"
}

# The CUDA build where there is no driver says so, and does not paint on the CPU instead.
devices() {
    local list said
    list=$(with cuda "$dir/bin/txt2img" --list) || { echo "$list" && return 1; }
    echo "$list"
    if ! grep -q '^device  *cuda:0 (not usable' <<<"$list"; then return 0; fi
    if said=$(with cuda "$dir/bin/txt2img" apple --device cuda:0 --out "$dir/apple.png" 2>&1); then
        echo "cuda:0 is not usable, and painted all the same" && return 1
    fi
    echo "$said"
    [[ $said == *'device is "cuda:0", which cannot be used: '* ]]
}

golden_tests() { # cuda|webgpu DEVICE [TEST…]
    local built library=$1 test failed=0
    usable "$1" "$2"
    built=$(cat "$dir/bin/built-as")
    [ -e "$built/tests/reference/golden" ] ||
        { mkdir -p "$built/tests" && ln -sfT "$root/tests/reference" "$built/tests/reference"; } ||
        cannot "the tests look for their files in $built"
    # Latents within 1e-3 and embeddings within 1e-4 of diffusers', 10 times what the CPU keeps to; pixels within 1 of
    # 255, of which at most 1 of 200 differ. Families: latents within 3e-3 (models in float16: within 3e-2), of the
    # pixels at most 1 of 50 farther than 1. One after the other: each has a device of its own.
    export SCUMBLE_TEST_DEVICE=$2
    with "$library" "$dir/bin/test-txt2img" --nocapture --test-threads 1 pictures embeddings || failed=1
    for test in "${@:3}"; do with "$library" "$dir/bin/test-$test" --include-ignored --test-threads 1 || failed=1; done
    return $failed
}

golden() { golden_tests cuda "$device" devices overflow recorded families; }

golden_webgpu() { golden_tests webgpu webgpu:0 families; }

timings() { # COMMAND NAME [ENGINE…]
    with cuda "$dir/venv/bin/python" tools/gpu/timings.py "$1" "$dir" "${@:2}" --device "$device" \
        --program "$dir/bin/txt2img"
}

torch_usable() {
    usable cuda "$device"
    [ -x "$dir/venv/bin/python" ] || cannot "there is no Python with torch; the stage \"python\" makes it"
}

model() {
    torch_usable
    timings model "$1"
}

times() { # NAME [ENGINE…]
    torch_usable
    [ -d "$dir/models/$1/torch" ] || cannot "there is no model; the stage \"model-$1\" makes it"
    timings times "$@"
}

compiled() { times "$1" compiled; }

fused() {
    torch_usable
    [ -d "$dir/models/$1/torch" ] || cannot "there is no model; the stage \"model-$1\" makes it"
    timings fused "$1"
    [[ $device == cuda* ]] || cannot "the graphs are made, but only CUDA computes all that is in them"
    timings times "$1" fused
}

frames() {
    usable cuda "$device"
    [ -f "$dir/bin/frames" ] || cannot "there is no program; the stage \"build\" makes it with libegl-dev and libopengl-dev"
    local model=$dir/models/$1/onnx size=512 steps=20
    [ -z "${SCUMBLE_GPU_SMALL:-}" ] || size=128
    case $1 in
    emblem) model=tests/reference/models/emblem-64 size=64 steps=100 ;;
    turbo) steps=4 ;;
    esac
    [ -d "$model" ] || cannot "there is no model; the stage \"model-$1\" makes it"
    LD_LIBRARY_PATH=$(library_path) ldd "$dir/bin/frames" | grep "not found" && cannot "a library is not found"
    mkdir -p "$dir/results"
    with cuda "$dir/bin/frames" "$model" "$device" $size $steps "${SCUMBLE_GPU_SECONDS:-10}" |
        tee "$dir/results/frames-$1.json"
}

gather() { # DIR [OPTION…]
    local out size="" packages=(-r tools/gpu/requirements.txt)
    mkdir -p "${1:?gather needs a folder}"
    out=$(cd "$1" && pwd)
    shift
    while [ $# -gt 0 ]; do
        case $1 in
        --split) size=$2 ;;
        --only) read -ra packages <<<"$2" ;;
        *) echo "gather knows no $1" >&2 && exit 2 ;;
        esac
        shift 2
    done
    # Not local: the trap outlives this function.
    scratch=$(mktemp -d "$out/gathering-XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    dir=$scratch/scumble-gpu/target/gpu
    mkdir -p "$dir/debs"
    (build)
    (libraries)
    python3 -m pip download --quiet --only-binary=:all: --dest "$dir/wheels" "${packages[@]}"
    # Containers with a driver may lack GL's loader.
    (cd "$dir/debs" && apt-get download libegl1 libglvnd0 libopengl0 libvulkan1) || echo "note: no GL loader was gathered"
    touch "$dir/gathered"
    # The bundled models are not painted with here.
    git ls-files -z ':!models' | xargs -0 cp --parents -t "$scratch/scumble-gpu"
    rm -f "$out"/scumble-gpu.tar.gz*
    if [ -n "$size" ]; then
        tar -C "$scratch" -cz scumble-gpu | split -b "$size" - "$out/scumble-gpu.tar.gz.part-"
    else
        tar -C "$scratch" -czf "$out/scumble-gpu.tar.gz" scumble-gpu
    fi
    ls -l "$out"/scumble-gpu.tar.gz*
}

case ${1:-} in
gather)
    gather "${@:2}"
    exit
    ;;
--stage) # what the loop below calls
    command=("${2//-/_}")
    declare -F "${command[0]}" >/dev/null || command=("${2%-*}" "${2##*-}")
    # Not as a condition: `set -e` would not hold within.
    "${command[@]}"
    exit
    ;;
esac

for stage in "$@"; do
    [[ " ${STAGES[*]} " == *" $stage "* ]] || { echo "there is no stage $stage; expected some of ${STAGES[*]}" >&2; exit 2; }
    rm -f "$dir/log/$stage.done"
done
[ $# -gt 0 ] || set -- "${STAGES[@]}"
mkdir -p "$dir/log"

summary=() failed=0
for stage in "$@"; do
    log=$dir/log/$stage
    if [ -f "$log.done" ]; then
        summary+=("$stage: done before")
        continue
    fi
    began=$SECONDS
    limit=${SCUMBLE_GPU_STAGE_LIMIT:-3600} left=$((${SCUMBLE_GPU_LIMIT:-86400} - SECONDS))
    [ "$limit" -lt "$left" ] || limit=$left
    [ "$limit" -gt 0 ] || { summary+=("$stage: CANNOT RUN: no time is left") && continue; }
    echo "== $stage"
    status=0
    # A process of its own, so that all of it can be ended.
    exec {output}> >(tee "$log.log")
    copies=$!
    timeout --kill-after 5 "$limit" "$root/tools/gpu/run.sh" --stage "$stage" >&$output 2>&1 &
    running=$!
    exec {output}>&-
    trap 'kill "$running" 2>/dev/null' EXIT
    wait "$running" || status=$?
    wait "$copies" || true
    took=$((SECONDS - began))
    case $status in
    0) touch "$log.done" && summary+=("$stage: done in $took s") ;;
    77) summary+=("$stage: $(grep "^CANNOT RUN" "$log.log" | tail -1)") ;;
    # 137: it had to be killed, or the system killed it for its memory.
    124 | 137) failed=1 && summary+=("$stage: ENDED with status $status after $took s of at most $limit, see $log.log") ;;
    *) failed=1 && summary+=("$stage: FAILED with status $status, see $log.log") ;;
    esac
    # Now, since the next one may be the last.
    printf '%s\n' "${summary[@]}" >"$dir/log/summary"
    "$(any_python)" tools/gpu/timings.py table "$dir" --device "$device" >"$dir/table.md" || echo "note: no table could be made"
done
trap - EXIT
echo
cat "$dir/table.md" "$dir/log/summary"
exit $failed
