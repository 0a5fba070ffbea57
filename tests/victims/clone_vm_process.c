// A process of its own that shares our memory (CLONE_VM without CLONE_THREAD).
#include <sched.h>

#include "victim.h"

static volatile int shared;
static char stack[65536] __attribute__((aligned(16)));

static int Child(void* argument) {
  shared = *(int*)argument;
  return 6;
}

int main(void) {
  int value = 4711;
  pid_t pid =
      clone(Child, stack + sizeof(stack), CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, &value);
  EXPECT(pid > 0);
  ExpectExit(pid, 6);
  EXPECT_EQ(shared, 4711);
  // No exit signal at all: only __WCLONE or __WALL wait for such a child.
  value = 4712;
  pid = clone(Child, stack + sizeof(stack), CLONE_VM, &value);
  EXPECT(pid > 0);
  EXPECT_EQ(waitpid(pid, NULL, 0), -1);
  ExpectExit(pid, 6);
  EXPECT_EQ(shared, 4712);
  Succeed();
}
