// Kills processes, of several threads each, at every moment of their first opens, whose names a
// policy looks at: argv[1] of them.
#include <pthread.h>
#include <time.h>

#include "flipped_files.h"

static void* Open(void* unused) {
  while (1) OpenOne("./a");
  return unused;
}

static void SpinFor(long nanoseconds) {
  struct timespec begin;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do {
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec - begin.tv_nsec < nanoseconds);
}

int main(int argc, char** argv) {
  EXPECT_EQ(argc, 2);
  MakeFiles();
  const int count = atoi(argv[1]);
  for (int i = 0; i < count; ++i) {
    int ready[2];
    EXPECT(pipe(ready) == 0);
    const pid_t child = fork();
    if (child == 0) {
      pthread_t thread;
      for (int k = 0; k < i % 3; ++k) {
        EXPECT(pthread_create(&thread, NULL, Open, NULL) == 0);
      }
      EXPECT(write(ready[1], "r", 1) == 1);
      Open(NULL);
    }
    char byte;
    EXPECT(read(ready[0], &byte, 1) == 1);
    SpinFor(3000000L * i / count);
    EXPECT(kill(child, SIGKILL) == 0);
    int status;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(ready[0]);
    close(ready[1]);
  }
  RemoveFiles();
  Succeed();
}
