// socket(AF_INET, …) gives argv[1].
#include <sys/socket.h>

#include "raw_syscall.h"
#include "victim.h"

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  EXPECT_EQ(RawSyscall3(SYS_socket, AF_INET, SOCK_STREAM, 0), answer);
  Succeed();
}
