// Six threads make calls without end; the leader, older than all of them, gets its turns too.
#include <pthread.h>

#include "victim.h"

static pthread_barrier_t barrier;

static void* Call(void* argument) {
  pthread_barrier_wait(&barrier);
  while (1) syscall(SYS_getppid);
  return argument;
}

int main(void) {
  EXPECT_EQ(pthread_barrier_init(&barrier, NULL, 7), 0);
  pthread_t thread;
  for (int i = 0; i < 6; ++i) EXPECT_EQ(pthread_create(&thread, NULL, Call, NULL), 0);
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < 1000; ++i) syscall(SYS_getppid);
  Succeed();
}
