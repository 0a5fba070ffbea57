// 2000 queued signals arrive while the task makes calls: each is delivered once, with its value,
// and no call comes to harm.
#include <sched.h>

#include "victim.h"

enum { kSignals = 2000 };

static volatile int seen;
static volatile int values[kSignals];

static void OnSignal(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  ++values[info->si_value.sival_int];
  ++seen;
}

int main(void) {
  int signal = SIGRTMIN + 3;
  pid_t self = getpid();
  pid_t parent = getppid();
  SetHandler(signal, OnSignal, SA_RESTART);
  pid_t pid = fork();
  if (pid == 0) {
    for (int i = 0; i < kSignals; ++i) {
      union sigval value = {.sival_int = i};
      // EAGAIN: RLIMIT_SIGPENDING are on their way.
      while (sigqueue(self, signal, value) < 0) {
        EXPECT_EQ(errno, EAGAIN);
        sched_yield();
      }
    }
    _exit(0);
  }
  EXPECT(pid > 0);
  while (seen < kSignals) {
    EXPECT_EQ(syscall(SYS_getppid), parent);
    EXPECT_EQ(access("/nonexistent", F_OK), -1);
    EXPECT_EQ(errno, ENOENT);
  }
  ExpectExit(pid, 0);
  for (int i = 0; i < kSignals; ++i) EXPECT_EQ(values[i], 1);
  EXPECT_EQ(seen, kSignals);
  Succeed();
}
