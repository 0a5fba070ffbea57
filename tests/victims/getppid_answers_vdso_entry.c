// An i386 program enters the kernel as libc does, through the vDSO (sysenter or syscall): getppid
// gives argv[1].
#include <sys/auxv.h>

#include "victim.h"

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  unsigned long entry = getauxval(AT_SYSINFO);
  EXPECT(entry != 0);
  for (int i = 0; i < 3; ++i) {
    int result;
    __asm__ volatile("call *%1" : "=a"(result) : "r"(entry), "0"(SYS_getppid) : "memory");
    EXPECT_EQ(result, answer);
  }
  Succeed();
}
