#ifndef PROVOST_TRACEE_FROZEN_TASKS_H_
#define PROVOST_TRACEE_FROZEN_TASKS_H_

#include <sys/types.h>

#include <deque>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tracee/freezer.h"
#include "tracee/waiter.h"

namespace provost {

// Makes the calling thread the tracer of all that is in a freezer, which is frozen and has no
// tracer, as a supervisor has let go of it there: every task comes to a TrapStop or a GroupStop,
// and waits at it. Returns what happened to them, in order, as if it had just been waited for.
// Options are kGuardedTraceOptions once every task is there, and not before: if this fails, or the
// caller is killed in the middle, all can be taken by somebody else.
//
// Errors: kPermissionDenied: a task is not to be traced by us, or has another tracer; kUnavailable:
// one does not stop.
absl::StatusOr<std::deque<WaitResult>> SeizeFrozen(const Freezer& freezer, Waiter& waiter);

// OK if a task that we trace could be seized again once it has no tracer (ptrace(2), "Ptrace access
// mode checking"). kPermissionDenied: nobody with our rights can. IsDied: it is gone.
absl::Status CheckSeizable(pid_t tid);

}  // namespace provost

#endif  // PROVOST_TRACEE_FROZEN_TASKS_H_
