// A trapped i386 getppid of 64-bit code.
#include <linux/audit.h>
#include <stdint.h>
#include <ucontext.h>

#include "victim.h"

enum { kGetppidOfI386 = 64 };

static volatile int seen;
extern const char after_call[];

static void OnSys(int signal, siginfo_t* info, void* context) {
  greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  EXPECT_EQ(signal, SIGSYS);
  EXPECT_EQ(info->si_code, 1);  // SYS_SECCOMP
  EXPECT_EQ(info->si_syscall, kGetppidOfI386);
  EXPECT_EQ(info->si_arch, AUDIT_ARCH_I386);
  EXPECT(info->si_call_addr == after_call);
  EXPECT_EQ(registers[REG_RIP], (uintptr_t)after_call);
  EXPECT_EQ(registers[REG_RAX], kGetppidOfI386);
  registers[REG_RAX] = 4000 + ++seen;
}

int main(void) {
  SetHandler(SIGSYS, OnSys, 0);
  for (int i = 1; i <= 3; ++i) {
    long result;
    __asm__ volatile(
        "int $0x80\n"
        ".globl after_call\n"
        "after_call:\n"
        : "=a"(result)
        : "0"(kGetppidOfI386)
        : "r8", "r9", "r10", "r11", "memory");
    EXPECT_EQ(seen, i);
    EXPECT_EQ(result, 4000 + i);
  }
  Succeed();
}
