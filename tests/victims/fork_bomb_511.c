// Every process forks two more and ends without a wait, nine levels deep: 511 processes and not one
// parent left. The first waits until the last has ended.
#include "victim.h"

enum { kLevels = 8 };

int main(void) {
  int fds[2];
  EXPECT_EQ(pipe(fds), 0);
  int level = 0;
  pid_t first = fork();
  EXPECT(first >= 0);
  if (first == 0) {
    while (level < kLevels) {
      pid_t one = fork();
      EXPECT(one >= 0);
      if (one != 0) {
        pid_t two = fork();
        EXPECT(two >= 0);
        if (two != 0) break;
      }
      ++level;
    }
    if (write(fds[1], "x", 1) != 1) _exit(2);
    _exit(0);
  }
  close(fds[1]);
  int count = 0;
  char byte;
  while (read(fds[0], &byte, 1) == 1) ++count;
  EXPECT_EQ(count, 511);
  ExpectExit(first, 0);
  Succeed();
}
