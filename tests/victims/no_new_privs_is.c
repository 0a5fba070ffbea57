// prctl(PR_GET_NO_NEW_PRIVS) gives argv[1].
#include <sys/prctl.h>

#include "victim.h"

int main(int argc, char** argv) {
  EXPECT_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), ExpectedAnswer(argc, argv));
  Succeed();
}
