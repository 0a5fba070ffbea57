// What root changes of files under `emulate ids`, told by every call that tells it. In the working
// directory, which is empty. The structures are the kernel's own (asm/stat.h), not the C library's.

#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <stdint.h>

#include "victim.h"

int mkdir(const char* path, unsigned mode);
unsigned umask(unsigned mask);
int setgroups(size_t count, const gid_t* groups);

#define MODE(mode) ((mode) & 07777)
#define DEVICE(major, minor) ((major) << 8 | (minor))

typedef struct {
  unsigned mode, uid, gid, device;
} Told;

static void ExpectTold(const char* call, Told told, Told expected) {
  if (told.mode != expected.mode) Fail("%s: mode %o, not %o", call, told.mode, expected.mode);
  if (told.uid != expected.uid) Fail("%s: uid %u, not %u", call, told.uid, expected.uid);
  if (told.gid != expected.gid) Fail("%s: gid %u, not %u", call, told.gid, expected.gid);
  if (told.device != expected.device) {
    Fail("%s: device %x, not %x", call, told.device, expected.device);
  }
}

#define EXPECT_STATUS(call, status, expected)                                                      \
  do {                                                                                             \
    EXPECT_EQ(call, 0);                                                                            \
    const Told told_ = {(status).st_mode, (status).st_uid, (status).st_gid, (status).st_rdev};     \
    ExpectTold(#call, told_, expected);                                                            \
  } while (0)

static void ExpectStatx(int directory, const char* path, int flags, Told expected) {
  struct statx status;
  // Asks for less than is needed to know the file.
  EXPECT_EQ(syscall(SYS_statx, directory, path, flags, STATX_MODE, &status), 0);
  const Told told = {status.stx_mode, status.stx_uid, status.stx_gid,
                     DEVICE(status.stx_rdev_major, status.stx_rdev_minor)};
  ExpectTold("statx", told, expected);
}

// The file `name`, no link, in all ways.
static void ExpectFile(const char* name, Told expected) {
  const int fd = syscall(SYS_open, name, O_PATH);
  EXPECT(fd >= 0);
  struct stat status;
  EXPECT_STATUS(syscall(SYS_stat, name, &status), status, expected);
  EXPECT_STATUS(syscall(SYS_lstat, name, &status), status, expected);
  EXPECT_STATUS(syscall(SYS_fstat, fd, &status), status, expected);
#ifdef __i386__
  struct stat64 big;
  EXPECT_STATUS(syscall(SYS_stat64, name, &big), big, expected);
  EXPECT_STATUS(syscall(SYS_lstat64, name, &big), big, expected);
  EXPECT_STATUS(syscall(SYS_fstat64, fd, &big), big, expected);
  EXPECT_STATUS(syscall(SYS_fstatat64, AT_FDCWD, name, &big, 0), big, expected);
  EXPECT_STATUS(syscall(SYS_fstatat64, fd, "", &big, AT_EMPTY_PATH), big, expected);
  // Of a number of 16 bits the kernel can tell it, or says EOVERFLOW.
  struct __old_kernel_stat old;
  if (syscall(SYS_oldstat, name, &old) == 0) {
    EXPECT_STATUS(syscall(SYS_oldstat, name, &old), old, expected);
    EXPECT_STATUS(syscall(SYS_oldlstat, name, &old), old, expected);
    EXPECT_STATUS(syscall(SYS_oldfstat, fd, &old), old, expected);
  } else {
    EXPECT_EQ(errno, EOVERFLOW);
  }
#else
  EXPECT_STATUS(syscall(SYS_newfstatat, AT_FDCWD, name, &status, 0), status, expected);
  EXPECT_STATUS(syscall(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH), status, expected);
#endif
  ExpectStatx(AT_FDCWD, name, 0, expected);
  ExpectStatx(fd, "", AT_EMPTY_PATH, expected);
  close(fd);
}

static void Touch(const char* name, int mode) {
  const int fd = syscall(SYS_open, name, O_CREAT | O_EXCL | O_WRONLY, mode);
  EXPECT(fd >= 0);
  close(fd);
}

static void ExpectError(long result, int error) {
  EXPECT_EQ(result, -1);
  EXPECT_EQ(errno, error);
}

static void ChangesOwners(void) {
  Touch("owned", 0644);
  ExpectFile("owned", (Told){S_IFREG | 0644, 0, 0, 0});
  EXPECT_EQ(syscall(SYS_chown, "owned", 1, 2), 0);
  ExpectFile("owned", (Told){S_IFREG | 0644, 1, 2, 0});
  EXPECT_EQ(syscall(SYS_lchown, "owned", 3, -1), 0);
  ExpectFile("owned", (Told){S_IFREG | 0644, 3, 2, 0});
  const int fd = syscall(SYS_open, "owned", O_RDONLY);
  EXPECT_EQ(syscall(SYS_fchown, fd, -1, 4), 0);
  ExpectFile("owned", (Told){S_IFREG | 0644, 3, 4, 0});
  EXPECT_EQ(syscall(SYS_fchownat, fd, "", 5, 6, AT_EMPTY_PATH), 0);
  ExpectFile("owned", (Told){S_IFREG | 0644, 5, 6, 0});
#ifdef __i386__
  EXPECT_EQ(syscall(SYS_chown32, "owned", 60001, 60002), 0);
  ExpectFile("owned", (Told){S_IFREG | 0644, 60001, 60002, 0});
  EXPECT_EQ(syscall(SYS_fchown32, fd, 7, 8), 0);
  EXPECT_EQ(syscall(SYS_lchown32, "owned", -1, 9), 0);
  ExpectFile("owned", (Told){S_IFREG | 0644, 7, 9, 0});
  // None of 16 bits.
  EXPECT_EQ(syscall(SYS_chown, "owned", 0xffff, 10), 0);
  ExpectFile("owned", (Told){S_IFREG | 0644, 7, 10, 0});
#endif
  close(fd);
  ExpectError(syscall(SYS_fchown, fd, 1, 1), EBADF);
  ExpectError(syscall(SYS_chown, "none", 1, 1), ENOENT);
  ExpectError(syscall(SYS_chown, "owned/none", 1, 1), ENOTDIR);
  ExpectError(syscall(SYS_chown, "", 1, 1), ENOENT);
  ExpectError(syscall(SYS_chown, NULL, 1, 1), EFAULT);
  ExpectError(syscall(SYS_fchownat, AT_FDCWD, "owned", 1, 1, 1), EINVAL);
}

static void KeepsLinksApart(void) {
  EXPECT_EQ(symlink("owned", "link"), 0);
  struct stat link;
  EXPECT_EQ(syscall(SYS_lchown, "link", 20, 21), 0);
  EXPECT_EQ(syscall(SYS_lstat, "link", &link), 0);
  EXPECT_EQ(link.st_uid, 20);
  EXPECT_EQ(syscall(SYS_chown, "link", 22, 23), 0);
  ExpectFile("owned", (Told){S_IFREG | 0644, 22, 23, 0});
  EXPECT_EQ(syscall(SYS_fchownat, AT_FDCWD, "link", 24, -1, AT_SYMLINK_NOFOLLOW), 0);
  EXPECT_EQ(syscall(SYS_lstat, "link", &link), 0);
  EXPECT_EQ(link.st_uid, 24);
  EXPECT_EQ(link.st_gid, 21);
  ExpectFile("owned", (Told){S_IFREG | 0644, 22, 23, 0});
}

static void ChangesModes(void) {
  Touch("moded", 0644);
  EXPECT_EQ(syscall(SYS_chmod, "moded", 07755), 0);
  ExpectFile("moded", (Told){S_IFREG | 07755, 0, 0, 0});
  // As Linux has it, whoever changes the owner.
  EXPECT_EQ(syscall(SYS_chown, "moded", 1, 1), 0);
  ExpectFile("moded", (Told){S_IFREG | 01755, 1, 1, 0});
  EXPECT_EQ(syscall(SYS_fchmodat, AT_FDCWD, "moded", 0), 0);
  ExpectFile("moded", (Told){S_IFREG, 1, 1, 0});
  // Root reads and writes it nevertheless, but runs it not.
  const int fd = syscall(SYS_open, "moded", O_RDWR);
  EXPECT(fd >= 0);
  EXPECT_EQ(syscall(SYS_access, "moded", R_OK | W_OK), 0);
  ExpectError(syscall(SYS_access, "moded", X_OK), EACCES);
  EXPECT_EQ(syscall(SYS_fchmod, fd, 0100), 0);
  EXPECT_EQ(syscall(SYS_faccessat, AT_FDCWD, "moded", X_OK), 0);
  ExpectError(syscall(SYS_access, "none", R_OK), ENOENT);
  close(fd);
  EXPECT_EQ(mkdir("closed", 0), 0);
  ExpectFile("closed", (Told){S_IFDIR, 0, 0, 0});
  Touch("closed/within", 0600);
  EXPECT_EQ(syscall(SYS_chmod, "closed", 02000), 0);
  ExpectFile("closed", (Told){S_IFDIR | 02000, 0, 0, 0});
  EXPECT_EQ(unlink("closed/within"), 0);
}

static void MakesDevices(void) {
  EXPECT_EQ(syscall(SYS_mknod, "null", S_IFCHR | 0666, DEVICE(1, 3)), 0);
  ExpectFile("null", (Told){S_IFCHR | 0644, 0, 0, DEVICE(1, 3)});
  EXPECT_EQ(syscall(SYS_mknodat, AT_FDCWD, "disk", S_IFBLK | 0060, DEVICE(8, 1)), 0);
  ExpectFile("disk", (Told){S_IFBLK | 0040, 0, 0, DEVICE(8, 1)});
  ExpectError(syscall(SYS_mknod, "disk", S_IFBLK | 0660, DEVICE(8, 1)), EEXIST);
  EXPECT_EQ(syscall(SYS_mknod, "pipe", S_IFIFO | 0600, 0), 0);
  ExpectFile("pipe", (Told){S_IFIFO | 0600, 0, 0, 0});
}

// A file is what it is under all its names, until the last one goes.
static void HasNames(void) {
  Touch("first", 0644);
  EXPECT_EQ(syscall(SYS_chown, "first", 11, 12), 0);
  EXPECT_EQ(link("first", "second"), 0);
  EXPECT_EQ(rename("first", "third"), 0);
  EXPECT_EQ(unlink("third"), 0);
  ExpectFile("second", (Told){S_IFREG | 0644, 11, 12, 0});
  Touch("fourth", 0640);
  EXPECT_EQ(rename("fourth", "second"), 0);
  ExpectFile("second", (Told){S_IFREG | 0640, 0, 0, 0});
  EXPECT_EQ(unlink("second"), 0);
  EXPECT_EQ(rmdir("closed"), 0);
}

static void HasAttributes(void) {
  Touch("attributed", 0644);
  char got[64];
  static const char kName[] = "security.capability", kValue[] = "anything";
  ExpectError(syscall(SYS_getxattr, "attributed", kName, got, sizeof(got)), ENODATA);
  EXPECT_EQ(syscall(SYS_setxattr, "attributed", kName, kValue, 8, 0), 0);
  EXPECT_EQ(syscall(SYS_setxattr, "attributed", "trusted.overlay", "y", 1, 1), 0);
  ExpectError(syscall(SYS_setxattr, "attributed", kName, kValue, 8, 1), EEXIST);
  ExpectError(syscall(SYS_lsetxattr, "attributed", "trusted.none", kValue, 8, 2), ENODATA);
  EXPECT_EQ(syscall(SYS_lgetxattr, "attributed", kName, NULL, 0), 8);
  ExpectError(syscall(SYS_getxattr, "attributed", kName, got, 7), ERANGE);
  const int fd = syscall(SYS_open, "attributed", O_RDONLY);
  EXPECT_EQ(syscall(SYS_fgetxattr, fd, kName, got, sizeof(got)), 8);
  EXPECT_EQ(memcmp(got, kValue, 8), 0);
  static const char kNames[] = "security.capability\0trusted.overlay";
  EXPECT_EQ(syscall(SYS_listxattr, "attributed", NULL, 0), sizeof(kNames));
  ExpectError(syscall(SYS_listxattr, "attributed", got, sizeof(kNames) - 1), ERANGE);
  EXPECT_EQ(syscall(SYS_flistxattr, fd, got, sizeof(got)), sizeof(kNames));
  EXPECT_EQ(memcmp(got, kNames, sizeof(kNames)), 0);
  EXPECT_EQ(syscall(SYS_fremovexattr, fd, "trusted.overlay"), 0);
  ExpectError(syscall(SYS_getxattr, "attributed", "trusted.overlay", got, sizeof(got)), ENODATA);
  // The kernel takes capabilities off with the owner.
  EXPECT_EQ(syscall(SYS_chown, "attributed", 1, 1), 0);
  ExpectError(syscall(SYS_getxattr, "attributed", kName, got, sizeof(got)), ENODATA);
  close(fd);
}

// Root no more.
static void IsOneOfMany(void) {
  Touch("others", 0640);
  Touch("own", 0600);
  EXPECT_EQ(syscall(SYS_chown, "own", 7, 8), 0);
  EXPECT_EQ(setresgid(8, 8, 8), 0);
  EXPECT_EQ(setgroups(0, NULL), 0);
  EXPECT_EQ(setresuid(7, 7, 7), 0);
  ExpectError(syscall(SYS_chown, "others", 7, 8), EPERM);
  ExpectError(syscall(SYS_chmod, "others", 0777), EPERM);
  ExpectError(syscall(SYS_chown, "own", 9, -1), EPERM);
  ExpectError(syscall(SYS_chown, "own", -1, 9), EPERM);
  EXPECT_EQ(syscall(SYS_chown, "own", -1, 8), 0);
  EXPECT_EQ(syscall(SYS_chmod, "own", 0400), 0);
  ExpectFile("own", (Told){S_IFREG | 0400, 7, 8, 0});
  EXPECT_EQ(syscall(SYS_access, "own", R_OK), 0);
  ExpectError(syscall(SYS_access, "own", W_OK), EACCES);
  ExpectError(syscall(SYS_access, "others", R_OK), EACCES);
  ExpectError(syscall(SYS_setxattr, "own", "trusted.a", "", 0, 0), EPERM);
}

int main(void) {
  umask(022);
  ChangesOwners();
  KeepsLinksApart();
  ChangesModes();
  MakesDevices();
  HasNames();
  HasAttributes();
  IsOneOfMany();
  Succeed();
}
