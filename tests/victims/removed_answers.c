// Makes each call that Linux has dropped, or never had here, and looks at its answer.
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>

#include "victim.h"

#define EXPECT_ERROR(call, error) \
  do {                            \
    errno = 0;                    \
    EXPECT_EQ(call, -1);          \
    EXPECT_EQ(errno, error);      \
  } while (0)

struct sysctl_args {
  int* name;
  int nlen;
  void* oldval;
  size_t* oldlenp;
  void* newval;
  size_t newlen;
  unsigned long unused[4];
};

static long Sysctl(int* name, int levels, void* old, size_t* size, void* new, size_t new_size) {
  struct sysctl_args args = {name, levels, old, size, new, new_size, {0}};
  return syscall(SYS__sysctl, &args);
}

static void LookAtSysctl(void) {
  int release[] = {1, 2};
  char text[256] = "";
  size_t size = sizeof(text);
  struct utsname names;
  EXPECT_EQ(Sysctl(release, 2, text, &size, NULL, 0), 0);
  EXPECT_EQ(uname(&names), 0);
  EXPECT_EQ(strcmp(text, names.release), 0);
  EXPECT_EQ(size, strlen(names.release));
  size = 3;
  memset(text, 'x', sizeof(text));
  EXPECT_EQ(Sysctl(release, 2, text, &size, NULL, 0), 0);
  EXPECT_EQ(size, 3);
  EXPECT_EQ(text[3], 'x');
  int printk[] = {1, 23};
  int levels[4] = {-1, -1, -1, -1};
  size = sizeof(levels);
  EXPECT_EQ(Sysctl(printk, 2, levels, &size, NULL, 0), 0);
  EXPECT_EQ(size, sizeof(levels));
  for (int i = 0; i < 4; ++i) EXPECT(levels[i] >= 0 && levels[i] < 16);
  int new_value = 1;
  EXPECT_ERROR(Sysctl(printk, 2, NULL, NULL, &new_value, sizeof(new_value)), EPERM);
  int nothing[] = {1, 4711};
  EXPECT_ERROR(Sysctl(nothing, 2, levels, &size, NULL, 0), ENOTDIR);
  EXPECT_ERROR(Sysctl(release, 0, levels, &size, NULL, 0), ENOTDIR);
  EXPECT_ERROR(Sysctl(NULL, 2, levels, &size, NULL, 0), EFAULT);
  EXPECT_ERROR(syscall(SYS__sysctl, NULL), EFAULT);
}

static void LookAtFileSystems(void) {
  char name[64];
  const long count = syscall(SYS_sysfs, 3);
  EXPECT(count > 3);
  EXPECT_EQ(syscall(SYS_sysfs, 2, count - 1, name), 0);
  EXPECT_EQ(syscall(SYS_sysfs, 1, name), count - 1);
  EXPECT_ERROR(syscall(SYS_sysfs, 1, "no-such-thing"), EINVAL);
  EXPECT_ERROR(syscall(SYS_sysfs, 2, count, name), EINVAL);
  EXPECT_ERROR(syscall(SYS_sysfs, 4), EINVAL);

  struct {
    int free_blocks;
    unsigned long free_inodes;
    char names[12];
  } ustat = {-1, 0, ""};
  struct stat proc;
  EXPECT_EQ(stat("/proc", &proc), 0);
  EXPECT_EQ(syscall(SYS_ustat, (unsigned)proc.st_dev, &ustat), 0);
  EXPECT_EQ(ustat.free_blocks, 0);
  EXPECT_ERROR(syscall(SYS_ustat, 0xfff0f, &ustat), EINVAL);
}

static void LookAtWhatIsNotThere(void) {
  static const int kCalls[] = {SYS_create_module,
                               SYS_get_kernel_syms,
                               SYS_query_module,
                               SYS_nfsservctl,
                               SYS_getpmsg,
                               SYS_putpmsg,
                               SYS_afs_syscall,
                               SYS_vserver,
                               SYS_lookup_dcookie,
#ifdef __i386__
                               SYS_break,
                               SYS_ftime,
                               SYS_gtty,
                               SYS_idle,
                               SYS_lock,
                               SYS_mpx,
                               SYS_prof,
                               SYS_profil,
                               SYS_stty,
                               SYS_ulimit
#else
                               SYS_tuxcall,       SYS_security
#endif
  };
  for (size_t i = 0; i < sizeof(kCalls) / sizeof(kCalls[0]); ++i) {
    EXPECT_ERROR(syscall(kCalls[i], 0, 0, 0, 0, 0), ENOSYS);
  }
}

#ifdef __i386__

static void LookAtI386(void) {
  EXPECT_ERROR(syscall(SYS_vm86, 0, 0), EPERM);
  EXPECT_ERROR(syscall(SYS_vm86old, 0), EPERM);
  // 2 is SIGINT, bit 1; 9 cannot be blocked.
  const long before = syscall(SYS_sgetmask);
  EXPECT_EQ(syscall(SYS_ssetmask, before | 2 | (1 << 8)), before);
  EXPECT_EQ(syscall(SYS_sgetmask), before | 2);
  sigset_t blocked;
  EXPECT_EQ(sigprocmask(SIG_BLOCK, NULL, &blocked), 0);
  EXPECT_EQ(sigismember(&blocked, SIGINT), 1);
  EXPECT_EQ(syscall(SYS_ssetmask, before), before | 2);

  EXPECT_ERROR(syscall(SYS_stime, NULL), EFAULT);
  char file[] = "/proc/self/exe";
  const int fd = open(file, O_RDONLY);
  unsigned long map[6] = {0, 4096, PROT_READ, MAP_PRIVATE, fd, 4096};
  char* mapped = (char*)syscall(SYS_mmap, map);
  EXPECT(mapped != MAP_FAILED);
  char read_there[16];
  EXPECT_EQ(pread(fd, read_there, sizeof(read_there), 4096), (long)sizeof(read_there));
  EXPECT_EQ(memcmp(mapped, read_there, sizeof(read_there)), 0);
  map[5] = 100;
  EXPECT_ERROR(syscall(SYS_mmap, map), EINVAL);
  EXPECT_ERROR(syscall(SYS_mmap, NULL), EFAULT);

  int pipes[2];
  EXPECT_EQ(pipe(pipes), 0);
  EXPECT_EQ(write(pipes[1], "x", 1), 1);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(pipes[0], &set);
  unsigned long select_args[5] = {pipes[0] + 1, (unsigned long)&set, 0, 0, 0};
  EXPECT_EQ(syscall(SYS_select, select_args), 1);
  EXPECT(FD_ISSET(pipes[0], &set));
  char dirent[300];
  const int directory = open("/proc/self/fdinfo", O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(syscall(SYS_readdir, directory, dirent, 1), 1);
  struct utsname names;
  char old_names[5][65];
  EXPECT_EQ(uname(&names), 0);
  EXPECT_EQ(syscall(SYS_olduname, old_names), 0);
  EXPECT_EQ(strcmp(old_names[2], names.release), 0);
}

#else

static void LookAtX8664(void) {
  const int epoll = epoll_create1(0);
  int pipes[2];
  EXPECT_EQ(pipe(pipes), 0);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = 77};
  EXPECT_EQ(syscall(SYS_epoll_ctl_old, epoll, EPOLL_CTL_ADD, pipes[0], &event), 0);
  EXPECT_EQ(write(pipes[1], "x", 1), 1);
  struct epoll_event seen = {0};
  EXPECT_EQ(syscall(SYS_epoll_wait_old, epoll, &seen, 1, 0), 1);
  EXPECT_EQ(seen.data.u32, 77);
  // Calls of this architecture with the names of i386's are what they are.
  fd_set set;
  FD_ZERO(&set);
  FD_SET(pipes[0], &set);
  EXPECT_EQ(syscall(SYS_select, pipes[0] + 1, &set, NULL, NULL, NULL), 1);
}

#endif

int main(void) {
  LookAtSysctl();
  LookAtFileSystems();
  LookAtWhatIsNotThere();
  EXPECT_ERROR(syscall(SYS_uselib, "/proc/self/exe"), ENOEXEC);
  EXPECT_ERROR(syscall(SYS_uselib, "/no/such/file"), ENOENT);
  EXPECT_ERROR(syscall(SYS_uselib, NULL), EFAULT);
#ifdef __i386__
  LookAtI386();
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct sets[2];
  EXPECT_EQ(syscall(SYS_capget, &header, sets), 0);
  if ((sets[0].effective & 1u << CAP_SYS_ADMIN) != 0) {
    EXPECT_EQ(syscall(SYS_bdflush, 0, 0), 0);
    const pid_t child = fork();
    if (child == 0) {
      syscall(SYS_bdflush, 1, 0);
      _exit(9);
    }
    ExpectExit(child, 0);
  }
  memset(sets, 0, sizeof(sets));
  EXPECT_EQ(syscall(SYS_capset, &header, sets), 0);
  EXPECT_ERROR(syscall(SYS_bdflush, 0, 0), EPERM);
  long seconds = 1000000000;
  EXPECT_ERROR(syscall(SYS_stime, &seconds), EPERM);
#else
  LookAtX8664();
#endif
  Succeed();
}
