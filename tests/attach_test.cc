// Processes that run already are put under a policy.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/unique_fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/subprocess.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using testing::HasSubstr;

// A victim that runs by itself and has said READY; it reads from a pipe that we hold.
class Running {
 public:
  explicit Running(const std::string& name) {
    std::array<int, 2> ends = {-1, -1};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd input(ends[0]);
    to_it_.reset(ends[1]);
    process_ = std::make_unique<Subprocess>(std::vector<std::string>{Victim(name)},
                                            [&] { dup2(input.get(), STDIN_FILENO); });
    EXPECT_TRUE(process_->AwaitOutput("READY\n")) << name;
  }

  std::string pid() const { return absl::StrCat(process_->pid()); }
  pid_t number() const { return process_->pid(); }
  void EndInput() { to_it_.reset(); }
  Ended Wait() { return process_->Wait(); }

  // A field of its /proc/PID/status.
  std::string Status(const std::string& name) const {
    for (const auto line : absl::StrSplit(ReadFile("/proc/" + pid() + "/status"), '\n')) {
      if (absl::StartsWith(line, name + ":\t")) return std::string(line.substr(name.size() + 2));
    }
    return "";
  }

 private:
  UniqueFd to_it_;
  std::unique_ptr<Subprocess> process_;
};

std::vector<std::string> Attach(const std::vector<std::string>& options,
                                const std::vector<std::string>& pids) {
  std::vector<std::string> argv = {Runfile("tools/cli/provost"), "attach"};
  argv.insert(argv.end(), options.begin(), options.end());
  argv.insert(argv.end(), pids.begin(), pids.end());
  return argv;
}

const std::vector<std::string> kRefuse = {"-e", "deny EACCES getppid as \"no\""};

TEST(AttachTest, NobodyNoticesAndTheRulesHoldInAllThreads) {
  const std::string log = TemporaryPath("attach.log");
  for (const char* victim : {"attached_in_calls", "attached_in_calls_i386"}) {
    for (const std::vector<std::string>& options :
         {kRefuse, std::vector<std::string>{"-e", "deny EACCES getppid if proc.pid != 1", "-e",
                                            "log clone, clone3, fork, vfork, %memory"}}) {
      Running running(victim);
      std::vector<std::string> with_log = options;
      with_log.insert(with_log.end(), {"-o", log});
      const Ended attached = RunNatively(Attach(with_log, {running.pid()}));
      EXPECT_EQ(attached.exit_code, 0) << attached;
      const Ended ended = running.Wait();
      EXPECT_EQ(ended.exit_code, 0) << victim << ended;
      EXPECT_THAT(ended.out, HasSubstr(kExitSuccess));
      EXPECT_THAT(ReadFile(log), HasSubstr(absl::StrCat(" attached=", running.pid())));
    }
  }
}

TEST(AttachTest, WhatAttachingNeedsItDoesUnderAnyPolicy) {
  // What the victim does once it is taken, and no more: neither munmap nor seccomp.
  const std::string policy = TemporaryPath("least.policy");
  constexpr char kAllowed[] =
      "deny EACCES getppid\nallow write, exit, exit_group, wait4, futex, madvise, rt_sigprocmask\n"
      "allow restart_syscall\n";
  for (const char* fallback : {"default kill process", "default deny EPERM"}) {
    std::ofstream(policy) << fallback << "\n" << kAllowed;
    for (const std::vector<std::string>& more :
         {std::vector<std::string>{}, {"-p", policy}, {"--arguments", "trust"}}) {
      std::vector<std::string> options = {"-p", policy};
      options.insert(options.end(), more.begin(), more.end());
      Running running("vfork_parent_waits");
      Subprocess attach(Attach(options, {running.pid()}));
      while (running.Status("Seccomp") != "2" && !running.Status("State").empty()) sched_yield();
      running.EndInput();
      EXPECT_EQ(attach.Wait().exit_code, 0) << fallback;
      EXPECT_EQ(running.Wait().exit_code, 0);
    }
  }
}

// The stops at which tasks are made come in between that which is asked for.
TEST(AttachTest, TasksThatMakeTasksAreTaken) {
  for (int round = 0; round < 20; ++round) {
    Running running("makes_tasks_until_refused");
    const Ended attached = Subprocess(Attach(kRefuse, {running.pid()})).Wait();
    ASSERT_EQ(attached.exit_code, 0) << round << attached;
    EXPECT_EQ(running.Wait().exit_code, 0);
  }
}

TEST(AttachTest, AThreadThatWaitsInVforkIsTakenToo) {
  Running running("vfork_parent_waits");
  const std::string log = TemporaryPath("vfork.log");
  Subprocess attach(Attach({kRefuse[0], kRefuse[1], "-o", log}, {running.pid()}));
  while (running.Status("Seccomp") != "2") sched_yield();
  // Call 58 is vfork.
  EXPECT_THAT(ReadFile(log), testing::ContainsRegex(" unseen=[0-9]+:58 "));
  running.EndInput();
  EXPECT_EQ(attach.Wait().exit_code, 0);
  EXPECT_EQ(running.Wait().exit_code, 0);
}

TEST(AttachTest, ThreadsWithDifferentFiltersAreLeftAlone) {
  Running running("one_thread_filtered");
  const Ended attached = RunNatively(Attach(kRefuse, {running.pid()}));
  EXPECT_EQ(attached.exit_code, 125);
  EXPECT_THAT(attached.err, HasSubstr("different filters"));
  EXPECT_EQ(running.Status("TracerPid"), "0");
  EXPECT_EQ(running.Status("Seccomp_filters"), "0");
  EXPECT_EQ(running.Status("NoNewPrivs"), "0");
  running.EndInput();
  const Ended ended = running.Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
}

TEST(AttachTest, AStoppedProcessStaysStopped) {
  Running running("attached_in_calls");
  ASSERT_EQ(kill(running.number(), SIGSTOP), 0);
  while (running.Status("State") != "T (stopped)") sched_yield();
  Subprocess attach(Attach(kRefuse, {running.pid()}));
  while (running.Status("Seccomp") != "2") sched_yield();
  while (running.Status("State") != "t (tracing stop)") sched_yield();
  ASSERT_EQ(kill(running.number(), SIGCONT), 0);
  EXPECT_EQ(attach.Wait().exit_code, 0);
  EXPECT_EQ(running.Wait().exit_code, 0);
}

TEST(AttachTest, SeveralAtOnce) {
  Running first("attached_in_calls");
  Running second("attached_in_calls_i386");
  const Ended attached = RunNatively(Attach(kRefuse, {first.pid(), second.pid()}));
  EXPECT_EQ(attached.exit_code, 0) << attached;
  EXPECT_EQ(first.Wait().exit_code, 0);
  EXPECT_EQ(second.Wait().exit_code, 0);
}

TEST(AttachTest, WhoEndsTheSupervisorIsWarnedOnce) {
  Running running("vfork_parent_waits");
  Subprocess attach(Attach(kRefuse, {running.pid()}));
  while (running.Status("Seccomp") != "2") sched_yield();
  ASSERT_EQ(kill(attach.pid(), SIGINT), 0);
  ASSERT_TRUE(attach.AwaitError("Once more ends all of them"));
  EXPECT_EQ(kill(running.number(), 0), 0);
  ASSERT_EQ(kill(attach.pid(), SIGINT), 0);
  EXPECT_EQ(attach.Wait().signal, SIGINT);
  // The child of vfork was there before, and is nobody's but its own.
  running.EndInput();
  EXPECT_EQ(running.Wait().signal, SIGKILL);
}

TEST(AttachTest, WhatCannotBeTakenIsSaid) {
  Running running("one_thread_filtered");
  struct Case {
    std::vector<std::string> pids;
    int status;
    std::string message;
  };
  const std::vector<Case> cases = {
      {{"4194303"}, 125, "there is no process 4194303"},
      {{"x"}, 2, "whole number"},
      {{"0"}, 2, "whole number"},
      {{}, 2, "pid"},
  };
  for (const Case& test : cases) {
    const Ended attached = RunNatively(Attach(kRefuse, test.pids));
    EXPECT_EQ(attached.exit_code, test.status) << attached;
    EXPECT_THAT(attached.err, HasSubstr(test.message));
  }
  const Ended unrestricted = RunNatively(Attach({"--mode", "unrestricted"}, {running.pid()}));
  EXPECT_EQ(unrestricted.exit_code, 2) << unrestricted;
}

TEST(AttachTest, ATracedProcessIsRefused) {
  Running running("vfork_parent_waits");
  Subprocess first(Attach(kRefuse, {running.pid()}));
  while (running.Status("Seccomp") != "2") sched_yield();
  const Ended second = RunNatively(Attach(kRefuse, {running.pid()}));
  EXPECT_EQ(second.exit_code, 125);
  EXPECT_THAT(second.err, HasSubstr(absl::StrCat("is traced by process ", first.pid())));
  running.EndInput();
  EXPECT_EQ(first.Wait().exit_code, 0);
  EXPECT_EQ(running.Wait().exit_code, 0);
}

}  // namespace
}  // namespace provost
