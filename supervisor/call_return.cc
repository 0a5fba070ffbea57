#include "supervisor/call_return.h"

#include <array>
#include <cstring>

#include "base/status_macros.h"
#include "tracee/registers.h"

namespace provost {
namespace {

// The numbers of rdi, rsi, rdx, r10, r8 and r9 in instructions (Intel's manual, volume 2, 2.2.1.2).
constexpr std::array<uint8_t, 6> kRegisters = {7, 6, 2, 10, 8, 9};
constexpr uint8_t kRcx = 1;

// For each base its own code.
constexpr size_t kEntrySize = 64;
// `syscall`; two bytes before where a call returns to is where the kernel makes it again.
constexpr std::array<uint8_t, 2> kSyscall = {0x0f, 0x05};
// `jmp *%rcx`
constexpr std::array<uint8_t, 2> kJump = {0xff, 0xe1};

// What is in the header: the arguments' registers, and where to go.
constexpr size_t kAddressAt = 6 * sizeof(uint64_t);

// `mov (at - kHeaderSize)(%base), %target`
std::array<uint8_t, 4> Load(uint8_t target, uint8_t base, size_t at) {
  const int displacement = static_cast<int>(at) - static_cast<int>(CallReturn::kHeaderSize);
  return {static_cast<uint8_t>(0x48 | (target >= 8 ? 4 : 0) | (base >= 8 ? 1 : 0)), 0x8b,
          static_cast<uint8_t>(0x40 | (target % 8) << 3 | base % 8),
          static_cast<uint8_t>(displacement)};
}

}  // namespace

size_t CallReturn::EntryOffset(size_t base) { return base * kEntrySize; }

void CallReturn::WriteCode(char* page) {
  for (size_t base = 0; base < kRegisters.size(); ++base) {
    char* at = page + EntryOffset(base);
    const auto append = [&at](const auto& instruction) {
      memcpy(at, instruction.data(), instruction.size());
      at += instruction.size();
    };
    append(kSyscall);
    append(Load(kRcx, kRegisters[base], kAddressAt));
    for (size_t i = 0; i < kRegisters.size(); ++i) {
      if (i != base) append(Load(kRegisters[i], kRegisters[base], i * sizeof(uint64_t)));
    }
    append(Load(kRegisters[base], kRegisters[base], base * sizeof(uint64_t)));
    append(kJump);
  }
}

void CallReturn::WriteHeader(char* header, const SyscallRequest& asked) {
  memcpy(header, asked.args.data(), sizeof(asked.args));
  memcpy(header + kAddressAt, &asked.ip, sizeof(asked.ip));
}

bool CallReturn::Contains(uint64_t ip) const { return ip >= entry_ && ip < entry_ + kEntrySize; }

absl::Status CallReturn::Begin(const Stopped& stopped) const {
  return SetInstructionPointer(stopped, entry_ + kSyscall.size());
}

absl::StatusOr<bool> CallReturn::Settle(const Stopped& stopped) const {
  PROVOST_ASSIGN_OR_RETURN(const user_regs_struct registers, ReadRegisters(stopped));
  if (!Contains(registers.rip)) return false;
  PROVOST_RETURN_IF_ERROR(SetArguments(stopped, asked_));
  // About to make the call again, or past it.
  const bool again = registers.rip == entry_;
  PROVOST_RETURN_IF_ERROR(
      SetInstructionPointer(stopped, again ? asked_.ip - kSyscall.size() : asked_.ip));
  return true;
}

absl::Status CallReturn::Settle(const Stopped& stopped, SyscallRequest& request) const {
  if (request.ip != entry_ + kSyscall.size() || request.IsI386()) return absl::OkStatus();
  PROVOST_RETURN_IF_ERROR(SetArguments(stopped, asked_));
  request.args = asked_.args;
  request.ip = asked_.ip;
  return SetInstructionPointer(stopped, asked_.ip);
}

}  // namespace provost
