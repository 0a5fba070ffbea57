// connect(2) to 127.0.0.1 gives argv[1], to a unix socket that nobody listens on -ENOENT.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "raw_syscall.h"
#include "victim.h"

static long Connect(int fd, const void* address, size_t size) {
  return RawSyscall3(SYS_connect, fd, (uintptr_t)address, size);
}

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_port = htons(9)};
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int internet = socket(AF_INET, SOCK_STREAM, 0);
  EXPECT(internet >= 0);
  EXPECT_EQ(Connect(internet, &loopback, sizeof(loopback)), answer);

  struct sockaddr_un nobody = {.sun_family = AF_UNIX, .sun_path = "/no/such/socket"};
  int local = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT(local >= 0);
  EXPECT_EQ(Connect(local, &nobody, sizeof(nobody)), -ENOENT);
  Succeed();
}
