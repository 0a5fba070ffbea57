// Threads that make children all the time, each of which lives until another reload than those of
// its birth is through, and then finds refused (EXDEV) what each of them refuses: mkdir with that
// one's number for a mode. The number of the last is in the file argv[1], -1 at the end; who waits
// for it does so by futex(2). With argv[2], `own`, it has filters of its own. Prints READY.
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "own_filter.h"

enum { kThreads = 4, kLiving = 26 };

static int* last;

static int Last(void) { return __atomic_load_n(last, __ATOMIC_ACQUIRE); }

static void AwaitAnother(int than) { syscall(SYS_futex, last, FUTEX_WAIT, than, NULL, NULL, 0); }

static void Child(int begun) {
  for (int now = Last(); now >= 0 && now < begun + 2; now = Last()) AwaitAnother(now);
  const int reloads = Last();
  for (int mode = 1; mode <= reloads; ++mode) {
    EXPECT_EQ(mkdir("/nonexistent/directory", mode), -1);
    EXPECT_EQ(errno, EXDEV);
  }
  _exit(0);
}

static void* MakesChildren(void* unused) {
  int living = 0;
  int begun = Last();
  for (; begun >= 0; begun = Last()) {
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) Child(begun);
    if (++living <= kLiving) continue;
    int status = 0;
    EXPECT(wait(&status) > 0);
    EXPECT_EQ(status, 0);
    --living;
  }
  return unused;
}

int main(int argc, char** argv) {
  EXPECT(argc >= 2);
  const int file = open(argv[1], O_RDWR | O_CREAT, 0600);
  EXPECT(ftruncate(file, sizeof(*last)) == 0);
  last = mmap(NULL, sizeof(*last), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  EXPECT(last != MAP_FAILED);
  if (argc > 2) FilterGetppid(SECCOMP_RET_ERRNO | EPERM);
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], NULL, MakesChildren, NULL), 0);
  }
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  for (int i = 0; i < kThreads; ++i) EXPECT_EQ(pthread_join(threads[i], NULL), 0);
  int status = 0;
  while (wait(&status) > 0) EXPECT_EQ(status, 0);
  Succeed();
}
