#include "tests/bench/floor.h"

#include <elf.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

// include/uapi/linux/ptrace.h, newer than glibc's.
#ifndef PTRACE_SET_SYSCALL_INFO
#define PTRACE_SET_SYSCALL_INFO 0x4212
#endif

static void Fail(const char* what) {
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  exit(2);
}

static void Check(long result, const char* what) {
  // Killed meanwhile: the next wait says so.
  if (result < 0 && errno != ESRCH) Fail(what);
}

struct Floor FloorParse(int argc, char** argv) {
  static const char* const kModes[] = {
      [FLOOR_RUN] = "run",
      [FLOOR_SKIP] = "skip",
      [FLOOR_SKIP_BY_REGS] = "skip-by-regs",
      [FLOOR_SKIP_BY_INFO] = "skip-by-info",
  };
  for (size_t i = 0; argc >= 3 && i < sizeof(kModes) / sizeof(kModes[0]); ++i) {
    if (strcmp(argv[1], kModes[i]) == 0) {
      return (struct Floor){.mode = (enum FloorMode)i, .argv = argv + 2};
    }
  }
  fprintf(stderr, "usage: %s run|skip|skip-by-regs|skip-by-info PROGRAM [ARGUMENT...]\n", argv[0]);
  exit(2);
}

int FloorCpuFromLast(int index) {
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0) Fail("sched_getaffinity");
  for (int cpu = CPU_SETSIZE - 1; cpu >= 0; --cpu) {
    if (CPU_ISSET(cpu, &cpus) && index-- == 0) return cpu;
  }
  fprintf(stderr, "floor: not enough CPUs\n");
  exit(2);
}

static void Pin(pid_t pid, int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  if (sched_setaffinity(pid, sizeof(cpus), &cpus) < 0) Fail("sched_setaffinity");
}

void FloorPin(int cpu) { Pin(0, cpu); }

static void InstallFilter(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) Fail("PR_SET_NO_NEW_PRIVS");
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0) Fail("seccomp");
}

pid_t FloorStart(const struct Floor* floor, int cpu) {
  int go[2];
  if (pipe(go) < 0) Fail("pipe");
  const pid_t pid = fork();
  if (pid < 0) Fail("fork");
  if (pid == 0) {
    char byte = 0;
    close(go[1]);
    if (read(go[0], &byte, 1) != 1) _exit(2);
    close(go[0]);
    InstallFilter();
    execv(floor->argv[0], floor->argv);
    Fail(floor->argv[0]);
  }
  close(go[0]);
  // Not by itself: on a CPU where the tracer spins it might not come to it.
  Pin(pid, cpu);
  if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL) < 0) {
    Fail("PTRACE_SEIZE");
  }
  if (write(go[1], "g", 1) != 1) Fail("write");
  close(go[1]);
  return pid;
}

static void Poke(pid_t pid, size_t offset, long value) {
  Check(ptrace(PTRACE_POKEUSER, pid, offset, value), "PTRACE_POKEUSER");
}

// A skipped call is number -1 and its result in the result register (ptrace(2), SECCOMP stops).
static void Skip(enum FloorMode mode, pid_t pid, struct __ptrace_syscall_info* info) {
  switch (mode) {
    case FLOOR_RUN:
      return;
    case FLOOR_SKIP:
      Poke(pid, offsetof(struct user_regs_struct, rax), -EACCES);
      Poke(pid, offsetof(struct user_regs_struct, orig_rax), -1);
      return;
    case FLOOR_SKIP_BY_REGS: {
      struct user_regs_struct regs;
      Check(ptrace(PTRACE_GETREGS, pid, NULL, &regs), "PTRACE_GETREGS");
      regs.rax = -EACCES;
      regs.orig_rax = -1;
      Check(ptrace(PTRACE_SETREGS, pid, NULL, &regs), "PTRACE_SETREGS");
      return;
    }
    case FLOOR_SKIP_BY_INFO:
      info->seccomp.nr = -1;
      Check(ptrace(PTRACE_SET_SYSCALL_INFO, pid, sizeof(*info), info), "PTRACE_SET_SYSCALL_INFO");
      Poke(pid, offsetof(struct user_regs_struct, rax), -EACCES);
      return;
  }
}

void FloorHandle(const struct Floor* floor, pid_t pid, int status) {
  if (WIFEXITED(status)) exit(WEXITSTATUS(status));
  if (WIFSIGNALED(status)) {
    fprintf(stderr, "floor: killed by signal %d\n", WTERMSIG(status));
    exit(2);
  }
  long signal = 0;
  if (status >> 16 == PTRACE_EVENT_SECCOMP) {
    struct __ptrace_syscall_info info;
    memset(&info, 0, sizeof(info));
    Check(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info), "PTRACE_GET_SYSCALL_INFO");
    Skip(floor->mode, pid, &info);
  } else if (status >> 16 == 0) {
    signal = WSTOPSIG(status);
  }
  Check(ptrace(PTRACE_CONT, pid, NULL, signal), "PTRACE_CONT");
}
