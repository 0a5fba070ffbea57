// Calls about time in the layouts that the architecture has: i386's old ones and *_time64.

#ifndef PROVOST_TESTS_VICTIMS_CLOCK_CALLS_H_
#define PROVOST_TESTS_VICTIMS_CLOCK_CALLS_H_

#include <time.h>

#include "victim.h"

#define SECOND 1000000000LL

#ifdef __i386__
#define FIRST_LAYOUT 0
// The older call, or the one with 64 bits.
#define CALL(layout, old, wide) ((layout) ? SYS_##wide : SYS_##old)
#else
#define FIRST_LAYOUT 1
#define CALL(layout, old, wide) SYS_##old
#endif
#define LAYOUTS 2

struct Wide {
  long long seconds, fraction;
};
struct Narrow {
  int seconds, fraction;
};
// Room for two times of either layout.
union Times {
  struct Wide wide[2];
  struct Narrow narrow[2];
};

static inline void Put(union Times* times, int layout, int i, long long nanoseconds) {
  if (layout) {
    times->wide[i].seconds = nanoseconds / SECOND;
    times->wide[i].fraction = nanoseconds % SECOND;
  } else {
    times->narrow[i].seconds = (int)(nanoseconds / SECOND);
    times->narrow[i].fraction = (int)(nanoseconds % SECOND);
  }
}

static inline long long Get(const union Times* times, int layout, int i) {
  if (layout) return times->wide[i].seconds * SECOND + times->wide[i].fraction;
  return times->narrow[i].seconds * SECOND + times->narrow[i].fraction;
}

static inline long long NowIn(int layout, clockid_t clock) {
  union Times now;
  memset(&now, 0, sizeof(now));
  EXPECT_EQ(syscall(CALL(layout, clock_gettime, clock_gettime64), clock, &now), 0);
  return Get(&now, layout, 0);
}
static inline long long Now(clockid_t clock) { return NowIn(1, clock); }

#endif  // PROVOST_TESTS_VICTIMS_CLOCK_CALLS_H_
