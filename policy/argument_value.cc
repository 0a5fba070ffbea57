#include "policy/argument_value.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <variant>

namespace provost {

int BitsOf(ArgWidth width) { return width == ArgWidth::kS32 || width == ArgWidth::kU32 ? 32 : 64; }

absl::int128 SmallestOf(ArgWidth width) {
  return IsSigned(width) ? -(absl::int128{1} << (BitsOf(width) - 1)) : absl::int128{0};
}

absl::int128 LargestOf(ArgWidth width) {
  return (absl::int128{1} << (IsSigned(width) ? BitsOf(width) - 1 : BitsOf(width))) - 1;
}

bool BoundArgument::IsIp() const {
  if (memory == nullptr) return false;
  const auto* address = std::get_if<AddressReading>(&memory->reading);
  return address != nullptr && address->part == AddressPart::kIp;
}

int BitsOf(const BoundArgument& place) {
  const bool is_short = place.memory != nullptr && place.argument->kept_bits != 0;
  return is_short ? place.argument->kept_bits : BitsOf(place.width);
}

absl::int128 LargestOf(const BoundArgument& place) {
  return std::min(LargestOf(place.width), (absl::int128{1} << BitsOf(place)) - 1);
}

uint64_t Extend(absl::int128 value, ArgWidth width) {
  const uint64_t low = absl::Int128Low64(value);
  switch (width) {
    case ArgWidth::kS32:
      return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(low)));
    case ArgWidth::kU32:
      return static_cast<uint32_t>(low);
    case ArgWidth::kS64:
    case ArgWidth::kU64:
      return low;
  }
  return low;
}

std::optional<uint64_t> EqualValue(absl::int128 value, const IntegerItem& item,
                                   const BoundArgument& place) {
  if (value >= SmallestOf(place.width) && value <= LargestOf(place)) {
    return Extend(value, place.width);
  }
  // RLIM_INFINITY is all ones, in a field of either width.
  if (place.memory != nullptr && value < 0 && !item.constants.empty()) {
    return Extend(value, place.width);
  }
  if (value > LargestOf(place) && BitsOf(place) < BitsOf(place.width)) return std::nullopt;
  const bool has_bits = !item.constants.empty() ||
                        (place.argument != nullptr && (place.argument->kind == ArgKind::kFlags ||
                                                       place.argument->kind == ArgKind::kEnum));
  if (!has_bits || value < 0) return std::nullopt;
  return MaskBits(value, place.width);
}

std::optional<uint64_t> MaskBits(absl::int128 mask, ArgWidth width) {
  const absl::int128 smallest = IsSigned(width) ? SmallestOf(width) : absl::int128{-1};
  if (mask < smallest || mask >= absl::int128{1} << BitsOf(width)) return std::nullopt;
  return Extend(mask, width);
}

uint64_t PresentBits(absl::int128 mask, ArgWidth width) { return Extend(mask, width); }

std::optional<uint64_t> EqualBits(absl::int128 value, uint64_t mask, ArgWidth width) {
  const std::optional<uint64_t> bits = MaskBits(value, width);
  if (!bits.has_value() || (*bits & ~mask) != 0) return std::nullopt;
  return bits;
}

bool IsOrdered(uint64_t mask, ArgWidth width) {
  return !IsSigned(width) || static_cast<int64_t>(mask) >= 0;
}

}  // namespace provost
