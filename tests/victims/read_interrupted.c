// A signal handler without SA_RESTART ends a blocking read with EINTR; with it the read goes on and
// gets its data.
#include <sys/time.h>

#include "victim.h"

static volatile sig_atomic_t seen;
static int writing_end;
static int writes_at;

static void OnAlarm(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)info;
  (void)context;
  if (++seen == writes_at && write(writing_end, "x", 1) != 1) _exit(3);
}

static void Alarms(long microseconds) {
  struct itimerval timer = {{0, microseconds}, {0, microseconds}};
  EXPECT_EQ(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

int main(void) {
  int fds[2];
  char byte;
  EXPECT_EQ(pipe(fds), 0);
  writing_end = fds[1];

  SetHandler(SIGALRM, OnAlarm, 0);
  Alarms(20000);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(read(fds[0], &byte, 1), -1);
    EXPECT_EQ(errno, EINTR);
  }
  EXPECT(seen >= 5);
  Alarms(0);

  // The read is restarted four times and finds data the fifth.
  seen = 0;
  writes_at = 5;
  SetHandler(SIGALRM, OnAlarm, SA_RESTART);
  Alarms(20000);
  EXPECT_EQ(read(fds[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
  EXPECT(seen >= 5);
  Succeed();
}
