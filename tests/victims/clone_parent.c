// CLONE_PARENT makes a sibling: its maker's parent waits for it.
#include <sched.h>

#include "victim.h"

int main(void) {
  int fds[2];
  pid_t sibling;
  EXPECT_EQ(pipe(fds), 0);
  pid_t maker = fork();
  if (maker == 0) {
    pid_t pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) _exit(9);
    EXPECT(pid > 0);
    EXPECT_EQ(waitpid(pid, NULL, 0), -1);
    EXPECT_EQ(errno, ECHILD);
    EXPECT_EQ(write(fds[1], &pid, sizeof(pid)), sizeof(pid));
    _exit(8);
  }
  EXPECT(maker > 0);
  EXPECT_EQ(read(fds[0], &sibling, sizeof(sibling)), sizeof(sibling));
  ExpectExit(maker, 8);
  ExpectExit(sibling, 9);
  Succeed();
}
