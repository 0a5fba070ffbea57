// Takes every descriptor to come from its parent (prlimit(2)); then a child, whom that has not met,
// makes three calls.
#include <sys/resource.h>

#include "victim.h"

int main(void) {
  static const struct rlimit kNone = {0, 0};
  EXPECT_EQ(prlimit(getppid(), RLIMIT_NOFILE, &kNone, NULL), 0);
  const pid_t child = fork();
  EXPECT(child >= 0);
  if (child == 0) {
    for (int i = 0; i < 3; ++i) EXPECT(syscall(SYS_getppid) > 0);
    _exit(0);
  }
  ExpectExit(child, 0);
  Succeed();
}
