// exit_group while other threads fork, make threads and are inside calls.
#include <pthread.h>

#include "victim.h"

static volatile int rounds;

static void* Storm(void* argument) {
  while (1) {
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    if (pid > 0) waitpid(pid, NULL, 0);
    __atomic_add_fetch(&rounds, 1, __ATOMIC_RELAXED);
  }
  return argument;
}

int main(void) {
  for (int i = 0; i < 20; ++i) {
    pid_t pid = fork();
    if (pid == 0) {
      pthread_t thread;
      for (int j = 0; j < 6; ++j) EXPECT_EQ(pthread_create(&thread, NULL, Storm, NULL), 0);
      while (rounds < 8) syscall(SYS_getppid);
      _exit(77);
    }
    EXPECT(pid > 0);
    ExpectExit(pid, 77);
  }
  Succeed();
}
