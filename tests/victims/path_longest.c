// access of a path of PATH_MAX - 1 bytes below /secret gives argv[1], of a longer one argv[2].
#include <limits.h>

#include "forbidden_path.h"

int main(int argc, char** argv) {
  if (argc != 3) Fail("usage: %s LONGEST LONGER", argv[0]);
  char* path = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT(path != MAP_FAILED);
  strcpy(path, "/secret");
  for (size_t length = strlen(path); length < 8000; ++length) {
    path[length] = length % 8 == 7 ? '/' : 'x';
  }
  path[PATH_MAX - 1] = '\0';
  EXPECT_EQ(Access(path), strtoll(argv[1], NULL, 0));
  path[PATH_MAX - 1] = 'x';
  path[PATH_MAX] = '\0';
  EXPECT_EQ(Access(path), strtoll(argv[2], NULL, 0));
  path[PATH_MAX] = 'x';
  EXPECT_EQ(Access(path), strtoll(argv[2], NULL, 0));
  Succeed();
}
