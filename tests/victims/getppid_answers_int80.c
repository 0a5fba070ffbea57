// getppid gives argv[1] to 64-bit code that calls it through the i386 entry, int $0x80.
#include "raw_syscall.h"
#include "victim.h"

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  const long kGetppid = 64;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Int80(kGetppid, 0, 0, 0), answer);
  // The kernel uses the low half of the number alone.
  EXPECT_EQ(Int80(0xdeadbeef00000000 | kGetppid, 0, 0, 0), answer);
  Succeed();
}
