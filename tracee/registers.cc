#include "tracee/registers.h"

#include <elf.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tracee/died.h"

namespace provost {
namespace {

// si_code of a SIGSYS raised by a seccomp filter (asm-generic/siginfo.h); glibc's signal.h has it
// only in newer versions.
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

absl::Status Poke(const Stopped& stopped, size_t offset, uint64_t value) {
  if (ptrace(PTRACE_POKEUSER, stopped.tid(), offset, value) < 0) {
    return TraceeError("PTRACE_POKEUSER", stopped.tid(), errno);
  }
  return absl::OkStatus();
}

// Where the register of argument `i` lies (syscall(2), "Architecture calling conventions").
size_t ArgumentOffset(const SyscallRequest& request, size_t i) {
  constexpr std::array<size_t, 6> kX86_64 = {
      offsetof(user_regs_struct, rdi), offsetof(user_regs_struct, rsi),
      offsetof(user_regs_struct, rdx), offsetof(user_regs_struct, r10),
      offsetof(user_regs_struct, r8),  offsetof(user_regs_struct, r9)};
  constexpr std::array<size_t, 6> kI386 = {
      offsetof(user_regs_struct, rbx), offsetof(user_regs_struct, rcx),
      offsetof(user_regs_struct, rdx), offsetof(user_regs_struct, rsi),
      offsetof(user_regs_struct, rdi), offsetof(user_regs_struct, rbp)};
  return request.IsI386() ? kI386[i] : kX86_64[i];
}

uint64_t WordAt(const user_regs_struct& registers, size_t offset) {
  uint64_t word = 0;
  std::memcpy(&word, reinterpret_cast<const char*>(&registers) + offset, sizeof(word));
  return word;
}

absl::StatusOr<__ptrace_syscall_info> SyscallInfo(const Stopped& stopped, uint8_t expected) {
  __ptrace_syscall_info info = {};
  if (ptrace(PTRACE_GET_SYSCALL_INFO, stopped.tid(), sizeof(info), &info) < 0) {
    return TraceeError("PTRACE_GET_SYSCALL_INFO", stopped.tid(), errno);
  }
  if (info.op == expected) return info;
  if (info.op == PTRACE_SYSCALL_INFO_NONE) {
    // In another kind of stop, which nobody has waited for: the task that was in this one has been
    // killed by the execve of a thread, which now has its number. The next wait says so.
    return TraceeError("PTRACE_GET_SYSCALL_INFO", stopped.tid(), ESRCH);
  }
  // Not a death: without PTRACE_O_TRACEEXIT a killed task leaves its stop for good, and requests
  // on it give ESRCH. To take it for one would leave the task stopped for ever.
  return absl::InternalError(
      absl::StrCat("task ", stopped.tid(), " is in a stop of op ", info.op, ", not ", expected));
}

// ERESTART_RESTARTBLOCK.
constexpr int32_t kRestartBlock = -516;

// True if a call has ended with one of the results by which the kernel asks itself to restart it.
bool SaysRestart(const user_regs_struct& registers) {
  // A 32-bit task's result has no upper half to speak of.
  const auto result = static_cast<int32_t>(registers.rax);
  return (result <= -512 && result >= -514) || result == kRestartBlock;
}

absl::StatusOr<siginfo_t> SignalInfo(const Stopped& stopped) {
  siginfo_t info = {};
  if (ptrace(PTRACE_GETSIGINFO, stopped.tid(), nullptr, &info) < 0) {
    return TraceeError("PTRACE_GETSIGINFO", stopped.tid(), errno);
  }
  return info;
}

}  // namespace

absl::StatusOr<user_regs_struct> ReadRegisters(const Stopped& stopped) {
  user_regs_struct registers = {};
  if (ptrace(PTRACE_GETREGS, stopped.tid(), nullptr, &registers) < 0) {
    return TraceeError("PTRACE_GETREGS", stopped.tid(), errno);
  }
  return registers;
}

absl::Status ChangeRegisters(const Stopped& stopped, const SyscallRequest& call,
                             const user_regs_struct& before, const user_regs_struct& after) {
  // Those that stand in front of the code segment; behind it are some that cannot always be written
  // as they are (fs and gs bases).
  constexpr size_t kSize = offsetof(user_regs_struct, cs);
  if (call.IsX86_64()) {
    iovec words = {const_cast<user_regs_struct*>(&after), kSize};
    if (ptrace(PTRACE_SETREGSET, stopped.tid(), NT_PRSTATUS, &words) < 0) {
      return TraceeError("PTRACE_SETREGSET", stopped.tid(), errno);
    }
    return absl::OkStatus();
  }
  // Of a 32-bit task that request has another layout.
  for (size_t offset = 0; offset < kSize; offset += sizeof(uint64_t)) {
    const uint64_t value = WordAt(after, offset);
    if (value != WordAt(before, offset)) PROVOST_RETURN_IF_ERROR(Poke(stopped, offset, value));
  }
  return absl::OkStatus();
}

unsigned long long& ArgumentIn(user_regs_struct& registers, const SyscallRequest& call, size_t i) {
  return *reinterpret_cast<unsigned long long*>(reinterpret_cast<char*>(&registers) +
                                                ArgumentOffset(call, i));
}

absl::StatusOr<SeccompStopInfo> ReadSeccompStop(const Stopped& stopped) {
  PROVOST_ASSIGN_OR_RETURN(const __ptrace_syscall_info info,
                           SyscallInfo(stopped, PTRACE_SYSCALL_INFO_SECCOMP));
  SeccompStopInfo stop;
  stop.request.arch = info.arch;
  // The kernel uses the low half alone; the upper half is the task's to fill.
  stop.request.nr = static_cast<int32_t>(info.seccomp.nr);
  // So it does with an i386 call's arguments, though 64-bit code can fill whole registers before
  // int 0x80 and both the filter and we are shown all of them.
  const uint64_t mask = stop.request.IsI386() ? UINT32_MAX : UINT64_MAX;
  for (size_t i = 0; i < stop.request.args.size(); ++i) {
    stop.request.args[i] = info.seccomp.args[i] & mask;
  }
  stop.request.ip = info.instruction_pointer;
  stop.request.sp = info.stack_pointer;
  stop.data = info.seccomp.ret_data;
  return stop;
}

bool IsVsyscall(const SyscallRequest& request) {
  constexpr uint64_t kPage = 0xffffffffff600000;
  constexpr uint64_t kSize = 4096;
  return request.IsX86_64() && request.ip >= kPage && request.ip < kPage + kSize;
}

absl::StatusOr<int64_t> ReadResult(const Stopped& stopped) {
  PROVOST_ASSIGN_OR_RETURN(const __ptrace_syscall_info info,
                           SyscallInfo(stopped, PTRACE_SYSCALL_INFO_EXIT));
  return info.exit.rval;
}

absl::StatusOr<std::optional<InterruptedCall>> ReadInterruptedCall(const Stopped& stopped) {
  PROVOST_ASSIGN_OR_RETURN(const user_regs_struct registers, ReadRegisters(stopped));
  const auto nr = static_cast<int32_t>(registers.orig_rax);
  if (nr < 0 || !SaysRestart(registers)) return std::nullopt;
  return InterruptedCall{nr, registers.rip, registers.rsp};
}

absl::StatusOr<std::optional<SyscallRequest>> ReadRestart(const Stopped& stopped) {
  PROVOST_ASSIGN_OR_RETURN(const user_regs_struct registers, ReadRegisters(stopped));
  SyscallRequest request;
  request.nr = static_cast<int32_t>(registers.orig_rax);
  if (request.nr < 0 || !SaysRestart(registers)) return std::nullopt;
  PROVOST_ASSIGN_OR_RETURN(const __ptrace_syscall_info info,
                           SyscallInfo(stopped, PTRACE_SYSCALL_INFO_NONE));
  request.arch = info.arch;
  if (static_cast<int32_t>(registers.rax) == kRestartBlock) {
    constexpr int32_t kRestartSyscall = 219;
    constexpr int32_t kRestartSyscallI386 = 0;
    request.nr = request.IsI386() ? kRestartSyscallI386 : kRestartSyscall;
  }
  for (size_t i = 0; i < request.args.size(); ++i) {
    const size_t offset = ArgumentOffset(request, i);
    std::memcpy(&request.args[i], reinterpret_cast<const char*>(&registers) + offset,
                sizeof(request.args[i]));
    if (request.IsI386()) request.args[i] &= UINT32_MAX;
  }
  request.ip = registers.rip;
  request.sp = registers.rsp;
  return request;
}

absl::Status EndInterruptedCall(const Stopped& stopped) {
  return Poke(stopped, offsetof(user_regs_struct, rax),
              static_cast<uint64_t>(static_cast<int64_t>(-EINTR)));
}

absl::Status SkipSyscall(const Stopped& stopped, int64_t result) {
  PROVOST_RETURN_IF_ERROR(
      Poke(stopped, offsetof(user_regs_struct, rax), static_cast<uint64_t>(result)));
  return SetSyscallNumber(stopped, -1);
}

absl::Status SetResult(const Stopped& stopped, int64_t result) {
  return Poke(stopped, offsetof(user_regs_struct, rax), static_cast<uint64_t>(result));
}

absl::Status SetSyscallNumber(const Stopped& stopped, int32_t nr) {
  return Poke(stopped, offsetof(user_regs_struct, orig_rax),
              static_cast<uint64_t>(static_cast<int64_t>(nr)));
}

absl::StatusOr<ArgumentRegisters> ReplaceArguments(const Stopped& stopped,
                                                   const SyscallRequest& asked,
                                                   const SyscallRequest& wanted) {
  ArgumentRegisters before = asked.args;
  if (asked.IsI386()) {
    // Of i386's arguments the request has the lower halves.
    PROVOST_ASSIGN_OR_RETURN(const user_regs_struct registers, ReadRegisters(stopped));
    for (size_t i = 0; i < before.size(); ++i) {
      std::memcpy(&before[i], reinterpret_cast<const char*>(&registers) + ArgumentOffset(asked, i),
                  sizeof(before[i]));
    }
  }
  for (size_t i = 0; i < before.size(); ++i) {
    if (wanted.args[i] == asked.args[i]) continue;
    PROVOST_RETURN_IF_ERROR(Poke(stopped, ArgumentOffset(asked, i), wanted.args[i]));
  }
  if (wanted.nr != asked.nr) PROVOST_RETURN_IF_ERROR(SetSyscallNumber(stopped, wanted.nr));
  return before;
}

absl::Status RestoreArguments(const Stopped& stopped, const SyscallRequest& asked,
                              const SyscallRequest& wanted, const ArgumentRegisters& registers) {
  for (size_t i = 0; i < registers.size(); ++i) {
    if (wanted.args[i] == asked.args[i]) continue;
    PROVOST_RETURN_IF_ERROR(Poke(stopped, ArgumentOffset(asked, i), registers[i]));
  }
  // By it the kernel makes the call again, if it does.
  if (wanted.nr != asked.nr) return SetSyscallNumber(stopped, asked.nr);
  return absl::OkStatus();
}

absl::Status SetInstructionPointer(const Stopped& stopped, uint64_t ip) {
  return Poke(stopped, offsetof(user_regs_struct, rip), ip);
}

absl::Status SetArguments(const Stopped& stopped, const SyscallRequest& asked) {
  for (size_t i = 0; i < asked.args.size(); ++i) {
    PROVOST_RETURN_IF_ERROR(Poke(stopped, ArgumentOffset(asked, i), asked.args[i]));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> BeganIn(const Stopped& stopped, const SyscallRequest& asked,
                             const SyscallRequest& wanted) {
  PROVOST_ASSIGN_OR_RETURN(const user_regs_struct registers, ReadRegisters(stopped));
  if (registers.rip != asked.ip) return false;
  const uint64_t mask = asked.IsI386() ? UINT32_MAX : UINT64_MAX;
  for (size_t i = 0; i < wanted.args.size(); ++i) {
    uint64_t value = 0;
    std::memcpy(&value, reinterpret_cast<const char*>(&registers) + ArgumentOffset(asked, i),
                sizeof(value));
    if ((value & mask) != wanted.args[i]) return false;
  }
  return true;
}

absl::StatusOr<bool> RestoreCloneFlags(const Stopped& child, const SyscallRequest& asked,
                                       uint64_t flags) {
  PROVOST_ASSIGN_OR_RETURN(const user_regs_struct registers, ReadRegisters(child));
  const auto argument = [&](size_t i) {
    uint64_t value = 0;
    std::memcpy(&value, reinterpret_cast<const char*>(&registers) + ArgumentOffset(asked, i),
                sizeof(value));
    return asked.IsI386() ? static_cast<uint32_t>(value) : value;
  };
  if (registers.rip != asked.ip || argument(0) != flags) return false;
  for (size_t i = 1; i < asked.args.size(); ++i) {
    if (argument(i) != asked.args[i]) return false;
  }
  PROVOST_RETURN_IF_ERROR(Poke(child, ArgumentOffset(asked, 0), asked.args[0]));
  return true;
}

absl::StatusOr<bool> IsStep(const Stopped& stopped) {
  PROVOST_ASSIGN_OR_RETURN(const siginfo_t info, SignalInfo(stopped));
  return info.si_signo == SIGTRAP && info.si_code == TRAP_TRACE;
}

absl::StatusOr<bool> IsSeccompTrap(const Stopped& stopped, int32_t nr) {
  PROVOST_ASSIGN_OR_RETURN(const siginfo_t info, SignalInfo(stopped));
  return info.si_signo == SIGSYS && info.si_code == SYS_SECCOMP && info.si_syscall == nr;
}

absl::Status PresentTrapAs(const Stopped& stopped, int32_t asked) {
  PROVOST_ASSIGN_OR_RETURN(siginfo_t info, SignalInfo(stopped));
  info.si_syscall = asked;
  if (ptrace(PTRACE_SETSIGINFO, stopped.tid(), nullptr, &info) < 0) {
    return TraceeError("PTRACE_SETSIGINFO", stopped.tid(), errno);
  }
  return Poke(stopped, offsetof(user_regs_struct, rax),
              static_cast<uint64_t>(static_cast<int64_t>(asked)));
}

}  // namespace provost
