// What a handler learns of a signal: who sent it, how, and the value that came with it.
#include "victim.h"

static volatile sig_atomic_t seen;
static volatile siginfo_t last;

static void OnSignal(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  last = *info;
  ++seen;
}

// The signal was sent by `pid` with `code`.
static void ExpectFrom(int signal, int code, pid_t pid) {
  EXPECT_EQ(last.si_signo, signal);
  EXPECT_EQ(last.si_code, code);
  EXPECT_EQ(last.si_pid, pid);
  EXPECT_EQ(last.si_uid, getuid());
}

int main(void) {
  SetHandler(SIGUSR1, OnSignal, SA_RESTART);
  pid_t self = getpid();
  pid_t pid = fork();
  if (pid == 0) {
    union sigval value = {.sival_ptr = (void*)0x123456789abcdefL};
    EXPECT_EQ(sigqueue(self, SIGUSR1, value), 0);
    _exit(0);
  }
  ExpectExit(pid, 0);
  EXPECT_EQ(seen, 1);
  ExpectFrom(SIGUSR1, SI_QUEUE, pid);
  EXPECT(last.si_value.sival_ptr == (void*)0x123456789abcdefL);

  EXPECT_EQ(kill(self, SIGUSR1), 0);
  EXPECT_EQ(seen, 2);
  ExpectFrom(SIGUSR1, SI_USER, self);

  EXPECT_EQ(raise(SIGUSR1), 0);
  EXPECT_EQ(seen, 3);
  ExpectFrom(SIGUSR1, SI_TKILL, self);
  Succeed();
}
