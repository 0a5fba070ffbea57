// A task does to its own tree what it may not do to others: signals by every call, limits,
// priority, memory by process_vm_readv and by /proc/PID/mem, a descriptor by pidfd.
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include "victim.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

static volatile int g_got = 0;

static void OnSignal(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info, (void)context;
  ++g_got;
}

static char g_shared = 'a';

static void SignalSelf(void) {
  SetHandler(SIGUSR1, OnSignal, 0);
  siginfo_t info;
  memset(&info, 0, sizeof(info));
  info.si_code = SI_QUEUE;
  info.si_signo = SIGUSR1;
  const int pidfd = syscall(SYS_pidfd_open, getpid(), 0);
  EXPECT(pidfd >= 0);
  EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
  EXPECT_EQ(syscall(SYS_tkill, getpid(), SIGUSR1), 0);
  EXPECT_EQ(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1), 0);
  EXPECT_EQ(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info), 0);
  EXPECT_EQ(syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, &info), 0);
  EXPECT_EQ(syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, NULL, 0), 0);
  EXPECT_EQ(g_got, 6);
  // That somebody is there may be asked of everybody.
  EXPECT_EQ(kill(getppid(), 0), 0);
}

static void ReachChild(pid_t child) {
  struct rlimit limit;
  EXPECT_EQ(prlimit(child, RLIMIT_CORE, NULL, &limit), 0);
  EXPECT_EQ(prlimit(child, RLIMIT_CORE, &limit, NULL), 0);
  EXPECT_EQ(setpriority(PRIO_PROCESS, child, getpriority(PRIO_PROCESS, child)), 0);

  char byte = 0;
  struct iovec local = {&byte, 1};
  struct iovec remote = {&g_shared, 1};
  EXPECT_EQ(process_vm_readv(child, &local, 1, &remote, 1, 0), 1);
  EXPECT_EQ(byte, 'a');
  byte = 'b';
  EXPECT_EQ(process_vm_writev(child, &local, 1, &remote, 1, 0), 1);

  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/mem", child);
  const int memory = open(path, O_RDWR);
  EXPECT(memory >= 0);
  EXPECT_EQ(pread(memory, &byte, 1, (intptr_t)&g_shared), 1);
  EXPECT_EQ(byte, 'b');
  EXPECT(open("/proc/self/mem", O_RDWR) >= 0);
  EXPECT(open("/proc/thread-self/mem", O_WRONLY) >= 0);

  const int pidfd = syscall(SYS_pidfd_open, child, 0);
  EXPECT(pidfd >= 0);
  EXPECT(syscall(SYS_pidfd_getfd, pidfd, 1, 0) >= 0);
  EXPECT_EQ(fcntl(memory, F_SETOWN, getpid()), 0);
}

int main(void) {
  SignalSelf();
  const pid_t child = fork();
  if (child == 0) {
    for (;;) pause();
  }
  EXPECT(child > 0);
  ReachChild(child);
  EXPECT_EQ(kill(child, SIGKILL), 0);
  ExpectKilled(child, SIGKILL);
  // A group of its own is signalled as ever.
  const pid_t other = fork();
  if (other == 0) {
    for (;;) pause();
  }
  EXPECT_EQ(setpgid(other, other), 0);
  EXPECT_EQ(kill(-other, SIGTERM), 0);
  ExpectKilled(other, SIGTERM);
  Succeed();
}
