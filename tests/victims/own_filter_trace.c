// A task's own filter asks for a tracer, with the data argv[2]; getppid then gives argv[1].
#include "own_filter.h"
#include "raw_syscall.h"

int main(int argc, char** argv) {
  if (argc != 3) Fail("usage: %s ANSWER DATA", argv[0]);
  FilterGetppid(SECCOMP_RET_TRACE | (strtoul(argv[2], NULL, 0) & SECCOMP_RET_DATA));
  EXPECT_EQ(RawSyscall3(SYS_getppid, 0, 0, 0), strtoll(argv[1], NULL, 0));
  // A child has both filters.
  pid_t pid = fork();
  if (pid == 0) {
    EXPECT_EQ(RawSyscall3(SYS_getppid, 0, 0, 0), strtoll(argv[1], NULL, 0));
    _exit(18);
  }
  ExpectExit(pid, 18);
  Succeed();
}
