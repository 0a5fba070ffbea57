// A daemon by double fork writes to the file argv[1] after its parent, the program itself, is gone.
#include <fcntl.h>
#include <poll.h>

#include "victim.h"

int main(int argc, char** argv) {
  if (argc != 2) Fail("usage: %s FILE", argv[0]);
  int fds[2];
  char byte;
  EXPECT_EQ(pipe(fds), 0);
  pid_t middle = fork();
  if (middle == 0) {
    EXPECT(setsid() > 0);
    pid_t daemon = fork();
    if (daemon != 0) _exit(daemon > 0 ? 0 : 1);
    close(fds[1]);
    // The program held the last other writing end.
    EXPECT_EQ(read(fds[0], &byte, 1), 0);
    // Long enough for a supervisor that only waits for the program to have gone.
    poll(NULL, 0, 200);
    int file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0600);
    EXPECT(file >= 0);
    EXPECT_EQ(write(file, "daemon", 6), 6);
    _exit(0);
  }
  EXPECT(middle > 0);
  ExpectExit(middle, 0);
  Succeed();
}
