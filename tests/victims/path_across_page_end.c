// access of /secret/file gives argv[1] wherever a page ends inside the string.
#include "forbidden_path.h"

int main(int argc, char** argv) {
  long long answer = ExpectedAnswer(argc, argv);
  char* pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT(pages != MAP_FAILED);
  for (size_t before = 0; before <= sizeof(kForbidden); ++before) {
    memset(pages, 'x', 8192);
    memcpy(pages + 4096 - before, kForbidden, sizeof(kForbidden));
    EXPECT_EQ(Access(pages + 4096 - before), answer);
  }
  Succeed();
}
