#include "policy/contradiction.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/ip_network.h"
#include "policy/memory_operand.h"
#include "policy/register_domain.h"
#include "policy/string_pattern.h"
#include "syscalls/sub_calls.h"

namespace provost {
namespace {

template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

bool SamePattern(const StringPattern& a, const StringPattern& b) {
  return &a == &b || a.ToString() == b.ToString();
}

// What is known of one readable string.
class StringDomain {
 public:
  // False if no string can do all that was added.
  bool Add(const StringPattern& pattern, bool matches) {
    const std::string* text = pattern.ExactText();
    if (matches && text != nullptr) {
      if (exact_ != nullptr && *exact_ != *text) return false;
      exact_ = text;
    }
    facts_.push_back({&pattern, matches});
    if (exact_ != nullptr) {
      return std::all_of(facts_.begin(), facts_.end(), [this](const Fact& fact) {
        return fact.pattern->Matches(*exact_) == fact.matches;
      });
    }
    return std::none_of(facts_.begin(), facts_.end() - 1, [&](const Fact& fact) {
      return fact.matches != matches && SamePattern(*fact.pattern, pattern);
    });
  }

  size_t size() const { return facts_.size(); }

 private:
  struct Fact {
    const StringPattern* pattern;
    bool matches;
  };
  const std::string* exact_ = nullptr;
  std::vector<Fact> facts_;
};

// What is known of one thing read from memory: that it can be read and is this, that it can be read
// and is not there, or that it cannot be read, are each possible until a claim speaks against it.
class MemoryDomain {
 public:
  // These are false if nothing is possible any more. Numbers and strings are always there.
  bool Add(const Compare& compare, const Claim& claim) {
    can_be_absent_ = false;
    return AddNumber(compare, claim);
  }
  bool Add(const MatchString& match, const Claim& claim) {
    can_be_absent_ = false;
    AddText({match.pattern, false}, claim);
    return IsPossible();
  }
  bool Add(const MemoryTest& test, const Claim& claim) {
    can_be_absent_ = can_be_absent_ && !claim.holds;
    if (const auto* compare = std::get_if<Compare>(&test.check)) {
      AddNumber(*compare, claim);
    } else if (const auto* text = std::get_if<MemoryTest::Text>(&test.check)) {
      AddText(*text, claim);
    } else if (const auto* ip = std::get_if<MemoryTest::Ip>(&test.check)) {
      AddNetworks(*ip, claim);
    }
    return IsPossible();
  }
  size_t size() const { return size_; }

 private:
  void Note(const Claim& claim) {
    ++size_;
    can_be_unreadable_ = can_be_unreadable_ && claim.unknown_holds;
  }
  bool AddNumber(const Compare& compare, const Claim& claim) {
    Note(claim);
    if (!number_.has_value()) number_.emplace(compare.width);
    can_be_present_ = can_be_present_ && number_->Add(compare, claim.holds);
    return IsPossible();
  }
  void AddText(const MemoryTest::Text& text, const Claim& claim) {
    Note(claim);
    can_be_present_ = can_be_present_ && text_.Add(*text.pattern, claim.holds != text.negated);
  }
  void AddNetworks(const MemoryTest::Ip& ip, const Claim& claim) {
    Note(claim);
    std::string key;
    for (const IpNetwork& network : *ip.networks) key += network.ToString() + " ";
    const bool inside = claim.holds != ip.negated;
    const auto [entry, is_new] = networks_.try_emplace(std::move(key), inside);
    can_be_present_ = can_be_present_ && (is_new || entry->second == inside);
  }
  bool IsPossible() const { return can_be_present_ || can_be_absent_ || can_be_unreadable_; }

  bool can_be_present_ = true;
  bool can_be_absent_ = true;
  bool can_be_unreadable_ = true;
  std::optional<RegisterDomain> number_;
  StringDomain text_;
  std::map<std::string, bool> networks_;
  size_t size_ = 0;
};

// All that is known of a call.
class Knowledge {
 public:
  bool Add(const Compare& compare, bool holds) {
    const auto key = std::pair(compare.arg, compare.width);
    return registers_.try_emplace(key, compare.width).first->second.Add(compare, holds);
  }
  bool Add(const MatchString& match, bool holds) {
    return strings_[match.arg].Add(*match.pattern, holds);
  }
  bool Add(const MemoryTest& test, const Claim& claim) {
    return memory_[{claim.inside, test.operand->text}].Add(test, claim);
  }
  // What a multiplexer's call has in registers stands in memory.
  bool AddInside(const Compare& compare, const Claim& claim) {
    const std::string key = absl::StrCat(compare.arg, " ", static_cast<int>(compare.width));
    return memory_[{claim.inside, key}].Add(compare, claim);
  }
  bool AddInside(const MatchString& match, const Claim& claim) {
    return memory_[{claim.inside, absl::StrCat("*", match.arg)}].Add(match, claim);
  }
  size_t SizeOf(const MemoryTest& test, const SubCall* inside) const {
    const auto found = memory_.find({inside, test.operand->text});
    return found == memory_.end() ? 0 : found->second.size();
  }
  bool Add(const CompareTask& task, bool holds) {
    return task_numbers_.try_emplace(task.field, task.compare.width)
        .first->second.Add(task.compare, holds);
  }
  bool Add(const MatchTask& task, bool holds) {
    return task_texts_[task.field].Add(*task.pattern, holds);
  }
  size_t SizeOf(const CompareTask& task) const {
    const auto found = task_numbers_.find(task.field);
    return found == task_numbers_.end() ? 0 : found->second.masks();
  }
  size_t SizeOf(const MatchTask& task) const {
    const auto found = task_texts_.find(task.field);
    return found == task_texts_.end() ? 0 : found->second.size();
  }
  size_t SizeOf(const Compare& compare) const {
    const auto found = registers_.find({compare.arg, compare.width});
    return found == registers_.end() ? 0 : found->second.masks();
  }
  size_t SizeOf(const MatchString& match) const {
    const auto found = strings_.find(match.arg);
    return found == strings_.end() ? 0 : found->second.size();
  }
  size_t size() const {
    size_t size = 1;
    for (const auto& [key, domain] : registers_) size += domain.size();
    for (const auto& [arg, domain] : strings_) size += domain.size();
    for (const auto& [operand, domain] : memory_) size += domain.size();
    for (const auto& [field, domain] : task_numbers_) size += domain.size();
    for (const auto& [field, domain] : task_texts_) size += domain.size();
    return size;
  }

 private:
  std::map<std::pair<uint8_t, ArgWidth>, RegisterDomain> registers_;
  std::map<uint8_t, StringDomain> strings_;
  std::map<std::pair<const SubCall*, std::string>, MemoryDomain> memory_;  // by operand
  std::map<TaskField, RegisterDomain> task_numbers_;
  std::map<TaskField, StringDomain> task_texts_;
};

// A tableau: claims are taken apart until only comparisons are left; of a disjunction, each branch
// is tried with what is known so far. Disjunctions wait until all else is known.
class Tableau {
 public:
  Tableau(uint8_t unreadable, size_t& budget) : unreadable_(unreadable), budget_(budget) {}

  Possibility Run(std::vector<Claim> pending, std::vector<Claim> branching, Knowledge knowledge) {
    while (!pending.empty()) {
      const Claim claim = pending.back();
      pending.pop_back();
      if (!Pay(CostOf(claim, knowledge))) return Possibility::kGaveUp;
      if (!TakeApart(claim, pending, branching, knowledge)) return Possibility::kImpossible;
    }
    if (branching.empty()) return Possibility::kPossible;
    const Claim claim = branching.back();
    branching.pop_back();
    for (const Predicate& child : *Children(claim)) {
      if (!Pay(knowledge.size() + branching.size())) return Possibility::kGaveUp;
      const Possibility branch = Run(
          {{child.get(), claim.holds, claim.unknown_holds, claim.inside}}, branching, knowledge);
      if (branch != Possibility::kImpossible) return branch;
    }
    return Possibility::kImpossible;
  }

 private:
  bool Pay(size_t cost) {
    if (cost > budget_) {
      budget_ = 0;
      return false;
    }
    budget_ -= cost;
    return true;
  }

  // A comparison is held against what is known already.
  static size_t CostOf(const Claim& claim, const Knowledge& knowledge) {
    if (claim.predicate == nullptr) return 1;
    if (const auto* match = std::get_if<MatchString>(&claim.predicate->node)) {
      return 1 + knowledge.SizeOf(*match);
    }
    if (const auto* compare = std::get_if<Compare>(&claim.predicate->node)) {
      return 1 + knowledge.SizeOf(*compare);
    }
    if (const auto* test = std::get_if<MemoryTest>(&claim.predicate->node)) {
      return 1 + knowledge.SizeOf(*test, claim.inside);
    }
    if (const auto* number = std::get_if<CompareTask>(&claim.predicate->node)) {
      return 1 + knowledge.SizeOf(*number);
    }
    if (const auto* text = std::get_if<MatchTask>(&claim.predicate->node)) {
      return 1 + knowledge.SizeOf(*text);
    }
    return 1;
  }

  static const std::vector<Predicate>* Children(const Claim& claim) {
    if (const auto* all = std::get_if<AllOf>(&claim.predicate->node)) return &all->children;
    return &std::get<AnyOf>(claim.predicate->node).children;
  }

  // False on a contradiction.
  bool TakeApart(const Claim& claim, std::vector<Claim>& pending, std::vector<Claim>& branching,
                 Knowledge& knowledge) const {
    if (claim.predicate == nullptr) return claim.holds;
    const auto take_list = [&](const std::vector<Predicate>& children, bool all_must) {
      if (all_must) {
        for (const Predicate& child : children) {
          pending.push_back({child.get(), claim.holds, claim.unknown_holds, claim.inside});
        }
      } else {
        branching.push_back(claim);
      }
      return true;
    };
    return std::visit(
        Overloaded{[&](const Constantly& node) { return node.value == claim.holds; },
                   [&](const Compare& node) {
                     return claim.inside != nullptr ? knowledge.AddInside(node, claim)
                                                    : knowledge.Add(node, claim.holds);
                   },
                   [&](const MatchString& node) {
                     if (claim.inside != nullptr) return knowledge.AddInside(node, claim);
                     // Unknown stays unknown below a `!`: the claim's sense does not matter.
                     if ((unreadable_ >> node.arg & 1) != 0) return claim.unknown_holds;
                     return knowledge.Add(node, claim.holds);
                   },
                   [&](const MemoryTest& node) { return knowledge.Add(node, claim); },
                   [&](const OfSubCall& node) {
                     pending.push_back(
                         {node.condition.get(), claim.holds, claim.unknown_holds, node.call});
                     return true;
                   },
                   // What may be unreadable is claimed of nobody; the rest is readable.
                   [&](const CompareTask& node) {
                     return claim.unknown_holds || knowledge.Add(node, claim.holds);
                   },
                   [&](const MatchTask& node) {
                     return claim.unknown_holds || knowledge.Add(node, claim.holds);
                   },
                   [&](const AllOf& node) { return take_list(node.children, claim.holds); },
                   [&](const AnyOf& node) { return take_list(node.children, !claim.holds); },
                   [&](const Not& node) {
                     pending.push_back(
                         {node.child.get(), !claim.holds, claim.unknown_holds, claim.inside});
                     return true;
                   }},
        claim.predicate->node);
  }

  const uint8_t unreadable_;
  size_t& budget_;
};

}  // namespace

Possibility CanAllHold(absl::Span<const Claim> claims, uint8_t unreadable, size_t& budget) {
  Tableau tableau(unreadable, budget);
  return tableau.Run({claims.begin(), claims.end()}, {}, Knowledge());
}

uint8_t StringArguments(const PredicateNode* predicate) {
  if (predicate == nullptr) return 0;
  const auto of_all = [](const std::vector<Predicate>& children) {
    uint8_t arguments = 0;
    for (const Predicate& child : children) arguments |= StringArguments(child.get());
    return arguments;
  };
  return std::visit(
      Overloaded{
          [](const Constantly&) { return uint8_t{0}; }, [](const Compare&) { return uint8_t{0}; },
          [](const MatchString& node) { return static_cast<uint8_t>(1 << node.arg); },
          [](const MemoryTest&) { return uint8_t{0}; }, [](const OfSubCall&) { return uint8_t{0}; },
          [](const CompareTask&) { return uint8_t{0}; },
          [](const MatchTask&) { return uint8_t{0}; },
          [&](const AllOf& node) { return of_all(node.children); },
          [&](const AnyOf& node) { return of_all(node.children); },
          [](const Not& node) { return StringArguments(node.child.get()); }},
      predicate->node);
}

}  // namespace provost
