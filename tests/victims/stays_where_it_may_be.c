// Opens a path that is not there, argv[1] times; all the while it, its children and its threads may
// run where they might when it began, under the policy that they had then, and nothing says
// otherwise. Then its supervisor, if it has one, does nothing for a second. Prints the microseconds
// that an open took.
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "victim.h"

struct Seen {
  cpu_set_t cpus;
  int policy;
  char allowed[256];  // the line of /proc/thread-self/status
};

static void Line(const char* path, const char* name, char* line, size_t size) {
  FILE* file = fopen(path, "r");
  EXPECT(file != NULL);
  do EXPECT(fgets(line, size, file) != NULL);
  while (strncmp(line, name, strlen(name)) != 0);
  fclose(file);
}

static void Look(struct Seen* seen) {
  memset(seen, 0, sizeof(*seen));
  EXPECT_EQ(sched_getaffinity(0, sizeof(seen->cpus), &seen->cpus), 0);
  seen->policy = sched_getscheduler(0);
  Line("/proc/thread-self/status", "Cpus_allowed:", seen->allowed, sizeof(seen->allowed));
}

static struct Seen g_first;
static long g_count;

static void* OpenMany(void* unused) {
  for (long i = 0; i < g_count; ++i) {
    EXPECT_EQ(open("/not/there", O_RDONLY), -1);
    if (i % 100 != 0) continue;
    struct Seen seen;
    Look(&seen);
    EXPECT(memcmp(&seen, &g_first, sizeof(seen)) == 0);
  }
  return unused;
}

static double Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

// Clock ticks that the process had of CPUs.
static long CpuTime(long pid) {
  char path[64];
  char line[1024];
  snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
  Line(path, "", line, sizeof(line));
  const char* fields = strrchr(line, ')');
  EXPECT(fields != NULL);
  long user = 0;
  long system = 0;
  EXPECT_EQ(sscanf(fields, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system),
            2);
  return user + system;
}

int main(int argc, char** argv) {
  if (argc != 2) Fail("usage: %s COUNT", argv[0]);
  g_count = atol(argv[1]);
  Look(&g_first);
  const double began = Now();
  OpenMany(NULL);
  const double took = (Now() - began) / (double)g_count;
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, OpenMany, NULL), 0);
  OpenMany(NULL);
  EXPECT_EQ(pthread_join(thread, NULL), 0);
  const pid_t child = fork();
  EXPECT(child >= 0);
  if (child == 0) {
    OpenMany(NULL);
    _exit(0);
  }
  ExpectExit(child, 0);

  char line[256];
  Line("/proc/self/status", "TracerPid:", line, sizeof(line));
  const long tracer = atol(line + strlen("TracerPid:"));
  if (tracer != 0) {
    const long before = CpuTime(tracer);
    const struct timespec second = {.tv_sec = 1};
    EXPECT_EQ(nanosleep(&second, NULL), 0);
    // Of a hundred.
    EXPECT(CpuTime(tracer) - before <= 2);
  }
  printf("%.2f\n", took);
  fflush(stdout);
  Succeed();
}
