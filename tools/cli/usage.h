#ifndef PROVOST_TOOLS_CLI_USAGE_H_
#define PROVOST_TOOLS_CLI_USAGE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"

namespace provost {

// Exit statuses of provost itself; everything else is the supervised program's (128 + n for a
// signal).
inline constexpr int kExitRefused = 1;      // a run that goes on refused what it was asked
inline constexpr int kExitUsage = 2;        // wrong options, a policy with an error
inline constexpr int kExitLossy = 3;        // a policy that its target cannot say as a whole
inline constexpr int kExitFailure = 125;    // provost could not do its work
inline constexpr int kExitCannotRun = 126;  // the program exists but cannot be executed
inline constexpr int kExitNotFound = 127;   // the program does not exist
inline constexpr int kExitSignalBase = 128;

inline constexpr char kVersion[] = "0.1.0";

// Prints "provost: MESSAGE" on standard error. In this and PrintError control characters other than
// newlines and tabs are shown as escapes.
void Complain(const std::string& message);

// Prints a message that names its own place.
void PrintError(const std::string& text);

// Lets decimal digits through whose number lies in this range, and nothing else: CLI11 itself takes
// -1 for 2^64-1 and 010 for 8.
CLI::Validator WholeNumber(uint64_t least = 0, uint64_t most = UINT64_MAX);

// Help text that opens with `usage` as it stands.
std::shared_ptr<CLI::Formatter> HelpWithUsage(std::string usage);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_USAGE_H_
