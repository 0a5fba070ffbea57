// Threads in every kind of place a supervisor can find them in when it attaches: in calls that are
// restarted with what was left of their time, in others, computing, making processes and threads.
// None may notice: no EINTR, no ENOSYS, every child as it should be. Prints READY when all have
// begun, and waits until getppid has been refused (EACCES) often enough in each of two threads.
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/select.h>
#include <time.h>

#include "victim.h"

enum { kRefusals = 200, kBlocked = 5 };

static int pipes[kBlocked][2];
static int futex_word;
static atomic_int begun;
static atomic_int done;

static void Begin(void) { atomic_fetch_add(&begun, 1); }

static void* Reads(void* unused) {
  char byte = 0;
  Begin();
  EXPECT_EQ(read(pipes[0][0], &byte, 1), 1);
  return unused;
}

// Longer than any test takes: what ends it is an event.
static const time_t kLong = 3600;

static void* Polls(void* unused) {
  struct pollfd waited = {pipes[1][0], POLLIN, 0};
  Begin();
  EXPECT_EQ(poll(&waited, 1, (int)kLong * 1000), 1);
  return unused;
}

static void* Selects(void* unused) {
  struct timeval limit = {kLong, 0};
  fd_set waited;
  FD_ZERO(&waited);
  FD_SET(pipes[2][0], &waited);
  Begin();
  EXPECT_EQ(select(pipes[2][0] + 1, &waited, NULL, NULL, &limit), 1);
  return unused;
}

static void* WaitsForFutex(void* unused) {
  const struct timespec limit = {kLong, 0};
  Begin();
  while (__atomic_load_n(&futex_word, __ATOMIC_ACQUIRE) == 0) {
    const long woken = syscall(SYS_futex, &futex_word, FUTEX_WAIT, 0, &limit, NULL, 0);
    if (woken != 0) EXPECT_EQ(errno, EAGAIN);
  }
  return unused;
}

static void* Computes(void* unused) {
  volatile unsigned long sum = 0;
  Begin();
  while (!atomic_load(&done)) sum = sum * 3 + 1;
  return unused;
}

static void* MakesProcesses(void* unused) {
  Begin();
  while (!atomic_load(&done)) {
    pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) _exit(3);
    ExpectExit(child, 3);
    child = vfork();
    EXPECT(child >= 0);
    if (child == 0) _exit(4);
    ExpectExit(child, 4);
  }
  return unused;
}

static void* Returns(void* argument) { return argument; }

static void* MakesThreads(void* unused) {
  Begin();
  while (!atomic_load(&done)) {
    pthread_t thread;
    EXPECT_EQ(pthread_create(&thread, NULL, Returns, NULL), 0);
    EXPECT_EQ(pthread_join(thread, NULL), 0);
  }
  return unused;
}

static void* Asks(void* unused) {
  Begin();
  for (int refused = 0; refused < kRefusals;) {
    const long parent = syscall(SYS_getppid);
    if (parent >= 0) continue;
    EXPECT_EQ(errno, EACCES);
    ++refused;
  }
  return unused;
}

int main(void) {
  static void* (*const kBodies[])(void*) = {
      Reads, Polls, Selects, WaitsForFutex, Computes, MakesProcesses, MakesThreads, Asks, Asks};
  enum { kThreads = sizeof(kBodies) / sizeof(kBodies[0]) };
  pthread_t threads[kThreads];
  for (int i = 0; i < kBlocked; ++i) EXPECT_EQ(pipe(pipes[i]), 0);
  for (int i = 0; i < kThreads; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], NULL, kBodies[i], NULL), 0);
  }
  while (atomic_load(&begun) < kThreads) sched_yield();
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  EXPECT_EQ(pthread_join(threads[kThreads - 1], NULL), 0);
  EXPECT_EQ(pthread_join(threads[kThreads - 2], NULL), 0);

  atomic_store(&done, 1);
  __atomic_store_n(&futex_word, 1, __ATOMIC_RELEASE);
  syscall(SYS_futex, &futex_word, FUTEX_WAKE, 1, NULL, NULL, 0);
  for (int i = 0; i < kBlocked; ++i) EXPECT_EQ(write(pipes[i][1], "x", 1), 1);
  for (int i = 0; i < kThreads - 2; ++i) EXPECT_EQ(pthread_join(threads[i], NULL), 0);
  Succeed();
}
