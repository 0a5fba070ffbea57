#ifndef PROVOST_POLICY_CALL_RESOLVER_H_
#define PROVOST_POLICY_CALL_RESOLVER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/ast.h"
#include "policy/warning.h"
#include "syscalls/syscall_table.h"

namespace provost {

// A call that a rule is for.
struct ResolvedCall {
  absl::string_view name;                // of static storage
  std::vector<const Syscall*> syscalls;  // one for each architecture of the policy that has it
  const CallReference* reference;        // what the rule names it by; belongs to the rule
};

// The calls of a rule on `arches`, each once, in the order written. Groups give their members that
// these architectures have, without those that are never refused if the rule refuses. Errors are
// ErrorAt's; warnings are added to `warnings`.
absl::StatusOr<std::vector<ResolvedCall>> ResolveCalls(const RuleStatement& rule,
                                                       absl::Span<const Arch> arches,
                                                       std::vector<PolicyWarning>& warnings);

}  // namespace provost

#endif  // PROVOST_POLICY_CALL_RESOLVER_H_
