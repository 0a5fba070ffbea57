// write(2) to /dev/null gives argv[1], whatever the descriptor is called; to /dev/zero and to a
// pipe it writes.
#include <fcntl.h>
#include <stdint.h>

#include "raw_syscall.h"
#include "victim.h"

static long Write(int fd) { return RawSyscall3(SYS_write, fd, (uintptr_t) "x", 1); }

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  int null = open("/dev/null", O_WRONLY);
  int zero = open("/dev/zero", O_WRONLY);
  int ends[2];
  EXPECT(null >= 0 && zero >= 0);
  EXPECT_EQ(pipe(ends), 0);
  EXPECT_EQ(Write(null), answer);
  EXPECT_EQ(Write(dup(null)), answer);
  EXPECT_EQ(Write(zero), 1);
  EXPECT_EQ(Write(ends[1]), 1);
  Succeed();
}
