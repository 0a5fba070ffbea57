// SIGKILL at each kind of stop: the run goes on, nobody is left stopped, nothing is decided for the
// dead.

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "policy/decider.h"
#include "tests/support/sinks.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

// True if `tid` stands in a ptrace-stop, or has ended.
bool Stands(pid_t tid) {
  const std::string stat = ReadFile(absl::StrCat("/proc/", tid, "/stat"));
  const size_t state = stat.rfind(')');
  return state == std::string::npos || state + 2 >= stat.size() ||
         absl::string_view("tTZX").find(stat[state + 2]) != absl::string_view::npos;
}

// Lets everything through. At getpgid(PID) it lets PID go on (killed_at_stop.c), waits until that
// stands at a stop that the supervisor, which waits for us, has not seen, and kills it there.
class KillingDecider final : public Decider {
 public:
  Decision Decide(const SyscallRequest& request, ArgumentReader& /*arguments*/) override {
    if (request.IsX86_64() && request.nr == SYS_getpgid) {
      const auto pid = static_cast<pid_t>(request.args[0]);
      EXPECT_EQ(kill(pid, SIGUSR2), 0);
      while (!Stands(pid)) sched_yield();
      EXPECT_EQ(kill(pid, SIGKILL), 0);
      ++killed_;
    }
    return {Allow{}, RecordWish::kUnsaid, "let through"};
  }
  int killed() const { return killed_; }

 private:
  int killed_ = 0;
};

class DeathAtStopTest : public testing::TestWithParam<const char*> {};

TEST_P(DeathAtStopTest, IsTheEndOfThatTaskAlone) {
  // Only what the victim does to be stopped stops, and getpgid.
  for (int i = 0; i < 20; ++i) {
    KillingDecider decider;
    Options options = OptionsOf({"log getppid, getpgid"});
    options.decider = &decider;
    EXPECT_THAT(RunSupervised(options, {Victim("killed_at_stop"), GetParam()}), Succeeded());
    EXPECT_EQ(decider.killed(), 1);
    errno = 0;
    EXPECT_EQ(waitpid(-1, nullptr, __WALL | __WNOTHREAD | WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, DeathAtStopTest,
                         testing::Values("signal", "fork", "vfork", "clone", "exec", "seccomp",
                                         "stop-signal", "group"),
                         [](const testing::TestParamInfo<const char*>& test) {
                           std::string name = test.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

// Kills the task whose call is being recorded: at its seccomp stop, or at its exit stop where the
// result is.
class KillingSink final : public AuditSink {
 public:
  absl::Status Write(const Event& event) override {
    const auto* decision = std::get_if<DecisionEvent>(&event);
    if (decision == nullptr) return absl::OkStatus();
    EXPECT_EQ(kill(decision->identity->pid, SIGKILL), 0);
    return absl::OkStatus();
  }
  absl::Status Flush() override { return absl::OkStatus(); }
};

TEST(DeathAtRecordTest, IsTheOutcome) {
  for (const char* rule :
       {"log getppid", "log getppid log result", "deny EPERM getppid log", "trap getppid log",
        "kill thread getppid log", "rewrite getppid set arg0 = 5 log result"}) {
    KillingSink sink;
    Options options = OptionsOf({rule});
    options.sink = &sink;
    options.record_run = false;
    EXPECT_THAT(RunSupervised(options, {Victim("getppid_answers"), "0"}),
                EndedWith(KilledBy{SIGKILL}))
        << rule;
  }
}

}  // namespace
}  // namespace provost
