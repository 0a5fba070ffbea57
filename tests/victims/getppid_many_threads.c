// getppid gives argv[1], argv[2] times in each of 8 threads.
#include <pthread.h>

#include "raw_syscall.h"
#include "victim.h"

enum { kThreads = 8 };

static long long answer;

static void* Call(void* argument) {
  for (long i = (long)argument; i > 0; --i) EXPECT_EQ(RawSyscall3(SYS_getppid, 0, 0, 0), answer);
  return NULL;
}

int main(int argc, char** argv) {
  if (argc != 3) Fail("usage: %s ANSWER COUNT", argv[0]);
  answer = strtoll(argv[1], NULL, 0);
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], NULL, Call, (void*)atol(argv[2])), 0);
  }
  for (int i = 0; i < kThreads; ++i) EXPECT_EQ(pthread_join(threads[i], NULL), 0);
  Succeed();
}
