// Prints READY and stops itself by the signal argv[1]; continued, it succeeds.
#include "victim.h"

int main(int argc, char** argv) {
  int signal = (int)ExpectedAnswer(argc, argv);
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  EXPECT_EQ(raise(signal), 0);
  Succeed();
}
