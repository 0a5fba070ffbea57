// A thread that waits in vfork for its child, and another. The child prints READY and lives until
// standard input ends; then both threads' getppid must be refused (EACCES).
#include <pthread.h>
#include <stdatomic.h>

#include "victim.h"

static void ExpectRefused(void) {
  EXPECT_EQ(syscall(SYS_getppid), -1);
  EXPECT_EQ(errno, EACCES);
}

static void* Vforks(void* unused) {
  const pid_t child = vfork();
  EXPECT(child >= 0);
  if (child == 0) {
    char byte = 0;
    if (write(1, "READY\n", 6) != 6) _exit(1);
    _exit(read(0, &byte, 1) == 0 ? 0 : 1);
  }
  ExpectExit(child, 0);
  ExpectRefused();
  return unused;
}

int main(void) {
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, Vforks, NULL), 0);
  EXPECT_EQ(pthread_join(thread, NULL), 0);
  ExpectRefused();
  Succeed();
}
