#ifndef PROVOST_SYSCALLS_TWINS_H_
#define PROVOST_SYSCALLS_TWINS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace provost {

// Calls that reach the same thing: older and newer forms of one call, on any architecture. Who
// refuses one of them and leaves another open has refused little. Data only.
struct TwinFamily {
  absl::string_view name;  // "opening files"
  // The members that can do all the family is about.
  std::vector<absl::string_view> full;
  // Those that can do its usual case only (creat, fork, pipe): a condition on another member may be
  // about what these cannot do.
  std::vector<absl::string_view> lesser;
};

absl::Span<const TwinFamily> AllTwinFamilies();

}  // namespace provost

#endif  // PROVOST_SYSCALLS_TWINS_H_
