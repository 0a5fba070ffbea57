#ifndef PROVOST_SUPERVISOR_TASK_H_
#define PROVOST_SUPERVISOR_TASK_H_

#include <cstdint>
#include <optional>
#include <variant>

#include "supervisor/recorder.h"
#include "syscalls/request.h"
#include "tracee/stop.h"

namespace provost {

// The life of a task, from the supervisor's side: one variant, no flags. docs/INTERNALS.md draws
// it.

// Runs, or is stopped only for as long as its handler takes.
struct Running {};
// Runs a call whose result is to be recorded; the next syscall-exit stop is that call's.
struct AwaitingResult {
  PendingRecord record;
};
// Was sent into the filter's trap in place of `asked`; the SIGSYS that follows is made to say so.
struct AwaitingTrap {
  int32_t asked;
};
// In group-stop, listening for SIGCONT.
struct Listening {};
// Held at a seccomp stop until its decision can be recorded. Then `decision` is applied.
struct HeldBeforeCall {
  Stopped stopped;
  PendingRecord record;
};
// Held at the exit of a call until its result can be recorded.
struct HeldAfterCall {
  Stopped stopped;
  PendingRecord record;
};

using TaskState =
    std::variant<Running, AwaitingResult, AwaitingTrap, Listening, HeldBeforeCall, HeldAfterCall>;

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_TASK_H_
