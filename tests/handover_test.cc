// A run that another process takes over: no task notices, no call is lost, no record and no serial;
// and whoever is killed in the middle, nothing stays frozen, or runs on without a supervisor.

#include <fcntl.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/unique_fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/live_run.h"
#include "tests/support/provost_run.h"
#include "tests/support/subprocess.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using testing::HasSubstr;

// Where cgroup v2 is mounted; "": nowhere.
std::string CgroupRoot() {
  std::ifstream mounts("/proc/self/mounts");
  std::string device, directory, type, rest;
  while (mounts >> device >> directory >> type && std::getline(mounts, rest)) {
    if (type == "cgroup2") return directory;
  }
  return "";
}

// The cgroups that handovers by that supervisor have made and not removed.
std::vector<std::string> CgroupsOf(pid_t supervisor) {
  std::vector<std::string> cgroups;
  std::error_code error;
  // Others come and go meanwhile.
  std::filesystem::recursive_directory_iterator at(CgroupRoot(), error);
  for (; !error && at != end(at); at.increment(error)) {
    const std::string name = at->path().filename();
    if (absl::StartsWith(name, absl::StrCat("provost-handover.", supervisor, "."))) {
      cgroups.push_back(at->path());
    }
  }
  return cgroups;
}

bool IsFrozen(const std::vector<std::string>& cgroups) {
  return !cgroups.empty() &&
         std::all_of(cgroups.begin(), cgroups.end(), [](const std::string& cgroup) {
           return absl::StrContains(ReadFile(cgroup + "/cgroup.events"), "frozen 1");
         });
}

class HandoverTest : public LiveRunTest {
 protected:
  void SetUp() override {
    if (geteuid() != 0 || CgroupRoot().empty()) GTEST_SKIP() << "takes root and a cgroup v2";
    LiveRunTest::SetUp();
  }

  std::string Fifo() const { return directory_ + "/fifo"; }

  std::unique_ptr<Subprocess> Start(const std::vector<std::string>& program,
                                    const std::function<void()>& in_child = nullptr) const {
    return std::make_unique<Subprocess>(CommandLine({"-e", rule_, "-o", Log()}, program), in_child);
  }
  static std::unique_ptr<Subprocess> Adopt(pid_t run,
                                           const std::function<void()>& in_child = nullptr) {
    return std::make_unique<Subprocess>(
        std::vector<std::string>{Runfile("tools/cli/provost"), "adopt", absl::StrCat(run)},
        in_child);
  }
  // The number in the file `pid`.
  pid_t NumberInFile() const {
    pid_t pid = 0;
    return absl::SimpleAtoi(ReadFile(directory_ + "/pid"), &pid) ? pid : 0;
  }
  bool AwaitStopped() const {
    return Await([&] {
      const std::string status = ReadFile(absl::StrCat("/proc/", NumberInFile(), "/status"));
      return absl::StrContains(status, "State:\tt");
    });
  }
  int CountInLog(absl::string_view text) const {
    const std::string log = LogText();
    return static_cast<int>(std::vector<absl::string_view>(absl::StrSplit(log, text)).size()) - 1;
  }

  std::string rule_ = "log getppid, umask, clone, vfork, clone3 log result";
};

// How long the tree stood still, as the adopter says.
double StoodStill(const std::string& text) {
  double milliseconds = -1;
  const std::vector<absl::string_view> parts = absl::StrSplit(text, "stood still for ");
  if (parts.size() < 2) return -1;
  const absl::string_view number = parts[1].substr(0, parts[1].find(' '));
  return absl::SimpleAtod(number, &milliseconds) ? milliseconds : -1;
}

TEST_F(HandoverTest, ATreeIsHandedOverAgainAndAgain) {
  const char* const number = getenv("PROVOST_HANDOVERS");
  const int rounds = number == nullptr ? 10 : atoi(number);
  const auto first = Start({Victim("calls_until_told"), Fifo()});
  ASSERT_TRUE(first->AwaitOutput("READY\n"));
  std::vector<std::unique_ptr<Subprocess>> adopters;
  double sum = 0;
  double most = 0;
  for (int i = 0; i < rounds; ++i) {
    Subprocess& old = adopters.empty() ? *first : *adopters.back();
    auto adopter = Adopt(old.pid());
    ASSERT_TRUE(adopter->AwaitError(" ms\n")) << "round " << i << ": " << adopter->Wait();
    if (i > 0) {
      const Ended ended = old.Wait();
      ASSERT_EQ(ended.exit_code, 0) << ended;
      EXPECT_THAT(ended.err,
                  HasSubstr(absl::StrCat("the run goes on in supervisor ", adopter->pid())));
      const double stood_still = StoodStill(ended.err);
      sum += stood_still;
      most = std::max(most, stood_still);
    }
    ASSERT_TRUE(CgroupsOf(old.pid()).empty());
    adopters.push_back(std::move(adopter));
  }
  Go();
  const Ended last = adopters.back()->Wait();
  EXPECT_EQ(last.exit_code, 0) << last;
  const Ended ended = first->Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  // The program's own output is where it was: nothing of it failed, nothing gave ENOSYS.
  EXPECT_EQ(ended.out, "READY\nEXIT-SUCCESS\n");
  EXPECT_EQ(CountInLog("op=supervisor-start"), 1);
  EXPECT_EQ(CountInLog("op=supervisor-end"), 1);
  ExpectGaplessSerials();
  std::cout << rounds << " handovers, " << CountInLog("type=SECCOMP") << " calls recorded; stood "
            << "still for " << sum / std::max(1, rounds - 1) << " ms in the mean, " << most
            << " at most\n";
}

// The read that waits is restarted, and is the first still; every second one is refused.
TEST_F(HandoverTest, ACallThatIsRestartedIsCountedOnce) {
  const auto run = std::make_unique<Subprocess>(
      CommandLine({"-e", "deny EIO read if every(2)"}, {Victim("second_read_fails"), Fifo()}));
  ASSERT_TRUE(run->AwaitOutput("READY\n"));
  const auto adopter = Adopt(run->pid());
  ASSERT_TRUE(adopter->AwaitError(" ms\n"));
  const auto next = Adopt(adopter->pid());
  ASSERT_TRUE(next->AwaitError(" ms\n"));
  Go();
  EXPECT_EQ(next->Wait().exit_code, 0);
  EXPECT_EQ(run->Wait().out, "READY\nEXIT-SUCCESS\n");
}

TEST_F(HandoverTest, AProtectedCallThatWaitsIsMadeAgain) {
  const auto run = std::make_unique<Subprocess>(
      CommandLine({"-e", "deny EACCES openat if path == \"/etc/hostname\""},
                  {"/bin/sh", "-c",
                   "echo $$ > $PID; echo ready; read x < $FIFO; cat /etc/hostname || exit 7"}));
  ASSERT_TRUE(run->AwaitOutput("ready"));
  ASSERT_TRUE(AwaitCall(SYS_openat));
  const auto adopter = Adopt(run->pid());
  ASSERT_TRUE(adopter->AwaitError(" ms\n"));
  EXPECT_TRUE(AwaitCall(SYS_openat));
  Go();
  EXPECT_EQ(adopter->Wait().exit_code, 7);
  EXPECT_THAT(run->Wait().err, HasSubstr("Permission denied"));
}

// Programs that begin all the time get memory for their arguments all the time; what is under way
// in one is let come to its end.
TEST_F(HandoverTest, ATreeThatExecutesProgramsIsTaken) {
  const auto run = std::make_unique<Subprocess>(
      CommandLine({"-e", "deny EACCES openat if path == \"/etc/hostname\""},
                  {"/bin/sh", "-c", "echo ready; until test -e $PID; do /bin/true; done; exit 7"}));
  ASSERT_TRUE(run->AwaitOutput("ready"));
  std::vector<std::unique_ptr<Subprocess>> adopters;
  for (int i = 0; i < 10; ++i) {
    auto adopter = Adopt(i == 0 ? run->pid() : adopters.back()->pid());
    ASSERT_TRUE(adopter->AwaitError(" ms\n")) << i << adopter->Wait();
    adopters.push_back(std::move(adopter));
  }
  const UniqueFd done(open(getenv("PID"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  EXPECT_TRUE(done.valid());
  EXPECT_EQ(adopters.back()->Wait().exit_code, 7);
}

// Of a new session with that terminal.
void LeadSession(int terminal) {
  setsid();
  ioctl(terminal, TIOCSCTTY, 0);
  dup2(terminal, STDIN_FILENO);
}

TEST_F(HandoverTest, TheLeaderOfATerminalsSessionStays) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  const UniqueFd terminal(master);
  const UniqueFd other(slave);
  // Subprocess makes it a leader of a group already, which cannot begin a session.
  const auto run =
      Start({"/bin/sh", "-c", "echo $PPID > $PID; echo ready; read x < $FIFO; exit 7"}, [slave] {
        if (fork() != 0) {
          int status = 0;
          wait(&status);
          _exit(WEXITSTATUS(status));
        }
        LeadSession(slave);
      });
  ASSERT_TRUE(run->AwaitOutput("ready"));
  const Ended adopter = Adopt(NumberInFile())->Wait();
  EXPECT_EQ(adopter.exit_code, 1) << adopter;
  EXPECT_THAT(adopter.err, HasSubstr("SIGHUP"));
  Go();
  EXPECT_EQ(run->Wait().exit_code, 7);
}

// The program is in another session than its new supervisor.
TEST_F(HandoverTest, AKeyAtTheNewSupervisorsTerminalReachesTheProgram) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  const UniqueFd terminal(master);
  const UniqueFd other(slave);
  const auto run = Start({"/bin/sh", "-c", "echo ready; read x < $FIFO; exit 7"});
  ASSERT_TRUE(run->AwaitOutput("ready"));
  const auto adopter = Adopt(run->pid(), [slave] {
    if (fork() != 0) {
      int status = 0;
      wait(&status);
      _exit(WEXITSTATUS(status));
    }
    LeadSession(slave);
  });
  ASSERT_TRUE(adopter->AwaitError(" ms\n"));
  ASSERT_EQ(write(terminal.get(), "\x03", 1), 1);
  EXPECT_EQ(adopter->Wait().exit_code, 128 + SIGINT);
  EXPECT_EQ(run->Wait().exit_code, 0);
}

// The tree does not stand still for it.
TEST_F(HandoverTest, AFifoThatNobodyReadsIsSaidBefore) {
  MakeFifo("log");
  UniqueFd reader(open(Log().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const auto run =
      std::make_unique<Subprocess>(CommandLine({"--on-audit-failure", "continue", "-o", Log()},
                                               {"/bin/sh", "-c", "read x < $FIFO; exit 7"}));
  ASSERT_TRUE(Await([&] { return std::filesystem::exists(directory_ + "/run"); }));
  std::array<char, 16> beginning;
  ASSERT_TRUE(Await([&] { return read(reader.get(), beginning.data(), beginning.size()) > 0; }));
  reader.reset();
  const Ended adopter = Adopt(run->pid())->Wait();
  EXPECT_EQ(adopter.exit_code, 1) << adopter;
  EXPECT_THAT(adopter.err, HasSubstr("nobody reads the FIFO"));
  Go();
  EXPECT_EQ(run->Wait().exit_code, 7);
}

// The end of the program, whatever it is, is the new supervisor's.
TEST_F(HandoverTest, TheRunIsTheNewSupervisorsOwn) {
  const auto run = Start(
      {"/bin/sh", "-c", absl::StrCat("umask; echo ready; read x < ", Fifo(), "; umask; exit 7")});
  ASSERT_TRUE(run->AwaitOutput("ready"));
  const auto adopter = Adopt(run->pid());
  ASSERT_TRUE(adopter->AwaitError(" ms\n"));
  Go();
  EXPECT_EQ(adopter->Wait().exit_code, 7);
  EXPECT_EQ(run->Wait().exit_code, 0);
  // umask(1) is two calls, each of which is in two records.
  EXPECT_EQ(CountInLog("syscall=95"), 8);
  ExpectGaplessSerials();
}

// A stopped process stays so, and is continued under the new supervisor.
TEST_F(HandoverTest, AStoppedProcessStaysStopped) {
  const auto run = Start({"/bin/sh", "-c",
                          absl::StrCat("setsid sh -c 'echo $$ > ", directory_,
                                       "/pid; kill -STOP $$; umask; exit 3'; exit $?")});
  ASSERT_TRUE(AwaitStopped());
  const auto adopter = Adopt(run->pid());
  ASSERT_TRUE(adopter->AwaitError(" ms\n"));
  // The old one's end would tell, if anything did.
  ASSERT_TRUE(run->AwaitError("goes on in supervisor"));
  EXPECT_TRUE(AwaitStopped());
  EXPECT_EQ(kill(NumberInFile(), SIGCONT), 0);
  EXPECT_EQ(adopter->Wait().exit_code, 3);
  EXPECT_EQ(run->Wait().exit_code, 0);
  ExpectGaplessSerials();
}

// One of the supervisor's own process group, which the kernel would send SIGHUP.
TEST_F(HandoverTest, AStoppedProcessThatWouldNoticeIsLeftWhereItIs) {
  const auto run = Start(
      {"/bin/sh", "-c",
       absl::StrCat("sh -c 'echo $$ > ", directory_, "/pid; kill -STOP $$; exit 3'; exit $?")});
  ASSERT_TRUE(AwaitStopped());
  const Ended adopter = Adopt(run->pid())->Wait();
  EXPECT_EQ(adopter.exit_code, 1) << adopter;
  EXPECT_THAT(adopter.err, HasSubstr("SIGHUP"));
  EXPECT_TRUE(AwaitStopped());
  EXPECT_EQ(kill(NumberInFile(), SIGCONT), 0);
  EXPECT_EQ(run->Wait().exit_code, 3);
}

TEST_F(HandoverTest, AParentInVforkIsWaitedFor) {
  const auto run = Start({Victim("vfork_child_waits"), Fifo()});
  ASSERT_TRUE(run->AwaitOutput("READY\n"));
  const auto adopter = Adopt(run->pid());
  ASSERT_TRUE(Await([&] { return !CgroupsOf(run->pid()).empty(); }));
  Go();
  ASSERT_TRUE(adopter->AwaitError(" ms\n"));
  EXPECT_EQ(adopter->Wait().exit_code, 0);
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.out, "READY\nEXIT-SUCCESS\n");
  ExpectGaplessSerials();
}

TEST_F(HandoverTest, WhatComesToNoStopIsLeftWhereItIs) {
  const auto run = Start({Victim("vfork_child_waits"), Fifo()});
  ASSERT_TRUE(run->AwaitOutput("READY\n"));
  const Ended adopter = Adopt(run->pid())->Wait();
  EXPECT_EQ(adopter.exit_code, 1) << adopter;
  EXPECT_THAT(adopter.err, HasSubstr("vfork"));
  EXPECT_TRUE(CgroupsOf(run->pid()).empty());
  Go();
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(ended.out, "READY\nEXIT-SUCCESS\n");
  ExpectGaplessSerials();
}

// In a mount namespace without cgroup v2.
TEST_F(HandoverTest, WithoutACgroupItIsRefusedAndTheRunGoesOn) {
  const std::string root = CgroupRoot();
  const auto cover = [&root] {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", root.c_str(), "tmpfs", 0, nullptr) != 0) {
      _exit(1);
    }
  };
  const auto run = Start({Victim("calls_until_told"), Fifo()}, cover);
  ASSERT_TRUE(run->AwaitOutput("READY\n"));
  const std::string there = absl::StrCat("/proc/", run->pid(), "/ns/mnt");
  const auto enter = [&there] {
    const UniqueFd mounts(open(there.c_str(), O_RDONLY | O_CLOEXEC));
    if (setns(mounts.get(), CLONE_NEWNS) != 0) _exit(1);
  };
  const Ended adopter = Adopt(run->pid(), enter)->Wait();
  EXPECT_EQ(adopter.exit_code, 1) << adopter;
  EXPECT_THAT(adopter.err, HasSubstr("no cgroup v2"));
  const Ended outside = Adopt(run->pid())->Wait();
  EXPECT_EQ(outside.exit_code, 1) << outside;
  EXPECT_THAT(outside.err, HasSubstr("namespaces"));
  Go();
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(ended.out, "READY\nEXIT-SUCCESS\n");
  ExpectGaplessSerials();
}

// ---- In the middle ----

// The adopter stands still while the tree is brought to its stops, and so has not taken it when it
// is frozen and has no tracer.
class KilledMidwayTest : public HandoverTest {
 protected:
  void SetUp() override {
    HandoverTest::SetUp();
    if (IsSkipped()) return;
    run_ = Start({Victim("vfork_child_waits"), Fifo()});
    ASSERT_TRUE(run_->AwaitOutput("READY\n"));
    adopter_ = Adopt(run_->pid());
    ASSERT_TRUE(Await([&] { return !CgroupsOf(run_->pid()).empty(); }));
  }
  void FreezeWithoutTracer() {
    ASSERT_EQ(kill(adopter_->pid(), SIGSTOP), 0);
    Go();
    ASSERT_TRUE(Await([&] { return IsFrozen(CgroupsOf(run_->pid())); }));
    ASSERT_TRUE(Await([&] { return !HasTracer(); }));
  }
  // True if anything in the frozen cgroups has.
  bool HasTracer() const {
    for (const std::string& cgroup : CgroupsOf(run_->pid())) {
      const std::string threads = ReadFile(cgroup + "/cgroup.threads");
      for (const absl::string_view tid : absl::StrSplit(threads, '\n', absl::SkipEmpty())) {
        if (!absl::StrContains(ReadFile(absl::StrCat("/proc/", tid, "/status")),
                               "TracerPid:\t0\n")) {
          return true;
        }
      }
    }
    return false;
  }
  // Processes whose parent is such a one.
  std::vector<pid_t> Frozen(const std::function<bool(pid_t)>& is_parent) const {
    std::vector<pid_t> found;
    for (const std::string& cgroup : CgroupsOf(run_->pid())) {
      const std::string processes = ReadFile(cgroup + "/cgroup.procs");
      for (const absl::string_view line : absl::StrSplit(processes, '\n', absl::SkipEmpty())) {
        const std::string status = ReadFile(absl::StrCat("/proc/", line, "/status"));
        const std::vector<std::string> parts =
            absl::StrSplit(status, absl::MaxSplits("PPid:\t", 1));
        pid_t pid = 0;
        pid_t parent = 0;
        if (parts.size() < 2 || !absl::SimpleAtoi(line, &pid) ||
            !absl::SimpleAtoi(parts[1].substr(0, parts[1].find('\n')), &parent)) {
          continue;
        }
        if (is_parent(parent)) found.push_back(pid);
      }
    }
    return found;
  }
  void ExpectNoCgroups() const {
    const pid_t old = run_->pid();
    EXPECT_TRUE(Await([old] { return CgroupsOf(old).empty(); }));
  }

  std::unique_ptr<Subprocess> run_;
  std::unique_ptr<Subprocess> adopter_;
};

TEST_F(KilledMidwayTest, TheAdopterBeforeTheTreeIsLetGoOf) {
  ASSERT_EQ(kill(adopter_->pid(), SIGKILL), 0);
  ExpectNoCgroups();
  Go();
  const Ended ended = run_->Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(ended.out, "READY\nEXIT-SUCCESS\n");
  ExpectGaplessSerials();
}

TEST_F(KilledMidwayTest, TheAdopterWhileNobodyHasTheTree) {
  FreezeWithoutTracer();
  ASSERT_EQ(kill(adopter_->pid(), SIGKILL), 0);
  // The old supervisor has it back.
  const Ended ended = run_->Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(ended.out, "READY\nEXIT-SUCCESS\n");
  ExpectNoCgroups();
  EXPECT_EQ(CountInLog("op=supervisor-end"), 1);
  ExpectGaplessSerials();
}

TEST_F(KilledMidwayTest, TheOldSupervisorBeforeTheTreeIsLetGoOf) {
  ASSERT_EQ(kill(run_->pid(), SIGKILL), 0);
  const Ended adopter = adopter_->Wait();
  EXPECT_EQ(adopter.exit_code, 125) << adopter;
  EXPECT_THAT(adopter.err, HasSubstr("killed"));
  // All who had its output are dead.
  const Ended ended = run_->Wait();
  EXPECT_EQ(ended.signal, SIGKILL) << ended;
  EXPECT_EQ(ended.out, "READY\n");
  ExpectNoCgroups();
}

TEST_F(KilledMidwayTest, TheOldSupervisorWhileNobodyHasTheTree) {
  FreezeWithoutTracer();
  // Once the adopter has what it needs.
  ASSERT_EQ(kill(run_->pid(), SIGKILL), 0);
  ASSERT_EQ(kill(adopter_->pid(), SIGCONT), 0);
  const Ended adopter = adopter_->Wait();
  // It goes on with the run if it was told all, and else ends it.
  const Ended ended = run_->Wait();
  if (adopter.exit_code == 0) {
    EXPECT_EQ(ended.out, "READY\nEXIT-SUCCESS\n");
    ExpectGaplessSerials();
  } else {
    EXPECT_EQ(adopter.exit_code, 125) << adopter;
    EXPECT_EQ(ended.out, "READY\n");
  }
  ExpectNoCgroups();
}

TEST_F(KilledMidwayTest, BothWhileNobodyHasTheTree) {
  FreezeWithoutTracer();
  ASSERT_EQ(kill(run_->pid(), SIGKILL), 0);
  ASSERT_EQ(kill(adopter_->pid(), SIGKILL), 0);
  // All who had its output are dead.
  EXPECT_EQ(run_->Wait().out, "READY\n");
  ExpectNoCgroups();
}

// What is frozen and has no tracer dies of any signal that would end it.
TEST_F(KilledMidwayTest, TheProgramByASignalWhileNobodyHasTheTree) {
  FreezeWithoutTracer();
  const std::vector<pid_t> programs =
      Frozen([this](pid_t parent) { return parent == run_->pid(); });
  const std::vector<pid_t> children =
      Frozen([this](pid_t parent) { return parent != run_->pid(); });
  ASSERT_EQ(programs.size(), 1u);
  ASSERT_EQ(children.size(), 1u);
  ASSERT_EQ(kill(programs[0], SIGTERM), 0);
  ASSERT_EQ(kill(adopter_->pid(), SIGCONT), 0);
  ASSERT_TRUE(adopter_->AwaitError(" ms\n"));
  // It sleeps on.
  ASSERT_EQ(kill(children[0], SIGKILL), 0);
  EXPECT_EQ(adopter_->Wait().exit_code, 128 + SIGTERM);
  EXPECT_EQ(run_->Wait().out, "READY\n");
  ExpectNoCgroups();
}

// By whoever else moves processes.
class TakenOutTest : public KilledMidwayTest {
 protected:
  // Of what nobody answers then it makes no call.
  TakenOutTest() { rule_ = "log umask, vfork log result"; }
};

TEST_F(TakenOutTest, WhatHasRunWithoutATracerIsKilled) {
  FreezeWithoutTracer();
  const std::vector<pid_t> children =
      Frozen([this](pid_t parent) { return parent != run_->pid(); });
  ASSERT_EQ(children.size(), 1u);
  const std::string cgroup = CgroupsOf(run_->pid()).front();
  const UniqueFd above(
      open((cgroup.substr(0, cgroup.rfind('/')) + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  const std::string number = absl::StrCat(children[0]);
  ASSERT_EQ(write(above.get(), number.data(), number.size()), static_cast<ssize_t>(number.size()));
  ASSERT_EQ(kill(adopter_->pid(), SIGCONT), 0);
  const Ended adopter = adopter_->Wait();
  EXPECT_THAT(adopter.err,
              HasSubstr(absl::StrCat("task ", number, " is killed: somebody took it")));
  EXPECT_EQ(adopter.exit_code, 0) << adopter;
  EXPECT_EQ(run_->Wait().out, "READY\nEXIT-SUCCESS\n");
  ExpectNoCgroups();
}

}  // namespace
}  // namespace provost
