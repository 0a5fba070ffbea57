#include "tracee/injected_call.h"

#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/user.h>

#include <cerrno>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "syscalls/syscall_table.h"
#include "tracee/died.h"

namespace provost {
namespace {

// `syscall` is 0f 05, `int $0x80` is cd 80.
constexpr uint64_t kInstructionSize = 2;

absl::Status PokeRegister(const Stopped& stopped, size_t offset, uint64_t value) {
  if (ptrace(PTRACE_POKEUSER, stopped.tid(), offset, value) < 0) {
    return TraceeError("PTRACE_POKEUSER", stopped.tid(), errno);
  }
  return absl::OkStatus();
}

}  // namespace

Gate Gate::Random() {
  uint64_t random = 0;
  // So few bytes come at once or, before the machine has gathered any entropy, not at all
  // (getrandom(2)): no task can be at any of these addresses.
  (void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
  return Gate(random);
}

absl::StatusOr<InjectedCall> InjectedCall::Begin(const Stopped& stopped,
                                                 const SyscallRequest& instead_of,
                                                 const RemoteCall& call, const Gate& gate) {
  const Syscall* syscall = nullptr;
  if (instead_of.HasKnownArch() && !IsVsyscall(instead_of)) {
    syscall = SyscallTable::Get().Find(static_cast<Arch>(instead_of.arch), call.name);
  }
  if (syscall == nullptr) {
    return absl::InternalError(
        absl::StrCat("task ", stopped.tid(), " cannot call ", call.name, " at this stop"));
  }
  PROVOST_ASSIGN_OR_RETURN(const user_regs_struct registers, ReadRegisters(stopped));
  InjectedCall injected(instead_of);
  injected.number_ = registers.orig_rax;
  injected.instruction_ = registers.rip;
  injected.made_.nr = syscall->nr;
  injected.made_.args = call.args;
  PROVOST_ASSIGN_OR_RETURN(injected.arguments_,
                           ReplaceArguments(stopped, instead_of, injected.made_));
  PROVOST_RETURN_IF_ERROR(
      PokeRegister(stopped, offsetof(user_regs_struct, rip), gate.instruction()));
  PROVOST_RETURN_IF_ERROR(SetSyscallNumber(stopped, syscall->nr));
  return injected;
}

absl::StatusOr<int64_t> InjectedCall::Finish(const Stopped& stopped) const {
  PROVOST_ASSIGN_OR_RETURN(const int64_t result, ReadResult(stopped));
  PROVOST_RETURN_IF_ERROR(RestoreArguments(stopped, instead_of_, made_, arguments_));
  PROVOST_RETURN_IF_ERROR(
      PokeRegister(stopped, offsetof(user_regs_struct, rip), instruction_ - kInstructionSize));
  PROVOST_RETURN_IF_ERROR(PokeRegister(stopped, offsetof(user_regs_struct, rax), number_));
  // In no call any more: else the kernel might restart it once more by itself.
  PROVOST_RETURN_IF_ERROR(SetSyscallNumber(stopped, -1));
  return result;
}

}  // namespace provost
