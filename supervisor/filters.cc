#include "supervisor/filters.h"

#include <linux/seccomp.h>

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "base/status_macros.h"
#include "policy/bpf.h"
#include "policy/predicate.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// What the filters of a run ask of the tracer. `wants_record` must outlive it.
FilterOptions OptionsOf(size_t policies, bool complain,
                        const std::function<bool(const Decision&)>& wants_record) {
  const bool every_refusal = complain || policies > 1;
  FilterOptions options;
  options.needs_tracer = [every_refusal, &wants_record](const Decision& decision) {
    return (every_refusal && Refuses(decision.verdict)) || wants_record(decision);
  };
  return options;
}

bool IsTraced(const BoundRule& rule, const FilterOptions& options) {
  return rule.rule->state.has_value() || !IsRegisterOnly(rule.condition) ||
         NeedsTracer(rule.rule->decision(), options);
}

}  // namespace

absl::StatusOr<std::vector<BpfProgram>> CompileFilters(
    absl::Span<const Policy> policies, bool complain, const ControlNumbers& control,
    const std::function<bool(const Decision&)>& wants_record) {
  FilterOptions options = OptionsOf(policies.size(), complain, wants_record);
  options.control = control;
  std::vector<BpfProgram> filters;
  for (const Policy& policy : policies) {
    PROVOST_ASSIGN_OR_RETURN(BpfProgram filter, CompileFilter(policy, options));
    filters.push_back(std::move(filter));
  }
  return filters;
}

TracedRules CountTracedRules(absl::Span<const Policy> policies, bool complain,
                             const std::function<bool(const Decision&)>& wants_record) {
  const FilterOptions options = OptionsOf(policies.size(), complain, wants_record);
  TracedRules count;
  for (const Policy& policy : policies) {
    absl::flat_hash_set<const Rule*> traced;
    for (const Arch arch : kAllArches) {
      for (int32_t nr = 0; nr < SyscallTable::Get().Limit(arch); ++nr) {
        for (const BoundRule& rule : policy.RulesFor(arch, nr)) {
          if (IsTraced(rule, options)) traced.insert(rule.rule);
        }
      }
    }
    if (NeedsTracer(policy.default_rule().decision(), options)) {
      traced.insert(&policy.default_rule());
    }
    count.traced += traced.size();
    count.all += policy.rules().size() + 1;
  }
  return count;
}

absl::StatusOr<uint32_t> RunFilters(absl::Span<const BpfProgram> filters,
                                    const SyscallRequest& request) {
  const seccomp_data data = ToSeccompData(request);
  uint32_t strictest = SECCOMP_RET_ALLOW;
  for (const BpfProgram& filter : filters) {
    PROVOST_ASSIGN_OR_RETURN(const uint32_t answer, RunBpf(filter, data));
    // Actions rank as signed numbers (ACTION_ONLY in kernel/seccomp.c); KILL_PROCESS is the most
    // negative.
    if (static_cast<int32_t>(answer & SECCOMP_RET_ACTION_FULL) <
        static_cast<int32_t>(strictest & SECCOMP_RET_ACTION_FULL)) {
      strictest = answer;
    }
  }
  return strictest;
}

}  // namespace provost
