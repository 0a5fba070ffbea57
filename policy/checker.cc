#include "policy/checker.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "policy/contradiction.h"
#include "policy/memory_operand.h"
#include "policy/predicate.h"
#include "policy/source_text.h"
#include "policy/verdict.h"
#include "syscalls/sub_calls.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// Steps of reasoning that one question may take, and all of them together.
constexpr size_t kQuestionBudget = 20000;
constexpr size_t kTotalBudget = 20000000;

// Of the rules before one, at most so many from either end are looked at.
constexpr size_t kMaxRulesFromAnEnd = 128;

// With more string arguments that may be readable or not, there are too many cases.
constexpr int kMaxStringArguments = 3;

// The bit for what a task is, behind those of its six arguments.
constexpr uint8_t kTaskBit = 1 << 6;

// The registers a predicate looks at, themselves or what they point at: bit i for argument i.
uint8_t ArgumentsOf(const PredicateNode* predicate) {
  if (predicate == nullptr) return 0;
  const auto of_all = [](const std::vector<Predicate>& children) {
    uint8_t arguments = 0;
    for (const Predicate& child : children) arguments |= ArgumentsOf(child.get());
    return arguments;
  };
  if (const auto* compare = std::get_if<Compare>(&predicate->node)) return 1 << compare->arg;
  if (const auto* match = std::get_if<MatchString>(&predicate->node)) return 1 << match->arg;
  if (const auto* test = std::get_if<MemoryTest>(&predicate->node)) return test->operand->registers;
  if (const auto* sub_call = std::get_if<OfSubCall>(&predicate->node)) {
    return 1 | 1 << sub_call->call->array;
  }
  if (std::holds_alternative<CompareTask>(predicate->node) ||
      std::holds_alternative<MatchTask>(predicate->node)) {
    return kTaskBit;
  }
  if (const auto* all = std::get_if<AllOf>(&predicate->node)) return of_all(all->children);
  if (const auto* any = std::get_if<AnyOf>(&predicate->node)) return of_all(any->children);
  if (const auto* negation = std::get_if<Not>(&predicate->node)) {
    return ArgumentsOf(negation->child.get());
  }
  return 0;
}

bool IsUnconditional(const BoundRule& bound) {
  if (bound.condition == nullptr) return true;
  const auto* constantly = std::get_if<Constantly>(&bound.condition->node);
  return constantly != nullptr && constantly->value;
}

// "rule "no-shadow" at app.policy:3"
std::string Describe(const Rule& rule) {
  const std::string place = absl::StrCat(rule.where.file, ":", rule.where.line);
  if (rule.where.line == 0) return absl::StrCat("rule \"", rule.name, "\"");
  if (rule.name == place) return absl::StrCat("the rule at ", place);
  return absl::StrCat("rule \"", rule.name, "\" at ", place);
}

// What is known of one rule over all calls it is for.
struct Finding {
  bool can_match = false;
  bool bound = false;
  std::vector<const Rule*> deciders;  // that decide before it
};

std::string Explain(const Finding& finding) {
  constexpr size_t kMaxNamed = 3;
  if (finding.deciders.empty()) {
    return "this rule can never match: its condition is never true";
  }
  std::string message = "this rule can never match: ";
  const size_t named = std::min(finding.deciders.size(), kMaxNamed);
  for (size_t i = 0; i < named; ++i) {
    const bool last = i + 1 == finding.deciders.size();
    absl::StrAppend(&message, i == 0 ? "" : (last ? " and " : ", "),
                    Describe(*finding.deciders[i]));
  }
  if (named < finding.deciders.size()) {
    absl::StrAppend(&message, " and ", finding.deciders.size() - named, " more");
  }
  absl::StrAppend(&message, finding.deciders.size() == 1 ? " decides" : " decide",
                  " every such call before it");
  return message;
}

class Checker {
 public:
  explicit Checker(const Policy& policy) : policy_(policy) {}

  std::vector<PolicyWarning> Check() {
    for (const Arch arch : kAllArches) {
      for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
        CheckCall(policy_.RulesFor(arch, syscall.nr));
      }
    }
    std::vector<PolicyWarning> warnings;
    for (const auto& rule : policy_.rules()) {
      const Finding& finding = findings_[rule.get()];
      if (finding.bound && !finding.can_match) {
        warnings.push_back({rule->where, Printable(Explain(finding))});
      }
    }
    return warnings;
  }

 private:
  void CheckCall(absl::Span<const BoundRule> rules) {
    const BoundRule* unconditional = nullptr;
    for (size_t i = 0; i < rules.size(); ++i) {
      Finding& finding = findings_[rules[i].rule];
      finding.bound = true;
      if (!finding.can_match) {
        if (unconditional != nullptr) {
          Blame(finding, {unconditional->rule});
        } else {
          CheckRule(rules.subspan(0, i), rules[i], finding);
        }
      }
      const bool decides = IsUnconditional(rules[i]) && !rules[i].rule->state.has_value();
      if (unconditional == nullptr && decides) unconditional = &rules[i];
    }
  }

  // `earlier` are the rules of the same call before `bound`, all of them conditional.
  void CheckRule(absl::Span<const BoundRule> earlier, const BoundRule& bound, Finding& finding) {
    if (Ask({}, bound) == Possibility::kImpossible) return;  // blames nobody
    std::vector<const BoundRule*> relevant = Relevant(earlier, bound);
    const Possibility past_all = Ask(relevant, bound);
    finding.can_match = past_all == Possibility::kPossible;
    if (finding.can_match) return;
    for (const BoundRule* rule : relevant) {
      if (Ask({rule}, bound) == Possibility::kImpossible) {
        Blame(finding, {rule->rule});
        return;
      }
    }
    finding.can_match = past_all == Possibility::kGaveUp;
    if (!finding.can_match) BlameFew(std::move(relevant), bound, finding);
  }

  // All of `deciders` together leave nothing; leaves out those that are not needed for that.
  void BlameFew(std::vector<const BoundRule*> deciders, const BoundRule& bound, Finding& finding) {
    for (size_t i = 0; i < deciders.size();) {
      std::vector<const BoundRule*> fewer = deciders;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      if (Ask(fewer, bound) == Possibility::kImpossible) {
        deciders = std::move(fewer);
      } else {
        ++i;
      }
    }
    std::vector<const Rule*> rules;
    rules.reserve(deciders.size());
    for (const BoundRule* decider : deciders) rules.push_back(decider->rule);
    Blame(finding, rules);
  }

  static void Blame(Finding& finding, const std::vector<const Rule*>& rules) {
    for (const Rule* rule : rules) {
      const bool known = std::find(finding.deciders.begin(), finding.deciders.end(), rule) !=
                         finding.deciders.end();
      if (!known) finding.deciders.push_back(rule);
    }
  }

  // The rules that say something of the same registers.
  std::vector<const BoundRule*> Relevant(absl::Span<const BoundRule> earlier,
                                         const BoundRule& bound) {
    const uint8_t arguments = ArgumentsOf(bound.condition);
    std::vector<const BoundRule*> relevant;
    for (const BoundRule& rule : earlier) {
      // Whatever it counts, it lets some calls by.
      if (rule.rule->state.has_value()) continue;
      if ((ArgumentsOf(rule.condition) & arguments) != 0 || IsUnconditional(bound)) {
        relevant.push_back(&rule);
      }
    }
    if (relevant.size() > 2 * kMaxRulesFromAnEnd) {
      relevant.erase(relevant.begin() + kMaxRulesFromAnEnd, relevant.end() - kMaxRulesFromAnEnd);
    }
    return relevant;
  }

  uint8_t ArgumentsOf(const Predicate& predicate) {
    const auto [entry, is_new] = arguments_.try_emplace(predicate.get(), 0);
    if (is_new) entry->second = provost::ArgumentsOf(predicate.get());
    return entry->second;
  }

  // Whether `bound` can match a call that none of `earlier` does.
  Possibility Ask(const std::vector<const BoundRule*>& earlier, const BoundRule& bound) {
    std::vector<Claim> claims;
    claims.push_back({bound.condition.get(), true, Refuses(bound.rule->verdict)});
    for (const BoundRule* rule : earlier) {
      claims.push_back({rule->condition.get(), false, !Refuses(rule->rule->verdict)});
    }
    uint8_t strings = 0;
    for (const Claim& claim : claims) strings |= StringArguments(claim.predicate);
    if (std::popcount(strings) > kMaxStringArguments) return Possibility::kGaveUp;
    // Every subset of the string arguments, the empty one last.
    for (uint8_t unreadable = strings;; unreadable = (unreadable - 1) & strings) {
      const size_t given = std::min(kQuestionBudget, total_budget_);
      size_t budget = given;
      const Possibility possibility = CanAllHold(claims, unreadable, budget);
      total_budget_ -= given - budget;
      if (possibility != Possibility::kImpossible || unreadable == 0) return possibility;
    }
  }

  const Policy& policy_;
  absl::flat_hash_map<const Rule*, Finding> findings_;
  absl::flat_hash_map<const PredicateNode*, uint8_t> arguments_;
  size_t total_budget_ = kTotalBudget;
};

}  // namespace

std::vector<PolicyWarning> CheckPolicy(const Policy& policy) { return Checker(policy).Check(); }

}  // namespace provost
