#ifndef PROVOST_TESTS_BENCH_MEASURED_H_
#define PROVOST_TESTS_BENCH_MEASURED_H_

// The call that is measured: openat of a path, in a loop.

struct Measured {
  const char* path;
  long result;  // what every call must give: -ERRNO, or a value
};

// What a loop took.
struct Cost {
  double ns;
  long stops;  // how often the calling thread slept: once at every ptrace stop, and not else
};

// Makes `count` calls in the calling thread. A call that gives anything else ends the process with
// exit status 1: what was measured would not be what was meant.
struct Cost MeasuredCalls(const struct Measured* measured, long count);

// CLOCK_MONOTONIC in nanoseconds.
double MeasuredNow(void);

// Prints one line, nanoseconds and stops a call.
void MeasuredPrint(double ns, long stops, long calls);

#endif  // PROVOST_TESTS_BENCH_MEASURED_H_
