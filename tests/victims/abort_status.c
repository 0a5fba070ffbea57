// abort(3), a fault and a trap kill by their own signals.
#include <sys/resource.h>

#include "victim.h"

int main(void) {
  struct rlimit none = {0, 0};
  EXPECT_EQ(setrlimit(RLIMIT_CORE, &none), 0);
  pid_t pid = fork();
  if (pid == 0) abort();
  ExpectKilled(pid, SIGABRT);
  pid = fork();
  if (pid == 0) {
    volatile int* volatile wild = (volatile int*)16;
    *wild = 1;
  }
  ExpectKilled(pid, SIGSEGV);
  pid = fork();
  if (pid == 0) __asm__ volatile("ud2");
  ExpectKilled(pid, SIGILL);
  pid = fork();
  if (pid == 0) __asm__ volatile("int3");
  ExpectKilled(pid, SIGTRAP);
  Succeed();
}
