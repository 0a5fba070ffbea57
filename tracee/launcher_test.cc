#include "tracee/launcher.h"

#include <signal.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "tracee/died.h"
#include "tracee/stop.h"
#include "tracee/waiter.h"

namespace provost {
namespace {

struct Ending {
  LaunchFailure failure;
  std::optional<TaskEnd> end;
  int execs = 0;
};

// Starts a program and lets it do whatever it likes.
absl::StatusOr<Ending> RunToEnd(const LaunchSpec& spec) {
  absl::StatusOr<Launcher> launcher = Launcher::Start(spec);
  if (!launcher.ok()) return launcher.status();
  Ending run;
  Waiter waiter;
  while (true) {
    absl::StatusOr<WaitResult> result = waiter.Next();
    if (!result.ok()) return result.status();
    if (std::holds_alternative<NoTasks>(*result)) break;
    if (const auto* ended = std::get_if<EndedTask>(&*result)) {
      if (ended->tid == launcher->pid()) run.end = ended->end;
      continue;
    }
    auto& stop = std::get<StoppedTask>(*result);
    if (std::holds_alternative<ExecStop>(stop.event)) ++run.execs;
    const auto* signal = std::get_if<SignalStop>(&stop.event);
    const absl::Status status =
        std::move(stop.stopped).Restart(Resume::Continue(signal != nullptr ? signal->signal : 0));
    if (!status.ok() && !IsDied(status)) return status;
  }
  run.failure = launcher->Failure();
  return run;
}

TEST(Launcher, RunsAProgramFoundInPath) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const Ending run, RunToEnd({.argv = {"sh", "-c", "exit 7"}}));
  EXPECT_EQ(run.execs, 1);
  ASSERT_TRUE(run.end.has_value());
  EXPECT_EQ(*run.end, TaskEnd(Exited{7}));
}

TEST(Launcher, SaysWhyAProgramDidNotStart) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const Ending missing, RunToEnd({.argv = {"/no/such/program"}}));
  EXPECT_EQ(missing.execs, 0);
  EXPECT_EQ(missing.failure.step, LaunchFailure::Step::kExec);
  EXPECT_EQ(missing.failure.error, ENOENT);

  PROVOST_ASSERT_OK_AND_ASSIGN(const Ending directory, RunToEnd({.argv = {"/"}}));
  EXPECT_EQ(directory.failure.step, LaunchFailure::Step::kExec);
  EXPECT_EQ(directory.failure.error, EACCES);
}

TEST(Launcher, SaysWhyAFilterWasRefused) {
  // A filter must end in a return.
  const std::vector<sock_filter> bad = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0)};
  PROVOST_ASSERT_OK_AND_ASSIGN(const Ending run, RunToEnd({.argv = {"true"}, .filters = {bad}}));
  EXPECT_EQ(run.failure.step, LaunchFailure::Step::kFilter);
  EXPECT_EQ(run.failure.error, EINVAL);
}

TEST(Launcher, ReportsDeathBySignal) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const Ending run, RunToEnd({.argv = {"sh", "-c", "kill -KILL $$"}}));
  ASSERT_TRUE(run.end.has_value());
  EXPECT_EQ(*run.end, TaskEnd(KilledBy{SIGKILL, false}));
}

TEST(Launcher, NeedsAProgram) {
  EXPECT_THAT(Launcher::Start({}), StatusIs(absl::StatusCode::kInvalidArgument, testing::_));
}

TEST(Launcher, GivesTheProgramTheSignalsItWasPromised) {
  const SignalState before = SignalState::Capture();
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction old = {};
  ASSERT_EQ(sigaction(SIGUSR1, &ignore, &old), 0);
  // A shell cannot trap a signal that was ignored when it started, so this ends in 0 only if it was
  // not.
  const std::vector<std::string> argv = {"sh", "-c", "trap 'exit 0' USR1; kill -USR1 $$; exit 1"};
  PROVOST_ASSERT_OK_AND_ASSIGN(const Ending restored, RunToEnd({.argv = argv, .signals = before}));
  PROVOST_ASSERT_OK_AND_ASSIGN(const Ending inherited, RunToEnd({.argv = argv}));
  sigaction(SIGUSR1, &old, nullptr);
  EXPECT_EQ(*restored.end, TaskEnd(Exited{0}));
  EXPECT_EQ(*inherited.end, TaskEnd(Exited{1}));
}

}  // namespace
}  // namespace provost
