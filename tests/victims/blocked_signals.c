// Blocked signals stay pending until they are fetched (sigwaitinfo, signalfd) or unblocked.
#include <sys/signalfd.h>

#include "victim.h"

static volatile int seen;

static void OnSignal(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)info;
  (void)context;
  ++seen;
}

static void ExpectPending(int signal, int pending) {
  sigset_t set;
  EXPECT_EQ(sigpending(&set), 0);
  EXPECT_EQ(sigismember(&set, signal), pending);
}

int main(void) {
  sigset_t set;
  siginfo_t info;
  SetHandler(SIGUSR1, OnSignal, 0);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  EXPECT_EQ(sigprocmask(SIG_BLOCK, &set, NULL), 0);

  EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
  ExpectPending(SIGUSR1, 1);
  EXPECT_EQ(sigwaitinfo(&set, &info), SIGUSR1);
  EXPECT_EQ(info.si_code, SI_USER);
  EXPECT_EQ(info.si_pid, getpid());
  ExpectPending(SIGUSR1, 0);

  int fd = signalfd(-1, &set, 0);
  EXPECT(fd >= 0);
  union sigval value = {.sival_int = 99};
  EXPECT_EQ(sigqueue(getpid(), SIGUSR1, value), 0);
  struct signalfd_siginfo from_fd;
  EXPECT_EQ(read(fd, &from_fd, sizeof(from_fd)), sizeof(from_fd));
  EXPECT_EQ(from_fd.ssi_signo, SIGUSR1);
  EXPECT_EQ(from_fd.ssi_int, 99);
  EXPECT_EQ(from_fd.ssi_pid, getpid());

  EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
  EXPECT_EQ(seen, 0);
  EXPECT_EQ(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
  EXPECT_EQ(seen, 1);

  struct timespec moment = {0, 1000000};
  EXPECT_EQ(sigprocmask(SIG_BLOCK, &set, NULL), 0);
  EXPECT_EQ(sigtimedwait(&set, &info, &moment), -1);
  EXPECT_EQ(errno, EAGAIN);
  Succeed();
}
