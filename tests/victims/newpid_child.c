// In a pid namespace of its own a child sees itself as 1 and its own child as 2.
#include <sched.h>

#include "victim.h"

int main(void) {
  int flags = CLONE_NEWPID | SIGCHLD;
  if (geteuid() != 0) flags |= CLONE_NEWUSER;
  pid_t pid = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
  if (pid == 0) {
    EXPECT_EQ(getpid(), 1);
    EXPECT_EQ(gettid(), 1);
    EXPECT_EQ(getppid(), 0);
    pid_t child = fork();
    if (child == 0) {
      EXPECT_EQ(getpid(), 2);
      EXPECT_EQ(getppid(), 1);
      _exit(22);
    }
    EXPECT_EQ(child, 2);
    ExpectExit(child, 22);
    _exit(21);
  }
  EXPECT(pid > 1);
  ExpectExit(pid, 21);
  Succeed();
}
