// A trapped getppid of a 32-bit program.
#include <linux/audit.h>
#include <stdint.h>
#include <ucontext.h>

#include "victim.h"

static volatile int seen;
extern const char after_call[];

static void OnSys(int signal, siginfo_t* info, void* context) {
  greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  EXPECT_EQ(signal, SIGSYS);
  EXPECT_EQ(info->si_code, 1);  // SYS_SECCOMP
  EXPECT_EQ(info->si_errno, 0);
  EXPECT_EQ(info->si_syscall, SYS_getppid);
  EXPECT_EQ(info->si_arch, AUDIT_ARCH_I386);
  EXPECT(info->si_call_addr == after_call);
  EXPECT_EQ(registers[REG_EIP], (intptr_t)after_call);
  EXPECT_EQ(registers[REG_EAX], SYS_getppid);
  registers[REG_EAX] = 4000 + ++seen;
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
        : "0"(SYS_getppid)
        : "memory");
    EXPECT_EQ(seen, i);
    EXPECT_EQ(result, 4000 + i);
  }
  Succeed();
}
