// Syscall User Dispatch (Documentation/admin-guide/syscall-user-dispatch.rst): a call that the
// program answers itself by SIGSYS, without the kernel or a filter seeing it.
#include <sys/prctl.h>

#include "victim.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

static volatile char g_selector = 0;
static volatile int g_dispatched = 0;

static void OnDispatch(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info, (void)context;
  g_selector = 0;
  ++g_dispatched;
}

int main(void) {
  SetHandler(SIGSYS, OnDispatch, 0);
  EXPECT_EQ(prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, &g_selector), 0);
  g_selector = 1;
  syscall(SYS_getppid);
  EXPECT_EQ(g_dispatched, 1);
  EXPECT_EQ(prctl(PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0), 0);
  Succeed();
}
