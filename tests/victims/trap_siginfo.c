// A trapped getppid gives a SIGSYS that says which call it was, with registers as they were, and
// goes on with what the handler puts into rax.
#include <linux/audit.h>
#include <stdint.h>
#include <ucontext.h>

#include "victim.h"

static volatile int seen;
extern const char after_call[];

static void OnSys(int signal, siginfo_t* info, void* context) {
  greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  EXPECT_EQ(signal, SIGSYS);
  EXPECT_EQ(info->si_signo, SIGSYS);
  EXPECT_EQ(info->si_code, 1);  // SYS_SECCOMP
  EXPECT_EQ(info->si_errno, 0);
  EXPECT_EQ(info->si_syscall, SYS_getppid);
  EXPECT_EQ(info->si_arch, AUDIT_ARCH_X86_64);
  EXPECT(info->si_call_addr == after_call);
  EXPECT_EQ(registers[REG_RIP], (uintptr_t)after_call);
  EXPECT_EQ(registers[REG_RAX], SYS_getppid);
  EXPECT_EQ(registers[REG_RDI], 11);
  EXPECT_EQ(registers[REG_RSI], 22);
  EXPECT_EQ(registers[REG_RDX], 33);
  // A call inside the handler, which may be traced too.
  EXPECT(syscall(SYS_getuid) >= 0);
  registers[REG_RAX] = 4000 + ++seen;
}

int main(void) {
  SetHandler(SIGSYS, OnSys, 0);
  for (int i = 1; i <= 3; ++i) {
    long result;
    __asm__ volatile(
        "syscall\n"
        ".globl after_call\n"
        "after_call:\n"
        : "=a"(result)
        : "0"(SYS_getppid), "D"(11), "S"(22), "d"(33)
        : "rcx", "r11", "memory");
    EXPECT_EQ(seen, i);
    EXPECT_EQ(result, 4000 + i);
  }
  Succeed();
}
