// Calls everything that adjusts the clock, and leaves it as it was: reads; sets what is there
// already; changes the tick, the frequency and the time by a little and back at once; fails.

#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

#include "victim.h"

static long Adjust(unsigned modes, long value) {
  struct timex change;
  memset(&change, 0, sizeof(change));
  change.modes = modes;
  change.tick = value;
  change.freq = value;
  change.constant = value;  // ADJ_TAI
  return syscall(SYS_adjtimex, &change);
}

static long Inject(long seconds, long microseconds) {
  struct timex change;
  memset(&change, 0, sizeof(change));
  change.modes = ADJ_SETOFFSET;
  change.time.tv_sec = seconds;
  change.time.tv_usec = microseconds;
  return syscall(SYS_clock_adjtime, CLOCK_REALTIME, &change);
}

int main(void) {
  struct timex now;
  memset(&now, 0, sizeof(now));
  EXPECT(adjtimex(&now) >= 0);

  EXPECT(Adjust(ADJ_TICK, now.tick) >= 0);
  EXPECT(Adjust(ADJ_TICK, now.tick + 1) >= 0);
  EXPECT(Adjust(ADJ_TICK, now.tick) >= 0);
  EXPECT(Adjust(ADJ_FREQUENCY, now.freq + 1) >= 0);
  EXPECT(Adjust(ADJ_FREQUENCY, now.freq) >= 0);
  EXPECT(Adjust(ADJ_TAI, now.tai) >= 0);
  EXPECT(Inject(0, 0) >= 0);
  EXPECT(Inject(0, 50) >= 0);
  EXPECT(Inject(-1, 999950) >= 0);
  // Neither is a time.
  EXPECT_EQ(syscall(SYS_settimeofday, NULL, NULL), 0);
  EXPECT_EQ(Adjust(ADJ_TICK, 1), -1);
  EXPECT_EQ(syscall(SYS_clock_settime, CLOCK_MONOTONIC, &now.time), -1);
  Succeed();
}
