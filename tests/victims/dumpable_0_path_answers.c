// After PR_SET_DUMPABLE 0 a tracer without privilege can read neither memory nor links in /proc:
// access of a forbidden path gives argv[1] before and after.
#include <sys/prctl.h>

#include "forbidden_path.h"

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  EXPECT_EQ(Access(kForbidden), answer);
  EXPECT_EQ(prctl(PR_SET_DUMPABLE, 0), 0);
  EXPECT_EQ(Access(kForbidden), answer);
  pid_t pid = fork();
  if (pid == 0) _exit(Access(kForbidden) == answer ? 9 : 8);
  ExpectExit(pid, 9);
  Succeed();
}
