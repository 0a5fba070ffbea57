// A chain of 200 processes, each the child of the one before, all alive at once.
#include "victim.h"

enum { kDepth = 200 };

// Process `depth` of the chain; returns its exit status.
static int Run(int depth, int alive) {
  // Written by the deepest: its ancestors are all waiting.
  if (depth == kDepth) {
    EXPECT_EQ(write(alive, "x", 1), 1);
    return depth % 256;
  }
  pid_t pid = fork();
  if (pid == 0) _exit(Run(depth + 1, alive));
  EXPECT(pid > 0);
  ExpectExit(pid, (depth + 1) % 256);
  return depth % 256;
}

int main(void) {
  int fds[2];
  char byte;
  EXPECT_EQ(pipe(fds), 0);
  pid_t pid = fork();
  if (pid == 0) _exit(Run(1, fds[1]));
  EXPECT(pid > 0);
  EXPECT_EQ(read(fds[0], &byte, 1), 1);
  ExpectExit(pid, 1);
  Succeed();
}
