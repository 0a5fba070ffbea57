#ifndef PROVOST_TOOLS_CLI_RUN_H_
#define PROVOST_TOOLS_CLI_RUN_H_

#include <functional>

#include "CLI/CLI.hpp"

namespace provost {

// Adds `provost run`. When the command line chose it, `chosen` is set to what does it and returns
// the exit status.
void AddRunCommand(CLI::App& app, std::function<int()>& chosen);
// `provost attach`.
void AddAttachCommand(CLI::App& app, std::function<int()>& chosen);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_RUN_H_
