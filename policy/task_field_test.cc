// Conditions on the task that makes a call: from text to decisions, and what the checker and the
// filter's bounds make of them.
#include "policy/task_field.h"

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/checker.h"
#include "policy/fake_argument_reader.h"
#include "policy/parser.h"
#include "policy/policy.h"
#include "policy/predicate.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

SyscallRequest Request(absl::string_view call, Arch arch = Arch::kX86_64) {
  SyscallRequest request;
  request.arch = static_cast<uint32_t>(arch);
  request.nr = SyscallTable::Get().Find(arch, call)->nr;
  return request;
}

FakeArgumentReader Shell() {
  FakeArgumentReader task;
  task.SetTask(TaskField::kExe, "/usr/bin/bash");
  task.SetTask(TaskField::kComm, "sh");
  task.SetTask(TaskField::kUid, 1000);
  task.SetTask(TaskField::kGid, 100);
  task.SetTask(TaskField::kPid, 4711);
  task.SetTask(TaskField::kContid, UINT64_MAX - 1);
  return task;
}

Policy Parsed(absl::string_view text) {
  const auto parsed = ParsePolicyText(text, "t");
  EXPECT_THAT(parsed, IsOk()) << text;
  return parsed.ok() ? parsed->policy : Policy();
}

Decision Decide(const Policy& policy, const SyscallRequest& request, FakeArgumentReader& task) {
  return PolicyDecider(policy).Decide(request, task);
}

TEST(TaskFieldTest, IsComparedAsAnArgumentIs) {
  struct Case {
    const char* condition;
    bool holds;
  };
  for (const Case& test : std::vector<Case>{
           {"proc.exe == \"/usr/bin/bash\"", true},
           {"proc.exe != \"/usr/bin/bash\"", false},
           {"proc.exe ~ \"/usr/bin/*\"", true},
           {"proc.exe =~ \"ba.h$\"", true},
           {"proc.exe under {\"/opt\", \"/usr\"}", true},
           {"proc.exe in {\"/bin/sh\", \"/bin/dash\"}", false},
           {"proc.comm == \"sh\"", true},
           {"proc.comm !~ \"s*\"", false},
           {"proc.uid == 1000", true},
           {"proc.uid == 0", false},
           {"proc.uid in 1000..1999", true},
           {"proc.uid > 0xfffffffe", false},
           {"(proc.uid & 8) == 8", true},
           {"proc.gid in {0, 100}", true},
           {"proc.pid == 4711", true},
           {"proc.pid < 0", false},
           {"proc.contid == 18446744073709551614", true},
           {"proc.contid < 0x100000000", false},
           {"proc.contid in {7, 18446744073709551615}", false},
           {"proc.arch == x86_64", true},
           {"proc.arch != x86_64", false},
           {"proc.arch in {i386, x86_64}", true},
           {"proc.arch in {i386}", false},
           {"!(proc.uid == 0) && proc.gid == 100 || fd == 3", true},
       }) {
    const Policy policy =
        Parsed(absl::StrCat("default deny EPERM\nallow read if ", test.condition));
    FakeArgumentReader task = Shell();
    EXPECT_EQ(Decide(policy, Request("read"), task).verdict,
              test.holds ? Verdict(Allow{}) : Verdict(Deny{EPERM}))
        << test.condition;
  }
}

TEST(TaskFieldTest, ThePidOfNoProcessIsNegative) {
  FakeArgumentReader task;
  task.SetTask(TaskField::kPid, 0xffffffff);
  const Policy policy = Parsed("default allow\ndeny EPERM read if proc.pid < 0");
  EXPECT_EQ(Decide(policy, Request("read"), task).verdict, Verdict(Deny{EPERM}));
}

TEST(TaskFieldTest, WhatCannotBeReadIsUnknown) {
  FakeArgumentReader task;
  for (const char* condition :
       {"proc.exe == \"/bin/sh\"", "!(proc.uid == 0)", "proc.comm ~ \"*\""}) {
    EXPECT_EQ(Decide(Parsed(absl::StrCat("default allow\ndeny EPERM read if ", condition)),
                     Request("read"), task)
                  .verdict,
              Verdict(Deny{EPERM}))
        << condition;
    EXPECT_EQ(Decide(Parsed(absl::StrCat("default deny EPERM\nallow read if ", condition)),
                     Request("read"), task)
                  .verdict,
              Verdict(Deny{EPERM}))
        << condition;
  }
}

TEST(TaskFieldTest, IsReadOnlyWhenARuleThatIsReachedAsks) {
  const Policy policy = Parsed(
      "default allow\n"
      "deny EPERM read if fd == 5\n"
      "deny EPERM read if fd == 6 && proc.uid == 0\n");
  FakeArgumentReader task = Shell();
  SyscallRequest request = Request("read");
  for (const uint64_t fd : {4, 5}) {
    request.args[0] = fd;
    Decide(policy, request, task);
  }
  EXPECT_EQ(task.task_reads(), 0);
  request.args[0] = 6;
  Decide(policy, request, task);
  EXPECT_EQ(task.task_reads(), 1);
}

TEST(TaskFieldTest, TheArchitectureIsKnownToTheFilter) {
  const Policy policy = Parsed("default allow\ndeny EPERM read if proc.arch == i386 && fd == 3");
  EXPECT_TRUE(
      IsRegisterOnly(policy.RulesFor(Arch::kI386, Request("read", Arch::kI386).nr)[0].condition));
  FakeArgumentReader task;
  SyscallRequest request = Request("read", Arch::kI386);
  request.args[0] = 3;
  EXPECT_EQ(Decide(policy, request, task).verdict, Verdict(Deny{EPERM}));
  EXPECT_EQ(task.task_reads(), 0);
}

TEST(TaskFieldTest, TheFilterBoundsAndPrintsThem) {
  const Policy policy =
      Parsed("default allow\ndeny EPERM read if fd == 3 && proc.uid == 0 && proc.comm == \"sh\"");
  const Predicate& condition = policy.RulesFor(Arch::kX86_64, 0)[0].condition;
  const Syscall* read = SyscallTable::Get().Find(Arch::kX86_64, 0);
  EXPECT_FALSE(IsRegisterOnly(condition));
  EXPECT_EQ(PredicateToString(condition, read), "fd == 3 && proc.uid == 0 && proc.comm == \"sh\"");
  EXPECT_EQ(PredicateToString(MayHold(condition), read), "fd == 3");
  EXPECT_EQ(PredicateToString(MustHold(condition), read), "never");
}

TEST(TaskFieldTest, TheCheckerReasonsAboutThem) {
  struct Case {
    const char* rules;
    size_t warnings;
  };
  for (const Case& test : std::vector<Case>{
           // Never true of a task that can be read, and not enough if it cannot.
           {"allow read if proc.uid == 0 && proc.uid == 1", 1},
           // May be unreadable.
           {"deny EPERM read if proc.uid == 0 && proc.uid == 1", 0},
           {"deny EPERM read if proc.uid == 0\nallow read if proc.uid == 0", 1},
           {"deny EPERM read if proc.uid == 0\nallow read if proc.gid == 0", 0},
           {"deny EPERM read if proc.uid == 0\nallow read if proc.uid == 1", 0},
           {"deny EPERM read if proc.exe == \"/a\"\nallow read if proc.exe in {\"/a\"}", 1},
           {"deny EPERM read if proc.exe == \"/a\"\nallow read if proc.comm == \"/a\"", 0},
           {"allow read if proc.uid == 0\ndeny EPERM read if proc.uid == 0", 0},
           {"allow read if proc.arch == x86_64\ndeny EPERM read if proc.arch == x86_64", 1},
       }) {
    EXPECT_EQ(CheckPolicy(Parsed(absl::StrCat("default allow\n", test.rules))).size(),
              test.warnings)
        << test.rules;
  }
}

}  // namespace
}  // namespace provost
