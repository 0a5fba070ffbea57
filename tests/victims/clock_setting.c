// Sets the clock of a run whose clocks are virtual, and is refused what Linux refuses.
// `unprivileged` as an argument: expects to be refused all.
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>

#include "clock_calls.h"

// 2033, and later than any machine has been up.
#define THEN 2000000000LL

static long Set(int layout, clockid_t clock, long long seconds, long long fraction) {
  union Times times;
  memset(&times, 0, sizeof(times));
  if (layout) {
    times.wide[0] = (struct Wide){seconds, fraction};
  } else {
    times.narrow[0] = (struct Narrow){(int)seconds, (int)fraction};
  }
  return syscall(CALL(layout, clock_settime, clock_settime64), clock, &times) == 0 ? 0 : -errno;
}

static void IsAbout(long long seconds) {
  long long now = Now(CLOCK_REALTIME) / SECOND;
  if (now < seconds || now > seconds + 600) Fail("the time is %lld, not %lld", now, seconds);
}

static int Adjust(struct timex* request) {
  int result = (int)syscall(SYS_adjtimex, request);
  return result < 0 ? -errno : result;
}

static void Unprivileged(void) {
  struct timeval of_day = {THEN, 0};
  struct timezone zone = {60, 0};
  struct timex tick;
  memset(&tick, 0, sizeof(tick));
  EXPECT(Adjust(&tick) >= 0);
  tick.modes = ADJ_TICK;
  EXPECT_EQ(Adjust(&tick), -EPERM);
  tick.modes = ADJ_SETOFFSET;
  EXPECT_EQ(Adjust(&tick), -EPERM);
  for (int layout = FIRST_LAYOUT; layout < LAYOUTS; ++layout) {
    EXPECT_EQ(Set(layout, CLOCK_REALTIME, THEN, 0), -EPERM);
    EXPECT_EQ(Set(layout, CLOCK_REALTIME, THEN, SECOND), -EINVAL);
  }
  EXPECT_EQ(syscall(SYS_settimeofday, &of_day, NULL), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(syscall(SYS_settimeofday, NULL, &zone), -1);
  EXPECT_EQ(errno, EPERM);
  Succeed();
}

static void Disciplines(void) {
  struct timex request;
  memset(&request, 0, sizeof(request));
  EXPECT(Adjust(&request) >= 0);
  long tick = request.tick;
  request.modes = ADJ_TICK;
  request.tick = tick + 1;
  EXPECT(Adjust(&request) >= 0);
  request.modes = 0;
  request.tick = 0;
  EXPECT(Adjust(&request) >= 0);
  EXPECT_EQ(request.tick, tick + 1);
  request.modes = ADJ_TICK;
  request.tick = 1;
  EXPECT_EQ(Adjust(&request), -EINVAL);
  request.modes = ADJ_TAI;
  request.constant = 37;
  EXPECT(Adjust(&request) >= 0);
  EXPECT_EQ(request.tai, 37);
  long long apart = Now(CLOCK_TAI) - Now(CLOCK_REALTIME);
  EXPECT(apart > 30 * SECOND && apart <= 37 * SECOND);
  long long now = Now(CLOCK_REALTIME) / SECOND;
  request.modes = ADJ_SETOFFSET;
  request.time.tv_sec = 7200;
  request.time.tv_usec = 0;
  EXPECT(Adjust(&request) >= 0);
  IsAbout(now + 7200);
  // The structure of 64 bits, with the seconds where those have them.
  long long wide[32] = {0};
  EXPECT(syscall(CALL(1, clock_adjtime, clock_adjtime64), CLOCK_REALTIME, wide) >= 0);
  EXPECT(wide[9] >= now + 7200 && wide[9] < now + 7800);
  EXPECT_EQ(wide[11], tick + 1);
  memset(&request, 0, sizeof(request));
  EXPECT(syscall(SYS_clock_adjtime, CLOCK_REALTIME, &request) >= 0);
  EXPECT_EQ(request.tick, tick + 1);
  EXPECT_EQ(request.tai, 37);
  request.modes = ADJ_SETOFFSET;
  request.time.tv_usec = 1000000;
  EXPECT_EQ(Adjust(&request), -EINVAL);
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "unprivileged") == 0) Unprivileged();
  for (int layout = FIRST_LAYOUT; layout < LAYOUTS; ++layout) {
    EXPECT_EQ(Set(layout, CLOCK_REALTIME, THEN + layout * 10000, 5), 0);
    IsAbout(THEN + layout * 10000);
    EXPECT_EQ(Set(layout, CLOCK_REALTIME, -1, 0), -EINVAL);
    EXPECT_EQ(Set(layout, CLOCK_REALTIME, THEN, SECOND), -EINVAL);
    // Before the machine was started.
    EXPECT_EQ(Set(layout, CLOCK_REALTIME, 0, 1), -EINVAL);
    EXPECT_EQ(Set(layout, CLOCK_MONOTONIC, THEN, 0), -EINVAL);
    IsAbout(THEN + layout * 10000);
  }
  // A child has the same clock, and sets it for all.
  pid_t pid = fork();
  if (pid == 0) {
    IsAbout(THEN + 10000);
    struct timeval of_day = {THEN + 500, 0};
    struct timezone zone = {-90, 0};
    EXPECT_EQ(syscall(SYS_settimeofday, &of_day, &zone), 0);
    _exit(0);
  }
  ExpectExit(pid, 0);
  IsAbout(THEN + 500);
  struct timezone zone;
  EXPECT_EQ(syscall(SYS_gettimeofday, NULL, &zone), 0);
  EXPECT_EQ(zone.tz_minuteswest, -90);
  zone.tz_minuteswest = 16 * 60;
  EXPECT_EQ(syscall(SYS_settimeofday, NULL, &zone), -1);
  EXPECT_EQ(errno, EINVAL);
#ifdef SYS_stime
  long seconds = THEN + 900000;
  EXPECT_EQ(syscall(SYS_stime, &seconds), 0);
  IsAbout(THEN + 900000);
#endif
  Disciplines();
  Succeed();
}
