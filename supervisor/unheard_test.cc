#include "supervisor/unheard.h"

#include <linux/seccomp.h>

#include <string>
#include <vector>

#include "audit/log_decision.h"
#include "base/status_matchers.h"
#include "gtest/gtest.h"
#include "policy/filter_compiler.h"
#include "policy/parser.h"
#include "supervisor/filters.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

std::vector<Policy> PoliciesOf(const std::vector<std::string>& statements) {
  absl::StatusOr<ParsedPolicy> parsed = ParseStatements(statements);
  EXPECT_THAT(parsed, IsOk());
  return {parsed.ok() ? parsed->policy : Policy()};
}

std::vector<std::string> Names(const std::vector<Decision>& decisions) {
  std::vector<std::string> names;
  names.reserve(decisions.size());
  for (const Decision& decision : decisions) names.emplace_back(decision.rule);
  return names;
}

bool Nothing(const Decision&) { return false; }
bool Everything(const Decision&) { return true; }

TEST(UnheardTest, IsWhatRegistersDecideAndNobodyWants) {
  const std::vector<Policy> policies =
      PoliciesOf({"deny EPERM mkdir as \"registers\"", "deny EPERM rmdir as \"recorded\" log",
                  "deny EACCES openat if path == \"/x\" as \"memory\"", "log uname as \"logged\"",
                  "allow getpid as \"allowed\"", "return 5 getppid as \"tracer's\"",
                  "return 0 sync as \"kernel's\"", "kill process ptrace as \"kills\"",
                  "deny EPERM chmod if mode has 1 as \"partly\"",
                  "deny EIO bpf as \"audited\" audited", "deny EIO rmdir as \"never reached\""});
  using Expected = std::vector<std::string>;
  EXPECT_EQ(Names(UnheardDecisions(policies, false, Nothing)),
            (Expected{"registers", "kernel's", "kills", "partly", "arch", "unknown"}));
  EXPECT_EQ(Names(UnheardDecisions(policies, false, Everything)), Expected());
  // Then every refusal comes to the tracer.
  EXPECT_EQ(Names(UnheardDecisions(policies, true, Nothing)), Expected());
  EXPECT_EQ(Names(UnheardDecisions({policies[0], policies[0]}, false, Nothing)), Expected());
  EXPECT_EQ(Names(UnheardDecisions(PoliciesOf({"default deny EPERM"}), false, Nothing)),
            (Expected{"default", "arch"}));
}

// What it says, compiled filters do.
TEST(UnheardTest, AgreesWithTheFilter) {
  const auto kills = [](const Decision& decision) {
    return std::holds_alternative<Kill>(decision.verdict);
  };
  const std::vector<Policy> policies =
      PoliciesOf({"deny EPERM mkdir as \"deny\"", "kill process ptrace as \"kill\""});
  EXPECT_EQ(Names(UnheardDecisions(policies, false, kills)),
            (std::vector<std::string>{"deny", "arch", "unknown"}));
  PROVOST_ASSERT_OK_AND_ASSIGN(const auto filters,
                               CompileFilters(policies, false, ControlNumbers(), kills));
  const auto answer = [&](const char* name) {
    const Syscall* const call = SyscallTable::Get().Find(Arch::kX86_64, name);
    SyscallRequest request;
    request.arch = static_cast<uint32_t>(Arch::kX86_64);
    request.nr = call->nr;
    return RunFilters(filters, request).value_or(0) & SECCOMP_RET_ACTION_FULL;
  };
  EXPECT_EQ(answer("mkdir"), static_cast<uint32_t>(SECCOMP_RET_ERRNO));
  EXPECT_EQ(answer("ptrace"), static_cast<uint32_t>(SECCOMP_RET_TRACE));
}

}  // namespace
}  // namespace provost
