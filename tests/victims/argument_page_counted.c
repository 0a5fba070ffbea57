// Opens "./a" 12 times: the first argv[1] times it is there, then EMFILE is the answer.
#include "flipped_files.h"

int main(int argc, char** argv) {
  EXPECT_EQ(argc, 2);
  MakeFiles();
  for (int i = 0; i < 12; ++i) {
    if (i < atoi(argv[1])) {
      EXPECT_EQ(OpenOne("./a"), 0);
    } else {
      EXPECT_EQ(OpenOne("./a"), -1);
      EXPECT_EQ(errno, EMFILE);
    }
  }
  RemoveFiles();
  Succeed();
}
