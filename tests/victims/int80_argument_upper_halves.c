// By int $0x80 the kernel uses the low halves of all arguments, pointers too: a forbidden path
// below 4 GiB stays forbidden (access gives argv[1]) when the whole register points at an innocent
// one above.
#include <stdint.h>
#include <sys/mman.h>

#include "raw_syscall.h"
#include "victim.h"

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  const unsigned long kAccess = 33;
  char* low = mmap((void*)0x20000000, 4096, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  char* high = mmap((void*)0x120000000, 4096, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  EXPECT(low == (char*)0x20000000);
  EXPECT(high == (char*)0x120000000);
  strcpy(low, "/secret/file");
  strcpy(high, "/");
  EXPECT_EQ(Int80(kAccess, (uintptr_t)low, F_OK, 0), answer);
  EXPECT_EQ(Int80(kAccess, (uintptr_t)high, F_OK, 0), answer);
  // And the other way round: nothing is forbidden about the low one.
  strcpy(low, "/");
  strcpy(high, "/secret/file");
  EXPECT_EQ(Int80(kAccess, (uintptr_t)high, F_OK, 0), 0);
  Succeed();
}
