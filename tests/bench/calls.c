// The task that is measured: opens a path COUNT times, and prints the nanoseconds a call took.
//
//   calls COUNT PATH ERRNO
//
// Every call must fail with ERRNO (a number: ENOENT where it ran, something else where it was
// refused); else what was measured is not what was meant, and that is exit status 1. Start-up is
// not in the figure. Static, so that the only openat calls of the process are those counted.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void CallMany(long count, const char* path, int expected) {
  for (long i = 0; i < count; ++i) {
    const int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 || errno != expected) {
      fprintf(stderr, "calls: openat of %s: %s, not errno %d\n", path,
              fd >= 0 ? "succeeded" : strerror(errno), expected);
      exit(1);
    }
  }
}

static double Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char** argv) {
  const long count = argc == 4 ? atol(argv[1]) : 0;
  if (count <= 0) {
    fprintf(stderr, "usage: calls COUNT PATH ERRNO\n");
    return 2;
  }
  const char* path = argv[2];
  const int expected = atoi(argv[3]);
  CallMany(count / 20 + 1, path, expected);
  const double start = Now();
  CallMany(count, path, expected);
  printf("%.1f\n", (Now() - start) / (double)count);
  return 0;
}
