#include "tracee/supervised.h"

#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "tracee/network_namespace.h"
#include "tracee/task_status.h"

namespace provost {
namespace {

// A child that waits until it is killed, and is then reaped.
class Child {
 public:
  Child() : pid_(fork()) {
    if (pid_ != 0) return;
    while (true) pause();
  }
  ~Child() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, __WALL);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

std::string Supervised(pid_t pid) {
  const absl::StatusOr<bool> supervised = IsSupervised(pid);
  if (!supervised.ok()) return std::string(supervised.status().message());
  return *supervised ? "yes" : "no";
}

TEST(TaskStatusTest, SaysWhoseTaskItIs) {
  const Child child;
  PROVOST_ASSERT_OK_AND_ASSIGN(const TaskStatus status, ReadTaskStatus(child.pid()));
  EXPECT_EQ(status, (TaskStatus{.process = child.pid(), .parent = getpid()}));
  std::thread([] {
    PROVOST_ASSERT_OK_AND_ASSIGN(const TaskStatus thread,
                                 ReadTaskStatus(static_cast<pid_t>(syscall(SYS_gettid))));
    EXPECT_EQ(thread, (TaskStatus{.process = getpid(), .parent = getppid()}));
  }).join();
}

TEST(TaskStatusTest, TellsTheEnded) {
  const pid_t pid = fork();
  if (pid == 0) _exit(0);
  siginfo_t info = {};
  ASSERT_EQ(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
  PROVOST_ASSERT_OK_AND_ASSIGN(const TaskStatus zombie, ReadTaskStatus(pid));
  EXPECT_TRUE(zombie.ended);
  ASSERT_EQ(waitpid(pid, nullptr, 0), pid);
  EXPECT_THAT(ReadTaskStatus(pid), StatusIs(absl::StatusCode::kNotFound, testing::_));
}

TEST(SupervisedTest, IsWhoIsTracedByThisProgramOrDescendsFromOne) {
  const Child child;
  EXPECT_EQ(Supervised(child.pid()), "no");
  EXPECT_EQ(Supervised(getpid()), "no");
  ASSERT_EQ(ptrace(PTRACE_SEIZE, child.pid(), nullptr, nullptr), 0);
  EXPECT_EQ(Supervised(child.pid()), "yes");
  EXPECT_EQ(Supervised(getpid()), "no");
}

TEST(SupervisedTest, DescendantsAreThoughNobodyTracesThem) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    const pid_t child = fork();
    if (child == 0) {
      while (true) pause();
    }
    (void)!write(pipe_ends[1], &child, sizeof(child));
    while (true) pause();
  }
  pid_t child = 0;
  ASSERT_EQ(read(pipe_ends[0], &child, sizeof(child)), static_cast<ssize_t>(sizeof(child)));
  EXPECT_EQ(Supervised(child), "no");
  // The parent alone is traced.
  ASSERT_EQ(ptrace(PTRACE_SEIZE, parent, nullptr, nullptr), 0);
  EXPECT_EQ(Supervised(child), "yes");
  kill(child, SIGKILL);
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, __WALL);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST(SupervisedTest, WhoIsGoneCannotBeTold) {
  // No process has such a number (PID_MAX_LIMIT is 2^22).
  EXPECT_THAT(IsSupervised(1 << 23), StatusIs(absl::StatusCode::kNotFound, testing::_));
}

TEST(NetworkNamespaceTest, IsThatOfTheTask) {
  const auto own = ReadNetworkNamespace(getpid());
  ASSERT_TRUE(own.has_value());
  EXPECT_NE(own->inode, 0u);
  const Child child;
  EXPECT_EQ(ReadNetworkNamespace(child.pid()), own);
  EXPECT_EQ(ReadNetworkNamespace(1 << 23), std::nullopt);
}

}  // namespace
}  // namespace provost
