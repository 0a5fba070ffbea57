#ifndef PROVOST_TOOLS_CLI_REPORT_H_
#define PROVOST_TOOLS_CLI_REPORT_H_

#include <functional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"

namespace provost {

// Adds `provost report`. When the command line chose it, `chosen` is set to what does it and
// returns the exit status.
void AddReportCommand(CLI::App& app, std::function<int()>& chosen);

// The words behind `provost report` with the options of ausearch as CLI11 can take them: "-sc open"
// becomes "--syscall=open", and a date and a time behind -ts become one word. What is no such
// option stays as it is.
std::vector<std::string> AcceptAusearchOptions(const std::vector<std::string>& words);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_REPORT_H_
