// The floor with tracer and task on one CPU: the tracer blocks in waitpid, so that a stop costs two
// context switches and no wake-up of another CPU.

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

#include "tests/bench/floor.h"

int main(int argc, char** argv) {
  const struct Floor floor = FloorParse(argc, argv);
  const int cpu = FloorCpuFromLast(0);
  FloorPin(cpu);
  const pid_t pid = FloorStart(&floor, cpu);
  while (1) {
    int status;
    if (waitpid(pid, &status, __WALL) == pid) {
      FloorHandle(&floor, pid, status);
    } else if (errno != EINTR) {
      perror("floor: waitpid");
      return 2;
    }
  }
}
