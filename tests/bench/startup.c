// Starts a program COUNT times, one after the other, and prints the median of the nanoseconds from
// the start to its end.
//
//   startup COUNT PROGRAM [ARGUMENT...]
//
// The program must exit 0; its standard output goes to /dev/null.

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char** environ;

static double Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int Compare(const void* left, const void* right) {
  const double a = *(const double*)left;
  const double b = *(const double*)right;
  return (a > b) - (a < b);
}

static double RunOnce(char** argv) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t pid;
  int status;
  const double start = Now();
  const int error = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
  if (error != 0) {
    fprintf(stderr, "startup: %s: %s\n", argv[0], strerror(error));
    exit(2);
  }
  if (waitpid(pid, &status, 0) != pid || status != 0) {
    fprintf(stderr, "startup: %s ended with wait status %#x\n", argv[0], status);
    exit(1);
  }
  const double took = Now() - start;
  posix_spawn_file_actions_destroy(&actions);
  return took;
}

int main(int argc, char** argv) {
  const int count = argc >= 3 ? atoi(argv[1]) : 0;
  if (count <= 0) {
    fprintf(stderr, "usage: startup COUNT PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  double* times = calloc((size_t)count, sizeof(*times));
  if (times == NULL) return 2;
  for (int i = 0; i < count; ++i) times[i] = RunOnce(argv + 2);
  qsort(times, (size_t)count, sizeof(*times), Compare);
  printf("%.1f\n", times[count / 2]);
  free(times);
  return 0;
}
