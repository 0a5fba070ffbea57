// A thread whose leader has exited calls access of a forbidden path, which gives argv[1].
#include <pthread.h>
#include <sched.h>

#include "forbidden_path.h"

static long long answer;

static int LeaderIsZombie(void) {
  char path[64];
  char stat[512];
  snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
  FILE* file = fopen(path, "r");
  EXPECT(file != NULL);
  EXPECT(fgets(stat, sizeof(stat), file) != NULL);
  fclose(file);
  return strstr(stat, ") Z ") != NULL;
}

static void* Call(void* argument) {
  while (!LeaderIsZombie()) sched_yield();
  EXPECT_EQ(Access(kForbidden), answer);
  Succeed();
  return argument;
}

int main(int argc, char** argv) {
  answer = ExpectedAnswer(argc, argv);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, Call, NULL), 0);
  syscall(SYS_exit, 0);
}
