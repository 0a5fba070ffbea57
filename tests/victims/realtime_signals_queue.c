// Blocked real-time signals queue in order of number, then of arrival; ordinary ones do not queue.
#include "victim.h"

enum { kEach = 100 };

static volatile int count;
static volatile int order[4 * kEach];
static volatile int standard;

static void OnRealtime(int signal, siginfo_t* info, void* context) {
  (void)context;
  order[count++] = (signal - SIGRTMIN) * 1000 + info->si_value.sival_int;
}

static void OnStandard(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)info;
  (void)context;
  ++standard;
}

int main(void) {
  sigset_t all;
  sigfillset(&all);
  EXPECT_EQ(sigprocmask(SIG_BLOCK, &all, NULL), 0);
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_flags = SA_SIGINFO;
  sigfillset(&action.sa_mask);
  action.sa_sigaction = OnRealtime;
  EXPECT_EQ(sigaction(SIGRTMIN + 1, &action, NULL), 0);
  EXPECT_EQ(sigaction(SIGRTMIN + 2, &action, NULL), 0);
  action.sa_sigaction = OnStandard;
  EXPECT_EQ(sigaction(SIGUSR2, &action, NULL), 0);
  for (int i = 0; i < kEach; ++i) {
    union sigval value = {.sival_int = i};
    EXPECT_EQ(sigqueue(getpid(), SIGRTMIN + 2, value), 0);
    EXPECT_EQ(sigqueue(getpid(), SIGRTMIN + 1, value), 0);
    EXPECT_EQ(kill(getpid(), SIGUSR2), 0);
  }
  EXPECT_EQ(count, 0);
  sigset_t none;
  sigemptyset(&none);
  EXPECT_EQ(sigprocmask(SIG_SETMASK, &none, NULL), 0);
  EXPECT_EQ(count, 2 * kEach);
  EXPECT_EQ(standard, 1);
  // A full sa_mask keeps the next from being delivered before the last one has been handled.
  for (int i = 0; i < kEach; ++i) EXPECT_EQ(order[i], 1000 + i);
  for (int i = 0; i < kEach; ++i) EXPECT_EQ(order[kEach + i], 2000 + i);
  Succeed();
}
