// dup2(0, 200) is rewritten to dup2(1, 100), by int 0x80 as well: it gives 100, and every register
// of an argument is as it was before. pipe2 loses its O_NONBLOCK.
#include <fcntl.h>
#include <stdint.h>

#include "raw_syscall.h"
#include "victim.h"

static void ByArch64(void) {
  const uint64_t before[6] = {
      0, 200, 0x1111111111111111, 0x2222222222222222, 0x3333333333333333, 0x4444444444444444};
  register uint64_t di __asm__("rdi") = before[0];
  register uint64_t si __asm__("rsi") = before[1];
  register uint64_t dx __asm__("rdx") = before[2];
  register uint64_t r10 __asm__("r10") = before[3];
  register uint64_t r8 __asm__("r8") = before[4];
  register uint64_t r9 __asm__("r9") = before[5];
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result), "+r"(di), "+r"(si), "+r"(dx), "+r"(r10), "+r"(r8), "+r"(r9)
                   : "0"((long)SYS_dup2)
                   : "rcx", "r11", "memory");
  const uint64_t after[6] = {di, si, dx, r10, r8, r9};
  EXPECT_EQ(result, 100);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(after[i], before[i]);
}

// i386's dup2 is 63. 64-bit code finds the upper halves of its registers as they were, too.
static void ByInt80(void) {
  uint64_t b = 0xaaaaaaaa00000000;
  uint64_t c = 0xbbbbbbbb000000c8;
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result), "+b"(b), "+c"(c)
                   : "0"(63L)
                   : "r8", "r9", "r10", "r11", "memory");
  EXPECT_EQ(result, 100);
  EXPECT_EQ(b, 0xaaaaaaaa00000000);
  EXPECT_EQ(c, 0xbbbbbbbb000000c8);
}

int main(void) {
  ByArch64();
  ByInt80();
  EXPECT_EQ(fcntl(200, F_GETFD), -1);
  EXPECT(fcntl(100, F_GETFD) >= 0);
  int fds[2];
  EXPECT_EQ(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
  EXPECT_EQ(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
  Succeed();
}
