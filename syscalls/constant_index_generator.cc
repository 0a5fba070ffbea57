// Writes, while provost is built, the constants of all sets in order of name: each as its set and
// its place there. Of several with one name it is the first (constant_index.inc of constants.cc).
#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "syscalls/constant_sets.h"
#include "syscalls/constants.h"

namespace provost {
namespace {

#define PROVOST_POINTER(set) &(set),
constexpr const ConstantSet* kSets[] = {PROVOST_CONSTANT_SETS(PROVOST_POINTER)};
#undef PROVOST_POINTER

void Write() {
  std::vector<std::pair<size_t, size_t>> places;
  const auto name_of = [](const auto& place) {
    return kSets[place.first]->constants[place.second].name;
  };
  for (size_t set = 0; set < std::size(kSets); ++set) {
    for (size_t i = 0; i < kSets[set]->constants.size(); ++i) places.emplace_back(set, i);
  }
  std::stable_sort(places.begin(), places.end(),
                   [&](const auto& a, const auto& b) { return name_of(a) < name_of(b); });
  const auto end = std::unique(places.begin(), places.end(), [&](const auto& a, const auto& b) {
    return name_of(a) == name_of(b);
  });
  std::for_each(places.begin(), end,
                [](const auto& place) { printf("{%zu, %zu},\n", place.first, place.second); });
}

}  // namespace
}  // namespace provost

int main() {
  provost::Write();
  return fflush(stdout) == 0 ? 0 : 1;
}
