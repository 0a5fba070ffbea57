#include "syscalls/constants.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "syscalls/constant_sets.h"
#include "syscalls/nearest.h"

namespace provost {
namespace {

#define PROVOST_POINTER(set) &(set),
constexpr const ConstantSet* kSets[] = {PROVOST_CONSTANT_SETS(PROVOST_POINTER)};
#undef PROVOST_POINTER

// The place of one constant, as constant_index_generator.cc writes it.
struct Place {
  uint16_t set;       // index in kSets
  uint16_t constant;  // index there
};

// In order of name, each name once.
constexpr Place kByName[] = {
#include "syscalls/constant_index.inc"
};

const Constant& At(const Place& place) { return kSets[place.set]->constants[place.constant]; }

// The index of the constant that explains most of `bits`, the first of several; -1 for none. Fields
// of several bits (S_IFBLK, SOCK_SEQPACKET, O_SYNC) thus win over the flags that happen to share
// their bits.
int BestFit(absl::Span<const Constant> constants, uint64_t bits) {
  int best = -1;
  int most = 0;
  for (size_t i = 0; i < constants.size(); ++i) {
    if ((constants[i].value & ~bits) != 0) continue;
    const int explained = std::popcount(constants[i].value);
    if (explained <= most) continue;
    most = explained;
    best = static_cast<int>(i);
  }
  return best;
}

std::string FormatMask(const ConstantSet& set, uint64_t value) {
  std::vector<int> chosen;
  for (int best = BestFit(set.constants, value); best >= 0; best = BestFit(set.constants, value)) {
    chosen.push_back(best);
    value &= ~set.constants[best].value;
  }
  if (chosen.empty() && value == 0) {
    for (const Constant& constant : set.constants) {
      if (constant.value == 0) return std::string(constant.name);
    }
    return "0";
  }
  std::sort(chosen.begin(), chosen.end());
  std::vector<std::string> words;
  words.reserve(chosen.size() + 1);
  for (int index : chosen) words.emplace_back(set.constants[index].name);
  if (value != 0) words.push_back(absl::StrCat("0x", absl::Hex(value)));
  return absl::StrJoin(words, "|");
}

// A 32-bit register image of a negative constant is the same value.
bool SameValue(uint64_t constant, uint64_t value) {
  if (constant == value) return true;
  const bool is_negative = static_cast<int64_t>(constant) < 0;
  return is_negative && value <= UINT32_MAX && static_cast<uint32_t>(constant) == value;
}

}  // namespace

absl::Span<const ConstantSet* const> AllConstantSets() { return kSets; }

std::optional<uint64_t> FindConstant(absl::string_view name) {
  const auto* const found = std::lower_bound(
      std::begin(kByName), std::end(kByName), name,
      [](const Place& place, absl::string_view wanted) { return At(place).name < wanted; });
  if (found == std::end(kByName) || At(*found).name != name) return std::nullopt;
  return At(*found).value;
}

std::vector<std::string> SuggestConstant(absl::string_view misspelt) {
  std::vector<absl::string_view> names;
  names.reserve(std::size(kByName));
  for (const Place& place : kByName) names.push_back(At(place).name);
  return Nearest(misspelt, names);
}

std::string FormatConstant(const ConstantSet& set, uint64_t value) {
  if (set.is_mask) return FormatMask(set, value);
  for (const Constant& constant : set.constants) {
    if (SameValue(constant.value, value)) return std::string(constant.name);
  }
  return absl::StrCat(static_cast<int64_t>(value));
}

}  // namespace provost
