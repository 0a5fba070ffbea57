#ifndef PROVOST_SYSCALLS_NEAREST_H_
#define PROVOST_SYSCALLS_NEAREST_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace provost {

// A shared "did you mean": up to `limit` of `candidates` within a small edit distance of
// `misspelt`, nearest first, equally near ones in alphabetical order. Case counts for nothing;
// swapping two neighbours counts as one edit.
std::vector<std::string> Nearest(absl::string_view misspelt,
                                 absl::Span<const absl::string_view> candidates, size_t limit = 3);

}  // namespace provost

#endif  // PROVOST_SYSCALLS_NEAREST_H_
