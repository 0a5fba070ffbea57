// The program itself uses CLONE_PARENT: its sibling is a child of whoever started the program.
#include <sched.h>

#include "victim.h"

int main(void) {
  int fds[2];
  char byte;
  pid_t parent = getppid();
  EXPECT_EQ(pipe(fds), 0);
  pid_t pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
  if (pid == 0) {
    EXPECT_EQ(getppid(), parent);
    EXPECT_EQ(write(fds[1], "x", 1), 1);
    _exit(9);
  }
  EXPECT(pid > 0);
  EXPECT_EQ(read(fds[0], &byte, 1), 1);
  EXPECT_EQ(waitpid(pid, NULL, 0), -1);
  EXPECT_EQ(errno, ECHILD);
  Succeed();
}
