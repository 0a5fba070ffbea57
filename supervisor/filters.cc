#include "supervisor/filters.h"

#include <linux/seccomp.h>

#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "policy/bpf.h"
#include "policy/harden.h"

namespace provost {

namespace {

absl::StatusOr<BpfProgram> CompileHarden(absl::Span<const Policy> policies,
                                         const ControlNumbers& control,
                                         const std::function<bool(const Decision&)>& wants_record,
                                         const Policy& harden) {
  const absl::flat_hash_set<std::string> also_ruled = AlsoRuledBy(policies, harden);
  FilterOptions options;
  options.control = control;
  options.trace_exec = false;
  options.needs_tracer = [&](const Decision& decision) {
    // What is no rule of its own is the policies' to refuse.
    const bool is_own = absl::StartsWith(decision.rule, kHardenPrefix);
    return !is_own || wants_record(decision) || also_ruled.contains(decision.rule);
  };
  return CompileFilter(harden, options);
}

}  // namespace

absl::StatusOr<std::vector<BpfProgram>> CompileFilters(
    absl::Span<const Policy> policies, bool complain, const ControlNumbers& control,
    const std::function<bool(const Decision&)>& wants_record, const Policy* harden) {
  const bool every_refusal = complain || policies.size() > 1;
  std::vector<BpfProgram> filters;
  if (harden != nullptr) {
    PROVOST_ASSIGN_OR_RETURN(BpfProgram filter,
                             CompileHarden(policies, control, wants_record, *harden));
    filters.push_back(std::move(filter));
  }
  for (const Policy& policy : policies) {
    FilterOptions options;
    options.control = control;
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
