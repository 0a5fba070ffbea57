#include "tracee/injected_call.h"

#include <sys/random.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "syscalls/syscall_table.h"

namespace provost {
namespace {

// `syscall` is 0f 05, `int $0x80` is cd 80.
constexpr uint64_t kInstructionSize = 2;

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
  user_regs_struct ours = registers;
  for (size_t i = 0; i < call.args.size(); ++i) {
    auto& argument = ArgumentIn(ours, instead_of, i);
    injected.arguments_[i] = argument;
    // Of i386's arguments the request has the lower halves.
    if (call.args[i] != instead_of.args[i]) argument = call.args[i];
  }
  ours.rip = gate.instruction();
  ours.orig_rax = static_cast<uint64_t>(syscall->nr);
  PROVOST_RETURN_IF_ERROR(ChangeRegisters(stopped, instead_of, registers, ours));
  return injected;
}

absl::StatusOr<int64_t> InjectedCall::Finish(const Stopped& stopped) const {
  PROVOST_ASSIGN_OR_RETURN(const int64_t result, ReadResult(stopped));
  PROVOST_ASSIGN_OR_RETURN(const user_regs_struct ours, ReadRegisters(stopped));
  user_regs_struct registers = ours;
  for (size_t i = 0; i < arguments_.size(); ++i) {
    ArgumentIn(registers, instead_of_, i) = arguments_[i];
  }
  registers.rip = instruction_ - kInstructionSize;
  registers.rax = number_;
  // In no call any more: else the kernel might restart it once more by itself.
  registers.orig_rax = UINT64_MAX;
  PROVOST_RETURN_IF_ERROR(ChangeRegisters(stopped, instead_of_, ours, registers));
  return result;
}

}  // namespace provost
