// A run that goes on under another policy: provost reload.

#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
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
using testing::IsEmpty;
using testing::Not;

class ReloadTest : public LiveRunTest {
 protected:
  static std::unique_ptr<Subprocess> Start(const std::vector<std::string>& options,
                                           const std::vector<std::string>& program) {
    return std::make_unique<Subprocess>(CommandLine(options, program));
  }
  // A shell that runs `first`, then waits until Go, then runs `second`.
  static std::unique_ptr<Subprocess> StartShell(const std::vector<std::string>& options,
                                                const std::string& first,
                                                const std::string& second) {
    return Start(options,
                 {"/bin/sh", "-c", absl::StrCat(first, "; echo ready; read x < $FIFO; ", second)});
  }
  static Ended Reload(const Subprocess& run, const std::vector<std::string>& rules) {
    std::vector<std::string> options;
    for (const std::string& rule : rules) options.insert(options.end(), {"-e", rule});
    return Ask("reload", run.pid(), options);
  }
};

TEST_F(ReloadTest, WhatTheKernelLetThroughIsRefused) {
  const auto run = StartShell({"-e", "deny EPERM rmdir"}, "mkdir /nonexistent/a",
                              "mkdir /nonexistent/a; exit 7");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  const Ended reload = Reload(*run, {"deny EPERM rmdir", "deny EXDEV mkdir, mkdirat"});
  EXPECT_EQ(reload.exit_code, 0) << reload;
  EXPECT_EQ(reload.out, absl::StrCat("run ", run->pid(), " goes on under the new policy\n"));
  EXPECT_EQ(reload.err, "");
  Go();
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 7) << ended;
  EXPECT_THAT(ended.err, HasSubstr("No such file or directory"));
  EXPECT_THAT(ended.err, HasSubstr("Invalid cross-device link"));
}

TEST_F(ReloadTest, WhatTheTracerRefusedIsLetThrough) {
  const auto run = StartShell({"-e", "deny EACCES mkdir, mkdirat if path ~ \"/nonexistent/**\""},
                              "mkdir /nonexistent/a", "mkdir /nonexistent/a; exit 7");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  const Ended reload = Reload(*run, {"default allow"});
  EXPECT_EQ(reload.exit_code, 0) << reload;
  EXPECT_EQ(reload.err, "");
  Go();
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 7) << ended;
  EXPECT_THAT(ended.err, HasSubstr("Permission denied"));
  EXPECT_THAT(ended.err, HasSubstr("No such file or directory"));
}

TEST_F(ReloadTest, WhatTheKernelRefusesStaysRefusedAndIsNamed) {
  const auto run = StartShell(
      {"-e", "deny EXDEV mkdir, mkdirat as \"no-mkdir\"", "-e", "deny EPERM rmdir as \"no-rmdir\""},
      ":", "mkdir /nonexistent/a; exit 7");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  const std::string kept =
      "provost: rule `no-mkdir` goes on refusing mkdir, mkdirat (EXDEV): the kernel does that by "
      "itself, and a filter cannot be taken off\n";
  EXPECT_EQ(Reload(*run, {"deny EPERM rmdir as \"another\""}).err, kept);
  // Also by those who came after it, and in another program.
  const Ended upgrade = Ask("upgrade", run->pid());
  EXPECT_EQ(upgrade.exit_code, 0) << upgrade;
  EXPECT_EQ(Reload(*run, {"deny EPERM rmdir", "allow mkdir"}).err, kept);
  Go();
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 7) << ended;
  EXPECT_THAT(ended.err, HasSubstr("Invalid cross-device link"));
}

TEST_F(ReloadTest, EveryThreadChangesOver) {
  for (const std::vector<std::string>& own : {std::vector<std::string>(), {"own"}}) {
    std::vector<std::string> program = {Victim("reloaded_threads"), directory_ + "/fifo"};
    program.insert(program.end(), own.begin(), own.end());
    const auto run = Start({"-e", "log umask"}, program);
    ASSERT_TRUE(run->AwaitOutput("READY\n"));
    const Ended reload = Reload(*run, {"deny EXDEV mkdir, mkdirat"});
    EXPECT_EQ(reload.exit_code, 0) << reload;
    EXPECT_EQ(reload.err, "");
    Go();
    const Ended ended = run->Wait();
    EXPECT_EQ(ended.exit_code, 0) << ended;
    EXPECT_EQ(ended.out, "READY\nEXIT-SUCCESS\n");
  }
}

// Also those that were on their way when the others had changed over.
TEST_F(ReloadTest, NobodyIsForgottenThatBeginsMeanwhile) {
  for (int round = 0; round < 10; ++round) {
    const std::string told = absl::StrCat(directory_, "/told", round);
    const auto run = Start({"-e", "log umask"}, {Victim("forks_while_reloaded"), told});
    ASSERT_TRUE(run->AwaitOutput("READY\n"));
    const Ended reload = Reload(*run, {"deny EXDEV mkdir, mkdirat"});
    EXPECT_EQ(reload.exit_code, 0) << reload;
    EXPECT_EQ(reload.err, "");
    const UniqueFd file(open(told.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_TRUE(file.valid());
    const Ended ended = run->Wait();
    ASSERT_EQ(ended.exit_code, 0) << ended;
  }
}

// A thread that executes a program takes the number over of the one that is just given its filters.
TEST_F(ReloadTest, AThreadMayExecuteAProgramMeanwhile) {
  const std::string told = directory_ + "/told";
  const auto run = Start({"-e", "log umask"}, {Victim("execs_from_thread_until"), told});
  ASSERT_TRUE(run->AwaitOutput("READY\n"));
  for (int i = 1; i <= 100; ++i) {
    const Ended reload = Reload(*run, {absl::StrCat("deny EXDEV mkdir if mode == ", i)});
    ASSERT_EQ(reload.exit_code, 0) << i << reload;
  }
  const UniqueFd file(open(told.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  EXPECT_TRUE(file.valid());
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
}

// A filter of another thread's that came in meanwhile would count as ours.
TEST_F(ReloadTest, WhoInstallsAFilterIsWaitedFor) {
  const auto run = Start({"-e", "log umask", "--unsafe-harden-off"}, {Victim("stays_in_seccomp")});
  ASSERT_TRUE(run->AwaitOutput("READY\n"));
  Reload(*run, {"deny EXDEV mkdir, mkdirat"});
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 128 + SIGKILL) << ended;
  EXPECT_THAT(ended.err, HasSubstr("does not come back from installing a filter of its own"));
}

// A number in a file that others have mapped, and wait for.
class SharedNumber {
 public:
  explicit SharedNumber(const std::string& path) {
    const UniqueFd file(open(path.c_str(), O_RDWR | O_CLOEXEC));
    void* memory = mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    EXPECT_NE(memory, MAP_FAILED);
    number_ = static_cast<int*>(memory);
  }
  ~SharedNumber() { munmap(number_, sizeof(int)); }
  SharedNumber(const SharedNumber&) = delete;
  SharedNumber& operator=(const SharedNumber&) = delete;

  void Set(int number) {
    __atomic_store_n(number_, number, __ATOMIC_RELEASE);
    syscall(SYS_futex, number_, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  }

 private:
  int* number_;
};

// Also those that were named before a reload, and came to their first stop behind it.
TEST_F(ReloadTest, NoChildIsWithoutAReloadOfItsLife) {
  for (const std::vector<std::string>& own : {std::vector<std::string>(), {"own"}}) {
    const std::string file = absl::StrCat(directory_, "/last", own.size());
    std::vector<std::string> program = {Victim("children_of_reloads"), file};
    program.insert(program.end(), own.begin(), own.end());
    const auto run = Start({"-e", "log umask"}, program);
    ASSERT_TRUE(run->AwaitOutput("READY\n"));
    SharedNumber last(file);
    for (int i = 1; i <= 30; ++i) {
      const Ended reload = Reload(*run, {absl::StrCat("deny EXDEV mkdir if mode == ", i)});
      EXPECT_EQ(reload.exit_code, 0) << reload;
      last.Set(i);
    }
    last.Set(-1);
    const Ended ended = run->Wait();
    EXPECT_EQ(ended.exit_code, 0) << ended;
    EXPECT_EQ(ended.out, "READY\nEXIT-SUCCESS\n");
  }
}

// No call fails in it: with ENOSYS, for want of a tracer, or with EINTR.
TEST_F(ReloadTest, ATreeIsReloadedAgainAndAgain) {
  const char* const number = getenv("PROVOST_RELOADS");
  const int rounds = number == nullptr ? 50 : atoi(number);
  const auto run = Start({"-e", "log getppid, clone, vfork, clone3 log result", "-o", Log()},
                         {Victim("calls_until_told"), directory_ + "/fifo"});
  ASSERT_TRUE(run->AwaitOutput("READY\n"));
  for (int i = 0; i < rounds; ++i) {
    const Ended reload = i % 2 == 0
                             ? Reload(*run, {"deny EPERM bpf"})
                             : Reload(*run, {"log getppid, clone, vfork, clone3 log result"});
    ASSERT_EQ(reload.exit_code, 0) << i << reload;
    ASSERT_EQ(reload.err, "") << i;
  }
  Go();
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(ended.out, "READY\nEXIT-SUCCESS\n");
}

// Its word counts for nothing: it cannot have the new policy, and so does not go on.
TEST_F(ReloadTest, AFilterThatAnswersForTheKernelIsFoundOut) {
  const auto run =
      Start({"-e", "log umask"}, {Victim("answers_for_the_kernel"), directory_ + "/fifo"});
  ASSERT_TRUE(run->AwaitOutput("READY\n"));
  Reload(*run, {"deny EXDEV mkdir, mkdirat"});
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 128 + SIGKILL) << ended;
  EXPECT_THAT(ended.err, HasSubstr("may have answered for the kernel"));
}

// Nor are it and its processes attached to.
TEST_F(ReloadTest, NorIsItAttachedTo) {
  Subprocess victim({Victim("answers_for_the_kernel"), directory_ + "/fifo"});
  ASSERT_TRUE(victim.AwaitOutput("READY\n"));
  const Ended attach = Subprocess({Runfile("tools/cli/provost"), "attach", "-e",
                                   "deny EXDEV mkdir, mkdirat", absl::StrCat(victim.pid())})
                           .Wait();
  EXPECT_EQ(attach.exit_code, 125) << attach;
  EXPECT_THAT(attach.err, HasSubstr("may have answered for the kernel"));
  Go();
  EXPECT_EQ(victim.Wait().exit_code, ENOENT);
}

// Nobody waits for who does not answer.
TEST_F(ReloadTest, ACallThatIsLeftToNobodyIsGivenUp) {
  const auto run = Start({"-e", "log umask", "--unsafe-harden-off"},
                         {Victim("leaves_seccomp_to_nobody"), directory_ + "/fifo"});
  ASSERT_TRUE(run->AwaitOutput("READY\n"));
  Reload(*run, {"deny EXDEV mkdir, mkdirat"});
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 128 + SIGKILL) << ended;
  EXPECT_THAT(ended.err, HasSubstr("to who does not answer"));
}

TEST_F(ReloadTest, NorIsItWaitedForByAttach) {
  Subprocess victim({Victim("leaves_seccomp_to_nobody"), directory_ + "/fifo"});
  ASSERT_TRUE(victim.AwaitOutput("READY\n"));
  const Ended attach = Subprocess({Runfile("tools/cli/provost"), "attach", "-e",
                                   "deny EXDEV mkdir, mkdirat", absl::StrCat(victim.pid())})
                           .Wait();
  EXPECT_EQ(attach.exit_code, 125) << attach;
  EXPECT_THAT(attach.err, HasSubstr("to who does not answer"));
  Go();
  EXPECT_EQ(victim.Wait().exit_code, ENOENT);
}

// It is decided anew under the new policy, and waits on.
TEST_F(ReloadTest, AProtectedCallThatWaitsIsMadeAgain) {
  const auto run = StartShell({"-e", "deny EACCES openat if path == \"/etc/hostname\""},
                              "echo $$ > $PID", "cat /etc/hosts >/dev/null || exit 7");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  ASSERT_TRUE(AwaitCall(SYS_openat));
  const Ended reload = Reload(*run, {"deny EXDEV openat if path == \"/etc/hosts\""});
  EXPECT_EQ(reload.exit_code, 0) << reload;
  EXPECT_TRUE(AwaitCall(SYS_openat));
  Go();
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 7) << ended;
  EXPECT_THAT(ended.err, HasSubstr("Invalid cross-device link"));
}

TEST_F(ReloadTest, CountersBeginAtNothing) {
  const auto run = StartShell({"-e", "deny EXDEV mkdir, mkdirat if first(1)"},
                              "mkdir /nonexistent/a; mkdir /nonexistent/a",
                              "mkdir /nonexistent/a; mkdir /nonexistent/a; exit 7");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  const Ended reload = Reload(*run, {"deny EACCES mkdir, mkdirat if first(1)"});
  EXPECT_EQ(reload.exit_code, 0) << reload;
  Go();
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 7) << ended;
  EXPECT_THAT(ended.err, testing::ContainsRegex("cross-device[^\n]*\n[^\n]*No such file[^\n]*\n"
                                                "[^\n]*Permission denied\n[^\n]*No such file"));
}

TEST_F(ReloadTest, AnUpgradeGoesOnUnderIt) {
  const auto run = StartShell({"-e", "deny EPERM mkdir, mkdirat log", "-o", Log()}, ":",
                              "mkdir /nonexistent/a; exit 7");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  EXPECT_EQ(Reload(*run, {"deny EXDEV mkdir, mkdirat as \"newer\" log"}).exit_code, 0);
  for (int i = 0; i < 2; ++i) {
    const Ended upgrade = Ask("upgrade", run->pid());
    EXPECT_EQ(upgrade.exit_code, 0) << upgrade;
  }
  // One that fails goes on under it, too.
  EXPECT_EQ(Ask("upgrade", run->pid(), {"--binary", "/bin/false"}).exit_code, 1);
  Go();
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 7) << ended;
  EXPECT_THAT(ended.err, HasSubstr("Invalid cross-device link"));
  EXPECT_THAT(LogText(), HasSubstr("key=\"newer\""));
}

uint64_t SerialBehind(const std::string& log, size_t from, const std::string& record) {
  const size_t colon = log.find(':', log.find("msg=audit(", log.find(record, from)));
  uint64_t serial = 0;
  EXPECT_TRUE(absl::SimpleAtoi(log.substr(colon + 1, log.find(')', colon) - colon - 1), &serial));
  return serial;
}

TEST_F(ReloadTest, ItIsOnRecordAndWhyKnowsIt) {
  const auto run = StartShell({"-e", "deny EACCES mkdir, mkdirat as \"older\"", "-o", Log()},
                              "mkdir /nonexistent/a", "mkdir /nonexistent/b; exit 7");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  EXPECT_EQ(Reload(*run, {"deny EXDEV mkdir, mkdirat as \"newer\""}).exit_code, 0);
  Go();
  EXPECT_EQ(run->Wait().exit_code, 7);
  const std::string log = LogText();
  const size_t reload = log.find("type=USYS_CONFIG");
  ASSERT_NE(reload, std::string::npos) << log;
  const std::string record = log.substr(reload, log.find('\n', reload) - reload);
  EXPECT_THAT(record, HasSubstr(absl::StrCat(" uid=", getuid(), " ")));
  EXPECT_THAT(record, HasSubstr(" op=supervisor-reload generation=1 rules="));
  EXPECT_THAT(record, HasSubstr("comm=\"provost\""));
  for (const auto& [from, rule] : {std::pair(size_t{0}, "older"), std::pair(reload, "newer")}) {
    const uint64_t serial = SerialBehind(log, from, "type=SECCOMP");
    const Ended why =
        Subprocess({Runfile("tools/cli/provost"), "why", Log(), absl::StrCat(serial)}).Wait();
    EXPECT_EQ(why.exit_code, 0) << why;
    EXPECT_THAT(why.out, HasSubstr(absl::StrCat("as \"", rule, "\"\n"))) << why;
    EXPECT_THAT(why.out, Not(HasSubstr("none of these policies"))) << why;
  }
}

TEST_F(ReloadTest, AMistakeInThePolicyChangesNothing) {
  const auto run =
      StartShell({"-e", "deny EXDEV mkdir, mkdirat"}, ":", "mkdir /nonexistent/a; exit 7");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  const Ended wrong = Reload(*run, {"deny EPERM opennat"});
  EXPECT_EQ(wrong.exit_code, 2) << wrong;
  EXPECT_THAT(wrong.err, HasSubstr("did you mean `openat`"));
  EXPECT_EQ(Reload(*run, {}).exit_code, 2);
  EXPECT_EQ(Reload(*run, {"harden on", "deny EPERM rmdir", "harden off"}).exit_code, 2);
  EXPECT_EQ(Ask("reload", getpid(), {"-e", "default allow"}).exit_code, 2);
  Go();
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 7) << ended;
  EXPECT_THAT(ended.err, HasSubstr("Invalid cross-device link"));
}

TEST_F(ReloadTest, WhatCannotBeHadIsRefused) {
  const struct {
    std::vector<std::string> options;
    std::string rule;
    const char* says;
  } kTable[] = {
      {{"--mode", "unrestricted", "-e", "default allow"},
       "default allow",
       "the run is unrestricted"},
      {{"-e", "deny EPERM rmdir"}, "harden off", "the run began with `harden on`"},
      {{"-e", "harden off"}, "harden on", "the run began with `harden off`"},
      {{"-e", "container 7"}, "container 8", "the run's container is 7"},
      {{"-e", "deny EPERM rmdir"}, "container 8", "the run's container is none"},
  };
  for (const auto& row : kTable) {
    const auto run = StartShell(row.options, ":", "exit 7");
    ASSERT_TRUE(run->AwaitOutput("ready"));
    const Ended reload = Reload(*run, {row.rule});
    EXPECT_EQ(reload.exit_code, 1) << reload;
    EXPECT_THAT(reload.err, HasSubstr(row.says));
    EXPECT_THAT(reload.out, IsEmpty());
    Go();
    EXPECT_EQ(run->Wait().exit_code, 7);
  }
}

// Each reload leaves its filters, and the kernel takes so many of a task.
TEST_F(ReloadTest, NoMoreFiltersThanTheKernelTakes) {
  const auto run = StartShell({"-e", "log umask"}, ":", "mkdir /nonexistent/a; exit 7");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  constexpr int kMost = 200;
  Ended reload;
  int rounds = 0;
  for (; rounds < kMost; ++rounds) {
    // None is like another.
    std::string rule = absl::StrCat("deny EXDEV ioctl if cmd == ", 1000 * rounds);
    for (int i = 1; i < 300; ++i) absl::StrAppend(&rule, " || cmd == ", 1000 * rounds + 3 * i);
    reload = Reload(*run, {rule});
    if (reload.exit_code != 0) break;
  }
  EXPECT_EQ(reload.exit_code, 1) << reload;
  EXPECT_GT(rounds, 10);
  EXPECT_THAT(reload.err, HasSubstr("begin the run anew"));
  // The one that is in already needs no room.
  Go();
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 7) << ended;
  EXPECT_THAT(ended.err, HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace provost
