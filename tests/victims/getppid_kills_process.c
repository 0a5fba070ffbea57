// A thread's getppid kills the whole process.
#include <pthread.h>

#include "victim.h"

static void* Call(void* argument) {
  syscall(SYS_getppid);
  Fail("getppid did not kill");
  return argument;
}

int main(void) {
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, Call, NULL), 0);
  while (1) pause();
}
