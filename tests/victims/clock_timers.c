// Timers of 20 seconds, and every 5 after that, by a clock that runs 100 times as fast.
#include <sys/time.h>
#include <sys/timerfd.h>

#include "clock_calls.h"

#define LENGTH (20 * SECOND)
#define INTERVAL (5 * SECOND)

static void AwaitAlarm(long long began, long long length) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  int signal = 0;
  EXPECT_EQ(sigwait(&set, &signal), 0);
  EXPECT_EQ(signal, SIGALRM);
  long long took = Now(CLOCK_MONOTONIC) - began;
  if (took < length || took > 60 * LENGTH) Fail("it took %lld, not %lld", took, length);
}

static void Alarms(void) {
  long long began = Now(CLOCK_MONOTONIC);
  EXPECT_EQ(syscall(SYS_alarm, 1000), 0);
  unsigned left = (unsigned)syscall(SYS_alarm, LENGTH / SECOND);
  EXPECT(left > 0 && left <= 1000);
  struct itimerval timer;
  EXPECT_EQ(getitimer(ITIMER_REAL, &timer), 0);
  EXPECT(timer.it_value.tv_sec < 20 && timer.it_interval.tv_sec == 0);
  AwaitAlarm(began, LENGTH);
  EXPECT_EQ(syscall(SYS_alarm, 0), 0);

  began = Now(CLOCK_MONOTONIC);
  struct itimerval old;
  timer = (struct itimerval){{5, 0}, {20, 0}};
  EXPECT_EQ(setitimer(ITIMER_REAL, &timer, &old), 0);
  EXPECT_EQ(old.it_value.tv_sec + old.it_value.tv_usec, 0);
  AwaitAlarm(began, LENGTH);
  AwaitAlarm(began, LENGTH + INTERVAL);
  memset(&timer, 0, sizeof(timer));
  EXPECT_EQ(setitimer(ITIMER_REAL, &timer, &old), 0);
  EXPECT_EQ(old.it_interval.tv_sec, 5);
  EXPECT(old.it_value.tv_sec <= 5);
  timer.it_value.tv_sec = -1;
  EXPECT_EQ(setitimer(ITIMER_REAL, &timer, &old), -1);
  EXPECT_EQ(errno, EINVAL);
}

static void Timers(int layout, clockid_t clock, int flags) {
  const long settime = CALL(layout, timer_settime, timer_settime64);
  const long gettime = CALL(layout, timer_gettime, timer_gettime64);
  struct sigevent event;
  memset(&event, 0, sizeof(event));
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGALRM;
  int timer = -1;
  EXPECT_EQ(syscall(SYS_timer_create, clock, &event, &timer), 0);
  long long began = Now(CLOCK_MONOTONIC);
  union Times times;
  Put(&times, layout, 0, INTERVAL);
  Put(&times, layout, 1, (flags ? Now(clock) : 0) + LENGTH);
  EXPECT_EQ(syscall(settime, timer, flags, &times, NULL), 0);
  EXPECT_EQ(syscall(gettime, timer, &times), 0);
  EXPECT_EQ(Get(&times, layout, 0), INTERVAL);
  EXPECT(Get(&times, layout, 1) > 0 && Get(&times, layout, 1) <= LENGTH);
  AwaitAlarm(began, LENGTH);
  AwaitAlarm(began, LENGTH + INTERVAL);
  union Times old;
  Put(&times, layout, 0, 0);
  Put(&times, layout, 1, 0);
  EXPECT_EQ(syscall(settime, timer, 0, &times, &old), 0);
  EXPECT_EQ(Get(&old, layout, 0), INTERVAL);
  EXPECT(Get(&old, layout, 1) <= INTERVAL);
  EXPECT_EQ(syscall(SYS_timer_delete, timer), 0);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  struct timespec none = {0, 0};
  while (sigtimedwait(&set, NULL, &none) > 0) continue;
}

static void Descriptors(int layout, clockid_t clock, int flags) {
  const long settime = CALL(layout, timerfd_settime, timerfd_settime64);
  const long gettime = CALL(layout, timerfd_gettime, timerfd_gettime64);
  int timer = timerfd_create(clock, 0);
  EXPECT(timer >= 0);
  long long began = Now(CLOCK_MONOTONIC);
  union Times times;
  Put(&times, layout, 0, INTERVAL);
  Put(&times, layout, 1, (flags ? Now(clock) : 0) + LENGTH);
  EXPECT_EQ(syscall(settime, timer, flags, &times, NULL), 0);
  EXPECT_EQ(syscall(gettime, timer, &times), 0);
  EXPECT_EQ(Get(&times, layout, 0), INTERVAL);
  EXPECT(Get(&times, layout, 1) > 0 && Get(&times, layout, 1) <= LENGTH);
  unsigned long long expirations = 0;
  EXPECT_EQ(read(timer, &expirations, sizeof(expirations)), (ssize_t)sizeof(expirations));
  EXPECT(Now(CLOCK_MONOTONIC) - began >= LENGTH);
  EXPECT_EQ(read(timer, &expirations, sizeof(expirations)), (ssize_t)sizeof(expirations));
  EXPECT(Now(CLOCK_MONOTONIC) - began >= LENGTH + INTERVAL);
  close(timer);
}

// CPU time is real.
static void CpuTimer(void) {
  struct sigevent event;
  memset(&event, 0, sizeof(event));
  event.sigev_notify = SIGEV_NONE;
  int timer = -1;
  EXPECT_EQ(syscall(SYS_timer_create, CLOCK_PROCESS_CPUTIME_ID, &event, &timer), 0);
  union Times times;
  Put(&times, FIRST_LAYOUT, 0, 0);
  Put(&times, FIRST_LAYOUT, 1, 1000 * SECOND);
  EXPECT_EQ(syscall(SYS_timer_settime, timer, 0, &times, NULL), 0);
  EXPECT_EQ(syscall(SYS_timer_gettime, timer, &times), 0);
  EXPECT(Get(&times, FIRST_LAYOUT, 1) > 990 * SECOND);
  EXPECT(Get(&times, FIRST_LAYOUT, 1) <= 1000 * SECOND);
}

int main(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  EXPECT_EQ(sigprocmask(SIG_BLOCK, &set, NULL), 0);
  Alarms();
  for (int layout = FIRST_LAYOUT; layout < LAYOUTS; ++layout) {
    for (int absolute = 0; absolute < 2; ++absolute) {
      Timers(layout, CLOCK_REALTIME, absolute ? TIMER_ABSTIME : 0);
      Timers(layout, CLOCK_MONOTONIC, absolute ? TIMER_ABSTIME : 0);
      Descriptors(layout, CLOCK_REALTIME, absolute ? TFD_TIMER_ABSTIME : 0);
      Descriptors(layout, CLOCK_BOOTTIME, absolute ? TFD_TIMER_ABSTIME : 0);
    }
  }
  CpuTimer();
  Succeed();
}
