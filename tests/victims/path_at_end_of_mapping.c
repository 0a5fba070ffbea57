// access of /secret/file gives argv[1] when its NUL is the last byte that can be read.
#include "forbidden_path.h"

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  for (int unmapped = 0; unmapped < 2; ++unmapped) {
    char* end = EndOfMapping(unmapped);
    memcpy(end - sizeof(kForbidden), kForbidden, sizeof(kForbidden));
    EXPECT_EQ(Access(end - sizeof(kForbidden)), answer);
    // An innocent one is the kernel's to answer.
    memcpy(end - 2, "/", 2);
    EXPECT_EQ(Access(end - 2), 0);
  }
  Succeed();
}
