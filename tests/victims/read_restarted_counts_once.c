// A read of descriptor 100 is restarted at least four times by a handler with SA_RESTART and is one
// read all the same: of the reads of that descriptor the third fails with EIO.
#include <sys/time.h>

#include "victim.h"

static volatile sig_atomic_t seen;
static int writing_end;

static void OnAlarm(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)info;
  (void)context;
  if (++seen == 5 && write(writing_end, "x", 1) != 1) _exit(3);
}

int main(void) {
  int fds[2];
  char byte;
  EXPECT_EQ(pipe(fds), 0);
  EXPECT_EQ(dup2(fds[0], 100), 100);
  writing_end = fds[1];

  SetHandler(SIGALRM, OnAlarm, SA_RESTART);
  struct itimerval timer = {{0, 20000}, {0, 20000}};
  EXPECT_EQ(setitimer(ITIMER_REAL, &timer, NULL), 0);
  EXPECT_EQ(read(100, &byte, 1), 1);
  EXPECT(seen >= 5);
  memset(&timer, 0, sizeof(timer));
  EXPECT_EQ(setitimer(ITIMER_REAL, &timer, NULL), 0);

  EXPECT_EQ(write(fds[1], "yz", 2), 2);
  EXPECT_EQ(read(100, &byte, 1), 1);
  EXPECT_EQ(read(100, &byte, 1), -1);
  EXPECT_EQ(errno, EIO);
  EXPECT_EQ(read(100, &byte, 1), 1);
  EXPECT_EQ(byte, 'z');
  Succeed();
}
