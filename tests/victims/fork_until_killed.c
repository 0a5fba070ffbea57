// Forks without end from four threads; its children, in sessions of their own, end at once.
// Whoever started it kills it. Prints READY first.
#include <pthread.h>

#include "victim.h"

static void* Fork(void* argument) {
  while (1) {
    pid_t pid = fork();
    if (pid == 0) {
      setsid();
      _exit(0);
    }
    if (pid > 0) waitpid(pid, NULL, 0);
  }
  return argument;
}

int main(void) {
  pthread_t thread;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pthread_create(&thread, NULL, Fork, NULL), 0);
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  Fork(NULL);
}
