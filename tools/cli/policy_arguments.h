#ifndef PROVOST_TOOLS_CLI_POLICY_ARGUMENTS_H_
#define PROVOST_TOOLS_CLI_POLICY_ARGUMENTS_H_

#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "policy/parser.h"

namespace provost {

// The policies that a command line names.
struct PolicyArguments {
  std::vector<std::string> files;       // -p
  std::vector<std::string> statements;  // -e: together one policy

  bool empty() const { return files.empty() && statements.empty(); }
};

// Adds -p and -e.
void AddPolicyOptions(CLI::App& command, PolicyArguments& arguments);

// Reads them in order, the files first. Errors have been printed when it returns nothing: the exit
// status is then kExitUsage.
std::optional<std::vector<ParsedPolicy>> LoadPolicies(const PolicyArguments& arguments);

// The files with absolute paths, "snap:" and the like in front kept; "-" stays.
std::vector<std::string> AbsoluteFiles(const std::vector<std::string>& files);

// A policy and what messages call it.
struct NamedPolicy {
  std::string name;  // the file's, or "-e"
  Policy policy;
};

// LoadPolicies with their names, without their warnings.
std::optional<std::vector<NamedPolicy>> LoadNamedPolicies(const PolicyArguments& arguments);

// "FILE:LINE:COLUMN: warning: MESSAGE".
std::string FormatWarning(const PolicyWarning& warning);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_POLICY_ARGUMENTS_H_
