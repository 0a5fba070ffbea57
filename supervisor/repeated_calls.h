#ifndef PROVOST_SUPERVISOR_REPEATED_CALLS_H_
#define PROVOST_SUPERVISOR_REPEATED_CALLS_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "policy/counted_call.h"
#include "syscalls/request.h"
#include "tracee/registers.h"

namespace provost {

// Tells the calls of one task that come to their seccomp stop again from new ones: a call that a
// signal or a stop interrupts is issued a second time when the kernel restarts it (signal(7),
// "Interruption of system calls"; SA_RESTART, restart_syscall(2)). What was counted of it goes with
// it.
//
// A call counts as the same if it comes from the same instruction with the same stack and
// arguments. So does, once, the retry of a program whose handler has no SA_RESTART: nothing at the
// stops tells the two apart, and one wish of the program is one call either way.
class RepeatedCalls {
 public:
  // The task has come to a seccomp stop. What was counted of the call so far; nothing if it is new.
  // Good until the next call of Enter.
  CountedCall& Enter(const SyscallRequest& request);
  // At a later stop the registers say that this call was interrupted.
  void Interrupt(const InterruptedCall& interrupted);
  // What was begun is over: the task runs another program.
  void Clear();

  struct Call {
    SyscallRequest request;
    CountedCall counted;
  };
  // All it knows, for another process to go on with.
  struct Saved {
    std::optional<Call> current;  // the one that is being made
    std::vector<Call> interrupted;
  };
  Saved Save() const;
  void Restore(Saved saved);

 private:
  // Handlers that are interrupted in turn; a handler that never returns leaves its call behind.
  static constexpr size_t kMaxInterrupted = 16;

  Call current_;
  bool entered_ = false;           // current_ is a call, not yet interrupted
  std::vector<Call> interrupted_;  // the innermost handler's last
};

}  // namespace provost

#endif  // PROVOST_SUPERVISOR_REPEATED_CALLS_H_
