// Prints for each of argv[1] writes to /dev/null "y" if it was denied, "n" if not.
#include <fcntl.h>

#include "victim.h"

int main(int argc, char** argv) {
  EXPECT_EQ(argc, 2);
  const int fd = open("/dev/null", O_WRONLY);
  EXPECT(fd >= 3);
  const int writes = atoi(argv[1]);
  char answers[1024];
  EXPECT(writes < (int)sizeof(answers));
  for (int i = 0; i < writes; ++i) answers[i] = write(fd, "x", 1) == 1 ? 'n' : 'y';
  answers[writes] = '\n';
  EXPECT_EQ(write(1, answers, writes + 1), writes + 1);
  return 0;
}
