// A child in the midst of calls is stopped and continued 200 times; its calls come to no harm.
#include <fcntl.h>

#include "victim.h"

int main(void) {
  pid_t self = getpid();
  int fds[2];
  EXPECT_EQ(pipe2(fds, O_NONBLOCK), 0);
  pid_t pid = fork();
  if (pid == 0) {
    char byte;
    close(fds[1]);
    while (1) {
      EXPECT_EQ(syscall(SYS_getppid), self);
      EXPECT_EQ(access("/nonexistent", F_OK), -1);
      EXPECT_EQ(errno, ENOENT);
      // EAGAIN until the parent closes its end.
      if (read(fds[0], &byte, 1) == 0) _exit(16);
      EXPECT_EQ(errno, EAGAIN);
    }
  }
  EXPECT(pid > 0);
  for (int i = 0; i < 200; ++i) {
    int status;
    EXPECT_EQ(kill(pid, SIGSTOP), 0);
    EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
    EXPECT(WIFSTOPPED(status));
    EXPECT_EQ(kill(pid, SIGCONT), 0);
  }
  close(fds[1]);
  ExpectExit(pid, 16);
  Succeed();
}
