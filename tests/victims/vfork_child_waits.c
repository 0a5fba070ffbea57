// A parent that waits in vfork for its child, which prints READY and reads the FIFO argv[1], and
// another process that sleeps meanwhile: no call fails, and none gives EINTR.
#include <fcntl.h>
#include <time.h>

#include "victim.h"

int main(int argc, char** argv) {
  EXPECT_EQ(argc, 2);
  const pid_t sleeper = fork();
  EXPECT(sleeper >= 0);
  if (sleeper == 0) {
    while (syscall(SYS_getppid) > 0) {
      const struct timespec moment = {0, 1000000};
      if (nanosleep(&moment, NULL) != 0) _exit(1);
    }
    _exit(2);
  }
  const pid_t child = vfork();
  EXPECT(child >= 0);
  if (child == 0) {
    char byte = 0;
    if (write(1, "READY\n", 6) != 6) _exit(1);
    const int fifo = open(argv[1], O_RDONLY);
    if (fifo < 0) _exit(2);
    _exit(read(fifo, &byte, 1) == 1 ? 0 : 3);
  }
  ExpectExit(child, 0);
  EXPECT(syscall(SYS_getppid) >= 0);
  EXPECT_EQ(kill(sleeper, SIGKILL), 0);
  int status = 0;
  EXPECT_EQ(waitpid(sleeper, &status, 0), sleeper);
  EXPECT(WIFSIGNALED(status));
  Succeed();
}
