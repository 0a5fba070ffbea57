// A filter of the task's own that answers an errno is obeyed.
#include "own_filter.h"
#include "raw_syscall.h"

int main(void) {
  FilterGetppid(SECCOMP_RET_ERRNO | 77);
  EXPECT_EQ(RawSyscall3(SYS_getppid, 0, 0, 0), -77);
  EXPECT(RawSyscall3(SYS_getuid, 0, 0, 0) >= 0);
  Succeed();
}
