// A program stops itself and is continued by its own child.
#include <fcntl.h>

#include "victim.h"

int main(void) {
  pid_t self = getpid();
  for (int i = 0; i < 20; ++i) {
    int fds[2];
    EXPECT_EQ(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
      close(fds[0]);
      // Continues it until it says that it was continued: SIGCONT may come before the stop. A full
      // pipe must not make it wait, for then nobody would continue what stops after that.
      EXPECT_EQ(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
      while (kill(self, SIGCONT) == 0) {
        if (write(fds[1], "x", 1) < 0 && errno != EAGAIN) _exit(0);
      }
      Fail("kill: %s", strerror(errno));
    }
    EXPECT(pid > 0);
    close(fds[1]);
    EXPECT_EQ(raise(SIGSTOP), 0);
    // The child's next write fails.
    close(fds[0]);
    ExpectKilled(pid, SIGPIPE);
  }
  Succeed();
}
