#include "tests/bench/measured.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static long Sleeps(void) {
  struct rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

double MeasuredNow(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

struct Cost MeasuredCalls(const struct Measured* measured, long count) {
  const long sleeps = Sleeps();
  const double start = MeasuredNow();
  for (long i = 0; i < count; ++i) {
    const int fd = openat(AT_FDCWD, measured->path, O_RDONLY | O_CLOEXEC);
    const long result = fd >= 0 ? fd : -errno;
    if (result != measured->result) {
      fprintf(stderr, "openat of %s: %ld, not %ld\n", measured->path, result, measured->result);
      exit(1);
    }
  }
  return (struct Cost){.ns = MeasuredNow() - start, .stops = Sleeps() - sleeps};
}

void MeasuredPrint(double ns, long stops, long calls) {
  printf("%.1f %.3f\n", ns / (double)calls, (double)stops / (double)calls);
  fflush(stdout);
}
