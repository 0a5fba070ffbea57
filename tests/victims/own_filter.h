// A program that installs a seccomp filter of its own.

#ifndef PROVOST_TESTS_VICTIMS_OWN_FILTER_H_
#define PROVOST_TESTS_VICTIMS_OWN_FILTER_H_

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "victim.h"

// From here on the call gets `action`, all else is allowed.
static inline void FilterCall(unsigned nr, unsigned action) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
  EXPECT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  EXPECT_EQ(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), 0);
}

static inline void FilterGetppid(unsigned action) { FilterCall(SYS_getppid, action); }

#endif  // PROVOST_TESTS_VICTIMS_OWN_FILTER_H_
