#include "supervisor/filters.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "policy/bpf.h"
#include "policy/harden.h"
#include "policy/predicate.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

bool MayRecordBy(const Policy& policy, const std::function<bool(const Decision&)>& wants_record) {
  const auto may = [&](const Rule& rule) {
    const Decision decision = rule.decision();
    return AsksForRecord(decision.wish) || std::holds_alternative<Log>(decision.verdict) ||
           wants_record(decision);
  };
  return may(policy.default_rule()) ||
         std::any_of(policy.rules().begin(), policy.rules().end(),
                     [&](const std::shared_ptr<const Rule>& rule) { return may(*rule); });
}

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
  return !NeedsRegistersOnly(rule) || NeedsTracer(rule.rule->decision(), options);
}

absl::flat_hash_set<const Rule*> TracedRulesOf(const Policy& policy, const FilterOptions& options) {
  absl::flat_hash_set<const Rule*> traced;
  for (const Arch arch : kAllArches) {
    for (int32_t nr = 0; nr < SyscallTable::Get().Limit(arch); ++nr) {
      for (const BoundRule& rule : policy.RulesFor(arch, nr)) {
        if (IsTraced(rule, options)) traced.insert(rule.rule);
      }
    }
  }
  return traced;
}

// The same of the filter of `harden`.
FilterOptions HardenOptions(absl::Span<const Policy> policies,
                            const std::function<bool(const Decision&)>& wants_record,
                            const Policy& harden) {
  FilterOptions options;
  options.trace_exec = false;
  options.needs_tracer = [also_ruled = AlsoRuledBy(policies, harden),
                          &wants_record](const Decision& decision) {
    // What is no rule of its own is the policies' to refuse.
    const bool is_own = absl::StartsWith(decision.rule, kHardenPrefix);
    return !is_own || wants_record(decision) || also_ruled.contains(decision.rule);
  };
  return options;
}

// One program that answers as the two stacked would: what `policy` allows, `harden` is asked about.
// Saves the kernel a program for every call it asks them about, and all of hardening's for calls
// that the policy refuses. Nothing that `policy` answers can be overruled by an answer of `harden`:
// its errnos are older, and where the policy may ask the tracer `harden` does too (HardenOptions).
// nullopt: too long for one.
std::optional<BpfProgram> Joined(const BpfProgram& policy, const BpfProgram& harden) {
  if (policy.size() + harden.size() > BPF_MAXINSNS) return std::nullopt;
  BpfProgram joined = policy;
  for (size_t i = 0; i < joined.size(); ++i) {
    const bool allows = joined[i].code == (BPF_RET | BPF_K) && joined[i].k == SECCOMP_RET_ALLOW;
    if (!allows) continue;
    joined[i] = BPF_STMT(BPF_JMP | BPF_JA, static_cast<uint32_t>(policy.size() - i - 1));
  }
  joined.insert(joined.end(), harden.begin(), harden.end());
  return joined;
}

}  // namespace

bool NeedsRegistersOnly(const BoundRule& rule) {
  return !rule.rule->state.has_value() && IsRegisterOnly(rule.condition);
}

bool MayRecord(absl::Span<const Policy> policies,
               const std::function<bool(const Decision&)>& wants_record) {
  return std::any_of(policies.begin(), policies.end(),
                     [&](const Policy& policy) { return MayRecordBy(policy, wants_record); });
}

absl::StatusOr<std::vector<BpfProgram>> CompileFilters(
    absl::Span<const Policy> policies, bool complain, const ControlNumbers& control,
    const std::function<bool(const Decision&)>& wants_record, const GatedCalls& gated,
    const Policy* harden) {
  FilterOptions options = OptionsOf(policies.size(), complain, wants_record);
  options.control = control;
  options.gated = gated;
  options.trace_task_changes = MayRecord(policies, wants_record);
  std::vector<BpfProgram> filters;
  if (harden != nullptr) {
    FilterOptions own = HardenOptions(policies, wants_record, *harden);
    own.control = control;
    own.gated = gated;
    own.gated.trace_filters = false;  // the others' do
    PROVOST_ASSIGN_OR_RETURN(BpfProgram filter, CompileFilter(*harden, own));
    filters.push_back(std::move(filter));
  }
  for (const Policy& policy : policies) {
    PROVOST_ASSIGN_OR_RETURN(BpfProgram filter, CompileFilter(policy, options));
    const bool follows_harden = harden != nullptr && &policy == &policies.front();
    std::optional<BpfProgram> joined =
        follows_harden ? Joined(filter, filters.front()) : std::nullopt;
    if (joined.has_value()) {
      filters.front() = *std::move(joined);
    } else {
      filters.push_back(std::move(filter));
    }
  }
  return filters;
}

TracedRules CountTracedRules(absl::Span<const Policy> policies, bool complain,
                             const std::function<bool(const Decision&)>& wants_record,
                             const Policy* harden) {
  const FilterOptions options = OptionsOf(policies.size(), complain, wants_record);
  TracedRules count;
  for (const Policy& policy : policies) {
    absl::flat_hash_set<const Rule*> traced = TracedRulesOf(policy, options);
    if (NeedsTracer(policy.default_rule().decision(), options)) {
      traced.insert(&policy.default_rule());
    }
    count.traced += traced.size();
    count.all += policy.rules().size() + 1;
  }
  if (harden != nullptr) {
    count.harden = TracedRulesOf(*harden, HardenOptions(policies, wants_record, *harden)).size();
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
