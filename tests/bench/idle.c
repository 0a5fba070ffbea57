// One busy task beside many that do nothing: opens a path COUNT times as calls.c does, and prints
// the same line, while TASKS others are blocked.
//
//   idle COUNT PATH RESULT threads|processes TASKS
//
// Then it waits for the end of its standard input, so that whoever reads the line can look at the
// tasks, and at what supervises them, while all are there. Exit status 1 if one of them is gone.

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/measured.h"
#include "tests/bench/tasks.h"

int main(int argc, char** argv) {
  const long count = argc == 6 ? atol(argv[1]) : 0;
  if (count <= 0) {
    fprintf(stderr, "usage: idle COUNT PATH RESULT threads|processes TASKS\n");
    return 2;
  }
  const struct Measured measured = {.path = argv[2], .result = atol(argv[3])};
  struct Tasks* tasks = TasksStart(argv[4], atoi(argv[5]), (struct TaskBody){NULL, NULL, NULL});
  MeasuredCalls(&measured, count / 20 + 1);
  const struct Cost cost = MeasuredCalls(&measured, count);
  MeasuredPrint(cost.ns, cost.stops, count);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  TasksRelease(tasks);
  TasksJoin(tasks);
  return 0;
}
