#include "policy/condition_binder.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "policy/definitions.h"
#include "policy/memory_binder.h"
#include "policy/memory_operand.h"
#include "policy/test_check.h"
#include "syscalls/constants.h"

namespace provost {
namespace {

constexpr uint64_t kAllBits = ~uint64_t{0};

std::optional<BoundArgument> FindArgument(const Syscall& syscall, absl::string_view name) {
  if (const std::optional<int> index = RawRegister(name)) {
    const ArgWidth width = syscall.arch == Arch::kI386 ? ArgWidth::kU32 : ArgWidth::kU64;
    return BoundArgument{static_cast<uint8_t>(*index), width, nullptr, nullptr, nullptr};
  }
  if (const std::optional<TaskField> field = FindTaskField(name)) {
    const Argument& task = AsArgument(*field);
    return BoundArgument{0, task.width, &task, nullptr, nullptr, *field};
  }
  const int index = syscall.signature->IndexOf(name);
  if (index < 0) return std::nullopt;
  const Argument& argument = syscall.signature->args[index];
  return BoundArgument{static_cast<uint8_t>(index), WidthOn(syscall.arch, argument), &argument,
                       nullptr, nullptr};
}

std::optional<BoundArgument> FindPlace(const Syscall& syscall, const Operand& operand) {
  if (!operand.IsMemory()) return FindArgument(syscall, operand.argument);
  absl::StatusOr<BoundArgument> place = BindMemory(operand, syscall);
  if (!place.ok()) return std::nullopt;
  return *std::move(place);
}

std::vector<absl::string_view> ArgumentNamesOf(const Syscall& syscall) {
  std::vector<absl::string_view> names;
  for (const Argument& argument : syscall.signature->args) names.push_back(argument.name);
  return names;
}

absl::Status NoSuchArgument(const Operand& operand, const Syscall& syscall,
                            const CallReference& reference) {
  const absl::string_view call = syscall.signature->name;
  if (operand.IsMemory() && MemoryArgumentOf(operand, syscall).has_value()) {
    return BindMemory(operand, syscall).status();
  }
  const std::vector<absl::string_view> names = ArgumentNamesOf(syscall);
  std::vector<std::string> notes = DidYouMean(Nearest(operand.argument, names));
  if (operand.argument == "ip") notes = {"an IP address is a field of a socket address: `addr.ip`"};
  notes.push_back(
      names.empty() ? "it has no arguments"
                    : absl::StrCat(names.size() == 1 ? "its argument is `" : "its arguments are `",
                                   absl::StrJoin(names, "`, `"), "`"));
  if (reference.kind == CallReference::Kind::kGroup ||
      reference.kind == CallReference::Kind::kEvery) {
    notes.push_back(absl::StrCat("`", call, "` is one of `", reference.name.text, "`"));
  }
  return ErrorAt(operand.span,
                 absl::StrCat("`", call, "` has no argument `", operand.argument, "`"), notes);
}

// True if `name` is a register, and the name of another argument of the call as well: prctl(2)
// counts its arguments from 1.
bool IsNumberedOtherwise(const Syscall& syscall, absl::string_view name) {
  const std::optional<int> index = RawRegister(name);
  const int own_index = syscall.signature->IndexOf(name);
  return index.has_value() && own_index >= 0 && own_index != *index;
}

std::string ShapeOf(const BoundArgument& place) {
  const Argument* argument = place.argument;
  const int kind = argument != nullptr ? static_cast<int>(argument->kind) : -1;
  const bool has_names = argument != nullptr && argument->constants != nullptr;
  if (place.task.has_value()) return absl::StrCat("task ", static_cast<int>(*place.task));
  const int kept_bits = argument != nullptr ? argument->kept_bits : 0;
  return absl::StrCat(place.index, " ", static_cast<int>(place.width), " ", kind, " ", kept_bits,
                      " ", has_names ? argument->constants->name : "");
}

bool Contains(const ConstantSet& set, absl::string_view name) {
  return std::any_of(set.constants.begin(), set.constants.end(),
                     [name](const Constant& constant) { return constant.name == name; });
}

const bool* AsConstant(const Predicate& predicate) {
  const auto* constantly = std::get_if<Constantly>(&predicate->node);
  return constantly != nullptr ? &constantly->value : nullptr;
}

}  // namespace

ConditionBinder::ConditionBinder(const Condition& condition, bool refuses,
                                 std::vector<PolicyWarning>& warnings)
    : condition_(condition), refuses_(refuses), warnings_(warnings) {
  CollectTests(condition_);
}

void ConditionBinder::CollectTests(const Condition& condition) {
  if (condition.kind == Condition::Kind::kTest) tests_.push_back(&condition.test);
  for (const Condition& child : condition.children) CollectTests(child);
}

absl::StatusOr<std::vector<Predicate>> ConditionBinder::Bind(
    absl::Span<const Syscall* const> syscalls, const CallReference& reference) {
  std::vector<Places> places;
  places.reserve(tests_.size());
  std::string shape;
  // Two calls may lie alike where both exist, and one of them exist on one architecture only.
  for (const Syscall* syscall : syscalls) absl::StrAppend(&shape, ArchName(syscall->arch), ";");
  for (const Test* test : tests_) {
    if (test->kind == Test::Kind::kArches) {
      places.emplace_back();
      continue;
    }
    PROVOST_ASSIGN_OR_RETURN(Places found, Place(test->operand, syscalls, reference, shape));
    places.push_back(std::move(found));
  }
  const auto [entry, is_new] = bound_.try_emplace(shape);
  if (!is_new) return entry->second;
  for (size_t i = 0; i < tests_.size(); ++i) {
    if (places[i].empty()) continue;
    PROVOST_RETURN_IF_ERROR(CheckTest(*tests_[i], places[i]));
  }
  Warn(syscalls);
  for (const Syscall* syscall : syscalls) {
    Predicate predicate = Make(condition_, *syscall, /*unknown=*/refuses_);
    const bool* constant = AsConstant(predicate);
    if (constant != nullptr && *constant) predicate = nullptr;
    entry->second.push_back(std::move(predicate));
  }
  return entry->second;
}

// ---- Names ----

// Adds to `shape` all that checks and predicates depend on.
absl::StatusOr<ConditionBinder::Places> ConditionBinder::Place(
    const Operand& operand, absl::Span<const Syscall* const> syscalls,
    const CallReference& reference, std::string& shape) const {
  Places places;
  for (const Syscall* syscall : syscalls) {
    const std::optional<BoundArgument> place = FindPlace(*syscall, operand);
    // Where memory lies and means differs from call to call.
    if (operand.IsMemory()) absl::StrAppend(&shape, syscall->signature->name, ";");
    absl::StrAppend(&shape, place.has_value() ? ShapeOf(*place) : "-",
                    IsNumberedOtherwise(*syscall, operand.argument) ? "!" : "", ";");
    if (place.has_value()) places.push_back(*place);
  }
  if (places.empty()) return NoSuchArgument(operand, *syscalls.front(), reference);
  return places;
}

void ConditionBinder::Warn(absl::Span<const Syscall* const> syscalls) {
  for (const Test* test : tests_) {
    if (test->kind == Test::Kind::kArches) continue;
    std::optional<BoundArgument> known;
    for (const Syscall* syscall : syscalls) {
      const std::optional<BoundArgument> place = FindPlace(*syscall, test->operand);
      if (!place.has_value()) WarnUnknown(*test, *syscall);
      if (!known.has_value() && IsNumberedOtherwise(*syscall, test->operand.argument)) {
        WarnNumber(*test, *syscall);
      }
      if (place.has_value() && !known.has_value()) known = place;
    }
    if (known->argument == nullptr || known->argument->constants == nullptr) continue;
    const absl::string_view call = syscalls.front()->signature->name;
    if (test->operand.mask.has_value()) WarnOf(*test->operand.mask, *test, *known, call);
    WarnOf(test->value, *test, *known, call);
  }
}

void ConditionBinder::WarnUnknown(const Test& test, const Syscall& syscall) {
  const absl::string_view arch = ArchName(syscall.arch);
  warnings_.push_back({test.operand.span.location(),
                       absl::StrCat("`", syscall.signature->name, "` of ", arch,
                                    " has no argument `", test.operand.Text(), "`: on ", arch,
                                    " this comparison is unknown, and the rule takes it for ",
                                    refuses_ ? "true" : "false")});
}

void ConditionBinder::WarnNumber(const Test& test, const Syscall& syscall) {
  const std::string& name = test.operand.argument;
  warnings_.push_back({test.operand.span.location(),
                       absl::StrCat("`", name, "` is a register, counted from 0: what ",
                                    syscall.signature->name, " itself calls `", name,
                                    "` is in `arg", syscall.signature->IndexOf(name), "`")});
}

void ConditionBinder::WarnOf(const Value& value, const Test& test, const BoundArgument& place,
                             absl::string_view call) {
  const ConstantSet& set = *place.argument->constants;
  for (const IntegerItem& item : value.integers) {
    for (const NamedConstant& constant : item.constants) {
      if (Contains(set, constant.name)) continue;
      warnings_.push_back(
          {constant.span.location(),
           absl::StrCat("`", constant.name, "` is not a ", set.is_mask ? "flag" : "value", " of ",
                        call, "'s `", test.operand.Text(), "`")});
    }
  }
}

// ---- Predicates ----

// `unknown` is what a comparison that is unknown comes out as; below a `!` it turns round.
Predicate ConditionBinder::Make(const Condition& condition, const Syscall& syscall, bool unknown) {
  if (condition.kind == Condition::Kind::kTest) {
    if (condition.test.kind == Test::Kind::kArches) {
      const std::vector<Arch>& arches = condition.test.arches;
      const bool is_one = std::find(arches.begin(), arches.end(), syscall.arch) != arches.end();
      return Constant(is_one != condition.test.negated);
    }
    const auto place = FindPlace(syscall, condition.test.operand);
    return place.has_value() ? MakeTest(condition.test, *place) : Constant(unknown);
  }
  const bool negates = condition.kind == Condition::Kind::kNot;
  std::vector<Predicate> children;
  children.reserve(condition.children.size());
  for (const Condition& child : condition.children) {
    children.push_back(Make(child, syscall, negates ? !unknown : unknown));
  }
  if (negates) return Negate(std::move(children.front()));
  return Join(std::move(children), condition.kind == Condition::Kind::kOr);
}

Predicate ConditionBinder::MakeTest(const Test& test, const BoundArgument& place) {
  if (place.only_if != nullptr) {
    BoundArgument there = place;
    there.only_if = nullptr;
    return Join({place.only_if, MakeTest(test, there)}, /*any=*/false);
  }
  if (test.kind == Test::Kind::kNetworks) return MakeNetworks(test, place);
  if (test.kind == Test::Kind::kStrings) return MakeStrings(test, place);
  if (test.kind != Test::Kind::kCompare && test.kind != Test::Kind::kInIntegers) {
    return MakeMaskTest(test, place);
  }
  std::vector<Predicate> items;
  items.reserve(test.value.integers.size());
  for (const IntegerItem& item : test.value.integers) {
    items.push_back(test.operand.mask.has_value() ? MakeMaskedItem(test, item, place)
                                                  : MakeItem(test, item, place));
  }
  return Join(std::move(items), /*any=*/true);
}

Predicate ConditionBinder::MakeStrings(const Test& test, const BoundArgument& place) {
  std::vector<Predicate> matches;
  matches.reserve(test.patterns.size());
  for (const std::shared_ptr<const StringPattern>& pattern : test.patterns) {
    if (place.memory != nullptr) {
      matches.push_back(Node({MemoryTest{place.memory, MemoryTest::Text{pattern, test.negated}}}));
    } else if (place.task.has_value()) {
      matches.push_back(Node({MatchTask{*place.task, pattern}}));
    } else {
      matches.push_back(Node({MatchString{place.index, pattern}}));
    }
  }
  // There, what is absent makes the whole false, negated or not.
  if (place.memory != nullptr) return Join(std::move(matches), /*any=*/!test.negated);
  Predicate any = Join(std::move(matches), /*any=*/true);
  return test.negated ? Negate(std::move(any)) : any;
}

Predicate ConditionBinder::MakeNetworks(const Test& test, const BoundArgument& place) {
  auto networks = std::make_shared<IpNetworks>();
  for (const NetworkItem& item : test.value.networks) networks->push_back(item.network);
  return Node({MemoryTest{place.memory, MemoryTest::Ip{std::move(networks), test.negated}}});
}

Predicate ConditionBinder::MakeMaskTest(const Test& test, const BoundArgument& place) {
  const Value& mask = test.kind == Test::Kind::kAnyBit ? *test.operand.mask : test.value;
  const absl::int128 wanted = mask.integers.front().first;
  const uint64_t present = PresentBits(wanted, place.width);
  if (test.kind == Test::Kind::kHas) {
    if (!MaskBits(wanted, place.width).has_value()) return Constant(false);
    return MakeComparison(place, present, CompareOp::kEq, present);
  }
  if (test.kind == Test::Kind::kOnly) {
    return MakeComparison(place, Extend(~absl::int128(absl::uint128(present)), place.width),
                          CompareOp::kEq, 0);
  }
  return MakeComparison(place, present, CompareOp::kNe, 0);
}

Predicate ConditionBinder::MakeItem(const Test& test, const IntegerItem& item,
                                    const BoundArgument& place) {
  const bool equality = test.kind == Test::Kind::kInIntegers || test.op == CompareOp::kEq ||
                        test.op == CompareOp::kNe;
  const absl::int128 smallest = SmallestOf(place.width);
  const absl::int128 largest = LargestOf(place.width);
  if (equality && item.first == item.last) {
    const CompareOp op = test.kind == Test::Kind::kCompare ? test.op : CompareOp::kEq;
    const std::optional<uint64_t> value = EqualValue(item.first, item, place);
    if (!value.has_value()) return Constant(op == CompareOp::kNe);
    return MakeComparison(place, kAllBits, op, *value);
  }
  if (test.kind == Test::Kind::kInIntegers) {
    if (item.first > largest || item.last < smallest) return Constant(false);
    std::vector<Predicate> bounds;
    if (item.first > smallest) {
      bounds.push_back(
          MakeComparison(place, kAllBits, CompareOp::kGe, Extend(item.first, place.width)));
    }
    if (item.last < largest) {
      bounds.push_back(
          MakeComparison(place, kAllBits, CompareOp::kLe, Extend(item.last, place.width)));
    }
    return Join(std::move(bounds), /*any=*/false);
  }
  const bool less = test.op == CompareOp::kLt || test.op == CompareOp::kLe;
  if (item.first > largest) return Constant(less);
  if (item.first < smallest) return Constant(!less);
  return MakeComparison(place, kAllBits, test.op, Extend(item.first, place.width));
}

Predicate ConditionBinder::MakeMaskedItem(const Test& test, const IntegerItem& item,
                                          const BoundArgument& place) {
  const uint64_t mask = PresentBits(test.operand.mask->integers.front().first, place.width);
  const bool equality = test.kind == Test::Kind::kInIntegers || test.op == CompareOp::kEq ||
                        test.op == CompareOp::kNe;
  if (equality && item.first == item.last) {
    const CompareOp op = test.kind == Test::Kind::kCompare ? test.op : CompareOp::kEq;
    const std::optional<uint64_t> value = EqualBits(item.first, mask, place.width);
    if (!value.has_value()) return Constant(op == CompareOp::kNe);
    return MakeComparison(place, mask, op, *value);
  }
  const absl::int128 largest = absl::int128(absl::uint128(mask));
  if (test.kind == Test::Kind::kInIntegers) {
    if (item.first > largest) return Constant(false);
    std::vector<Predicate> bounds;
    bounds.push_back(MakeComparison(place, mask, CompareOp::kGe, absl::Int128Low64(item.first)));
    if (item.last < largest) {
      bounds.push_back(MakeComparison(place, mask, CompareOp::kLe, absl::Int128Low64(item.last)));
    }
    return Join(std::move(bounds), /*any=*/false);
  }
  const bool less = test.op == CompareOp::kLt || test.op == CompareOp::kLe;
  if (item.first > largest) return Constant(less);
  return MakeComparison(place, mask, test.op, absl::Int128Low64(item.first));
}

Predicate ConditionBinder::MakeComparison(const BoundArgument& place, uint64_t mask, CompareOp op,
                                          uint64_t value) {
  // Of memory, no more than these bits are read.
  if (place.memory == nullptr && place.argument != nullptr && place.argument->kept_bits != 0) {
    mask &= (uint64_t{1} << place.argument->kept_bits) - 1;
  }
  // No bit is left to look at: the comparison says what it says of 0.
  const Compare compare{place.index, place.width, mask, op, value};
  if (mask == 0) return Constant(Holds(compare, 0));
  if (place.memory != nullptr) return Node({MemoryTest{place.memory, compare}});
  if (place.task.has_value()) return Node({CompareTask{*place.task, compare}});
  return Node({compare});
}

Predicate ConditionBinder::Constant(bool value) { return Node({Constantly{value}}); }

Predicate ConditionBinder::Join(std::vector<Predicate> children, bool any) {
  std::vector<Predicate> kept;
  for (Predicate& child : children) {
    const bool* constant = AsConstant(child);
    if (constant == nullptr) {
      kept.push_back(std::move(child));
    } else if (*constant == any) {
      return Constant(any);
    }
  }
  if (kept.empty()) return Constant(!any);
  if (kept.size() == 1) return std::move(kept.front());
  if (any) return Node({AnyOf{std::move(kept)}});
  return Node({AllOf{std::move(kept)}});
}

Predicate ConditionBinder::Negate(Predicate child) {
  if (const bool* constant = AsConstant(child)) return Constant(!*constant);
  return Node({Not{std::move(child)}});
}

Predicate ConditionBinder::Node(PredicateNode node) {
  ++nodes_;
  return std::make_shared<const PredicateNode>(std::move(node));
}

}  // namespace provost
