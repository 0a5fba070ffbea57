#include "tools/cli/upgrade.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/unique_fd.h"
#include "nlohmann/json.hpp"
#include "tools/cli/asked_run.h"
#include "tools/cli/usage.h"
#include "tools/control/control_client.h"
#include "tools/ps/supervised_processes.h"

namespace provost {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

// What the successor may take to be there, and how often it is looked for.
constexpr std::chrono::seconds kSuccession(60);
constexpr int kLookMilliseconds = 20;

struct UpgradeArguments {
  pid_t run = 0;
  std::optional<std::string> binary;
};

// The path of the program that the supervisor executed; another file may be there by now.
absl::StatusOr<std::string> ProgramOf(pid_t supervisor) {
  std::error_code error;
  const std::string link =
      std::filesystem::read_symlink(absl::StrCat("/proc/", supervisor, "/exe"), error);
  if (error) {
    return absl::UnavailableError("its program is not to be seen: name one with --binary");
  }
  return std::string(absl::StripSuffix(link, " (deleted)"));
}

absl::StatusOr<Json> Status(const RunAddress& run) {
  absl::StatusOr<ControlClient> client = Connect(run);
  if (!client.ok()) return client.status();
  return client->Ask({{"request", "status"}}, kAnswerPatience);
}

// Waits until a program has gone on with the run that `before` had not.
absl::StatusOr<Json> AwaitSuccessor(const RunAddress& run, const UniqueFd& supervisor,
                                    uint64_t before) {
  const Clock::time_point deadline = Clock::now() + kSuccession;
  pollfd end = {.fd = supervisor.get(), .events = POLLIN, .revents = 0};
  while (Clock::now() < deadline) {
    absl::StatusOr<Json> now = Status(run);
    if (now.ok() && now->value("resumed", uint64_t{0}) > before) return now;
    // The next program is the same process.
    if (poll(&end, 1, kLookMilliseconds) > 0) {
      return absl::UnavailableError("the run ended, in this program or another");
    }
  }
  return absl::DeadlineExceededError("nothing came of it so far; it may wait for its log");
}

absl::StatusOr<std::string> Upgrade(const RunAddress& run, const UpgradeArguments& arguments) {
  std::string binary;
  if (arguments.binary) {
    binary = std::filesystem::absolute(*arguments.binary).lexically_normal();
  } else {
    absl::StatusOr<std::string> program = ProgramOf(run.supervisor);
    if (!program.ok()) return program.status();
    binary = *std::move(program);
  }
  if (access(binary.c_str(), X_OK) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(binary, " cannot be executed"));
  }
  absl::StatusOr<ControlClient> client = Connect(run);
  if (!client.ok()) return client.status();
  const UniqueFd supervisor(static_cast<int>(syscall(SYS_pidfd_open, run.supervisor, 0)));
  const absl::StatusOr<Json> answer =
      client->Ask({{"request", "upgrade"}, {"binary", binary}}, kAnswerPatience);
  if (!answer.ok()) return answer.status();
  const absl::StatusOr<Json> status =
      AwaitSuccessor(run, supervisor, answer->value("resumed", uint64_t{0}));
  if (!status.ok()) return status.status();
  const std::string failure = status->value("upgrade-failure", std::string());
  if (!failure.empty()) return absl::FailedPreconditionError(failure);
  return binary;
}

int Run(const UpgradeArguments& arguments) {
  const absl::StatusOr<RunAddress> run = FindRun(arguments.run);
  if (!run.ok()) {
    Complain(std::string(run.status().message()));
    return kExitUsage;
  }
  const absl::StatusOr<std::string> binary = Upgrade(*run, arguments);
  if (!binary.ok()) return Fail(*run, binary.status());
  std::cout << "run " << run->supervisor << " goes on in " << *binary << std::endl;
  return 0;
}

}  // namespace

void AddUpgradeCommand(CLI::App& app, std::function<int()>& chosen) {
  auto arguments = std::make_shared<UpgradeArguments>();
  CLI::App* command =
      app.add_subcommand("upgrade", "have another provost go on with a run, in place");
  command->formatter(HelpWithUsage("provost upgrade RUN [--binary PATH]"));
  AddRunArgument(*command, arguments->run);
  command
      ->add_option("--binary", arguments->binary,
                   "the program (default: the one that is installed where the run's own was)")
      ->type_name("PATH");
  command->callback([&chosen, arguments] { chosen = [arguments] { return Run(*arguments); }; });
}

}  // namespace provost
