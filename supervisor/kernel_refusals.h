#ifndef PROVOST_SUPERVISOR_KERNEL_REFUSALS_H_
#define PROVOST_SUPERVISOR_KERNEL_REFUSALS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "policy/policy.h"
#include "policy/verdict.h"
#include "syscalls/request.h"

namespace provost {

// What filters that are in refuse by themselves, whatever policies come after them: a filter cannot
// be taken off.

// One call of one architecture that the kernel refuses by a rule. A plain value: the policy may be
// gone.
struct KernelRefusal {
  std::string rule;
  Verdict verdict;  // Deny, Return{0}, Trap or Kill
  RecordWish wish = RecordWish::kUnsaid;
  Arch arch = Arch::kX86_64;
  int32_t nr = -1;
  // When, as PredicateToString has it; "always".
  std::string condition;
  // Of rules before it that decide otherwise.
  std::vector<std::string> unless;

  bool operator==(const KernelRefusal&) const = default;
};

// Those of filters compiled from `policies` with the same `complain` and `wants_record`
// (CompileFilters in filters.h). None of rules that look at memory, or count; none of execve and
// execveat, about which the tracer is always asked.
std::vector<KernelRefusal> KernelRefusalsOf(
    absl::Span<const Policy> policies, bool complain,
    const std::function<bool(const Decision&)>& wants_record);

// A rule that goes on refusing, for ever, what other policies would not, or in another way.
struct KeptRefusal {
  std::string rule;
  Verdict verdict;
  std::vector<std::string> calls;  // by name, each once
};

// What is left of `refusals` under the policies that follow, by rule, in the order of the calls:
// those that these do not give as well, of the same calls, and unrecorded. Conditions are compared
// as text: one that says the same in other words counts as another, so that too much may be named,
// never too little.
std::vector<KeptRefusal> KeptUnder(absl::Span<const KernelRefusal> refusals,
                                   absl::Span<const Policy> policies, bool complain,
                                   const std::function<bool(const Decision&)>& wants_record);

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_KERNEL_REFUSALS_H_
