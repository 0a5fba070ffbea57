// Has a filter of its own that says 0 for every seccomp(2), which then does not run; prints READY,
// waits until the FIFO argv[1] can be read, and exits with the errno of mkdir.
#include <fcntl.h>
#include <sys/stat.h>

#include "own_filter.h"

int main(int argc, char** argv) {
  EXPECT_EQ(argc, 2);
  FilterCall(SYS_seccomp, SECCOMP_RET_ERRNO);
  EXPECT_EQ(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL), 0);
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  char byte;
  const int fifo = open(argv[1], O_RDONLY);
  EXPECT(fifo >= 0);
  EXPECT_EQ(read(fifo, &byte, 1), 1);
  EXPECT_EQ(mkdir("/nonexistent/directory", 0700), -1);
  _exit(errno);
}
