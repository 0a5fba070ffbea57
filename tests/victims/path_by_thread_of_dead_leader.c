// A thread whose leader has exited calls access of a forbidden path, which gives argv[1].
#include <pthread.h>
#include <sched.h>

#include "dead_leader.h"
#include "forbidden_path.h"

static long long answer;

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
