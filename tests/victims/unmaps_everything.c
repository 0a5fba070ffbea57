// Unmaps all of its own memory by one call. Whoever returns from that has no code: SIGSEGV.
#include "raw_syscall.h"
#include "victim.h"

int main(void) {
  pid_t child = fork();
  if (child == 0) {
    RawSyscall3(SYS_munmap, 0, 0x7ffffffff000, 0);
    _exit(1);
  }
  ExpectKilled(child, SIGSEGV);
  Succeed();
}
