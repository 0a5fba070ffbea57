// Whole runs under rules that look at the task, count, or do what only a tracer can.

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "audit/collecting_sink.h"
#include "gtest/gtest.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

std::string Parent() { return std::to_string(getpid()); }

std::string AbsolutePath(const std::string& path) {
  char* resolved = realpath(path.c_str(), nullptr);
  std::string absolute = resolved != nullptr ? resolved : "";
  free(resolved);
  return absolute;
}

TEST(TaskFieldsTest, SayWhatTheTaskIs) {
  const std::string exe = AbsolutePath(Victim("getppid_answers"));
  struct Case {
    std::string condition;
    bool holds;
  };
  for (const Case& test : std::vector<Case>{
           {absl::StrCat("proc.exe == \"", exe, "\""), true},
           {"proc.exe == \"/usr/bin/true\"", false},
           {"proc.comm == \"getppid_answers\"", true},
           {"proc.comm == \"getppid\"", false},
           {absl::StrCat("proc.uid == ", geteuid()), true},
           {absl::StrCat("proc.uid != ", geteuid()), false},
           {absl::StrCat("proc.gid == ", getegid()), true},
           {"proc.pid > 1", true},
           {absl::StrCat("proc.pid == ", getpid()), false},
           {"proc.arch == x86_64", true},
           {"proc.arch == i386", false},
       }) {
    EXPECT_THAT(RunSupervised(OptionsOf({absl::StrCat("return 4711 getppid if ", test.condition)}),
                              {Victim("getppid_answers"), test.holds ? "4711" : Parent()}),
                Succeeded())
        << test.condition;
  }
  EXPECT_THAT(RunSupervised(OptionsOf({"return 4711 getppid if proc.arch == i386"}),
                            {Victim("getppid_answers_int80"), "4711"}),
              Succeeded());
}

TEST(CountingTest, TheCallsThatMatchAreDenied) {
  struct Case {
    const char* condition;
    std::vector<std::string> denied;
  };
  for (const Case& test : std::vector<Case>{
           {"nth(3)", {"3"}},
           {"every(3)", {"3", "6", "9"}},
           {"first(2)", {"1", "2"}},
           {"after(8)", {"9", "10"}},
       }) {
    std::vector<std::string> argv = {Victim("write_denied_at"), "10"};
    argv.insert(argv.end(), test.denied.begin(), test.denied.end());
    EXPECT_THAT(
        RunSupervised(OptionsOf({absl::StrCat("deny EIO write if fd > 2 && ", test.condition)}),
                      argv),
        Succeeded())
        << test.condition;
  }
}

TEST(CountingTest, EachProcessOverForkAndThreads) {
  EXPECT_THAT(RunSupervised(OptionsOf({"deny EIO write if fd > 2 && nth(2) each process"}),
                            {Victim("write_denied_in_children")}),
              Succeeded());
}

TEST(CountingTest, ARestartedCallIsCountedOnce) {
  for (const char* each : {"", " each process"}) {
    EXPECT_THAT(
        RunSupervised(OptionsOf({absl::StrCat("deny EIO read if fd == 100 && nth(3)", each)}),
                      {Victim("read_restarted_counts_once")}),
        Succeeded());
  }
}

// With no handler, after a group-stop.
TEST(CountingTest, ACallTakenUpAfterAStopIsCountedOnce) {
  EXPECT_THAT(RunSupervised(OptionsOf({"deny EIO read if fd == 100 && nth(3)"}),
                            {Victim("read_stopped_counts_once")}),
              Succeeded());
}

TEST(CountingTest, TheExecveThatStartsTheProgramIsNotCounted) {
  EXPECT_THAT(RunSupervised(OptionsOf({"deny EACCES execve, execveat if first(2)"}),
                            {Victim("exec_answers"), "-13"}),
              Succeeded());
}

TEST(CountingTest, ChanceRepeatsFromTheSeed) {
  const auto run = [](uint64_t seed) {
    Options options = OptionsOf({"deny EIO write if fd > 2 && chance(50%)"});
    options.seed = seed;
    const SupervisedRun result = RunSupervised(options, {Victim("write_denials_shown"), "200"});
    EXPECT_THAT(result, EndedWith(Exited{0}));
    return result.output;
  };
  const std::string first = run(4711);
  EXPECT_EQ(first.size(), 201U);
  EXPECT_GT(std::count(first.begin(), first.end(), 'y'), 50);
  EXPECT_GT(std::count(first.begin(), first.end(), 'n'), 50);
  EXPECT_EQ(run(4711), first);
  EXPECT_NE(run(4712), first);
}

// ---- Actions that only a tracer has ----

const std::vector<std::string>& Rewrites() {
  static const auto* const rules =
      new std::vector<std::string>{"rewrite dup2 set oldfd = 1, newfd = 100 if newfd == 200",
                                   "rewrite pipe2 set flags = O_CLOEXEC if flags has O_NONBLOCK"};
  return *rules;
}

TEST(RewriteTest, TheCallRunsSoAndTheTaskFindsItsRegisters) {
  EXPECT_THAT(RunSupervised(OptionsOf(Rewrites()), {Victim("argument_rewritten")}), Succeeded());
}

TEST(RewriteTest, IsRecordedWithWhatWasAskedAndWhatCameOfIt) {
  std::vector<std::string> rules = Rewrites();
  for (std::string& rule : rules) rule += " as \"changed\" log result";
  CollectingSink sink;
  Options options = OptionsOf(rules);
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("argument_rewritten")}), Succeeded());
  ASSERT_EQ(sink.decisions().size(), 3U);
  const CollectingSink::Recorded& dup = sink.decisions()[0];
  EXPECT_TRUE(std::holds_alternative<Rewrite>(dup.verdict));
  EXPECT_EQ(dup.rule, "changed");
  EXPECT_EQ(dup.request.args[1], 200U);
  EXPECT_EQ(dup.result, 100);
}

TEST(RewriteTest, ARewriteLeadsPastNoRule) {
  EXPECT_THAT(RunSupervised(OptionsOf({"rewrite getppid set arg0 = 5 if arg0 != 5",
                                       "deny EACCES getppid if arg0 == 5"}),
                            {Victim("getppid_answers"), "-13"}),
              Succeeded());
}

TEST(RewriteTest, ComplainLeavesTheCallAsItIs) {
  CollectingSink sink;
  Options options = OptionsOf({"rewrite getppid set arg0 = 5", "ask getpid", "trap getuid"});
  options.mode = Mode::kComplain;
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("getppid_answers"), Parent()}), Succeeded());
  ASSERT_FALSE(sink.decisions().empty());
  for (const CollectingSink::Recorded& recorded : sink.decisions()) {
    EXPECT_EQ(recorded.verdict, Verdict(Log{}));
  }
}

TEST(AskTest, TheDefaultAnswers) {
  EXPECT_THAT(RunSupervised(OptionsOf({"default allow", "ask getppid"}),
                            {Victim("getppid_answers"), Parent()}),
              Succeeded());
  EXPECT_THAT(RunSupervised(OptionsOf({"default deny EPERM", "ask getppid", "allow *"}),
                            {Victim("getppid_answers"), "-1"}),
              Succeeded());
}

}  // namespace
}  // namespace provost
