// Writes over its arguments, as setproctitle(3) does, between two calls of getppid.
#include "victim.h"

int main(int argc, char** argv) {
  EXPECT(argc == 2);
  syscall(SYS_getppid);
  memset(argv[0], 'X', strlen(argv[0]));
  memset(argv[1], 'Y', strlen(argv[1]));
  syscall(SYS_getppid);
  Succeed();
}
