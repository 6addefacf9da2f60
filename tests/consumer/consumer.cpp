// Which library was linked, and whether it has found its ONNX Runtime.
#include <scumble.hpp>

#include <cstdio>

int main() {
    auto loaded = scumble::load_runtime();
    std::printf("%s %s\n", scumble::version(), loaded ? "ready" : loaded.error().text.c_str());
}
