#ifndef PROVOST_SUPERVISOR_TASK_H_
#define PROVOST_SUPERVISOR_TASK_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>

#include "supervisor/call_return.h"
#include "supervisor/hardening.h"
#include "supervisor/recorder.h"
#include "syscalls/request.h"
#include "tracee/injected_call.h"
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
  SyscallRequest runs;
  ArgumentRegisters registers;
};
// Runs a call whose result is to be recorded, or whose registers are to be put back; the next
// syscall-exit stop is that call's.
struct AwaitingResult {
  std::optional<PendingRecord> record;
  std::optional<RewrittenCall> rewritten;
  std::shared_ptr<const Aside> aside;  // where the supervisor stays until the call is done
};
// Runs a call with other arguments than it asked for, and comes back by itself: at its next stop it
// may still be on its way.
struct ReturnsItself {
  CallReturn way_back;
};
// Makes a call of ours in place of its own, which it makes again afterwards; the next syscall-exit
// stop is ours.
struct MakesOurCall {
  InjectedCall call;
};
// A filter of the task's own has trapped that call; the SIGSYS that comes next is kept from it.
struct AwaitingOurTrap {
  int32_t nr;
};
// Waits at a seccomp stop until another task of its address space has made a call of ours.
struct WaitsForPages {
  Stopped stopped;
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
// Held at a seccomp stop before a call whose result is to be recorded, because the log takes
// nothing now; the call runs as `runs` once it does.
struct HeldForResult {
  Stopped stopped;
  PendingRecord record;
  SyscallRequest runs;
};
// Held at the exit of a call until its result can be recorded.
struct HeldAfterCall {
  Stopped stopped;
  PendingRecord record;
};

using TaskState = std::variant<Running, AwaitingResult, ReturnsItself, MakesOurCall,
                               AwaitingOurTrap, WaitsForPages, AwaitingTrap, Listening,
                               HeldBeforeCall, HeldForResult, HeldAfterCall>;

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_TASK_H_
