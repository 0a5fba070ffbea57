// openat2(2) of /dev/null for writing gives argv[1], for reading a descriptor.
#include <fcntl.h>
#include <linux/openat2.h>

#include "victim.h"

static long OpenNull(unsigned long long flags) {
  struct open_how how = {.flags = flags};
  long fd = syscall(SYS_openat2, AT_FDCWD, "/dev/null", &how, sizeof(how));
  return fd < 0 ? -errno : fd;
}

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  EXPECT(OpenNull(O_RDONLY) >= 0);
  EXPECT_EQ(OpenNull(O_WRONLY), answer);
  Succeed();
}
