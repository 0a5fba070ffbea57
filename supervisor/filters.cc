#include "supervisor/filters.h"

#include <linux/seccomp.h>

#include <utility>

#include "base/status_macros.h"
#include "policy/bpf.h"

namespace provost {

absl::StatusOr<std::vector<BpfProgram>> CompileFilters(
    absl::Span<const Policy> policies, bool complain, const ControlNumbers& control,
    const std::function<bool(const Decision&)>& wants_record, const GatedCalls& gated) {
  const bool every_refusal = complain || policies.size() > 1;
  std::vector<BpfProgram> filters;
  for (const Policy& policy : policies) {
    FilterOptions options;
    options.control = control;
    options.gated = gated;
    options.needs_tracer = [&](const Decision& decision) {
      return (every_refusal && Refuses(decision.verdict)) || wants_record(decision);
    };
    PROVOST_ASSIGN_OR_RETURN(BpfProgram filter, CompileFilter(policy, options));
    filters.push_back(std::move(filter));
  }
  return filters;
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
