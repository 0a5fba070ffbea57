// 200 children of one parent, all alive at once, released together.
#include "victim.h"

enum { kChildren = 200 };

int main(void) {
  int fds[2];
  char byte;
  pid_t pids[kChildren];
  EXPECT_EQ(pipe(fds), 0);
  for (int i = 0; i < kChildren; ++i) {
    pids[i] = fork();
    if (pids[i] == 0) {
      close(fds[1]);
      // Ends when the parent, the last writer, closes its end.
      EXPECT_EQ(read(fds[0], &byte, 1), 0);
      _exit(i % 256);
    }
    EXPECT(pids[i] > 0);
  }
  close(fds[1]);
  for (int i = 0; i < kChildren; ++i) ExpectExit(pids[i], i % 256);
  Succeed();
}
