// access of an address where nothing can be read gives argv[1].
#include "forbidden_path.h"

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  char* closed = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT(closed != MAP_FAILED);
  EXPECT_EQ(Access(NULL), answer);
  EXPECT_EQ(Access((void*)8), answer);
  EXPECT_EQ(Access(closed), answer);
  EXPECT_EQ(Access((void*)0xffffffff81000000), answer);
  EXPECT_EQ(Access((void*)0x7ffffffffffff000), answer);
  EXPECT_EQ(Access((void*)0x8000000000000000), answer);
  EXPECT_EQ(Access((void*)0xffffffffffffffff), answer);
  Succeed();
}
