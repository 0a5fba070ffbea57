// Becomes uid argv[1] and executes argv[2].
#include <grp.h>

#include "victim.h"

int main(int argc, char** argv) {
  EXPECT_EQ(argc, 3);
  EXPECT_EQ(setgroups(0, NULL), 0);
  EXPECT_EQ(setresgid(atoi(argv[1]), atoi(argv[1]), atoi(argv[1])), 0);
  EXPECT_EQ(setresuid(atoi(argv[1]), atoi(argv[1]), atoi(argv[1])), 0);
  execl(argv[2], argv[2], NULL);
  Fail("execl: %s", strerror(errno));
}
