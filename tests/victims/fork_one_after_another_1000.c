// 1000 short processes, one after another.
#include "victim.h"

int main(void) {
  for (int i = 0; i < 1000; ++i) {
    pid_t pid = fork();
    if (pid == 0) _exit(i % 256);
    EXPECT(pid > 0);
    ExpectExit(pid, i % 256);
  }
  Succeed();
}
