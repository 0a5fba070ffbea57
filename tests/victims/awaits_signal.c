// Prints READY, waits for the signal argv[1].
#include "victim.h"

int main(int argc, char** argv) {
  sigset_t set;
  int signal = (int)ExpectedAnswer(argc, argv);
  sigemptyset(&set);
  sigaddset(&set, signal);
  EXPECT_EQ(sigprocmask(SIG_BLOCK, &set, NULL), 0);
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  // A stop ends the wait with EINTR (signal(7)).
  int got;
  do {
    got = sigwaitinfo(&set, NULL);
  } while (got < 0 && errno == EINTR);
  EXPECT_EQ(got, signal);
  Succeed();
}
