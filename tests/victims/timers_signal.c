// POSIX timers deliver SI_TIMER with their value and overrun count, to a process and to a thread.
#include <time.h>

#include "victim.h"

static volatile int seen;
static volatile int wrong;

static void OnTimer(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  if (info->si_code != SI_TIMER || info->si_value.sival_int != 77) ++wrong;
  ++seen;
}

int main(void) {
  SetHandler(SIGRTMIN, OnTimer, 0);
  for (int i = 0; i < 2; ++i) {
    struct sigevent event;
    memset(&event, 0, sizeof(event));
    event.sigev_notify = i == 0 ? SIGEV_SIGNAL : SIGEV_THREAD_ID;
    event.sigev_signo = SIGRTMIN;
    event.sigev_value.sival_int = 77;
    event._sigev_un._tid = gettid();
    timer_t timer;
    EXPECT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    struct itimerspec time = {{0, 2000000}, {0, 2000000}};
    EXPECT_EQ(timer_settime(timer, 0, &time, NULL), 0);
    int start = seen;
    while (seen < start + 10) EXPECT(syscall(SYS_getppid) >= 0);
    EXPECT_EQ(timer_delete(timer), 0);
  }
  EXPECT_EQ(wrong, 0);
  Succeed();
}
