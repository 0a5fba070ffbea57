#include "policy/test_check.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "policy/memory_binder.h"

namespace provost {
namespace {

absl::string_view DescribeKind(ArgKind kind) {
  switch (kind) {
    case ArgKind::kFd:
    case ArgKind::kDirFd:
      return "a descriptor";
    case ArgKind::kPath:
    case ArgKind::kString:
      return "a string";
    case ArgKind::kBufferIn:
    case ArgKind::kBufferOut:
    case ArgKind::kIovec:
      return "a buffer";
    case ArgKind::kFlags:
      return "made of flags";
    case ArgKind::kSockaddr:
      return "a socket address";
    case ArgKind::kStringArray:
      return "an array of strings";
    case ArgKind::kStructIn:
    case ArgKind::kStructOut:
    case ArgKind::kStructInOut:
      return "a structure";
    case ArgKind::kAddress:
    case ArgKind::kFunction:
      return "an address";
    case ArgKind::kInteger:
    case ArgKind::kLength:
    case ArgKind::kEnum:
    case ArgKind::kMode:
    case ArgKind::kSignal:
    case ArgKind::kClockId:
    case ArgKind::kPid:
    case ArgKind::kUid:
    case ArgKind::kGid:
    case ArgKind::kDevice:
    case ArgKind::kOffset:
      return "a number";
  }
  return "a number";
}

bool HasContents(ArgKind kind) {
  return kind == ArgKind::kStringArray || kind == ArgKind::kSockaddr ||
         kind == ArgKind::kStructIn || kind == ArgKind::kStructInOut || kind == ArgKind::kBufferIn;
}

// "`fd` is a signed 32-bit number"
std::string DescribeWidth(const Operand& operand, const BoundArgument& place) {
  return absl::StrCat("`", operand.Text(), "` is ",
                      IsSigned(place.width) ? "a signed " : "an unsigned ", BitsOf(place),
                      "-bit number");
}

std::string DescribeNumber(absl::int128 value) {
  const bool negative = value < 0;
  const uint64_t magnitude = absl::Int128Low64(negative ? -value : value);
  constexpr uint64_t kMaxDecimal = 1 << 20;
  if (magnitude <= kMaxDecimal) return absl::StrFormat("%s%d", negative ? "-" : "", magnitude);
  return absl::StrFormat("%s0x%x", negative ? "-" : "", magnitude);
}

// A number as the author wrote it, if that is short; not the name of a set that it came from.
std::string Spell(const IntegerItem& item, absl::int128 value) {
  constexpr size_t kMaxShown = 50;
  const absl::string_view text = item.span.text();
  const bool is_name = absl::ascii_isalpha(text[0]) || text[0] == '_';
  const bool is_own_text =
      !is_name || (!item.constants.empty() && absl::StrContains(text, item.constants[0].name));
  const bool readable = is_own_text && item.first == item.last && text.size() <= kMaxShown &&
                        !absl::StrContains(text, '\n');
  return absl::StrCat("`", readable ? std::string(text) : DescribeNumber(value), "`");
}

// The widest of the places: where a value fits anywhere, it fits there.
const BoundArgument& Widest(absl::Span<const BoundArgument> places) {
  return *std::max_element(places.begin(), places.end(),
                           [](const BoundArgument& a, const BoundArgument& b) {
                             return BitsOf(a.width) < BitsOf(b.width);
                           });
}

// What the author may have meant by a value that the argument never has.
std::vector<std::string> Advice(const BoundArgument& place, absl::int128 value) {
  const int bits = BitsOf(place);
  if (place.argument == nullptr) {
    return {"it is the register as it is; the argument's name compares what the kernel reads"};
  }
  if (value == -1 && !IsSigned(place.width)) {
    return {absl::StrCat("all ones is written ", bits == 32 ? "0xffffffff" : "0xffffffffffffffff")};
  }
  if (place.task.has_value()) return {};
  if (place.memory == nullptr && value >= absl::int128{1} << bits) {
    return {absl::StrCat("the kernel reads its low ", bits, " bits; `arg", place.index,
                         "` is the whole register")};
  }
  if (value > 0 && value < absl::int128{1} << bits) {
    return {absl::StrCat("the kernel reads these bits as ",
                         static_cast<int64_t>(Extend(value, place.width)))};
  }
  return {};
}

class Checker {
 public:
  Checker(const Test& test, absl::Span<const BoundArgument> places)
      : test_(test), places_(places), widest_(Widest(places)) {}

  absl::Status Check() const {
    for (const BoundArgument& place : places_) PROVOST_RETURN_IF_ERROR(CheckKind(place));
    switch (test_.kind) {
      case Test::Kind::kStrings:
      case Test::Kind::kNetworks:
        return absl::OkStatus();
      case Test::Kind::kHas:
      case Test::Kind::kOnly:
        return CheckMask(test_.value);
      case Test::Kind::kAnyBit:
        return CheckMask(*test_.operand.mask);
      case Test::Kind::kArches:
      case Test::Kind::kState:
        return absl::OkStatus();
      case Test::Kind::kCompare:
      case Test::Kind::kInIntegers:
        break;
    }
    if (!test_.operand.mask.has_value()) return CheckItems();
    PROVOST_RETURN_IF_ERROR(CheckMask(*test_.operand.mask));
    return CheckMaskedItems();
  }

 private:
  bool OrderMatters() const {
    return test_.kind == Test::Kind::kCompare && test_.op != CompareOp::kEq &&
           test_.op != CompareOp::kNe;
  }

  // What can be compared with one another.
  enum class Type : uint8_t { kNumber, kString, kIp };

  Type WantedType() const {
    if (test_.kind == Test::Kind::kStrings) return Type::kString;
    return test_.kind == Test::Kind::kNetworks ? Type::kIp : Type::kNumber;
  }
  static Type TypeOf(const BoundArgument& place) {
    if (place.IsIp()) return Type::kIp;
    const bool is_string = place.argument != nullptr && place.argument->IsPathOrString();
    return is_string ? Type::kString : Type::kNumber;
  }
  static absl::string_view Name(Type type) {
    switch (type) {
      case Type::kNumber:
        return "a number";
      case Type::kString:
        return "a string";
      case Type::kIp:
        return "an IP address";
    }
    return "a value";
  }

  absl::Status CheckKind(const BoundArgument& place) const {
    const Type type = TypeOf(place);
    if (type == WantedType()) return absl::OkStatus();
    const Argument* argument = place.argument;
    const absl::string_view what =
        type != Type::kNumber || argument == nullptr ? Name(type) : DescribeKind(argument->kind);
    return ErrorAt(
        test_.operand.span,
        absl::StrCat("`", test_.operand.Text(), "` is ", what, ", not ", Name(WantedType())),
        NotesFor(type, place));
  }

  std::vector<std::string> NotesFor(Type type, const BoundArgument& place) const {
    if (type == Type::kIp) {
      return {"IP addresses have `==`, `!=` and `in`, with addresses and networks: `10.0.0.0/8`"};
    }
    std::vector<std::string> notes;
    if (type == Type::kString) {
      if (WantedType() != Type::kNumber) return notes;
      notes.emplace_back(
          "strings have `==`, `!=`, `in`, `~`, `!~`, `=~` and `under`, with a string");
      if (place.memory == nullptr && !place.task.has_value()) {
        notes.push_back(absl::StrCat("its address is `arg", place.index, "`"));
      }
      return notes;
    }
    if (place.memory != nullptr || place.task.has_value() || place.argument == nullptr) {
      return notes;
    }
    const std::vector<std::string> fields = FieldsOf(*place.argument);
    if (!fields.empty()) {
      const std::string prefix = absl::StrCat(test_.operand.argument, ".");
      notes.push_back(absl::StrCat(fields.size() == 1 ? "what it names is `" : "what it holds is `",
                                   prefix, absl::StrJoin(fields, absl::StrCat("`, `", prefix)),
                                   "`"));
    } else if (HasContents(place.argument->kind)) {
      notes.emplace_back("what it holds cannot be compared in this version");
    }
    return notes;
  }

  absl::Status NeverError(const IntegerItem& item, absl::int128 value) const {
    return ErrorAt(item.span,
                   absl::StrCat(DescribeWidth(test_.operand, widest_), ": it can never be ",
                                Spell(item, value)),
                   Advice(widest_, value));
  }

  absl::Status CheckItems() const {
    for (const IntegerItem& item : test_.value.integers) {
      const bool order_matters = OrderMatters() || item.first != item.last;
      for (const absl::int128 value : {item.first, item.last}) {
        const bool possible =
            std::any_of(places_.begin(), places_.end(), [&](const BoundArgument& place) {
              const bool in_range = value >= SmallestOf(place.width) && value <= LargestOf(place);
              return in_range || (!order_matters && EqualValue(value, item, place).has_value());
            });
        if (!possible) return NeverError(item, value);
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckMask(const Value& mask) const {
    const IntegerItem& item = mask.integers.front();
    if (mask.shape != Value::Shape::kSingle) return absl::OkStatus();
    const bool possible = std::any_of(
        places_.begin(), places_.end(),
        [&](const BoundArgument& place) { return MaskBits(item.first, place.width).has_value(); });
    if (possible) return absl::OkStatus();
    if (item.first < 0) {
      return ErrorAt(item.span, absl::StrCat(DescribeWidth(test_.operand, widest_),
                                             ": a mask of it is not negative"));
    }
    return ErrorAt(item.span,
                   absl::StrCat(DescribeWidth(test_.operand, widest_),
                                ": it does not have all bits of ", Spell(item, item.first)),
                   Advice(widest_, item.first));
  }

  absl::Status CheckMaskedItems() const {
    const IntegerItem& mask = test_.operand.mask->integers.front();
    for (const IntegerItem& item : test_.value.integers) {
      const bool order_matters = OrderMatters() || item.first != item.last;
      const uint64_t bits = PresentBits(mask.first, widest_.width);
      const bool ordered =
          std::all_of(places_.begin(), places_.end(), [&](const BoundArgument& place) {
            return IsOrdered(PresentBits(mask.first, place.width), place.width);
          });
      if (order_matters && !ordered) {
        return ErrorAt(mask.span, "bits with the sign among them have no order",
                       {"compare them with `==` or `!=`"});
      }
      for (const absl::int128 value : {item.first, item.last}) {
        const bool possible = order_matters
                                  ? value >= 0 && value <= absl::int128(absl::uint128(bits))
                                  : EqualBits(value, bits, widest_.width).has_value();
        if (!possible) {
          return ErrorAt(item.span,
                         absl::StrCat("the bits ", Spell(mask, mask.first), " of `",
                                      test_.operand.Text(), "` are never ", Spell(item, value)));
        }
      }
    }
    return absl::OkStatus();
  }

  const Test& test_;
  absl::Span<const BoundArgument> places_;
  const BoundArgument& widest_;
};

}  // namespace

absl::Status CheckTest(const Test& test, absl::Span<const BoundArgument> places) {
  return Checker(test, places).Check();
}

}  // namespace provost
