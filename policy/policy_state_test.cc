// Rules that count: from text to decisions, and what filter and checker make of them.
#include "policy/policy_state.h"

#include <linux/seccomp.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/bpf.h"
#include "policy/checker.h"
#include "policy/fake_argument_reader.h"
#include "policy/filter_compiler.h"
#include "policy/parser.h"
#include "policy/policy.h"
#include "policy/rule_state.h"
#include "policy/stack.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

SyscallRequest Request(absl::string_view call, uint64_t first_argument = 0) {
  SyscallRequest request;
  request.arch = static_cast<uint32_t>(Arch::kX86_64);
  request.nr = SyscallTable::Get().Find(Arch::kX86_64, call)->nr;
  request.args[0] = first_argument;
  return request;
}

Policy Parsed(absl::string_view text) {
  const auto parsed = ParsePolicyText(text, "t");
  EXPECT_THAT(parsed, IsOk()) << text;
  return parsed.ok() ? parsed->policy : Policy();
}

// A run's decisions, one letter each: y for a denied call, n for another.
class CountedRun {
 public:
  explicit CountedRun(absl::string_view rules, StateOptions options = {})
      : decider_(Parsed(absl::StrCat("default allow\n", rules)), std::move(options)) {}

  std::string Make(const SyscallRequest& request, int times) {
    std::string answers;
    for (int i = 0; i < times; ++i) {
      answers += Refuses(decider_.Decide(request, task_).verdict) ? 'y' : 'n';
    }
    return answers;
  }
  std::string Write(int times, uint64_t fd = 0) { return Make(Request("write", fd), times); }
  std::string WriteAs(uint32_t process, int times) {
    task_.SetTask(TaskField::kPid, process);
    return Write(times);
  }

  Decider& decider() { return decider_; }
  FakeArgumentReader& task() { return task_; }

 private:
  PolicyDecider decider_;
  FakeArgumentReader task_;
};

TEST(PolicyStateTest, WhichCallsMatch) {
  struct Case {
    const char* condition;
    const char* answers;
  };
  for (const Case& test : std::vector<Case>{
           {"nth(1)", "ynnnnnnn"},
           {"nth(3)", "nnynnnnn"},
           {"every(3)", "nnynnynn"},
           {"every(1)", "yyyyyyyy"},
           {"first(2)", "yynnnnnn"},
           {"after(6)", "nnnnnnyy"},
           {"after(2) && every(2)", "nnnynyny"},
           {"(after(2) && first(4))", "nnyynnnn"},
           {"chance(0)", "nnnnnnnn"},
           {"chance(0%)", "nnnnnnnn"},
           {"chance(1)", "yyyyyyyy"},
           {"chance(100%)", "yyyyyyyy"},
       }) {
    EXPECT_EQ(CountedRun(absl::StrCat("deny EIO write if ", test.condition)).Write(8), test.answers)
        << test.condition;
  }
}

TEST(PolicyStateTest, OnlyCallsThatReachTheRuleAndHoldOtherwiseCount) {
  CountedRun run(
      "allow write if fd == 1\n"
      "deny EIO write, read if nth(2) && fd != 2\n");
  EXPECT_EQ(run.Write(5, 1), "nnnnn");
  EXPECT_EQ(run.Write(5, 2), "nnnnn");
  EXPECT_EQ(run.Write(1, 3), "n");
  // The calls of one rule are counted together.
  EXPECT_EQ(run.Make(Request("read", 4), 2), "yn");
}

TEST(PolicyStateTest, AnUnknownConditionCountsWhereItIsEnough) {
  CountedRun refuses("deny EIO openat if path == \"/x\" && nth(2)");
  EXPECT_EQ(refuses.Make(Request("openat"), 3), "nyn");
  CountedRun lets_run("allow openat if path == \"/x\" && first(9)\ndeny EIO openat");
  EXPECT_EQ(lets_run.Make(Request("openat"), 3), "yyy");
}

TEST(PolicyStateTest, EachProcessHasItsCounters) {
  CountedRun run("deny EIO write if nth(2) each process");
  EXPECT_EQ(run.WriteAs(10, 1), "n");
  EXPECT_EQ(run.WriteAs(11, 3), "nyn");
  EXPECT_EQ(run.WriteAs(10, 2), "yn");
  // Its successor under the same id begins anew.
  run.decider().TaskEnded(10);
  EXPECT_EQ(run.WriteAs(10, 3), "nyn");
  EXPECT_EQ(run.WriteAs(11, 3), "nnn");

  CountedRun together("deny EIO write if nth(2)");
  EXPECT_EQ(together.WriteAs(10, 1), "n");
  EXPECT_EQ(together.WriteAs(11, 1), "y");
}

TEST(PolicyStateTest, ProcessesThatCannotBeToldApartCountTogether) {
  CountedRun run("deny EIO write if nth(2) each process");
  EXPECT_EQ(run.Write(3), "nyn");
}

TEST(PolicyStateTest, WhatCameBeforeTheProgramIsForgotten) {
  CountedRun run("deny EIO write if nth(2)");
  EXPECT_EQ(run.Write(1), "n");
  run.decider().ProgramStarted();
  EXPECT_EQ(run.Write(3), "nyn");
}

TEST(PolicyStateTest, ARateIsABucketThatFillsInTime) {
  constexpr int64_t kMillisecond = 1000000;
  int64_t now = 5;
  const StateOptions options = {.seed = 0, .clock = [&now] { return now; }};
  CountedRun run("deny EAGAIN write if rate(10/s)", options);
  EXPECT_EQ(run.Write(12), "nnnnnnnnnnyy");
  now += 99 * kMillisecond;
  EXPECT_EQ(run.Write(1), "y");
  now += kMillisecond;
  EXPECT_EQ(run.Write(2), "ny");
  // Denied calls take nothing; a long rest fills the bucket, and no further.
  now += 60000 * kMillisecond;
  EXPECT_EQ(run.Write(12), "nnnnnnnnnnyy");

  CountedRun minute("deny EAGAIN write if rate(2/m)", options);
  EXPECT_EQ(minute.Write(3), "nny");
  now += 30000 * kMillisecond;
  EXPECT_EQ(minute.Write(2), "ny");
  CountedRun hour("deny EAGAIN write if rate(3/h)", options);
  EXPECT_EQ(hour.Write(4), "nnny");
  now += 1200000 * kMillisecond;
  EXPECT_EQ(hour.Write(2), "ny");
}

TEST(PolicyStateTest, ChanceRepeatsFromTheSeed) {
  const auto draws = [](uint64_t seed, const char* rules) {
    return CountedRun(rules, {.seed = seed, .clock = nullptr}).Write(200);
  };
  const char* quarter = "deny EIO write if chance(25%)";
  EXPECT_EQ(draws(7, quarter), draws(7, quarter));
  EXPECT_NE(draws(7, quarter), draws(8, quarter));
  // Another rule draws other lots.
  EXPECT_NE(draws(7, quarter), draws(7, "deny EIO read\ndeny EIO write if chance(25%)"));
  // What a seed means is for ever.
  EXPECT_EQ(draws(1, quarter).substr(0, 20), "nnnnnnnnnnnnnnynyynn");
  int denied = 0;
  CountedRun many("deny EIO write if chance(0.25)", {.seed = 1, .clock = nullptr});
  for (const char answer : many.Write(10000)) denied += answer == 'y' ? 1 : 0;
  EXPECT_GT(denied, 2300);
  EXPECT_LT(denied, 2700);
}

TEST(PolicyStateTest, ProcessesDrawTheirOwnLots) {
  CountedRun run("deny EIO write if chance(50%) each process", {.seed = 3, .clock = nullptr});
  const std::string first = run.WriteAs(10, 64);
  EXPECT_NE(run.WriteAs(11, 64), first);
  // By the order in which they come, not by their ids.
  CountedRun again("deny EIO write if chance(50%) each process", {.seed = 3, .clock = nullptr});
  EXPECT_EQ(again.WriteAs(99, 64), first);
}

TEST(PolicyStateTest, ACallThatComesAgainIsCountedOnce) {
  const Policy policy = Parsed("default allow\ndeny EIO write if nth(2)\nlog write if every(2)");
  PolicyDecider decider(policy);
  FakeArgumentReader task;
  CountedCall first;
  CountedCall second;
  task.SetCounted(&first);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(decider.Decide(Request("write"), task).verdict, Verdict(Allow{}));
  }
  task.SetCounted(&second);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(decider.Decide(Request("write"), task).verdict, Verdict(Deny{EIO}));
  }
  // The other rule has seen one call so far.
  first.Clear();
  task.SetCounted(&first);
  EXPECT_EQ(decider.Decide(Request("write"), task).verdict, Verdict(Log{}));
}

TEST(PolicyStateTest, StackedPoliciesCountForThemselves) {
  const Policy second = Parsed("default allow\ndeny EIO write if nth(2)");
  const Policy third = Parsed("default allow\nallow write if fd == 9\ndeny EPERM write if nth(3)");
  PolicyStack stack({second, third, second});
  FakeArgumentReader task;
  std::vector<Verdict> verdicts;
  EXPECT_TRUE(stack.counts());
  for (const uint64_t fd : {9, 0, 0, 0, 0}) {
    verdicts.push_back(stack.Decide(Request("write", fd), task).verdict);
  }
  EXPECT_EQ(verdicts, (std::vector<Verdict>{Allow{}, Deny{EIO}, Allow{}, Deny{EPERM}, Allow{}}));
  EXPECT_FALSE(PolicyStack({Policy()}).counts());

  // Equal policies draw differently, or two lots of a half would be one.
  const Policy half = Parsed("default allow\ndeny EIO write if chance(50%)");
  PolicyStack both({half, half});
  int denied = 0;
  for (int i = 0; i < 1000; ++i) denied += Refuses(both.Decide(Request("write"), task).verdict);
  EXPECT_GT(denied, 700);
}

TEST(PolicyStateTest, TheFilterLeavesToTheTracerWhatMayMatch) {
  const Policy policy = Parsed(
      "default allow\n"
      "deny EIO write if nth(3) && fd == 1\n"
      "deny EPERM read if first(1)\n"
      "deny EPERM read\n"
      "allow close if nth(1)\n");
  PROVOST_ASSERT_OK_AND_ASSIGN(const BpfProgram filter, CompileFilter(policy, {}));
  const auto answer = [&](const SyscallRequest& request) {
    return *RunBpf(filter, ToSeccompData(request)) & SECCOMP_RET_ACTION_FULL;
  };
  EXPECT_EQ(answer(Request("write", 1)), SECCOMP_RET_TRACE);
  EXPECT_EQ(answer(Request("write", 2)), SECCOMP_RET_ALLOW);
  // Whether it matches makes no difference there.
  EXPECT_EQ(answer(Request("read")), SECCOMP_RET_ERRNO);
  EXPECT_EQ(answer(Request("close")), SECCOMP_RET_ALLOW);
}

TEST(PolicyStateTest, TheCheckerKnowsThatTheyLetCallsBy) {
  EXPECT_TRUE(CheckPolicy(Parsed("default allow\n"
                                 "deny EIO write if nth(3)\n"
                                 "deny EPERM write if nth(3) && fd == 1\n"
                                 "deny EACCES write if fd == 1\n"
                                 "deny EROFS write"))
                  .empty());
  EXPECT_EQ(CheckPolicy(Parsed("default allow\ndeny EIO write\ndeny EIO write if nth(1)")).size(),
            1U);
  EXPECT_EQ(
      CheckPolicy(Parsed("default allow\ndeny EIO write if nth(1) && fd == 1 && fd == 2")).size(),
      1U);
}

TEST(PolicyStateTest, TheirNamesStayNamesOfArguments) {
  const Policy policy =
      Parsed("default allow\ndeny EIO ipc if first == 3\ndeny EPERM ipc if first(1) && first > 3");
  PolicyDecider decider(policy);
  FakeArgumentReader nothing;
  const auto decide = [&](uint64_t first) {
    SyscallRequest request;
    request.arch = static_cast<uint32_t>(Arch::kI386);
    request.nr = SyscallTable::Get().Find(Arch::kI386, "ipc")->nr;
    request.args = {0, first};
    return decider.Decide(request, nothing).verdict;
  };
  EXPECT_EQ(decide(3), Verdict(Deny{EIO}));
  EXPECT_EQ(decide(4), Verdict(Deny{EPERM}));
  EXPECT_EQ(decide(4), Verdict(Allow{}));
}

TEST(PolicyStateTest, PrintsAsWritten) {
  for (const char* text : {"nth(3)", "every(2) each process", "first(1)", "after(7) && rate(10/s)",
                           "rate(3/m)", "rate(4/h) each process", "chance(0.25)"}) {
    const Policy policy = Parsed(absl::StrCat("default allow\ndeny EIO write if ", text));
    EXPECT_EQ(StateToString(*policy.rules()[0]->state), text);
  }
}

}  // namespace
}  // namespace provost
