// System calls by bare instructions: what the kernel leaves in the result register, before libc has
// made an errno of it.

#ifndef PROVOST_TESTS_VICTIMS_RAW_SYSCALL_H_
#define PROVOST_TESTS_VICTIMS_RAW_SYSCALL_H_

#ifdef __x86_64__

// Arguments fill whole registers, so their upper halves are the caller's to choose.
static inline long RawSyscall3(unsigned long nr, unsigned long a, unsigned long b,
                               unsigned long c) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"(nr), "D"(a), "S"(b), "d"(c)
                   : "rcx", "r11", "memory");
  return result;
}

// A call of the i386 ABI from 64-bit code; `nr` is i386's.
static inline long Int80(unsigned long nr, unsigned long a, unsigned long b, unsigned long c) {
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "0"(nr), "b"(a), "c"(b), "d"(c)
                   : "r8", "r9", "r10", "r11", "memory");
  return result;
}

#else

static inline long RawSyscall3(unsigned long nr, unsigned long a, unsigned long b,
                               unsigned long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "0"(nr), "b"(a), "c"(b), "d"(c) : "memory");
  return result;
}

#endif

#endif  // PROVOST_TESTS_VICTIMS_RAW_SYSCALL_H_
