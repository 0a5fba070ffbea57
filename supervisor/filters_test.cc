#include "supervisor/filters.h"

#include <sched.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/filter_compiler.h"
#include "policy/harden.h"
#include "policy/parser.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

bool Nothing(const Decision&) { return false; }

std::vector<Policy> PoliciesOf(const std::vector<std::string>& statements) {
  absl::StatusOr<ParsedPolicy> parsed = ParseStatements(statements);
  EXPECT_THAT(parsed, IsOk());
  return {parsed.ok() ? parsed->policy : Policy()};
}

// Numbers that rules of hardening look for, and others.
uint64_t RandomArgument(std::mt19937_64& random) {
  static constexpr uint64_t kNumbers[] = {
      0, 1, 2, 4, 9, 17, uint64_t(-1), 0xffffffff, 77, CLONE_UNTRACED, 78, 1u << 31};
  return random() % 4 == 0 ? random() : kNumbers[random() % std::size(kNumbers)];
}

// The program that is made of both answers as the kernel would with the two of them.
void ExpectJoinedAnswersAsStacked(const std::vector<Policy>& policies) {
  const ControlNumbers control;
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy harden,
                               HardenPolicy(policies, {.supervisor = 77, .guardian = 78}));
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto alone, CompileFilters(policies, false, control, Nothing));
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto joined,
                               CompileFilters(policies, false, control, Nothing, {}, &harden));
  ASSERT_EQ(alone.size(), 1u);
  ASSERT_EQ(joined.size(), 1u);
  const auto behind = joined[0].begin() + static_cast<ptrdiff_t>(alone[0].size());
  const std::vector<BpfProgram> stacked = {BpfProgram(behind, joined[0].end()), alone[0]};
  std::mt19937_64 random(20261127);
  for (const Arch arch : kAllArches) {
    for (int32_t nr = -1; nr < SyscallTable::Get().Limit(arch) + 2; ++nr) {
      for (int round = 0; round < 40; ++round) {
        SyscallRequest request = {.arch = static_cast<uint32_t>(arch), .nr = nr};
        for (uint64_t& argument : request.args) argument = RandomArgument(random);
        PROVOST_ASSERT_OK_AND_ASSIGN(const uint32_t expected, RunFilters(stacked, request));
        PROVOST_ASSERT_OK_AND_ASSIGN(const uint32_t answer, RunFilters(joined, request));
        ASSERT_EQ(answer, expected) << nr << " " << request.args[0] << " " << request.args[1];
      }
    }
  }
}

TEST(FiltersTest, HardeningAndAPolicyAreOneProgram) {
  for (const std::vector<std::string>& statements : std::vector<std::vector<std::string>>{
           {"default allow"},
           {"default deny EPERM", "allow @basic-io, @process, io_uring_setup, ptrace"},
           {"deny EACCES io_uring_setup, ptrace, kill, userfaultfd", "kill process seccomp"},
           {"trap clone if flags has 1", "return 0 kill if pid == 77", "return 5 ptrace"},
           {"deny EIO openat if path == \"/x\"", "log io_uring_setup", "deny EPERM prctl"},
       }) {
    ExpectJoinedAnswersAsStacked(PoliciesOf(statements));
  }
}

TEST(FiltersTest, WhatIsTooLongForOneProgramIsTwo) {
  std::vector<std::string> statements = {"default allow"};
  bool was_one = false;
  bool was_two = false;
  for (int i = 0; i < 1100; ++i) {
    statements.push_back(absl::StrCat("deny EPERM ioctl if fd == ", i, " && cmd == ", i * 7 + 1));
    if (i < 800 || i % 20 != 0) continue;
    const std::vector<Policy> policies = PoliciesOf(statements);
    PROVOST_ASSERT_OK_AND_ASSIGN(const Policy harden, HardenPolicy(policies, {}));
    PROVOST_ASSERT_OK_AND_ASSIGN(
        const auto filters,
        CompileFilters(policies, false, ControlNumbers(), Nothing, {}, &harden));
    for (const BpfProgram& filter : filters) {
      EXPECT_LE(filter.size(), static_cast<size_t>(BPF_MAXINSNS));
    }
    was_one |= filters.size() == 1;
    was_two |= filters.size() == 2;
  }
  EXPECT_TRUE(was_one);
  EXPECT_TRUE(was_two);
}

TEST(FiltersTest, EveryPolicyButTheFirstHasItsOwn) {
  std::vector<Policy> policies = PoliciesOf({"default allow"});
  policies.push_back(PoliciesOf({"deny EPERM getppid"})[0]);
  PROVOST_ASSERT_OK_AND_ASSIGN(const Policy harden, HardenPolicy(policies, {}));
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const auto hardened, CompileFilters(policies, false, ControlNumbers(), Nothing, {}, &harden));
  EXPECT_EQ(hardened.size(), 2u);
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto alone,
                               CompileFilters({}, false, ControlNumbers(), Nothing, {}, &harden));
  EXPECT_EQ(alone.size(), 1u);
}

}  // namespace
}  // namespace provost
