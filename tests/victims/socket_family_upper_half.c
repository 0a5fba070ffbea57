// socket(AF_INET, …) gives argv[1] however the upper half of an int argument's register is filled.
#include <sys/socket.h>

#include "raw_syscall.h"
#include "victim.h"

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  EXPECT_EQ(RawSyscall3(SYS_socket, AF_INET, SOCK_STREAM, 0), answer);
  EXPECT_EQ(RawSyscall3(SYS_socket, 0x100000000 | AF_INET, SOCK_STREAM, 0), answer);
  EXPECT_EQ(RawSyscall3(SYS_socket, 0xffffffff00000000 | AF_INET, SOCK_STREAM, 0), answer);
  // Another family with the same upper halves is another family.
  int fd = RawSyscall3(SYS_socket, 0x200000000 | AF_UNIX, SOCK_STREAM, 0);
  EXPECT(fd >= 0);
  Succeed();
}
