// 64 threads, each of which forks and execs.
#include <pthread.h>

#include "victim.h"

enum { kThreads = 64 };

static void* Thread(void* argument) {
  long i = (long)argument;
  char number[16];
  snprintf(number, sizeof(number), "%ld", i);
  pid_t pid = fork();
  if (pid == 0) {
    char* const arguments[] = {"child", number, NULL};
    execv("/proc/self/exe", arguments);
    _exit(126);
  }
  EXPECT(pid > 0);
  ExpectExit(pid, (int)i);
  return argument;
}

int main(int argc, char** argv) {
  if (argc == 2) return atoi(argv[1]);
  pthread_t threads[kThreads];
  for (long i = 0; i < kThreads; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], NULL, Thread, (void*)i), 0);
  }
  for (long i = 0; i < kThreads; ++i) {
    void* result = NULL;
    EXPECT_EQ(pthread_join(threads[i], &result), 0);
    EXPECT_EQ((long)result, i);
  }
  Succeed();
}
