// waitid(2) says who ended, how, and leaves a child with WNOWAIT to be waited for again.
#include "victim.h"

int main(void) {
  siginfo_t info;
  pid_t pid = fork();
  if (pid == 0) _exit(41);
  for (int i = 0; i < 2; ++i) {
    memset(&info, 0, sizeof(info));
    EXPECT_EQ(waitid(P_PID, pid, &info, WEXITED | (i == 0 ? WNOWAIT : 0)), 0);
    EXPECT_EQ(info.si_signo, SIGCHLD);
    EXPECT_EQ(info.si_pid, pid);
    EXPECT_EQ(info.si_uid, getuid());
    EXPECT_EQ(info.si_code, CLD_EXITED);
    EXPECT_EQ(info.si_status, 41);
  }
  pid = fork();
  if (pid == 0) {
    raise(SIGTERM);
    _exit(1);
  }
  memset(&info, 0, sizeof(info));
  EXPECT_EQ(waitid(P_ALL, 0, &info, WEXITED), 0);
  EXPECT_EQ(info.si_pid, pid);
  EXPECT_EQ(info.si_code, CLD_KILLED);
  EXPECT_EQ(info.si_status, SIGTERM);
  EXPECT_EQ(waitid(P_ALL, 0, &info, WEXITED), -1);
  EXPECT_EQ(errno, ECHILD);
  Succeed();
}
