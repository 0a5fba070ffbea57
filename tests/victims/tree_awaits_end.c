// A tree of processes, threads, sessions and a vfork parent that waits for ever. Prints READY when
// all of it stands. All hold standard output: who reads it sees the end of the last.
#include <pthread.h>

#include "victim.h"

static int ready;

static void Ready(void) { EXPECT_EQ(write(ready, "x", 1), 1); }

static void* Wait(void* argument) {
  Ready();
  while (1) pause();
  return argument;
}

int main(int argc, char** argv) {
  if (argc == 3) {
    ready = atoi(argv[2]);
    Wait(NULL);
  }
  int fds[2];
  char byte;
  EXPECT_EQ(pipe(fds), 0);
  ready = fds[1];
  if (fork() == 0) Wait(NULL);
  if (fork() == 0) {
    setsid();
    if (fork() == 0) Wait(NULL);
    _exit(0);
  }
  if (fork() == 0) {
    char number[16];
    snprintf(number, sizeof(number), "%d", ready);
    char* const arguments[] = {argv[0], "wait", number, NULL};
    if (vfork() == 0) {
      // Waits without exec: the parent is held in vfork.
      Ready();
      while (1) pause();
    }
    execv("/proc/self/exe", arguments);
    _exit(1);
  }
  if (fork() == 0) {
    char number[16];
    snprintf(number, sizeof(number), "%d", ready);
    char* const arguments[] = {argv[0], "wait", number, NULL};
    execv("/proc/self/exe", arguments);
    _exit(1);
  }
  if (fork() == 0) {
    // Busy in calls.
    Ready();
    while (1) syscall(SYS_getppid);
  }
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, Wait, NULL), 0);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(read(fds[0], &byte, 1), 1);
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  while (1) pause();
}
