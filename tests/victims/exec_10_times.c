// The program execs itself ten times; each time its pid is the same.
#include "victim.h"

int main(int argc, char** argv) {
  char count[16];
  char pid[16];
  int done = argc == 3 ? atoi(argv[1]) : 0;
  if (argc == 3) EXPECT_EQ(getpid(), atoi(argv[2]));
  if (done == 10) Succeed();
  snprintf(count, sizeof(count), "%d", done + 1);
  snprintf(pid, sizeof(pid), "%d", getpid());
  char* const arguments[] = {argv[0], count, pid, NULL};
  execv("/proc/self/exe", arguments);
  Fail("execv: %s", strerror(errno));
}
