// A daemon prints READY when the program itself is gone and reaped, and waits to be killed.
#include <sched.h>

#include "victim.h"

int main(void) {
  pid_t program = getpid();
  pid_t middle = fork();
  if (middle == 0) {
    EXPECT(setsid() > 0);
    pid_t daemon = fork();
    if (daemon != 0) _exit(daemon > 0 ? 0 : 1);
    while (kill(program, 0) == 0) sched_yield();
    EXPECT_EQ(errno, ESRCH);
    EXPECT_EQ(write(1, "READY\n", 6), 6);
    while (1) pause();
  }
  EXPECT(middle > 0);
  ExpectExit(middle, 0);
  _exit(7);
}
