// A parent sees its child stop (WUNTRACED), go on (WCONTINUED), and die.
#include "victim.h"

int main(void) {
  pid_t pid = fork();
  if (pid == 0) {
    while (1) getppid();
  }
  EXPECT(pid > 0);
  static const int kStops[] = {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
  for (int round = 0; round < 40; ++round) {
    int status = 0;
    EXPECT_EQ(kill(pid, kStops[round % 4]), 0);
    EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
    EXPECT(WIFSTOPPED(status));
    EXPECT_EQ(WSTOPSIG(status), kStops[round % 4]);
    EXPECT_EQ(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
    EXPECT_EQ(kill(pid, SIGCONT), 0);
    EXPECT_EQ(waitpid(pid, &status, WCONTINUED), pid);
    EXPECT(WIFCONTINUED(status));
  }
  EXPECT_EQ(kill(pid, SIGSTOP), 0);
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
  EXPECT(WIFSTOPPED(status));
  EXPECT_EQ(kill(pid, SIGKILL), 0);
  ExpectKilled(pid, SIGKILL);
  Succeed();
}
