// Waiting among many tasks: all that happens is told, whoever it happens to.

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <thread>
#include <variant>
#include <vector>

#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "tracee/stop.h"
#include "tracee/task_status.h"
#include "tracee/waiter.h"

namespace provost {
namespace {

constexpr size_t kTasks = Waiter::kMany + 20;

class WaiterByNumber : public testing::Test {
 protected:
  void SetUp() override {
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &only, nullptr);
    for (size_t i = 0; i < kTasks; ++i) {
      const pid_t task = fork();
      if (task == 0) {
        for (;;) pause();
      }
      ASSERT_GT(task, 0);
      tasks_.push_back(task);
      ASSERT_EQ(ptrace(PTRACE_SEIZE, task, nullptr, PTRACE_O_EXITKILL), 0);
    }
    waiter_.UseSignals();
    waiter_.Expect(kTasks);
  }
  void TearDown() override {
    for (const pid_t task : tasks_) kill(task, SIGKILL);
    while (true) {
      const absl::StatusOr<WaitResult> result = waiter_.Next();
      ASSERT_TRUE(result.ok()) << result.status();
      if (std::holds_alternative<NoTasks>(*result)) break;
    }
  }

  static void Interrupt(pid_t task) {
    ASSERT_EQ(ptrace(PTRACE_INTERRUPT, task, nullptr, nullptr), 0);
  }
  static void AwaitStopped(pid_t task) {
    while (true) {
      const absl::StatusOr<char> state = ReadTaskState(task);
      ASSERT_TRUE(state.ok()) << state.status();
      if (*state == 't') return;
      sched_yield();
    }
  }
  // The next stop, of which the task is let go again.
  pid_t NextStop() {
    absl::StatusOr<WaitResult> result = waiter_.Next();
    auto* stop = result.ok() ? std::get_if<StoppedTask>(&*result) : nullptr;
    if (stop == nullptr) return 0;
    const pid_t task = stop->stopped.tid();
    EXPECT_TRUE(std::move(stop->stopped).Restart(Resume::Continue()).ok());
    return task;
  }

  Waiter waiter_;
  std::vector<pid_t> tasks_;
};

TEST_F(WaiterByNumber, AllThatStopAtOnceAreTold) {
  for (int round = 0; round < 20; ++round) {
    for (const pid_t task : tasks_) Interrupt(task);
    std::set<pid_t> told;
    for (size_t i = 0; i < kTasks; ++i) told.insert(NextStop());
    EXPECT_EQ(told, std::set<pid_t>(tasks_.begin(), tasks_.end()));
  }
}

TEST_F(WaiterByNumber, OneThatNoSignalTellsOfIsFound) {
  for (size_t i = 0; i + 1 < 40; ++i) {
    // What was pending before is taken, and nothing is recent but the first.
    Interrupt(tasks_[0]);
    EXPECT_EQ(NextStop(), tasks_[0]);
    // One signal for the two: the second finds it pending.
    Interrupt(tasks_[i]);
    AwaitStopped(tasks_[i]);
    Interrupt(tasks_[i + 1]);
    AwaitStopped(tasks_[i + 1]);
    const std::set<pid_t> told = {NextStop(), NextStop()};
    EXPECT_EQ(told, (std::set<pid_t>{tasks_[i], tasks_[i + 1]}));
  }
}

TEST_F(WaiterByNumber, NotAllAreAskedForEachStopOfOne) {
  constexpr uint64_t kStops = 20'000;
  const auto began = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < kStops; ++i) {
    Interrupt(tasks_[3]);
    ASSERT_EQ(NextStop(), tasks_[3]);
  }
  const auto took = std::chrono::steady_clock::now() - began;
  const auto by_time = static_cast<uint64_t>(took / Waiter::kSweepSoon);
  EXPECT_LE(waiter_.sweeps(), kStops / 8 + by_time + 2);
  EXPECT_GE(waiter_.sweeps(), kStops / 16);
}

TEST_F(WaiterByNumber, BusyTasksAreServedAlike) {
  constexpr size_t kBusy = 12;
  constexpr int kStops = 12'000;
  std::map<pid_t, int> stops;
  for (size_t i = 0; i < kBusy; ++i) Interrupt(tasks_[i]);
  for (int i = 0; i < kStops; ++i) {
    const pid_t task = NextStop();
    ASSERT_GT(task, 0);
    ++stops[task];
    Interrupt(task);
  }
  ASSERT_EQ(stops.size(), kBusy);
  for (const auto& [task, count] : stops) EXPECT_GE(count, kStops / static_cast<int>(kBusy) / 4);
}

TEST_F(WaiterByNumber, EveryEndIsTold) {
  for (const pid_t task : tasks_) kill(task, SIGKILL);
  std::set<pid_t> ended;
  while (true) {
    PROVOST_ASSERT_OK_AND_ASSIGN(const WaitResult result, waiter_.Next());
    if (std::holds_alternative<NoTasks>(result)) break;
    const auto* end = std::get_if<EndedTask>(&result);
    ASSERT_NE(end, nullptr);
    ended.insert(end->tid);
  }
  EXPECT_EQ(ended, std::set<pid_t>(tasks_.begin(), tasks_.end()));
}

TEST_F(WaiterByNumber, OrdinaryChildrenAreLeftAlone) {
  const pid_t child = fork();
  if (child == 0) _exit(7);
  siginfo_t info = {};
  ASSERT_EQ(waitid(P_PID, child, &info, WEXITED | WNOWAIT), 0);
  Interrupt(tasks_[5]);
  EXPECT_EQ(NextStop(), tasks_[5]);
  PROVOST_ASSERT_OK_AND_ASSIGN(const WaitResult nothing, waiter_.Poll());
  EXPECT_TRUE(std::holds_alternative<NothingYet>(nothing));
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST_F(WaiterByNumber, WhoTakesTheSignalsDelaysAndLosesNothing) {
  std::atomic<bool> is_over = false;
  std::thread thief([&] {
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, SIGCHLD);
    while (!is_over) {
      const timespec moment = {.tv_nsec = 1'000'000};
      sigtimedwait(&only, nullptr, &moment);
    }
  });
  for (int i = 0; i < 200; ++i) {
    const size_t at = i % 7;
    Interrupt(tasks_[at]);
    EXPECT_EQ(NextStop(), tasks_[at]);
  }
  is_over = true;
  thief.join();
}

TEST_F(WaiterByNumber, ASignalEndsTheWait) {
  struct sigaction action = {};
  struct sigaction usual = {};
  action.sa_handler = [](int) {};
  ASSERT_EQ(sigaction(SIGURG, &action, &usual), 0);
  std::atomic<bool> is_over = false;
  const pthread_t waiting = pthread_self();
  std::thread caller([&] {
    while (!is_over) {
      pthread_kill(waiting, SIGURG);
      sched_yield();
    }
  });
  PROVOST_ASSERT_OK_AND_ASSIGN(const WaitResult result, waiter_.NextOrSignal());
  is_over = true;
  caller.join();
  EXPECT_TRUE(std::holds_alternative<NothingYet>(result));
  sigaction(SIGURG, &usual, nullptr);
}

}  // namespace
}  // namespace provost
