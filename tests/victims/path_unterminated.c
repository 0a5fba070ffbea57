// access of a string that memory ends before gives argv[1].
#include "forbidden_path.h"

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  for (int unmapped = 0; unmapped < 2; ++unmapped) {
    char* end = EndOfMapping(unmapped);
    memset(end - 4096, 'x', 4096);
    EXPECT_EQ(Access(end - 1), answer);
    EXPECT_EQ(Access(end - 5), answer);
    EXPECT_EQ(Access(end - 4095), answer);
  }
  Succeed();
}
