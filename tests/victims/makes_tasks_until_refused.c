// Eight threads that do nothing but make threads and processes. Prints READY, and ends once getppid
// is refused (EACCES).
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "victim.h"

enum { kThreads = 8 };

static atomic_int done;

static void* Returns(void* argument) { return argument; }

static void* MakesTasks(void* unused) {
  while (!atomic_load(&done)) {
    pthread_t thread;
    EXPECT_EQ(pthread_create(&thread, NULL, Returns, NULL), 0);
    EXPECT_EQ(pthread_join(thread, NULL), 0);
    const pid_t child = vfork();
    EXPECT(child >= 0);
    if (child == 0) _exit(4);
    ExpectExit(child, 4);
  }
  return unused;
}

int main(void) {
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], NULL, MakesTasks, NULL), 0);
  }
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  while (syscall(SYS_getppid) >= 0) sched_yield();
  EXPECT_EQ(errno, EACCES);
  atomic_store(&done, 1);
  for (int i = 0; i < kThreads; ++i) EXPECT_EQ(pthread_join(threads[i], NULL), 0);
  Succeed();
}
