// Numbers that are no call's give ENOSYS, by either entry.
#include "raw_syscall.h"
#include "victim.h"

int main(void) {
  static const unsigned long kNumbers[] = {10000, 2000000, 0x3fffffff, 0x7fffffff, 0x80000000,
                                           0xffffffff, 0xffffffffffffffff,
                                           // ControlNumbers of a filter that drew none.
                                           0x2f707200, 0x2f707201, 0x2f707202};
  for (unsigned i = 0; i < sizeof(kNumbers) / sizeof(kNumbers[0]); ++i) {
    EXPECT_EQ(RawSyscall3(kNumbers[i], 0, 0, 0), -ENOSYS);
    EXPECT_EQ(Int80(kNumbers[i], 0, 0, 0), -ENOSYS);
  }
  Succeed();
}
