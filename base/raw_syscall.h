#ifndef PROVOST_BASE_RAW_SYSCALL_H_
#define PROVOST_BASE_RAW_SYSCALL_H_

// System calls by bare instructions, through either entry of an x86_64 kernel: for children whose
// filter may refuse what libc does besides. Results are as the kernel gives them: -errno, no errno.

#include <array>
#include <cstdint>

namespace provost {

using SyscallArgs = std::array<uint64_t, 6>;

// A call of the x86_64 ABI.
inline int64_t Call64(int64_t nr, const SyscallArgs& args) {
  register uint64_t r10 asm("r10") = args[3];
  register uint64_t r8 asm("r8") = args[4];
  register uint64_t r9 asm("r9") = args[5];
  int64_t result = nr;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(args[0]), "S"(args[1]), "d"(args[2]), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

// A call of the i386 ABI from 64-bit code. The sixth argument travels in rbp, which the compiler
// may need for itself.
inline int64_t Call32(int64_t nr, const SyscallArgs& args) {
  register uint64_t r12 asm("r12") = args[5];
  int64_t result = nr;
  asm volatile(
      "xchg %%r12, %%rbp\n\t"
      "int $0x80\n\t"
      "xchg %%r12, %%rbp"
      : "+a"(result), "+r"(r12)
      : "b"(args[0]), "c"(args[1]), "d"(args[2]), "S"(args[3]), "D"(args[4])
      : "r8", "r9", "r10", "r11", "memory");
  return static_cast<int32_t>(result);
}

}  // namespace provost

#endif  // PROVOST_BASE_RAW_SYSCALL_H_
