#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "policy/foreign/exporters.h"
#include "policy/parser.h"
#include "policy/predicate.h"
#include "policy/rule_state.h"
#include "policy/source_text.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

Predicate Make(PredicateNode node) {
  return std::make_shared<const PredicateNode>(std::move(node));
}

const bool* AsConstant(const Predicate& predicate) {
  static constexpr bool kAlways = true;
  if (predicate == nullptr) return &kAlways;
  const auto* constantly = std::get_if<Constantly>(&predicate->node);
  return constantly != nullptr ? &constantly->value : nullptr;
}

Predicate Simplify(const Predicate& predicate);

// Without constants, and without brackets that say nothing.
template <typename Node>
Predicate SimplifyAll(const Node& node, bool deciding) {
  std::vector<Predicate> kept;
  for (const Predicate& child : node.children) {
    Predicate simple = Simplify(child);
    if (const bool* constant = AsConstant(simple)) {
      if (*constant == deciding) return Make({Constantly{deciding}});
      continue;
    }
    if (const auto* same = std::get_if<Node>(&simple->node)) {
      kept.insert(kept.end(), same->children.begin(), same->children.end());
    } else {
      kept.push_back(std::move(simple));
    }
  }
  if (kept.empty()) return Make({Constantly{!deciding}});
  if (kept.size() == 1) return kept.front();
  return Make({Node{std::move(kept)}});
}

Predicate Simplify(const Predicate& predicate) {
  if (predicate == nullptr) return nullptr;
  if (const auto* all = std::get_if<AllOf>(&predicate->node)) return SimplifyAll(*all, false);
  if (const auto* any = std::get_if<AnyOf>(&predicate->node)) return SimplifyAll(*any, true);
  if (const auto* negation = std::get_if<Not>(&predicate->node)) {
    Predicate child = Simplify(negation->child);
    if (const bool* constant = AsConstant(child)) return Make({Constantly{!*constant}});
    return Make({Not{std::move(child)}});
  }
  return predicate;
}

bool Same(const Predicate& a, const Predicate& b);

bool SameAll(const std::vector<Predicate>& a, const std::vector<Predicate>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!Same(a[i], b[i])) return false;
  }
  return true;
}

bool Same(const Predicate& a, const Predicate& b) {
  if (a == nullptr || b == nullptr) return a == b;
  if (a->node.index() != b->node.index()) return false;
  if (const auto* x = std::get_if<Compare>(&a->node)) {
    const auto& y = std::get<Compare>(b->node);
    return x->arg == y.arg && x->width == y.width && x->mask == y.mask && x->op == y.op &&
           x->value == y.value;
  }
  if (const auto* x = std::get_if<AllOf>(&a->node)) {
    return SameAll(x->children, std::get<AllOf>(b->node).children);
  }
  if (const auto* x = std::get_if<AnyOf>(&a->node)) {
    return SameAll(x->children, std::get<AnyOf>(b->node).children);
  }
  if (const auto* x = std::get_if<Not>(&a->node)) {
    return Same(x->child, std::get<Not>(b->node).child);
  }
  return PredicateToString(a, nullptr) == PredicateToString(b, nullptr);
}

std::string Quoted(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

class ProvostExporter {
 public:
  explicit ProvostExporter(const Policy& policy) : policy_(policy) {}

  Converted Export() {
    Gather();
    std::vector<std::string> arches;
    for (const Arch arch : kAllArches) {
      if (policy_.Lists(arch)) arches.emplace_back(ArchName(arch));
    }
    if (arches.size() < kAllArches.size()) {
      absl::StrAppend(&out_.text, "arch ", absl::StrJoin(arches, ", "), "\n");
    }
    const Rule& otherwise = policy_.default_rule();
    absl::StrAppend(&out_.text, "default ", VerdictToString(otherwise.verdict), Wish(otherwise),
                    "\n");
    if (policy_.logging()) absl::StrAppend(&out_.text, "logging on\n");
    if (policy_.container()) {
      absl::StrAppend(&out_.text, "container ", policy_.container()->contid, "\n");
    }
    if (policy_.harden()) {
      absl::StrAppend(&out_.text, "harden ", policy_.harden()->on ? "on" : "off", "\n");
    }
    for (const auto& rule : policy_.rules()) Write(*rule);
    return std::move(out_);
  }

 private:
  // The calls of a rule that share one condition; "" is always.
  struct Group {
    std::string condition;
    std::vector<std::string> calls;
  };

  void Gather() {
    for (const Arch arch : kAllArches) {
      for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
        const Syscall* native = SyscallTable::Get().Find(Arch::kX86_64, syscall.signature->name);
        const bool seen =
            arch != Arch::kX86_64 && native != nullptr && policy_.Lists(Arch::kX86_64);
        if (!policy_.Lists(arch) || seen) continue;
        for (const BoundRule& bound : policy_.RulesFor(arch, syscall.nr)) Add(bound, syscall);
      }
    }
  }

  void Add(const BoundRule& bound, const Syscall& syscall) {
    std::string condition;
    const Predicate simple = Simplify(bound.condition);
    const bool* constant = AsConstant(simple);
    if (constant == nullptr) {
      condition = Text(simple, syscall);
      if (condition.empty()) {
        out_.losses.push_back(
            {bound.rule->where, absl::StrCat("`", syscall.signature->name,
                                             "`: the condition cannot "
                                             "be written as text; the rule is left out")});
        return;
      }
    } else if (!*constant) {
      return;
    }
    std::vector<Group>& groups = groups_[bound.rule];
    for (Group& group : groups) {
      if (group.condition != condition) continue;
      group.calls.emplace_back(syscall.signature->name);
      return;
    }
    groups.push_back({condition, {std::string(syscall.signature->name)}});
  }

  // Text that means the condition on every architecture of the policy that has the call; empty if
  // there is none.
  std::string Text(const Predicate& condition, const Syscall& syscall) {
    std::string text = Print(condition, syscall, false);
    const absl::StatusOr<ParsedPolicy> parsed =
        ParsePolicyText(absl::StrCat(ArchLine(), "default log\nallow ", syscall.signature->name,
                                     " if ", text, "\n"),
                        "text");
    const bool same = parsed.ok() && MeansTheSame(condition, syscall, parsed->policy);
    return same ? text : "";
  }

  static std::string PrintAll(const std::vector<Predicate>& children, const Syscall& syscall,
                              const char* connective, bool brackets) {
    return absl::StrJoin(children, connective, [&](std::string* out, const Predicate& child) {
      absl::StrAppend(out, Print(child, syscall, brackets));
    });
  }

  // With the arguments' names where a comparison reads them as the call does. `inside_and`: a
  // disjunction needs brackets.
  static std::string Print(const Predicate& condition, const Syscall& syscall, bool inside_and) {
    const auto& node = condition->node;
    if (const auto* all = std::get_if<AllOf>(&node)) {
      return PrintAll(all->children, syscall, " && ", true);
    }
    if (const auto* any = std::get_if<AnyOf>(&node)) {
      std::string text = PrintAll(any->children, syscall, " || ", false);
      return inside_and ? absl::StrCat("(", text, ")") : text;
    }
    if (const auto* negation = std::get_if<Not>(&node)) {
      return absl::StrCat("!(", Print(negation->child, syscall, false), ")");
    }
    const auto* compare = std::get_if<Compare>(&node);
    const auto& arguments = syscall.signature->args;
    const bool named =
        compare == nullptr ||
        (compare->arg < arguments.size() && !arguments[compare->arg].IsPathOrString() &&
         WidthOn(syscall.arch, arguments[compare->arg]) == compare->width);
    return PredicateToString(condition, named ? &syscall : nullptr);
  }

  std::string ArchLine() const {
    std::string line;
    for (const Arch arch : kAllArches) {
      if (policy_.Lists(arch))
        absl::StrAppend(&line, line.empty() ? "arch " : ", ", ArchName(arch));
    }
    return line + "\n";
  }

  static bool MeansTheSame(const Predicate& condition, const Syscall& syscall,
                           const Policy& reread) {
    const auto rules = reread.RulesFor(syscall.arch, syscall.nr);
    return rules.size() == 1 && Same(condition, Simplify(rules[0].condition));
  }

  static std::string Wish(const Rule& rule) {
    switch (rule.wish) {
      case RecordWish::kUnsaid:
        return "";
      case RecordWish::kLog:
        return " log";
      case RecordWish::kLogResult:
        return " log result";
      case RecordWish::kQuiet:
        return " quiet";
      case RecordWish::kAudited:
        return " audited";
    }
    return "";
  }

  void Write(const Rule& rule) {
    for (const Group& group : groups_[&rule]) {
      // What a rewrite sets stands behind its calls.
      const std::string verdict = VerdictToString(rule.verdict);
      const size_t set = verdict.find(" set ");
      absl::StrAppend(&out_.text, verdict.substr(0, set), " ", absl::StrJoin(group.calls, ", "),
                      set == std::string::npos ? "" : verdict.substr(set));
      std::string condition = group.condition;
      if (rule.state) {
        const std::string counting = StateToString(*rule.state);
        condition = condition.empty() ? counting : absl::StrCat("(", condition, ") && ", counting);
      }
      if (!condition.empty()) absl::StrAppend(&out_.text, " if ", condition);
      absl::StrAppend(&out_.text, " as ", Quoted(rule.name), Wish(rule), "\n");
    }
  }

  const Policy& policy_;
  std::map<const Rule*, std::vector<Group>> groups_;
  Converted out_;
};

}  // namespace

Converted ExportProvost(const Policy& policy) { return ProvostExporter(policy).Export(); }

}  // namespace provost
