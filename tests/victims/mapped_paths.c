// Calls with paths in a layout where argv[1] is another directory: it holds the file `file`
// ("hello\n"), `sub/inner`, and the links `absolute` (to argv[1]/sub), `up` (to ../BASE/file, by
// way of the directory above argv[1]), `loop` (to itself) and `near` (to file). argv[2] is the
// same, read-only, with the file `file`. argv[3] is what argv[1] really is.
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <utime.h>

#include "victim.h"

static const char* from;
static const char* readonly;
static const char* real;

// DIRECTORY/NAME, in one of a few buffers.
static const char* In(const char* directory, const char* name) {
  static char paths[8][PATH_MAX];
  static int next;
  char* path = paths[next++ % 8];
  snprintf(path, PATH_MAX, "%s/%s", directory, name);
  return path;
}
static const char* At(const char* name) { return In(from, name); }

#define EXPECT_ERROR(call, error)             \
  do {                                        \
    errno = 0;                                \
    EXPECT_EQ((call) < 0 ? errno : 0, error); \
  } while (0)

#define ExpectContent(fd, text) ExpectContentAt(fd, text, __LINE__)
static void ExpectContentAt(int fd, const char* text, int line) {
  char read_text[64] = "";
  if (fd < 0) Fail("line %d: not opened (errno %d)", line, errno);
  const ssize_t got = read(fd, read_text, sizeof(read_text) - 1);
  EXPECT(got >= 0);
  if (strcmp(read_text, text) != 0) Fail("line %d: what is read is %s", line, read_text);
  EXPECT_EQ(close(fd), 0);
}

static void ExpectLink(const char* path, const char* text) {
  char target[PATH_MAX] = "";
  EXPECT(readlink(path, target, sizeof(target) - 1) > 0);
  if (strcmp(target, text) != 0) Fail("%s leads to %s, not to %s", path, target, text);
}

static void ExpectDirectory(const char* path) {
  char directory[PATH_MAX];
  EXPECT(getcwd(directory, sizeof(directory)) != NULL);
  if (strcmp(directory, path) != 0) Fail("in %s, not in %s", directory, path);
  ExpectLink("/proc/self/cwd", path);
}

static void OpensFiles(void) {
  ExpectContent(open(At("file"), O_RDONLY), "hello\n");
  ExpectContent(open(At("near"), O_RDONLY), "hello\n");
  ExpectContent(open(At("up"), O_RDONLY), "hello\n");
  ExpectContent(open(At("absolute/inner"), O_RDONLY), "inner\n");
  ExpectContent(open(At("absolute/../file"), O_RDONLY), "hello\n");
  ExpectContent(open(At("sub/../../proc/self/../../proc/self/root/../dev/null"), O_RDONLY), "");
  ExpectContent((int)syscall(SYS_open, At("file"), O_RDONLY), "hello\n");
  const int directory = open(from, O_RDONLY | O_DIRECTORY);
  EXPECT(directory >= 0);
  ExpectContent(openat(directory, "file", O_RDONLY), "hello\n");
  ExpectContent(openat(directory, "absolute/inner", O_RDONLY), "inner\n");
  struct open_how how = {.flags = O_RDONLY};
  ExpectContent((int)syscall(SYS_openat2, directory, "near", &how, sizeof(how)), "hello\n");
  ExpectContent((int)syscall(SYS_openat2, AT_FDCWD, At("up"), &how, sizeof(how)), "hello\n");
  how.resolve = RESOLVE_BENEATH;
  ExpectContent((int)syscall(SYS_openat2, directory, "file", &how, sizeof(how)), "hello\n");
  char name[64];
  snprintf(name, sizeof(name), "/proc/self/fd/%d", directory);
  ExpectLink(name, from);
  snprintf(name, sizeof(name), "/proc/self/fd/%d/sub/inner", directory);
  ExpectContent(open(name, O_RDONLY), "inner\n");
  EXPECT_EQ(close(directory), 0);
  EXPECT_ERROR(openat(directory, "file", O_RDONLY), EBADF);
}

static void FailsAsTheKernel(void) {
  EXPECT_ERROR(open("", O_RDONLY), ENOENT);
  EXPECT_ERROR(syscall(SYS_open, NULL, O_RDONLY), EFAULT);
  EXPECT_ERROR(open(At("none"), O_RDONLY), ENOENT);
  EXPECT_ERROR(open(At("none/file"), O_RDONLY), ENOENT);
  EXPECT_ERROR(open(At("file/inner"), O_RDONLY), ENOTDIR);
  EXPECT_ERROR(open(At("file/../file"), O_RDONLY), ENOTDIR);
  EXPECT_ERROR(open(At("file/"), O_RDONLY), ENOTDIR);
  EXPECT_ERROR(open(At("near/"), O_RDONLY), ENOTDIR);
  EXPECT_ERROR(open(At("loop"), O_RDONLY), ELOOP);
  EXPECT_ERROR(open(At("near"), O_RDONLY | O_NOFOLLOW), ELOOP);
  EXPECT_ERROR(open(At("near"), O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
  EXPECT_ERROR(rmdir(At("sub/.")), EINVAL);
  EXPECT_ERROR(rmdir(from), EBUSY);
  EXPECT_ERROR(rename(from, At("sub/x")), EBUSY);
  EXPECT_ERROR(unlink(At("absolute/")), ENOTDIR);
  static char path[2 * PATH_MAX];
  memset(path, 'x', sizeof(path) - 1);
  path[0] = '/';
  EXPECT_ERROR(open(path, O_RDONLY), ENAMETOOLONG);
  EXPECT_ERROR(open(real, O_WRONLY | O_DIRECTORY), EISDIR);
}

static void LooksAtFiles(void) {
  struct stat status;
  EXPECT_EQ(stat(At("near"), &status), 0);
  EXPECT(S_ISREG(status.st_mode));
  EXPECT_EQ(lstat(At("near"), &status), 0);
  EXPECT(S_ISLNK(status.st_mode));
  EXPECT_EQ(lstat(At("absolute/"), &status), 0);
  EXPECT(S_ISDIR(status.st_mode));
  EXPECT_EQ(fstatat(AT_FDCWD, At("up"), &status, AT_SYMLINK_NOFOLLOW), 0);
  EXPECT(S_ISLNK(status.st_mode));
  struct statx extended;
  EXPECT_EQ(statx(AT_FDCWD, At("up"), 0, STATX_TYPE, &extended), 0);
  EXPECT(S_ISREG(extended.stx_mode));
#ifdef SYS_stat
  char old_status[512];
  EXPECT_EQ(syscall(SYS_stat, At("file"), old_status), 0);
  EXPECT_EQ(syscall(SYS_lstat, At("loop"), old_status), 0);
#endif
  struct statfs system;
  EXPECT_EQ(statfs(from, &system), 0);
  EXPECT_EQ(access(At("file"), R_OK), 0);
  EXPECT_EQ(faccessat(AT_FDCWD, At("loop"), F_OK, AT_SYMLINK_NOFOLLOW), 0);
  char value[8];
  EXPECT_ERROR(lgetxattr(At("file"), "user.none", value, sizeof(value)), ENODATA);
  const int watcher = inotify_init1(IN_CLOEXEC);
  EXPECT(inotify_add_watch(watcher, At("sub"), IN_CREATE) >= 0);
  EXPECT_EQ(close(watcher), 0);
  struct {
    struct file_handle handle;
    char bytes[MAX_HANDLE_SZ];
  } handle = {.handle = {.handle_bytes = MAX_HANDLE_SZ}};
  int mount = 0;
  if (name_to_handle_at(AT_FDCWD, At("file"), &handle.handle, &mount, 0) != 0) {
    EXPECT_EQ(errno, EOPNOTSUPP);
  }
}

static void ChangesFiles(void) {
  struct stat status;
  EXPECT_EQ(mkdir(At("made/"), 0700), 0);
  EXPECT_EQ(close(creat(At("made/one"), 0600)), 0);
  EXPECT_EQ(stat(In(real, "made/one"), &status), 0);
  EXPECT_EQ(link(At("made/one"), At("made/two")), 0);
  EXPECT_EQ(linkat(AT_FDCWD, At("near"), AT_FDCWD, At("made/three"), AT_SYMLINK_FOLLOW), 0);
  EXPECT_EQ(stat(At("made/three"), &status), 0);
  EXPECT(S_ISREG(status.st_mode) && status.st_nlink == 2);
  EXPECT_EQ(symlink("any/text", At("made/link")), 0);
  ExpectLink(At("made/link"), "any/text");
  EXPECT_EQ(rename(At("made/two"), At("made/four")), 0);
  EXPECT_EQ(renameat(AT_FDCWD, At("made/four"), AT_FDCWD, At("made/five")), 0);
  EXPECT_EQ(chmod(At("made/one"), 0640), 0);
  EXPECT_EQ(fchmodat(AT_FDCWD, At("made/one"), 0644, 0), 0);
  EXPECT_EQ(chown(At("made/one"), getuid(), getgid()), 0);
  EXPECT_EQ(lchown(At("made/link"), getuid(), getgid()), 0);
  EXPECT_EQ(truncate(At("made/one"), 100), 0);
  const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
  EXPECT_EQ(utimensat(AT_FDCWD, At("made/one"), times, 0), 0);
  const struct utimbuf seconds = {2000, 2000};
  EXPECT_EQ(utime(At("made/one"), &seconds), 0);
  EXPECT_EQ(stat(In(real, "made/five"), &status), 0);
  EXPECT(status.st_size == 100 && status.st_mtime == 2000 && (status.st_mode & 0777) == 0644);
  EXPECT_EQ(mknod(At("made/fifo"), S_IFIFO | 0600, 0), 0);
  EXPECT_EQ(unlink(At("made/fifo")), 0);
  EXPECT_EQ(unlink(At("made/link")), 0);
  EXPECT_EQ(unlinkat(AT_FDCWD, At("made/one"), 0), 0);
  EXPECT_EQ(unlink(At("made/three")), 0);
  EXPECT_EQ(unlink(At("made/five")), 0);
  EXPECT_EQ(rmdir(At("made")), 0);
}

static void MovesAround(void) {
  struct stat status;
  EXPECT_EQ(chdir(At("sub")), 0);
  ExpectDirectory(At("sub"));
  EXPECT_EQ(stat("inner", &status), 0);
  EXPECT_EQ(chdir("../absolute/.."), 0);
  ExpectDirectory(from);
  EXPECT_EQ(chdir(".."), 0);
  ExpectDirectory("/");
  EXPECT_EQ(chdir(from + 1), 0);
  ExpectDirectory(from);
  // What is seen in two places is where it was gone to.
  EXPECT_EQ(chdir(real), 0);
  ExpectDirectory(real);
  EXPECT_EQ(chdir("sub"), 0);
  EXPECT_EQ(chdir(from), 0);
  const int directory = open("sub", O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(fchdir(directory), 0);
  EXPECT_EQ(close(directory), 0);
  ExpectDirectory(At("sub"));
  char small[4];
  EXPECT_ERROR(syscall(SYS_getcwd, small, sizeof(small)), ERANGE);
  const pid_t child = fork();
  if (child == 0) {
    EXPECT_EQ(chdir(real), 0);
    const pid_t grandchild = fork();
    ExpectDirectory(real);
    if (grandchild == 0) _exit(0);
    ExpectExit(grandchild, 0);
    _exit(0);
  }
  ExpectExit(child, 0);
  ExpectDirectory(At("sub"));
}

static void NamesSockets(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof(address.sun_path), "%s", At("socket"));
  const socklen_t length = sizeof(address);
  const int server = socket(AF_UNIX, SOCK_STREAM, 0);
  const int client = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_EQ(bind(server, (struct sockaddr*)&address, length), 0);
  struct stat status;
  EXPECT_EQ(stat(In(real, "socket"), &status), 0);
  EXPECT_EQ(listen(server, 1), 0);
  EXPECT_EQ(connect(client, (struct sockaddr*)&address, length), 0);
  struct sockaddr_un seen;
  socklen_t seen_length = sizeof(seen);
  EXPECT_EQ(getsockname(server, (struct sockaddr*)&seen, &seen_length), 0);
  EXPECT(strcmp(seen.sun_path, address.sun_path) == 0);
  EXPECT_EQ(seen_length, sizeof(sa_family_t) + strlen(address.sun_path) + 1);
  seen_length = sizeof(seen);
  EXPECT_EQ(getpeername(client, (struct sockaddr*)&seen, &seen_length), 0);
  EXPECT(strcmp(seen.sun_path, address.sun_path) == 0);
  EXPECT_EQ(close(client), 0);
  EXPECT_EQ(close(server), 0);
  EXPECT_EQ(unlink(address.sun_path), 0);

  const int receiver = socket(AF_UNIX, SOCK_DGRAM, 0);
  const int sender = socket(AF_UNIX, SOCK_DGRAM, 0);
  EXPECT_EQ(bind(receiver, (struct sockaddr*)&address, length), 0);
  struct sockaddr_un own = {.sun_family = AF_UNIX};
  snprintf(own.sun_path, sizeof(own.sun_path), "%s", At("own"));
  EXPECT_EQ(bind(sender, (struct sockaddr*)&own, sizeof(own)), 0);
  EXPECT_EQ(sendto(sender, "x", 1, 0, (struct sockaddr*)&address, length), 1);
  char byte;
  seen_length = sizeof(seen);
  EXPECT_EQ(recvfrom(receiver, &byte, 1, 0, (struct sockaddr*)&seen, &seen_length), 1);
  EXPECT(strcmp(seen.sun_path, own.sun_path) == 0);
  struct iovec piece = {&byte, 1};
  struct msghdr message = {
      .msg_name = &address, .msg_namelen = length, .msg_iov = &piece, .msg_iovlen = 1};
  EXPECT_EQ(sendmsg(sender, &message, 0), 1);
  EXPECT(message.msg_name == &address);
  message.msg_name = &seen;
  EXPECT_EQ(recvmsg(receiver, &message, 0), 1);
  EXPECT(strcmp(seen.sun_path, own.sun_path) == 0);
  EXPECT_EQ(message.msg_namelen, sizeof(sa_family_t) + strlen(own.sun_path) + 1);
  EXPECT_EQ(unlink(own.sun_path), 0);
  EXPECT_EQ(unlink(address.sun_path), 0);
}

static void WritesNothing(void) {
  const char* file = In(readonly, "file");
  const char* none = In(readonly, "none");
  ExpectContent(open(file, O_RDONLY), "hello\n");
  ExpectContent(open(file, O_RDONLY | O_CREAT, 0600), "hello\n");
  EXPECT_ERROR(open(file, O_WRONLY), EROFS);
  EXPECT_ERROR(open(file, O_RDONLY | O_TRUNC), EROFS);
  EXPECT_ERROR(open(none, O_WRONLY), ENOENT);
  EXPECT_ERROR(open(none, O_WRONLY | O_CREAT, 0600), EROFS);
  EXPECT_ERROR(open(file, O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST);
  EXPECT_ERROR(open(readonly, O_RDWR | O_TMPFILE, 0600), EROFS);
  EXPECT_ERROR(creat(none, 0600), EROFS);
  const int directory = open(readonly, O_RDONLY | O_DIRECTORY);
  struct open_how how = {.flags = O_RDWR, .resolve = RESOLVE_BENEATH};
  EXPECT_ERROR(syscall(SYS_openat2, directory, "file", &how, sizeof(how)), EROFS);
  EXPECT_EQ(close(directory), 0);
  EXPECT_ERROR(access(file, W_OK), EROFS);
  EXPECT_EQ(access(file, R_OK), 0);
  EXPECT_ERROR(mkdir(none, 0700), EROFS);
  EXPECT_ERROR(mkdir(In(readonly, "none/"), 0700), EROFS);
  EXPECT_ERROR(mkdir(file, 0700), EEXIST);
  EXPECT_ERROR(rmdir(none), ENOENT);
  EXPECT_ERROR(unlink(file), EROFS);
  EXPECT_ERROR(rename(file, At("stolen")), EROFS);
  EXPECT_ERROR(rename(At("file"), none), EROFS);
  EXPECT_ERROR(link(file, At("stolen")), EXDEV);
  EXPECT_ERROR(symlink("x", none), EROFS);
  EXPECT_ERROR(mknod(none, S_IFIFO | 0600, 0), EROFS);
  EXPECT_ERROR(chmod(file, 0600), EROFS);
  EXPECT_ERROR(chown(file, getuid(), getgid()), EROFS);
  EXPECT_ERROR(truncate(file, 0), EROFS);
  EXPECT_ERROR(utimensat(AT_FDCWD, file, NULL, 0), EROFS);
  EXPECT_ERROR(setxattr(file, "user.x", "y", 1, 0), EROFS);
  EXPECT_ERROR(removexattr(file, "user.x"), EROFS);
  const int fd = open(file, O_RDONLY);
  EXPECT_ERROR(fchmod(fd, 0600), EROFS);
  EXPECT_ERROR(fchown(fd, getuid(), getgid()), EROFS);
  EXPECT_ERROR(futimens(fd, NULL), EROFS);
  char name[64];
  snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
  EXPECT_ERROR(open(name, O_RDWR), EROFS);
  EXPECT_ERROR(truncate(name, 0), EROFS);
  EXPECT_ERROR(chmod(name, 0600), EROFS);
  EXPECT_ERROR(linkat(AT_FDCWD, name, AT_FDCWD, At("stolen"), AT_SYMLINK_FOLLOW), EXDEV);
  EXPECT_EQ(close(fd), 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof(address.sun_path), "%s", none);
  const int server = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_ERROR(bind(server, (struct sockaddr*)&address, sizeof(address)), EROFS);
  EXPECT_EQ(close(server), 0);
  ExpectContent(open(file, O_RDONLY), "hello\n");
}

static void ChangesRoot(void) {
  if (geteuid() != 0) return;
  const pid_t child = fork();
  if (child == 0) {
    EXPECT_ERROR(chroot(At("file")), ENOTDIR);
    EXPECT_ERROR(chroot(At("none")), ENOENT);
    EXPECT_EQ(chroot(from), 0);
    EXPECT_EQ(chdir("/sub"), 0);
    char directory[PATH_MAX];
    EXPECT(getcwd(directory, sizeof(directory)) != NULL);
    EXPECT(strcmp(directory, "/sub") == 0);
    ExpectContent(open("../../../file", O_RDONLY), "hello\n");
    ExpectContent(open("/sub/inner", O_RDONLY), "inner\n");
    EXPECT_ERROR(open(At("file"), O_RDONLY), ENOENT);
    _exit(0);
  }
  ExpectExit(child, 0);
  ExpectContent(open(At("file"), O_RDONLY), "hello\n");
}

int main(int argc, char** argv) {
  if (argc != 4) Fail("usage: %s FROM READONLY REAL", argv[0]);
  from = argv[1];
  readonly = argv[2];
  real = argv[3];
  OpensFiles();
  FailsAsTheKernel();
  LooksAtFiles();
  ChangesFiles();
  MovesAround();
  NamesSockets();
  WritesNothing();
  ChangesRoot();
  Succeed();
}
