// SIGCHLD tells of a child's stop, continuation, exit and death, once each.
#include "victim.h"

static volatile sig_atomic_t seen;
static volatile siginfo_t last;
static sigset_t none;

static void OnChild(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  last = *info;
  ++seen;
}

static void AwaitChild(int count, pid_t pid, int code, int status) {
  while (seen < count) sigsuspend(&none);
  EXPECT_EQ(seen, count);
  EXPECT_EQ(last.si_signo, SIGCHLD);
  EXPECT_EQ(last.si_pid, pid);
  EXPECT_EQ(last.si_code, code);
  EXPECT_EQ(last.si_status, status);
}

int main(void) {
  sigset_t child;
  sigemptyset(&none);
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  EXPECT_EQ(sigprocmask(SIG_BLOCK, &child, NULL), 0);
  SetHandler(SIGCHLD, OnChild, 0);
  pid_t pid = fork();
  if (pid == 0) {
    while (1) pause();
  }
  EXPECT_EQ(kill(pid, SIGSTOP), 0);
  AwaitChild(1, pid, CLD_STOPPED, SIGSTOP);
  EXPECT_EQ(kill(pid, SIGCONT), 0);
  AwaitChild(2, pid, CLD_CONTINUED, SIGCONT);
  EXPECT_EQ(kill(pid, SIGTERM), 0);
  AwaitChild(3, pid, CLD_KILLED, SIGTERM);
  ExpectKilled(pid, SIGTERM);
  pid = fork();
  if (pid == 0) _exit(5);
  AwaitChild(4, pid, CLD_EXITED, 5);
  ExpectExit(pid, 5);
  EXPECT_EQ(seen, 4);
  Succeed();
}
