// A filter of the task's own that traps is obeyed, and its data is the task's own.
#include "own_filter.h"
#include "raw_syscall.h"

static volatile int seen;

static void OnSys(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  EXPECT_EQ(info->si_code, 1);  // SYS_SECCOMP
  EXPECT_EQ(info->si_errno, 0x1234);
  EXPECT_EQ(info->si_syscall, SYS_getppid);
  ++seen;
}

int main(void) {
  SetHandler(SIGSYS, OnSys, 0);
  FilterGetppid(SECCOMP_RET_TRAP | 0x1234);
  EXPECT_EQ(RawSyscall3(SYS_getppid, 0, 0, 0), SYS_getppid);
  EXPECT_EQ(seen, 1);
  Succeed();
}
