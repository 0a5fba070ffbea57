// SIGSTOP stops every thread of a process, and SIGCONT continues every one.
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include "victim.h"

enum { kThreads = 4 };

static volatile unsigned long* counters;

static void* Count(void* argument) {
  while (1) {
    syscall(SYS_getppid);
    __atomic_add_fetch(&counters[(long)argument], 1, __ATOMIC_RELAXED);
  }
  return NULL;
}

static void AwaitProgress(void) {
  for (int i = 0; i < kThreads; ++i) {
    unsigned long before = counters[i];
    while (counters[i] == before) sched_yield();
  }
}

int main(void) {
  counters = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  EXPECT(counters != MAP_FAILED);
  pid_t pid = fork();
  if (pid == 0) {
    pthread_t thread;
    for (long i = 1; i < kThreads; ++i) pthread_create(&thread, NULL, Count, (void*)i);
    Count(NULL);
  }
  EXPECT(pid > 0);
  for (int round = 0; round < 10; ++round) {
    int status;
    AwaitProgress();
    EXPECT_EQ(kill(pid, SIGSTOP), 0);
    EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
    EXPECT(WIFSTOPPED(status));
    unsigned long before[kThreads];
    for (int i = 0; i < kThreads; ++i) before[i] = counters[i];
    for (int i = 0; i < 1000; ++i) sched_yield();
    for (int i = 0; i < kThreads; ++i) EXPECT_EQ(counters[i], before[i]);
    EXPECT_EQ(kill(pid, SIGCONT), 0);
    EXPECT_EQ(waitpid(pid, &status, WCONTINUED), pid);
  }
  AwaitProgress();
  EXPECT_EQ(kill(pid, SIGKILL), 0);
  ExpectKilled(pid, SIGKILL);
  Succeed();
}
