// getppid gives argv[1], argv[2] times.
#include "raw_syscall.h"
#include "victim.h"

int main(int argc, char** argv) {
  if (argc != 3) Fail("usage: %s ANSWER COUNT", argv[0]);
  long long answer = strtoll(argv[1], NULL, 0);
  for (long i = atol(argv[2]); i > 0; --i) EXPECT_EQ(RawSyscall3(SYS_getppid, 0, 0, 0), answer);
  Succeed();
}
