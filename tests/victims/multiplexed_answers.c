// Of i386: socketcall's socket(AF_INET, ...) gives argv[1], its socket(AF_UNIX, ...) a descriptor;
// its connect to 127.0.0.1 gives argv[1]; ipc's semget gives argv[1]. An array that cannot be read
// is the kernel's EFAULT, or argv[1].
#include <arpa/inet.h>
#include <linux/net.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/socket.h>

#include "raw_syscall.h"
#include "victim.h"

// SEMGET of linux/ipc.h, which does not go with sys/ipc.h.
enum { kSemget = 2 };

static long SocketCall(int call, const void* arguments) {
  return RawSyscall3(SYS_socketcall, call, (uintptr_t)arguments, 0);
}

static long Ipc(int call, int first, int second, int third) {
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "0"(SYS_ipc), "b"(call), "c"(first), "d"(second), "S"(third), "D"(0)
                   : "memory");
  return result;
}

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  const unsigned long internet[] = {AF_INET, SOCK_STREAM, 0};
  const unsigned long local[] = {AF_UNIX, SOCK_STREAM, 0};
  EXPECT_EQ(SocketCall(SYS_SOCKET, internet), answer);
  long fd = SocketCall(SYS_SOCKET, local);
  EXPECT(fd >= 0);
  EXPECT_EQ(SocketCall(SYS_SOCKET, (const void*)8), answer);

  struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_port = htons(9)};
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const unsigned long to_loopback[] = {fd, (uintptr_t)&loopback, sizeof(loopback)};
  EXPECT_EQ(SocketCall(SYS_CONNECT, to_loopback), answer);

  EXPECT_EQ(Ipc(kSemget, IPC_PRIVATE, 1, 0600), answer);
  Succeed();
}
