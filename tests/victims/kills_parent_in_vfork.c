// A vfork child kills its parent, which waits for it and answers nobody, and goes on alone.
#include "victim.h"

int main(void) {
  pid_t parent = getpid();
  if (vfork() == 0) {
    kill(parent, SIGKILL);
    while (getppid() == parent) {
    }
    static const char kLine[] = "EXIT-SUCCESS\n";
    if (write(1, kLine, sizeof(kLine) - 1) < 0) _exit(2);
    _exit(0);
  }
  _exit(1);
}
