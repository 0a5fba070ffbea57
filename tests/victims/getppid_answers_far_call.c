// A 32-bit program far-calls into 64-bit code, whose getppid (110 there, rename's neighbour on
// i386) gives argv[1].
#include "victim.h"

extern int GetppidIn64BitCode(void);

// 0x33 is the kernel's 64-bit user code segment, which every program may load.
__asm__(
    ".pushsection .text\n"
    ".globl GetppidIn64BitCode\n"
    "GetppidIn64BitCode:\n"
    "  push %ebx\n  push %esi\n  push %edi\n"
    "  lcall $0x33, $1f\n"
    "  pop %edi\n  pop %esi\n  pop %ebx\n"
    "  ret\n"
    "1:\n"
    ".code64\n"
    "  mov $110, %eax\n"
    "  syscall\n"
    "  lret\n"
    ".code32\n"
    ".popsection\n");

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(GetppidIn64BitCode(), answer);
  Succeed();
}
