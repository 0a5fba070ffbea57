// Every task here has a tracer, so that parents, siblings and threads can trace none of each other:
// EPERM. argv[1] is the tracer, which a task without privilege over it cannot trace either.
#include <pthread.h>
#include <sys/ptrace.h>

#include "victim.h"

static pid_t leader;

static void ExpectRefused(pid_t pid) {
  EXPECT_EQ(ptrace(PTRACE_SEIZE, pid, NULL, NULL), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(ptrace(PTRACE_ATTACH, pid, NULL, NULL), -1);
  EXPECT_EQ(errno, EPERM);
}

static void* TraceLeader(void* argument) {
  ExpectRefused(leader);
  return argument;
}

int main(void) {
  pthread_t thread;
  leader = getpid();
  EXPECT_EQ(pthread_create(&thread, NULL, TraceLeader, NULL), 0);
  EXPECT_EQ(pthread_join(thread, NULL), 0);
  pid_t child = fork();
  if (child == 0) {
    ExpectRefused(leader);
    while (1) pause();
  }
  pid_t sibling = fork();
  if (sibling == 0) {
    ExpectRefused(child);
    ExpectRefused(leader);
    EXPECT_EQ(ptrace(PTRACE_TRACEME, 0, NULL, NULL), -1);
    _exit(9);
  }
  ExpectExit(sibling, 9);
  ExpectRefused(child);
  EXPECT_EQ(kill(child, SIGKILL), 0);
  ExpectKilled(child, SIGKILL);
  Succeed();
}
