#ifndef PROVOST_TOOLS_CLI_ASKED_RUN_H_
#define PROVOST_TOOLS_CLI_ASKED_RUN_H_

#include <sys/types.h>

#include <chrono>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/control/control_client.h"
#include "tools/ps/supervised_processes.h"

// What commands have in common that ask something of a run which goes on.

namespace provost {

// How long a run may take to answer.
inline constexpr std::chrono::milliseconds kAnswerPatience(10'000);

// The command's RUN.
void AddRunArgument(CLI::App& command, pid_t& run);

// Errors are those of ControlClient::Connect.
absl::StatusOr<ControlClient> Connect(const RunAddress& run);

// Says what went wrong with `run`; returns the status to exit with.
int Fail(const RunAddress& run, const absl::Status& status);

}  // namespace provost

#endif  // PROVOST_TOOLS_CLI_ASKED_RUN_H_
