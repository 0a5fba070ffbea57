// A futex wait with a timeout that is stopped and continued goes on by restart_syscall, and is
// woken there. Nothing here depends on how long anything takes.
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>

#include "victim.h"

// Waits until the only thing that `pid` may be doing is to sleep: S in /proc/PID/stat.
static void AwaitSleep(pid_t pid) {
  char path[64];
  char text[512];
  snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
  while (1) {
    const int fd = open(path, O_RDONLY);
    EXPECT(fd >= 0);
    const ssize_t length = read(fd, text, sizeof(text) - 1);
    EXPECT(length > 0);
    EXPECT_EQ(close(fd), 0);
    text[length] = '\0';
    const char* comm_end = strrchr(text, ')');
    EXPECT(comm_end != NULL);
    if (comm_end[2] == 'S') return;
    sched_yield();
  }
}

int main(void) {
  int* futex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  EXPECT(futex != MAP_FAILED);
  const pid_t pid = fork();
  if (pid == 0) {
    const struct timespec long_time = {1000, 0};
    EXPECT_EQ(syscall(SYS_futex, futex, FUTEX_WAIT, 0, &long_time, NULL, 0), 0);
    _exit(0);
  }
  EXPECT(pid > 0);
  int status;
  AwaitSleep(pid);
  EXPECT_EQ(kill(pid, SIGSTOP), 0);
  EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
  EXPECT(WIFSTOPPED(status));
  EXPECT_EQ(kill(pid, SIGCONT), 0);
  AwaitSleep(pid);
  EXPECT_EQ(syscall(SYS_futex, futex, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
  ExpectExit(pid, 0);
  Succeed();
}
