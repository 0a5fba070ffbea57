// What can be changed of a run that goes on, by `provost set`, and by whom.

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/live_run.h"
#include "tests/support/provost_run.h"
#include "tests/support/subprocess.h"
#include "tests/support/victims.h"
#include "tools/control/control_client.h"

namespace provost {
namespace {

using Json = nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

// The lines of a log of that type.
std::vector<std::string> RecordsOf(const std::string& log, const std::string& type) {
  std::vector<std::string> found;
  for (const absl::string_view line : absl::StrSplit(log, '\n')) {
    if (absl::StartsWith(line, "type=" + type + " ")) found.emplace_back(line);
  }
  return found;
}

// Runs of one user, with a runtime directory and FIFOs of the test's own.
class ControlTest : public LiveRunTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(LiveRunTest::SetUp());
    ASSERT_EQ(setenv("D", directory_.c_str(), 1), 0);
    ASSERT_EQ(setenv("PROVOST", Runfile("tools/cli/provost").c_str(), 1), 0);
    for (const char* fifo : {"a", "b", "c"}) MakeFifo(fifo);
  }

  // A shell that finds FIFOs $D/a to $D/c.
  std::unique_ptr<Subprocess> Start(std::vector<std::string> options, const std::string& script) {
    options.insert(options.end(), {"-o", Log()});
    return std::make_unique<Subprocess>(CommandLine(options, {"/bin/sh", "-c", script}));
  }
  static Ended Set(pid_t run, const std::vector<std::string>& options) {
    return Ask("set", run, options);
  }
  static Json Ps() {
    return Json::parse(Subprocess({Runfile("tools/cli/provost"), "ps", "--json"}).Wait().out,
                       nullptr, false);
  }
  // The tree of that supervisor: others may run on this machine.
  static Json TreeOf(pid_t supervisor) {
    for (const Json& tree : Ps()) {
      if (tree["supervisor"] == supervisor) return tree;
    }
    return nullptr;
  }
  // What `ps` says of a process.
  static Json PsOf(pid_t pid) {
    for (const Json& tree : Ps()) {
      for (const Json& process : tree["processes"]) {
        if (process["pid"] == pid) return process;
      }
    }
    return nullptr;
  }
  // The number that a shell has written to that file.
  pid_t Pid(const std::string& file) const {
    pid_t pid = 0;
    EXPECT_TRUE(absl::SimpleAtoi(ReadFile(directory_ + "/" + file), &pid)) << file;
    return pid;
  }
  std::string Socket(pid_t supervisor) const {
    return absl::StrCat(directory_, "/run/", supervisor, ".sock");
  }
};

const std::vector<std::string> kDenyMkdir = {"-e", "deny EPERM mkdir, mkdirat as \"no-mkdir\""};

std::vector<std::string> With(std::vector<std::string> options,
                              const std::vector<std::string>& more) {
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

TEST_F(ControlTest, TheListOfActionsIsChanged) {
  const auto run = Start(With(kDenyMkdir, {"--settable", "--actions-logged", ""}),
                         "mkdir /nonexistent/a; echo ready; read x < $D/a; mkdir /nonexistent/b; "
                         "echo again; read x < $D/b; mkdir /nonexistent/c; true");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  const Ended set = Set(run->pid(), {"--actions-logged", "trap errno"});
  EXPECT_EQ(set.exit_code, 0) << set;
  EXPECT_EQ(set.out, "actions logged: trap errno (were: (none))\n");
  EXPECT_EQ(set.err, "");
  Go("a");
  ASSERT_TRUE(run->AwaitOutput("again"));
  EXPECT_EQ(Set(run->pid(), {"--actions-logged", "kill_process"}).exit_code, 0);
  Go("b");
  EXPECT_EQ(run->Wait().exit_code, 0);
  const std::vector<std::string> changes = RecordsOf(LogText(), "CONFIG_CHANGE");
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_THAT(changes[1], AllOf(HasSubstr(" op=seccomp-logging actions=trap,errno "
                                          "old-actions=(none) comm=\"provost\" exe="),
                                HasSubstr(absl::StrCat(": pid=")), HasSubstr(" res=1")));
  EXPECT_THAT(changes[2], HasSubstr("actions=kill_process old-actions=trap,errno"));
  EXPECT_THAT(RecordsOf(LogText(), "SYSCALL"), SizeIs(1));
  EXPECT_THAT(LogText(), HasSubstr("/nonexistent/b"));
}

TEST_F(ControlTest, WhatTheKernelAnswersIsNamed) {
  const auto run = Start(With(kDenyMkdir, {"--actions-logged", ""}),
                         "echo ready; read x < $D/a; mkdir /nonexistent/b; true");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  const Ended set = Set(run->pid(), {"--actions-logged", "errno"});
  EXPECT_EQ(set.exit_code, 0) << set;
  EXPECT_THAT(set.err, AllOf(HasSubstr("answered by the kernel"), HasSubstr("no-mkdir"),
                             HasSubstr("--settable")));
  Go("a");
  EXPECT_EQ(run->Wait().exit_code, 0);
  EXPECT_THAT(RecordsOf(LogText(), "SYSCALL"), SizeIs(0));
}

TEST_F(ControlTest, AuditedTasksAndTheirChildrenAreRecorded) {
  const auto run =
      Start(With(kDenyMkdir, {"--settable", "--actions-logged", ""}),
            "sh -c 'echo $$ > $D/first; read x < $D/a; mkdir /nonexistent/a; echo done; "
            "       read x < $D/b; mkdir /nonexistent/c' & "
            "sh -c 'echo $$ > $D/second; echo ready; read x < $D/c; mkdir /nonexistent/b'; wait; "
            "true");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  // The first one may be about to say so.
  while (ReadFile(directory_ + "/first").empty()) std::this_thread::yield();
  const pid_t first = Pid("first");
  const Ended set = Set(first, {"--audited", absl::StrCat(first)});
  EXPECT_EQ(set.exit_code, 0) << set;
  EXPECT_EQ(set.out, absl::StrCat("process ", first, " is audited\n"));
  EXPECT_EQ(Set(first, {"--audited", absl::StrCat(first)}).out,
            absl::StrCat("process ", first, " is audited, as it was\n"));
  EXPECT_EQ(PsOf(first)["audited"], true);
  EXPECT_EQ(PsOf(Pid("second"))["audited"], false);
  Go("a");
  ASSERT_TRUE(run->AwaitOutput("done"));
  EXPECT_EQ(Set(run->pid(), {"--not-audited", absl::StrCat(first)}).exit_code, 0);
  Go("b");
  Go("c");
  EXPECT_EQ(run->Wait().exit_code, 0);
  EXPECT_THAT(RecordsOf(LogText(), "SYSCALL"), SizeIs(1)) << LogText();
  EXPECT_THAT(LogText(), AllOf(HasSubstr("/nonexistent/a"), Not(HasSubstr("/nonexistent/b")),
                               Not(HasSubstr("/nonexistent/c"))));
  const std::vector<std::string> changes = RecordsOf(LogText(), "CONFIG_CHANGE");
  ASSERT_EQ(changes.size(), 4u) << "the run's list, and three of ours";
  EXPECT_THAT(changes[1],
              HasSubstr(absl::StrCat(" op=audited opid=", first, " audited=1 old-audited=0 ")));
  EXPECT_THAT(changes[3],
              HasSubstr(absl::StrCat(" op=audited opid=", first, " audited=0 old-audited=1 ")));
}

TEST_F(ControlTest, ARunThatIsAuditedCanCeaseToBe) {
  const auto run = Start(With(kDenyMkdir, {"--audited", "--actions-logged", ""}),
                         "mkdir /nonexistent/a; echo ready; read x < $D/a; mkdir /nonexistent/b; "
                         "true");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  const Json tree = TreeOf(run->pid());
  ASSERT_EQ(tree["processes"].size(), 1u);
  EXPECT_EQ(tree["processes"][0]["audited"], true);
  const pid_t shell = tree["processes"][0]["pid"].get<pid_t>();
  EXPECT_EQ(Set(run->pid(), {"--not-audited", absl::StrCat(shell)}).exit_code, 0);
  Go("a");
  EXPECT_EQ(run->Wait().exit_code, 0);
  EXPECT_THAT(RecordsOf(LogText(), "SYSCALL"), SizeIs(1));
}

TEST_F(ControlTest, AProcessIsLabelledLater) {
  const auto run = Start(With(kDenyMkdir, {"--settable"}),
                         "echo $$ > $D/shell; echo ready; read x < $D/a; mkdir /nonexistent/b; "
                         "echo again; read x < $D/b; true");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  const pid_t shell = Pid("shell");
  const std::vector<std::string> label = {"--contid", "7", "--pid", absl::StrCat(shell)};
  Ended set = Set(run->pid(), label);
  EXPECT_EQ(set.exit_code, 0) << set;
  EXPECT_EQ(set.out, absl::StrCat("process ", shell, " is in container 7\n"));
  EXPECT_EQ(PsOf(shell)["contid"], 7);
  set = Set(run->pid(), label);
  EXPECT_EQ(set.exit_code, 1) << set;
  EXPECT_THAT(set.err, HasSubstr("it is in container 7 (EEXIST)"));
  Go("a");
  ASSERT_TRUE(run->AwaitOutput("again"));
  Go("b");
  EXPECT_EQ(run->Wait().exit_code, 0);
  EXPECT_THAT(RecordsOf(LogText(), "CONTAINER_ID"), SizeIs(1)) << "of mkdir, a child";
  const std::vector<std::string> set_records = RecordsOf(LogText(), "CONTAINER_OP");
  ASSERT_EQ(set_records.size(), 2u);
  EXPECT_THAT(set_records[0],
              AllOf(HasSubstr(absl::StrCat("op=set opid=", shell,
                                           " contid=7 old-contid=18446744073709551615 ")),
                    HasSubstr(" comm=\"provost\" "), HasSubstr(" res=1")));
  EXPECT_THAT(set_records[1], AllOf(HasSubstr(" old-contid=7 "), HasSubstr(" res=0")));
}

TEST_F(ControlTest, LabelsAreRefusedAsTheProposalHasIt) {
  const auto run = Start({"-e", "allow getpid"},
                         "echo $$ > $D/shell; perl -e 'use threads; threads->create(sub { sleep "
                         "1000 }); open(F, \">\", \"$ENV{D}/perl\"); print F $$; close(F); $| = "
                         "1; print \"ready\"; sleep 1000'");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  Ended set = Set(run->pid(), {"--contid", "7", "--pid", absl::StrCat(Pid("shell"))});
  EXPECT_EQ(set.exit_code, 1) << set;
  EXPECT_THAT(set.err, HasSubstr("it has children (EBUSY)"));
  set = Set(run->pid(), {"--contid", "7", "--pid", absl::StrCat(Pid("perl"))});
  EXPECT_EQ(set.exit_code, 1) << set;
  EXPECT_THAT(set.err, HasSubstr("it has threads (EALREADY)"));
  set = Set(run->pid(), {"--contid", "7", "--pid", "1"});
  EXPECT_THAT(set.err, HasSubstr("task 1 is not one of the run's (ESRCH)"));
  kill(Pid("perl"), SIGKILL);
  run->Wait();
  const std::vector<std::string> refused = RecordsOf(LogText(), "CONTAINER_OP");
  ASSERT_EQ(refused.size(), 3u);
  for (const std::string& record : refused) EXPECT_THAT(record, HasSubstr(" res=0"));
}

// Two containers in one run, with labels of their own.
TEST_F(ControlTest, SignalsAndAddressesNameBothContainers) {
  const auto run =
      Start({"-e", "log kill", "-e", "log connect"},
            "sh -c 'echo $$ > $D/one; read x < $D/a; read y < $D/two; kill -URG $y; exec perl -e "
            "\"use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, "
            "sockaddr_un(\\\"/none\\\"))\"' & "
            "one=$!; sh -c 'echo $$ > $D/two; echo ready; read x < $D/b' & wait $one; echo said; "
            "wait");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  while (ReadFile(directory_ + "/one").empty()) std::this_thread::yield();
  const pid_t one = Pid("one");
  const pid_t two = Pid("two");
  EXPECT_EQ(Set(run->pid(), {"--contid", "7", "--pid", absl::StrCat(one)}).exit_code, 0);
  EXPECT_EQ(Set(run->pid(), {"--contid", "8", "--pid", absl::StrCat(two)}).exit_code, 0);
  Go("a");
  ASSERT_TRUE(run->AwaitOutput("said"));
  Go("b");
  run->Wait();
  EXPECT_THAT(LogText(), HasSubstr(absl::StrCat(": contid=8 opid=", two)));
  EXPECT_THAT(LogText(), HasSubstr(": contid=7,8 op=net"));
}

TEST_F(ControlTest, ANetworkNamespaceOfItsOwnIsNoNeighbour) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can have one";
  const auto run =
      Start({"-e", "log connect"},
            "unshare -n sh -c 'echo $$ > $D/one; echo ready; read x < $D/a; echo gone' & "
            "sh -c 'echo $$ > $D/two; read x < $D/b; exec perl -e \"use Socket; socket(S, AF_UNIX, "
            "SOCK_STREAM, 0); connect(S, sockaddr_un(\\\"/none\\\"))\"'; echo said; wait; true");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  while (ReadFile(directory_ + "/two").empty()) std::this_thread::yield();
  EXPECT_EQ(Set(run->pid(), {"--contid", "7", "--pid", absl::StrCat(Pid("one"))}).exit_code, 0);
  EXPECT_EQ(Set(run->pid(), {"--contid", "8", "--pid", absl::StrCat(Pid("two"))}).exit_code, 0);
  Go("b");
  ASSERT_TRUE(run->AwaitOutput("said"));
  Go("a");
  run->Wait();
  EXPECT_THAT(RecordsOf(LogText(), "SOCKADDR"), Not(SizeIs(0)));
  EXPECT_THAT(LogText(), AllOf(HasSubstr(": contid=8\n"), Not(HasSubstr("op=net"))));
}

TEST_F(ControlTest, OtherRunsInTheNamespaceAreNeighbours) {
  const auto other = Start({"--contid", "9"}, "echo ready; read x < $D/a");
  ASSERT_TRUE(other->AwaitOutput("ready"));
  const auto run = Start({"-e", "log connect", "--contid", "7"},
                         "exec perl -e 'use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, "
                         "sockaddr_un(\"/none\"))'");
  run->Wait();
  Go("a");
  other->Wait();
  EXPECT_THAT(LogText(), HasSubstr(": contid=7,9 op=net"));
}

TEST_F(ControlTest, NobodyInTheTreeMayAsk) {
  const auto run = Start(With(kDenyMkdir, {"--actions-logged", ""}),
                         "$PROVOST set $PPID --actions-logged trap 2>&1; echo exit $?; "
                         "$PROVOST set $$ --audited $$ 2>&1; (setsid $PROVOST set $PPID "
                         "--not-audited $$ 2>&1)");
  const Ended ended = run->Wait();
  EXPECT_THAT(ended.out, AllOf(HasSubstr("it is supervised itself"), HasSubstr("exit 1"),
                               Not(HasSubstr("actions logged")), Not(HasSubstr("is audited"))))
      << ended;
  EXPECT_THAT(RecordsOf(LogText(), "CONFIG_CHANGE"), SizeIs(1)) << "the run's own";
}

TEST_F(ControlTest, AndNobodyInTheTreeOfAnotherRun) {
  const auto run = Start(kDenyMkdir, "echo ready; read x < $D/a");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  const Ended other = Provost(
      {"-e", "allow getpid"},
      {"/bin/sh", "-c", absl::StrCat("$PROVOST set ", run->pid(), " --actions-logged trap 2>&1")});
  EXPECT_THAT(other.out, HasSubstr("it is supervised itself"));
  Go("a");
  run->Wait();
  EXPECT_THAT(RecordsOf(LogText(), "CONFIG_CHANGE"), SizeIs(0));
}

TEST_F(ControlTest, AThousandRequestsWhileTheProgramIsBusy) {
  const auto run = std::make_unique<Subprocess>(
      CommandLine({"-e", "return 1 getppid", "-o", Log()},
                  {"/bin/sh", "-c",
                   "echo ready; perl -e 'getppid() while 1' & busy=$!; "
                   "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do /bin/true; "
                   "done; read x < $D/a; kill $busy; wait; echo over"}));
  ASSERT_TRUE(run->AwaitOutput("ready"));
  PROVOST_ASSERT_OK_AND_ASSIGN(ControlClient client,
                               ControlClient::Connect(Socket(run->pid()), run->pid(), geteuid()));
  for (int i = 0; i < 1000; ++i) {
    const Json request = {{"request", "set-audited"}, {"contid", 5}, {"audited", i % 2 == 0}};
    const auto answer = client.Ask(request, std::chrono::seconds(60));
    ASSERT_THAT(answer, IsOk()) << i;
    EXPECT_EQ((*answer)["old-audited"], i % 2 == 1);
  }
  Go("a");
  const Ended ended = run->Wait();
  EXPECT_THAT(ended.out, HasSubstr("over"));
  EXPECT_THAT(RecordsOf(LogText(), "CONFIG_CHANGE"), SizeIs(1000));
}

TEST_F(ControlTest, RequestsAreCheckedWordByWord) {
  const auto run = Start({"-e", "allow getpid"}, "echo ready; read x < $D/a");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  PROVOST_ASSERT_OK_AND_ASSIGN(ControlClient client,
                               ControlClient::Connect(Socket(run->pid()), run->pid(), geteuid()));
  const struct {
    const char* request;
    const char* said;
  } kTable[] = {
      {R"({})", "\"request\" must be a string"},
      {R"({"request":7})", "\"request\" must be a string"},
      {R"({"request":"reboot"})", "there is no request \"reboot\""},
      {R"({"request":"status","now":1})", "\"status\" has no argument \"now\""},
      {R"({"request":"set-actions-logged"})", "\"actions\" must be a string"},
      {R"({"request":"set-actions-logged","actions":"allow"})", "'allow' cannot be in the list"},
      {R"({"request":"set-audited","pid":1})", "\"audited\" must be true or false"},
      {R"({"request":"set-audited","audited":true})", "either \"pid\" or \"contid\""},
      {R"({"request":"set-audited","audited":true,"pid":1,"contid":1})", "either \"pid\""},
      {R"({"request":"set-audited","audited":true,"pid":-1})", "\"pid\" must be a whole number"},
      {R"({"request":"set-audited","audited":true,"pid":1.5})", "\"pid\" must be a whole number"},
      {R"({"request":"set-audited","audited":true,"pid":4294967297})", "must be the id of a task"},
      {R"({"request":"set-audited","audited":true,"pid":1})", "task 1 is not one of the run's"},
      {R"({"request":"set-audited","audited":true,"contid":18446744073709551615})", "(EINVAL)"},
      {R"({"request":"set-contid","pid":1,"contid":"x"})", "\"contid\" must be a whole number"},
      {R"({"request":"set-contid","pid":1,"contid":18446744073709551615})", "(EINVAL)"},
  };
  for (const auto& row : kTable) {
    EXPECT_THAT(client.Ask(Json::parse(row.request), std::chrono::seconds(60)),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(row.said)))
        << row.request;
  }
  const auto status = client.Ask({{"request", "status"}}, std::chrono::seconds(60));
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ((*status)["pid"], run->pid());
  EXPECT_EQ((*status)["mode"], "enforce");
  Go("a");
  run->Wait();
  EXPECT_THAT(LogText(), HasSubstr("op=seccomp-logging actions=? old-actions=kill_process,"));
}

TEST_F(ControlTest, TheCommandLineIsChecked) {
  const auto run = Start({"-e", "allow getpid"}, "echo ready; read x < $D/a");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  const struct {
    std::vector<std::string> options;
    const char* said;
  } kTable[] = {
      {{}, "there is nothing to set"},
      {{"--actions-logged", "allow"}, "--actions-logged: 'allow' cannot be in the list"},
      {{"--actions-logged", "errno,trap"}, "blanks, not commas"},
      {{"--audited", "init"}, "--audited: `init` names nobody"},
      {{"--audited", "contid:"}, "names nobody"},
      {{"--audited", "contid:18446744073709551615"}, "names nobody"},
      {{"--not-audited", "-5"}, "--not-audited: `-5` names nobody"},
      {{"--contid", "5"}, "--contid and --pid go together"},
      {{"--pid", "5"}, "--contid and --pid go together"},
      {{"--contid", "x", "--pid", "5"}, "--contid"},
  };
  for (const auto& row : kTable) {
    const Ended ended = Set(run->pid(), row.options);
    EXPECT_EQ(ended.exit_code, 2) << ended;
    EXPECT_THAT(ended.err, HasSubstr(row.said));
    EXPECT_EQ(ended.out, "");
  }
  Ended ended = Set(getpid(), {"--actions-logged", "trap"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr(absl::StrCat("process ", getpid(), " is no supervisor")));
  ended = Set(1 << 23, {"--actions-logged", "trap"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("there is no process"));
  Go("a");
  run->Wait();
}

TEST_F(ControlTest, WhatAKilledRunLeftGoesWithTheNext) {
  const auto killed = Start({"-e", "allow getpid"}, "echo ready; read x < $D/a");
  ASSERT_TRUE(killed->AwaitOutput("ready"));
  const std::string left = Socket(killed->pid());
  struct stat status = {};
  ASSERT_EQ(lstat(left.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, static_cast<mode_t>(S_IFSOCK | 0600));
  kill(killed->pid(), SIGKILL);
  killed->Wait();
  EXPECT_EQ(access(left.c_str(), F_OK), 0);
  EXPECT_EQ(Provost({"-e", "allow getpid"}, {"/bin/true"}).exit_code, 0);
  EXPECT_NE(access(left.c_str(), F_OK), 0);
}

TEST_F(ControlTest, AnotherListenerInItsPlaceIsNotBelieved) {
  const auto run = Start({"-e", "allow getpid"}, "echo ready; read x < $D/a");
  const auto other = Start({"-e", "allow getpid"}, "echo ready; read x < $D/b");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  ASSERT_TRUE(other->AwaitOutput("ready"));
  ASSERT_EQ(rename(Socket(other->pid()).c_str(), Socket(run->pid()).c_str()), 0);
  const Ended set = Set(run->pid(), {"--actions-logged", "trap"});
  EXPECT_EQ(set.exit_code, 125) << set;
  EXPECT_THAT(set.err, HasSubstr("listens there, not supervisor"));
  Go("a");
  Go("b");
  run->Wait();
  other->Wait();
}

TEST_F(ControlTest, AStoppedSupervisorKeepsNobodyWaitingForEver) {
  const auto run = Start({"-e", "allow getpid"}, "echo ready; read x < $D/a");
  ASSERT_TRUE(run->AwaitOutput("ready"));
  PROVOST_ASSERT_OK_AND_ASSIGN(ControlClient client,
                               ControlClient::Connect(Socket(run->pid()), run->pid(), geteuid()));
  kill(run->pid(), SIGSTOP);
  EXPECT_THAT(client.Ask({{"request", "status"}}, std::chrono::milliseconds(50)),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("is it stopped?")));
  EXPECT_TRUE(TreeOf(run->pid())["processes"][0]["audited"].is_null())
      << "who does not answer has not said";
  kill(run->pid(), SIGCONT);
  Go("a");
  EXPECT_EQ(run->Wait().exit_code, 0);
}

}  // namespace
}  // namespace provost
