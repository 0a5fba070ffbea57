#ifndef PROVOST_TOOLS_CLI_FUZZ_H_
#define PROVOST_TOOLS_CLI_FUZZ_H_

#include <functional>

#include "CLI/CLI.hpp"

namespace provost {

// Adds `provost fuzz policy`. `chosen` gets what to run if the command line asks for it.
void AddFuzzCommand(CLI::App& app, std::function<int()>& chosen);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_FUZZ_H_
