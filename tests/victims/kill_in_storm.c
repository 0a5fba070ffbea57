// SIGKILL finds its target anywhere: in calls, forking, making threads, about to exec.
#include <pthread.h>

#include "victim.h"

static int ready;

static void* Call(void* argument) {
  while (1) {
    syscall(SYS_getppid);
    access("/nonexistent", F_OK);
  }
  return argument;
}

static void Storm(void) {
  pthread_t thread;
  setpgid(0, 0);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pthread_create(&thread, NULL, Call, NULL), 0);
  EXPECT_EQ(write(ready, "x", 1), 1);
  while (1) {
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    if (pid > 0) waitpid(pid, NULL, 0);
  }
}

int main(void) {
  int fds[2];
  char byte;
  EXPECT_EQ(pipe(fds), 0);
  ready = fds[1];
  for (int round = 0; round < 100; ++round) {
    pid_t pid = fork();
    if (pid == 0) Storm();
    EXPECT(pid > 0);
    EXPECT_EQ(read(fds[0], &byte, 1), 1);
    // Another moment each round.
    for (int i = 0; i < 5 * round; ++i) getppid();
    EXPECT_EQ(kill(round % 2 == 0 ? pid : -pid, SIGKILL), 0);
    ExpectKilled(pid, SIGKILL);
  }
  Succeed();
}
