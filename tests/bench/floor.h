#ifndef PROVOST_TESTS_BENCH_FLOOR_H_
#define PROVOST_TESTS_BENCH_FLOOR_H_

// What the two floor tracers share: the least a tracer can do at a seccomp stop. They differ only
// in how they wait, which is most of the cost of a stop.
//
//   floor_WAY MODE PROGRAM [ARGUMENT...]
//
// runs PROGRAM (not its children) under a filter that answers openat with SECCOMP_RET_TRACE.

#include <sys/types.h>

// How a stopped call is answered.
enum FloorMode {
  FLOOR_RUN,           // "run": it is let through
  FLOOR_SKIP,          // "skip": it does not run and is EACCES; two PTRACE_POKEUSERs
  FLOOR_SKIP_BY_REGS,  // "skip-by-regs": the same by PTRACE_GETREGS and PTRACE_SETREGS
  FLOOR_SKIP_BY_INFO,  // "skip-by-info": PTRACE_SET_SYSCALL_INFO (Linux 6.16) and one POKEUSER
};

struct Floor {
  enum FloorMode mode;
  char** argv;  // of the program; the caller's
};

// Reads the command line; prints what is wrong with it and exits 2.
struct Floor FloorParse(int argc, char** argv);

// The `index`-th CPU this process may use, counted from the last; exits 2 if there are not so many.
int FloorCpuFromLast(int index);

// Keeps this process on one CPU, and what it forks from now on but FloorStart's program.
void FloorPin(int cpu);

// Starts the program on `cpu`, seized and under the filter. The program is killed with its tracer.
pid_t FloorStart(const struct Floor* floor, int cpu);

// Handles one status of waitpid: answers a stop and lets the task run on. Exits with the program's
// status when it has ended.
void FloorHandle(const struct Floor* floor, pid_t pid, int status);

#endif  // PROVOST_TESTS_BENCH_FLOOR_H_
