#ifndef PROVOST_TRACEE_SUPERVISED_H_
#define PROVOST_TRACEE_SUPERVISED_H_

#include <sys/types.h>

#include "absl/status/statusor.h"

namespace provost {

// True if the process, or one that it descends from, has a thread that this process traces, or that
// another process of this program does: it is part of a supervised tree. A tracer whose program we
// may not see counts as one. kNotFound: it, or one of its ancestors, is gone. Reads /proc alone;
// for any thread.
absl::StatusOr<bool> IsSupervised(pid_t pid);

}  // namespace provost

#endif  // PROVOST_TRACEE_SUPERVISED_H_
