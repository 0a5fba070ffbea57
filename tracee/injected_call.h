#ifndef PROVOST_TRACEE_INJECTED_CALL_H_
#define PROVOST_TRACEE_INJECTED_CALL_H_

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "syscalls/request.h"
#include "tracee/registers.h"
#include "tracee/stop.h"

namespace provost {

// A call that a task is to make for us: its name and its registers, of the architecture of the stop
// at which it is made.
struct RemoteCall {
  absl::string_view name;
  std::array<uint64_t, 6> args = {};
};

// An instruction pointer that filters know injected calls by. It lies in the kernel's half of the
// address space, where no task can execute an instruction: only a tracer can write it, and only at
// a stop. Some of its bits are random, so that a tracer that is not us (of a task that was hidden
// from us) does not know it either.
class Gate {
 public:
  // `random` is drawn anew for each run.
  explicit constexpr Gate(uint64_t random)
      : instruction_(kKernelHalf | (random & (kKernelHalf - 1) & ~kVsyscallBits)) {}
  // Drawn by getrandom(2).
  static Gate Random();
  constexpr uint64_t instruction() const { return instruction_; }

 private:
  static constexpr uint64_t kKernelHalf = 0xffff800000000000;
  // The vsyscall page, the one address up there at which a task can call, has this bit set.
  static constexpr uint64_t kVsyscallBits = 0x0000400000000000;
  uint64_t instruction_;
};

// A call of ours that a task makes at a seccomp stop in place of the one it asked for. After the
// stop at its exit the task makes its own again, from its own instruction with its own registers,
// and comes to a new seccomp stop with it.
//
// It is the kernel's own way of restarting a call (arch_do_signal_or_restart in
// arch/x86/kernel/signal.c): the instruction pointer goes back by the two bytes that `syscall` and
// `int $0x80` both have (after sysenter, the kernel returns behind an `int $0x80` of the vDSO for
// this very purpose). So a signal that comes meanwhile is delivered between the two calls, and the
// program sees no EINTR of it.
class InjectedCall {
 public:
  // At a seccomp stop, of a known architecture and not of the vsyscall page, where the call was
  // `instead_of`. The task's filters run again, over `call` at `gate`. Restart the task until the
  // exit of its call.
  static absl::StatusOr<InjectedCall> Begin(const Stopped& stopped,
                                            const SyscallRequest& instead_of,
                                            const RemoteCall& call, const Gate& gate);

  // At that exit stop: what the call gave, a value or -errno. Writes back the registers; restart
  // the task with Continue.
  absl::StatusOr<int64_t> Finish(const Stopped& stopped) const;

  // True if it gave `result` because a filter of the task's own trapped it (SECCOMP_RET_TRAP): the
  // SIGSYS that comes next is about it, and not for the program.
  bool IsTrapped(int64_t result) const { return result == made_.nr; }
  int32_t nr() const { return made_.nr; }

  const SyscallRequest& instead_of() const { return instead_of_; }

 private:
  explicit InjectedCall(const SyscallRequest& instead_of)
      : instead_of_(instead_of), made_(instead_of) {}

  SyscallRequest instead_of_;
  SyscallRequest made_;  // our call: number and arguments
  ArgumentRegisters arguments_ = {};
  uint64_t number_ = 0;       // the whole register
  uint64_t instruction_ = 0;  // behind the task's own instruction
};

}  // namespace provost

#endif  // PROVOST_TRACEE_INJECTED_CALL_H_
