#ifndef PROVOST_SUPERVISOR_TASK_H_
#define PROVOST_SUPERVISOR_TASK_H_

#include <cstdint>
#include <optional>
#include <variant>

#include "supervisor/recorder.h"
#include "syscalls/request.h"
#include "tracee/registers.h"
#include "tracee/stop.h"

namespace provost {

// The life of a task, from the supervisor's side: one variant, no flags. docs/INTERNALS.md draws
// it.

// Runs, or is stopped only for as long as its handler takes.
struct Running {};
// What a rewritten call found in its registers, to be put back when it is done.
struct RewrittenCall {
  SyscallRequest asked;
  ArgumentRegisters registers;
};
// Runs a call whose result is to be recorded, or whose registers are to be put back; the next
// syscall-exit stop is that call's.
struct AwaitingResult {
  std::optional<PendingRecord> record;
  std::optional<RewrittenCall> rewritten;
};
// Was sent into the filter's trap in place of `asked`; the SIGSYS that follows is made to say so.
struct AwaitingTrap {
  int32_t asked;
};
// In group-stop, listening for SIGCONT.
struct Listening {};
// Held at a seccomp stop until its decision can be recorded. Then that is applied; the call runs,
// if it does, as `runs`.
struct HeldBeforeCall {
  Stopped stopped;
  PendingRecord record;
  SyscallRequest runs;
};
// Held at the exit of a call until its result can be recorded.
struct HeldAfterCall {
  Stopped stopped;
  PendingRecord record;
};

using TaskState =
    std::variant<Running, AwaitingResult, AwaitingTrap, Listening, HeldBeforeCall, HeldAfterCall>;

// What a task is held for; null if it is not.
inline PendingRecord* HeldRecord(TaskState& state) {
  if (auto* before = std::get_if<HeldBeforeCall>(&state)) return &before->record;
  if (auto* after = std::get_if<HeldAfterCall>(&state)) return &after->record;
  return nullptr;
}

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_TASK_H_
