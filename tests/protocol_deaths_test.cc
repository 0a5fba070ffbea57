// Whoever is killed in the middle of whatever changes a run: nothing stays stopped or frozen, and
// nothing runs on unsupervised. The moments are random; $PROVOST_DEATHS says how many of each.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "tests/support/live_run.h"
#include "tests/support/provost_run.h"
#include "tests/support/subprocess.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using std::chrono_literals::operator""ms;

int Rounds() {
  const char* const number = getenv("PROVOST_DEATHS");
  return number == nullptr ? 10 : atoi(number);
}

// Until a random moment of a protocol, which takes some 50 ms.
void LetTimePass(std::minstd_rand& random, std::chrono::microseconds at_most) {
  const std::chrono::microseconds time(
      std::uniform_int_distribution<int64_t>(0, at_most.count())(random));
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
}

std::string StatusOf(pid_t pid) { return ReadFile(absl::StrCat("/proc/", pid, "/status")); }

// The tasks that a thread traces.
std::vector<pid_t> TracedBy(pid_t tracer) {
  const std::string line = absl::StrCat("\nTracerPid:\t", tracer, "\n");
  std::vector<pid_t> traced;
  std::error_code error;
  std::filesystem::directory_iterator at("/proc", error);
  for (; !error && at != end(at); at.increment(error)) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(at->path().filename().string(), &pid)) continue;
    if (absl::StrContains(StatusOf(pid), line)) traced.push_back(pid);
  }
  return traced;
}

enum class Victims : uint8_t { kSupervisor, kCommand, kBoth, kTask };

const char* NameOf(Victims who) {
  switch (who) {
    case Victims::kSupervisor:
      return "supervisor";
    case Victims::kCommand:
      return "command";
    case Victims::kBoth:
      return "both";
    case Victims::kTask:
      break;
  }
  return "task";
}

struct Deaths {
  const char* protocol;
  Victims who;
};

class ProtocolDeathsTest : public LiveRunTest, public testing::WithParamInterface<Deaths> {
 protected:
  void Kill(pid_t run, pid_t command) {
    const Victims who = GetParam().who;
    if (who == Victims::kSupervisor || who == Victims::kBoth) kill(run, SIGKILL);
    if (who == Victims::kCommand || who == Victims::kBoth) kill(command, SIGKILL);
    if (who != Victims::kTask) return;
    const std::vector<pid_t> tasks = TracedBy(run);
    if (tasks.empty()) return;
    kill(tasks[std::uniform_int_distribution<size_t>(0, tasks.size() - 1)(random_)], SIGKILL);
  }
  std::minstd_rand random_{std::random_device()()};
};

TEST_P(ProtocolDeathsTest, NothingIsLeftStoppedOrUnsupervised) {
  const std::string protocol = GetParam().protocol;
  if (protocol == "adopt" && geteuid() != 0) GTEST_SKIP() << "takes root and a cgroup v2";
  for (int round = 0; round < Rounds(); ++round) {
    // Open for both, so that it can be told whether or not it listens yet.
    const UniqueFd fifo(open((directory_ + "/fifo").c_str(), O_RDWR | O_CLOEXEC));
    Subprocess run(
        CommandLine({"-e", "log getppid"}, {Victim("calls_until_told"), directory_ + "/fifo"}));
    ASSERT_TRUE(run.AwaitOutput("READY\n"));
    std::vector<std::string> argv = {Runfile("tools/cli/provost"), protocol,
                                     absl::StrCat(run.pid())};
    if (protocol == "reload") argv.insert(argv.end(), {"-e", "deny EXDEV mkdir"});
    Subprocess command(argv);
    LetTimePass(random_, 60ms);
    Kill(run.pid(), command.pid());
    ASSERT_EQ(write(fifo.get(), "go\n", 3), 3);
    // The program may have lost a task that would have been told.
    if (GetParam().who == Victims::kTask) {
      kill(run.pid(), SIGKILL);
      kill(command.pid(), SIGKILL);
    }
    // Whatever is stopped or frozen for good, or runs on untold, holds their outputs.
    const Ended ended = run.Wait();
    ASSERT_FALSE(ended.timed_out) << "round " << round << ": " << ended;
    const Ended other = command.Wait();
    ASSERT_FALSE(other.timed_out) << "round " << round << ": " << other;
    const bool is_well = absl::StrContains(ended.out, "EXIT-SUCCESS");
    if (GetParam().who == Victims::kCommand && protocol != "adopt") {
      EXPECT_TRUE(is_well) << ended;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, ProtocolDeathsTest,
    testing::Values(Deaths{"reload", Victims::kSupervisor}, Deaths{"reload", Victims::kCommand},
                    Deaths{"reload", Victims::kTask}, Deaths{"upgrade", Victims::kSupervisor},
                    Deaths{"upgrade", Victims::kCommand}, Deaths{"upgrade", Victims::kTask},
                    Deaths{"adopt", Victims::kSupervisor}, Deaths{"adopt", Victims::kCommand},
                    Deaths{"adopt", Victims::kBoth}, Deaths{"adopt", Victims::kTask}),
    [](const auto& test) {
      return absl::StrCat(test.param.protocol, "_", NameOf(test.param.who));
    });

// The supervisor is the command. The process is as it was, or under the policy, or dead with it.
TEST(AttachDeathsTest, NothingIsLeftStopped) {
  std::minstd_rand random(std::random_device{}());
  for (int round = 0; round < 3 * Rounds(); ++round) {
    Subprocess program({Victim("makes_tasks_until_refused")});
    ASSERT_TRUE(program.AwaitOutput("READY\n"));
    Subprocess attach({Runfile("tools/cli/provost"), "attach", "-e", "deny EACCES getppid",
                       absl::StrCat(program.pid())});
    LetTimePass(random, 40ms);
    kill(attach.pid(), SIGKILL);
    ASSERT_FALSE(attach.Wait().timed_out);
    const std::string status = StatusOf(program.pid());
    EXPECT_FALSE(absl::StrContains(status, "State:\tt")) << round << status;
    EXPECT_FALSE(absl::StrContains(status, "State:\tT")) << round << status;
    // It was let go before it had filters, or all of it is dead.
    const bool is_dead = status.empty() || absl::StrContains(status, "State:\tZ");
    EXPECT_TRUE(is_dead || absl::StrContains(status, "Seccomp:\t0")) << round << status;
    kill(program.pid(), SIGKILL);
    ASSERT_FALSE(program.Wait().timed_out);
  }
}

}  // namespace
}  // namespace provost
