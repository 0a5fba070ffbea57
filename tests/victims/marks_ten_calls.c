// Writes the ten digits to descriptor 100, each by a call of its own.
#include "victim.h"

int main(void) {
  for (char digit = '0'; digit <= '9'; ++digit) EXPECT_EQ(write(100, &digit, 1), 1);
  Succeed();
}
