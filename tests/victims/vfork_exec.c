// A child of vfork(2) runs in its parent's memory until it execs.
#include "victim.h"

int main(int argc, char** argv) {
  if (argc == 2) return 17;
  volatile int seen = 0;
  for (int i = 0; i < 20; ++i) {
    pid_t pid = vfork();
    if (pid == 0) {
      ++seen;
      char* const arguments[] = {argv[0], "child", NULL};
      execv("/proc/self/exe", arguments);
      _exit(126);
    }
    EXPECT(pid > 0);
    EXPECT_EQ(seen, i + 1);
    ExpectExit(pid, 17);
  }
  Succeed();
}
