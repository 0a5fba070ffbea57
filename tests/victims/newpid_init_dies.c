// When the first process of a pid namespace ends, the kernel kills the rest of it.
#include <sched.h>

#include "victim.h"

int main(void) {
  int fds[2];
  char byte;
  EXPECT_EQ(pipe(fds), 0);
  int flags = CLONE_NEWPID | SIGCHLD;
  if (geteuid() != 0) flags |= CLONE_NEWUSER;
  pid_t init = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
  if (init == 0) {
    for (int i = 0; i < 8; ++i) {
      pid_t pid = fork();
      EXPECT(pid >= 0);
      if (pid == 0) {
        EXPECT_EQ(write(fds[1], "x", 1), 1);
        while (1) getppid();
      }
    }
    for (int i = 0; i < 8; ++i) EXPECT_EQ(read(fds[0], &byte, 1), 1);
    _exit(31);
  }
  EXPECT(init > 0);
  close(fds[1]);
  ExpectExit(init, 31);
  // All writers are gone.
  EXPECT_EQ(read(fds[0], &byte, 1), 0);
  Succeed();
}
