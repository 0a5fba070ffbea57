// What a run's container and audited tasks do to its records and its decisions.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "audit/collecting_sink.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/subprocess.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

using testing::HasSubstr;
using testing::Not;

// The lines of a log of that type.
std::vector<std::string> RecordsOf(const std::string& log, const std::string& type) {
  std::vector<std::string> found;
  for (const absl::string_view line : absl::StrSplit(log, '\n')) {
    if (absl::StartsWith(line, "type=" + type + " ")) found.emplace_back(line);
  }
  return found;
}

// A shell with a child that makes the same calls.
const std::vector<std::string> kFamily = {
    "/bin/sh", "-c", "mkdir /nonexistent/a; sh -c 'mkdir /nonexistent/b'; true"};

TEST(ContainerTest, EveryTaskIsInIt) {
  CollectingSink sink;
  Options options = OptionsOf({"container 7001", "deny EPERM mkdir, mkdirat as \"m\" log"});
  options.sink = &sink;
  const SupervisedRun run = RunSupervised(options, kFamily);
  EXPECT_THAT(run, EndedWith(Exited{0}));
  const std::vector<std::string> calls = RecordsOf(sink.text(), "SYSCALL");
  EXPECT_EQ(calls.size(), 2u);
  // "m", 0x01, "contid=7001"
  for (const std::string& call : calls) {
    EXPECT_THAT(call, HasSubstr(" key=6D01636F6E7469643D37303031"));
  }
  EXPECT_EQ(RecordsOf(sink.text(), "CONTAINER_ID").size(), 2u);
  const std::vector<std::string> set = RecordsOf(sink.text(), "CONTAINER_OP");
  ASSERT_EQ(set.size(), 1u);
  EXPECT_THAT(set[0], HasSubstr(" contid=7001 old-contid=18446744073709551615 "));
  EXPECT_THAT(set[0], HasSubstr(" res=1"));
}

TEST(ContainerTest, WithoutOneNothingIsSaid) {
  CollectingSink sink;
  Options options = OptionsOf({"deny EPERM mkdir, mkdirat as \"m\" log"});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, kFamily), EndedWith(Exited{0}));
  EXPECT_EQ(RecordsOf(sink.text(), "SYSCALL").size(), 2u);
  EXPECT_THAT(sink.text(), Not(HasSubstr("CONTAINER")));
}

TEST(ContainerTest, SignalsAndAddressesNameBothSides) {
  CollectingSink sink;
  Options options = OptionsOf({"log kill", "log connect"});
  options.sink = &sink;
  options.contid = 5;
  const std::string script =
      "sleep 100 & kill $!; exec perl -e 'use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0);"
      "connect(S, sockaddr_un(\"/nonexistent/s\"))'";
  EXPECT_THAT(RunSupervised(options, {"/bin/sh", "-c", script}), EndedWith(Exited{0}));
  EXPECT_THAT(sink.text(), HasSubstr(": contid=5 opid="));
  EXPECT_EQ(RecordsOf(sink.text(), "OBJ_PID").size(), 1u);
  EXPECT_EQ(RecordsOf(sink.text(), "SOCKADDR").size(), 1u);
  EXPECT_THAT(sink.text(), Not(HasSubstr("op=net"))) << "all are in the one container";
}

TEST(ContainerTest, RulesCanAskForIt) {
  for (const auto& [contid, condition, refused] :
       std::vector<std::tuple<std::optional<uint64_t>, std::string, bool>>{
           {5, "proc.contid == 5", true},
           {5, "proc.contid != 5", false},
           {std::nullopt, "proc.contid == 18446744073709551615", true},
           {std::nullopt, "proc.contid == 5", false},
       }) {
    Options options = OptionsOf({"deny EIO mkdir, mkdirat if " + condition});
    options.contid = contid;
    const SupervisedRun run =
        RunSupervised(options, {"/bin/sh", "-c", "LC_ALL=C mkdir /nonexistent/a 2>&1; true"});
    EXPECT_EQ(absl::StrContains(run.output, "Input/output error"), refused) << condition;
  }
}

TEST(ContainerTest, ContradictionsAreErrors) {
  Options options;
  options.policies = {PolicyOf({"container 5"}), PolicyOf({"container 6"})};
  const SupervisedRun run = RunSupervised(options, {"/bin/true"});
  EXPECT_EQ(run.outcome.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(run.outcome.status().message()),
              HasSubstr("`container 6` contradicts `container 5`"));

  const struct {
    std::vector<std::string> options;
    const char* said;
  } kTable[] = {
      {{"-e", "container 5", "--contid", "6"}, "--contid 6 contradicts `container 5` at -e #1:1"},
      {{"--contid", "18446744073709551615"},
       "is not a whole number from 0 to 18446744073709551614"},
      {{"--contid", "-1"}, "--contid"},
      {{"--contid", "web"}, "--contid"},
      {{"-e", "container -1"}, "is not negative"},
  };
  for (const auto& row : kTable) {
    std::vector<std::string> argv = {Runfile("tools/cli/provost"), "run"};
    argv.insert(argv.end(), row.options.begin(), row.options.end());
    argv.insert(argv.end(), {"--", "/bin/true"});
    const Ended ended = Subprocess(argv).Wait();
    EXPECT_EQ(ended.exit_code, 2) << ended;
    EXPECT_THAT(ended.err, HasSubstr(row.said));
  }
}

TEST(ContainerTest, TheCommandLineAndThePolicyMayAgree) {
  const Ended ended = Subprocess({Runfile("tools/cli/provost"), "run", "-o", "-", "--contid", "5",
                                  "-e", "container 5", "--", "/bin/true"})
                          .Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended;
  EXPECT_EQ(RecordsOf(ended.out, "CONTAINER_OP").size(), 1u);
}

// What is audited is recorded whatever the list of actions says, and though registers alone decide.
TEST(AuditedTest, AllButAllowIsRecorded) {
  const struct {
    std::vector<std::string> statements;
    bool audited;
    size_t recorded;
  } kTable[] = {
      {{"deny EPERM mkdir, mkdirat"}, false, 0},
      {{"deny EPERM mkdir, mkdirat"}, true, 2},
      {{"deny EPERM mkdir, mkdirat quiet"}, true, 2},
      {{"allow mkdir, mkdirat"}, true, 0},
      {{"deny EPERM mkdir, mkdirat audited"}, false, 2},
      {{"log mkdir, mkdirat audited"}, false, 2},
      {{"log mkdir, mkdirat"}, false, 0},
  };
  for (const auto& row : kTable) {
    CollectingSink sink;
    Options options = OptionsOf(row.statements);
    options.sink = &sink;
    options.audited = row.audited;
    options.actions_logged = ActionsLogged();
    EXPECT_THAT(RunSupervised(options, kFamily), EndedWith(Exited{0}));
    EXPECT_EQ(sink.decisions().size(), row.recorded) << row.statements[0];
    // The list is not the usual one, and the log says so.
    const std::vector<std::string> change = RecordsOf(sink.text(), "CONFIG_CHANGE");
    ASSERT_EQ(change.size(), 1u);
    EXPECT_THAT(change[0], HasSubstr("op=seccomp-logging actions=(none) old-actions=kill_process,"
                                     "kill_thread,trap,errno,user_notif,trace,log res=1"));
  }
}

}  // namespace
}  // namespace provost
