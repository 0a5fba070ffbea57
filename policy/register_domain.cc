#include "policy/register_domain.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "policy/compare_op.h"

namespace provost {
namespace {

constexpr uint64_t kAllBits = ~uint64_t{0};
constexpr uint64_t kSignBit = uint64_t{1} << 63;
constexpr uint64_t kHighHalf = uint64_t{0xffffffff} << 32;
// The bits that are all alike in an int extended to 64 bits.
constexpr uint64_t kSignCopies = uint64_t{0x1ffffffff} << 31;

}  // namespace

RegisterDomain::RegisterDomain(ArgWidth width)
    : width_(width), sign_flip_(width == ArgWidth::kS32 || width == ArgWidth::kS64 ? kSignBit : 0) {
  if (width == ArgWidth::kU32) known_bits_ = kHighHalf;
}

bool RegisterDomain::Add(const Compare& compare, bool holds) {
  const CompareOp op = holds ? compare.op : Opposite(compare.op);
  ++size_;
  bool possible = true;
  if (op == CompareOp::kEq) {
    possible = (compare.value & ~compare.mask) == 0 && Learn(compare.mask, compare.value);
  } else if (op == CompareOp::kNe) {
    possible = Exclude(compare.mask, compare.value);
  } else {
    possible = Confine(compare.mask, op, compare.value);
  }
  return possible && Propagate();
}

RegisterDomain::Masked& RegisterDomain::Under(uint64_t mask) {
  const auto [entry, is_new] = masked_.try_emplace(mask, Masked{0, kAllBits, {}});
  // Only the whole of an int is known to lie within its range; of bits, each is on its own.
  if (is_new && width_ == ArgWidth::kS32 && (mask & kSignCopies) == kSignCopies) {
    entry->second.first = Key(static_cast<uint64_t>(int64_t{INT32_MIN}));
    entry->second.last = Key(INT32_MAX);
  }
  return entry->second;
}

bool RegisterDomain::Exclude(uint64_t mask, uint64_t value) {
  if ((value & ~mask) != 0) return true;  // says nothing
  if (std::popcount(mask) == 1) return Learn(mask, value == 0 ? mask : 0);
  if (mask == 0) return false;
  Under(mask).excluded.insert(Key(value));
  return true;
}

bool RegisterDomain::Confine(uint64_t mask, CompareOp op, uint64_t value) {
  Masked& masked = Under(mask);
  const uint64_t key = Key(value);
  switch (op) {
    case CompareOp::kLt:
      if (key == 0) return false;
      masked.last = std::min(masked.last, key - 1);
      return true;
    case CompareOp::kLe:
      masked.last = std::min(masked.last, key);
      return true;
    case CompareOp::kGt:
      if (key == kAllBits) return false;
      masked.first = std::max(masked.first, key + 1);
      return true;
    case CompareOp::kGe:
      masked.first = std::max(masked.first, key);
      return true;
    case CompareOp::kEq:
    case CompareOp::kNe:
      break;
  }
  return true;
}

bool RegisterDomain::Learn(uint64_t bits, uint64_t values) {
  if (((known_values_ ^ values) & known_bits_ & bits) != 0) return false;
  known_bits_ |= bits;
  known_values_ |= values;
  if (width_ != ArgWidth::kS32 || (known_bits_ & kSignCopies) == 0) return true;
  const uint64_t known = known_bits_ & kSignCopies;
  const uint64_t ones = known_values_ & kSignCopies;
  if (ones != 0 && ones != known) return false;
  known_bits_ |= kSignCopies;
  if (ones != 0) known_values_ |= kSignCopies;
  return true;
}

// Bounds follow from bits and, where they leave one value, bits from bounds.
bool RegisterDomain::Propagate() {
  bool learned = true;
  while (learned) {
    learned = false;
    for (auto& [mask, masked] : masked_) {
      if (!Tighten(mask, masked, learned)) return false;
    }
  }
  return true;
}

bool RegisterDomain::Tighten(uint64_t mask, Masked& masked, bool& learned) {
  const uint64_t ones = known_values_ & mask;
  const uint64_t unknown = mask & ~known_bits_;
  // The sign counts the other way round: unknown, it makes the least value, not the greatest.
  const uint64_t unknown_sign = unknown & sign_flip_;
  masked.first = std::max(masked.first, Key(ones | unknown_sign));
  masked.last = std::min(masked.last, Key(ones | (unknown & ~unknown_sign)));
  while (masked.first <= masked.last && masked.excluded.contains(masked.first)) {
    if (masked.first == masked.last) return false;
    ++masked.first;
  }
  while (masked.first <= masked.last && masked.excluded.contains(masked.last)) {
    if (masked.first == masked.last) return false;
    --masked.last;
  }
  if (masked.first > masked.last) return false;
  if (masked.first != masked.last || unknown == 0) return true;
  const uint64_t value = Key(masked.first);
  if ((value & ~mask) != 0) return false;
  learned = true;
  return Learn(mask, value);
}

}  // namespace provost
