// The floor with the tracer on a CPU of its own: it never sleeps, so that no stop has to wake it.

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

#include "tests/bench/floor.h"

int main(int argc, char** argv) {
  const struct Floor floor = FloorParse(argc, argv);
  const int task_cpu = FloorCpuFromLast(0);
  FloorPin(FloorCpuFromLast(1));
  const pid_t pid = FloorStart(&floor, task_cpu);
  while (1) {
    int status;
    const pid_t got = waitpid(pid, &status, __WALL | WNOHANG);
    if (got == pid) {
      FloorHandle(&floor, pid, status);
    } else if (got < 0 && errno != EINTR) {
      perror("floor: waitpid");
      return 2;
    }
  }
}
