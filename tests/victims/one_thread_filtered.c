// A thread with a filter of its own, which the process's other thread does not have. Prints READY,
// and ends when its standard input does.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>

#include "victim.h"

static void* InstallsFilter(void* unused) {
  struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const struct sock_fprog program = {1, allow};
  EXPECT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  EXPECT_EQ(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), 0);
  EXPECT_EQ(write(1, "READY\n", 6), 6);
  char byte = 0;
  EXPECT_EQ(read(0, &byte, 1), 0);
  return unused;
}

int main(void) {
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, NULL, InstallsFilter, NULL), 0);
  EXPECT_EQ(pthread_join(thread, NULL), 0);
  Succeed();
}
