// With a library of another ABI, everything that begins says so, and calls nothing that the library might do.
#include <scumble.hpp>

#include <cstdio>

template <class T>
static bool says_so(const char *call, const scumble::Result<T> &answer) {
    const bool said = answer.status() == SCUMBLE_STATUS_ABI_MISMATCH &&
                      answer.error().text.find("Scumble 7.0.0, speaks version 7 of the ABI") != std::string::npos;
    if (!said) std::fprintf(stderr, "%s: %s\n", call, answer ? "a success" : answer.error().text.c_str());
    return said;
}

int main() {
    const bool said = says_so("create", scumble::Context::create("model")) &&
                      says_so("load_runtime", scumble::load_runtime()) &&
                      says_so("add_provider", scumble::add_provider("provider")) && says_so("devices", scumble::devices()) &&
                      says_so("next_log_entry", scumble::next_log_entry()) && says_so("shutdown", scumble::shutdown());
    return said ? 0 : 1;
}
