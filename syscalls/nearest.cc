#include "syscalls/nearest.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace provost {
namespace {

// The optimal string alignment distance, or `bound` + 1 as soon as it cannot be within `bound`.
size_t EditDistance(absl::string_view a, absl::string_view b, size_t bound) {
  const size_t gap = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (gap > bound) return bound + 1;
  std::vector<size_t> before_last(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> current(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, substitution});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before_last[j - 2] + 1);
      }
    }
    if (*std::min_element(current.begin(), current.end()) > bound) return bound + 1;
    std::swap(before_last, last);
    std::swap(last, current);
  }
  return last[b.size()];
}

}  // namespace

std::vector<std::string> Nearest(absl::string_view misspelt,
                                 absl::Span<const absl::string_view> candidates, size_t limit) {
  // A third of the letters wrong is another word, not a slip; more than three edits never is one.
  const size_t bound = std::clamp<size_t>(misspelt.size() / 3, 1, 3);
  const std::string wanted = absl::AsciiStrToLower(misspelt);
  std::vector<std::pair<size_t, absl::string_view>> near;
  for (absl::string_view candidate : candidates) {
    const size_t distance = EditDistance(wanted, absl::AsciiStrToLower(candidate), bound);
    if (distance <= bound) near.emplace_back(distance, candidate);
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  if (near.size() > limit) near.resize(limit);
  std::vector<std::string> names;
  names.reserve(near.size());
  for (const auto& [distance, name] : near) names.emplace_back(name);
  return names;
}

}  // namespace provost
