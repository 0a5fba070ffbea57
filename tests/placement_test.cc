// Where the supervisor runs while tasks stop often: nobody notices, and nothing starves.

#include "supervisor/placement.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/provost_run.h"
#include "tests/support/subprocess.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using testing::HasSubstr;

std::vector<std::string> Options(const std::string& placement) {
  return {"--placement", placement,      "-e", "deny EPERM openat if path ~ \"/not/**\"",
          "-e",          "default allow"};
}

std::vector<std::string> Places() {
  std::vector<std::string> places = {"auto", "spin", "off"};
  if (Placement::MayBeTogether().ok()) places.emplace_back("together");
  return places;
}

// What the victim prints.
double Microseconds(const Ended& ended) {
  const std::vector<std::string> lines = absl::StrSplit(ended.out, '\n');
  double microseconds = 0;
  EXPECT_TRUE(absl::SimpleAtod(lines.front(), &microseconds)) << ended;
  return microseconds;
}

// A program that never lets go of its CPU.
class Burner {
 public:
  explicit Burner(int cpu) : pid_(fork()) {
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(cpu, &only);
    sched_setaffinity(0, sizeof(only), &only);
    for (;;) asm volatile("");
  }
  ~Burner() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Burner(const Burner&) = delete;
  Burner& operator=(const Burner&) = delete;

 private:
  pid_t pid_;
};

TEST(PlacementTest, NobodyNoticesAndAnIdleTreeCostsNothing) {
  for (const std::string& place : Places()) {
    const Ended ended = Provost(Options(place), {Victim("stays_where_it_may_be"), "5000"});
    EXPECT_EQ(ended.exit_code, 0) << place << ": " << ended;
    EXPECT_THAT(ended.out, HasSubstr("EXIT-SUCCESS")) << place;
  }
}

TEST(PlacementTest, NobodyNoticesOnOneCpu) {
  const auto on_one_cpu = [] {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(sched_getcpu(), &only);
    sched_setaffinity(0, sizeof(only), &only);
  };
  for (const std::string& place : Places()) {
    const Ended ended =
        Subprocess(CommandLine(Options(place), {Victim("stays_where_it_may_be"), "2000"}),
                   on_one_cpu)
            .Wait();
    EXPECT_EQ(ended.exit_code, 0) << place << ": " << ended;
  }
}

TEST(PlacementTest, DoesNotStarveWhereOthersWantEveryCpu) {
  cpu_set_t cpus;
  ASSERT_EQ(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
  std::vector<std::unique_ptr<Burner>> burners;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &cpus)) burners.push_back(std::make_unique<Burner>(cpu));
  }
  const auto run = [](const std::string& place) {
    const Ended ended = Provost(Options(place), {Victim("stays_where_it_may_be"), "5000"});
    EXPECT_EQ(ended.exit_code, 0) << place << ": " << ended;
    return Microseconds(ended);
  };
  const double off = run("off");
  // A thread under SCHED_IDLE gets 3 of 1,027 parts beside an ordinary one (sched(7)), which makes
  // some milliseconds of each stop.
  for (const std::string& place : Places()) {
    EXPECT_LT(run(place), 10 * off + 200) << place;
  }
}

TEST(PlacementTest, WhoCouldNotComeBackIsTold) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to be without it";
  const auto unprivileged = [] {
    const rlimit none = {0, 0};
    setrlimit(RLIMIT_NICE, &none);
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(99);
  };
  const Ended together =
      Subprocess(CommandLine(Options("together"), {"/bin/true"}), unprivileged).Wait();
  EXPECT_EQ(together.exit_code, 2) << together;
  EXPECT_THAT(together.err, HasSubstr("--placement together: "));
  EXPECT_THAT(together.err, HasSubstr("CAP_SYS_NICE"));
  const Ended chosen = Subprocess(CommandLine(Options("auto"), {"/bin/true"}), unprivileged).Wait();
  EXPECT_EQ(chosen.exit_code, 0) << chosen;
}

TEST(PlacementTest, AWrongNameIsAnError) {
  const Ended ended = Provost({"--placement", "here", "-e", "default allow"}, {"/bin/true"});
  EXPECT_EQ(ended.exit_code, 2) << ended;
  EXPECT_THAT(ended.err, HasSubstr("together"));
}

}  // namespace
}  // namespace provost
