// A read of descriptor 100 is broken off by SIGSTOP and taken up after SIGCONT three times, with no
// handler, and is one read all the same: of the reads of that descriptor the third fails with EIO.
#include <sched.h>

#include "victim.h"

static void AwaitState(pid_t pid, const char* states) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/stat", pid);
  while (1) {
    char stat[512] = "";
    FILE* file = fopen(path, "r");
    EXPECT(file != NULL);
    EXPECT(fgets(stat, sizeof(stat), file) != NULL);
    fclose(file);
    const char* state = strrchr(stat, ')');
    EXPECT(state != NULL);
    if (strchr(states, state[2]) != NULL) return;
    sched_yield();
  }
}

int main(void) {
  int fds[2];
  char byte;
  EXPECT_EQ(pipe(fds), 0);
  EXPECT_EQ(dup2(fds[0], 100), 100);
  pid_t reader = getpid();
  pid_t child = fork();
  EXPECT(child >= 0);
  if (child == 0) {
    for (int i = 0; i < 3; ++i) {
      AwaitState(reader, "S");
      EXPECT_EQ(kill(reader, SIGSTOP), 0);
      AwaitState(reader, "Tt");
      EXPECT_EQ(kill(reader, SIGCONT), 0);
      AwaitState(reader, "S");
    }
    EXPECT_EQ(write(fds[1], "xyz", 3), 3);
    _exit(0);
  }
  EXPECT_EQ(read(100, &byte, 1), 1);
  EXPECT_EQ(read(100, &byte, 1), 1);
  EXPECT_EQ(read(100, &byte, 1), -1);
  EXPECT_EQ(errno, EIO);
  EXPECT_EQ(read(100, &byte, 1), 1);
  EXPECT_EQ(byte, 'z');
  ExpectExit(child, 0);
  Succeed();
}
