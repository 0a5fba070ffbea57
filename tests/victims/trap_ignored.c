// A trapped getppid kills by SIGSYS where that is ignored.
#include "victim.h"

int main(void) {
  signal(SIGSYS, SIG_IGN);
  syscall(SYS_getppid);
  Fail("getppid did not kill");
}
