// getppid kills the thread that calls it, and no other.
#include <pthread.h>

#include "victim.h"

static volatile int survived;

static void* Call(void* argument) {
  syscall(SYS_getppid);
  survived = 1;
  return argument;
}

int main(void) {
  for (int i = 0; i < 4; ++i) {
    pthread_t thread;
    EXPECT_EQ(pthread_create(&thread, NULL, Call, NULL), 0);
    EXPECT_EQ(pthread_join(thread, NULL), 0);
    EXPECT_EQ(survived, 0);
  }
  pid_t pid = fork();
  if (pid == 0) {
    // The only thread of a process is the process.
    syscall(SYS_getppid);
    _exit(1);
  }
  ExpectKilled(pid, SIGSYS);
  Succeed();
}
