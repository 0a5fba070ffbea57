// The program `provost run`: options, exit statuses, signals, and what happens when it dies.

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/provost_run.h"
#include "tests/support/subprocess.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::vector<std::string> kAllowAll = {"-e", "default allow"};

TEST(ExitStatusTest, IsTheProgramsOwn) {
  for (const int code : {0, 1, 42, 255}) {
    const Ended ended = Provost(kAllowAll, {Victim("exits_with"), std::to_string(code)});
    EXPECT_EQ(ended.exit_code, code) << ended;
    EXPECT_THAT(ended.err, IsEmpty());
  }
}

TEST(ExitStatusTest, Is128AndTheSignalThatKilledTheProgram) {
  for (const int signal : {SIGKILL, SIGTERM, SIGINT, SIGSEGV, SIGUSR1}) {
    const Ended ended = Provost(kAllowAll, {Victim("dies_by"), std::to_string(signal)});
    EXPECT_EQ(ended.exit_code, 128 + signal) << ended;
  }
  const Ended killed = Provost({"-e", "kill process getppid"}, {Victim("getppid_kills_process")});
  EXPECT_EQ(killed.exit_code, 128 + SIGSYS) << killed;
}

TEST(ExitStatusTest, Is127ForNoProgramAnd126ForOneThatCannotRun) {
  const std::string data = TemporaryPath("data");
  std::ofstream(data) << "no program\n";
  const Ended missing = Provost(kAllowAll, {"/nonexistent/program"});
  EXPECT_EQ(missing.exit_code, 127) << missing;
  EXPECT_THAT(missing.err, StartsWith("provost: "));
  EXPECT_THAT(missing.err, HasSubstr("/nonexistent/program"));
  EXPECT_THAT(missing.err, HasSubstr("No such file or directory"));
  EXPECT_EQ(Provost(kAllowAll, {"nonexistent-in-path"}).exit_code, 127);
  for (const std::string& program : {data, std::string("/")}) {
    const Ended ended = Provost(kAllowAll, {program});
    EXPECT_EQ(ended.exit_code, 126) << ended;
    EXPECT_THAT(ended.err, HasSubstr("Permission denied"));
  }
}

TEST(ExitStatusTest, Is2ForWrongUsage) {
  const std::string succeeds = Victim("succeeds");
  const std::vector<std::vector<std::string>> wrong = {
      {"run"},
      {"run", "--nonsense", "--", succeeds},
      {"run", "-e", "deny EPERM opennat", "--", succeeds},
      {"run", "-e", "deny EPRM openat", "--", succeeds},
      {"run", "-p", "/nonexistent.policy", "--", succeeds},
      {"run", "--mode", "nonsense", "--", succeeds},
      {"run", "--on-audit-failure", "nonsense", "--", succeeds},
      {"run", "--actions-logged", "allow", "--", succeeds},
      {"run", "-o", "", "--", succeeds},
      {"nonsense"},
      {},
  };
  for (std::vector<std::string> argv : wrong) {
    argv.insert(argv.begin(), Runfile("tools/cli/provost"));
    const Ended ended = RunNatively(argv);
    EXPECT_EQ(ended.exit_code, 2) << ended;
    EXPECT_THAT(ended.err, Not(IsEmpty())) << argv.size();
    EXPECT_THAT(ended.out, IsEmpty());
  }
}

TEST(ExitStatusTest, Is125WhereProvostItselfFails) {
  const Ended ended = Provost({"-o", "/nonexistent/directory/log"}, {Victim("succeeds")});
  EXPECT_EQ(ended.exit_code, 125) << ended;
  EXPECT_THAT(ended.err, HasSubstr("/nonexistent/directory/log"));
  EXPECT_THAT(ended.out, IsEmpty());
}

TEST(PolicyTest, FilesAndStatementsStack) {
  const std::string file = TemporaryPath("app.policy");
  std::ofstream(file) << "default allow\ndeny EACCES getppid\n";
  const std::string victim = Victim("getppid_answers");
  EXPECT_EQ(Provost({"-p", file}, {victim, "-13"}).exit_code, 0);
  EXPECT_EQ(Provost({"-p", file, "-e", "deny EPERM getppid"}, {victim, "-1"}).exit_code, 0);
  EXPECT_EQ(
      Provost({"-e", "return 3 getppid", "-e", "deny EPERM getppid"}, {victim, "3"}).exit_code, 0);
  EXPECT_EQ(Provost({"-p", file, "--mode", "complain"}, {victim, "-13"}).exit_code, 1);
}

TEST(PolicyTest, WithoutOneEveryCallIsRecordedWithItsResult) {
  const Ended ended = Provost({}, {Victim("getppid_many"), "-1", "0"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(ended.out, kExitSuccess);
  EXPECT_THAT(ended.err, HasSubstr("type=SYSCALL"));
  EXPECT_THAT(ended.err, HasSubstr("success=yes exit=13"));  // the write of EXIT-SUCCESS
}

int CountLines(const std::string& text, absl::string_view start) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  return static_cast<int>(std::count_if(lines.begin(), lines.end(),
                                        [&](auto line) { return absl::StartsWith(line, start); }));
}

TEST(AuditLogTest, HasOneEventARefusalAndTheRunsOwn) {
  const std::string log = TemporaryPath("audit.log");
  const Ended ended = Provost({"-o", log, "-e", "deny EPERM getppid"},
                              {Victim("getppid_many_threads"), "-1", "100"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(ended.err, IsEmpty());
  const std::string text = ReadFile(log);
  EXPECT_EQ(CountLines(text, "type=SECCOMP "), 800);
  EXPECT_EQ(CountLines(text, "type=SYSCALL "), 800);
  EXPECT_EQ(CountLines(text, "type=SERVICE_START "), 1);
  EXPECT_EQ(CountLines(text, "type=SERVICE_STOP "), 1);
  EXPECT_THAT(text, HasSubstr("op=supervisor-start"));
  EXPECT_THAT(text, HasSubstr("op=supervisor-end"));
  struct stat stat;
  ASSERT_EQ(lstat(log.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 07777, 0600);
}

TEST(AuditLogTest, SaysWhichActionsItHasIfNotAll) {
  const std::string log = TemporaryPath("actions.log");
  const Ended ended =
      Provost({"-o", log, "-e", "deny EPERM getppid", "--actions-logged", "log  trap"},
              {Victim("getppid_answers"), "-1"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  const std::string text = ReadFile(log);
  EXPECT_EQ(CountLines(text, "type=SECCOMP "), 0);
  EXPECT_EQ(CountLines(text, "type=CONFIG_CHANGE "), 1);
  EXPECT_THAT(text, HasSubstr("op=seccomp-logging actions=trap,log old-actions=kill_process,"
                              "kill_thread,trap,errno,user_notif,trace,log res=1"));
}

TEST(AuditLogTest, IsAppendedToAndSharedByTwoAtOnce) {
  const std::string log = TemporaryPath("shared.log");
  const std::vector<std::string> argv =
      CommandLine({"-o", log, "-e", "deny EPERM getppid"}, {Victim("getppid_many"), "-1", "300"});
  Subprocess one(argv);
  Subprocess two(argv);
  EXPECT_EQ(one.Wait().exit_code, 0);
  EXPECT_EQ(two.Wait().exit_code, 0);
  EXPECT_EQ(Subprocess(argv).Wait().exit_code, 0);
  EXPECT_EQ(CountLines(ReadFile(log), "type=SECCOMP "), 900);
}

TEST(AuditLogTest, ThatIsFullKillsOnDemand) {
  if (access("/dev/full", W_OK) < 0) GTEST_SKIP() << "no /dev/full";
  const Ended ended =
      Provost({"-o", "/dev/full", "--on-audit-failure", "kill", "-e", "deny EPERM getppid"},
              {Victim("getppid_answers"), "-1"});
  EXPECT_EQ(ended.exit_code, 125) << ended;
  EXPECT_THAT(ended.out, IsEmpty());
  EXPECT_THAT(ended.err, HasSubstr("No space left on device"));
}

TEST(AuditLogTest, ThatIsFullLosesOnDemand) {
  if (access("/dev/full", W_OK) < 0) GTEST_SKIP() << "no /dev/full";
  const Ended ended =
      Provost({"-o", "/dev/full", "--on-audit-failure", "continue", "-e", "deny EPERM getppid"},
              {Victim("getppid_answers"), "-1"});
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(ended.out, kExitSuccess);
  EXPECT_THAT(ended.err, HasSubstr("missing from the audit log"));
}

TEST(UnsafeTest, NewPrivilegesOnDemand) {
  const std::string victim = Victim("no_new_privs_is");
  EXPECT_EQ(Provost(kAllowAll, {victim, "1"}).exit_code, 0);
  const Ended ended =
      Provost({"--unsafe-allow-new-privs", "-e", "deny EPERM uname"}, {victim, "0"});
  // Without CAP_SYS_ADMIN the kernel installs no filter.
  if (ended.exit_code != 0) {
    EXPECT_EQ(ended.exit_code, 125) << ended;
    EXPECT_THAT(ended.err, HasSubstr("CAP_SYS_ADMIN"));
    EXPECT_NE(geteuid(), 0);
  }
}

TEST(SignalsTest, OnesSentToProvostReachTheProgram) {
  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2}) {
    Subprocess provost(CommandLine(kAllowAll, {Victim("awaits_signal"), std::to_string(signal)}));
    ASSERT_TRUE(provost.AwaitOutput("READY\n")) << signal;
    ASSERT_EQ(kill(provost.pid(), signal), 0);
    const Ended ended = provost.Wait();
    EXPECT_EQ(ended.exit_code, 0) << signal << ": " << ended;
    EXPECT_EQ(ended.out, absl::StrCat("READY\n", kExitSuccess));
  }
}

TEST(SignalsTest, OnesToTheWholeGroupLeaveProvostToSayHowTheProgramEnded) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    Subprocess provost(CommandLine(kAllowAll, {Victim("tree_awaits_end")}));
    ASSERT_TRUE(provost.AwaitOutput("READY\n")) << signal;
    ASSERT_EQ(kill(-provost.pid(), signal), 0);
    // Its daemon is in a session of its own and ends only with provost.
    ASSERT_EQ(kill(provost.pid(), 0), 0);
    ASSERT_EQ(kill(-provost.pid(), SIGKILL), 0);
    EXPECT_FALSE(provost.Wait().timed_out);
  }
}

// ^C on a terminal: the kernel signals the whole foreground group.
TEST(SignalsTest, InterruptFromATerminalEndsTheProgram) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  const UniqueFd terminal(master);
  const UniqueFd other(slave);
  fcntl(master, F_SETFD, FD_CLOEXEC);
  fcntl(slave, F_SETFD, FD_CLOEXEC);
  Subprocess provost(CommandLine(kAllowAll, {Victim("ready_then_pause")}), [slave] {
    // The leader of a new session cannot be the leader of a group it has already.
    if (fork() != 0) {
      int status = 0;
      wait(&status);
      _exit(WEXITSTATUS(status));
    }
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    dup2(slave, STDIN_FILENO);
  });
  ASSERT_TRUE(provost.AwaitOutput("READY\n"));
  ASSERT_EQ(write(terminal.get(), "\x03", 1), 1);
  const Ended ended = provost.Wait();
  EXPECT_EQ(ended.exit_code, 128 + SIGINT) << ended;
}

TEST(SignalsTest, IgnoredOnesStayIgnored) {
  Subprocess provost(CommandLine(kAllowAll, {Victim("ready_then_pause")}),
                     [] { signal(SIGHUP, SIG_IGN); });
  ASSERT_TRUE(provost.AwaitOutput("READY\n"));
  ASSERT_EQ(kill(-provost.pid(), SIGHUP), 0);
  ASSERT_EQ(kill(-provost.pid(), SIGTERM), 0);
  EXPECT_EQ(provost.Wait().exit_code, 128 + SIGTERM);
}

// As in a script that ends with `exec provost run …`.
TEST(ChildrenTest, InheritedByExecAreNotWaitedFor) {
  std::array<int, 2> fds;
  ASSERT_EQ(pipe2(fds.data(), O_CLOEXEC), 0);
  const UniqueFd reading(fds[0]);
  const UniqueFd writing(fds[1]);
  Subprocess provost(CommandLine(kAllowAll, {Victim("fork_exit_codes")}), [&] {
    if (fork() != 0) return;
    // Lives until the test lets go of the pipe, and holds nothing else.
    char byte;
    dup2(reading.get(), STDIN_FILENO);
    close_range(STDIN_FILENO + 1, ~0U, 0);
    _exit(read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1);
  });
  const Ended ended = provost.Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_FALSE(ended.timed_out);
}

TEST(SignalsTest, AParentThatIgnoresSigchldChangesNothing) {
  Subprocess provost(CommandLine(kAllowAll, {Victim("exits_with"), "9"}),
                     [] { signal(SIGCHLD, SIG_IGN); });
  EXPECT_EQ(provost.Wait().exit_code, 9);
}

TEST(JobControlTest, ProvostStopsAndGoesOnWithTheProgram) {
  for (const int stop : {SIGSTOP, SIGTSTP}) {
    for (const bool whole_group : {true, false}) {
      Subprocess provost(CommandLine(kAllowAll, {Victim("stops_itself"), std::to_string(stop)}));
      ASSERT_TRUE(provost.AwaitOutput("READY\n"));
      EXPECT_NE(provost.AwaitStop(), 0);
      // `fg` continues the group; `kill -CONT %1` may name provost alone.
      ASSERT_EQ(kill(whole_group ? -provost.pid() : provost.pid(), SIGCONT), 0);
      const Ended ended = provost.Wait();
      EXPECT_EQ(ended.exit_code, 0) << ended;
      EXPECT_EQ(ended.out, absl::StrCat("READY\n", kExitSuccess));
    }
  }
}

TEST(JobControlTest, AStopSignalToProvostStopsTheProgramFirst) {
  Subprocess provost(CommandLine(kAllowAll, {Victim("awaits_signal"), std::to_string(SIGUSR1)}));
  ASSERT_TRUE(provost.AwaitOutput("READY\n"));
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(kill(provost.pid(), SIGTSTP), 0);
    EXPECT_NE(provost.AwaitStop(), 0);
    ASSERT_EQ(kill(provost.pid(), SIGCONT), 0);
  }
  ASSERT_EQ(kill(provost.pid(), SIGUSR1), 0);
  EXPECT_EQ(provost.Wait().exit_code, 0);
}

TEST(SignalTest, AfterTheProgramEndedEndsTheRunInOrder) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGALRM}) {
    const std::string log = TemporaryPath(absl::StrCat("after_end_", signal, ".log"));
    Subprocess provost(
        CommandLine({"-e", "log getppid", "-o", log}, {Victim("daemon_awaits_end")}));
    ASSERT_TRUE(provost.AwaitOutput("READY\n"));
    ASSERT_EQ(kill(provost.pid(), signal), 0);
    const Ended ended = provost.Wait();
    EXPECT_EQ(ended.exit_code, 7) << ended;
    EXPECT_THAT(ReadFile(log), HasSubstr("op=supervisor-end"));
  }
}

TEST(RecordTest, OfATaskThatCannotBeLookedUpIsNone) {
  const std::vector<std::string> victim = {Victim("lowers_parents_descriptors")};
  const std::string log = TemporaryPath("descriptors.log");
  Ended ended = Provost(
      {"-e", "log getppid", "-o", log, "--unsafe-harden-off", "--on-audit-failure", "continue"},
      victim);
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_THAT(ended.err, HasSubstr("Too many open files"));
  EXPECT_THAT(ended.err, HasSubstr("3 decisions are missing"));
  EXPECT_THAT(ReadFile(log), Not(HasSubstr(" pid=0 ")));
  EXPECT_THAT(ReadFile(log), HasSubstr("op=supervisor-end"));
  ended =
      Provost({"-e", "log getppid", "-o", log, "--unsafe-harden-off", "--on-audit-failure", "kill"},
              victim);
  EXPECT_EQ(ended.exit_code, 125) << ended;
}

TEST(UsageTest, SaysWhatIsWrong) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> kCases = {
      {{"foo"}, "there is no command `foo`, only run"},
      {{"run", "--bogus", "--", "true"}, "not expected: --bogus;"},
      {{"run", "-p", "--", "true"}, "-p: names no FILE"},
      {{"run", "-p", "", "--", "true"}, "-p: the file's name is empty"},
      {{"run", "-e", " ", "--", "true"}, "-e #1: error: it is empty"},
  };
  for (const auto& [arguments, message] : kCases) {
    std::vector<std::string> argv = {Runfile("tools/cli/provost")};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const Ended ended = Subprocess(argv).Wait();
    EXPECT_EQ(ended.exit_code, 2) << ended;
    EXPECT_THAT(ended.err, HasSubstr(message));
    EXPECT_THAT(ended.out, IsEmpty());
  }
}

TEST(LaunchTest, UnderAnotherTracerSaysSo) {
  std::vector<std::string> inner = CommandLine(kAllowAll, {"true"});
  const Ended ended = Provost(kAllowAll, inner);
  EXPECT_EQ(ended.exit_code, 125) << ended;
  EXPECT_THAT(ended.err, HasSubstr("a task has one tracer"));
}

TEST(DeathTest, OfProvostKillsTheTree) {
  for (const char* rule : {"default allow", "default log"}) {
    for (int i = 0; i < 5; ++i) {
      Subprocess provost(CommandLine({"-e", rule, "-o", "/dev/null"}, {Victim("tree_awaits_end")}));
      ASSERT_TRUE(provost.AwaitOutput("READY\n"));
      // Provost alone; what is left of the tree holds the pipe that Wait reads to its end.
      ASSERT_EQ(kill(provost.pid(), SIGKILL), 0);
      const Ended ended = provost.Wait();
      EXPECT_FALSE(ended.timed_out) << ended;
      EXPECT_EQ(ended.signal, SIGKILL);
    }
  }
}

TEST(DeathTest, OfProvostKillsATreeThatForks) {
  for (const char* rule : {"default allow", "default log"}) {
    for (int i = 0; i < 10; ++i) {
      Subprocess provost(
          CommandLine({"-e", rule, "-o", "/dev/null"}, {Victim("fork_until_killed")}));
      ASSERT_TRUE(provost.AwaitOutput("READY\n"));
      ASSERT_EQ(kill(provost.pid(), SIGKILL), 0);
      const Ended ended = provost.Wait();
      EXPECT_FALSE(ended.timed_out) << ended;
    }
  }
}

// A kernel before Linux 6.10, as far as provost can see.
void HideMseal() {
  constexpr uint32_t kMseal = 462;
  sock_filter hides[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kMseal, 0, 1),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program = {4, hides};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    _exit(99);
  }
}

TEST(OldKernelTest, PoliciesThatLookAtMemoryRunAndSayWhatIsMissing) {
  const std::vector<std::string> looks = {"-e", "deny EACCES openat if path == \"/nowhere\""};
  const auto run = [](const std::vector<std::string>& options) {
    return Subprocess(CommandLine(options, {Victim("succeeds")}), HideMseal).Wait();
  };
  const Ended as_usual = run(looks);
  EXPECT_EQ(as_usual.exit_code, 0) << as_usual;
  EXPECT_THAT(as_usual.err, HasSubstr("this kernel has no mseal(2)"));
  const Ended asked = run({looks[0], looks[1], "--arguments", "protect"});
  EXPECT_EQ(asked.exit_code, 125) << asked;
  EXPECT_THAT(asked.err, HasSubstr("`--arguments trust` runs all the same"));
  for (const std::vector<std::string>& silent :
       {std::vector<std::string>{looks[0], looks[1], "--arguments", "trust"},
        std::vector<std::string>{"-e", "deny EACCES mkdir"}}) {
    const Ended ended = run(silent);
    EXPECT_EQ(ended.exit_code, 0) << ended;
    EXPECT_EQ(ended.err, "");
  }
}

}  // namespace
}  // namespace provost
