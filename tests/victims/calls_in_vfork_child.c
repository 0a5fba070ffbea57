// A vfork child calls getppid for ever while its parent waits for it.
#include "victim.h"

int main(void) {
  if (vfork() == 0) {
    while (1) syscall(SYS_getppid);
  }
  _exit(1);
}
