// A child of vfork(2) that exits, or is killed, without exec lets its parent go on.
#include "victim.h"

int main(void) {
  volatile int seen = 0;
  pid_t pid = vfork();
  if (pid == 0) {
    seen = 1;
    _exit(3);
  }
  EXPECT_EQ(seen, 1);
  ExpectExit(pid, 3);
  pid = vfork();
  if (pid == 0) {
    seen = 2;
    kill(getpid(), SIGKILL);
    _exit(4);
  }
  EXPECT_EQ(seen, 2);
  ExpectKilled(pid, SIGKILL);
  Succeed();
}
