// 8 threads make 200 trapped calls each, while signals arrive; each gets its own SIGSYS.
#include <pthread.h>
#include <ucontext.h>

#include "victim.h"

enum { kThreads = 8, kCalls = 200 };

static void OnSys(int signal, siginfo_t* info, void* context) {
  (void)signal;
  EXPECT_EQ(info->si_syscall, SYS_getppid);
  ((ucontext_t*)context)->uc_mcontext.gregs[REG_RAX] = gettid();
}

static void OnUser(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)info;
  (void)context;
}

static void* Call(void* argument) {
  (void)argument;
  for (int i = 0; i < kCalls; ++i) {
    EXPECT_EQ(syscall(SYS_getppid), gettid());
    kill(getpid(), SIGUSR1);
  }
  return NULL;
}

int main(void) {
  pthread_t threads[kThreads];
  SetHandler(SIGSYS, OnSys, 0);
  SetHandler(SIGUSR1, OnUser, SA_RESTART);
  for (int i = 0; i < kThreads; ++i) EXPECT_EQ(pthread_create(&threads[i], NULL, Call, NULL), 0);
  for (int i = 0; i < kThreads; ++i) EXPECT_EQ(pthread_join(threads[i], NULL), 0);
  Succeed();
}
