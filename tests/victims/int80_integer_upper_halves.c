// lseek(fd, 4096, SEEK_SET) by int $0x80 gives argv[1] however the upper halves are filled.
#include <fcntl.h>

#include "raw_syscall.h"
#include "victim.h"

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  const unsigned long kLseek = 19;
  int fd = open("/proc/self/exe", O_RDONLY);
  EXPECT(fd >= 0);
  EXPECT_EQ(Int80(kLseek, fd, 4096, SEEK_SET), answer);
  EXPECT_EQ(Int80(kLseek, fd, 0x700001000, SEEK_SET), answer);
  EXPECT_EQ(Int80(kLseek, fd, 0xffffffff00001000, SEEK_SET), answer);
  EXPECT_EQ(Int80(kLseek, fd, 0x700002000, SEEK_SET), 0x2000);
  Succeed();
}
