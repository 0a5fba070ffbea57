// getppid gives argv[1], three times.
#include "raw_syscall.h"
#include "victim.h"

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(RawSyscall3(SYS_getppid, 0, 0, 0), answer);
  Succeed();
}
