// Run under a clock that began at the second in argv[1] and runs 100 times as fast: all that tells
// the time says so.
#include <asm/prctl.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>

#include "clock_calls.h"

static long long cpu_used(void) { return Now(CLOCK_PROCESS_CPUTIME_ID); }

// CPU time is real: while 20 ms of it pass, 2 s do.
static void RunsFast(int layout, clockid_t clock, long long step) {
  long long before = NowIn(layout, clock);
  long long cpu = cpu_used();
  while (cpu_used() - cpu < SECOND / 50) continue;
  long long passed = NowIn(layout, clock) - before;
  if (passed < 2 * SECOND - step || passed > 2000 * SECOND)
    Fail("clock %d went on by %lld", (int)clock, passed);
}

int main(int argc, char** argv) {
  const long long start = ExpectedAnswer(argc, argv) * SECOND;
  const long long soon = start + 3600 * 24 * SECOND;
  EXPECT_EQ(getauxval(AT_SYSINFO_EHDR), 0);
  for (int layout = FIRST_LAYOUT; layout < LAYOUTS; ++layout) {
    RunsFast(layout, CLOCK_REALTIME, 0);
    RunsFast(layout, CLOCK_MONOTONIC, 0);
    RunsFast(layout, CLOCK_MONOTONIC_RAW, 0);
    RunsFast(layout, CLOCK_BOOTTIME, 0);
    RunsFast(layout, CLOCK_REALTIME_COARSE, SECOND);
    RunsFast(layout, CLOCK_MONOTONIC_COARSE, SECOND);
    long long first = NowIn(layout, CLOCK_REALTIME);
    EXPECT(first >= start && first < soon);

    struct timeval of_day;
    EXPECT_EQ(syscall(SYS_gettimeofday, &of_day, NULL), 0);
    long long second = of_day.tv_sec * SECOND + of_day.tv_usec * 1000LL;
    EXPECT(second >= first / 1000 * 1000 && second < soon);
    long told = 0;
    EXPECT_EQ(syscall(SYS_time, &told), told);
    EXPECT(told >= second / SECOND && told < soon / SECOND);
    struct timex discipline;
    memset(&discipline, 0, sizeof(discipline));
    EXPECT(syscall(SYS_adjtimex, &discipline) >= 0);
    EXPECT(discipline.time.tv_sec >= told && discipline.time.tv_sec < soon / SECOND);
    EXPECT_EQ(NowIn(layout, CLOCK_TAI) / 100 / SECOND,
              (NowIn(layout, CLOCK_REALTIME) + discipline.tai * SECOND) / 100 / SECOND);

    long long up = NowIn(layout, CLOCK_BOOTTIME);
    struct sysinfo system;
    EXPECT_EQ(sysinfo(&system), 0);
    EXPECT(system.uptime >= up / SECOND && system.uptime < up / SECOND + 1000);

    union Times step;
    EXPECT_EQ(syscall(CALL(layout, clock_getres, clock_getres_time64), CLOCK_MONOTONIC, &step), 0);
    EXPECT_EQ(Get(&step, layout, 0), 1);
    EXPECT_EQ(
        syscall(CALL(layout, clock_getres, clock_getres_time64), CLOCK_REALTIME_COARSE, &step), 0);
    EXPECT(Get(&step, layout, 0) >= SECOND / 10);

    EXPECT_EQ(syscall(CALL(layout, clock_gettime, clock_gettime64), CLOCK_REALTIME, 8), -1);
    EXPECT_EQ(errno, EFAULT);
    EXPECT_EQ(syscall(CALL(layout, clock_gettime, clock_gettime64), 10, &step), -1);
    EXPECT_EQ(errno, EINVAL);
  }
  struct tms used;
  long ticks = syscall(SYS_times, NULL);
  long long monotonic = Now(CLOCK_MONOTONIC);
  RunsFast(1, CLOCK_MONOTONIC, 0);
  long later = syscall(SYS_times, &used);
  EXPECT(later - ticks >= 200);
  // No more than the clock in between, but for the machine's ticks of 10 ms, which are a second.
  EXPECT(later - ticks <= (Now(CLOCK_MONOTONIC) - monotonic) / (SECOND / 100) + 200);

  EXPECT_EQ(prctl(PR_SET_TSC, PR_TSC_SIGSEGV), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(syscall(SYS_arch_prctl, 0x2003, 0x10000), -1);
  EXPECT_EQ(errno, EPERM);
  Succeed();
}
