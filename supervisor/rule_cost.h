#ifndef PROVOST_SUPERVISOR_RULE_COST_H_
#define PROVOST_SUPERVISOR_RULE_COST_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "policy/policy.h"
#include "syscalls/request.h"

namespace provost {

// What one call costs that one rule decides.
struct CallCost {
  Arch arch = Arch::kX86_64;
  int32_t nr = 0;
  std::string name;
  // Who may decide it: the kernel by the filter, or the tracer at a stop. Both: its registers say
  // who.
  bool by_kernel = false;
  bool by_tracer = false;
  int stops = 0;        // of a call that comes to the tracer: at its entry, and perhaps at its exit
  bool copies = false;  // it runs, with a copy of the memory that was read (--arguments protect)
  bool recorded = false;  // an event is written
  // Why the tracer is needed, this rule's own reasons and earlier rules'; empty if it is not.
  std::vector<std::string> reasons;
};

struct RuleCost {
  const Rule* rule = nullptr;  // the policy's; default_rule() for the last of them
  std::vector<CallCost> calls;
};

// What the filters of a run do, of all calls of x86_64 that there are.
struct FilterCost {
  size_t calls = 0;
  size_t by_kernel = 0;   // never stop
  size_t remembered = 0;  // of those: allowed, and the kernel does not even run a filter again
  size_t by_either = 0;
  size_t by_tracer = 0;  // always stop
  size_t hardening = 0;  // of those that may stop: for hardening alone
  size_t filters = 0;
  size_t instructions = 0;  // of the filters together
  int least = 0;            // executed for a call
  int most = 0;
};

struct PolicyCost {
  std::vector<RuleCost> rules;  // in order, and the default
  FilterCost filters;
};

// What a run under this policy alone costs: from the filters that it would install, and from what
// the supervisor asks of a rule. `logs`: an audit log is named, so that refusals are recorded whose
// rule is not `quiet`. Fails where the policy does not fit into a filter.
absl::StatusOr<PolicyCost> CostOf(const Policy& policy, bool logs);

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_RULE_COST_H_
