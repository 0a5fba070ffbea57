#ifndef PROVOST_POLICY_FOREIGN_REGION_H_
#define PROVOST_POLICY_FOREIGN_REGION_H_

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "policy/predicate.h"
#include "syscalls/request.h"

namespace provost {

// A set of values of one register, of the shapes that every seccomp library can test: all values;
// those whose bits under `mask` are `value`; those that compare with `value` as unsigned numbers of
// 64 bits.
struct ValueSet {
  enum class Shape : uint8_t { kAll, kBits, kOrder };
  Shape shape = Shape::kAll;
  CompareOp op = CompareOp::kEq;  // kOrder; never kEq, which is kBits with all bits
  uint64_t mask = 0;              // kBits; never 0
  uint64_t value = 0;

  static ValueSet Bits(uint64_t mask, uint64_t value);
  static ValueSet Order(CompareOp op, uint64_t value);
  bool is_all() const { return shape == Shape::kAll; }
  bool Holds(uint64_t raw) const;
  bool operator==(const ValueSet&) const = default;
};

// What six registers may be, each by itself: a conjunction that names no register twice.
using Box = std::array<ValueSet, 6>;

// A union of boxes: what ordered first-match rules become where the target knows no order. Exact;
// what would take more than kMaxBoxes boxes is given up (nullopt) instead.
using Region = std::vector<Box>;
inline constexpr size_t kMaxBoxes = 2000;

bool Holds(const Region& region, const std::array<uint64_t, 6>& registers);

Region EveryCall();
std::optional<Region> Meet(const Region& a, const Region& b);
std::optional<Region> Without(const Region& a, const Region& b);
// True if every call of `a` is one of `b`. nullopt if that takes too long to say.
std::optional<bool> Covers(const Region& b, const Region& a);

// The same with every comparison in order (kLt to kGe) as comparisons of bits; nullopt if that is
// too much.
std::optional<Region> InBits(const Region& region);

// Where a condition holds. nullopt if it is too large or looks at more than registers. The
// registers of i386 are taken as 32 bits with nothing above.
std::optional<Region> RegionOf(const Predicate& predicate, Arch arch);

}  // namespace provost

#endif  // PROVOST_POLICY_FOREIGN_REGION_H_
