// 50 generations, each of which execs from a thread while the others make calls, the leader among
// them.
#include <pthread.h>

#include "victim.h"

enum { kGenerations = 50 };

static pthread_barrier_t barrier;
static int generation;

static void* Call(void* argument) {
  pthread_barrier_wait(&barrier);
  while (1) syscall(SYS_getppid);
  return argument;
}

static void* Exec(void* argument) {
  char number[16];
  snprintf(number, sizeof(number), "%d", generation + 1);
  char* const arguments[] = {"storm", number, NULL};
  pthread_barrier_wait(&barrier);
  execv("/proc/self/exe", arguments);
  Fail("execv: %s", strerror(errno));
  return argument;
}

int main(int argc, char** argv) {
  generation = argc == 2 ? atoi(argv[1]) : 0;
  if (generation == kGenerations) Succeed();
  EXPECT_EQ(pthread_barrier_init(&barrier, NULL, 4), 0);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, Call, NULL), 0);
  EXPECT_EQ(pthread_create(&thread, NULL, Call, NULL), 0);
  EXPECT_EQ(pthread_create(&thread, NULL, Exec, NULL), 0);
  Call(NULL);
}
