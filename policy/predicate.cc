#include "policy/predicate.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "policy/memory_operand.h"
#include "policy/predicate_memory.h"
#include "policy/string_pattern.h"
#include "syscalls/constants.h"
#include "syscalls/sub_calls.h"

namespace provost {
namespace {

template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

// The register as the kernel reads an argument of this width.
uint64_t Extend(ArgWidth width, uint64_t raw) {
  switch (width) {
    case ArgWidth::kS32:
      return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(raw)));
    case ArgWidth::kU32:
      return static_cast<uint32_t>(raw);
    case ArgWidth::kS64:
    case ArgWidth::kU64:
      return raw;
  }
  return raw;
}

template <typename T>
bool Apply(CompareOp op, T left, T right) {
  switch (op) {
    case CompareOp::kEq:
      return left == right;
    case CompareOp::kNe:
      return left != right;
    case CompareOp::kLt:
      return left < right;
    case CompareOp::kLe:
      return left <= right;
    case CompareOp::kGt:
      return left > right;
    case CompareOp::kGe:
      return left >= right;
  }
  return false;
}

Truth ToTruth(bool value) { return value ? Truth::kTrue : Truth::kFalse; }

Truth Negate(Truth truth) {
  switch (truth) {
    case Truth::kFalse:
      return Truth::kTrue;
    case Truth::kUnknown:
      return Truth::kUnknown;
    case Truth::kTrue:
      return Truth::kFalse;
  }
  return Truth::kUnknown;
}

bool IsCheap(const Predicate& predicate) {
  return predicate == nullptr || std::holds_alternative<Compare>(predicate->node) ||
         std::holds_alternative<Constantly>(predicate->node);
}

// The conjunction (`deciding` false: one false child decides) or disjunction (true) of `children`.
// Registers are asked before memory, whatever the order written: reading memory costs microseconds,
// and Kleene's connectives are commutative.
Truth EvaluateAll(const std::vector<Predicate>& children, bool deciding,
                  const SyscallRequest& request, ArgumentReader& arguments) {
  const Truth decided = ToTruth(deciding);
  Truth result = ToTruth(!deciding);
  for (const bool cheap : {true, false}) {
    for (const Predicate& child : children) {
      if (IsCheap(child) != cheap) continue;
      const Truth truth = Evaluate(child, request, arguments);
      if (truth == decided) return decided;
      if (truth == Truth::kUnknown) result = Truth::kUnknown;
    }
  }
  return result;
}

Predicate Make(PredicateNode node) {
  return std::make_shared<const PredicateNode>(std::move(node));
}

const bool* AsConstant(const Predicate& predicate) {
  static constexpr bool kAlways = true;
  if (predicate == nullptr) return &kAlways;
  const auto* constantly = std::get_if<Constantly>(&predicate->node);
  return constantly != nullptr ? &constantly->value : nullptr;
}

Predicate MakeNot(Predicate child) {
  if (const bool* constant = AsConstant(child)) return Make({Constantly{!*constant}});
  return Make({Not{std::move(child)}});
}

// The children joined, without the constants among them. `deciding` as in EvaluateAll.
Predicate Join(std::vector<Predicate> children, bool deciding) {
  std::vector<Predicate> kept;
  for (Predicate& child : children) {
    const bool* constant = AsConstant(child);
    if (constant == nullptr) {
      kept.push_back(std::move(child));
    } else if (*constant == deciding) {
      return Make({Constantly{deciding}});
    }
  }
  if (kept.empty()) return Make({Constantly{!deciding}});
  if (kept.size() == 1) return kept.front();
  if (deciding) return Make({AnyOf{std::move(kept)}});
  return Make({AllOf{std::move(kept)}});
}

// Replaces every condition on memory by the constant that makes the whole as true
// (`on_memory`) or as false (!`on_memory`) as it can be; below a Not the constant turns round.
Predicate Bound(const Predicate& predicate, bool on_memory) {
  if (IsRegisterOnly(predicate)) return predicate;
  const auto bound_all = [on_memory](const std::vector<Predicate>& children) {
    std::vector<Predicate> bounds;
    bounds.reserve(children.size());
    for (const Predicate& child : children) bounds.push_back(Bound(child, on_memory));
    return bounds;
  };
  return std::visit(
      Overloaded{[&](const Constantly&) { return predicate; },
                 [&](const Compare&) { return predicate; },
                 [&](const MatchString&) { return Make({Constantly{on_memory}}); },
                 [&](const MemoryTest&) { return Make({Constantly{on_memory}}); },
                 [&](const OfSubCall&) { return Make({Constantly{on_memory}}); },
                 [&](const CompareTask&) { return Make({Constantly{on_memory}}); },
                 [&](const MatchTask&) { return Make({Constantly{on_memory}}); },
                 [&](const AllOf& all) { return Join(bound_all(all.children), false); },
                 [&](const AnyOf& any) { return Join(bound_all(any.children), true); },
                 [&](const Not& negation) { return MakeNot(Bound(negation.child, !on_memory)); }},
      predicate->node);
}

}  // namespace

bool Holds(const Compare& compare, uint64_t raw) {
  const uint64_t left = Extend(compare.width, raw) & compare.mask;
  if (IsSigned(compare.width)) {
    return Apply(compare.op, static_cast<int64_t>(left), static_cast<int64_t>(compare.value));
  }
  return Apply(compare.op, left, compare.value);
}

Truth Evaluate(const Predicate& predicate, const SyscallRequest& request,
               ArgumentReader& arguments) {
  if (predicate == nullptr) return Truth::kTrue;
  return std::visit(
      Overloaded{
          [](const Constantly& constantly) { return ToTruth(constantly.value); },
          [&](const Compare& compare) {
            return ToTruth(Holds(compare, request.Register(compare.arg)));
          },
          [&](const MatchString& match) {
            const absl::StatusOr<absl::string_view> text =
                arguments.ReadString(request.Register(match.arg));
            return text.ok() ? ToTruth(match.pattern->Matches(*text)) : Truth::kUnknown;
          },
          [&](const MemoryTest& test) { return EvaluateMemory(test, request, arguments); },
          [&](const OfSubCall& sub_call) {
            const std::optional<SyscallRequest> asked =
                RequestOf(*sub_call.call, request, arguments);
            return asked.has_value() ? Evaluate(sub_call.condition, *asked, arguments)
                                     : Truth::kUnknown;
          },
          [&](const CompareTask& task) {
            const absl::StatusOr<uint64_t> number = arguments.ReadTaskNumber(task.field);
            return number.ok() ? ToTruth(Holds(task.compare, *number)) : Truth::kUnknown;
          },
          [&](const MatchTask& task) {
            const absl::StatusOr<absl::string_view> text = arguments.ReadTaskText(task.field);
            return text.ok() ? ToTruth(task.pattern->Matches(*text)) : Truth::kUnknown;
          },
          [&](const AllOf& all) { return EvaluateAll(all.children, false, request, arguments); },
          [&](const AnyOf& any) { return EvaluateAll(any.children, true, request, arguments); },
          [&](const Not& negation) { return Negate(Evaluate(negation.child, request, arguments)); },
      },
      predicate->node);
}

bool RegistersExclude(const Predicate& predicate, const SyscallRequest& request) {
  if (predicate == nullptr) return false;
  const auto* all = std::get_if<AllOf>(&predicate->node);
  if (all == nullptr) return false;
  return std::any_of(
      all->children.begin(), all->children.end(), [&request](const Predicate& child) {
        const auto* compare = child == nullptr ? nullptr : std::get_if<Compare>(&child->node);
        return compare != nullptr && !Holds(*compare, request.Register(compare->arg));
      });
}

bool IsRegisterOnly(const Predicate& predicate) {
  if (predicate == nullptr) return true;
  const auto all = [](const std::vector<Predicate>& children) {
    return std::all_of(children.begin(), children.end(), IsRegisterOnly);
  };
  return std::visit(
      Overloaded{[](const Constantly&) { return true; }, [](const Compare&) { return true; },
                 [](const MatchString&) { return false; }, [](const MemoryTest&) { return false; },
                 [](const OfSubCall&) { return false; }, [](const CompareTask&) { return false; },
                 [](const MatchTask&) { return false; },
                 [&](const AllOf& node) { return all(node.children); },
                 [&](const AnyOf& node) { return all(node.children); },
                 [](const Not& node) { return IsRegisterOnly(node.child); }},
      predicate->node);
}

Predicate MayHold(const Predicate& predicate) { return Bound(predicate, true); }

Predicate MustHold(const Predicate& predicate) { return Bound(predicate, false); }

namespace {

class PredicatePrinter {
 public:
  explicit PredicatePrinter(const Syscall* syscall) : syscall_(syscall) {}

  // `inside` is the connective around it, which decides whether brackets are needed.
  enum class Inside : uint8_t { kNothing, kAll, kNot };

  std::string Print(const Predicate& predicate, Inside inside) const {
    if (predicate == nullptr) return "always";
    return std::visit(
        Overloaded{
            [](const Constantly& node) -> std::string { return node.value ? "always" : "never"; },
            [&](const Compare& node) { return Bracket(Print(node), inside == Inside::kNot); },
            [&](const MatchString& node) {
              return Bracket(absl::StrCat(Name(node.arg), " ", node.pattern->ToString()),
                             inside == Inside::kNot);
            },
            [&](const MemoryTest& node) { return Bracket(Print(node), inside == Inside::kNot); },
            [&](const OfSubCall& node) {
              return PredicatePrinter(&node.call->syscall).Print(node.condition, inside);
            },
            [&](const CompareTask& node) {
              const Argument& task = AsArgument(node.field);
              return Bracket(Print(node.compare, std::string(task.name), &task),
                             inside == Inside::kNot);
            },
            [&](const MatchTask& node) {
              return Bracket(
                  absl::StrCat(AsArgument(node.field).name, " ", node.pattern->ToString()),
                  inside == Inside::kNot);
            },
            [&](const AllOf& node) {
              return Bracket(Join(node.children, " && ", Inside::kAll), inside == Inside::kNot);
            },
            [&](const AnyOf& node) {
              return Bracket(Join(node.children, " || ", Inside::kNothing),
                             inside != Inside::kNothing);
            },
            [&](const Not& node) { return absl::StrCat("!", Print(node.child, Inside::kNot)); }},
        predicate->node);
  }

 private:
  static std::string Bracket(std::string text, bool brackets) {
    return brackets ? absl::StrCat("(", text, ")") : std::move(text);
  }

  std::string Join(const std::vector<Predicate>& children, const char* connective,
                   Inside inside) const {
    if (children.empty()) return inside == Inside::kAll ? "always" : "never";
    return absl::StrJoin(children, connective, [&](std::string* out, const Predicate& child) {
      absl::StrAppend(out, Print(child, inside));
    });
  }

  const Argument* Find(uint8_t arg) const {
    if (syscall_ == nullptr || arg >= syscall_->signature->args.size()) return nullptr;
    return &syscall_->signature->args[arg];
  }

  std::string Name(uint8_t arg) const {
    const Argument* argument = Find(arg);
    return argument != nullptr ? std::string(argument->name) : absl::StrCat("arg", arg);
  }

  static const char* Symbol(CompareOp op) {
    switch (op) {
      case CompareOp::kEq:
        return " == ";
      case CompareOp::kNe:
        return " != ";
      case CompareOp::kLt:
        return " < ";
      case CompareOp::kLe:
        return " <= ";
      case CompareOp::kGt:
        return " > ";
      case CompareOp::kGe:
        return " >= ";
    }
    return " ? ";
  }

  static std::string Number(uint64_t value, ArgWidth width) {
    if (IsSigned(width)) return absl::StrCat(static_cast<int64_t>(value));
    if (value < 4096) return absl::StrCat(value);
    return absl::StrCat("0x", absl::Hex(value));
  }

  static std::string Value(uint64_t value, ArgWidth width, const Argument* argument) {
    if (argument == nullptr || argument->constants == nullptr) return Number(value, width);
    return FormatConstant(*argument->constants, value);
  }

  static std::string Print(const MemoryTest& test) {
    const std::string& left = test.operand->text;
    return std::visit(
        Overloaded{
            [&](const Compare& compare) { return Print(compare, left, test.operand->value); },
            [&](const MemoryTest::Text& text) {
              return absl::StrCat(text.negated ? "!(" : "", left, " ", text.pattern->ToString(),
                                  text.negated ? ")" : "");
            },
            [&](const MemoryTest::Ip& ip) {
              const auto append = [](std::string* out, const IpNetwork& network) {
                absl::StrAppend(out, network.ToString());
              };
              return absl::StrCat(left, ip.negated ? " !in {" : " in {",
                                  absl::StrJoin(*ip.networks, ", ", append), "}");
            }},
        test.check);
  }

  std::string Print(const Compare& compare) const {
    const Argument* argument = Find(compare.arg);
    // `arg0` is the language's word for the whole register.
    if (argument != nullptr && Is32Bit(WidthOn(syscall_->arch, *argument)) &&
        !Is32Bit(compare.width)) {
      argument = nullptr;
    }
    return Print(
        compare,
        argument != nullptr ? std::string(argument->name) : absl::StrCat("arg", compare.arg),
        argument);
  }

  static std::string Print(const Compare& compare, std::string left, const Argument* argument) {
    const uint64_t whole = Is32Bit(compare.width) ? 0xffffffff : ~uint64_t{0};
    if ((compare.mask & whole) != whole) {
      left = absl::StrCat("(", left, " & ", Mask(compare.mask & whole, argument), ")");
    }
    // One bit that is not set is no constant: `(flags & O_CREAT) == 0`, not O_RDONLY.
    const bool no_bit = compare.value == 0 && std::has_single_bit(compare.mask & whole);
    return absl::StrCat(left, Symbol(compare.op),
                        no_bit ? "0" : Value(compare.value, compare.width, argument));
  }

  static std::string Mask(uint64_t mask, const Argument* argument) {
    if (argument != nullptr && argument->constants != nullptr && argument->constants->is_mask) {
      return FormatConstant(*argument->constants, mask);
    }
    return absl::StrCat("0x", absl::Hex(mask));
  }

  const Syscall* syscall_;
};

}  // namespace

std::string PredicateToString(const Predicate& predicate, const Syscall* syscall) {
  return PredicatePrinter(syscall).Print(predicate, PredicatePrinter::Inside::kNothing);
}

}  // namespace provost
