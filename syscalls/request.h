#ifndef PROVOST_SYSCALLS_REQUEST_H_
#define PROVOST_SYSCALLS_REQUEST_H_

#include <linux/audit.h>

#include <array>
#include <cstdint>

namespace provost {

// An architecture as the kernel's audit and seccomp code name it (AUDIT_ARCH_*, linux/audit.h). The
// architecture belongs to a stop, not to a process: 64-bit code can enter by `int 0x80`. x32 is
// x86_64 with kX32Bit in the number.
enum class Arch : uint32_t {
  kX86_64 = AUDIT_ARCH_X86_64,
  kI386 = AUDIT_ARCH_I386,
};

inline constexpr std::array<Arch, 2> kAllArches = {Arch::kX86_64, Arch::kI386};

// Set in the number of a call made by the x32 ABI (__X32_SYSCALL_BIT, asm/unistd.h).
inline constexpr uint32_t kX32Bit = 0x40000000;

// One call as it entered the kernel: what PTRACE_GET_SYSCALL_INFO and struct seccomp_data both say.
// A plain value.
struct SyscallRequest {
  uint32_t arch = 0;  // AUDIT_ARCH_*, any value: what is no Arch is refused by construction
  int32_t nr = -1;    // the low 32 bits of the number register, as the kernel uses it
  std::array<uint64_t, 6> args = {};
  uint64_t ip = 0;
  uint64_t sp = 0;  // 0 where the source does not say (seccomp_data)

  bool IsX86_64() const { return arch == static_cast<uint32_t>(Arch::kX86_64); }
  bool IsI386() const { return arch == static_cast<uint32_t>(Arch::kI386); }
  bool IsX32() const {
    return IsX86_64() && nr != -1 && (static_cast<uint32_t>(nr) & kX32Bit) != 0;
  }
  bool HasKnownArch() const { return IsX86_64() || IsI386(); }
  // An argument as the kernel sees it. i386's are 32 bits wide; 64-bit code that enters by
  // `int 0x80` can leave anything above, which seccomp_data and PTRACE_GET_SYSCALL_INFO show and
  // the kernel ignores.
  uint64_t Register(uint8_t arg) const {
    return IsI386() ? static_cast<uint32_t>(args[arg]) : args[arg];
  }
};

}  // namespace provost

#endif  // PROVOST_SYSCALLS_REQUEST_H_
