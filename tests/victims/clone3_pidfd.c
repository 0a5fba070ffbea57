// clone3(2) with a pidfd, a tid written into the parent, and an exit signal.
#include <linux/sched.h>
#include <stdint.h>

#include "victim.h"

int main(void) {
  int pidfd = -1;
  pid_t tid = 0;
  struct clone_args args;
  memset(&args, 0, sizeof(args));
  args.flags = CLONE_PIDFD | CLONE_PARENT_SETTID;
  args.pidfd = (uint64_t)(uintptr_t)&pidfd;
  args.parent_tid = (uint64_t)(uintptr_t)&tid;
  args.exit_signal = SIGCHLD;
  pid_t pid = syscall(SYS_clone3, &args, sizeof(args));
  if (pid == 0) _exit(5);
  EXPECT(pid > 0);
  EXPECT_EQ(tid, pid);
  EXPECT(pidfd >= 0);
  siginfo_t info;
  memset(&info, 0, sizeof(info));
  EXPECT_EQ(waitid(3 /* P_PIDFD */, pidfd, &info, WEXITED), 0);
  EXPECT_EQ(info.si_pid, pid);
  EXPECT_EQ(info.si_code, CLD_EXITED);
  EXPECT_EQ(info.si_status, 5);
  Succeed();
}
