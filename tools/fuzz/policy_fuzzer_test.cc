#include "tools/fuzz/policy_fuzzer.h"

#include <linux/seccomp.h>
#include <seccomp.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/parser.h"
#include "tools/fuzz/policy_oracles.h"
#include "tools/fuzz/policy_sample.h"

namespace provost {
namespace {

TEST(PolicyFuzzer, FindsNothingWhereAllAgree) {
  PROVOST_ASSERT_OK_AND_ASSIGN(const PolicyFuzzResult result,
                               FuzzPolicies({.seed = 4711, .rounds = 400, .libseccomp = false}));
  EXPECT_EQ(result.rounds, 400u);
  for (const Difference& difference : result.differences) {
    ADD_FAILURE() << difference.seed << "\n"
                  << difference.policy << difference.call << "\n"
                  << difference.one << ": " << difference.says_one << "\n"
                  << difference.other << ": " << difference.says_other;
  }
  // It has looked: most policies have no error, and both the filter and the tracer were asked.
  EXPECT_GT(result.policies, 200u);
  EXPECT_GT(result.answered_by_filter, result.calls / 4);
  EXPECT_LT(result.answered_by_filter, result.calls);
  for (const absl::string_view production : SampleGenerator::AllProductions()) {
    EXPECT_GT(result.productions.count(production), 0u) << production << " was never drawn";
  }
}

TEST(PolicyFuzzer, FindsAFilterThatIsWrongAndSaysSoBriefly) {
  PolicyFuzzOptions options = {.rounds = 300, .libseccomp = false, .most_differences = 1};
  // Takes the first refusal it comes to for a permission.
  options.compile = [](const Policy& policy) -> absl::StatusOr<BpfProgram> {
    absl::StatusOr<BpfProgram> filter = CompileFilter(policy, {.trace_exec = false});
    if (!filter.ok()) return filter;
    for (sock_filter& instruction : *filter) {
      if (instruction.code == (BPF_RET | BPF_K) &&
          instruction.k == (SECCOMP_RET_ERRNO | uint32_t{EACCES})) {
        instruction.k = SECCOMP_RET_ALLOW;
      }
    }
    return filter;
  };
  PROVOST_ASSERT_OK_AND_ASSIGN(const PolicyFuzzResult result, FuzzPolicies(options));
  ASSERT_EQ(result.differences.size(), 1u);
  const Difference& found = result.differences[0];
  EXPECT_EQ(found.one, "evaluator");
  EXPECT_EQ(found.says_one, "ERRNO(EACCES)");
  EXPECT_EQ(found.other, "interpreter");
  EXPECT_EQ(found.says_other, "ALLOW");
  // One rule at most beside the default.
  EXPECT_LE(std::count(found.policy.begin(), found.policy.end(), '\n'), 2) << found.policy;
}

TEST(PolicyFuzzer, RepeatsARoundFromItsSeed) {
  for (const uint64_t seed : {1, 99, 12345}) {
    SampleGenerator one(seed);
    SampleGenerator other(seed);
    EXPECT_EQ(one.Policy().Text(), other.Policy().Text());
    EXPECT_EQ(one.Request().args, other.Request().args);
    EXPECT_EQ(one.PlainPolicy().Text(), other.PlainPolicy().Text());
  }
}

// libseccomp before 2.6.0 compares the halves of 64-bit arguments wrongly once two ranges of one
// argument meet (GHSA-4q85-33p6-j5g6).
TEST(PolicyFuzzer, FindsTheRangeDefectOfLibseccompByItself) {
  const scmp_version* version = seccomp_version();
  if (version->major > 2 || (version->major == 2 && version->minor > 5)) {
    GTEST_SKIP() << "libseccomp is newer than the defect";
  }
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const PolicyFuzzResult result,
      FuzzPolicies({.time = absl::Minutes(1), .kernel = false, .most_differences = 1}));
  ASSERT_EQ(result.differences.size(), 1u);
  const Difference& found = result.differences[0];
  EXPECT_EQ(found.other, "libseccomp") << found.policy;
  // Two rules of one call, as small as they get, that compare by order.
  EXPECT_EQ(std::count(found.policy.begin(), found.policy.end(), '\n'), 3) << found.policy;
  EXPECT_GE(std::count(found.policy.begin(), found.policy.end(), '<') +
                std::count(found.policy.begin(), found.policy.end(), '>'),
            2)
      << found.policy;
}

TEST(AskKernel, RunsNoneOfTheCalls) {
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const ParsedPolicy policy,
      ParsePolicyText("default kill\nallow getpid\ntrap read\nlog kill", "test"));
  PROVOST_ASSERT_OK_AND_ASSIGN(const BpfProgram filter, CompileFilter(policy.policy, {}));
  const auto call = [](int32_t nr, uint64_t arg = 0) {
    return SyscallRequest{.arch = SCMP_ARCH_X86_64, .nr = nr, .args = {arg}};
  };
  PROVOST_ASSERT_OK_AND_ASSIGN(
      const std::vector<uint32_t> answers,
      AskKernel(
          filter,
          {call(39), call(0), call(62), call(231, 0), call(1), {.arch = SCMP_ARCH_X86, .nr = 20}}));
  EXPECT_EQ(answers, (std::vector<uint32_t>{SECCOMP_RET_ALLOW, SECCOMP_RET_TRAP, kAskTracer,
                                            SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS,
                                            SECCOMP_RET_ALLOW}));
}

}  // namespace
}  // namespace provost
