// The leader is a zombie when another thread execs.
#include <pthread.h>
#include <sched.h>

#include "dead_leader.h"
#include "victim.h"

static void* Exec(void* argument) {
  char pid[16];
  while (!LeaderIsZombie()) sched_yield();
  snprintf(pid, sizeof(pid), "%d", getpid());
  char* const arguments[] = {"again", pid, NULL};
  execv("/proc/thread-self/exe", arguments);
  Fail("execv: %s", strerror(errno));
  return argument;
}

int main(int argc, char** argv) {
  if (argc == 2) {
    EXPECT_EQ(getpid(), atoi(argv[1]));
    EXPECT_EQ(gettid(), getpid());
    Succeed();
  }
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, Exec, NULL), 0);
  syscall(SYS_exit, 0);
}
