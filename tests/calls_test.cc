// What verdicts do to a call, whoever makes it and by whatever entry.

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "audit/collecting_sink.h"
#include "gtest/gtest.h"
#include "policy/filter_compiler.h"
#include "tests/support/subprocess.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"

namespace provost {
namespace {

// Each verdict twice: as the kernel's filter applies it, and as the tracer does, because a record
// is asked for.
struct Answer {
  const char* verdict;
  int64_t result;
};
constexpr Answer kAnswers[] = {
    {"deny EPERM", -EPERM},
    {"deny ENOSYS", -ENOSYS},
    {"deny EINTR", -EINTR},
    {"return 0", 0},
    {"return 1", 1},
    {"return 4711", 4711},
    {"return 2147483647", 2147483647},
};

class AnswersTest : public testing::TestWithParam<Answer> {
 protected:
  // Runs `victim` with the answer it should get, under the verdict in the kernel and in the tracer.
  static void ExpectAnswer(const char* victim) {
    const auto& [verdict, result] = GetParam();
    for (const char* wish : {"", " log"}) {
      CollectingSink sink;
      Options options = OptionsOf({absl::StrCat(verdict, " getppid", wish)});
      options.sink = &sink;
      EXPECT_THAT(RunSupervised(options, {Victim(victim), std::to_string(result)}), Succeeded());
      // The answer is on record if it was asked for, and only then.
      EXPECT_EQ(sink.decisions().empty(), *wish == '\0');
      for (const CollectingSink::Recorded& recorded : sink.decisions()) {
        EXPECT_EQ(recorded.result, result);
      }
    }
    // The program's real parent would have another pid.
    EXPECT_NE(RunNatively({Victim(victim), std::to_string(result)}).exit_code, 0);
  }
};

TEST_P(AnswersTest, ToTheSyscallInstruction) { ExpectAnswer("getppid_answers"); }
TEST_P(AnswersTest, ToAnI386Program) { ExpectAnswer("getppid_answers_i386"); }
TEST_P(AnswersTest, ToInt80From64BitCode) { ExpectAnswer("getppid_answers_int80"); }
TEST_P(AnswersTest, ToAnI386ProgramByTheVdsosEntry) { ExpectAnswer("getppid_answers_vdso_entry"); }
TEST_P(AnswersTest, To64BitCodeOfA32BitProgram) { ExpectAnswer("getppid_answers_far_call"); }
TEST_P(AnswersTest, WhateverTheUpperHalfOfTheNumber) { ExpectAnswer("number_upper_half"); }

INSTANTIATE_TEST_SUITE_P(Verdicts, AnswersTest, testing::ValuesIn(kAnswers),
                         [](const testing::TestParamInfo<Answer>& test) {
                           std::string name = test.param.verdict;
                           for (char& c : name) c = c == ' ' ? '_' : c;
                           return name;
                         });

TEST(CallsTest, ReturnsMoreThan32Bits) {
  const std::string answer = std::to_string(int64_t{1} << 40);
  EXPECT_THAT(RunSupervised(OptionsOf({"arch x86_64", absl::StrCat("return ", answer, " getppid")}),
                            {Victim("getppid_answers"), answer}),
              Succeeded());
}

TEST(CallsTest, I386RulesAloneApplyToI386Calls) {
  // On x86_64 only: an i386 getppid is refused as every call of an architecture not listed.
  const std::vector<std::string> x86_64_only = {"arch x86_64", "deny EPERM getppid"};
  EXPECT_THAT(RunSupervised(OptionsOf(x86_64_only), {Victim("getppid_answers"), "-1"}),
              Succeeded());
  EXPECT_THAT(RunSupervised(OptionsOf(x86_64_only),
                            {Victim("getppid_answers_int80"), std::to_string(-ENOSYS)}),
              Succeeded());
}

TEST(CallsTest, AllowedCallsAreTheKernels) {
  const std::string parent = std::to_string(getpid());
  for (const char* statement :
       {"default allow", "default log", "allow getppid", "log getppid", "log getppid log result"}) {
    for (const char* victim : {"getppid_answers", "getppid_answers_i386", "getppid_answers_int80",
                               "number_upper_half"}) {
      EXPECT_THAT(RunSupervised(OptionsOf({statement}), {Victim(victim), parent}), Succeeded())
          << statement;
    }
  }
}

TEST(CallsTest, LogRecordsOneEventACall) {
  CollectingSink sink;
  Options options = OptionsOf({"log getppid as \"asks\""});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("getppid_answers"), std::to_string(getpid())}),
              Succeeded());
  ASSERT_EQ(sink.decisions().size(), 3);
  for (const CollectingSink::Recorded& recorded : sink.decisions()) {
    EXPECT_EQ(recorded.rule, "asks");
    EXPECT_EQ(recorded.verdict, Verdict(Log{}));
    EXPECT_EQ(recorded.result, std::nullopt);
  }
}

TEST(CallsTest, LogResultRecordsWhatTheKernelAnswered) {
  CollectingSink sink;
  Options options = OptionsOf({"log getppid log result", "log access log result"});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("getppid_answers"), std::to_string(getpid())}),
              Succeeded());
  ASSERT_EQ(sink.decisions().size(), 3);
  for (const CollectingSink::Recorded& recorded : sink.decisions()) {
    EXPECT_EQ(recorded.result, getpid());
    EXPECT_EQ(recorded.identity.ppid, getpid());
  }
}

TEST(CallsTest, LogResultSaysEintrOfACallThatIsRestarted) {
  CollectingSink sink;
  Options options = OptionsOf({"log read log result"});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("read_interrupted")}), Succeeded());
  // Five ended with EINTR, at least four were restarted, one got its byte.
  ASSERT_GE(sink.decisions().size(), 10);
  for (size_t i = 0; i + 1 < sink.decisions().size(); ++i) {
    EXPECT_EQ(sink.decisions()[i].result, -EINTR);
  }
  EXPECT_EQ(sink.decisions().back().result, 1);
}

// Statements under which every refusal of getppid is the tracer's, and under which it is the
// kernel's: they must look alike.
const std::vector<std::vector<std::string>>& Traps() {
  static const auto* const kTraps = new std::vector<std::vector<std::string>>{
      {"trap getppid"},
      {"trap getppid log"},
      {"trap getppid log", "default log"},
      {"trap getppid log", "default log log result"},
  };
  return *kTraps;
}

TEST(TrapTest, TellsTheHandlerWhichCallItWas) {
  for (const std::vector<std::string>& statements : Traps()) {
    for (const char* victim :
         {"trap_siginfo", "trap_siginfo_i386", "trap_siginfo_int80", "trap_in_threads"}) {
      EXPECT_THAT(RunSupervised(OptionsOf(statements), {Victim(victim)}), Succeeded())
          << victim << ", " << statements[0] << ", " << statements.size();
    }
  }
  EXPECT_NE(RunNatively({Victim("trap_siginfo")}).exit_code, 0);
}

TEST(TrapTest, KillsWhereSigsysIsBlockedOrIgnored) {
  for (const std::vector<std::string>& statements : Traps()) {
    for (const char* victim : {"trap_blocked", "trap_ignored"}) {
      Options options = OptionsOf(statements);
      CollectingSink sink;
      options.sink = &sink;
      const SupervisedRun run = RunSupervised(options, {Victim(victim)});
      ASSERT_TRUE(run.outcome.ok()) << run;
      ASSERT_TRUE(std::holds_alternative<KilledBy>(*run.outcome)) << run;
      EXPECT_EQ(std::get<KilledBy>(*run.outcome).signal, SIGSYS) << run;
      EXPECT_FALSE(run.timed_out);
    }
  }
}

TEST(KillTest, EndsTheProcess) {
  for (const char* statement :
       {"kill process getppid quiet", "kill process getppid", "kill getppid log"}) {
    for (const char* victim : {"getppid_kills_process", "trap_blocked"}) {
      CollectingSink sink;
      Options options = OptionsOf({statement});
      options.sink = &sink;
      const SupervisedRun run = RunSupervised(options, {Victim(victim)});
      ASSERT_TRUE(run.outcome.ok()) << run;
      ASSERT_TRUE(std::holds_alternative<KilledBy>(*run.outcome)) << run;
      EXPECT_EQ(std::get<KilledBy>(*run.outcome).signal, SIGSYS) << run;
      EXPECT_FALSE(run.timed_out);
      EXPECT_EQ(sink.decisions().size(), absl::EndsWith(statement, "quiet") ? 0 : 1);
    }
  }
  EXPECT_NE(RunNatively({Victim("getppid_kills_process")}).exit_code, 0);
}

TEST(KillTest, EndsTheThreadAlone) {
  for (const char* statement :
       {"kill thread getppid quiet", "kill thread getppid", "kill thread getppid log"}) {
    CollectingSink sink;
    Options options = OptionsOf({statement});
    options.sink = &sink;
    EXPECT_THAT(RunSupervised(options, {Victim("getppid_kills_thread")}), Succeeded()) << statement;
    EXPECT_EQ(sink.decisions().size(), absl::EndsWith(statement, "quiet") ? 0 : 5);
  }
  EXPECT_NE(RunNatively({Victim("getppid_kills_thread")}).exit_code, 0);
}

TEST(EntriesTest, WhatIsNoCallIsEnosys) {
  for (const char* victim : {"x32_enosys", "unknown_enosys"}) {
    for (const char* statement :
         {"default allow", "default log", "default log log result", "deny EPERM getppid"}) {
      EXPECT_THAT(RunSupervised(OptionsOf({statement}), {Victim(victim)}), Succeeded())
          << statement;
    }
    EXPECT_EQ(RunNatively({Victim(victim)}).exit_code, 0);
  }
}

bool HasVsyscallPage() { return absl::StrContains(ReadFile("/proc/self/maps"), "[vsyscall]"); }

TEST(EntriesTest, TheVsyscallPageIsRuledToo) {
  if (!HasVsyscallPage()) GTEST_SKIP() << "the kernel was started with vsyscall=none";
  const std::string victim = Victim("vsyscall_time_answers");
  EXPECT_EQ(RunNatively({victim, "now"}).exit_code, 0);
  for (const char* statement :
       {"default allow", "log time", "default log", "default log log result"}) {
    CollectingSink sink;
    Options options = OptionsOf({statement});
    options.sink = &sink;
    EXPECT_THAT(RunSupervised(options, {victim, "now"}), Succeeded()) << statement;
  }
  for (const char* statement : {"deny EPERM time", "deny EPERM time log"}) {
    EXPECT_THAT(RunSupervised(OptionsOf({statement}), {victim, "-1"}), Succeeded()) << statement;
  }
  EXPECT_THAT(
      RunSupervised(OptionsOf({"arch x86_64", "return 12345678901 time"}), {victim, "12345678901"}),
      Succeeded());
}

TEST(ArgumentsTest, AnIntIsItsLowHalf) {
  const std::string victim = Victim("socket_family_upper_half");
  for (const char* wish : {"", " log"}) {
    EXPECT_THAT(
        RunSupervised(OptionsOf({absl::StrCat("deny EACCES socket if family == AF_INET", wish)}),
                      {victim, std::to_string(-EACCES)}),
        Succeeded());
  }
  EXPECT_NE(RunNatively({victim, std::to_string(-EACCES)}).exit_code, 0);
}

TEST(ArgumentsTest, I386ArgumentsAreLowHalves) {
  for (const char* wish : {"", " log"}) {
    EXPECT_THAT(RunSupervised(
                    OptionsOf({absl::StrCat("deny EACCES access if path under \"/secret\"", wish)}),
                    {Victim("int80_argument_upper_halves"), std::to_string(-EACCES)}),
                Succeeded());
    EXPECT_THAT(
        RunSupervised(OptionsOf({absl::StrCat("deny EACCES lseek if offset == 0x1000", wish)}),
                      {Victim("int80_integer_upper_halves"), std::to_string(-EACCES)}),
        Succeeded());
    EXPECT_THAT(
        RunSupervised(OptionsOf({absl::StrCat("deny EACCES lseek if arg1 == 0x1000", wish)}),
                      {Victim("int80_integer_upper_halves"), std::to_string(-EACCES)}),
        Succeeded());
  }
}

// A victim of the path_* kind, natively and under a policy that forbids what is under /secret.
struct PathCase {
  const char* victim;
  std::vector<int> native;
  std::vector<int> denied;
};

class PathTest : public testing::TestWithParam<PathCase> {
 protected:
  static std::vector<std::string> CommandLine(const std::vector<int>& answers) {
    std::vector<std::string> argv = {Victim(GetParam().victim)};
    for (const int answer : answers) argv.push_back(std::to_string(answer));
    return argv;
  }
};

TEST_P(PathTest, IsReadAsTheKernelReadsIt) {
  EXPECT_EQ(RunNatively(CommandLine(GetParam().native)).exit_code, 0);
  for (const char* condition :
       {"path under \"/secret\"", "path ~ \"/secret/**\"", "path =~ \"^/secret/.*\""}) {
    EXPECT_THAT(RunSupervised(OptionsOf({absl::StrCat("deny EACCES access if ", condition)}),
                              CommandLine(GetParam().denied)),
                Succeeded())
        << condition;
  }
  // What cannot be read matches no rule that lets run, so the kernel never sees it.
  EXPECT_THAT(
      RunSupervised(OptionsOf({"allow access if !(path under \"/secret\")", "deny EACCES access"}),
                    CommandLine(GetParam().denied)),
      Succeeded());
  // A policy on other paths changes nothing but for what cannot be read.
  EXPECT_THAT(RunSupervised(OptionsOf({"allow access if path under \"/elsewhere\""}),
                            CommandLine(GetParam().native)),
              Succeeded());
}

INSTANTIATE_TEST_SUITE_P(
    Victims, PathTest,
    testing::Values(PathCase{"path_across_page_end", {-ENOENT}, {-EACCES}},
                    PathCase{"path_at_end_of_mapping", {-ENOENT}, {-EACCES}},
                    PathCase{"path_unterminated", {-EFAULT}, {-EACCES}},
                    PathCase{"path_unreadable", {-EFAULT}, {-EACCES}},
                    PathCase{"path_longest", {-ENOENT, -ENAMETOOLONG}, {-EACCES, -EACCES}}),
    [](const testing::TestParamInfo<PathCase>& test) { return test.param.victim; });

// A zombie leader has no memory, and its thread has.
TEST(ArgumentsTest, AreReadWhenTheLeaderHasExited) {
  EXPECT_EQ(
      RunNatively({Victim("path_by_thread_of_dead_leader"), std::to_string(-ENOENT)}).exit_code, 0);
  for (const char* wish : {"", " log"}) {
    CollectingSink sink;
    Options options =
        OptionsOf({absl::StrCat("deny EACCES access if path under \"/secret\"", wish)});
    options.sink = &sink;
    EXPECT_THAT(
        RunSupervised(options, {Victim("path_by_thread_of_dead_leader"), std::to_string(-EACCES)}),
        Succeeded());
    if (*wish == '\0') continue;
    ASSERT_EQ(sink.decisions().size(), 1U);
    EXPECT_TRUE(absl::EndsWith(sink.decisions()[0].identity.exe, "/path_by_thread_of_dead_leader"))
        << sink.decisions()[0].identity.exe;
  }
}

TEST(OwnFilterTest, WhatItRestrictsIsRestricted) {
  for (const char* victim : {"own_filter_errno", "own_filter_trap"}) {
    EXPECT_EQ(RunNatively({Victim(victim)}).exit_code, 0);
    for (const char* statement : {"default allow", "default log", "default log log result",
                                  "deny EPERM uname", "log getppid"}) {
      EXPECT_THAT(RunSupervised(OptionsOf({statement}), {Victim(victim)}), Succeeded())
          << victim << ", " << statement;
    }
  }
}

// A newer filter's RET_TRACE replaces the data of ours.
TEST(OwnFilterTest, ATraceOfItsOwnDoesNotHideOurs) {
  const std::string victim = Victim("own_filter_trace");
  for (const std::string& data :
       {std::string("0"), std::string("0xbeef"), std::to_string(kTraceData)}) {
    EXPECT_THAT(RunSupervised(OptionsOf({"deny EPERM getppid"}), {victim, "-1", data}),
                Succeeded());
    EXPECT_THAT(RunSupervised(OptionsOf({"deny EPERM getppid log"}), {victim, "-1", data}),
                Succeeded());
    EXPECT_THAT(RunSupervised(OptionsOf({"return 7 getppid"}), {victim, "7", data}), Succeeded());
  }
}

// Nor do ours make a call run that its own filter wants to be asked about.
TEST(OwnFilterTest, ATraceOfItsOwnIsNotAnsweredByOurs) {
  CollectingSink sink;
  Options options = OptionsOf({"log getppid as \"seen\""});
  options.sink = &sink;
  const std::string enosys = std::to_string(-ENOSYS);
  EXPECT_THAT(RunSupervised(options, {Victim("own_filter_trace"), enosys, "0xbeef"}), Succeeded());
  const auto seen = std::count_if(sink.decisions().begin(), sink.decisions().end(),
                                  [](const auto& event) { return event.rule == "seen"; });
  EXPECT_EQ(seen, 2);
}

// Where our filter did not ask for a tracer, the task has none: the kernel answers ENOSYS.
TEST(OwnFilterTest, ATraceOfItsOwnFindsNoTracer) {
  const std::string victim = Victim("own_filter_trace");
  const std::string enosys = std::to_string(-ENOSYS);
  EXPECT_EQ(RunNatively({victim, enosys, "0xbeef"}).exit_code, 0);
  for (const std::string& data : {std::string("0"), std::string("0xbeef")}) {
    EXPECT_THAT(RunSupervised(OptionsOf({"default allow"}), {victim, enosys, data}), Succeeded());
    EXPECT_THAT(RunSupervised(Options(), {victim, enosys, data}), Succeeded());
    Options complaining = OptionsOf({"deny EPERM uname"});
    complaining.mode = Mode::kComplain;
    EXPECT_THAT(RunSupervised(complaining, {victim, enosys, data}), Succeeded());
  }
}

}  // namespace
}  // namespace provost
