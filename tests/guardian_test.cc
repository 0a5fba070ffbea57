// The guardian ends a supervisor that hangs, and nobody else.

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "audit/file_sink.h"
#include "gtest/gtest.h"
#include "tests/support/provost_run.h"
#include "tests/support/subprocess.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

// At the first call it does `what`, on the tracing thread.
class OnceDecider final : public Decider {
 public:
  explicit OnceDecider(std::function<void()> what) : what_(std::move(what)) {}
  Decision Decide(const SyscallRequest& /*request*/, ArgumentReader& /*arguments*/) override {
    if (!std::exchange(done_, true)) what_();
    return {Allow{}, RecordWish::kUnsaid, "let through"};
  }

 private:
  std::function<void()> what_;
  bool done_ = false;
};

GuardianOptions Quick(const std::string& log) {
  GuardianOptions guardian;
  guardian.tick = std::chrono::milliseconds(20);
  guardian.ticks = 5;
  guardian.open_sink = [log]() -> std::unique_ptr<AuditSink> {
    auto sink = FileSink::Open(log);
    return sink.ok() ? *std::move(sink) : nullptr;
  };
  return guardian;
}

// The one child of `pid` of that name; 0 if there is none.
pid_t ChildNamed(pid_t pid, const std::string& name) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    pid_t child = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &child)) continue;
    const std::string status = ReadFile(absl::StrCat("/proc/", child, "/status"));
    if (absl::StartsWith(status, absl::StrCat("Name:\t", name, "\n")) &&
        absl::StrContains(status, absl::StrCat("\nPPid:\t", pid, "\n"))) {
      return child;
    }
  }
  return 0;
}

// How often a process has slept: a guardian does once a tick.
int64_t Sleeps(pid_t pid) {
  const std::string status = ReadFile(absl::StrCat("/proc/", pid, "/status"));
  const std::string field = "\nvoluntary_ctxt_switches:\t";
  const size_t at = status.find(field);
  int64_t count = -1;
  if (at == std::string::npos) return -1;
  const size_t start = at + field.size();
  return absl::SimpleAtoi(status.substr(start, status.find('\n', start) - start), &count) ? count
                                                                                          : -1;
}

// Returns once the guardian has slept so often more; false if it is gone.
bool AwaitTicks(pid_t guardian, int ticks) {
  const int64_t before = Sleeps(guardian);
  int64_t now = before;
  while (now >= 0 && now < before + ticks) {
    sched_yield();
    now = Sleeps(guardian);
  }
  return now >= 0;
}

// Runs a victim in a process of its own; returns how that ended and nothing of the tree is left.
int SuperviseElsewhere(const GuardianOptions& guardian, const char* victim,
                       const std::function<void()>& at_first_call) {
  std::array<int, 2> fds = {-1, -1};
  EXPECT_EQ(pipe(fds.data()), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    close(fds[0]);
    OnceDecider decider(at_first_call);
    Options options = OptionsOf({"log getppid"});
    options.decider = &decider;
    options.guardian = guardian;
    const auto outcome =
        Supervisor(std::move(options)).Run({Victim(victim), std::to_string(getpid())});
    const bool succeeded = outcome.ok() && std::holds_alternative<Exited>(*outcome) &&
                           std::get<Exited>(*outcome).code == 0;
    _exit(succeeded ? 17 : 18);
  }
  close(fds[1]);
  // Supervisor, guardian and tree hold the other end.
  char byte = 0;
  EXPECT_EQ(read(fds[0], &byte, 1), 0);
  close(fds[0]);
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  return status;
}

TEST(GuardianTest, KillsAndRecordsAHungSupervisor) {
  const std::string log = TemporaryPath("hung.log");
  const int status = SuperviseElsewhere(Quick(log), "getppid_answers", [] {
    while (true) pause();
  });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  const std::string records = ReadFile(log);
  EXPECT_TRUE(absl::StartsWith(records, "type=SERVICE_STOP ")) << records;
  EXPECT_TRUE(absl::StrContains(records, "op=supervisor-hung ")) << records;
  EXPECT_TRUE(absl::StrContains(records, "res=failed")) << records;
}

TEST(GuardianTest, ASupervisorAtWorkAllTheTimeIsNotHung) {
  const std::string log = TemporaryPath("busy.log");
  Options options = OptionsOf({"default log log result"});
  options.guardian = Quick(log);
  EXPECT_THAT(RunSupervised(options, {Victim("fork_nested_200")}), Succeeded());
  EXPECT_FALSE(std::filesystem::exists(log));
}

TEST(GuardianTest, AStoppedSupervisorIsNotHung) {
  const std::string log = TemporaryPath("stopped.log");
  const int status = SuperviseElsewhere(Quick(log), "getppid_answers", [] {
    const pid_t self = getpid();
    const pid_t guardian = ChildNamed(self, "provost-guard");
    if (guardian == 0) _exit(19);
    const pid_t waker = fork();
    if (waker == 0) {
      // The supervisor is stopped in the middle of its work for three times its guardian's
      // patience.
      if (kill(self, SIGSTOP) != 0) _exit(1);
      const bool there = AwaitTicks(guardian, 15);
      kill(self, SIGCONT);
      _exit(there ? 0 : 1);
    }
    int waked = 0;
    if (waitpid(waker, &waked, 0) != waker || waked != 0) _exit(20);
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 17) << status;
  EXPECT_FALSE(std::filesystem::exists(log));
}

TEST(GuardianTest, ASupervisorThatWaitsIsNotHungAndIsBeyondTheTasksGroup) {
  Subprocess provost(
      CommandLine({"--guardian", "1", "-e", "default log"}, {Victim("ready_then_pause")}));
  ASSERT_TRUE(provost.AwaitOutput("READY"));
  const pid_t guardian = ChildNamed(provost.pid(), "provost-guard");
  ASSERT_NE(guardian, 0);
  EXPECT_NE(getsid(guardian), getsid(provost.pid()));
  EXPECT_NE(getpgid(guardian), getpgid(provost.pid()));
  // Three seconds of a patience of one.
  EXPECT_TRUE(AwaitTicks(guardian, 3));
  EXPECT_EQ(kill(provost.pid(), SIGTERM), 0);
  const Ended ended = provost.Wait();
  EXPECT_EQ(ended.exit_code, 128 + SIGTERM) << ended;
  EXPECT_EQ(kill(guardian, 0), -1) << "the guardian outlives its supervisor";
}

TEST(GuardianTest, ItsOwnDeathIsSaid) {
  Subprocess provost(
      CommandLine({"--guardian", "60", "-e", "default log"}, {Victim("ready_then_pause")}));
  ASSERT_TRUE(provost.AwaitOutput("READY"));
  const pid_t guardian = ChildNamed(provost.pid(), "provost-guard");
  ASSERT_NE(guardian, 0);
  EXPECT_EQ(kill(guardian, SIGKILL), 0);
  // Its end is its supervisor's to wait for.
  const std::string status = absl::StrCat("/proc/", guardian, "/status");
  while (!absl::StrContains(ReadFile(status), "State:\tZ")) sched_yield();
  EXPECT_EQ(kill(provost.pid(), SIGTERM), 0);
  const Ended ended = provost.Wait();
  EXPECT_TRUE(absl::StrContains(ended.err, "the guardian was killed")) << ended;
}

TEST(GuardianTest, IsBeyondTheTasksReach) {
  // Every child of provost but the shell itself, by its number and by its group's; what dies is
  // waited for.
  constexpr char kKills[] =
      "read children </proc/$PPID/task/$PPID/children; for child in $children; do "
      "[ $child = $$ ] || { kill -9 $child || kill -9 -$child && "
      "until grep -q '^State:.Z' /proc/$child/status; do :; done; }; done 2>&1; echo over";
  for (const bool hardened : {true, false}) {
    std::vector<std::string> options = {"--guardian", "60"};
    if (!hardened) options.emplace_back("--unsafe-harden-off");
    options.insert(options.end(), {"-e", "default log"});
    const Ended ended = Provost(options, {"/bin/bash", "-c", kKills});
    EXPECT_EQ(ended.exit_code, 0) << ended;
    EXPECT_TRUE(absl::StrContains(ended.out, "over\n")) << ended;
    EXPECT_EQ(absl::StrContains(ended.err, "the guardian was killed"), !hardened) << ended;
  }
}

TEST(GuardianTest, ItsPatienceIsANumberOfSeconds) {
  for (const char* wrong : {"0", "-1", "soon", "86401"}) {
    const Ended ended = Provost({"--guardian", wrong}, {Victim("succeeds")});
    EXPECT_EQ(ended.exit_code, 2) << ended;
    EXPECT_TRUE(absl::StrContains(ended.err, "--guardian")) << ended;
  }
}

}  // namespace
}  // namespace provost
