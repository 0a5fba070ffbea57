#include "tools/cli/adopt.h"

#include <sys/types.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "nlohmann/json.hpp"
#include "tools/cli/adoption.h"
#include "tools/cli/asked_run.h"
#include "tools/cli/usage.h"
#include "tools/control/control_client.h"
#include "tools/ps/supervised_processes.h"

namespace provost {
namespace {

using Json = nlohmann::json;

// Returns only if it cannot be.
absl::Status Adopt(const RunAddress& run) {
  // Tasks of another user, or of one with fewer rights, would have a supervisor with others.
  if (geteuid() != run.owner) {
    return absl::InvalidArgumentError(absl::StrCat("it is user ", run.owner,
                                                   "'s, and you are user ", geteuid(),
                                                   ": adopt it as that one (setpriv --reuid)"));
  }
  PROVOST_ASSIGN_OR_RETURN(ControlClient client, Connect(run));
  PROVOST_ASSIGN_OR_RETURN(const Json answer,
                           client.Ask({{"request", "succession"}}, kAnswerPatience));
  return BecomeSuccessor({.supervisor = run.supervisor, .owner = run.owner, .socket = run.socket},
                         answer.value("succession", std::string()));
}

int Run(pid_t named) {
  const absl::StatusOr<RunAddress> run = FindRun(named);
  if (!run.ok()) {
    Complain(std::string(run.status().message()));
    return kExitUsage;
  }
  const absl::Status status = Adopt(*run);
  const int exit = Fail(*run, status);
  return absl::IsInvalidArgument(status) ? kExitUsage : exit;
}

}  // namespace

void AddAdoptCommand(CLI::App& app, std::function<int()>& chosen) {
  auto run = std::make_shared<pid_t>(0);
  CLI::App* command =
      app.add_subcommand("adopt", "take a run over from its supervisor, and go on with it here");
  command->formatter(HelpWithUsage("provost adopt RUN"));
  command->footer(
      "The tasks stand still for some milliseconds, and go on as after any stop. What the command\n"
      "line of the run said holds on; the supervisor it had ends with status 0. This process is\n"
      "its supervisor then, with the program's exit status. It takes a cgroup v2 that can be\n"
      "written. docs/LEAVING.md says what a program can see of it.");
  AddRunArgument(*command, *run);
  command->callback([&chosen, run] { chosen = [run] { return Run(*run); }; });
}

}  // namespace provost
