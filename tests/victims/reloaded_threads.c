// Threads that wait until the FIFO argv[1] can be read, and find then that mkdir is refused with
// EXDEV, in themselves and in what they start. With argv[2] one of them has a filter of its own,
// which still answers; without it a filter for all threads can still be had.
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "own_filter.h"

static pthread_barrier_t ready;
static pthread_barrier_t told;

static int ErrnoOfMkdir(void) {
  if (mkdir("/nonexistent/directory", 0700) == 0) Fail("mkdir did not fail");
  return errno;
}

static void* SeesIt(void* unused) {
  EXPECT_EQ(ErrnoOfMkdir(), EXDEV);
  return unused;
}

static void ExpectReloaded(void) {
  EXPECT_EQ(ErrnoOfMkdir(), EXDEV);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, SeesIt, NULL), 0);
  EXPECT_EQ(pthread_join(thread, NULL), 0);
  const pid_t child = fork();
  EXPECT(child >= 0);
  if (child == 0) _exit(ErrnoOfMkdir());
  ExpectExit(child, EXDEV);
}

static void* Waits(void* own) {
  EXPECT_EQ(ErrnoOfMkdir(), ENOENT);
  if (own != NULL) FilterGetppid(SECCOMP_RET_ERRNO | EOWNERDEAD);
  pthread_barrier_wait(&ready);
  pthread_barrier_wait(&told);
  ExpectReloaded();
  const long parent = syscall(SYS_getppid);
  if (own != NULL) {
    EXPECT_EQ(parent, -1);
    EXPECT_EQ(errno, EOWNERDEAD);
  } else {
    EXPECT(parent >= 0);
  }
  return NULL;
}

static void FilterAllThreads(void) {
  struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const struct sock_fprog program = {1, allow};
  EXPECT_EQ(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program), 0);
}

int main(int argc, char** argv) {
  if (argc < 2) Fail("usage: %s FIFO [own]", argv[0]);
  const int has_own = argc > 2;
  pthread_barrier_init(&ready, NULL, 4);
  pthread_barrier_init(&told, NULL, 4);
  pthread_t threads[3];
  for (int i = 0; i < 3; ++i) {
    void* own = i == 1 && has_own ? argv[2] : NULL;
    EXPECT_EQ(pthread_create(&threads[i], NULL, Waits, own), 0);
  }
  pthread_barrier_wait(&ready);
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  char byte;
  const int fifo = open(argv[1], O_RDONLY);
  EXPECT(fifo >= 0);
  EXPECT_EQ(read(fifo, &byte, 1), 1);
  if (!has_own) FilterAllThreads();
  pthread_barrier_wait(&told);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pthread_join(threads[i], NULL), 0);
  ExpectReloaded();
  Succeed();
}
