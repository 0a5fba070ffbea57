#ifndef PROVOST_TOOLS_CLI_RELOAD_H_
#define PROVOST_TOOLS_CLI_RELOAD_H_

#include <functional>

#include "CLI/CLI.hpp"

namespace provost {

// Adds `provost reload`. When the command line chose it, `chosen` is set to what does it and
// returns the exit status.
void AddReloadCommand(CLI::App& app, std::function<int()>& chosen);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_RELOAD_H_
