// getppid gives argv[1] however the upper half of the number's register is filled.
#include "raw_syscall.h"
#include "victim.h"

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  EXPECT_EQ(RawSyscall3(0xdeadbeef00000000 | SYS_getppid, 0, 0, 0), answer);
  EXPECT_EQ(RawSyscall3(0xffffffff00000000 | SYS_getppid, 0, 0, 0), answer);
  EXPECT_EQ(RawSyscall3(0x100000000 | SYS_getppid, 0, 0, 0), answer);
  Succeed();
}
