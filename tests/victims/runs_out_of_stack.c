// Recurses, a call at each level, until the stack is at its end: SIGSEGV.
#include "raw_syscall.h"
#include "victim.h"

static volatile int forever = 1;

static int Recurse(volatile char* above) {
  volatile char frame[4000];
  frame[0] = above[0] + (char)RawSyscall3(SYS_getppid, 0, 0, 0);
  if (forever) frame[3999] = (char)Recurse(frame);
  return frame[0] + frame[3999];
}

int main(void) {
  volatile char first[1] = {0};
  pid_t child = fork();
  if (child == 0) _exit(Recurse(first));
  ExpectKilled(child, SIGSEGV);
  Succeed();
}
