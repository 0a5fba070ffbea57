// Calls with the x32 bit give ENOSYS.
#include "raw_syscall.h"
#include "victim.h"

int main(void) {
  EXPECT_EQ(RawSyscall3(0x40000000 | SYS_getppid, 0, 0, 0), -ENOSYS);
  EXPECT_EQ(RawSyscall3(0x40000000 | 512, 0, 0, 0), -ENOSYS);
  Succeed();
}
