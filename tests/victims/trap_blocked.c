// A trapped getppid kills by SIGSYS where that is blocked, whatever its handler is.
#include "victim.h"

static void OnSys(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)info;
  (void)context;
  Fail("a blocked SIGSYS came to its handler");
}

int main(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGSYS);
  SetHandler(SIGSYS, OnSys, 0);
  EXPECT_EQ(sigprocmask(SIG_BLOCK, &set, NULL), 0);
  syscall(SYS_getppid);
  Fail("getppid did not kill");
}
