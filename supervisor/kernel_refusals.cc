#include "supervisor/kernel_refusals.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/string_view.h"
#include "policy/filter_compiler.h"
#include "policy/predicate.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

bool IsExec(const Syscall& syscall) {
  const absl::string_view name = syscall.signature->name;
  return name == "execve" || name == "execveat";
}

// True if the filter leaves what this rule matches to the tracer.
bool IsTraced(const BoundRule& bound, const FilterOptions& options) {
  return bound.rule->state.has_value() ||
         (bound.condition != nullptr && !IsRegisterOnly(bound.condition)) ||
         NeedsTracer(bound.rule->decision(), options);
}

// True if registers never say that it does not match.
bool MayAlwaysMatch(const BoundRule& bound) {
  if (bound.condition == nullptr) return true;
  const Predicate may = MayHold(bound.condition);
  const auto* constant = may == nullptr ? nullptr : std::get_if<Constantly>(&may->node);
  return may == nullptr || (constant != nullptr && constant->value);
}

std::string ConditionOf(const BoundRule& bound, const Syscall& syscall) {
  return PredicateToString(bound.condition, &syscall);
}

// What the filter of one policy refuses of one call.
void Append(const Policy& policy, Arch arch, const Syscall& syscall, const FilterOptions& options,
            std::vector<KernelRefusal>& refusals) {
  struct Earlier {
    std::string condition;
    const Verdict* gives;  // null: what the tracer says
  };
  std::vector<Earlier> before;
  const auto take = [&](const Rule& rule, const std::string& condition) {
    if (!Refuses(rule.verdict) || NeedsTracer(rule.decision(), options)) return;
    KernelRefusal refusal = {rule.name, rule.verdict, rule.wish, arch, syscall.nr, condition, {}};
    for (const Earlier& earlier : before) {
      const bool is_like = earlier.gives != nullptr && *earlier.gives == rule.verdict;
      if (!is_like) refusal.unless.push_back(earlier.condition);
    }
    refusals.push_back(std::move(refusal));
  };
  bool is_decided = false;
  for (const BoundRule& bound : policy.RulesFor(arch, syscall.nr)) {
    const std::string condition = ConditionOf(bound, syscall);
    const bool is_traced = IsTraced(bound, options);
    if (!is_traced) take(*bound.rule, condition);
    // What the tracer decides is left to it from here on.
    is_decided = bound.IsUnconditional() || (is_traced && MayAlwaysMatch(bound));
    if (is_decided) break;
    before.push_back({condition, is_traced ? nullptr : &bound.rule->verdict});
  }
  if (!is_decided) take(policy.OtherwiseFor(arch, syscall.nr), "always");
}

// Whether policies that follow refuse what `refusal` does, so that nobody can tell whose it is.
class Follower {
 public:
  Follower(const Policy& policy, bool is_alone, const FilterOptions& options)
      : policy_(policy), is_alone_(is_alone), options_(options) {}

  bool Gives(const KernelRefusal& refusal, const Syscall& syscall) {
    const std::vector<std::string>& conditions = ConditionsFor(refusal.arch, syscall);
    const absl::Span<const BoundRule> rules = policy_.RulesFor(refusal.arch, refusal.nr);
    for (size_t i = 0; i < rules.size(); ++i) {
      const BoundRule& bound = rules[i];
      const std::string& condition = conditions[i];
      const bool is_same = !bound.rule->state.has_value() && IsLike(*bound.rule, refusal);
      if (is_same && (bound.IsUnconditional() || condition == refusal.condition)) return true;
      const bool is_passed = is_same || std::find(refusal.unless.begin(), refusal.unless.end(),
                                                  condition) != refusal.unless.end();
      if (!is_passed) return false;
    }
    return IsLike(policy_.OtherwiseFor(refusal.arch, refusal.nr), refusal);
  }

 private:
  // Of the rules for a call, made once: there may be many refusals of it.
  const std::vector<std::string>& ConditionsFor(Arch arch, const Syscall& syscall) {
    const auto [known, is_new] = conditions_.try_emplace({arch, syscall.nr});
    if (is_new) {
      for (const BoundRule& bound : policy_.RulesFor(arch, syscall.nr)) {
        known->second.push_back(ConditionOf(bound, syscall));
      }
    }
    return known->second;
  }

  bool IsLike(const Rule& rule, const KernelRefusal& refusal) const {
    const Decision decision = rule.decision();
    if (AsksForRecord(decision.wish) || options_.needs_tracer(decision)) return false;
    if (decision.verdict == refusal.verdict) return true;
    // Of two errnos the kernel takes the newer filter's, if that answers by itself.
    return is_alone_ && std::holds_alternative<Deny>(decision.verdict) &&
           std::holds_alternative<Deny>(refusal.verdict) && !NeedsTracer(decision, options_);
  }

  const Policy& policy_;
  const bool is_alone_;
  const FilterOptions& options_;
  std::map<std::pair<Arch, int32_t>, std::vector<std::string>> conditions_;
};

}  // namespace

std::vector<KernelRefusal> KernelRefusalsOf(
    absl::Span<const Policy> policies, bool complain,
    const std::function<bool(const Decision&)>& wants_record) {
  std::vector<KernelRefusal> refusals;
  // Then every refusal comes to the tracer.
  if (complain || policies.size() > 1) return refusals;
  FilterOptions options;
  options.needs_tracer = wants_record;
  for (const Policy& policy : policies) {
    for (const Arch arch : kAllArches) {
      for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
        if (!IsExec(syscall)) Append(policy, arch, syscall, options, refusals);
      }
    }
  }
  return refusals;
}

std::vector<KeptRefusal> KeptUnder(absl::Span<const KernelRefusal> refusals,
                                   absl::Span<const Policy> policies, bool complain,
                                   const std::function<bool(const Decision&)>& wants_record) {
  FilterOptions options;
  options.needs_tracer = wants_record;
  std::vector<Follower> followers;
  for (const Policy& policy : policies)
    followers.emplace_back(policy, policies.size() == 1, options);
  std::vector<KeptRefusal> kept;
  for (const KernelRefusal& refusal : refusals) {
    const Syscall* syscall = SyscallTable::Get().Find(refusal.arch, refusal.nr);
    if (syscall == nullptr) continue;
    const bool is_given =
        !complain && std::any_of(followers.begin(), followers.end(), [&](Follower& follower) {
          return follower.Gives(refusal, *syscall);
        });
    if (is_given) continue;
    auto rule = std::find_if(kept.begin(), kept.end(), [&](const KeptRefusal& known) {
      return known.rule == refusal.rule && known.verdict == refusal.verdict;
    });
    if (rule == kept.end()) rule = kept.insert(rule, {refusal.rule, refusal.verdict, {}});
    const std::string name(syscall->signature->name);
    if (std::find(rule->calls.begin(), rule->calls.end(), name) == rule->calls.end()) {
      rule->calls.push_back(name);
    }
  }
  return kept;
}

}  // namespace provost
