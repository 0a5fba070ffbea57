// execve of a program that exists gives argv[1]; so does execveat.
#include <fcntl.h>
#include <stdint.h>

#include "raw_syscall.h"
#include "victim.h"

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  char* const arguments[] = {"program", NULL};
  EXPECT_EQ(RawSyscall3(SYS_execve, (uintptr_t) "/proc/self/exe", (uintptr_t)arguments, 0), answer);
  EXPECT_EQ(syscall(SYS_execveat, AT_FDCWD, "/proc/self/exe", arguments, NULL, 0), -1);
  EXPECT_EQ(-errno, answer);
  Succeed();
}
