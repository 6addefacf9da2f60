// A user who types from a file, one command a line, for tests and screenshots:
//
//   type TEXT | paint | cancel | seed N        as on the keyboard
//   wait MS | wait-step N | wait-idle          until then; wait-idle: done, failed or cancelled
//   screenshot FILE | picture FILE | quit
#pragma once
#include <deque>
#include <string>
#include <utility>

class Script {
public:
    using Command = std::pair<std::string, std::string>; // what, and its argument

    bool load(const char *path);
    bool empty() const { return commands.empty(); }
    const Command &next() const { return commands.front(); }
    void pop() { commands.pop_front(); }

private:
    std::deque<Command> commands;
};
