// Waits by a clock that runs 100 times as fast, interrupted: by stops, which they outlast, and by
// a handler, after which what is left is told.
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sys/select.h>
#include <sys/time.h>

#include "clock_calls.h"

#define LENGTH (60 * SECOND)

static void Wait(int way) {
  union Times times;
  struct timeval of_select = {LENGTH / SECOND, 0};
  int word = 0;
  Put(&times, FIRST_LAYOUT, 0, LENGTH);
  switch (way) {
    case 0:
      EXPECT_EQ(syscall(SYS_nanosleep, &times, NULL), 0);
      break;
    case 1:
      EXPECT_EQ(syscall(SYS_nanosleep, &times, &times), 0);
      break;
    case 2:
      EXPECT_EQ(poll(NULL, 0, LENGTH / 1000000), 0);
      break;
    case 3:
      EXPECT_EQ(syscall(SYS_futex, &word, FUTEX_WAIT, 0, &times, NULL, 0), -1);
      EXPECT_EQ(errno, ETIMEDOUT);
      break;
    case 4:
      EXPECT_EQ(syscall(SYS_ppoll, NULL, 0, &times, NULL, 8), 0);
      break;
#ifndef __i386__
    case 5:
      EXPECT_EQ(syscall(SYS_select, 0, NULL, NULL, NULL, &of_select), 0);
      break;
#endif
    default:
      (void)of_select;
      Put(&times, FIRST_LAYOUT, 0, NowIn(FIRST_LAYOUT, CLOCK_MONOTONIC) + LENGTH);
      EXPECT_EQ(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &times, NULL), 0);
  }
}

static void Stops(int way) {
  int fds[2];
  char byte;
  EXPECT_EQ(pipe(fds), 0);
  pid_t pid = fork();
  if (pid == 0) {
    long long start = Now(CLOCK_MONOTONIC);
    EXPECT_EQ(write(fds[1], "x", 1), 1);
    Wait(way);
    long long took = Now(CLOCK_MONOTONIC) - start;
    // Begun anew at every stop it would be far longer.
    if (took < LENGTH || took > 10 * LENGTH) Fail("way %d took %lld", way, took);
    _exit(0);
  }
  EXPECT_EQ(read(fds[0], &byte, 1), 1);
  for (int i = 0; i < 5; ++i) {
    int status;
    EXPECT_EQ(kill(pid, SIGSTOP), 0);
    EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
    EXPECT(WIFSTOPPED(status));
    EXPECT_EQ(kill(pid, SIGCONT), 0);
    EXPECT_EQ(waitpid(pid, &status, WCONTINUED), pid);
    EXPECT(WIFCONTINUED(status));
    struct timespec moment = {5, 0};
    EXPECT_EQ(nanosleep(&moment, NULL), 0);
  }
  ExpectExit(pid, 0);
  close(fds[0]);
  close(fds[1]);
}

static void OnAlarm(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info, (void)context;
}

// A handler after 20 seconds, and stops of itself before that: what is left is 40 at most.
static void Handled(int layout, int stops) {
  union Times times, left;
  struct itimerval timer = {{0, 0}, {20, 0}};
  pid_t stopper = 0;
  memset(&left, 0xff, sizeof(left));
  long long start = Now(CLOCK_MONOTONIC);
  EXPECT_EQ(setitimer(ITIMER_REAL, &timer, NULL), 0);
  if (stops > 0) {
    stopper = fork();
    if (stopper == 0) {
      for (int i = 0; i < stops; ++i) {
        struct timespec moment = {4, 0};
        EXPECT_EQ(nanosleep(&moment, NULL), 0);
        EXPECT_EQ(kill(getppid(), SIGSTOP), 0);
        EXPECT_EQ(kill(getppid(), SIGCONT), 0);
      }
      _exit(0);
    }
  }
  Put(&times, layout, 0, LENGTH);
  EXPECT_EQ(syscall(CALL(layout, clock_nanosleep, clock_nanosleep_time64), CLOCK_REALTIME, 0,
                    &times, &left),
            -1);
  EXPECT_EQ(errno, EINTR);
  long long took = Now(CLOCK_MONOTONIC) - start;
  EXPECT_EQ(Get(&times, layout, 0), LENGTH);
  long long rest = Get(&left, layout, 0);
  // The clock goes on between the look at what is left and ours.
  if (rest <= 0 || rest > 40 * SECOND + SECOND || took + rest < LENGTH - SECOND)
    Fail("%lld passed, %lld are left", took, rest);
  if (stopper > 0) ExpectExit(stopper, 0);
}

static void HandledSelect(void) {
  struct itimerval timer = {{0, 0}, {20, 0}};
  EXPECT_EQ(setitimer(ITIMER_REAL, &timer, NULL), 0);
  union Times times;
  Put(&times, FIRST_LAYOUT, 0, LENGTH);
  EXPECT_EQ(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &times, NULL), -1);
  EXPECT_EQ(errno, EINTR);
  long long rest = Get(&times, FIRST_LAYOUT, 0);
  if (rest <= 0 || rest > 41 * SECOND) Fail("%lld are left of select", rest);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static void* WaitForCondition(void* length) {
  struct timespec until;
  EXPECT_EQ(clock_gettime(CLOCK_REALTIME, &until), 0);
  until.tv_sec += (long)length;
  EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
  int result = 0;
  while (result == 0) result = pthread_cond_timedwait(&condition, &mutex, &until);
  EXPECT_EQ(result, ETIMEDOUT);
  EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
  struct timespec now;
  EXPECT_EQ(clock_gettime(CLOCK_REALTIME, &now), 0);
  EXPECT(now.tv_sec > until.tv_sec || (now.tv_sec == until.tv_sec && now.tv_nsec >= until.tv_nsec));
  return NULL;
}

int main(void) {
  for (int way = 0; way < 7; ++way) Stops(way);
  SetHandler(SIGALRM, OnAlarm, 0);
  for (int layout = FIRST_LAYOUT; layout < LAYOUTS; ++layout) {
    Handled(layout, 0);
    Handled(layout, 2);
  }
  HandledSelect();
  pthread_t threads[8];
  for (long i = 0; i < 8; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], NULL, WaitForCondition, (void*)(20 + i)), 0);
  }
  for (int i = 0; i < 8; ++i) EXPECT_EQ(pthread_join(threads[i], NULL), 0);
  Succeed();
}
