// Executes itself 300 times over, from its leader and from other threads in turn.
#include <pthread.h>

#include "victim.h"

static char left[16];

static void* Exec(void* argument) {
  char* const arguments[] = {"exec_in_loop_300", left, NULL};
  execv("/proc/self/exe", arguments);
  Fail("execv: %s", strerror(errno));
  return argument;
}

int main(int argc, char** argv) {
  int count = argc > 1 ? atoi(argv[1]) : 300;
  if (count == 0) Succeed();
  snprintf(left, sizeof(left), "%d", count - 1);
  if (count % 2 == 0) Exec(NULL);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, Exec, NULL), 0);
  while (1) pause();
}
