#include "supervisor/unheard.h"

#include <algorithm>
#include <variant>

#include "absl/container/flat_hash_set.h"
#include "supervisor/filters.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// True if a filter can give it.
bool KernelCanGive(const Decision& decision) {
  const auto* const result = std::get_if<Return>(&decision.verdict);
  return std::holds_alternative<Deny>(decision.verdict) ||
         std::holds_alternative<Trap>(decision.verdict) ||
         std::holds_alternative<Kill>(decision.verdict) ||
         (result != nullptr && result->value == 0);
}

// The rules of one policy by which registers alone decide some call.
absl::flat_hash_set<const Rule*> RulesOnRegisters(const Policy& policy) {
  absl::flat_hash_set<const Rule*> found = {&policy.ArchRule()};
  for (const Arch arch : kAllArches) {
    for (int32_t nr = 0; nr < SyscallTable::Get().Limit(arch); ++nr) {
      bool is_decided = false;
      for (const BoundRule& bound : policy.RulesFor(arch, nr)) {
        if (NeedsRegistersOnly(bound)) found.insert(bound.rule);
        is_decided = bound.IsUnconditional();
        if (is_decided) break;
      }
      if (!is_decided) found.insert(&policy.OtherwiseFor(arch, nr));
    }
  }
  return found;
}

}  // namespace

std::vector<Decision> UnheardDecisions(absl::Span<const Policy> policies, bool complain,
                                       const std::function<bool(const Decision&)>& wants_record) {
  // Then every refusal comes to the tracer, and there is nothing else that the kernel can give.
  if (complain || policies.size() > 1) return {};
  std::vector<Decision> unheard;
  for (const Policy& policy : policies) {
    absl::flat_hash_set<const Rule*> rules = RulesOnRegisters(policy);
    const auto take = [&](const Rule& rule) {
      if (rules.erase(&rule) == 0) return;
      const Decision decision = rule.decision();
      if (!KernelCanGive(decision) || AsksForRecord(decision.wish) || wants_record(decision))
        return;
      unheard.push_back(decision);
    };
    for (const auto& rule : policy.rules()) take(*rule);
    take(policy.default_rule());
    // Those that no policy writes: "arch", "unknown".
    std::vector<const Rule*> others(rules.begin(), rules.end());
    std::sort(others.begin(), others.end(),
              [](const Rule* left, const Rule* right) { return left->name < right->name; });
    for (const Rule* const rule : others) take(*rule);
  }
  return unheard;
}

}  // namespace provost
