// Of argv[1] writes to /dev/null those fail with EIO whose numbers follow in argv[2] …; the others
// succeed.
#include <fcntl.h>

#include "victim.h"

int main(int argc, char** argv) {
  EXPECT(argc >= 2);
  const int fd = open("/dev/null", O_WRONLY);
  EXPECT(fd >= 3);
  const int writes = atoi(argv[1]);
  int next = 2;
  for (int i = 1; i <= writes; ++i) {
    const int denied = next < argc && atoi(argv[next]) == i;
    if (denied) ++next;
    const ssize_t result = write(fd, "x", 1);
    if (result != (denied ? -1 : 1)) Fail("write %d gave %zd (errno %d)", i, result, errno);
    if (denied) EXPECT_EQ(errno, EIO);
  }
  EXPECT_EQ(next, argc);
  Succeed();
}
