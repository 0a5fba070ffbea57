// Dies by the signal argv[1].
#include <sys/resource.h>

#include "victim.h"

int main(int argc, char** argv) {
  int signal = (int)ExpectedAnswer(argc, argv);
  struct rlimit none = {0, 0};
  EXPECT_EQ(setrlimit(RLIMIT_CORE, &none), 0);
  raise(signal);
  Fail("signal %d did not kill", signal);
}
