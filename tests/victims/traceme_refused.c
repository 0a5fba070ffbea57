// PTRACE_TRACEME and seizing a relative: EPERM to a task that is traced already, no harm done.
#include <sys/ptrace.h>

#include "victim.h"

int main(void) {
  EXPECT_EQ(ptrace(PTRACE_TRACEME, 0, NULL, NULL), -1);
  EXPECT_EQ(errno, EPERM);
  int fds[2];
  char byte;
  EXPECT_EQ(pipe(fds), 0);
  pid_t pid = fork();
  if (pid == 0) {
    close(fds[1]);
    EXPECT_EQ(read(fds[0], &byte, 1), 0);
    _exit(15);
  }
  EXPECT(pid > 0);
  EXPECT_EQ(ptrace(PTRACE_SEIZE, pid, NULL, NULL), -1);
  EXPECT_EQ(errno, EPERM);
  close(fds[1]);
  ExpectExit(pid, 15);
  Succeed();
}
