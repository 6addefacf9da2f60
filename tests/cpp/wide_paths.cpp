// A path of Windows, which is UTF-16 there, is UTF-8 where the library reads it. Runs without the library.
#include <scumble.hpp>

#include <cstdio>
#include <cstring>

int main() {
    const std::filesystem::path path = std::filesystem::path(L"Mod\u00e8le") / L"\u6a21\u578b" / L"\U0001F34E";
    const scumble::Path given(path);
    const bool same = std::strcmp(given.get(), "Mod\xC3\xA8le\\\xE6\xA8\xA1\xE5\x9E\x8B\\\xF0\x9F\x8D\x8E") == 0;
    if (!same) std::fprintf(stderr, "%s\n", given.get());
    return same ? 0 : 1;
}
