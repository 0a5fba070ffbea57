#include "policy/explain.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/compare_op.h"
#include "policy/definitions.h"
#include "policy/policy_state.h"
#include "policy/rule_state.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

bool IsLeaf(const Predicate& predicate) {
  return predicate == nullptr || !(std::holds_alternative<AllOf>(predicate->node) ||
                                   std::holds_alternative<AnyOf>(predicate->node) ||
                                   std::holds_alternative<Not>(predicate->node));
}

// In the form that reads best.
Predicate Negation(const Predicate& predicate) {
  const auto* compare = predicate == nullptr ? nullptr : std::get_if<Compare>(&predicate->node);
  if (compare != nullptr) {
    Compare opposite = *compare;
    opposite.op = Opposite(opposite.op);
    return std::make_shared<const PredicateNode>(PredicateNode{opposite});
  }
  return std::make_shared<const PredicateNode>(PredicateNode{Not{predicate}});
}

Truth Negate(Truth truth) {
  if (truth == Truth::kUnknown) return truth;
  return truth == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
}

// What must change for a condition to come out as wished: how many parts, and which.
struct Failing {
  size_t count = 0;
  std::vector<Predicate> parts;
};

void Append(const Failing& more, Failing& all) {
  all.count += more.count;
  all.parts.insert(all.parts.end(), more.parts.begin(), more.parts.end());
}

// Finds them in one condition, for one call.
class FailureFinder {
 public:
  // `unknown_will_do`: a part that is not known does not fail (the rule refuses).
  FailureFinder(KnownCall& call, bool unknown_will_do)
      : call_(call), unknown_will_do_(unknown_will_do) {}

  Failing Find(const Predicate& predicate, bool wanted) {
    if (Suits(predicate, wanted)) return {};
    if (IsLeaf(predicate)) return {1, {wanted ? predicate : Negation(predicate)}};
    if (const auto* negation = std::get_if<Not>(&predicate->node)) {
      return Find(negation->child, !wanted);
    }
    const auto* all = std::get_if<AllOf>(&predicate->node);
    const std::vector<Predicate>& children =
        all != nullptr ? all->children : std::get<AnyOf>(predicate->node).children;
    // All children of a conjunction must suit for it to hold, one for it not to.
    return (all != nullptr) == wanted ? FindAll(children, wanted)
                                      : FindFewest(predicate, children, wanted);
  }

 private:
  bool Suits(const Predicate& predicate, bool wanted) {
    const Truth truth = EvaluateKnown(predicate, call_);
    if (truth == Truth::kUnknown) return unknown_will_do_;
    return (truth == Truth::kTrue) == wanted;
  }

  Failing FindAll(const std::vector<Predicate>& children, bool wanted) {
    Failing failing;
    for (const Predicate& child : children) Append(Find(child, wanted), failing);
    return failing;
  }

  Failing FindFewest(const Predicate& whole, const std::vector<Predicate>& children, bool wanted) {
    // Alternatives that are all simple are named together: `path ~ "/a" || path ~ "/b"`.
    if (std::all_of(children.begin(), children.end(), IsLeaf)) {
      return {1, {wanted ? whole : Negation(whole)}};
    }
    Failing fewest{std::numeric_limits<size_t>::max(), {}};
    for (const Predicate& child : children) {
      Failing failing = Find(child, wanted);
      if (failing.count < fewest.count) fewest = std::move(failing);
    }
    return fewest;
  }

  KnownCall& call_;
  const bool unknown_will_do_;
};

std::string Cut(std::string text) {
  constexpr size_t kMaxShown = 400;
  if (text.size() <= kMaxShown) return text;
  text.resize(kMaxShown);
  // Not in the middle of a character.
  while (!text.empty() && (text.back() & 0x80) != 0) text.pop_back();
  return text + " ...";
}

// A descriptor of which nothing is said but its number.
bool IsUnnamed(const Argument& argument, int index, const KnownCall& call) {
  const bool descriptor = argument.kind == ArgKind::kFd || argument.kind == ArgKind::kDirFd;
  return descriptor &&
         call.memory.NameOf(static_cast<int32_t>(call.request.args[index])) == nullptr;
}

std::string Actual(const Predicate& part, const Syscall* syscall, KnownCall& call) {
  const uint8_t named = ArgumentsNamed(part, syscall);
  const bool unknown = EvaluateKnown(part, call) == Truth::kUnknown;
  std::vector<std::string> actual;
  for (int i = 0; i < 6; ++i) {
    if ((named >> i & 1) == 0) continue;
    const bool has_name =
        syscall != nullptr && i < static_cast<int>(syscall->signature->args.size());
    const std::string name =
        has_name ? std::string(syscall->signature->args[i].name) : absl::StrCat("arg", i);
    const bool pointer = has_name && syscall->signature->args[i].IsPointer();
    if ((call.known_args >> i & 1) == 0) {
      actual.push_back(absl::StrCat(name, " is not known"));
    } else if (unknown && pointer && call.memory.BytesAt(call.request.args[i]).empty()) {
      actual.push_back(absl::StrCat("what ", name, " points at is not known"));
    } else if (unknown && has_name && IsUnnamed(syscall->signature->args[i], i, call)) {
      actual.push_back(absl::StrCat("what ", name, " names is not known"));
    } else {
      actual.push_back(
          absl::StrCat(name, " is ", Cut(FormatArgument(call.request, i, call.memory))));
    }
  }
  if (actual.empty() && unknown) return "this is not known of the call";
  return absl::StrJoin(actual, ", ");
}

NearMiss Describe(const BoundRule& bound, const Failing& failing, const Syscall* syscall,
                  KnownCall& call) {
  NearMiss miss;
  miss.rule = bound.rule;
  for (const Predicate& part : failing.parts) {
    miss.failed.push_back({Cut(PredicateToString(part, syscall)), Actual(part, syscall, call)});
  }
  if (failing.parts.empty() && bound.rule->state.has_value()) {
    miss.failed.push_back({StateToString(*bound.rule->state), "this is taken for its first call"});
  }
  return miss;
}

// Marks what `word`, standing in a condition, says of arguments.
uint8_t ArgumentCalled(absl::string_view word, const Syscall* syscall) {
  if (const auto raw = RawRegister(word)) return static_cast<uint8_t>(1U << *raw);
  const int index = syscall == nullptr ? -1 : syscall->signature->IndexOf(word);
  return index < 0 ? 0 : static_cast<uint8_t>(1U << index);
}

bool IsWordPart(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// Past the string that begins at `at`.
size_t SkipString(absl::string_view text, size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

}  // namespace

uint8_t ArgumentsNamed(const Predicate& predicate, const Syscall* syscall) {
  const std::string condition = PredicateToString(predicate, syscall);
  const absl::string_view text = condition;
  uint8_t named = 0;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at = SkipString(text, at);
    } else if (IsWordPart(text[at])) {
      const size_t begin = at;
      while (at < text.size() && IsWordPart(text[at])) ++at;
      // Behind a dot stands a field's name, which an argument may have as well.
      const bool field = begin > 0 && text[begin - 1] == '.';
      if (!field) named |= ArgumentCalled(text.substr(begin, at - begin), syscall);
    } else {
      ++at;
    }
  }
  return named;
}

Truth EvaluateKnown(const Predicate& predicate, KnownCall& call) {
  constexpr uint8_t kAll = 0x3f;
  if (call.known_args == kAll || predicate == nullptr) {
    return Evaluate(predicate, call.request, call.memory);
  }
  if (const auto* negation = std::get_if<Not>(&predicate->node)) {
    return Negate(EvaluateKnown(negation->child, call));
  }
  if (IsLeaf(predicate)) {
    const Syscall* syscall = SyscallTable::Get().Find(call.request);
    const bool known = (ArgumentsNamed(predicate, syscall) & ~call.known_args) == 0;
    return known ? Evaluate(predicate, call.request, call.memory) : Truth::kUnknown;
  }
  const auto* all = std::get_if<AllOf>(&predicate->node);
  const std::vector<Predicate>& children =
      all != nullptr ? all->children : std::get<AnyOf>(predicate->node).children;
  const Truth deciding = all != nullptr ? Truth::kFalse : Truth::kTrue;
  Truth result = Negate(deciding);
  for (const Predicate& child : children) {
    const Truth truth = EvaluateKnown(child, call);
    if (truth == deciding) return deciding;
    if (truth == Truth::kUnknown) result = truth;
  }
  return result;
}

namespace {

bool Decides(const BoundRule& bound, Truth truth) {
  return truth == Truth::kTrue || (truth == Truth::kUnknown && Refuses(bound.rule->verdict));
}

// What a rule that counts says of the first call it counts.
bool HoldsOfTheFirst(const RuleState& state) {
  PolicyState fresh;
  return fresh.Count(state, /*process=*/0, /*counted=*/nullptr);
}

// Explain for the rules of the call; `otherwise` decides if none of them does.
Explanation ExplainRules(absl::Span<const BoundRule> rules, const Rule& otherwise,
                         KnownCall& call) {
  Explanation explanation;
  Failing fewest{std::numeric_limits<size_t>::max(), {}};
  const BoundRule* nearest = nullptr;
  bool counted = false;  // a rule would decide, or not, as its counter says
  const auto may_decide = [&](const Rule& rule) {
    if (counted || !call.is_whole()) explanation.possible.push_back(&rule);
  };
  bool certain = false;  // no later rule can decide, whatever is not known
  for (const BoundRule& bound : rules) {
    const Truth truth = EvaluateKnown(bound.condition, call);
    const bool first = explanation.rule == nullptr;
    const bool counts = bound.rule->state.has_value() && Decides(bound, truth);
    counted |= counts;
    const bool holds = !counts || HoldsOfTheFirst(*bound.rule->state);
    if (first && Decides(bound, truth) && holds) {
      explanation.rule = bound.rule;
      explanation.by_unknown = truth == Truth::kUnknown;
    } else if (truth != Truth::kFalse) {
      may_decide(*bound.rule);
    }
    certain = !counts && (truth == Truth::kTrue || (call.is_whole() && Decides(bound, truth)));
    if (certain) break;
    if (explanation.rule != nullptr) continue;
    // All but its counter.
    Failing failing =
        counts ? Failing{1, {}}
               : FailureFinder(call, Refuses(bound.rule->verdict)).Find(bound.condition, true);
    if (failing.count >= fewest.count) continue;
    fewest = std::move(failing);
    nearest = &bound;
  }
  if (explanation.rule == nullptr) {
    explanation.rule = &otherwise;
  } else if (!certain) {
    may_decide(otherwise);
  }
  const Syscall* syscall = SyscallTable::Get().Find(call.request);
  if (nearest != nullptr) explanation.nearest = Describe(*nearest, fewest, syscall, call);
  return explanation;
}

}  // namespace

const Rule& DecidingRule(const Policy& policy, KnownCall& call) {
  if (!call.request.HasKnownArch() || call.request.IsX32()) return policy.ArchRule();
  const auto arch = static_cast<Arch>(call.request.arch);
  for (const BoundRule& bound : policy.RulesFor(arch, call.request.nr)) {
    if (!Decides(bound, EvaluateKnown(bound.condition, call))) continue;
    if (!bound.rule->state || HoldsOfTheFirst(*bound.rule->state)) return *bound.rule;
  }
  return policy.OtherwiseFor(arch, call.request.nr);
}

Explanation Explain(const Policy& policy, KnownCall& call) {
  if (!call.request.HasKnownArch() || call.request.IsX32()) {
    Explanation refused;
    refused.rule = &policy.ArchRule();
    return refused;
  }
  const auto arch = static_cast<Arch>(call.request.arch);
  return ExplainRules(policy.RulesFor(arch, call.request.nr),
                      policy.OtherwiseFor(arch, call.request.nr), call);
}

}  // namespace provost
