#include "script.hpp"

#include <fstream>

bool Script::load(const char *path) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        size_t space = line.find(' ');
        if (line.empty()) continue;
        commands.emplace_back(line.substr(0, space), space == std::string::npos ? "" : line.substr(space + 1));
    }
    return file.eof() && !commands.empty();
}
