#ifndef PROVOST_POLICY_FOREIGN_SNAP_H_
#define PROVOST_POLICY_FOREIGN_SNAP_H_

#include "absl/strings/string_view.h"

namespace provost {

// True for the calls whose arguments snap-seccomp compares by their low 32 bits, and only for
// equality: those that take -1 for "leave as it is".
bool SnapComparesLowHalf(absl::string_view call);

}  // namespace provost

#endif  // PROVOST_POLICY_FOREIGN_SNAP_H_
