// A handler on its own stack, for a signal sent and for a fault.
#include <setjmp.h>
#include <stdint.h>

#include "victim.h"

static char stack[65536] __attribute__((aligned(16)));
static volatile int seen;
static sigjmp_buf back;

static void OnSignal(int signal, siginfo_t* info, void* context) {
  (void)context;
  char here;
  EXPECT((uintptr_t)&here >= (uintptr_t)stack &&
         (uintptr_t)&here < (uintptr_t)stack + sizeof(stack));
  EXPECT(syscall(SYS_getppid) >= 0);
  ++seen;
  if (signal == SIGSEGV) {
    EXPECT(info->si_addr == (void*)16);
    EXPECT_EQ(info->si_code, SEGV_MAPERR);
    siglongjmp(back, 1);
  }
}

int main(void) {
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack), .ss_flags = 0};
  EXPECT_EQ(sigaltstack(&alternate, NULL), 0);
  SetHandler(SIGUSR1, OnSignal, SA_ONSTACK);
  SetHandler(SIGSEGV, OnSignal, SA_ONSTACK);
  raise(SIGUSR1);
  EXPECT_EQ(seen, 1);
  volatile int* volatile wild = (volatile int*)16;
  if (sigsetjmp(back, 1) == 0) *wild = 1;
  EXPECT_EQ(seen, 2);
  stack_t now;
  EXPECT_EQ(sigaltstack(NULL, &now), 0);
  EXPECT_EQ(now.ss_flags, 0);
  Succeed();
}
