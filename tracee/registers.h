#ifndef PROVOST_TRACEE_REGISTERS_H_
#define PROVOST_TRACEE_REGISTERS_H_

#include <sys/user.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "syscalls/request.h"
#include "tracee/stop.h"

namespace provost {

// All of them, at any stop (PTRACE_GETREGS).
absl::StatusOr<user_regs_struct> ReadRegisters(const Stopped& stopped);

// At any stop: general registers, the number of the call and the instruction pointer become those
// of `after`, where they were those of `before`. `call` says of which code they are. Flags, stack
// and segments stay as they are.
absl::Status ChangeRegisters(const Stopped& stopped, const SyscallRequest& call,
                             const user_regs_struct& before, const user_regs_struct& after);

// The register of argument `i` of a call like `call`.
unsigned long long& ArgumentIn(user_regs_struct& registers, const SyscallRequest& call, size_t i);

// What PTRACE_GET_SYSCALL_INFO says at a seccomp stop. One kernel entry.
struct SeccompStopInfo {
  SyscallRequest request;
  uint32_t data;  // SECCOMP_RET_DATA of the filter that stopped it: ours or, if the task installed
                  // a newer one, its own
};
absl::StatusOr<SeccompStopInfo> ReadSeccompStop(const Stopped& stopped);

// True for a call through the vsyscall page, which the kernel emulates at a fault: it comes to
// seccomp stops, but never to a syscall-exit stop (arch/x86/entry/vsyscall/vsyscall_64.c).
bool IsVsyscall(const SyscallRequest& request);

// The kernel's answer at a syscall-exit stop: a value, or -errno.
absl::StatusOr<int64_t> ReadResult(const Stopped& stopped);

// The call that a task was taken out of by a signal or a stop: its number, and where it was made.
struct InterruptedCall {
  int32_t nr;
  uint64_t ip;
  uint64_t sp;
};
// At a signal-delivery stop, a group-stop or another PTRACE_EVENT_STOP: the call that ended with
// one of the results by which the kernel asks itself to restart it (ERESTARTSYS, ERESTARTNOINTR,
// ERESTARTNOHAND, ERESTART_RESTARTBLOCK in linux/errno.h); nullopt if there is none.
absl::StatusOr<std::optional<InterruptedCall>> ReadInterruptedCall(const Stopped& stopped);

// At the same stops: the call that the kernel will make when the task runs on, the interrupted one
// or restart_syscall(2); nullopt if none.
absl::StatusOr<std::optional<SyscallRequest>> ReadRestart(const Stopped& stopped);
// At the same stops, where there is one: the call is not made again, and gives EINTR.
absl::Status EndInterruptedCall(const Stopped& stopped);

// At a seccomp stop: the call does not run and the task sees `result` (ptrace(2),
// "PTRACE_EVENT_SECCOMP stops"; a tracer sets the number to -1). Works for calls through the
// vsyscall page too, where nothing else may be changed.
absl::Status SkipSyscall(const Stopped& stopped, int64_t result);

// At the syscall-exit stop of a call: the task gets `result` in place of what the kernel gave.
absl::Status SetResult(const Stopped& stopped, int64_t result);

// At a seccomp stop: changes the number; the filter then runs again over the new one.
absl::Status SetSyscallNumber(const Stopped& stopped, int32_t nr);

// The registers of a call's arguments as they were, all 64 bits of them.
using ArgumentRegisters = std::array<uint64_t, 6>;

// At a seccomp stop: gives the call that asked for `asked` the arguments and the number of
// `wanted`, where they differ; the filter then runs again over them. Returns the registers as they
// were, for RestoreArguments: the kernel leaves a task's argument registers alone (syscall(2)), and
// compilers count on it.
absl::StatusOr<ArgumentRegisters> ReplaceArguments(const Stopped& stopped,
                                                   const SyscallRequest& asked,
                                                   const SyscallRequest& wanted);

// At the syscall-exit stop of that call, which ran as `wanted`, or at the first stop of the task
// that it made.
absl::Status RestoreArguments(const Stopped& stopped, const SyscallRequest& asked,
                              const SyscallRequest& wanted, const ArgumentRegisters& registers);

// Sends the task to `ip` when it goes on; at a seccomp stop, when the call is done.
absl::Status SetInstructionPointer(const Stopped& stopped, uint64_t ip);

// At any stop: all arguments of the call `asked` are put into their registers.
absl::Status SetArguments(const Stopped& stopped, const SyscallRequest& asked);

// True if the task, at its first stop, was made by the call that ran as `wanted` instead of as
// `asked`: a child begins with its creator's registers, those that were replaced among them.
absl::StatusOr<bool> BeganIn(const Stopped& stopped, const SyscallRequest& asked,
                             const SyscallRequest& wanted);

// At the first stop of a new task: if it is the one that `asked`, a clone whose flags were changed
// to `flags`, has made, it gets the flags that were asked for into the register, as its creator
// finds them there again. False: it is another.
absl::StatusOr<bool> RestoreCloneFlags(const Stopped& child, const SyscallRequest& asked,
                                       uint64_t flags);

// At the signal-delivery stop of a SIGSYS that the filter raised for a number we had put in place
// of `asked`: makes registers and siginfo say what they would had the filter trapped the call
// itself (SECCOMP_RET_TRAP in seccomp(2)).
absl::Status PresentTrapAs(const Stopped& stopped, int32_t asked);

// True if the signal about to be delivered is a SIGTRAP for an instruction that the task has
// executed by itself, as it asked for (the TF flag, TRAP_TRACE in sigaction(2)).
absl::StatusOr<bool> IsStep(const Stopped& stopped);

// True if the signal about to be delivered is a SIGSYS raised by seccomp for the number `nr`.
absl::StatusOr<bool> IsSeccompTrap(const Stopped& stopped, int32_t nr);

}  // namespace provost

#endif  // PROVOST_TRACEE_REGISTERS_H_
