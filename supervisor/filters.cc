#include "supervisor/filters.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "base/status_macros.h"
#include "policy/bpf.h"

namespace provost {
namespace {

bool MayRecord(const Policy& policy, const std::function<bool(const Decision&)>& wants_record) {
  const auto may = [&](const Rule& rule) {
    const Decision decision = rule.decision();
    return AsksForRecord(decision.wish) || std::holds_alternative<Log>(decision.verdict) ||
           wants_record(decision);
  };
  return may(policy.default_rule()) ||
         std::any_of(policy.rules().begin(), policy.rules().end(),
                     [&](const std::shared_ptr<const Rule>& rule) { return may(*rule); });
}

}  // namespace

absl::StatusOr<std::vector<BpfProgram>> CompileFilters(
    absl::Span<const Policy> policies, bool complain, const ControlNumbers& control,
    const std::function<bool(const Decision&)>& wants_record) {
  const bool records = std::any_of(policies.begin(), policies.end(), [&](const Policy& policy) {
    return MayRecord(policy, wants_record);
  });
  const bool every_refusal = complain || policies.size() > 1;
  std::vector<BpfProgram> filters;
  for (const Policy& policy : policies) {
    FilterOptions options;
    options.control = control;
    options.trace_set_mm = records;
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
