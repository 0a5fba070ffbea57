// Opens files, whose names a policy looks at, in many threads under a rain of signals whose handler
// opens one, too. No call is interrupted, and a blocking one that is restarted has its path still.
// Needs a policy that refuses openat of "./r".
#include <pthread.h>
#include <stdatomic.h>
#include <sys/time.h>

#include "flipped_files.h"

enum { kThreads = 64, kOpens = 40, kSignals = 50 };

static atomic_int handled;

static void Handle(int signal) {
  (void)signal;
  const int error = errno;
  EXPECT_EQ(OpenOne("./a"), 0);
  errno = error;
  atomic_fetch_add(&handled, 1);
}

static void* OpenMany(void* argument) {
  char path[32];
  snprintf(path, sizeof(path), "./file%ld", (long)argument);
  const int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  EXPECT(fd >= 0);
  struct stat made;
  EXPECT(fstat(fd, &made) == 0);
  close(fd);
  for (int i = 0; i < kOpens; ++i) {
    const int again = open(path, O_RDONLY | O_CLOEXEC);
    EXPECT(again >= 0);
    struct stat status;
    EXPECT(fstat(again, &status) == 0);
    close(again);
    EXPECT_EQ(status.st_ino, made.st_ino);
    EXPECT_EQ(OpenOne("./r"), -1);
  }
  EXPECT(unlink(path) == 0);
  return NULL;
}

static void* OpenFifo(void* unused) {
  const int fd = open("./fifo", O_RDONLY | O_CLOEXEC);
  EXPECT(fd >= 0);
  close(fd);
  return unused;
}

int main(void) {
  MakeFiles();
  struct sigaction action = {.sa_handler = Handle, .sa_flags = SA_RESTART};
  EXPECT(sigaction(SIGALRM, &action, NULL) == 0);
  EXPECT(sigaction(SIGUSR1, &action, NULL) == 0);
  const struct itimerval often = {{0, 2000}, {0, 2000}};
  EXPECT(setitimer(ITIMER_REAL, &often, NULL) == 0);

  pthread_t threads[kThreads];
  for (long i = 0; i < kThreads; ++i) {
    EXPECT(pthread_create(&threads[i], NULL, OpenMany, (void*)i) == 0);
  }
  for (int i = 0; i < kThreads; ++i) EXPECT(pthread_join(threads[i], NULL) == 0);
  const struct itimerval never = {{0, 0}, {0, 0}};
  EXPECT(setitimer(ITIMER_REAL, &never, NULL) == 0);

  // A blocking open is interrupted and restarted again and again.
  EXPECT(mkfifo("fifo", 0600) == 0);
  pthread_t reader;
  EXPECT(pthread_create(&reader, NULL, OpenFifo, NULL) == 0);
  for (int i = 0; i < kSignals; ++i) {
    const int before = atomic_load(&handled);
    EXPECT(pthread_kill(reader, SIGUSR1) == 0);
    while (atomic_load(&handled) == before) sched_yield();
  }
  const int writer = open("./fifo", O_WRONLY | O_CLOEXEC);
  EXPECT(writer >= 0);
  EXPECT(pthread_join(reader, NULL) == 0);
  close(writer);
  unlink("fifo");
  RemoveFiles();
  Succeed();
}
