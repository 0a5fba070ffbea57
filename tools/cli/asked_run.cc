#include "tools/cli/asked_run.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "tools/cli/usage.h"

namespace provost {

void AddRunArgument(CLI::App& command, pid_t& run) {
  command
      .add_option("run", run,
                  "the run: its supervisor's process id, or that of any of its processes "
                  "(`provost ps` lists both)")
      ->type_name("RUN")
      ->required()
      ->check(WholeNumber(1, std::numeric_limits<pid_t>::max()));
}

absl::StatusOr<ControlClient> Connect(const RunAddress& run) {
  return ControlClient::Connect(run.socket, run.supervisor, run.owner);
}

int Fail(const RunAddress& run, const absl::Status& status) {
  Complain(absl::StrCat("supervisor ", run.supervisor, ": ", status.message()));
  return absl::IsFailedPrecondition(status) ? kExitRefused : kExitFailure;
}

}  // namespace provost
