#!/usr/bin/env bash
# All that needs a GPU: golden tests, times beside torch's, and what a game feels. Linux, x86-64. README.md says more.
#
#   tools/gpu/run.sh [DIR] [STAGE…]                 the stages that are not done yet; named ones again
#   tools/gpu/run.sh gather DIR [--split SIZE] [--python VERSION] [--only "PACKAGE…"]
#
# DIR (target/gpu) keeps what was brought, made and measured. `gather` fills it on a machine with package registries
# and Rust, for a GPU machine without. --split 60M cuts larger files into parts, which a run joins. --python: the GPU
# machine's, such as 3.12. --only: these Python packages without what they need, since the GPU machine has the rest.
#
# The exit code is 1 if a stage failed. One that cannot run says why; the others go on.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
device=${SCUMBLE_GPU_DEVICE:-cuda:0}
STAGES=(build libraries python devices golden golden-webgpu model-emblem model-sd15 model-turbo fused-sd15 fused-turbo
    times-emblem times-sd15 times-turbo frames-emblem frames-sd15 frames-turbo table)

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
    for test in txt2img devices families overflow; do
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
    tools/gpu/fetch.sh "$dir/cuda"
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
    [ ! -d "$dir/wheels" ] || wheels=(--no-index --find-links "$dir/wheels")
    python3 -m venv --without-pip --system-site-packages "$dir/venv"
    seen=$(python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    echo "$seen" >"$("$dir/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/machine.pth"
    python3 -m pip --python "$dir/venv/bin/python" install --quiet "${wheels[@]}" -r tools/gpu/requirements.txt
    "$dir/venv/bin/python" -c 'import torch; print("torch", torch.__version__, "CUDA", torch.cuda.is_available())'
}

# What the loader has to find of CUDA and GL beyond the machine's own.
library_path() {
    local folders=()
    [ ! -x "$dir/venv/bin/python" ] || mapfile -t folders < <("$dir/venv/bin/python" - <<'PYTHON'
import glob, sys
for path in sys.path:
    print(*glob.glob(path + "/nvidia/*/lib"), sep="\n")
PYTHON
    )
    if [ -d "$dir/debs" ] && ! ldconfig -p | grep -q 'libEGL.so.1 '; then
        for deb in "$dir"/debs/*.deb; do dpkg -x "$deb" "$dir/gl"; done
        folders+=("$dir/gl/usr/lib/x86_64-linux-gnu")
    fi
    local IFS=:
    echo "${folders[*]}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
}

with() { # cuda|webgpu COMMAND…: with this ONNX Runtime
    local library
    library=$(echo "$dir/$1"/libonnxruntime.so.1*)
    [ -f "$library" ] || cannot "$dir/$1 has no ONNX Runtime; the stage \"libraries\" brings it"
    [ -f "$dir/bin/txt2img" ] || cannot "$dir/bin is empty; the stage \"build\" fills it"
    shift
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
    with cuda "$dir/bin/txt2img" --list
    local said
    if ! with cuda "$dir/bin/txt2img" --list | grep -q '^device  *cuda:0 (not usable'; then return 0; fi
    if said=$(with cuda "$dir/bin/txt2img" apple --device cuda:0 --out "$dir/apple.png" 2>&1); then
        echo "cuda:0 is not usable, and painted all the same" && return 1
    fi
    echo "$said"
    [[ $said == *'device is "cuda:0", which cannot be used: '* ]]
}

golden_tests() { # cuda|webgpu DEVICE
    usable "$1" "$2"
    local built test
    built=$(cat "$dir/bin/built-as")
    if [ ! -e "$built/Cargo.toml" ]; then
        mkdir -p "$(dirname "$built")" && ln -sfn "$root" "$built" || cannot "the tests look for their files in $built"
    fi
    # Latents within 1e-3 and embeddings within 1e-4 of diffusers', 10 times what the CPU keeps to; pixels within 1 of
    # 255, of which at most 1 of 200 differ. Families: latents within 3e-3. One after the other: each has a device of
    # its own.
    export SCUMBLE_TEST_DEVICE=$2
    with "$1" "$dir/bin/test-txt2img" --nocapture --test-threads 1 pictures embeddings
    [ -n "${SCUMBLE_TEST_CASES:-}" ] || with "$1" "$dir/bin/test-families" --test-threads 1
}

golden() {
    golden_tests cuda "$device"
    with cuda "$dir/bin/test-devices" --test-threads 1
    with cuda "$dir/bin/test-overflow" --test-threads 1
}

golden_webgpu() { golden_tests webgpu webgpu:0; }

timings() { # COMMAND NAME
    [ -x "$dir/venv/bin/python" ] || cannot "there is no Python with torch; the stage \"python\" makes it"
    usable cuda "$device"
    with cuda "$dir/venv/bin/python" tools/gpu/timings.py "$1" "$dir" "$2" --device "$device" --program "$dir/bin/txt2img"
}

model() { timings model "$1"; }

fused() {
    [[ $device == cuda* ]] || cannot "what is fused for CUDA runs on CUDA alone"
    timings fused "$1"
}

times() {
    [ -d "$dir/models/$1" ] || cannot "there is no model; the stage \"model-$1\" makes it"
    timings times "$1"
}

frames() {
    usable cuda "$device"
    [ -f "$dir/bin/frames" ] || cannot "there is no program; the stage \"build\" makes it with libegl-dev and libopengl-dev"
    local model=$dir/models/$1/fused size=512 steps=20
    [ -d "$model" ] || model=$dir/models/$1/onnx
    [ -z "${SCUMBLE_GPU_SMALL:-}" ] || size=128
    case $1 in
    emblem) model=tests/reference/models/emblem-64 size=64 steps=100 ;;
    turbo) steps=4 ;;
    esac
    [ -d "$model" ] || cannot "there is no model; the stage \"model-$1\" makes it"
    LD_LIBRARY_PATH=$(library_path) ldd "$dir/bin/frames" | grep "not found" && cannot "a library is not found"
    mkdir -p "$dir/results"
    with cuda "$dir/bin/frames" "$model" "$device" $size $steps "${SCUMBLE_GPU_SECONDS:-10}" | tee "$dir/results/part"
    mv "$dir/results/part" "$dir/results/frames-$1.json"
}

table() {
    "$dir/venv/bin/python" tools/gpu/timings.py table "$dir" --device "$device" | tee "$dir/table.md"
}

gather() { # [OPTION…]
    local size="" version packages=() platforms=() platform
    version=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    while [ $# -gt 0 ]; do
        case $1 in
        --split) size=$2 ;;
        --python) version=$2 ;;
        --only) read -ra packages <<<"--no-deps $2" ;;
        *) echo "gather knows no $1" >&2 && exit 2 ;;
        esac
        shift 2
    done
    [ ${#packages[@]} -gt 0 ] || packages=(-r tools/gpu/requirements.txt)
    rm -f "$dir/gathered"
    (build)
    (libraries)
    for platform in manylinux_2_{17..35}_x86_64 manylinux2014_x86_64 manylinux1_x86_64; do platforms+=(--platform "$platform"); done
    python3 -m pip download --quiet --only-binary=:all: --implementation cp --python-version "$version" "${platforms[@]}" \
        --dest "$dir/wheels" "${packages[@]}"
    # Containers with a driver may lack GL's loader.
    mkdir -p "$dir/debs"
    (cd "$dir/debs" && apt-get download libegl1 libglvnd0 libopengl0 libvulkan1) || echo "note: no GL loader was gathered"
    [ -z "$size" ] || find "$dir" -type f -size "+$size" ! -name '*.part-*' | while read -r file; do
        split -b "$size" "$file" "$file.part-" && rm "$file"
    done
    touch "$dir/gathered"
    du -sh "$dir"/*
}

join_parts() {
    find "$dir" -name '*.part-aa' | while read -r first; do
        cat "${first%aa}"* >"${first%.part-aa}.joined"
        mv "${first%.part-aa}.joined" "${first%.part-aa}"
        rm "${first%aa}"*
    done
}

if [ "${1:-}" = gather ]; then
    mkdir -p "${2:?gather needs a folder}"
    dir=$(cd "$2" && pwd)
    gather "${@:3}"
    exit
fi
dir=${1:-target/gpu}
mkdir -p "$dir/log"
dir=$(cd "$dir" && pwd)
shift || true
for stage in "$@"; do rm -f "$dir/log/$stage.done"; done
[ $# -gt 0 ] || set -- "${STAGES[@]}"
join_parts

summary=() failed=0
for stage in "$@"; do
    [[ " ${STAGES[*]} " == *" $stage "* ]] || { echo "there is no stage $stage; expected some of ${STAGES[*]}" >&2; exit 2; }
    log=$dir/log/$stage
    if [ -f "$log.done" ] && [ "$stage" != table ]; then
        summary+=("$stage: done before")
        continue
    fi
    echo "== $stage"
    began=$SECONDS
    command=("$stage")
    declare -F "${stage//-/_}" >/dev/null && command=("${stage//-/_}") || command=("${stage%-*}" "${stage##*-}")
    # Not as a condition: `set -e` would not hold within.
    set +e
    (set -e && "${command[@]}") 2>&1 | tee "$log.log"
    status=${PIPESTATUS[0]}
    set -e
    case $status in
    0) touch "$log.done" && summary+=("$stage: done in $((SECONDS - began)) s") ;;
    77) summary+=("$stage: $(grep "^CANNOT RUN" "$log.log" | tail -1)") ;;
    *) failed=1 && summary+=("$stage: FAILED with status $status, see $log.log") ;;
    esac
done
printf '%s\n' "" "${summary[@]}"
exit $failed
