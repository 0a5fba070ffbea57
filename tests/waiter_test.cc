// A number that another thread takes over: of a stop that was under it nothing is left.

#include "tracee/waiter.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/status_matchers.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "tests/support/victims.h"
#include "tests/support/watchdog.h"
#include "tracee/died.h"
#include "tracee/launcher.h"
#include "tracee/registers.h"
#include "tracee/stop.h"

namespace provost {
namespace {

const std::string kGetppid = std::to_string(SYS_getppid);

std::vector<sock_filter> TraceGetppid() {
  return {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
}

// The victim, and its tasks at their calls.
class TakenOver : public testing::Test {
 protected:
  void Start(int others) {
    std::array<int, 2> ends;
    ASSERT_EQ(pipe(ends.data()), 0);
    const UniqueFd read_end(ends[0]);
    go_ = UniqueFd(ends[1]);
    ASSERT_EQ(fcntl(go_.get(), F_SETFD, FD_CLOEXEC), 0);
    PROVOST_ASSERT_OK_AND_ASSIGN(
        Launcher launcher,
        Launcher::Start({.argv = {Victim("execs_over_stopped_leader"), std::to_string(others),
                                  std::to_string(read_end.get())},
                         .filters = {TraceGetppid()}}));
    leader_ = launcher.pid();
  }

  // Lets the tasks go on until so many of them are at their calls, and none of that was taken. The
  // thread that is to run execve has begun then, too.
  void AwaitAllAtCalls(size_t tasks) {
    while (kept_.size() < tasks || begun_ < tasks) Keep();
    for (auto& [tid, stopped] : kept_) {
      callers_.push_back(tid);
      PROVOST_ASSERT_OK(std::move(stopped).Restart(Resume::Continue()));
    }
    kept_.clear();
    while (!std::all_of(callers_.begin(), callers_.end(), IsAtCall)) sched_yield();
  }

  static bool IsAtCall(pid_t tid) {
    const std::string proc = "/proc/" + std::to_string(tid);
    const std::string stat = ReadFile(proc + "/stat");
    const size_t name_end = stat.rfind(") ");
    const bool is_stopped = name_end != std::string::npos && stat[name_end + 2] == 't';
    return is_stopped && ReadFile(proc + "/syscall").starts_with(kGetppid + " ");
  }

  // Takes one event, and keeps the stop if it is a call's.
  void Keep() {
    PROVOST_ASSERT_OK_AND_ASSIGN(WaitResult result, waiter_.Next());
    auto* stop = std::get_if<StoppedTask>(&result);
    ASSERT_NE(stop, nullptr);
    if (std::holds_alternative<TrapStop>(stop->event)) ++begun_;
    if (!std::holds_alternative<SeccompStop>(stop->event)) {
      PROVOST_ASSERT_OK(std::move(stop->stopped).Restart(Resume::Continue()));
      return;
    }
    const pid_t tid = stop->stopped.tid();
    kept_.emplace(tid, std::move(stop->stopped));
  }

  // Waits, taking nothing, until the kernel has something new to say of the leader.
  void AwaitExec() {
    go_ = UniqueFd();
    siginfo_t info = {};
    ASSERT_EQ(waitid(P_PID, leader_, &info, WSTOPPED | WEXITED | WNOWAIT | __WALL), 0);
  }

  // The next that is said of the leader; others come in between.
  std::optional<StopEvent> NextOfLeader() {
    while (true) {
      absl::StatusOr<WaitResult> result = waiter_.Next();
      if (!result.ok() || std::holds_alternative<NoTasks>(*result)) return std::nullopt;
      auto* stop = std::get_if<StoppedTask>(&*result);
      if (stop == nullptr || stop->stopped.tid() != leader_) continue;
      const StopEvent event = stop->event;
      EXPECT_TRUE(std::move(stop->stopped).Restart(Resume::Continue()).ok());
      return event;
    }
  }

  void ExpectSuccess() {
    while (true) {
      PROVOST_ASSERT_OK_AND_ASSIGN(WaitResult result, waiter_.Next());
      ASSERT_FALSE(std::holds_alternative<NoTasks>(result)) << "the leader's end was not said";
      if (auto* stop = std::get_if<StoppedTask>(&result)) {
        PROVOST_ASSERT_OK(std::move(stop->stopped).Restart(Resume::Continue()));
        continue;
      }
      const auto* ended = std::get_if<EndedTask>(&result);
      if (ended == nullptr || ended->tid != leader_) continue;
      EXPECT_EQ(ended->end, TaskEnd(Exited{0}));
      break;
    }
  }

  void TearDown() override {
    for (const pid_t tid : callers_) {
      if (tid != leader_) kill(tid, SIGKILL);
    }
    while (true) {
      const absl::StatusOr<WaitResult> result = waiter_.Next();
      ASSERT_TRUE(result.ok());
      if (std::holds_alternative<NoTasks>(*result)) break;
    }
  }

  const Watchdog watchdog_;
  Waiter waiter_;
  UniqueFd go_;
  pid_t leader_ = 0;
  size_t begun_ = 0;  // tasks whose first stop was seen, the leader not among them
  std::vector<pid_t> callers_;
  std::map<pid_t, Stopped> kept_;
};

TEST_F(TakenOver, AStopInHandIsADeath) {
  Start(0);
  AwaitAllAtCalls(1);
  Keep();
  ASSERT_TRUE(kept_.contains(leader_));
  AwaitExec();
  // The number is in a stop again, that of the execve. As long as nobody has waited for that, the
  // kernel itself refuses (looks_like_a_spurious_pid in kernel/ptrace.c).
  const absl::Status status = ReadSeccompStop(kept_.at(leader_)).status();
  EXPECT_TRUE(IsDied(status)) << status;
  const std::optional<StopEvent> event = NextOfLeader();
  ASSERT_TRUE(event.has_value());
  EXPECT_TRUE(std::holds_alternative<ExecStop>(*event));
  ExpectSuccess();
}

// The leader, as the oldest, is offered last.
TEST_F(TakenOver, AStopInABatchIsDropped) {
  constexpr size_t kOthers = 20;
  constexpr size_t kBeforeABatch = 8;
  Start(kOthers);
  AwaitAllAtCalls(kOthers + 1);
  for (size_t i = 0; i < kBeforeABatch; ++i) Keep();
  ASSERT_FALSE(kept_.contains(leader_));
  AwaitExec();
  const std::optional<StopEvent> event = NextOfLeader();
  ASSERT_TRUE(event.has_value());
  EXPECT_TRUE(std::holds_alternative<ExecStop>(*event));
  ExpectSuccess();
}

}  // namespace
}  // namespace provost
