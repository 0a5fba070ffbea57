// The mode in /proc/self/status is argv[1]: 0 without a filter, 2 with one.
#include "victim.h"

int main(int argc, char** argv) {
  long long expected = ExpectedAnswer(argc, argv);
  char line[256];
  int mode = -1;
  FILE* file = fopen("/proc/self/status", "r");
  EXPECT(file != NULL);
  while (fgets(line, sizeof(line), file) != NULL) {
    if (sscanf(line, "Seccomp: %d", &mode) == 1) break;
  }
  EXPECT_EQ(mode, expected);
  Succeed();
}
