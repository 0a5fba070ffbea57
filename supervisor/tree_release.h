#ifndef PROVOST_SUPERVISOR_TREE_RELEASE_H_
#define PROVOST_SUPERVISOR_TREE_RELEASE_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "policy/filter_compiler.h"
#include "policy/rewrite.h"
#include "policy/verdict.h"
#include "supervisor/departure.h"
#include "supervisor/task.h"
#include "syscalls/request.h"
#include "tracee/stop.h"

namespace provost {

// Lets go of a tree whose tasks run, one after the other (ReleaseTasks). Each is made to come to a
// stop that is no call's and no signal's, and detached there: what it was doing is decided and done
// by then. Tasks that begin meanwhile are let go of at their first stop, so that there are fewer
// with each that is: a tree cannot outrun it. Lives on the tracing thread.
class TreeRelease {
 public:
  // `filters` are those that the tasks have, and outlive this.
  TreeRelease(ReleaseTasks how, absl::Span<const BpfProgram> filters)
      : how_(how), filters_(filters) {}

  // False for a task in a state that would never end if stops came in between: a trap's SIGSYS, or
  // the call that it makes again, would not come.
  static bool MayBeAsked(const TaskState& state);
  // Asks a task that is not stopped to come to its stop. Nothing happens to one that is gone.
  static absl::Status Ask(pid_t tid);
  // What becomes of a call without being decided by the policy; nullopt: it is decided as ever.
  std::optional<Judgement> Refusal(const SyscallRequest& request) const;
  // The answer to a call that is held because its record cannot be written: it does not run.
  Verdict AnswerToHeld() const;
  // True if a task in this state can be let go of at a TrapStop or a GroupStop.
  static bool IsReady(const TaskState& state);
  // Lets go of it there. A call that waited and would be made again, only to find no tracer, ends
  // with EINTR instead, as by a signal.
  absl::Status LetGo(Stopped stopped);

  uint64_t tasks() const { return tasks_; }

 private:
  const ReleaseTasks how_;
  const absl::Span<const BpfProgram> filters_;
  uint64_t tasks_ = 0;
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_TREE_RELEASE_H_
