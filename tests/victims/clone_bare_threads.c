// Threads made by clone(2) alone, without libpthread.
#include <linux/futex.h>
#include <sched.h>

#include "victim.h"

enum { kThreads = 16, kStack = 16384 };

static char stacks[kThreads][kStack] __attribute__((aligned(16)));
static volatile int tids[kThreads];
static volatile int results[kThreads];

static int Thread(void* argument) {
  long i = (long)argument;
  // Raw calls alone: no thread-local storage of its own was set up.
  results[i] = syscall(SYS_getpid) != syscall(SYS_gettid) ? (int)i + 1 : -1;
  return 0;
}

int main(void) {
  const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                    CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  for (long i = 0; i < kThreads; ++i) {
    EXPECT(clone(Thread, stacks[i] + kStack, flags, (void*)i, &tids[i], NULL, &tids[i]) > 0);
  }
  for (int i = 0; i < kThreads; ++i) {
    int tid;
    while ((tid = tids[i]) != 0) syscall(SYS_futex, &tids[i], FUTEX_WAIT, tid, NULL, NULL, 0);
    EXPECT_EQ(results[i], i + 1);
  }
  Succeed();
}
