// A SIGSYS that the program sends itself is nobody's but its own, even if it looks like a filter's.
#include "victim.h"

static volatile int seen;
static volatile siginfo_t last;

static void OnSys(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  last = *info;
  ++seen;
}

int main(void) {
  SetHandler(SIGSYS, OnSys, 0);
  raise(SIGSYS);
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(last.si_code, SI_TKILL);
  EXPECT_EQ(last.si_pid, getpid());
  siginfo_t info;
  memset(&info, 0, sizeof(info));
  info.si_signo = SIGSYS;
  info.si_code = 1;  // SYS_SECCOMP
  info.si_call_addr = (void*)0x1234;
  info.si_syscall = 0x2f707202;
  info.si_arch = 0xc000003e;
  EXPECT_EQ(syscall(SYS_rt_sigqueueinfo, getpid(), SIGSYS, &info), 0);
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(last.si_code, 1);
  EXPECT_EQ(last.si_syscall, 0x2f707202);
  EXPECT(last.si_call_addr == (void*)0x1234);
  signal(SIGSYS, SIG_IGN);
  raise(SIGSYS);
  EXPECT_EQ(seen, 2);
  Succeed();
}
