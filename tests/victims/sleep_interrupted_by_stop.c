// Stopping and continuing a task inside nanosleep, poll and a futex wait lets the call go on where
// it was (restart_syscall).
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <time.h>

#include "victim.h"

static long long Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void Sleep(int way, int milliseconds) {
  struct timespec time = {0, milliseconds * 1000000L};
  int futex = 0;
  switch (way) {
    case 0:
      EXPECT_EQ(nanosleep(&time, NULL), 0);
      break;
    case 1:
      EXPECT_EQ(poll(NULL, 0, milliseconds), 0);
      break;
    default:
      EXPECT_EQ(syscall(SYS_futex, &futex, FUTEX_WAIT, 0, &time, NULL, 0), -1);
      EXPECT_EQ(errno, ETIMEDOUT);
  }
}

int main(void) {
  for (int way = 0; way < 3; ++way) {
    int fds[2];
    char byte;
    EXPECT_EQ(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
      EXPECT_EQ(write(fds[1], "x", 1), 1);
      long long start = Now();
      Sleep(way, 300);
      EXPECT(Now() - start >= 299);
      _exit(0);
    }
    EXPECT(pid > 0);
    EXPECT_EQ(read(fds[0], &byte, 1), 1);
    for (int i = 0; i < 10; ++i) {
      int status;
      EXPECT_EQ(kill(pid, SIGSTOP), 0);
      EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
      EXPECT(WIFSTOPPED(status));
      EXPECT_EQ(kill(pid, SIGCONT), 0);
      EXPECT_EQ(waitpid(pid, &status, WCONTINUED), pid);
      EXPECT(WIFCONTINUED(status));
    }
    ExpectExit(pid, 0);
  }
  Succeed();
}
