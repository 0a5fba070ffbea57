// What hardening closes: each way is tried by a program that is supervised, with hardening and
// without. That it gets through without shows that the way is one, and that the try is good.

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "audit/collecting_sink.h"
#include "gtest/gtest.h"
#include "tests/support/supervised.h"
#include "tests/support/victims.h"
#include "tools/attack/attack_runner.h"
#include "tools/attack/attacks.h"

namespace provost {
namespace {

using Result = AttackOutcome::Result;

// What execveat is a way around.
constexpr char kExecRule[] = "deny EACCES execve as \"exec\"";

Result Try(const Attack& attack, const Options& options) {
  const absl::StatusOr<AttackOutcome> outcome = RunAttack(attack, options);
  EXPECT_TRUE(outcome.ok()) << attack.name << ": " << outcome.status();
  return outcome.ok() ? outcome->result : Result::kGotThrough;
}

class AttackTest : public testing::TestWithParam<Attack> {};

TEST_P(AttackTest, GetsThroughOnlyWithoutHardening) {
  const Attack& attack = GetParam();
  Options unrestricted;
  unrestricted.mode = Mode::kUnrestricted;
  // Without a rule for execve there is nothing that execveat is a way around.
  const Result natively =
      attack.name == "execveat-memfd" ? Result::kGotThrough : Try(attack, unrestricted);
  // What this kernel refuses itself (a userfaultfd without privilege, x32) is no way.
  EXPECT_EQ(Try(attack, OptionsOf({kExecRule, "harden off"})), natively);
  EXPECT_NE(Try(attack, OptionsOf({kExecRule})), Result::kGotThrough);
}

TEST_P(AttackTest, IsRefusedWhenThePolicyComplains) {
  Options options = OptionsOf({kExecRule});
  options.mode = Mode::kComplain;
  // There execve is no longer refused, and execveat no way around it.
  EXPECT_NE(Try(GetParam(), options), Result::kGotThrough);
}

TEST_P(AttackTest, IsRefusedWhenEveryCallIsRecorded) {
  CollectingSink sink;
  Options options = OptionsOf({kExecRule, "log *"});
  options.sink = &sink;
  options.logging = true;
  EXPECT_NE(Try(GetParam(), options), Result::kGotThrough);
}

TEST_P(AttackTest, IsRefusedBesideStackedPolicies) {
  Options options = OptionsOf({kExecRule});
  options.policies.push_back(PolicyOf({"deny EACCES io_uring_setup, kill, clone3 if arg0 == 77"}));
  EXPECT_NE(Try(GetParam(), options), Result::kGotThrough);
}

std::string NameOf(const testing::TestParamInfo<Attack>& info) {
  std::string name(info.param.name);
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Attacks, AttackTest,
                         testing::ValuesIn(AllAttacks().begin(), AllAttacks().end()), NameOf);

// ---- What it looks like ----

std::vector<std::string> AttackCommand(const std::string& name) {
  return {Runfile("tools/attack/attacks"), name, "1"};
}

TEST(HardenRecordTest, NamesTheWay) {
  struct Case {
    const char* attack;
    const char* rule;
    Verdict verdict;
  };
  for (const Case& test : {Case{"io_uring", "harden:io_uring", Deny{ENOSYS}},
                           Case{"listener", "harden:listener", Deny{EBUSY}},
                           Case{"signal-supervisor", "harden:signal", Deny{EPERM}},
                           Case{"ptrace-supervisor", "harden:ptrace", Deny{EPERM}},
                           Case{"proc-mem", "harden:proc-mem", Deny{EACCES}}}) {
    CollectingSink sink;
    Options options;
    options.sink = &sink;
    options.logging = true;
    EXPECT_THAT(RunSupervised(options, AttackCommand(test.attack)), EndedWith(Exited{kRefused}));
    ASSERT_EQ(sink.decisions().size(), 1) << test.attack;
    EXPECT_EQ(sink.decisions()[0].rule, test.rule);
    EXPECT_EQ(sink.decisions()[0].verdict, test.verdict) << test.attack;
  }
}

TEST(HardenRecordTest, IsQuietOfWhatEveryThreadMeets) {
  CollectingSink sink;
  Options options;
  options.sink = &sink;
  options.logging = true;
  EXPECT_THAT(RunSupervised(options, AttackCommand("clone3-untraced")),
              EndedWith(Exited{kRefused}));
  EXPECT_TRUE(sink.decisions().empty());
}

TEST(HardenRecordTest, WhatAPolicyLogsStaysOnRecord) {
  CollectingSink sink;
  Options options = OptionsOf({"log clone3, io_uring_setup"});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, AttackCommand("clone3-untraced")),
              EndedWith(Exited{kRefused}));
  ASSERT_EQ(sink.decisions().size(), 1);
  EXPECT_EQ(sink.decisions()[0].rule, "harden:clone3");
  EXPECT_EQ(sink.decisions()[0].verdict, Verdict(Deny{ENOSYS}));
}

TEST(HardenRecordTest, SaysThatCallsWillBeMissing) {
  CollectingSink sink;
  Options options;
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("dispatches_to_itself")}), Succeeded());
  ASSERT_EQ(sink.decisions().size(), 1);
  EXPECT_EQ(sink.decisions()[0].rule, "harden:dispatch");
  EXPECT_EQ(sink.decisions()[0].verdict, Verdict(Log{}));
}

// ---- Beside policies ----

TEST(HardenOrderTest, APolicysOwnRefusalStands) {
  EXPECT_THAT(RunSupervised(OptionsOf({"kill process io_uring_setup"}), AttackCommand("io_uring")),
              EndedWith(KilledBy{SIGSYS}));
  CollectingSink sink;
  Options options = OptionsOf({"deny EACCES io_uring_setup as \"own\" log"});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, AttackCommand("io_uring")), EndedWith(Exited{kRefused}));
  ASSERT_EQ(sink.decisions().size(), 1);
  EXPECT_EQ(sink.decisions()[0].rule, "own");
}

TEST(HardenOrderTest, AllowDoesNotOpenIt) {
  EXPECT_THAT(RunSupervised(OptionsOf({"allow io_uring_setup"}), AttackCommand("io_uring")),
              EndedWith(Exited{kRefused}));
}

TEST(HardenOrderTest, OptionAndStatementSwitchItOff) {
  Options options;
  options.unsafe_harden_off = true;
  EXPECT_THAT(RunSupervised(options, AttackCommand("io_uring")), EndedWith(Exited{kGotThrough}));
  EXPECT_THAT(RunSupervised(OptionsOf({"harden off"}), AttackCommand("io_uring")),
              EndedWith(Exited{kGotThrough}));
  options = OptionsOf({"harden off"});
  options.policies.push_back(PolicyOf({"harden on"}));
  const SupervisedRun run = RunSupervised(options, AttackCommand("io_uring"));
  EXPECT_EQ(run.outcome.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(HardenOrderTest, UnrestrictedHasNone) {
  Options options;
  options.mode = Mode::kUnrestricted;
  EXPECT_THAT(RunSupervised(options, AttackCommand("io_uring")), EndedWith(Exited{kGotThrough}));
}

// ---- What is not refused ----

TEST(HardenTransparencyTest, CloneUntracedLeavesRegistersAlone) {
  EXPECT_THAT(RunSupervised(Options(), {Victim("clone_untraced_registers")}), Succeeded());
  CollectingSink sink;
  Options options = OptionsOf({"log clone"});
  options.sink = &sink;
  EXPECT_THAT(RunSupervised(options, {Victim("clone_untraced_registers")}), Succeeded());
}

TEST(HardenTransparencyTest, TheTreeReachesItself) {
  EXPECT_THAT(RunSupervised(Options(), {Victim("reaches_own_tree")}), Succeeded());
  EXPECT_THAT(RunSupervised(OptionsOf({"log *"}), {Victim("reaches_own_tree")}), Succeeded());
}

// ---- The supervisor itself ----

TEST(UndumpableTest, OnlyWhileItSupervises) {
  const int before = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
  ASSERT_EQ(before, 1);
  const auto seen = [](Options options) {
    int dumpable = -1;
    options.on_started = [&](pid_t) { dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); };
    EXPECT_THAT(RunSupervised(options, {Victim("succeeds")}), Succeeded());
    return dumpable;
  };
  EXPECT_EQ(seen(Options()), 0);
  EXPECT_EQ(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), before);
  Options debuggable;
  debuggable.unsafe_debuggable = true;
  EXPECT_EQ(seen(debuggable), 1);
  EXPECT_EQ(seen(OptionsOf({"harden off"})), 1);
}

TEST(UndumpableTest, RunsCanBeginWhileOthersGoOn) {
  constexpr int kThreads = 4;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([] {
      for (int j = 0; j < 5; ++j) {
        const SupervisedRun run = RunSupervisedUncaught(Options(), {Victim("exits_with"), "0"});
        EXPECT_THAT(run, EndedWith(Exited{0}));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
}

}  // namespace
}  // namespace provost
