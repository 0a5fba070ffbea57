// What calls of newer releases do where the release is 2.6.10, as argv[1] says, or 2.6.32.
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <time.h>

#include "victim.h"

#define EXPECT_ERROR(call, error) \
  do {                            \
    errno = 0;                    \
    EXPECT_EQ(call, -1);          \
    EXPECT_EQ(errno, error);      \
  } while (0)

static void LookAtStatx(const char* path, int flags) {
  struct statx new;
  struct stat old;
  EXPECT_EQ(fstatat(AT_FDCWD, path, &old, flags), 0);
  EXPECT_EQ(syscall(SYS_statx, AT_FDCWD, path, flags, STATX_BASIC_STATS, &new), 0);
  EXPECT_EQ(new.stx_mask, STATX_BASIC_STATS);
  EXPECT_EQ(new.stx_mode, old.st_mode);
  EXPECT_EQ(new.stx_ino, old.st_ino);
  EXPECT_EQ(new.stx_size, old.st_size);
  EXPECT_EQ(new.stx_blocks, old.st_blocks);
  EXPECT_EQ(new.stx_blksize, old.st_blksize);
  EXPECT_EQ(new.stx_nlink, old.st_nlink);
  EXPECT_EQ(new.stx_uid, old.st_uid);
  EXPECT_EQ(new.stx_gid, old.st_gid);
  EXPECT_EQ(new.stx_mtime.tv_sec, old.st_mtim.tv_sec);
  EXPECT_EQ(new.stx_mtime.tv_nsec, old.st_mtim.tv_nsec);
  EXPECT_EQ(new.stx_ctime.tv_sec, old.st_ctim.tv_sec);
  EXPECT_EQ(makedev(new.stx_dev_major, new.stx_dev_minor), old.st_dev);
  EXPECT_EQ(makedev(new.stx_rdev_major, new.stx_rdev_minor), old.st_rdev);
}

static void LookAtOpening(void) {
  struct open_how how = {.flags = O_RDONLY | O_CLOEXEC};
  const int fd = syscall(SYS_openat2, AT_FDCWD, "/proc/self/exe", &how, sizeof(how));
  EXPECT(fd >= 0);
  EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  char start[4];
  struct iovec vector = {start, sizeof(start)};
  EXPECT_EQ(syscall(SYS_preadv2, fd, &vector, 1, -1L, -1L, 0), 4);
  EXPECT_EQ(memcmp(start, "\177ELF", 4), 0);
  EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 4);
  how.resolve = RESOLVE_NO_SYMLINKS;
  EXPECT_ERROR(syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how)), ENOSYS);
  how.resolve = 0;
  how.mode = 0600;
  EXPECT_ERROR(syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how)), EINVAL);
  EXPECT_ERROR(syscall(SYS_openat2, AT_FDCWD, "/", &how, 8), EINVAL);
  EXPECT_ERROR(syscall(SYS_openat2, AT_FDCWD, "/", NULL, sizeof(how)), EFAULT);
  EXPECT_EQ(syscall(SYS_faccessat2, AT_FDCWD, "/proc/self/exe", R_OK, 0), 0);
  EXPECT_ERROR(syscall(SYS_faccessat2, AT_FDCWD, "/", R_OK, AT_EACCESS), ENOSYS);
}

static void LookAtWaiting(void) {
  int pipes[2];
  EXPECT_EQ(pipe(pipes), 0);
  const int epoll = epoll_create(1);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = 7};
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], &event), 0);
  struct {
    long long seconds, nanoseconds;
  } time = {0, 1};
  struct epoll_event seen;
  EXPECT_EQ(syscall(SYS_epoll_pwait2, epoll, &seen, 1, &time, NULL, 0), 0);
  EXPECT_EQ(write(pipes[1], "x", 1), 1);
  EXPECT_EQ(syscall(SYS_epoll_pwait2, epoll, &seen, 1, NULL, NULL, 0), 1);
  EXPECT_EQ(seen.data.u32, 7);
  time.nanoseconds = -1;
  EXPECT_ERROR(syscall(SYS_epoll_pwait2, epoll, &seen, 1, &time, NULL, 0), EINVAL);
}

int main(int argc, char** argv) {
  const int is_oldest = argc > 1 && strcmp(argv[1], "2.6.10") == 0;
  EXPECT_ERROR(syscall(SYS_clone3, NULL, 0), ENOSYS);
  EXPECT_ERROR(syscall(SYS_memfd_create, "x", 0), ENOSYS);
  EXPECT_ERROR(syscall(SYS_pidfd_open, getpid(), 0), ENOSYS);
  EXPECT_ERROR(syscall(SYS_close_range, 100, 200, 0), ENOSYS);
  unsigned char bytes[32] = {0};
  EXPECT_EQ(syscall(SYS_getrandom, bytes, sizeof(bytes), 0), (long)sizeof(bytes));
  int sum = 0;
  for (size_t i = 0; i < sizeof(bytes); ++i) sum += bytes[i];
  EXPECT(sum > 0);
  EXPECT_ERROR(syscall(SYS_getrandom, NULL, 16, 0), EFAULT);
  LookAtStatx("/proc/self/exe", 0);
  LookAtStatx("/proc/self/exe", AT_SYMLINK_NOFOLLOW);
  LookAtStatx("/dev/null", 0);
  struct stat status;
  EXPECT_EQ(fstatat(0, "", &status, AT_EMPTY_PATH), 0);
  EXPECT_ERROR(syscall(SYS_statx, AT_FDCWD, "/no/such", 0, STATX_BASIC_STATS, bytes), ENOENT);
  LookAtOpening();
  EXPECT_EQ(syscall(SYS_renameat2, AT_FDCWD, "/no/such", AT_FDCWD, "/no/other", 0), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_ERROR(syscall(SYS_renameat2, AT_FDCWD, "/no/such", AT_FDCWD, "/no/other", 1), ENOSYS);
  const int directory = open("/proc/self", O_RDONLY | O_DIRECTORY);
  EXPECT(directory >= 0);
  char link[64];
  if (is_oldest) {
    EXPECT_ERROR(syscall(SYS_readlinkat, directory, "exe", link, sizeof(link)), ENOSYS);
    EXPECT(syscall(SYS_readlinkat, directory, "/proc/self/exe", link, sizeof(link)) > 0);
    EXPECT_ERROR(syscall(SYS_pipe2, link, O_CLOEXEC), ENOSYS);
    EXPECT_ERROR(syscall(SYS_dup3, 1, 77, O_CLOEXEC), ENOSYS);
    EXPECT_EQ(syscall(SYS_dup3, 1, 77, 0), 77);
    EXPECT_ERROR(syscall(SYS_dup3, 1, 1, 0), EINVAL);
    EXPECT_ERROR(syscall(SYS_eventfd2, 0, 0), ENOSYS);
  } else {
    EXPECT(syscall(SYS_readlinkat, directory, "exe", link, sizeof(link)) > 0);
    EXPECT(syscall(SYS_eventfd2, 0, EFD_CLOEXEC) >= 0);
    LookAtWaiting();
  }
  Succeed();
}
