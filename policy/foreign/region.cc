#include "policy/foreign/region.h"

#include <utility>
#include <variant>

#include "policy/compare_op.h"

namespace provost {
namespace {

constexpr uint64_t kAllBits = ~uint64_t{0};
constexpr uint64_t kLow32 = 0xffffffff;
constexpr int kTopBit = 63;

using Sets = std::vector<ValueSet>;

uint64_t Bit(int index) { return uint64_t{1} << index; }

// How a register is read before it is compared: each bit is one of the register's, or constant.
struct Reading {
  uint64_t variable = kAllBits;  // bits that the register decides
  uint64_t ones = 0;             // other bits that are set
  ValueSet given;                // what is known of the register already
  bool is_signed = false;
};

// The values that are less than, equal to and greater than a number.
struct Parts {
  Sets less;
  Sets equal;
  Sets greater;
};

// Goes through the bits from the top: the first that differs decides.
Parts Divide(const Reading& reading, uint64_t value) {
  Parts parts;
  uint64_t mask = reading.given.is_all() ? 0 : reading.given.mask;
  uint64_t fixed = reading.given.is_all() ? 0 : reading.given.value;
  for (int i = kTopBit; i >= 0; --i) {
    const bool wanted = (value & Bit(i)) != 0;
    // The sign bit turns the order round: negative numbers have it.
    const bool turned = reading.is_signed && i == kTopBit;
    if ((reading.variable & Bit(i)) == 0) {
      const bool has = (reading.ones & Bit(i)) != 0;
      if (has == wanted) continue;
      (has != turned ? parts.greater : parts.less).push_back(ValueSet::Bits(mask, fixed));
      return parts;
    }
    const uint64_t other = fixed | (wanted ? 0 : Bit(i));
    (wanted == turned ? parts.greater : parts.less).push_back(ValueSet::Bits(mask | Bit(i), other));
    mask |= Bit(i);
    if (wanted) fixed |= Bit(i);
  }
  parts.equal.push_back(ValueSet::Bits(mask, fixed));
  return parts;
}

Sets Choose(const Parts& parts, CompareOp op) {
  Sets chosen;
  const auto add = [&chosen](const Sets& more) {
    chosen.insert(chosen.end(), more.begin(), more.end());
  };
  if (op == CompareOp::kLt || op == CompareOp::kLe || op == CompareOp::kNe) add(parts.less);
  if (op == CompareOp::kEq || op == CompareOp::kLe || op == CompareOp::kGe) add(parts.equal);
  if (op == CompareOp::kGt || op == CompareOp::kGe || op == CompareOp::kNe) add(parts.greater);
  return chosen;
}

// The registers for which a comparison holds.
Sets SetsOf(const Compare& compare, CompareOp op, Arch arch) {
  const uint64_t register_bits = arch == Arch::kI386 ? kLow32 : kAllBits;
  if (compare.width == ArgWidth::kU64 && compare.mask == kAllBits && arch == Arch::kX86_64) {
    return {op == CompareOp::kEq ? ValueSet::Bits(kAllBits, compare.value)
                                 : ValueSet::Order(op, compare.value)};
  }
  if (compare.width != ArgWidth::kS32) {
    const uint64_t width_bits = Is32Bit(compare.width) ? kLow32 : kAllBits;
    const Reading reading = {.variable = compare.mask & width_bits & register_bits,
                             .is_signed = IsSigned(compare.width)};
    return Choose(Divide(reading, compare.value), op);
  }
  // The upper half is the sign's: once with it clear, once with it set.
  constexpr uint64_t kSign = 0x80000000;
  Sets all;
  for (const bool negative : {false, true}) {
    const Reading reading = {
        .variable = compare.mask & (kSign - 1),
        .ones = negative ? compare.mask & ~(kSign - 1) : 0,
        .given = ValueSet::Bits(kSign, negative ? kSign : 0),
        .is_signed = true,
    };
    const Sets some = Choose(Divide(reading, compare.value), op);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

// The same values as unions of kBits and kAll.
Sets AsBits(const ValueSet& set) {
  if (set.shape != ValueSet::Shape::kOrder) return {set};
  return Choose(Divide(Reading(), set.value), set.op);
}

bool IsUpper(CompareOp op) { return op == CompareOp::kLt || op == CompareOp::kLe; }
bool IsLower(CompareOp op) { return op == CompareOp::kGt || op == CompareOp::kGe; }

Sets MeetSets(const ValueSet& a, const ValueSet& b) {
  if (a.is_all() || a == b) return {b};
  if (b.is_all()) return {a};
  using Shape = ValueSet::Shape;
  if (a.shape == Shape::kBits && b.shape == Shape::kBits) {
    if (((a.value ^ b.value) & a.mask & b.mask) != 0) return {};
    return {ValueSet::Bits(a.mask | b.mask, a.value | b.value)};
  }
  if (a.shape == Shape::kBits && a.mask == kAllBits) return b.Holds(a.value) ? Sets{a} : Sets{};
  if (b.shape == Shape::kBits && b.mask == kAllBits) return a.Holds(b.value) ? Sets{b} : Sets{};
  if (a.shape == Shape::kOrder && b.shape == Shape::kOrder &&
      ((IsUpper(a.op) && IsUpper(b.op)) || (IsLower(a.op) && IsLower(b.op)))) {
    // The one whose own bound the other lets in is the looser, unless both name the same number.
    if (a.value == b.value) {
      return {a.op == CompareOp::kLt || a.op == CompareOp::kGt ? a : b};
    }
    return {(a.value < b.value) == IsUpper(a.op) ? a : b};
  }
  Sets met;
  for (const ValueSet& x : AsBits(a)) {
    for (const ValueSet& y : AsBits(b)) {
      const Sets some = MeetSets(x, y);
      met.insert(met.end(), some.begin(), some.end());
    }
  }
  return met;
}

Sets Complement(const ValueSet& set) {
  if (set.is_all()) return {};
  if (set.shape == ValueSet::Shape::kOrder) {
    const CompareOp op = Opposite(set.op);
    return {op == CompareOp::kEq ? ValueSet::Bits(kAllBits, set.value)
                                 : ValueSet::Order(op, set.value)};
  }
  if (set.mask == kAllBits) return {ValueSet::Order(CompareOp::kNe, set.value)};
  return Choose(Divide({.variable = set.mask}, set.value), CompareOp::kNe);
}

// Appends a ∩ b. False if that makes too many boxes.
bool AppendMeet(const Box& a, const Box& b, Region& out) {
  Region met = {Box()};
  for (size_t i = 0; i < a.size(); ++i) {
    const Sets sets = MeetSets(a[i], b[i]);
    if (met.size() * sets.size() + out.size() > kMaxBoxes) return false;
    Region next;
    for (const Box& box : met) {
      for (const ValueSet& set : sets) {
        next.push_back(box);
        next.back()[i] = set;
      }
    }
    met = std::move(next);
  }
  out.insert(out.end(), met.begin(), met.end());
  return true;
}

// Everything outside of a box: disjoint pieces.
Region Outside(const Box& box) {
  Region pieces;
  Box inside;
  for (size_t i = 0; i < box.size(); ++i) {
    for (const ValueSet& set : Complement(box[i])) {
      pieces.push_back(inside);
      pieces.back()[i] = set;
    }
    inside[i] = box[i];
  }
  return pieces;
}

std::optional<Region> Find(const Predicate& predicate, Arch arch, bool negated);

// The children joined by and (`all`) or by or.
std::optional<Region> Join(const std::vector<Predicate>& children, Arch arch, bool negated,
                           bool all) {
  Region joined = all ? EveryCall() : Region();
  for (const Predicate& child : children) {
    std::optional<Region> one = Find(child, arch, negated);
    if (!one) return std::nullopt;
    if (all) {
      std::optional<Region> met = Meet(joined, *one);
      if (!met) return std::nullopt;
      joined = *std::move(met);
    } else {
      joined.insert(joined.end(), one->begin(), one->end());
      if (joined.size() > kMaxBoxes) return std::nullopt;
    }
  }
  return joined;
}

std::optional<Region> Find(const Predicate& predicate, Arch arch, bool negated) {
  if (predicate == nullptr) return negated ? Region() : EveryCall();
  const auto& node = predicate->node;
  if (const auto* constantly = std::get_if<Constantly>(&node)) {
    return constantly->value != negated ? EveryCall() : Region();
  }
  if (const auto* compare = std::get_if<Compare>(&node)) {
    Region region;
    for (const ValueSet& set :
         SetsOf(*compare, negated ? Opposite(compare->op) : compare->op, arch)) {
      region.emplace_back();
      region.back()[compare->arg] = set;
    }
    return region;
  }
  if (const auto* all = std::get_if<AllOf>(&node)) {
    return Join(all->children, arch, negated, !negated);
  }
  if (const auto* any = std::get_if<AnyOf>(&node)) {
    return Join(any->children, arch, negated, negated);
  }
  if (const auto* negation = std::get_if<Not>(&node)) return Find(negation->child, arch, !negated);
  return std::nullopt;
}

}  // namespace

ValueSet ValueSet::Bits(uint64_t mask, uint64_t value) {
  if (mask == 0) return {};
  return {.shape = Shape::kBits, .mask = mask, .value = value & mask};
}

ValueSet ValueSet::Order(CompareOp op, uint64_t value) {
  return {.shape = Shape::kOrder, .op = op, .value = value};
}

bool ValueSet::Holds(uint64_t raw) const {
  if (shape == Shape::kAll) return true;
  if (shape == Shape::kBits) return (raw & mask) == value;
  return provost::Holds(Compare{.arg = 0, .width = ArgWidth::kU64, .op = op, .value = value}, raw);
}

bool Holds(const Region& region, const std::array<uint64_t, 6>& registers) {
  for (const Box& box : region) {
    bool inside = true;
    for (size_t i = 0; i < box.size() && inside; ++i) inside = box[i].Holds(registers[i]);
    if (inside) return true;
  }
  return false;
}

Region EveryCall() { return {Box()}; }

std::optional<Region> Meet(const Region& a, const Region& b) {
  Region met;
  for (const Box& x : a) {
    for (const Box& y : b) {
      if (!AppendMeet(x, y, met)) return std::nullopt;
    }
  }
  return met;
}

std::optional<Region> Without(const Region& a, const Region& b) {
  Region left = a;
  for (const Box& box : b) {
    Region next;
    const Region outside = Outside(box);
    for (const Box& x : left) {
      // A box that does not touch stays whole.
      Region touching;
      if (!AppendMeet(x, box, touching)) return std::nullopt;
      if (touching.empty()) {
        next.push_back(x);
        continue;
      }
      for (const Box& y : outside) {
        if (!AppendMeet(x, y, next)) return std::nullopt;
      }
    }
    if (next.size() > kMaxBoxes) return std::nullopt;
    left = std::move(next);
  }
  return left;
}

std::optional<bool> Covers(const Region& b, const Region& a) {
  const std::optional<Region> left = Without(a, b);
  if (!left) return std::nullopt;
  return left->empty();
}

std::optional<Region> InBits(const Region& region) {
  Region all;
  for (const Box& box : region) {
    Region some = {Box()};
    for (size_t i = 0; i < box.size(); ++i) {
      const bool in_order = box[i].shape == ValueSet::Shape::kOrder && box[i].op != CompareOp::kNe;
      Region next;
      for (const ValueSet& set : in_order ? AsBits(box[i]) : Sets{box[i]}) {
        for (Box one : some) {
          one[i] = set;
          next.push_back(one);
        }
      }
      if (next.size() + all.size() > kMaxBoxes) return std::nullopt;
      some = std::move(next);
    }
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

std::optional<Region> RegionOf(const Predicate& predicate, Arch arch) {
  return Find(predicate, arch, false);
}

}  // namespace provost
