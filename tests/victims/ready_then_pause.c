// Prints READY and waits for a signal that kills it.
#include "victim.h"

int main(void) {
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  while (1) pause();
}
