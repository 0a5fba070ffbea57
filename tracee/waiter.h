#ifndef PROVOST_TRACEE_WAITER_H_
#define PROVOST_TRACEE_WAITER_H_

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <variant>

#include "absl/status/statusor.h"
#include "tracee/stop.h"

namespace provost {

// One stopped task, with the reason.
struct StoppedTask {
  Stopped stopped;
  StopEvent event;
};
// One task that is no more. A leader is reported after its last thread.
struct EndedTask {
  pid_t tid;
  TaskEnd end;
};
// Nothing is left to wait for.
struct NoTasks {};
// Nothing happened in the time given.
struct NothingYet {};

using WaitResult = std::variant<StoppedTask, EndedTask, NoTasks, NothingYet>;

// Every wait of the supervisor goes through here. Waits are wait4(-1, __WALL | __WNOTHREAD):
// tracees of the calling thread (and that thread's own children, which a caller must not have
// beside the tree; children of its other threads are left alone).
class Waiter {
 public:
  // What is there now, or NothingYet. Does not block.
  absl::StatusOr<WaitResult> Poll();
  // Blocks until something happens. A signal handled by the embedder does not end the wait.
  absl::StatusOr<WaitResult> Next();

 private:
  absl::StatusOr<WaitResult> Wait(int flags);
};

}  // namespace provost

#endif  // PROVOST_TRACEE_WAITER_H_
