// Opens the FIFO argv[1], so that it never ends, prints READY and reads from it what somebody
// writes; the second read must fail with EIO.
#include <fcntl.h>

#include "victim.h"

int main(int argc, char** argv) {
  EXPECT_EQ(argc, 2);
  char byte = 0;
  const int fifo = open(argv[1], O_RDWR);
  EXPECT(fifo >= 0);
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  EXPECT_EQ(read(fifo, &byte, 1), 1);
  EXPECT_EQ(byte, 'g');
  EXPECT_EQ(read(fifo, &byte, 1), -1);
  EXPECT_EQ(errno, EIO);
  Succeed();
}
