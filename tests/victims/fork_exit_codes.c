// Children's exit codes and deaths by signal reach the parent's wait.
#include "victim.h"

int main(void) {
  static const int kCodes[] = {0, 1, 7, 127, 128, 255};
  for (unsigned i = 0; i < sizeof(kCodes) / sizeof(kCodes[0]); ++i) {
    pid_t pid = fork();
    if (pid == 0) _exit(kCodes[i]);
    EXPECT(pid > 0);
    ExpectExit(pid, kCodes[i]);
  }
  static const int kSignals[] = {SIGHUP, SIGKILL, SIGTERM, SIGUSR1, SIGALRM};
  for (unsigned i = 0; i < sizeof(kSignals) / sizeof(kSignals[0]); ++i) {
    pid_t pid = fork();
    if (pid == 0) {
      kill(getpid(), kSignals[i]);
      Fail("signal %d did not kill", kSignals[i]);
    }
    EXPECT(pid > 0);
    ExpectKilled(pid, kSignals[i]);
  }
  EXPECT_EQ(waitpid(-1, NULL, __WALL), -1);
  EXPECT_EQ(errno, ECHILD);
  Succeed();
}
