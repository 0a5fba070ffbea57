#ifndef PROVOST_TOOLS_CLI_EMULATORS_H_
#define PROVOST_TOOLS_CLI_EMULATORS_H_

#include <functional>

#include "CLI/CLI.hpp"

namespace provost {

// Adds `provost emulators`. When the command line chose it, `chosen` is set to what does it and
// returns the exit status.
void AddEmulatorsCommand(CLI::App& app, std::function<int()>& chosen);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_EMULATORS_H_
