// A tree that forks, vforks, runs programs, and calls from threads until the FIFO argv[1] can be
// read; no call fails.
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>

#include "victim.h"

static volatile int* told;

static void Call(void) {
  const pid_t parent = syscall(SYS_getppid);
  if (parent < 0) Fail("getppid failed (errno %d)", errno);
}

static void* CallInThread(void* argument) {
  while (!*told) Call();
  return argument;
}

static void Threads(void) {
  pthread_t threads[3];
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pthread_create(&threads[i], NULL, CallInThread, NULL), 0);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pthread_join(threads[i], NULL), 0);
}

static void Fork(void) {
  while (!*told) {
    const pid_t pid = fork();
    EXPECT(pid >= 0);
    if (pid == 0) {
      Call();
      _exit(5);
    }
    ExpectExit(pid, 5);
  }
}

static void Vfork(void) {
  while (!*told) {
    const pid_t pid = vfork();
    EXPECT(pid >= 0);
    if (pid == 0) {
      char* const arguments[] = {"/proc/self/exe", NULL};
      execv(arguments[0], arguments);
      _exit(6);
    }
    ExpectExit(pid, 4);
  }
}

static pid_t Start(void (*work)(void)) {
  const pid_t pid = fork();
  EXPECT(pid >= 0);
  if (pid != 0) return pid;
  work();
  _exit(0);
}

int main(int argc, char** argv) {
  if (argc == 1) {
    Call();
    return 4;
  }
  told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  EXPECT(told != MAP_FAILED);
  void (*const works[])(void) = {Threads, Fork, Vfork, Fork};
  pid_t pids[4];
  for (int i = 0; i < 4; ++i) pids[i] = Start(works[i]);
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  char byte;
  const int fifo = open(argv[1], O_RDONLY);
  EXPECT(fifo >= 0);
  EXPECT_EQ(read(fifo, &byte, 1), 1);
  *told = 1;
  for (int i = 0; i < 4; ++i) ExpectExit(pids[i], 0);
  Succeed();
}
