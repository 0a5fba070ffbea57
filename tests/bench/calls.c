// The task that is measured: opens a path COUNT times, and prints the nanoseconds a call took, and
// the ptrace stops a call made.
//
//   calls COUNT PATH RESULT [threads|processes TASKS]
//
// Every call must give RESULT (-ERRNO, or a value); else what was measured is not what was meant,
// and that is exit status 1. With TASKS, so many share the calls evenly, and the time is that of
// the wall clock by the calls of all of them. Start-up is not in the figure. Static, so that the
// only openat calls of the process are those counted.

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/bench/measured.h"
#include "tests/bench/tasks.h"

struct Busy {
  struct Measured measured;
  long count;         // of each task
  atomic_long stops;  // of all tasks
};

static void WarmUp(void* context) {
  const struct Busy* busy = context;
  MeasuredCalls(&busy->measured, busy->count / 20 + 1);
}

static void Work(void* context) {
  struct Busy* busy = context;
  atomic_fetch_add(&busy->stops, MeasuredCalls(&busy->measured, busy->count).stops);
}

static void RunAlone(struct Busy* busy) {
  WarmUp(busy);
  const struct Cost cost = MeasuredCalls(&busy->measured, busy->count);
  MeasuredPrint(cost.ns, cost.stops, busy->count);
}

static void RunTogether(struct Busy* busy, const char* kind, int count) {
  struct Tasks* tasks = TasksStart(kind, count, (struct TaskBody){WarmUp, Work, busy});
  const double start = MeasuredNow();
  TasksRelease(tasks);
  TasksJoin(tasks);
  MeasuredPrint(MeasuredNow() - start, busy->stops, busy->count * count);
}

int main(int argc, char** argv) {
  const long count = argc == 4 || argc == 6 ? atol(argv[1]) : 0;
  const int tasks = argc == 6 ? atoi(argv[5]) : 1;
  if (tasks <= 0 || count < tasks) {
    fprintf(stderr, "usage: calls COUNT PATH RESULT [threads|processes TASKS]\n");
    return 2;
  }
  struct Busy* busy =
      mmap(NULL, sizeof(*busy), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (busy == MAP_FAILED) return 2;
  busy->measured = (struct Measured){.path = argv[2], .result = atol(argv[3])};
  busy->count = count / tasks;
  if (argc == 6) {
    RunTogether(busy, argv[4], tasks);
  } else {
    RunAlone(busy);
  }
  return 0;
}
