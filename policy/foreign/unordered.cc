#include "policy/foreign/unordered.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/foreign/seccomp_rules.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

constexpr uint64_t kLow32 = 0xffffffff;

// A bound rule whose condition is a region.
struct PlacedRule {
  const Rule* rule;
  Region where;
};

class Unorderer {
 public:
  Unorderer(const Policy& policy, absl::string_view target, Converted& out)
      : policy_(policy), target_(target), out_(out) {}

  std::vector<UnorderedCall> Run() {
    std::set<std::string> names;
    for (const Arch arch : kAllArches) {
      if (!policy_.Lists(arch)) continue;
      for (const Syscall& syscall : SyscallTable::Get().All(arch)) {
        names.emplace(syscall.signature->name);
      }
    }
    std::vector<UnorderedCall> calls;
    for (const std::string& name : names) {
      UnorderedCall call = OneName(name);
      if (!call.rules.empty()) calls.push_back(std::move(call));
    }
    CheckMultiplexed(calls);
    return calls;
  }

 private:
  void Loss(const Rule& rule, std::string message) {
    if (!told_.insert({&rule, message}).second) return;
    out_.losses.push_back({rule.where, std::move(message)});
  }

  std::optional<UnorderedCall> On(Arch arch, const std::string& name) {
    const Syscall* syscall = policy_.Lists(arch) ? SyscallTable::Get().Find(arch, name) : nullptr;
    if (syscall == nullptr) return std::nullopt;
    return UnorderedCall{name, Rules(*syscall)};
  }

  UnorderedCall OneName(const std::string& name) {
    std::optional<UnorderedCall> native = On(Arch::kX86_64, name);
    std::optional<UnorderedCall> compat = On(Arch::kI386, name);
    if (!native) return compat ? *std::move(compat) : UnorderedCall{name, {}};
    if (compat && !Agree(*native, *compat)) {
      Loss(FirstRule(name),
           absl::StrCat("`", name, "`: ", target_,
                        " has one rule for x86_64 and i386, and the low "
                        "32 bits of the numbers are not the same condition on i386"));
    }
    return *std::move(native);
  }

  // The rules of one call of one architecture, each without what earlier rules of another verdict
  // take.
  std::vector<UnorderedRule> Rules(const Syscall& syscall) {
    std::vector<PlacedRule> placed;
    for (const BoundRule& bound : policy_.RulesFor(syscall.arch, syscall.nr)) {
      std::optional<Region> where;
      if (!bound.rule->state) where = RegionOf(bound.condition, syscall.arch);
      if (!where) {
        Loss(*bound.rule, absl::StrCat("`", syscall.signature->name,
                                       "`: the condition looks at more "
                                       "than registers, counts, or is too large for ",
                                       target_, "; the rule is left out"));
        continue;
      }
      if (!where->empty()) placed.push_back({bound.rule, *std::move(where)});
      if (bound.IsUnconditional()) break;
    }
    const Rule& otherwise = policy_.OtherwiseFor(syscall.arch, syscall.nr);
    placed.push_back({&otherwise, EveryCall()});
    std::vector<UnorderedRule> rules;
    for (size_t i = 0; i < placed.size(); ++i) {
      if (placed[i].rule->verdict == policy_.default_rule().verdict) continue;
      const std::optional<Region> left = Left(placed, i);
      if (!left) {
        Loss(*placed[i].rule, absl::StrCat("`", syscall.signature->name,
                                           "`: without order this and "
                                           "the rules before it are too large for ",
                                           target_, "; the rule is left out"));
        continue;
      }
      Append(placed[i].rule->verdict, *left, rules);
      if (placed[i].where == EveryCall()) break;
    }
    return rules;
  }

  static std::optional<Region> Left(const std::vector<PlacedRule>& placed, size_t index) {
    Region left = placed[index].where;
    for (size_t i = 0; i < index; ++i) {
      if (placed[i].rule->verdict == placed[index].rule->verdict) continue;
      std::optional<Region> less = Without(left, placed[i].where);
      if (!less) return std::nullopt;
      left = *std::move(less);
    }
    return left;
  }

  static void Append(const Verdict& verdict, const Region& where,
                     std::vector<UnorderedRule>& rules) {
    if (where.empty()) return;
    for (UnorderedRule& rule : rules) {
      if (rule.verdict != verdict) continue;
      rule.where.insert(rule.where.end(), where.begin(), where.end());
      return;
    }
    rules.push_back({verdict, where});
  }

  // What libseccomp makes of a rule on i386: the low half of each number.
  static Region LowHalf(const Region& region) {
    Region low;
    for (Box box : region) {
      for (ValueSet& set : box) {
        if (set.shape == ValueSet::Shape::kBits) {
          set = ValueSet::Bits(set.mask & kLow32, set.value & kLow32);
        } else if (set.shape == ValueSet::Shape::kOrder) {
          set.value &= kLow32;
        }
      }
      low.push_back(box);
    }
    return low;
  }

  // Registers of 32 bits.
  static Region Narrow(const Region& region) {
    Region narrow;
    Box box;
    for (ValueSet& set : box) set = ValueSet::Bits(~kLow32, 0);
    return Meet(region, {box}).value_or(region);
  }

  static bool Agree(const UnorderedCall& native, const UnorderedCall& compat) {
    if (native.rules.size() != compat.rules.size()) return false;
    for (const UnorderedRule& rule : native.rules) {
      const auto other =
          std::find_if(compat.rules.begin(), compat.rules.end(),
                       [&rule](const UnorderedRule& one) { return one.verdict == rule.verdict; });
      if (other == compat.rules.end()) return false;
      const Region a = LowHalf(rule.where);
      if (a == other->where) continue;
      const Region x = Narrow(a);
      const Region y = Narrow(other->where);
      if (!Covers(x, y).value_or(false) || !Covers(y, x).value_or(false)) return false;
    }
    return true;
  }

  // On i386 libseccomp also rules what socketcall(2) and ipc(2) hold: the calls' own rules there
  // must say the same.
  void CheckMultiplexed(const std::vector<UnorderedCall>& calls) {
    if (!policy_.Lists(Arch::kI386)) return;
    for (const MultiplexedCall& multiplexed : MultiplexedCalls()) {
      const auto direct = Find(calls, multiplexed.name);
      if (direct == calls.end()) continue;
      const auto holder = Find(calls, multiplexed.through);
      const std::vector<UnorderedRule> none;
      const auto& through = holder == calls.end() ? none : holder->rules;
      // A rule for every one of them takes the place of those for some.
      const bool whole = std::any_of(through.begin(), through.end(), [](const auto& rule) {
        return std::find(rule.where.begin(), rule.where.end(), Box()) != rule.where.end();
      });
      if (whole) continue;
      for (const UnorderedRule& rule : direct->rules) {
        Region wanted;
        for (Box box : LowHalf(rule.where)) {
          box[0] = ValueSet::Bits(~uint64_t{0}, multiplexed.number);
          wanted.push_back(box);
        }
        const auto same = std::find_if(through.begin(), through.end(), [&rule](const auto& one) {
          return one.verdict == rule.verdict;
        });
        if (same != through.end() && Covers(same->where, wanted).value_or(false)) continue;
        Loss(FirstRule(multiplexed.name),
             absl::StrCat("`", multiplexed.name, "`: on i386 ", target_, " takes this for ",
                          multiplexed.through, "'s number ", multiplexed.number,
                          " too, which the policy decides otherwise"));
        break;
      }
    }
  }

  // The rule that a loss of a call is said of.
  const Rule& FirstRule(absl::string_view name) const {
    for (const Arch arch : kAllArches) {
      const Syscall* syscall = SyscallTable::Get().Find(arch, name);
      if (syscall == nullptr) continue;
      const absl::Span<const BoundRule> rules = policy_.RulesFor(arch, syscall->nr);
      if (!rules.empty()) return *rules.front().rule;
    }
    return policy_.default_rule();
  }

  static std::vector<UnorderedCall>::const_iterator Find(const std::vector<UnorderedCall>& calls,
                                                         absl::string_view name) {
    return std::find_if(calls.begin(), calls.end(),
                        [name](const UnorderedCall& call) { return call.name == name; });
  }

  const Policy& policy_;
  std::string target_;
  Converted& out_;
  std::set<std::pair<const Rule*, std::string>> told_;
};

}  // namespace

std::vector<UnorderedCall> WithoutOrder(const Policy& policy, absl::string_view target,
                                        Converted& out) {
  return Unorderer(policy, target, out).Run();
}

void ReportRecords(const Policy& policy, absl::string_view target, Converted& out) {
  const auto report = [&](const Rule& rule) {
    if (rule.wish == RecordWish::kUnsaid) return;
    // What `logging on` asks for is said once.
    if (policy.logging() && rule.wish == RecordWish::kLog) return;
    out.losses.push_back({rule.where, absl::StrCat("rule \"", Printable(rule.name), "\": ", target,
                                                   " says nothing of records")});
  };
  if (policy.logging()) {
    out.losses.push_back({{}, absl::StrCat("`logging on`: ", target, " says nothing of records")});
  }
  if (policy.container()) {
    out.losses.push_back(
        {policy.container()->where, absl::StrCat("`container`: ", target, " knows none")});
  }
  if (policy.harden()) {
    out.losses.push_back(
        {policy.harden()->where, absl::StrCat("`harden`: ", target, " knows none")});
  }
  report(policy.default_rule());
  for (const auto& rule : policy.rules()) report(*rule);
}

}  // namespace provost
