// An orphan goes to the nearest child subreaper, which then waits for it.
#include <sched.h>
#include <sys/prctl.h>

#include "victim.h"

int main(void) {
  int fds[2];
  pid_t orphan;
  pid_t self = getpid();
  EXPECT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
  EXPECT_EQ(pipe(fds), 0);
  pid_t middle = fork();
  if (middle == 0) {
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
      while (getppid() == parent) sched_yield();
      EXPECT_EQ(getppid(), self);
      _exit(14);
    }
    EXPECT(pid > 0);
    EXPECT_EQ(write(fds[1], &pid, sizeof(pid)), sizeof(pid));
    _exit(13);
  }
  EXPECT(middle > 0);
  ExpectExit(middle, 13);
  EXPECT_EQ(read(fds[0], &orphan, sizeof(orphan)), sizeof(orphan));
  ExpectExit(orphan, 14);
  Succeed();
}
