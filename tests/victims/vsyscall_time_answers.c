// time() through the vsyscall page gives argv[1], or the time if that is "now". Calls before and
// after it come to no harm.
#include <time.h>

#include "raw_syscall.h"
#include "victim.h"

int main(int argc, char** argv) {
  if (argc != 2) Fail("usage: %s ANSWER|now", argv[0]);
  long (*const vsyscall_time)(long*) = (long (*)(long*))0xffffffffff600400;
  pid_t parent = getppid();
  for (int i = 0; i < 3; ++i) {
    long before = time(NULL);
    long got = vsyscall_time(NULL);
    if (strcmp(argv[1], "now") == 0) {
      EXPECT(got >= before - 1 && got <= before + 60);
    } else {
      EXPECT_EQ(got, strtoll(argv[1], NULL, 0));
    }
    EXPECT_EQ(RawSyscall3(SYS_getppid, 0, 0, 0), parent);
  }
  Succeed();
}
