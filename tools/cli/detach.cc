#include "tools/cli/detach.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "nlohmann/json.hpp"
#include "syscalls/constants.h"
#include "tools/cli/asked_run.h"
#include "tools/cli/usage.h"
#include "tools/control/control_client.h"
#include "tools/ps/supervised_processes.h"

namespace provost {
namespace {

using Json = nlohmann::json;

struct DetachArguments {
  pid_t run = 0;
  bool kill = false;
  bool unsafe_release = false;
  std::optional<std::string> refuse;
};

// What leaving would mean for the tree.
void Warn(const Json& meaning) {
  const auto harden = meaning.value("harden", uint64_t{0});
  Complain(absl::StrCat(
      "released tasks keep their filter for ever, and calls that stop for provost give ENOSYS: "
      "those of ",
      meaning.value("traced", uint64_t{0}), " of ", meaning.value("rules", uint64_t{0}), " rules, ",
      harden > 0 ? absl::StrCat("those of ", harden, " rules of hardening, ") : "",
      "and every execve that is not plainly allowed"));
}

// Waits until the supervisor has ended.
void AwaitEnd(const UniqueFd& supervisor) {
  pollfd end = {.fd = supervisor.get(), .events = POLLIN, .revents = 0};
  while (poll(&end, 1, -1) < 0 && errno == EINTR) {
  }
}

int Detach(const DetachArguments& arguments) {
  std::optional<int> refuse;
  if (arguments.refuse) {
    refuse = ErrnoByName(*arguments.refuse);
    if (!refuse) {
      Complain(absl::StrCat("--refuse: `", *arguments.refuse, "` is no errno; name one as EPERM"));
      return kExitUsage;
    }
  }
  const absl::StatusOr<RunAddress> run = FindRun(arguments.run);
  if (!run.ok()) {
    Complain(std::string(run.status().message()));
    return kExitUsage;
  }
  absl::StatusOr<ControlClient> client = Connect(*run);
  if (!client.ok()) return Fail(*run, client.status());
  const UniqueFd supervisor(static_cast<int>(syscall(SYS_pidfd_open, run->supervisor, 0)));
  const absl::StatusOr<Json> meaning = client->Ask({{"request", "detach"}}, kAnswerPatience);
  if (!meaning.ok()) return Fail(*run, meaning.status());
  if (!arguments.kill) Warn(*meaning);
  if (!arguments.kill && !arguments.unsafe_release) {
    Complain(
        "nothing was done; say --kill to end the tree, or --unsafe-release to let it run on so");
    return kExitUsage;
  }
  Json request = {{"request", "detach"}, {"how", arguments.kill ? "kill" : "release"}};
  if (refuse) request["refuse"] = *refuse;
  if (const absl::StatusOr<Json> answer = client->Ask(request, kAnswerPatience); !answer.ok()) {
    return Fail(*run, answer.status());
  }
  if (supervisor.valid()) AwaitEnd(supervisor);
  std::cout << "run " << run->supervisor << (arguments.kill ? " was killed" : " was released")
            << std::endl;
  return 0;
}

}  // namespace

void AddDetachCommand(CLI::App& app, std::function<int()>& chosen) {
  auto arguments = std::make_shared<DetachArguments>();
  CLI::App* command = app.add_subcommand("detach", "end the supervision of a run that goes on");
  command->formatter(HelpWithUsage("provost detach RUN --kill|--unsafe-release [options]"));
  AddRunArgument(*command, arguments->run);
  CLI::Option* kill = command->add_flag("--kill", arguments->kill, "kill every task");
  CLI::Option* release =
      command->add_flag("--unsafe-release", arguments->unsafe_release,
                        "let every task run on, undecided and unrecorded; its filter stays, and "
                        "what stopped for provost gives ENOSYS");
  release->excludes(kill);
  command
      ->add_option("--refuse", arguments->refuse,
                   "calls that wait for a decision at that moment fail with ERRNO (default: they "
                   "are decided)")
      ->type_name("ERRNO")
      ->needs(release);
  command->callback([&chosen, arguments] { chosen = [arguments] { return Detach(*arguments); }; });
}

}  // namespace provost
