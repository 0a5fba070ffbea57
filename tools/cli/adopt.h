#ifndef PROVOST_TOOLS_CLI_ADOPT_H_
#define PROVOST_TOOLS_CLI_ADOPT_H_

#include <functional>

#include "CLI/CLI.hpp"

namespace provost {

// `provost adopt`: takes a run over from its supervisor.
void AddAdoptCommand(CLI::App& app, std::function<int()>& chosen);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_ADOPT_H_
